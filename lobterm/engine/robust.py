"""Median and MAD of a long sliding window, exact, in logarithmic time, and the z they give.

What: z = (x - median) / (1.4826 MAD). Where MAD is 0, which is the normal case for rare events, the mean absolute deviation
(x 1.2533) takes its place; where that is 0 too, or samples are few, there is no z. 0 is what is lost in rounding.
Seeds: 003 §2.3; methods §3.3.
Units: those of the values; z in robust standard deviations, clamped.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import ordered as od
from lobterm.engine.kernel import kernel

MAD_TO_SIGMA = 1.4826
MEAN_AD_TO_SIGMA = math.sqrt(math.pi / 2.0)
ROUNDING = 1e-9
"""A scale below this share of the median is the rounding of a value that stands still, not a scale."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def median(w: od.Window) -> float:
    """Return the median of a window that is not empty."""
    n = w.i[od.COUNT]
    low, high = od.two_at(w.i, w.f, (n - 1) // 2)
    return low if n % 2 else (low + high) / 2.0


@kernel
def mad(w: od.Window, m: float) -> float:
    """Return the median of |x - m| of a window that is not empty; `m` is its median.

    Distances to the left and to the right of `m` are two sorted runs. The split of their union is searched from where it
    was last, for it moves by few places from one value to the next.
    """
    i, f = w.i, w.f
    n = i[od.COUNT]
    centre = n // 2  # ranks below have x <= m, ranks from here have x >= m
    take = (n - 1) // 2 + 1
    low, high = max(0, take - (n - centre)), min(take, centre)
    left = min(max(i[od.FROM_LEFT], low), high)
    stride = 1
    while True:
        # the distances just inside and just outside of `left` values from the left and the rest from the right
        outer_left, inner_left = od.two_at(i, f, centre - left - 1)
        inner_right, outer_right = od.two_at(i, f, centre + take - left - 1)
        in_left = m - inner_left if left > 0 else -math.inf
        in_right = inner_right - m if take > left else -math.inf
        out_left = m - outer_left if left < centre else math.inf
        out_right = outer_right - m if centre + take - left < n else math.inf
        if in_left > out_right:
            high = left - 1
            left = max(low, left - stride)
        elif in_right > out_left:
            low = left + 1
            left = min(high, left + stride)
        else:
            break
        stride *= 2
        if stride > 16:
            left = (low + high) // 2
    i[od.FROM_LEFT] = left
    inside = max(in_left, in_right)
    return inside if n % 2 else (inside + min(out_left, out_right)) / 2.0


@kernel
def _deviation(total: float, n: int, least: float, most: float, m: float) -> float:
    """Return the sum of |x - m| of `n` values on one side of `m`; exactly 0 where all of them are `m`."""
    if least == most == m:
        return 0.0
    return m * n - total if most <= m else total - m * n


@kernel
def _block_deviation(i: Ints, f: Floats, at: int, m: float) -> float:
    """Return the sum of |x - m| over the block at root place `at`."""
    b = i[i[od.ROOT] + at]
    last = i[i[od.N_LEAVES] + b] - 1
    least, most = f[od.start_of(i, b, 0)], f[od.start_of(i, b, last) + od.size_of(i, b, last) - 1]
    if most <= m or least >= m:
        return _deviation(od.block_sum(i, f, b), i[i[od.BEFORE] + at + 1] - i[i[od.BEFORE] + at], least, most, m)
    total = 0.0
    for k in range(last + 1):
        start, n = od.start_of(i, b, k), od.size_of(i, b, k)
        least, most = f[start], f[start + n - 1]
        if most <= m or least >= m:
            total += _deviation(od.leaf_sum(i, f, b, k), n, least, most, m)
        else:
            for j in range(start, start + n):
                total += abs(f[j] - m)
    return total


@kernel
def mean_ad(w: od.Window, m: float) -> float:
    """Return the mean of |x - m| of a window that is not empty. Blocks of nothing but `m` are stepped over."""
    i, f = w.i, w.f
    first, high = 0, i[od.ROOTS]  # the first block whose least value is not below m
    while first < high:
        middle = (first + high) // 2
        if f[i[od.LOWS] + i[i[od.ROOT] + middle] * od.BLOCK] < m:
            first = middle + 1
        else:
            high = middle
    last = od.root_place(i, f, m)
    total = 0.0
    for at in range(first):
        total += _block_deviation(i, f, at, m)
    for at in range(max(first, last), i[od.ROOTS]):
        total += _block_deviation(i, f, at, m)
    return total / i[od.COUNT]


@kernel
def z(w: od.Window, x: float, min_samples: int, clamp: float, eps: float) -> tuple[float, bool]:
    """Return (robust z of `x` against the window, whether there is one): (x - median) / (scale + eps), clamped."""
    if w.i[od.COUNT] < min_samples:
        return 0.0, False
    m = median(w)
    if x == m == 0.0:  # the normal case for rare events: only whether there is a scale matters, not how large it is
        return 0.0, od.least(w.i, w.f) < od.most(w.i, w.f)
    least = ROUNDING * abs(m)
    sigma = MAD_TO_SIGMA * mad(w, m)
    if sigma <= least:
        sigma = MEAN_AD_TO_SIGMA * mean_ad(w, m)
    if sigma <= least:
        return 0.0, False
    return min(max((x - m) / (sigma + eps), -clamp), clamp), True
