"""Random numbers for kernels: the same on every machine.

What: a 64-bit counter hashed into uniform numbers, and shapes built from them by plain arithmetic. No logarithm, no
exponential: libraries differ in their last bit, and one bit would send the whole market another way.
Units: none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Dice = npt.NDArray[np.uint64]
"""One number: the counter."""

STEP = np.uint64(0x9E3779B97F4A7C15)
MIX_A, MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT_A, SHIFT_B, SHIFT_C, SHIFT_D = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


def new(seed: int) -> Dice:
    """Return dice that a seed decides."""
    return np.array([seed % (1 << 64)], np.uint64)


@njit(cache=True)
def uniform(dice: Dice) -> float:
    """Return the next number in [0, 1) (splitmix64, Steele et al. 2014)."""
    dice[0] += STEP
    z = dice[0]
    z = (z ^ (z >> SHIFT_A)) * MIX_A
    z = (z ^ (z >> SHIFT_B)) * MIX_B
    z = z ^ (z >> SHIFT_C)
    return np.float64(z >> SHIFT_D) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def between(dice: Dice, low: int, high: int) -> int:
    """Return a whole number in [low, high)."""
    return low + int(uniform(dice) * (high - low))


@njit(cache=True)
def bell(dice: Dice) -> float:
    """Return a number of mean 0 and variance 1 that stays within 3.5."""
    return (uniform(dice) + uniform(dice) + uniform(dice) + uniform(dice) - 2.0) * 1.7320508075688772


@njit(cache=True)
def heavy(dice: Dice, least: int, most: int) -> int:
    """Return a size whose tail falls with its inverse: `least` at least, `most` at most."""
    return min(most, int(least / (1.0 - uniform(dice))))
