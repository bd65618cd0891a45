"""A session's own rows beside its tape: parameters turned and paper orders given in a replay. A tape is never written to.

What: an item stands before the tape's row `offset`, after the items that stand there already. It is folded once `offset` rows of
the tape were, with its own time, and does not count as a row: offsets in output rows are the tape's. Its time is what the clock
showed, never before the row (or item) folded last and never after the row that it stands before. So a tape and its overlay are one
sequence, and whatever chunks, seeks and steps it is folded in, the same rows come of it.
    Where the whole sequence is counted, tape rows and items alike, a place is called `woven`: row + items before it.
Source: DESIGN §5. Units: ts in µs; px, qty as events.Kind says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lobterm.engine import drive
from lobterm.errors import InputError
from lobterm.events import EVENT, EventArray, Flag, Kind

MOST = 10_000
"""Items of one session: what hands can do in a day, and a bound for what is read from a log."""
KINDS = (Kind.PARAM, Kind.ORDER)


class Item(NamedTuple):
    """One row that is no row of the tape; the fields after `ts` are those of an event."""

    offset: int
    ts: int
    kind: int
    side: int
    seq: int
    px: int
    qty: int


class Overlay:
    """The items of a session in their order. `items` is replaced, never changed: another thread may be reading it."""

    def __init__(self, market: int, items: Sequence[Item] = ()) -> None:
        self.market = market
        self.items: tuple[Item, ...] = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    def before(self, row: int) -> int:
        """Return how many items stand before those at `row`: what is folded where `row` rows were and nothing more."""
        return bisect_left(self.items, row, key=lambda item: item.offset)

    def due(self, row: int, ts: float) -> int:
        """Return how many items are folded where `row` rows are and it is `ts`."""
        at = self.before(row)
        while at < len(self.items) and self.items[at].offset == row and self.items[at].ts <= ts:
            at += 1
        return at

    def put(self, at: int, item: Item) -> None:
        """Let an item be number `at`; raise InputError when there are too many."""
        if len(self.items) >= MOST:
            raise InputError(f"a session holds {MOST:,} changes and orders at most", mend="begin another one")
        self.items = (*self.items[:at], item, *self.items[at:])

    def cut(self, at: int) -> None:
        """Take item `at` and all later ones away."""
        self.items = self.items[:at]

    def event(self, at: int) -> EventArray:
        """Return item `at` as the one row that an engine folds."""
        return event(self.items[at], self.market)

    def fold(self, engine: drive.Engine, start: int, events: EventArray) -> Iterator[drive.Rows]:
        """Fold rows of the tape that begin at row `start`, each after the items that stand before it."""
        return fold(engine, start, events, self.items, self.market)


def event(item: Item, market: int) -> EventArray:
    """Return an item as an event of the traded `market`."""
    row = np.zeros(1, EVENT)
    row[0] = (item.ts, 0, item.seq, item.px, item.qty, item.kind, item.side, market, Flag.SYNTHETIC | Flag.LAST)
    return row


def fold(
    engine: drive.Engine, start: int, events: EventArray, items: Sequence[Item], market: int
) -> Iterator[drive.Rows]:
    """Fold rows of the tape that begin at row `start`; items at offsets from there to before the last row's end are woven in."""
    at, stop = start, start + len(events)
    for item in items[bisect_left(items, start, key=lambda item: item.offset) :]:
        if item.offset >= stop:
            break
        if item.offset > at:
            yield from drive.fold(engine, events[at - start : item.offset - start])
            at = item.offset
        yield from drive.fold_beside(engine, event(item, market))
    if at < stop or not len(events):
        yield from drive.fold(engine, events[at - start :])


def _fits(item: Item) -> bool:
    return all(-(1 << 63) <= value < 1 << 63 for value in item)


def check(items: Sequence[Item], rows: int, first_ts: int, last_ts: int, where: object) -> None:
    """Raise InputError unless these can be the items of a session on a tape of `rows` rows and these times, in order."""
    wrong = ""
    if len(items) > MOST:
        wrong = f"{len(items):,} items, {MOST:,} are the most"
    for number, item in enumerate(items):
        if item.kind not in KINDS or item.side not in (-1, 0, 1):
            wrong = f"item {number} is of kind {item.kind}, side {item.side}"
        elif not (0 < item.offset < rows and first_ts <= item.ts <= last_ts and _fits(item)):
            wrong = f"item {number} lies outside the tape"
        elif number and (item.offset, item.ts) < (items[number - 1].offset, items[number - 1].ts):
            wrong = f"item {number} lies before the one before it"
        if wrong:
            break
    if wrong:
        raise InputError(f"overlay: {wrong}", file=str(where), mend="the log was changed by something else")
