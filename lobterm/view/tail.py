"""The last rows of something that only grows, in one contiguous array, so that a time is found by bisection."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]

FIRST_ROOM = 1024


class Tail:
    """Keeps the last `keep` rows at least, and twice as many at most; memory grows with what is there."""

    def __init__(self, dtype: npt.DTypeLike, keep: int, width: tuple[int, ...] = ()) -> None:
        self.keep, self._shape = keep, width
        self._buffer: Rows = np.zeros((min(FIRST_ROOM, 2 * keep), *width), dtype)
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
            kept = min(self._held, self.keep)
            if len(self._buffer) < 2 * self.keep:
                size = min(2 * self.keep, max(2 * len(self._buffer), kept + n))
                grown = np.zeros((size, *self._shape), self._buffer.dtype)
            else:
                grown = self._buffer
            if self._held + n > len(grown):
                grown[:kept] = self._buffer[self._held - kept : self._held]
                self._held = kept
            elif grown is not self._buffer:
                grown[: self._held] = self._buffer[: self._held]
            self._buffer = grown
        self._held += n
        return self._buffer[self._held - n : self._held]

    def cut(self, n: int) -> None:
        """Forget all but the first `n` rows held."""
        self._held = min(self._held, max(0, n))

    def copy(self) -> Tail:
        """Return the same rows in memory of their own."""
        other = Tail(self._buffer.dtype, self.keep, self._shape)
        other._buffer, other._held = self.rows.copy(), self._held
        return other
