"""What both markets of the exchange have in common: a book, its best prices, its ids, its stamps.

What: `take` turns one step of a tape into the messages that go out for it, and keeps what REST answers from.
Units: as the tape; µs of its receive clock decide when a message goes out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from operator import itemgetter
from typing import NamedTuple

from lobterm.events import Kind
from lobterm.instrument import Instrument
from lobterm.simulator.exchange import frames
from lobterm.simulator.exchange.bars import Bars
from lobterm.simulator.exchange.book import Book, Level
from lobterm.simulator.exchange.ids import Chain, Growing, Ids
from lobterm.simulator.exchange.numbers import price_texts, size_texts, value_e8
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.simulator.exchange.steps import EXCH_TS, PX, QTY, SEQ, SIDE, Row, Step

PUSH_US = 1_000
"""E behind T on a stream that is pushed at once: the median of captured frames."""
MAKER = {1: "false", -1: "true"}
"""Whether the buyer was the maker, by the taker's side."""
by_price = itemgetter(0)


class Path(Enum):
    """Which address a stream is told at."""

    PUBLIC = "public"
    MARKET = "market"
    SPOT = ""


class Message(NamedTuple):
    """One message of a stream; `book_id` is the update id if the book was changed by it, else 0."""

    path: Path
    stream: str
    text: str
    book_id: int = 0


class Market(ABC):
    """One market of the exchange."""

    path: Path

    def __init__(self, instrument: Instrument, stamps: Stamps, *, touch_from_book: bool, thinned: bool = False) -> None:
        self.instrument, self.stamps = instrument, stamps
        self.symbol = instrument.symbol
        self.stream = instrument.symbol.lower()
        self.prices, self.sizes = price_texts(instrument), size_texts(instrument)
        self.book, self.bars = Book(), Bars()
        self.chain = Chain(contiguous=self.path is Path.SPOT)
        self.trade_ids = Growing()
        self.matched_us = 0  # of the book, on the exchange's clock
        self._touch_from_book, self._thinned = touch_from_book, thinned
        self._touch_id = 0
        self._touch: list[Level] = [(0, 0), (0, 0)]
        self._seeded = False
        self.aggregates = 0

    @abstractmethod
    def take(self, step: Step) -> list[Message]:
        """Return what goes out for one step."""

    @abstractmethod
    def depth_text(self, ids: Ids, sent_ms: int, matched_ms: int, bids: str, asks: str) -> str:
        """Return the frame of a book's message."""

    @abstractmethod
    def touch_text(self, ident: int, sent_ms: int, matched_ms: int) -> str:
        """Return the frame of the best prices."""

    def exch_us(self, row: Row, step: Step) -> int:
        """Return a row's exchange time; where it has none, that of its arrival."""
        time = row[EXCH_TS]
        return int(time + step.lap_us if time else step.ts_us + self.stamps.offset_us)

    def sent_us(self, exch_us: int, ts_us: int) -> int:
        """Return when the exchange pushed something: at once, and before it was received."""
        return max(exch_us, min(exch_us + PUSH_US, ts_us + self.stamps.offset_us))

    def change_book(self, step: Step) -> list[Message]:
        """Apply a message of the book, or a later snapshot's difference, and tell it."""
        changes = [(row[SIDE], row[PX], row[QTY]) for row in step.rows if row[SIDE]]
        last = step.rows[-1]
        self.matched_us = self.exch_us(last, step)
        if step.kind == Kind.BOOK_CLEAR:
            changes = self.book.changes_to(changes)
        for side, ticks, lots in changes:
            self.book.set(side, ticks, lots)
        if step.kind == Kind.BOOK_CLEAR and not self._seeded:
            self._seeded = True
            self.chain.begin(last[SEQ], step.lap_us)
            return []
        if not changes:
            return []
        self._seeded = True
        return self._tell_book(changes, self.chain.message(last[SEQ], step.lap_us, len(changes)), step.ts_us)

    def _tell_book(self, changes: list[tuple[int, int, int]], ids: Ids, ts_us: int) -> list[Message]:
        prices, sizes = self.prices, self.sizes
        sides = []
        for side in (1, -1):
            pairs = sorted([change[1:] for change in changes if change[0] == side], key=by_price)
            if side > 0 and self.path is Path.SPOT:  # futures tell both sides rising, spot each side best first
                pairs.reverse()
            sides.append(frames.levels([(prices[ticks], sizes[lots]) for ticks, lots in pairs]))
        sent_ms = self.stamps.ms(self.sent_us(self.matched_us, ts_us))
        matched_ms = self.stamps.ms(self.matched_us)
        text = self.depth_text(ids, sent_ms, matched_ms, sides[0], sides[1])
        messages = [Message(self.path, f"{self.stream}@depth@100ms", text, ids.last)]
        # an exchange tells every change of the best prices: those that a thinned tape left out come with the book
        if self._touch_from_book or (self._thinned and self._touch_id < ids.last):
            best = [(self.book.top(side, 1) or [(0, 0)])[0] for side in (1, -1)]
            if best != self._touch:
                self._touch = best
                messages.append(self._tell_touch(ids.last, sent_ms, matched_ms))
        return messages

    def change_touch(self, step: Step) -> list[Message]:
        """Tell the best prices; a side that the step does not name stays as it was."""
        for row in step.rows:
            self._touch[0 if row[SIDE] > 0 else 1] = (row[PX], row[QTY])
        exch_us = self.exch_us(step.rows[-1], step)
        ident = self.chain.touch(step.rows[-1][SEQ], step.lap_us)
        sent_us = self.sent_us(exch_us, step.ts_us)
        return [self._tell_touch(ident, self.stamps.ms(sent_us), self.stamps.ms(exch_us))]

    def _tell_touch(self, ident: int, sent_ms: int, matched_ms: int) -> Message:
        self._touch_id = max(self._touch_id, ident)
        return Message(self.path, f"{self.stream}@bookTicker", self.touch_text(ident, sent_ms, matched_ms))

    @property
    def touch(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return the texts of the best prices and sizes, bid then ask."""
        (bid, bid_lots), (ask, ask_lots) = self._touch
        return (self.prices[bid], self.sizes[bid_lots]), (self.prices[ask], self.sizes[ask_lots])

    def count_trade(self, exch_us: int, ticks: int, lots: int, side: int) -> None:
        """Let a trade count in the bars."""
        self.bars.add(self.stamps.ms(exch_us), ticks, lots, value_e8(self.instrument, ticks, lots), side)

    def snapshot_id(self, ahead: Sequence[Step]) -> int:
        """Return the id of a snapshot taken now, with the next steps of this market as far as they are known."""
        touches = []
        for step in ahead:
            if step.kind == Kind.TOUCH:
                touches.append(step.rows[-1][SEQ])
            elif step.kind in (Kind.BOOK, Kind.BOOK_CLEAR):
                return self.chain.snapshot_id(step.rows[-1][SEQ], touches)
        return self.chain.last
