"""A recorded tape as a source: rows enter the ring when the replay clock reaches their receive time."""

from __future__ import annotations

import numpy as np

from lobterm.events import EventArray, Flag, Kind
from lobterm.feeds.base import FeedStatus
from lobterm.tape.ring import Ring


class ReplayFeed:
    """Hands the rows of `events` to a ring, up to a time, a row or a step."""

    def __init__(self, events: EventArray, market: int) -> None:
        self._events = events
        self._ts = np.ascontiguousarray(events["ts"])
        last = (events["flags"] & Flag.LAST) != 0
        self._message_ends = np.flatnonzero(last) + 1
        trades = last & (events["kind"] == Kind.TRADE) & (events["market"] == market)
        self._trade_ends = np.flatnonzero(trades) + 1
        self._at = 0
        self._ring: Ring | None = None

    def start(self, ring: Ring) -> None:
        """Begin to hand rows to `ring`."""
        self._ring = ring

    def stop(self) -> None:
        """Hand over nothing more."""
        self._ring = None

    def status(self) -> FeedStatus:
        """Return how far the tape was handed over."""
        return FeedStatus(
            running=self._ring is not None,
            rows=self._at,
            last_ts=int(self._ts[self._at - 1]) if self._at else 0,
            finished=self._at >= len(self._ts),
        )

    def row_at(self, ts: int) -> int:
        """Return how many rows were received at or before `ts`."""
        return int(np.searchsorted(self._ts, ts, side="right"))

    def after_message(self) -> int:
        """Return the row count after the next whole message."""
        return self._next(self._message_ends)

    def after_trade(self) -> int:
        """Return the row count after the next trade of the traded market."""
        return self._next(self._trade_ends)

    def after_time(self, ts: int) -> int:
        """Return the row count after the first whole message that was received later than `ts`."""
        row = min(self.row_at(ts), len(self._ts) - 1)
        ends = self._message_ends
        at = int(np.searchsorted(ends, max(row, self._at), side="right"))
        return int(ends[at]) if at < len(ends) else len(self._ts)

    def _next(self, ends: np.ndarray) -> int:
        at = int(np.searchsorted(ends, self._at, side="right"))
        return int(ends[at]) if at < len(ends) else len(self._ts)

    def hand_over(self, row: int, limit: int) -> int:
        """Append rows up to row count `row`, `limit` at most, to the ring. Return how many."""
        stop = min(row, self._at + limit, len(self._ts))
        if self._ring is None or stop <= self._at:
            return 0
        handed = stop - self._at
        self._ring.append(self._events[self._at : stop])
        self._at = stop
        return handed
