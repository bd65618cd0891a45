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

NEXT, HELD, SAME = 0, 1, 2
"""Fields of the cursor: slot to write next, trades held; from SAME, how many times running each feature has been the same."""

READY, WARM_UP, FLAT = 0, 1, 2

Floats = npt.NDArray[np.float64]
Places = tuple[int, int, int, int, int, int]
Six = tuple[float, float, float, float, float, float]


@kernel
def update(window: Floats, cursor: npt.NDArray[np.int64], x: Floats, z: Floats) -> int:
    """Put `x` (k,) into `window` (k, n) and write its z into `z` (k,), zero unless READY.

    Return READY; WARM_UP while fewer than n trades are held; FLAT if a feature is constant over the window.
    """
    k, n = window.shape
    slot = cursor[NEXT]
    before = slot - 1 if slot else n - 1
    longest = 0
    for f in range(k):
        same = cursor[HELD] > 0 and window[f, before] == x[f]
        cursor[SAME + f] = cursor[SAME + f] + 1 if same else 1
        longest = max(longest, cursor[SAME + f])
        window[f, slot] = x[f]
        z[f] = 0.0
    cursor[NEXT] = (slot + 1) % n
    cursor[HELD] = min(cursor[HELD] + 1, n)
    if cursor[HELD] < n:
        return WARM_UP
    if longest >= n:
        return FLAT
    for f in range(0, k, 6):
        if not _scores(window, f, x, z):
            for g in range(k):
                z[g] = 0.0
            return FLAT
    return READY


@kernel
def _scores(window: Floats, at: int, x: Floats, z: Floats) -> bool:
    """Write the z of six features from `at` on. Return False if the squares of one are too small for a double."""
    k, n = window.shape
    places = at, min(at + 1, k - 1), min(at + 2, k - 1), min(at + 3, k - 1), min(at + 4, k - 1), min(at + 5, k - 1)
    sums = _sums(window, places)
    means = sums[0] / n, sums[1] / n, sums[2] / n, sums[3] / n, sums[4] / n, sums[5] / n
    squares = _squares(window, places, means)
    for i in range(6):
        if squares[i] == 0.0:
            return False
        z[places[i]] = (x[places[i]] - means[i]) / math.sqrt(squares[i] / (n - 1))
    return True


@kernel
def _sums(window: Floats, f: Places) -> Six:
    """Return the sums of six features over the window.

    Four running sums each, in slot order, and six features at once: one sum alone would wait for its own last addition
    a hundred times.
    """
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = e0 = e1 = e2 = e3 = f0 = f1 = f2 = (
        f3
    ) = 0.0
    n = window.shape[1]
    for at in range(0, n - 3, 4):
        a0 += window[f[0], at]
        a1 += window[f[0], at + 1]
        a2 += window[f[0], at + 2]
        a3 += window[f[0], at + 3]
        b0 += window[f[1], at]
        b1 += window[f[1], at + 1]
        b2 += window[f[1], at + 2]
        b3 += window[f[1], at + 3]
        c0 += window[f[2], at]
        c1 += window[f[2], at + 1]
        c2 += window[f[2], at + 2]
        c3 += window[f[2], at + 3]
        d0 += window[f[3], at]
        d1 += window[f[3], at + 1]
        d2 += window[f[3], at + 2]
        d3 += window[f[3], at + 3]
        e0 += window[f[4], at]
        e1 += window[f[4], at + 1]
        e2 += window[f[4], at + 2]
        e3 += window[f[4], at + 3]
        f0 += window[f[5], at]
        f1 += window[f[5], at + 1]
        f2 += window[f[5], at + 2]
        f3 += window[f[5], at + 3]
    for at in range(n - n % 4, n):
        a0 += window[f[0], at]
        b0 += window[f[1], at]
        c0 += window[f[2], at]
        d0 += window[f[3], at]
        e0 += window[f[4], at]
        f0 += window[f[5], at]
    return (
        (a0 + a1) + (a2 + a3),
        (b0 + b1) + (b2 + b3),
        (c0 + c1) + (c2 + c3),
        (d0 + d1) + (d2 + d3),
        (e0 + e1) + (e2 + e3),
        (f0 + f1) + (f2 + f3),
    )


