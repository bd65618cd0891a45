"""Memory for pages of rows that come and go: what one page is done with serves the next.

New memory costs more than everything else that is done to fill it, for the machine gives it page by page.
"""

from __future__ import annotations

import mmap
import weakref

import numpy as np

from lobterm.events import EVENT, EventArray


class Room:
    """Blocks of memory, each of which is free again once the last view of its rows is gone."""

    def __init__(self) -> None:
        self._free: list[mmap.mmap] = []
        self._closed = False

    def rows(self, n: int) -> EventArray:
        """Return `n` rows to be written in full: they hold whatever was there."""
        size = max(n, 1) * EVENT.itemsize
        block = self._free.pop() if self._free else None
        if block is None or len(block) < size:
            # in pages of its own: freed between small things that live on, such blocks leave holes that add up to gigabytes
            block = mmap.mmap(-1, size)
        rows = np.frombuffer(block, EVENT, n)
        weakref.finalize(rows, self._back, block).atexit = False
        return rows

    def _back(self, block: mmap.mmap) -> None:
        if not self._closed:
            self._free.append(block)

    def close(self) -> None:
        """Let go of what is free, and of the rest when it is."""
        self._closed = True
        self._free.clear()
