"""Volume by price, split by who was the aggressor."""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

REACH = 1 << 19
"""Ticks to either side of the first price within which volume is told apart by price."""
STEP = 4096

Ints = npt.NDArray[np.int64]


class Profile:
    """Lots sold and bought by aggressors at each tick."""

    def __init__(self) -> None:
        self._lots = np.zeros((2, 0), np.int64)  # sold, bought
        self._base = self._first = 0
        self.beyond = 0  # lots at prices beyond REACH
        self._worth = self._traded = 0  # sum of ticks x lots, of lots; of every trade
        self._low = self._high = 0

    def add(self, px: Ints, qty: Ints, side: npt.NDArray[np.int8]) -> None:
        """Count trades."""
        if not len(px):
            return
        low, high = int(px.min()), int(px.max())
        self._low, self._high = (min(self._low, low), max(self._high, high)) if self._traded else (low, high)
        # weighed from the lowest price: ticks x lots of one drain stay far within an int64
        self._worth += int(((px - low) * qty).sum()) + low * int(qty.sum())
        self._traded += int(qty.sum())
        if not self._lots.shape[1]:
            self._first = int(px[0])
            self._base = self._first - STEP // 2
            self._lots = np.zeros((2, STEP), np.int64)
        near = np.abs(px - self._first) < REACH
        if not near.all():
            self.beyond += int(qty[~near].sum())
            px, qty, side = px[near], qty[near], side[near]
            if not len(px):
                return
        low, high = int(px.min()), int(px.max())
        self._reach(low, high)
        for row, mine in enumerate((side < 0, side > 0)):
            counted = np.bincount(px[mine] - low, weights=qty[mine], minlength=high - low + 1)
            self._lots[row, low - self._base : high - self._base + 1] += counted.astype(np.int64)

    def _reach(self, low: int, high: int) -> None:
        left = max(0, self._base - low)
        right = max(0, high + 1 - self._base - self._lots.shape[1])
        if left or right:
            left, right = (-(-room // STEP) * STEP for room in (left, right))
            self._lots = np.pad(self._lots, ((0, 0), (left, right)))
            self._base -= left

    def copy(self) -> Profile:
        """Return the same counts in memory of their own."""
        other = copy(self)
        other._lots = self._lots.copy()
        return other

    def figures(self) -> tuple[float, int, int] | None:
        """Return (volume-weighted average, lowest, highest) price in ticks of all trades counted; None without any."""
        return (self._worth / self._traded, self._low, self._high) if self._traded else None

    def at(self, low: int, high: int) -> Ints:
        """Return (2, high - low) lots sold and bought at the ticks from `low` up to but without `high`."""
        out = np.zeros((2, max(0, high - low)), np.int64)
        start, stop = max(low, self._base), min(high, self._base + self._lots.shape[1])
        if start < stop:
            out[:, start - low : stop - low] = self._lots[:, start - self._base : stop - self._base]
        return out