@kernel
def _squares(window: Floats, f: Places, m: Six) -> Six:
    """Return the sums of squared distances from their means `m`, summed the same way."""
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = e0 = e1 = e2 = e3 = f0 = f1 = f2 = (
        f3
    ) = 0.0
    n = window.shape[1]
    for at in range(0, n - 3, 4):
        a0 += (window[f[0], at] - m[0]) * (window[f[0], at] - m[0])
        a1 += (window[f[0], at + 1] - m[0]) * (window[f[0], at + 1] - m[0])
        a2 += (window[f[0], at + 2] - m[0]) * (window[f[0], at + 2] - m[0])
        a3 += (window[f[0], at + 3] - m[0]) * (window[f[0], at + 3] - m[0])
        b0 += (window[f[1], at] - m[1]) * (window[f[1], at] - m[1])
        b1 += (window[f[1], at + 1] - m[1]) * (window[f[1], at + 1] - m[1])
        b2 += (window[f[1], at + 2] - m[1]) * (window[f[1], at + 2] - m[1])
        b3 += (window[f[1], at + 3] - m[1]) * (window[f[1], at + 3] - m[1])
        c0 += (window[f[2], at] - m[2]) * (window[f[2], at] - m[2])
        c1 += (window[f[2], at + 1] - m[2]) * (window[f[2], at + 1] - m[2])
        c2 += (window[f[2], at + 2] - m[2]) * (window[f[2], at + 2] - m[2])
        c3 += (window[f[2], at + 3] - m[2]) * (window[f[2], at + 3] - m[2])
        d0 += (window[f[3], at] - m[3]) * (window[f[3], at] - m[3])
        d1 += (window[f[3], at + 1] - m[3]) * (window[f[3], at + 1] - m[3])
        d2 += (window[f[3], at + 2] - m[3]) * (window[f[3], at + 2] - m[3])
        d3 += (window[f[3], at + 3] - m[3]) * (window[f[3], at + 3] - m[3])
        e0 += (window[f[4], at] - m[4]) * (window[f[4], at] - m[4])
        e1 += (window[f[4], at + 1] - m[4]) * (window[f[4], at + 1] - m[4])
        e2 += (window[f[4], at + 2] - m[4]) * (window[f[4], at + 2] - m[4])
        e3 += (window[f[4], at + 3] - m[4]) * (window[f[4], at + 3] - m[4])
        f0 += (window[f[5], at] - m[5]) * (window[f[5], at] - m[5])
        f1 += (window[f[5], at + 1] - m[5]) * (window[f[5], at + 1] - m[5])
        f2 += (window[f[5], at + 2] - m[5]) * (window[f[5], at + 2] - m[5])
        f3 += (window[f[5], at + 3] - m[5]) * (window[f[5], at + 3] - m[5])
    for at in range(n - n % 4, n):
        a0 += (window[f[0], at] - m[0]) * (window[f[0], at] - m[0])
        b0 += (window[f[1], at] - m[1]) * (window[f[1], at] - m[1])
        c0 += (window[f[2], at] - m[2]) * (window[f[2], at] - m[2])
        d0 += (window[f[3], at] - m[3]) * (window[f[3], at] - m[3])
        e0 += (window[f[4], at] - m[4]) * (window[f[4], at] - m[4])
        f0 += (window[f[5], at] - m[5]) * (window[f[5], at] - m[5])
    return (
        (a0 + a1) + (a2 + a3),
        (b0 + b1) + (b2 + b3),
        (c0 + c1) + (c2 + c3),
        (d0 + d1) + (d2 + d3),
        (e0 + e1) + (e2 + e3),
        (f0 + f1) + (f2 + f3),
    )


@kernel
def restart(cursor: npt.NDArray[np.int64]) -> None:
    """Forget the window: after a gap z starts undefined."""
    cursor[NEXT] = 0
    cursor[HELD] = 0
