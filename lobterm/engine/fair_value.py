"""Skewed fair value and quote width of the maker.

What: P_micro = mid + beta tanh(x); P_final = P_micro - theta_eff (Q - Q_target); W = W_base (1 + gamma max(0, hazard - K_tol)).
theta_eff is theta (static) or theta (1 - |tanh x|) (dynamic, 001 Exp 6: an option, never a validated result).
Seeds: 000 §4, §5; 001 Exp 6; methods §1.8 #10: W is the full width, each side gets half.
Units: any one price unit throughout; theta is that unit per base unit. `P_micro` is a skewed mid, not a microprice.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine.kernel import kernel


@kernel
def skewed(mid: float, x: float, beta: float) -> float:
    """Return P_micro."""
    return mid + beta * math.tanh(x)


@kernel
def theta_effective(theta: float, x: float, dynamic: bool) -> float:
    """Return the inventory aversion in force."""
    return theta * (1.0 - abs(math.tanh(x))) if dynamic else theta


@kernel
def with_inventory(p_micro: float, theta_eff: float, q: float, q_target: float) -> float:
    """Return P_final for an inventory of `q` base units."""
    return p_micro - theta_eff * (q - q_target)


@kernel
def width(w_base: float, gamma: float, hazard: float, k_tol: float) -> float:
    """Return W_dynamic, the full width."""
    return w_base * (1.0 + gamma * max(0.0, hazard - k_tol))


@kernel
def to_ticks(fair: float, full_width: float, nearest: bool, out: npt.NDArray[np.int64]) -> None:
    """Write bid and ask in whole ticks into `out` (2,): outward (floor, ceil), or to the nearest as the public code does.

    Where nearest makes them meet, the bid steps one tick below the ask.
    """
    bid, ask = fair - full_width / 2.0, fair + full_width / 2.0
    if nearest:
        out[0] = math.floor(bid + 0.5)
        out[1] = math.floor(ask + 0.5)
        if out[0] >= out[1]:
            out[0] = out[1] - 1
    else:
        out[0] = math.floor(bid)
        out[1] = math.ceil(ask)
