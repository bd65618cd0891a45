"""One market's decoded messages to rows: chosen, followed by the local book, gaps told; nothing here asks or waits.

What: the book is followed message by message, everything else is written out at once; rows leave with their receive time in
ns, so that two markets merge exactly. A change that would spoil the book (crossed, or against the exchange's own best
prices) is not handed on: the GAP stands in its place.
Units: rows as events.EVENT but for `ts`, local ns.
"""

from __future__ import annotations

from collections import Counter, deque
from random import Random
from typing import Literal

import numpy as np

from lobterm.events import EVENT, EventArray, Flag, GapCause, Kind, Market, Scope
from lobterm.feeds.binance import choose as ch
from lobterm.feeds.binance.backoff import Backoff
from lobterm.feeds.binance.local_book import LocalBook, Why
from lobterm.instrument import Instrument
from lobterm.tape.parquet import LARGEST
from lobterm.wire import emit
from lobterm.wire import message as msg
from lobterm.wire.block import Block, BlockDecoder, nothing
from lobterm.wire.continuity import Ids, Outcome, Verdict

Source = Literal["trade", "aggTrade"]
SOURCES: dict[int, Source] = {msg.TRADE: "trade", msg.AGG: "aggTrade"}
OWN = Flag.SYNTHETIC | Flag.LAST
ONE = np.ones(1, np.bool_)
LIQUIDATIONS_REMEMBERED = 64


