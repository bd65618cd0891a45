"""The in-memory ring: one writer, many cursors, rows in the order of receipt.

A cursor that was lapped is told how much it missed, never handed what came after as if nothing had happened.
"""

from __future__ import annotations

import numpy as np

from lobterm.events import EVENT, EventArray

BYTES = f"V{EVENT.itemsize}"
"""A row as bytes: numpy copies records with padding field by field, ten times slower."""


class Lapped(Exception):
    """The writer went round before the reader: `missed` rows are no longer in the ring."""

    def __init__(self, missed: int) -> None:
        self.missed = missed
        super().__init__(f"{missed} rows were overwritten before they were read")


class Ring:
    """A preallocated ring of EVENT rows; `written` counts rows since the start, and is the only thing that moves."""

    def __init__(self, capacity: int) -> None:
        if capacity <= 0 or capacity & (capacity - 1):
            raise ValueError(f"capacity {capacity} is not a power of two")
        self._rows = np.zeros(capacity, EVENT).view(BYTES)
        self.capacity = capacity
        self.written = 0

    def append(self, rows: EventArray) -> None:
        """Append rows, `capacity` at most; readers see them only once they are whole."""
        n = len(rows)
        if n > self.capacity:
            raise ValueError(f"{n} rows do not fit a ring of {self.capacity}")
        at = self.written % self.capacity
        head = min(n, self.capacity - at)
        raw = rows.view(BYTES)
        self._rows[at : at + head] = raw[:head]
        self._rows[: n - head] = raw[head:]
        self.written += n

    def copy(self, start: int, stop: int) -> EventArray:
        """Return rows [start, stop) by absolute number; raise Lapped if some are gone, before or while copying."""
        at, n = start % self.capacity, stop - start
        head = min(n, self.capacity - at)
        out: EventArray = np.concatenate([self._rows[at : at + head], self._rows[: n - head]]).view(EVENT)
        oldest = self.written - self.capacity
        if start < oldest:
            raise Lapped(oldest - start)
        return out


class Cursor:
    """A reader's place in a ring."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self.position = ring.written

    @property
    def behind(self) -> int:
        """Return how many rows are waiting."""
        return self._ring.written - self.position

    def read(self, limit: int) -> EventArray:
        """Return the next rows, `limit` at most, and move past them."""
        stop = min(self._ring.written, self.position + limit)
        rows = self._ring.copy(self.position, stop)
        self.position = stop
        return rows

    def skip_to(self, position: int) -> None:
        """Move to an absolute row, after what was missed has been read from disk."""
        self.position = position
