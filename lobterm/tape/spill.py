"""A ring whose slow reader reads on from disk: what would be overwritten unread goes into a file first.

What: one writer's thread, one reader's. While the reader keeps up no file is touched; when it has caught up the file begins
anew. Rows leave in the order in which they came, none left out. Units: rows.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from lobterm.events import EVENT, EventArray
from lobterm.tape.ring import Lapped, Ring

PIECE = 65_536
"""Rows that are moved at a time."""


class SpillingRing(Ring):
    """A ring with one reader, which may be as late as the disk is large. The file is nameless and goes with the process."""

    def __init__(self, capacity: int, folder: Path | None = None) -> None:
        super().__init__(capacity)
        self.read_rows = 0  # the reader's place
        self.spilled = 0  # rows ever written to the file
        self._folder = folder
        self._file: int | None = None
        self._first = self._stop = 0  # the rows that the file holds

    def append(self, rows: EventArray) -> None:
        """Append rows, `capacity` at most."""
        kept_from = self.written + len(rows) - self.capacity
        if kept_from > self.read_rows:
            self._spill(kept_from)
        super().append(rows)

    @property
    def behind(self) -> int:
        """Return how many rows wait to be read."""
        return self.written - self.read_rows

    def read(self, limit: int) -> EventArray:
        """Return the next rows, `limit` at most, and move past them."""
        stop = min(self.written, self.read_rows + limit)
        try:
            rows = self.copy(self.read_rows, stop)
        except Lapped:
            rows = self._recall(limit)
        self.read_rows += len(rows)
        return rows

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _spill(self, stop: int) -> None:
        """Write the unread rows before `stop` to the file, before they are overwritten."""
        start = max(self.read_rows, self._stop)
        if start >= stop:
            return
        if self._file is None:
            handle, name = tempfile.mkstemp(prefix="lobterm-late-", dir=self._folder)
            os.unlink(name)  # noqa: PTH108  (the handle stays)
            self._file = handle
        if start > self._stop:  # all that the file holds has been read
            os.ftruncate(self._file, 0)
            self._first = start
        at = start
        while at < stop:
            piece = self.copy(at, min(stop, at + PIECE))
            _write(self._file, piece.tobytes(), (at - self._first) * EVENT.itemsize)
            at += len(piece)
        self.spilled += stop - start
        self._stop = stop

    def _recall(self, limit: int) -> EventArray:
        """Return rows from the file."""
        assert self._file is not None
        stop = min(self._stop, self.read_rows + limit)
        offset = (self.read_rows - self._first) * EVENT.itemsize
        raw = os.pread(self._file, (stop - self.read_rows) * EVENT.itemsize, offset)
        return np.frombuffer(raw[: len(raw) // EVENT.itemsize * EVENT.itemsize], EVENT)


def _write(handle: int, data: bytes, offset: int) -> None:
    while data:
        done = os.pwrite(handle, data, offset)
        data, offset = data[done:], offset + done
