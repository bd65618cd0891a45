"""A recorded tape as a source: rows are handed over when the replay clock reaches their receive time."""

from __future__ import annotations

from lobterm.events import EventArray, empty
from lobterm.feeds.base import FeedStatus
from lobterm.tape.pages import Pages


class ReplayFeed:
    """Hands out the rows of a tape, up to a time, a row or a step; it may stand anywhere on the tape.

    There is no ring: nothing waits between a tape and its one reader, and copying rows costs as much as folding them.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._at = self._last_ts = 0
        self._running = True
        self._asked = (-1, 0)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._running = False
        self.pages.close()

    def status(self) -> FeedStatus:
        """Return how far the tape was handed over."""
        return FeedStatus(
            running=self._running,
            rows=self._at,
            last_ts=self._last_ts,
            finished=self._at >= self.pages.total,
        )

    @property
    def at(self) -> int:
        """Return the row that is handed over next."""
        return self._at

    def move_to(self, row: int, last_ts: int) -> None:
        """Stand before `row`, after a row received at `last_ts`, as if all before had been handed over."""
        self._at, self._last_ts = row, last_ts

    def row_at(self, ts: int) -> int:
        """Return how many rows were received at or before `ts`; a frame asks for the same time again and again."""
        if self._asked[0] != ts:
            self._asked = ts, self.pages.row_at(ts)
        return self._asked[1]

    def after_message(self) -> int:
        """Return the row count after the next whole message."""
        return self.pages.message_end_after(self._at)

    def after_trade(self) -> int:
        """Return the row count after the next trade of the traded market."""
        return self.pages.trade_end_after(self._at)

    def after_time(self, ts: int) -> int:
        """Return the row count after the first whole message, from here on, that was received later than `ts`."""
        row = min(self.row_at(ts), self.pages.total - 1)
        return self.pages.message_end_after(max(row, self._at))

    def before_message(self) -> int:
        """Return the row count before the last whole message, 0 if there is none."""
        return self.pages.message_end_before(self._at)

    def before_trade(self) -> int:
        """Return the row count after the last trade that lies wholly before the last row, 0 if there is none."""
        return self.pages.trade_end_before(self._at)

    def before_tick(self, period_us: int) -> int:
        """Return the row count from which a step of one tick of `period_us` leads here, or close before; 0 if there is none.

        Where steps of a tick stop: after the first whole message that was received later than a whole multiple of the period.
        """
        end = self.before_message()
        if not end:
            return 0
        ts = self.pages.ts_of(end - 1)
        return self.pages.message_end_after(self.row_at((ts - 1) // period_us * period_us))

    def pass_by(self, row: int) -> EventArray:
        """Return the next rows up to row count `row`, or fewer, and move past them; they are not to be written to."""
        rows = self.pages.rows(self._at, row)
        self._at += len(rows)
        self._last_ts = int(rows["ts"][-1])
        return rows

    def hand_over(self, row: int, limit: int) -> EventArray:
        """Do the same for `limit` rows at most, where they are played in order: those that follow are read meanwhile."""
        stop = min(row, self._at + limit, self.pages.total)
        if not self._running or stop <= self._at:
            return empty(0)
        self.pages.expect(self._at)
        return self.pass_by(stop)