class MarketReader:
    """Reads one market. `begin`, then spans of its messages and what happened between them, then take `parts`."""

    def __init__(self, instrument: Instrument, skipped: Counter[str], dice: Random) -> None:
        self.instrument, self.market = instrument, Market(instrument.market)
        self.skipped = skipped
        self.book = LocalBook(self.market, Backoff(dice), 0)
        self.parts: list[EventArray] = []
        self.bad = np.zeros(ch.KINDS, np.int64)  # frames that decoded and cannot be, by kind
        self.decoder = BlockDecoder(instrument.symbol, skipped, keep_own=True)
        self._state = ch.new_state(self.market == Market.SPOT, instrument.tick_e8, instrument.lot_e8)
        self._why = np.zeros(len(ch.REASONS), np.int64)
        self._tally = np.zeros(len(emit.TALLIES), np.int64)
        self._seen = {kind: np.full(emit.SEEN_TRADES, -1, np.int64) for kind in (msg.TRADE, msg.AGG)}
        self._liquidations: deque[tuple[int, ...]] = deque(maxlen=LIQUIDATIONS_REMEMBERED)
        self._block = nothing()
        self._ns = np.zeros(0, np.int64)
        self._chosen = np.zeros(0, np.bool_)

    @property
    def trade_source(self) -> Source | None:
        """Return the stream that trades come from, None before it was told."""
        return SOURCES.get(int(self._state[ch.SOURCE]))

    def begin(self, block: Block, ns: msg.Ints) -> None:
        """Take the next messages and their stamps, which never run back."""
        self._block, self._ns = block, ns
        self._chosen = np.zeros(len(ns), np.bool_)
        self.parts = []
        self.bad[:] = 0
        if not self.book.since_us and len(ns):
            self.book.since_us = int(ns[0]) // 1_000

    def end(self) -> None:
        """Count what was left out."""
        for names, counts in ((ch.REASONS, self._why), (emit.TALLIES, self._tally)):
            if counts.any():
                for reason, count in zip(names, counts.tolist(), strict=True):
                    if count:
                        self.skipped[reason] += count
                counts[:] = 0

    def span(self, start: int, stop: int) -> None:
        """Read the messages from `start` up to `stop`."""
        if start >= stop:
            return
        messages, chosen = self._block.messages, self._chosen
        ch.choose(messages, start, stop, self._state, chosen, self._why, self.bad)
        if self._state[ch.LIQUIDATIONS]:
            self._drop_known_liquidations(start, stop)
        kinds = messages["kind"][start:stop]
        books = np.flatnonzero(chosen[start:stop] & ((kinds == msg.DEPTH) | (kinds == msg.SNAPSHOT))) + start
        at = start
        for i in books.tolist():
            self._doubt(at, i)
            if messages["kind"][i] == msg.SNAPSHOT:
                self._snapshot(i)
            else:
                self._depth(i)
            at = i + 1
        self._doubt(at, stop)
        chosen[books] = False
        if chosen[start:stop].any():
            self.parts.append(self._light(start, stop))

    def lose(self, why: Why, ns: int) -> None:
        """Let go of the book."""
        if self.book.known:
            self.gap(ns, why.cause, Scope.BOOK)
        self.book.lose(why, ns // 1_000)

    def disconnected(self) -> None:
        """Expect another connection's numbering: its stream may be of another speed, its ids may begin anew."""
        self._state[ch.SPEED] = self._state[ch.NEWEST_TOUCH] = -1

    def lose_trades(self, cause: GapCause, ns: int) -> None:
        """Tell that trades are missing from here, unless none were told yet."""
        if self._state[ch.SOURCE]:
            self.gap(ns, cause, Scope.TRADES)

    def follow_trades(self, source: str, ns: int) -> None:
        """Take trades from another stream; a change in mid-session is a gap."""
        kind = msg.AGG if source == "aggTrade" else msg.TRADE
        if kind != self._state[ch.SOURCE]:
            self.lose_trades(GapCause.RESET, ns)
            self._state[ch.SOURCE] = kind

    def carry_over(self, ident: int, rows: EventArray) -> None:
        """Take the book that an earlier part of the recording ended with; `rows` are its snapshot."""
        self.book.carry_over(ident, rows, int(rows["ts"][0]) // 1_000)
        self.parts += self.book.applied

    def gap(self, ns: int, cause: GapCause, scope: Scope, at: int | None = None) -> None:
        """Tell that something is unknown from here; `at` is the message that showed it."""
        row = np.zeros(1, EVENT)
        exch_us, seq = (
            (0, 0) if at is None else (int(self._block.messages[name][at]) for name in ("exch_us", "last_id"))
        )
        row[0] = (ns, exch_us, seq, cause, scope, Kind.GAP, 0, self.market, OWN)
        self.parts.append(row)

    def _doubt(self, start: int, stop: int) -> None:
        """Hold the best prices told in between against the book."""
        if not self.book.known or start >= stop:
            return
        units = self.instrument.tick_e8, self.instrument.lot_e8
        at = self.book.check.touches(self._block.messages, self._chosen, start, stop, units)
        if at >= 0:
            ns = int(self._ns[at])
            self.book.lose(Why.MISMATCH, ns // 1_000)
            self.gap(ns, Why.MISMATCH.cause, Scope.BOOK, at)

    def _depth(self, i: int) -> None:
        rows = self._levels(i)
        if rows is None:
            return
        was_known, follows, ns = self.book.known, self.book.follows, int(self._ns[i])
        row = self._block.messages[i]
        ids = Ids(int(row["first_id"]), int(row["last_id"]), int(row["prev_id"]))
        verdict = self.book.depth(ids, rows, ns // 1_000)
        if self.book.why is not None and was_known:
            self.gap(ns, self.book.why.cause, Scope.BOOK, i)
        if verdict is Verdict.DROP and follows:
            self.skipped["old_depth"] += 1
        self.parts += self.book.applied

    def _snapshot(self, i: int) -> None:
        rows, ns = self._levels(i), int(self._ns[i])
        if rows is None:
            self.book.snapshot_failed(ns // 1_000)
            return
        outcome = self.book.snapshot(int(self._block.messages["last_id"][i]), rows, ns // 1_000)
        if outcome is not Outcome.ACCEPTED:
            self.skipped[outcome.value] += 1
            return
        for part in self.book.applied:
            part["ts"] = ns
            self.parts.append(part)
        if self.book.why is not None:
            self.gap(ns, self.book.why.cause, Scope.BOOK, i)

    def _levels(self, i: int) -> EventArray | None:
        """Return the rows of a depth message or snapshot; None for a bad frame, whose loss the chain of ids will show."""
        rows, off = self._emit(i)
        if off == emit.OFF_TICK:
            self._sift(i)
            rows, off = self._emit(i)
        beyond = len(rows) and (rows["px"].max() > LARGEST or rows["qty"].max() > LARGEST)
        if off or beyond:
            self.skipped["off_grid" if off else "beyond_measure"] += 1
            self.bad[self._block.messages["kind"][i]] += 1
            return None
        return rows

    def _emit(self, i: int) -> tuple[EventArray, int]:
        block, row = self._block, self._block.messages[i : i + 1]
        rows = np.zeros(int(row["bids"][0] + row["asks"][0]) + 1, EVENT)
        n, _, off = emit.emit(
            row, ONE, self._ns[i : i + 1], block.px_e8, block.qty_e8, self.instrument.tick_e8, self.instrument.lot_e8,
            int(self.market), self._seen[msg.TRADE], self._tally, rows,
        )  # fmt: skip
        return rows[:n], off

    def _sift(self, i: int) -> None:
        """Drop the levels between ticks: orders may rest there from the days of a finer tick; ticks cannot hold them."""
        block, row = self._block, self._block.messages[i]
        for first, count in (("bid0", "bids"), ("ask0", "asks")):
            start, stop = int(row[first]), int(row[first] + row[count])
            px, qty = block.px_e8[start:stop], block.qty_e8[start:stop]
            fits = px % self.instrument.tick_e8 == 0
            held = int(np.count_nonzero(fits))
            self.skipped["level_between_ticks"] += len(px) - held
            px[:held], qty[:held] = px[fits], qty[fits]
            row[count] = held

    def _drop_known_liquidations(self, start: int, stop: int) -> None:
        """Two connections that overlap tell an order twice, and it has no id."""
        messages, chosen = self._block.messages, self._chosen
        for i in np.flatnonzero(chosen[start:stop] & (messages["kind"][start:stop] == msg.LIQUIDATION)).tolist():
            row = messages[start + i]
            told = tuple(int(row[name]) for name in ("exch_us", "side", "px", "qty"))
            if told in self._liquidations:
                chosen[start + i] = False
                self.skipped["liquidation_twice"] += 1
            self._liquidations.append(told)
        self._state[ch.LIQUIDATIONS] = 0

    def _light(self, start: int, stop: int) -> EventArray:
        """Return the rows of what no book keeps."""
        block, messages = self._block, self._block.messages[start:stop]
        rows = np.zeros(emit.most_rows(messages), EVENT)
        source = int(self._state[ch.SOURCE]) or msg.TRADE
        n, _, _ = emit.emit(
            messages, self._chosen[start:stop], self._ns[start:stop], block.px_e8, block.qty_e8,
            self.instrument.tick_e8, self.instrument.lot_e8, int(self.market), self._seen[source], self._tally, rows,
        )  # fmt: skip
        return rows[:n]
