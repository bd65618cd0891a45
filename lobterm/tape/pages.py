"""A tape that is read where it is needed: the last few row groups are in memory, and the next one is on its way.

The times of all row groups are known from the file's statistics, so any moment is found without reading what lies before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lobterm.errors import TapeError
from lobterm.events import EventArray, Flag, Kind
from lobterm.tape.parquet import Tape
from lobterm.tape.room import Room

KEEP = 8
"""Pages in memory: 50 MB of groups as we write them; a step back rarely needs more than two."""
AHEAD = 3
"""Of them read ahead: while a screen is painted nobody asks for one, and afterwards for two at once."""

Ints = npt.NDArray[np.int64]


class Page:
    """The rows of one row group, and where messages and trades end in them, as row counts of the whole tape."""

    def __init__(self, start: int, rows: EventArray, market: int) -> None:
        self.start, self.rows, self._market = start, rows, market

    @cached_property
    def message_ends(self) -> Ints:
        """Return the row counts after whole messages."""
        return self.start + 1 + np.flatnonzero(self.rows["flags"] & Flag.LAST)

    @cached_property
    def trade_ends(self) -> Ints:
        """Return the row counts after trades of the traded market."""
        trades = (self.rows["kind"] == Kind.TRADE) & (self.rows["market"] == self._market)
        return self.start + 1 + np.flatnonzero(trades & ((self.rows["flags"] & Flag.LAST) != 0))


class Pages:
    """Random access to the rows of a tape for one thread. Rows are counted from 0 over the whole tape."""

    def __init__(self, tape: Tape, market: int, *, ahead: bool = False) -> None:
        """`ahead`: read in a thread, so that a page can be `expect`ed; `tape` must not be read elsewhere meanwhile."""
        self._tape, self._market = tape, market
        self.starts, self._times = tape.group_starts(), tape.group_times()
        self.total = int(self.starts[-1])
        self._held: OrderedDict[int, Future[Page]] = OrderedDict()
        self._reader = ThreadPoolExecutor(1, "tape") if ahead else None
        self._room = Room()

    def close(self) -> None:
        """Read nothing more, and let go of what is in memory."""
        if self._reader:
            self._reader.shutdown(wait=False, cancel_futures=True)
        self._held.clear()
        self._room.close()

    def page_of(self, row: int) -> int:
        """Return the number of the page that holds `row`."""
        return min(int(np.searchsorted(self.starts, row, side="right")) - 1, len(self.starts) - 2)

    def page(self, number: int) -> Page:
        """Return a page; raise TapeError where the tape is damaged."""
        asked = self._ask(number)
        while len(self._held) > KEEP:
            self._held.popitem(last=False)
        try:
            return asked.result()
        except BaseException:
            self._held.pop(number, None)
            raise

    def expect(self, row: int) -> None:
        """Have the pages after that of `row` read meanwhile: rows are being used in order."""
        here = self.page_of(row)
        for number in range(here + 1, min(here + 1 + AHEAD, len(self._times))):
            if self._reader and number not in self._held:
                self._ask(number)

    def _ask(self, number: int) -> Future[Page]:
        held = self._held.get(number)
        if held is not None:
            self._held.move_to_end(number)
            return held
        if self._reader:
            asked = self._reader.submit(self._read, number)
        else:
            asked = Future()
            asked.set_result(self._read(number))
        self._held[number] = asked
        return asked

    def _read(self, number: int) -> Page:
        rows = self._tape.group(number, int(self._times[number - 1, 1]) if number else 0, self._room)
        if len(rows) and (rows["ts"][0] != self._times[number, 0] or rows["ts"][-1] != self._times[number, 1]):
            raise TapeError(
                "its times are not those it is indexed by", file=self._tape.path, place=f"row group {number}",
                mend="import the recording again",
            )  # fmt: skip
        return Page(int(self.starts[number]), rows, self._market)

    def rows(self, start: int, stop: int) -> EventArray:
        """Return rows from `start`, up to `stop` or the end of the page, whichever comes first."""
        page = self.page(self.page_of(start))
        return page.rows[start - page.start : stop - page.start]

    def row_at(self, ts: int) -> int:
        """Return how many rows were received at or before `ts`."""
        number = int(np.searchsorted(self._times[:, 0], ts, side="right")) - 1
        if number < 0:
            return 0
        if ts >= self._times[number, 1]:
            return int(self.starts[number + 1])
        page = self.page(number)
        # numpy would copy the whole column to look into it
        return page.start + bisect_right(page.rows["ts"], ts)

    def ts_of(self, row: int) -> int:
        """Return the receive time of a row."""
        page = self.page(self.page_of(row))
        return int(page.rows["ts"][row - page.start])

    def message_end_after(self, row: int) -> int:
        """Return the first row count above `row` that ends a whole message; the last one if there is none."""
        return self._after("message_ends", row)

    def message_end_before(self, row: int) -> int:
        """Return the last row count below `row` that ends a whole message; 0 if there is none."""
        return self._before("message_ends", row)

    def trade_end_after(self, row: int) -> int:
        """Return the first row count above `row` that ends a trade of the traded market; the last one if there is none."""
        return self._after("trade_ends", row) if self._tape.meta.trades else self.total

    def trade_end_before(self, row: int) -> int:
        """Return the last row count below `row` that ends a trade of the traded market; 0 if there is none."""
        return self._before("trade_ends", row) if self._tape.meta.trades else 0

    def _after(self, what: str, row: int) -> int:
        for number in range(self.page_of(row), len(self.starts) - 1):
            ends = getattr(self.page(number), what)
            at = int(np.searchsorted(ends, row, side="right"))
            if at < len(ends):
                return int(ends[at])
        return self.total

    def _before(self, what: str, row: int) -> int:
        for number in range(self.page_of(max(row - 1, 0)), -1, -1):
            ends = getattr(self.page(number), what)
            at = int(np.searchsorted(ends, row, side="left"))
            if at:
                return int(ends[at - 1])
        return 0
