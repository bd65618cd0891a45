"""Several recordings to one stream of rows by local receive time.

A message is never torn: rows are merged by whole messages. On equal times the recording named first goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from lobterm.events import EVENT, EventArray


class _Source:
    """One stream with the rows that were read but not yet merged."""

    def __init__(self, chunks: Iterable[EventArray]) -> None:
        self._chunks = iter(chunks)
        self.held = np.zeros(0, EVENT)
        self.ended = False
        self.fill()

    def fill(self) -> None:
        """Read until something is held beyond the last known time, or the stream ends."""
        edge = self.held["ts"][-1] if len(self.held) else None
        while not self.ended and (edge is None or self.held["ts"][-1] == edge):
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
            elif len(chunk):
                self.held = np.concatenate([self.held, chunk])
                edge = edge if edge is not None else self.held["ts"][0]

    def take_before(self, ts: int) -> EventArray:
        """Remove and return the held rows strictly before `ts`."""
        cut = int(np.searchsorted(self.held["ts"], ts, side="left"))
        taken, self.held = self.held[:cut], self.held[cut:]
        return taken


def merge(streams: Iterable[Iterable[EventArray]]) -> Iterator[EventArray]:
    """Yield the rows of all streams by `ts`; each stream must be sorted by `ts` itself."""
    sources = [_Source(stream) for stream in streams]
    while True:
        waiting = [s for s in sources if not s.ended]
        if not waiting:
            rest = _interleave([s.held for s in sources])
            if len(rest):
                yield rest
            return
        # every open stream holds all of its rows before its own last time
        safe = min(int(s.held["ts"][-1]) for s in waiting)
        ready = _interleave([s.take_before(safe) for s in sources])
        if len(ready):
            yield ready
        for s in waiting:
            if not len(s.held) or int(s.held["ts"][-1]) <= safe:
                s.fill()


def _interleave(parts: list[EventArray]) -> EventArray:
    """Return the rows of all parts by time; on ties by part, each part in its own order."""
    rows = np.concatenate(parts)
    if sum(1 for part in parts if len(part)) < 2:
        return rows
    return rows[np.argsort(rows["ts"], kind="stable")]
