"""What rested where, second by second: the perpetual's depth as told by BOOK rows, sampled into columns of a heat map.

The engine keeps the book that it trades on; this keeps only what a picture of the past needs: lots by price, at the end of
each second, within a band about the price.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

from lobterm.events import EventArray, Kind, Market
from lobterm.view.tail import Round, Tail

COLUMN_US = 1_000_000
BINS = 2048
"""Price bins of a column."""
SPAN = 0.04
"""Of the price: about what the bins cover; a bin is a round number of ticks."""
TICKS_KEPT = 1 << 18
"""Width of the band within which levels are followed."""
COLUMNS_KEPT = 3600
MOST_AT_ONCE = 900
"""Columns that are made in one go; after a longer silence the picture starts anew."""

Ints = npt.NDArray[np.int64]
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
        self.lots = Round(np.float32, self.columns.most, (BINS,))  # of the newest columns
        self.bin = 0  # ticks; 0 until the first price
        self._sides = np.zeros((2, TICKS_KEPT), np.float32)
        self._base = 0  # tick of the band's first place
        self._window = 0  # place in the band of the first bin
        self._sums = np.zeros(BINS)
        self._summed = False  # whether these are the sums of the bins' levels
        self._due = 0  # end of the second that is running
        self._known = False

    def restart(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def copy(self) -> Depth:
        """Return the same levels and columns in memory of their own."""
        other = copy(self)
        for name in ("columns", "lots", "_sides", "_sums"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def places(self, start: int, stop: int) -> Ints:
        """Return where in `lots.buffer` the columns from `start` up to but without `stop` are."""
        return self.lots.places(len(self.columns))[start:stop]

    def cut(self, ts: int) -> None:
        """Forget the columns later than `ts`; the band is whatever it is, so it is not known until it is told."""
        n = int(np.searchsorted(self.columns.rows["ts"], ts, side="right"))
        self.lots.take_back(len(self.columns) - n)
        self.columns.cut(n)
        self._due, self._known = 0, False
        self._sides[:], self._summed = 0, False

    def place(self, ts: int, bids: Ints, asks: Ints) -> None:
        """Take the whole book as it is at `ts`: (n, 2) ticks and lots a side."""
        levels = np.concatenate([bids, asks])
        self._sides[:], self._summed = 0, False
        if not len(levels):
            return
        if not self.bin:
            self._centre(int(levels[0, 0]))
        for side, told in enumerate((bids, asks)):
            place = told[:, 0] - self._base
            inside = (place >= 0) & (place < TICKS_KEPT)
            self._sides[side, place[inside]] = told[inside, 1]
        self._known = True
        self._due = ts // COLUMN_US * COLUMN_US + COLUMN_US

    def take(self, events: EventArray) -> None:
        """Fold rows; a second that ends within them becomes a column."""
        at = 0
        while at < len(events):
            first = int(events["ts"][at])
            if not self._due or first - self._due > MOST_AT_ONCE * COLUMN_US:
                self._due = first // COLUMN_US * COLUMN_US + COLUMN_US
            stop = int(np.searchsorted(events["ts"], self._due + MOST_AT_ONCE * COLUMN_US, side="right"))
            self._take(events[at:stop])
            at = stop

    def _take(self, events: EventArray) -> None:
        """Fold rows of MOST_AT_ONCE seconds at most."""
        from lobterm.view.kernels import depth as kernels  # not above: views are there before any compiler is

        due = self._due
        self._due = max(due, int(events["ts"][-1]) // COLUMN_US * COLUMN_US + COLUMN_US)
        if not self.bin:
            begun = self._begin(events)
            if begun is None:
                return
            due = max(due, begun // COLUMN_US * COLUMN_US + COLUMN_US)
        if not self._fits():
            return
        ended = max(0, (self._due - due) // COLUMN_US)
        columns = self.columns.room(ended)
        self._known = kernels.fold(
            events, self._known, due, self._sides, self._base, self._window, self.bin, self._summed_bins(), columns,
            *self.lots.room(ended), COLUMN_US,
        )  # fmt: skip

    def _fits(self) -> bool:
        """Say whether the bins lie within the band; of a price of very many ticks nothing is kept."""
        return 0 < self.bin <= TICKS_KEPT // BINS

    def _begin(self, events: EventArray) -> int | None:
        """Lay band and bins about the first levels that are told, those of one second; return when, None if none is told."""
        mine = events["market"] == int(Market.PERP)
        levels = np.flatnonzero(mine & (events["kind"] == int(Kind.BOOK)))
        if not len(levels):
            return None
        begun = int(events["ts"][levels[0]])
        stop = np.searchsorted(events["ts"], begun // COLUMN_US * COLUMN_US + COLUMN_US)
        breaks = np.flatnonzero(mine & ((events["kind"] == Kind.BOOK_CLEAR) | (events["kind"] == Kind.GAP)))
        ends = breaks[breaks > levels[0]]
        stop = min(stop, ends[0]) if len(ends) else stop
        self._centre(int(np.median(events["px"][levels[levels < stop]])))
        return begun

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
        self._set_window(px)

    def _set_window(self, px: int) -> None:
        room = TICKS_KEPT - BINS * self.bin
        place = (px - self._base) // self.bin * self.bin - BINS // 2 * self.bin
        self._window = max(0, min(room // self.bin * self.bin, place))
        self._summed = False

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
        else:
            self._set_window(px)

    def running(self) -> tuple[int, int, npt.NDArray[np.float32]] | None:
        """Return (end, tick of the first bin, lots by bin) of the second that is not over yet; None if not known."""
        if not self._fits() or not self._known:
            return None
        return self._due, self._base + self._window, self._summed_bins().astype(np.float32)

    def _summed_bins(self) -> npt.NDArray[np.float64]:
        """Return the lots by bin as they are."""
        from lobterm.view.kernels import depth as kernels

        if not self._summed:
            kernels.sum_bins(self._sides, self._window, self.bin, self._sums)
            self._summed = True
        return self._sums
