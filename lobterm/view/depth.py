"""What rested where, second by second: the perpetual's depth as told by BOOK rows, sampled into columns of a heat map.

The engine keeps the book that it trades on; this keeps only what a picture of the past needs: lots by price, at the end of
each second, within a band about the price. No row is looked at on its own: a slice of rows is one assignment.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

from lobterm.events import EventArray, Flag, Kind, Market, Scope
from lobterm.view.tail import Tail

COLUMN_US = 1_000_000
BINS = 2048
"""Price bins of a column."""
SPAN = 0.04
"""Of the price: about what the bins cover; a bin is a round number of ticks."""
TICKS_KEPT = 1 << 18
"""Width of the band within which levels are followed."""
COLUMNS_KEPT = 3600
MOST_AT_ONCE = 900
"""Columns that one slice of rows may bring; after a longer silence the picture starts anew."""

CLEAR, HIDING = int(Kind.BOOK_CLEAR), (int(Scope.BOOK), int(Scope.ALL))

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
COLUMN = np.dtype([("ts", "<i8"), ("base", "<i8"), ("known", "?")])
"""End of the second, tick of the first bin, whether the book was known."""


def bin_ticks(px: int) -> int:
    """Return how many ticks a bin holds so that the bins cover SPAN of the price: 1, 2 or 5 times a power of ten."""
    least = px * SPAN / BINS
    decade = 1
    while True:
        for step in (1, 2, 5):
            if step * decade >= least:
                return step * decade
        decade *= 10


class Depth:
    """Lots by tick of both sides within a band, and their columns."""

    def __init__(self) -> None:
        self.columns = Tail(COLUMN, COLUMNS_KEPT)
        self.lots = Tail(np.float32, COLUMNS_KEPT, (BINS,))
        self.bin = 0  # ticks; 0 until the first price
        self._sides = np.zeros((2, TICKS_KEPT), np.float32)
        self._base = 0  # tick of the band's first place
        self._window = 0  # place in the band of the first bin
        self._due = 0  # end of the second that is running
        self._known = False

    def restart(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def copy(self) -> Depth:
        """Return the same levels and columns in memory of their own."""
        other = copy(self)
        other.columns, other.lots, other._sides = self.columns.copy(), self.lots.copy(), self._sides.copy()
        return other

    def cut(self, ts: int) -> None:
        """Forget the columns later than `ts`; the band is whatever it is, so it is not known until it is told."""
        n = int(np.searchsorted(self.columns.rows["ts"], ts, side="right"))
        self.columns.cut(n)
        self.lots.cut(n)
        self._due, self._known = 0, False
        self._sides[:] = 0

    def place(self, ts: int, bids: Ints, asks: Ints) -> None:
        """Take the whole book as it is at `ts`: (n, 2) ticks and lots a side."""
        levels = np.concatenate([bids, asks])
        self._sides[:] = 0
        if not len(levels):
            return
        if not self.bin:
            self._centre(int(levels[0, 0]))
        for side, told in enumerate((bids, asks)):
            self._set(side, told[:, 0], told[:, 1])
        self._known = True
        self._due = ts // COLUMN_US * COLUMN_US + COLUMN_US

    def take(self, events: EventArray) -> None:
        """Fold rows; a second that ends within them becomes a column."""
        if not len(events):
            return
        first, last = int(events["ts"][0]), int(events["ts"][-1])
        if not self._due or last - self._due > MOST_AT_ONCE * COLUMN_US:
            self._due = last // COLUMN_US * COLUMN_US if self._due else first // COLUMN_US * COLUMN_US
            self._due += COLUMN_US
        kind = events["kind"]
        mine = (events["market"] == Market.PERP) & ((kind <= Kind.BOOK_CLEAR) | (kind == Kind.GAP))
        ts, kinds, bids, px, qty = (
            column[mine] for column in (events["ts"], kind, events["side"] > 0, events["px"], events["qty"])
        )
        told = (events["flags"][mine] & Flag.SNAPSHOT) != 0
        breaks = np.flatnonzero(kinds != Kind.BOOK)
        ends = np.arange(self._due, last + 1, COLUMN_US)
        cuts = np.searchsorted(ts, ends, side="left")
        at = 0
        for end, cut in zip([*ends.tolist(), 0], [*cuts.tolist(), len(ts)], strict=True):
            for stop in breaks[np.searchsorted(breaks, at) : np.searchsorted(breaks, cut)].tolist():
                self._levels(at, stop, bids, px, qty, told)
                self._break(int(kinds[stop]), int(qty[stop]))
                at = stop + 1
            self._levels(at, cut, bids, px, qty, told)
            at = cut
            if end:
                self._sample(end)
        if len(ends):
            self._due = int(ends[-1]) + COLUMN_US

    def _break(self, kind: int, scope: int) -> None:
        if kind == CLEAR:
            self._sides[:] = 0
        elif scope in HIDING:
            self._known = False

    def _levels(self, at: int, stop: int, bids: Bools, px: Ints, qty: Ints, told: Bools) -> None:
        if at >= stop:
            return
        bids, px, qty = bids[at:stop], px[at:stop], qty[at:stop]
        self._known = self._known or bool(told[at:stop].any())
        if not self.bin:
            self._centre(int(np.median(px)))
        asks = ~bids
        self._set(0, px[bids], qty[bids])
        self._set(1, px[asks], qty[asks])

    def _set(self, side: int, px: Ints, qty: Ints) -> None:
        place = px - self._base
        inside = (place >= 0) & (place < TICKS_KEPT)
        if not inside.all():
            place, qty = place[inside], qty[inside]
        self._sides[side, place] = qty

    def _centre(self, px: int) -> None:
        """Lay the band and the bins about a price, keeping what is known of the levels that stay within it."""
        self.bin = self.bin or bin_ticks(px)
        base = (px - TICKS_KEPT // 2) // self.bin * self.bin
        kept = np.zeros_like(self._sides)
        shift = base - self._base
        if 0 <= shift < TICKS_KEPT:
            kept[:, : TICKS_KEPT - shift] = self._sides[:, shift:]
        elif -TICKS_KEPT < shift < 0:
            kept[:, -shift:] = self._sides[:, :shift]
        self._sides, self._base = kept, base
        self._window = self._window_about(px)

    def _window_about(self, px: int) -> int:
        room = TICKS_KEPT - BINS * self.bin
        place = (px - self._base) // self.bin * self.bin - BINS // 2 * self.bin
        return max(0, min(room // self.bin * self.bin, place))

    def follow(self, px: int) -> None:
        """Move the bins after the price once it has left their middle half."""
        if not self.bin:
            return
        width = BINS * self.bin
        inside = px - self._base - self._window
        if width // 4 <= inside <= 3 * width // 4:
            return
        if not TICKS_KEPT // 8 <= px - self._base <= 7 * TICKS_KEPT // 8:
            self._centre(px)
        self._window = self._window_about(px)

    def _sample(self, end: int) -> None:
        if not self.bin:
            return
        row = self.columns.room(1)[0]
        row["ts"], row["base"], row["known"] = end, self._base + self._window, self._known
        self._sum(self.lots.room(1)[0])

    def running(self) -> tuple[int, int, npt.NDArray[np.float32]] | None:
        """Return (end, tick of the first bin, lots by bin) of the second that is not over yet; None if not known."""
        if not self.bin or not self._known:
            return None
        column = np.zeros(BINS, np.float32)
        self._sum(column)
        return self._due, self._base + self._window, column

    def _sum(self, out: npt.NDArray[np.float32]) -> None:
        stop = self._window + BINS * self.bin
        both = self._sides[0, self._window : stop] + self._sides[1, self._window : stop]
        # a product with ones: numpy sums short rows eight times slower
        np.matmul(both.reshape(BINS, self.bin), np.ones(self.bin, np.float32), out=out)
