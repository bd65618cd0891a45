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

from lobterm.engine.kernel import kernel

WINDOW_TRADES = 100

NEXT, HELD = 0, 1
"""Fields of the cursor: slot to write next, trades held."""

READY, WARM_UP, FLAT = 0, 1, 2

Floats = npt.NDArray[np.float64]


@kernel
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
        if _flat(window, f, slot):
            return FLAT
    for f in range(0, k, 3):
        if not _scores(window, f, min(f + 1, k - 1), min(f + 2, k - 1), x, z):
            for g in range(k):
                z[g] = 0.0
            return FLAT
    return READY


@kernel
def _flat(window: Floats, f: int, slot: int) -> bool:
    """Say whether all values of feature `f` are the one in `slot`; most often the one before it tells."""
    n = window.shape[1]
    if window[f, slot] != window[f, slot - 1 if slot else n - 1]:
        return False
    unequal = 0
    for i in range(n):
        unequal += window[f, i] != window[f, slot]
    return unequal == 0


@kernel
def _scores(window: Floats, f: int, g: int, h: int, x: Floats, z: Floats) -> bool:
    """Write the z of three features. Return False if the squares of one are too small for a double."""
    n = window.shape[1]
    sums = _sums(window, f, g, h)
    means = sums[0] / n, sums[1] / n, sums[2] / n
    squares = _squares(window, f, g, h, means[0], means[1], means[2])
    if squares[0] == 0.0 or squares[1] == 0.0 or squares[2] == 0.0:
        return False
    z[f] = (x[f] - means[0]) / math.sqrt(squares[0] / (n - 1))
    z[g] = (x[g] - means[1]) / math.sqrt(squares[1] / (n - 1))
    z[h] = (x[h] - means[2]) / math.sqrt(squares[2] / (n - 1))
    return True


@kernel
def _sums(window: Floats, f: int, g: int, h: int) -> tuple[float, float, float]:
    """Return the sums of three features over the window.

    Four running sums each, in slot order, and three features at once: one sum alone would wait for its own last
    addition a hundred times.
    """
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = 0.0
    n = window.shape[1]
    for at in range(0, n - 3, 4):
        a0 += window[f, at]
        a1 += window[f, at + 1]
        a2 += window[f, at + 2]
        a3 += window[f, at + 3]
        b0 += window[g, at]
        b1 += window[g, at + 1]
        b2 += window[g, at + 2]
        b3 += window[g, at + 3]
        c0 += window[h, at]
        c1 += window[h, at + 1]
        c2 += window[h, at + 2]
        c3 += window[h, at + 3]
    for at in range(n - n % 4, n):
        a0 += window[f, at]
        b0 += window[g, at]
        c0 += window[h, at]
    return (a0 + a1) + (a2 + a3), (b0 + b1) + (b2 + b3), (c0 + c1) + (c2 + c3)


@kernel
def _squares(window: Floats, f: int, g: int, h: int, mf: float, mg: float, mh: float) -> tuple[float, float, float]:
    """Return the sums of squared distances from their means `mf`, `mg` and `mh`, summed the same way."""
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = 0.0
    n = window.shape[1]
    for at in range(0, n - 3, 4):
        a0 += (window[f, at] - mf) * (window[f, at] - mf)
        a1 += (window[f, at + 1] - mf) * (window[f, at + 1] - mf)
        a2 += (window[f, at + 2] - mf) * (window[f, at + 2] - mf)
        a3 += (window[f, at + 3] - mf) * (window[f, at + 3] - mf)
        b0 += (window[g, at] - mg) * (window[g, at] - mg)
        b1 += (window[g, at + 1] - mg) * (window[g, at + 1] - mg)
        b2 += (window[g, at + 2] - mg) * (window[g, at + 2] - mg)
        b3 += (window[g, at + 3] - mg) * (window[g, at + 3] - mg)
        c0 += (window[h, at] - mh) * (window[h, at] - mh)
        c1 += (window[h, at + 1] - mh) * (window[h, at + 1] - mh)
        c2 += (window[h, at + 2] - mh) * (window[h, at + 2] - mh)
        c3 += (window[h, at + 3] - mh) * (window[h, at + 3] - mh)
    for at in range(n - n % 4, n):
        a0 += (window[f, at] - mf) * (window[f, at] - mf)
        b0 += (window[g, at] - mg) * (window[g, at] - mg)
        c0 += (window[h, at] - mh) * (window[h, at] - mh)
    return (a0 + a1) + (a2 + a3), (b0 + b1) + (b2 + b3), (c0 + c1) + (c2 + c3)


@kernel
def restart(cursor: npt.NDArray[np.int64]) -> None:
    """Forget the window: after a gap z starts undefined."""
    cursor[NEXT] = 0
    cursor[HELD] = 0
