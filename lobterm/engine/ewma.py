"""Averages that forget: one step of an exponentially weighted average at irregular times.

What: with u the weight kept over dt, `next_point` takes the new value for the whole step (samples that describe the time
since the last one, such as volume), `previous_point` takes the old one (states that stood until now, such as open interest),
`linear` takes the straight line between them.
Seeds: 003 §2.1 (smoothed open interest); methods §3.5 (Müller and Zumbach; Eckner).
Units: those of the values; times in s. A half-life is ln 2 time constants.
"""

from __future__ import annotations

import math

from lobterm.engine.kernel import kernel

LN2 = math.log(2.0)


@kernel
def kept(dt_s: float, half_life_s: float) -> float:
    """Return the weight that is kept over `dt_s`."""
    return math.exp(-LN2 * dt_s / half_life_s)


@kernel
def next_point(average: float, u: float, x: float) -> float:
    """Return the average after a sample `x` of the elapsed interval."""
    return u * average + (1.0 - u) * x


@kernel
def previous_point(average: float, u: float, x_before: float) -> float:
    """Return the average after a state stood at `x_before`."""
    # in this form a state that stands still is its own average to the last digit
    return average + (1.0 - u) * (x_before - average)


@kernel
def linear(average: float, u: float, x_before: float, x: float, dt_s: float, half_life_s: float) -> float:
    """Return the average after a straight line from `x_before` to `x` over `dt_s` > 0."""
    v = (1.0 - u) * half_life_s / LN2 / dt_s
    return u * average + (v - u) * x_before + (1.0 - v) * x
