"""The last rows of something that only grows, in one contiguous array, so that a time is found by bisection."""

from __future__ import annotations

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


class Tail:
    """Keeps the last `keep` rows at least, and an eighth more at most; memory grows with what is there."""

    def __init__(self, dtype: npt.DTypeLike, keep: int, width: tuple[int, ...] = ()) -> None:
        self.keep, self._shape = keep, width
        self._most = keep + max(keep // 8, 1)
        self._buffer: Rows = np.zeros((min(FIRST_ROOM, self._most), *width), dtype)
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
            size = min(self._most, max(2 * len(self._buffer), self._held + n))
            kept = self._held if self._held + n <= size else min(self.keep, size - n)
            rows = self._buffer[self._held - kept : self._held]
            if size > len(self._buffer):
                self._buffer = np.zeros((size, *self._shape), self._buffer.dtype)
            self._buffer[:kept] = rows
            self._held = kept
        self._held += n
        return self._buffer[self._held - n : self._held]

    def occupy(self) -> None:
        """Take all the memory that it may ever need, now: what runs for days had better not grow for an hour."""
        grown = np.zeros((self._most, *self._shape), self._buffer.dtype)
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
