"""What follows from a control line, for one market: rows, a lost book, another source of trades.

What: control lines stand in one order with the frames, so that what a person or a timer did is replayed where it happened.
Source: DESIGN §3, §5. Units: rows as market_reader's, `ts` in local ns.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import NamedTuple

import numpy as np

from lobterm.engine import standing
from lobterm.engine.params import BY_KEY
from lobterm.events import EVENT, EventArray, Flag, GapCause, Kind, Market, Scope
from lobterm.feeds.binance.local_book import Why
from lobterm.feeds.binance.market_reader import OWN, MarketReader
from lobterm.tape.recording.warm import WarmDigest
from lobterm.wire import control
from lobterm.wire.slow import Bad, fixed

SILENT_KINDS = (control.Beat, control.Connect, control.ServerTime, control.Bye)
"""What becomes no row."""
HOUR_US = 3_600_000_000


class Told(NamedTuple):
    """A control event: when, and before which of the perpetual's messages."""

    ns: int
    at: int
    event: control.Event


class Teller:
    """Applies control events to the markets' readers."""

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped = skipped
        self._hello: control.Hello | None = None
        self._warm = WarmDigest()

    def tell(self, reader: MarketReader, told: Told) -> None:
        """Apply one event to one market; each market is told of each event."""
        ns, event = told.ns, told.event
        match event:
            case control.Disconnect():
                _disconnect(reader, event.socket, ns)
            case control.Silent() if event.market == reader.market:
                _silent(reader, event.stream.rpartition("@depth")[1] or event.stream.rpartition("@")[2], ns)
            case control.Hello() if event.resumes:
                reader.gap(ns, GapCause.RESET, Scope.ALL)
            case control.Book() if event.market == reader.market and self._is_alone and not reader.book.known:
                rows = _snapshot(event, ns)
                if len(rows):
                    reader.carry_over(event.ident, rows)
        if reader.market == Market.PERP:
            try:
                self._rows(reader, ns, event)
            except Bad:
                self._skipped["bad_control"] += 1

    @property
    def _is_alone(self) -> bool:
        """Say whether a later part of a chain is read without what came before it."""
        return self._hello is not None and self._hello.part > 0

    def _rows(self, reader: MarketReader, ns: int, event: control.Event) -> None:
        """Append the rows of an event that concerns the perpetual."""
        lot_e8 = reader.instrument.lot_e8
        match event:
            case control.Hello():
                self._hello = self._hello or event
            case control.Sample():
                self._samples(reader, ns, event)
            case control.Heartbeat():
                _row(reader, ns, Kind.HEARTBEAT, flags=OWN)
            case control.Param():
                self._param(reader, ns, event)
            case control.Model():
                _row(reader, ns, Kind.MODEL, event.row, flags=OWN)
            case control.Order():
                _row(reader, ns, Kind.ORDER, event.px_ticks, event.qty_lots, side=event.side, seq=event.act, flags=OWN)
            case control.Account():
                rows = standing.of(dict(event.facts), int(reader.market), 0, carried=event.carried)
                rows["ts"] = ns
                reader.parts.append(rows)
            case control.TradeSource():
                reader.follow_trades(event.source, ns)
            case control.OpenInterest():
                lots = fixed(event.openInterest) // lot_e8
                _row(reader, ns, Kind.OPEN_INTEREST, 0, lots, exch_us=event.time * 1_000)
            case control.FundingSettled():
                _settled(reader, ns, event)
            case control.FundingInterval():
                _row(reader, ns, Kind.FUNDING_INTERVAL, 0, event.hours * HOUR_US)
            case control.Volume24h():
                _row(reader, ns, Kind.VOLUME_24H, 0, fixed(event.volume) // lot_e8)

    def _param(self, reader: MarketReader, ns: int, event: control.Param) -> None:
        param = BY_KEY.get(event.key)
        if param is None:
            self._skipped["unknown_param"] += 1
            return
        bits = int(np.float64(event.value).view(np.int64))
        _row(reader, ns, Kind.PARAM, bits, param.id, flags=OWN)

    def _samples(self, reader: MarketReader, ns: int, event: control.Sample) -> None:
        if len(event.taken_us) != len(event.values):
            raise Bad
        rows = np.zeros(len(event.values), EVENT)
        rows["ts"], rows["exch_ts"] = ns, event.taken_us
        rows["px"] = np.array(event.values, np.float64).view(np.int64)
        rows["qty"], rows["kind"], rows["market"] = event.which, Kind.SAMPLE, reader.market
        rows["flags"] = Flag.WARM | Flag.SYNTHETIC | Flag.LAST
        reader.parts.append(rows)
        warm = self._hello.warm if self._hello else None
        self._warm.add(rows)
        if warm and self._warm.samples == warm.samples and self._warm.hexdigest() != warm.sha256:
            self._skipped["warm_samples_differ"] += 1


def _settled(reader: MarketReader, ns: int, event: control.FundingSettled) -> None:
    mark_e8 = 0
    with contextlib.suppress(Bad):
        mark_e8 = max(fixed(event.markPrice), 0)
    exch_us = event.fundingTime * 1_000
    _row(reader, ns, Kind.FUNDING_SETTLED, fixed(event.fundingRate), mark_e8, exch_us=exch_us)


def _disconnect(reader: MarketReader, socket: str, ns: int) -> None:
    if (socket == "spot") != (reader.market == Market.SPOT):
        return
    if socket != "market":
        reader.lose(Why.DISCONNECTED, ns)
        reader.disconnected()
    if (reader.trade_source == "aggTrade") == (socket == "market"):
        reader.lose_trades(GapCause.DISCONNECT, ns)


def _silent(reader: MarketReader, stream: str, ns: int) -> None:
    """Other streams' silence leaves what is known as it is: it grows old by itself."""
    if stream == "@depth":
        reader.lose(Why.SILENT, ns)
    elif stream == reader.trade_source:
        reader.lose_trades(GapCause.SILENCE, ns)


def _row(
    reader: MarketReader, ns: int, kind: Kind, px: int = 0, qty: int = 0, *, side: int = 0, seq: int = 0,
    exch_us: int = 0, flags: int = Flag.LAST,
) -> None:  # fmt: skip
    row = np.zeros(1, EVENT)
    row[0] = (ns, exch_us, seq, px, qty, kind, side, reader.market, flags)
    reader.parts.append(row)


def _snapshot(book: control.Book, ns: int) -> EventArray:
    """Return the snapshot rows of a carried book; none for an empty one."""
    levels = [(px, qty, 1) for px, qty in book.bids] + [(px, qty, -1) for px, qty in book.asks]
    rows = np.zeros(len(levels) + 1 if levels else 0, EVENT)
    if levels:
        rows["kind"], rows["kind"][0] = Kind.BOOK, Kind.BOOK_CLEAR
        rows["px"][1:], rows["qty"][1:], rows["side"][1:] = np.array(levels, np.int64).T
        rows["ts"], rows["exch_ts"], rows["seq"], rows["market"] = ns, book.exch_us, book.ident, book.market
        rows["flags"] = Flag.SNAPSHOT | Flag.SYNTHETIC
        rows["flags"][-1] |= Flag.LAST
    return rows
