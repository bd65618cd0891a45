"""Recorded lines to rows: what a live session hands to its ring, and what reading its recording gives again, bit for bit.

What: `read` takes the lines of both markets that were stamped in one span of time. However lines are cut into calls, the
rows are the same, as long as every line of a call is later than every line of the calls before. One bad frame costs that
frame: it is counted in `skipped` by reason, and in `heard` by stream. Control lines (wire.control) stand among the
perpetual's; a frame that only looks like one never gets there (inbox).
    GAP rows are derived here. Scope BOOK of a market: chain break, crossed, against the exchange's best prices, `disconnect`
of its depth socket, `silent` depth. Scope TRADES: loss or silence of the socket or stream that trades come from, or another
source in mid-session. Scope ALL: a session that resumes another. Spot's gaps are rows of market spot and stop nothing else.
Source: DESIGN §3, §5. Units: rows as events.EVENT.
"""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from typing import NamedTuple

import numpy as np

from lobterm.events import EVENT, EventArray, Market
from lobterm.feeds.binance import told
from lobterm.feeds.binance.local_book import LocalBook
from lobterm.feeds.binance.market_reader import MarketReader, Source
from lobterm.instrument import Instrument
from lobterm.tape.offset import Offsets
from lobterm.wire import control
from lobterm.wire import message as msg
from lobterm.wire.block import Block, nothing
from lobterm.wire.message import Ints

BYTES = f"V{EVENT.itemsize}"
"""A row as bytes: numpy moves records with padding field by field, ten times slower."""

STREAM_OF = {
    msg.TRADE: "trade", msg.AGG: "aggTrade", msg.TOUCH: "bookTicker", msg.MARK: "markPrice@1s",
    msg.LIQUIDATION: "forceOrder",
}  # fmt: skip
SPEED_OF = {code: f"depth{speed}" for speed, code in msg.SPEEDS.items()} | {msg.NO_STREAM: ""}
NAMES = {*STREAM_OF.values(), *SPEED_OF.values()}
NAMED = re.compile(rb'\{"stream":"[^"@]{1,80}@([^"]{1,40})"')
BAD = re.compile("bad_|not_an_event")
"""Reasons that a frame is bad, not merely unwanted."""


class Heard(NamedTuple):
    """What one call of `read` held of one stream."""

    market: Market
    stream: str  # what follows the symbol, as in addresses.STREAMS; "" for frames that do not say
    frames: int  # good ones, wanted or not
    bad_frames: int
    last_us: int  # local time of the last good one, 0 if there was none
    delays_us: Ints  # local time less the exchange's sending time, of those good frames that tell it


