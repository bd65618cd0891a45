"""The last rows of something that only grows, in one contiguous array, so that a time is found by bisection."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]

FIRST_ROOM = 1024
PAGE = 4096


def occupy(array: Rows) -> None:
    """Have the machine's memory given to an array, whose pages it otherwise gets as they are written to."""
    pages = array.reshape(-1).view(np.uint8)[::PAGE]
    pages[:] = pages.copy()


def _bytes(rows: Rows) -> memoryview:
    """Return rows as bytes: numpy would copy records field by field, and what overlaps twice."""
    return rows.reshape(-1).view(np.uint8).data


class Tail:
    """Keeps the last `keep` rows at least, and an eighth more at most; memory grows with what is there."""

    def __init__(self, dtype: npt.DTypeLike, keep: int, width: tuple[int, ...] = ()) -> None:
        self.keep, self._shape = keep, width
        self.most = keep + max(keep // 8, 1)
        self._buffer: Rows = np.zeros((min(FIRST_ROOM, self.most), *width), dtype)
        self._held = 0

    def __len__(self) -> int:
        return self._held

    @property
    def rows(self) -> Rows:
        """Return what is held, oldest first: a view that the next `append` may overwrite."""
        return self._buffer[: self._held]

    def room(self, n: int) -> Rows:
        """Return `n` rows at the end to be written, `keep` at most, making room as needed."""
        if n > self.keep:
            raise ValueError(f"{n} rows do not fit a tail of {self.keep}")
        if self._held + n > len(self._buffer):
            size = min(self.most, max(2 * len(self._buffer), self._held + n))
            kept = self._held if self._held + n <= size else min(self.keep, size - n)
            rows = _bytes(self._buffer[self._held - kept : self._held])
            if size > len(self._buffer):
                self._buffer = np.zeros((size, *self._shape), self._buffer.dtype)
            _bytes(self._buffer)[: len(rows)] = rows
            self._held = kept
        self._held += n
        return self._buffer[self._held - n : self._held]

    def occupy(self) -> None:
        """Take all the memory that it may ever need, now: what runs for days had better not grow for an hour."""
        grown = np.zeros((self.most, *self._shape), self._buffer.dtype)
        grown[: self._held] = self.rows
        self._buffer = grown
        occupy(grown)

    def cut(self, n: int) -> None:
        """Forget all but the first `n` rows held."""
        self._held = min(self._held, max(0, n))

    def copy(self) -> Tail:
        """Return the same rows in memory of their own."""
        other = Tail(self._buffer.dtype, self.keep, self._shape)
        other._buffer, other._held = self.rows.copy(), self._held
        return other


class Round:
    """A ring of the newest `most` rows, each of which stays where it was written: for rows too large to be moved together.

    It knows how many were ever written, not how many of them still count: that is for what stands beside it.
    """

    def __init__(self, dtype: npt.DTypeLike, most: int, width: tuple[int, ...]) -> None:
        self.most = most
        self.buffer: Rows = np.zeros((min(FIRST_ROOM, most), *width), dtype)
        self._written = 0

    def room(self, n: int) -> tuple[Rows, int]:
        """Return the buffer and the place in it of the first of `n` rows to be written, going round where it ends."""
        stop = self._written + n
        if stop > len(self.buffer) < self.most:
            grown = np.zeros(
                (min(self.most, max(2 * len(self.buffer), stop)), *self.buffer.shape[1:]), self.buffer.dtype
            )
            grown[: self._written] = self.buffer[: self._written]
            self.buffer = grown
        place, self._written = self._written % len(self.buffer), stop
        return self.buffer, place

    def places(self, n: int) -> npt.NDArray[np.int64]:
        """Return where in the buffer the newest `n` rows are, oldest first."""
        return np.arange(self._written - n, self._written) % len(self.buffer)

    def take_back(self, n: int) -> None:
        """Forget the newest `n` rows."""
        self._written -= n

    def occupy(self) -> None:
        """Take all the memory that it may ever need, now."""
        if len(self.buffer) < self.most:
            grown = np.zeros((self.most, *self.buffer.shape[1:]), self.buffer.dtype)
            grown[: self._written] = self.buffer[: self._written]
            self.buffer = grown
        occupy(self.buffer)

    def copy(self) -> Round:
        """Return the same rows in memory of their own."""
        other = copy(self)
        other.buffer = self.buffer.copy()
        return other
