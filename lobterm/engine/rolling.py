"""Rolling z-scores of the trade features.

What: z over the last WINDOW_TRADES trades, this one included, sample standard deviation (ddof 1).
Seeds: 001 Exp 1; methods §1.1, §3.4, §4.11.
Units: standard deviations. |z| <= (n - 1) / sqrt(n) = 9.9.

Both passes run over the window itself, so nothing drifts, and the bits are the same however the tape was cut. A feature
that is constant over the window has no z: the trade is unclassified, never imputed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

WINDOW_TRADES = 100

NEXT, HELD = 0, 1
"""Fields of the cursor: slot to write next, trades held."""

READY, WARM_UP, FLAT = 0, 1, 2

Floats = npt.NDArray[np.float64]


@njit(cache=True)
def update(window: Floats, cursor: npt.NDArray[np.int64], x: Floats, z: Floats) -> int:
    """Put `x` (k,) into `window` (k, n) and write its z into `z` (k,), zero unless READY.

    Return READY; WARM_UP while fewer than n trades are held; FLAT if a feature is constant over the window.
    """
    k, n = window.shape
    slot = cursor[NEXT]
    for f in range(k):
        window[f, slot] = x[f]
        z[f] = 0.0
    cursor[NEXT] = (slot + 1) % n
    cursor[HELD] = min(cursor[HELD] + 1, n)
    if cursor[HELD] < n:
        return WARM_UP
    for f in range(k):
        unequal = 0
        for i in range(n):
            unequal += window[f, i] != x[f]
        mean = _sum(window, f, 0.0, False) / n
        squares = _sum(window, f, mean, True)
        # equal values may leave squares of rounding, unequal ones squares too small for a double
        if unequal == 0 or squares == 0.0:
            for g in range(f):
                z[g] = 0.0
            return FLAT
        z[f] = (x[f] - mean) / math.sqrt(squares / (n - 1))
    return READY


@njit(cache=True)
def _sum(window: Floats, f: int, mean: float, squared: bool) -> float:
    """Return the sum of feature `f` over the window, or of its squared distances from `mean`.

    Four running sums in slot order: one alone would wait for its own last addition a hundred times.
    """
    a = b = c = d = 0.0
    n = window.shape[1]
    for i in range(0, n - 3, 4):
        p, q, r, t = window[f, i] - mean, window[f, i + 1] - mean, window[f, i + 2] - mean, window[f, i + 3] - mean
        a += p * p if squared else p
        b += q * q if squared else q
        c += r * r if squared else r
        d += t * t if squared else t
    for i in range(n - n % 4, n):
        p = window[f, i] - mean
        a += p * p if squared else p
    return (a + b) + (c + d)


@njit(cache=True)
def restart(cursor: npt.NDArray[np.int64]) -> None:
    """Forget the window: after a gap z starts undefined."""
    cursor[NEXT] = 0
    cursor[HELD] = 0