class Decoder:
    """Decodes one symbol's lines. `books`, `skipped` and `hello` may be read between calls.

    `books[market]` is for asking (`wants_snapshot`, `asked`, `snapshot_failed`) and showing (`known`, `why`, `since_us`,
    `ident`, `best`, `levels`, `recoveries_us`, `resyncs`): nothing done with it changes a row.
    """

    def __init__(self, perp: Instrument, spot: Instrument | None = None, *, dice: Random | None = None) -> None:
        self.skipped: Counter[str] = Counter()
        self.heard: list[Heard] = []  # of the last call
        self.hello: control.Hello | None = None
        instruments = (perp,) if spot is None else (perp, spot)
        self.instruments = {Market(instrument.market): instrument for instrument in instruments}
        self.readers = {
            market: MarketReader(instrument, self.skipped, dice or Random())
            for market, instrument in self.instruments.items()
        }
        self.books: dict[Market, LocalBook] = {market: reader.book for market, reader in self.readers.items()}
        self._teller = told.Teller(self.skipped)
        self._offsets = Offsets(Market.PERP)
        self._now_ns = 0

    @property
    def trade_source(self) -> Source | None:
        """Return the stream that the perpetual's trades come from, None before it was told."""
        return self.readers[Market.PERP].trade_source

    def read(self, perp: bytes, spot: bytes = b"") -> EventArray:
        """Return the rows of whole lines, those of both markets in the order of their stamps.

        Lines that run back in time are held at the latest one before them. The rows are the caller's own.
        """
        self.heard = []
        blocks = {
            market: reader.decoder.decode(lines)
            for (market, reader), lines in zip(self.readers.items(), (perp, spot), strict=False)
            if lines
        }
        stamps = {market: self._stamps(block) for market, block in blocks.items()}
        events = self._events(blocks.get(Market.PERP), stamps.get(Market.PERP))
        parts: list[EventArray] = []
        for market, reader in self.readers.items():
            if market in blocks or events:
                block = blocks.get(market) or nothing()
                self._read_market(reader, block, stamps.get(market, np.zeros(0, np.int64)), events)
                parts += reader.parts
        self._now_ns = max([self._now_ns, *(int(ns[-1]) for ns in stamps.values() if len(ns))])
        for market, block in blocks.items():
            self._hear(market, block)
        return self._offsets.add(_in_order(parts))

    def _stamps(self, block: Block) -> Ints:
        """Return local stamps in ns that never run back; count those that did."""
        local = block.messages["local_ns"]
        local = np.where(block.messages["kind"] == msg.NO_STAMP, 0, local)
        ns = np.maximum.accumulate(np.concatenate([[self._now_ns], local]))
        back = int(np.count_nonzero((local < ns[:-1]) & (local > 0)))
        if back:
            self.skipped["clock_back"] += back
        return np.ascontiguousarray(ns[1:])

    def _events(self, block: Block | None, ns: Ints | None) -> list[told.Told]:
        """Return the control lines that something follows from."""
        events = []
        if block is not None and ns is not None:
            for index, text in block.own:
                event = control.decode(text)
                if event is None:
                    self.skipped["bad_control"] += 1
                elif not isinstance(event, told.SILENT_KINDS):
                    events.append(told.Told(int(ns[index]), index, event))
                if isinstance(event, control.Hello) and self.hello is None:
                    self.hello = event
        return events

    def _read_market(self, reader: MarketReader, block: Block, ns: Ints, events: list[told.Told]) -> None:
        reader.begin(block, ns)
        at = 0
        for event in events:
            stop = event.at if reader.market == Market.PERP else int(np.searchsorted(ns, event.ns))
            reader.span(at, stop)
            self._teller.tell(reader, event)
            at = max(at, stop)
        reader.span(at, len(ns))
        reader.end()

    def _hear(self, market: Market, block: Block) -> None:
        """Note how the streams are doing."""
        messages, reader = block.messages, self.readers[market]
        kinds = messages["kind"]
        bad = Counter(_stream_in(text) for text, reason in block.left_out if BAD.match(reason))
        if bad[""] and reader.book.asking:  # it may have been the answer
            reader.book.snapshot_failed(self._now_ns // 1_000)
        groups = [(kind, name, kinds == kind) for kind, name in STREAM_OF.items()]
        depth = kinds == msg.DEPTH
        groups += [
            (msg.DEPTH, SPEED_OF[code], depth & (messages["stream"] == code))
            for code in np.unique(messages["stream"][depth]).tolist()
        ]
        for kind, name, mine in groups:
            count = int(np.count_nonzero(mine))
            if count:
                wrong, reader.bad[kind] = int(reader.bad[kind]), 0
                heard, sent = messages["local_us"][mine], messages["sent_us"][mine]
                delays = (heard - sent)[sent > 0]
                self.heard.append(Heard(market, name, count - wrong, wrong + bad.pop(name, 0), int(heard[-1]), delays))
        self.heard += [Heard(market, name, 0, count, 0, np.zeros(0, np.int64)) for name, count in bad.items() if count]


def _stream_in(text: bytes) -> str:
    """Return which stream a frame that cannot be read came from, "" where it does not say so in the usual place."""
    found = NAMED.match(text)
    name = found[1].decode("utf-8", "replace") if found else ""
    return name if name in NAMES else ""


def _in_order(parts: list[EventArray]) -> EventArray:
    """Return the rows of all parts by time, in µs; parts of one time stay in their order."""
    rows = np.concatenate([part.view(BYTES) for part in parts]) if parts else np.zeros(0, BYTES)
    ns = rows.view(EVENT)["ts"]
    if (ns[1:] < ns[:-1]).any():
        rows = rows[np.argsort(ns, kind="stable")]
    ordered: EventArray = rows.view(EVENT)
    ordered["ts"] //= 1_000
    return ordered
