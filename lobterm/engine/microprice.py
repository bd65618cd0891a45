"""Where the next trade is likely, given the sizes at the touch.

What: `weighted`, the mid that leans to the thinner side; `stoikov`, the adjustment to the mid expected over all its future
moves, from how often a state of the book leads to a move and to which state then. Neither is seed 000's P_micro, which is
a mid that leans with the signals.
Seeds: 003 §2.1; methods §3.1 (Gatheral and Oomen; Stoikov, SSRN 2970694).
Units: those of the prices.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def weighted(bid: float, ask: float, bid_qty: float, ask_qty: float) -> float:
    """Return (ask x bid_qty + bid x ask_qty) / (bid_qty + ask_qty); one size at least is above 0."""
    return (ask * bid_qty + bid * ask_qty) / (bid_qty + ask_qty)


def stoikov(stay: Floats, move: Floats, size: Floats, after: Floats) -> Floats:
    """Return G*, the adjustment of each state (n,), in the unit of `size`.

    `stay` (n, n): transitions without a mid move; `move` (n, m): probability of each mid move `size` (m,); `after` (n, n):
    state after a move. The data must be symmetrised: else the sum over future moves does not converge.
    """
    settle = np.linalg.inv(np.eye(len(stay)) - stay)
    first = settle @ move @ size
    again = settle @ after
    # `again` is stochastic; its eigenvalue 1 carries the mean, which symmetry makes 0, so it is taken out before the sum
    mean = np.full_like(again, 1.0 / len(again))
    return np.asarray(np.linalg.solve(np.eye(len(again)) - again + mean, first))
