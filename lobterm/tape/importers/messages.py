"""Blocks of recorded lines to EVENT rows of one market: what is wanted, in order, with a book that is right or unknown.

The scanner reads the bulk, `slow` the rest, `continuity` says which depth events may be believed.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lobterm.errors import FormatError
from lobterm.events import EVENT, EventArray, Flag, GapCause, Kind, Market, Scope
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import off_grid
from lobterm.wire import emit, scan, slow
from lobterm.wire.continuity import BookSync, Ids, Joined, Verdict

NEWLINE = b"\n"
SKIPPED = {scan.SKIP_COIN_M: "coin_m", scan.SKIP_PARTIAL: "partial_depth", scan.NO_STAMP: "bad_stamp"}


def has_raw_trades(head: bytes) -> bool:
    """Say whether a recording's beginning shows the raw `trade` stream, which then is the tape."""
    return b'"e":"trade"' in head or b'@trade"' in head


class MessageReader:
    """Turns blocks of `<stamp> <json>` lines into EVENT rows of one symbol."""

    def __init__(self, instrument: Instrument, skipped: Counter[str], *, raw_trades: bool, file: Path) -> None:
        self.instrument, self.skipped, self.file = instrument, skipped, file
        self._spot = instrument.market == Market.SPOT
        self._sync: BookSync[EventArray] = BookSync(spot=self._spot)
        self._wanted = slow.Wanted(instrument.symbol)
        self._symbol = np.frombuffer(instrument.symbol.encode(), np.uint8)
        self._trade_kind = scan.TRADE if raw_trades else scan.AGG
        self._now = 0
        self._lines = 0
        self._line = 0

    def open_file(self, path: Path) -> None:
        """Name the file that the next blocks come from: errors say where they stand."""
        self.file, self._lines = path, 0

    def read(self, block: bytes) -> EventArray:
        """Return the rows of a block of whole lines."""
        buf = np.frombuffer(block, np.uint8)
        messages = np.zeros(block.count(NEWLINE), scan.MESSAGE)
        px = np.empty(len(block) // 9 + 1, np.int64)
        qty = np.empty_like(px)
        n, _, _ = scan.scan(buf, self._symbol, messages, px, qty)
        messages = messages[:n]
        ts = self._stamps(messages)
        chosen = self._choose(messages)
        parts: list[EventArray] = []
        at = 0
        kinds = messages["kind"]
        for i in np.flatnonzero((kinds == scan.SLOW) | ((kinds == scan.DEPTH) & chosen)).tolist():
            special = self._special(block, messages, i, px, qty, ts, chosen)
            if special is not None:
                parts += [self._emit(block, messages, chosen, at, i, px, qty, ts), *special]
                at = i
        parts.append(self._emit(block, messages, chosen, at, n, px, qty, ts))
        self._lines += block.count(NEWLINE)
        return np.concatenate(parts)

    def _stamps(self, messages: npt.NDArray[np.void]) -> npt.NDArray[np.int64]:
        """Return local stamps that never run back; count those that did."""
        local = np.where(messages["kind"] == scan.NO_STAMP, 0, messages["local"])
        ts = np.maximum.accumulate(np.concatenate([[self._now], local]))
        back = int(np.count_nonzero((local < ts[:-1]) & (local > 0)))
        if back:
            self.skipped["clock_back"] += back
        self._now = int(ts[-1])
        return np.ascontiguousarray(ts[1:])

    def _choose(self, messages: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
        """Return which scanned messages are wanted; count the others by reason."""
        kinds, mine = messages["kind"], messages["mine"] == 1
        for kind, reason in SKIPPED.items():
            self._count(reason, kinds == kind)
        scanned = (kinds >= scan.DEPTH) & (kinds <= scan.TOUCH)
        self._count("other_symbol", scanned & ~mine)
        other = scan.AGG if self._trade_kind == scan.TRADE else scan.TRADE
        reason = "agg_trade_beside_trade" if other == scan.AGG else "trade_beside_agg_trade"
        self._count(reason, mine & (kinds == other))
        return scanned & mine & (kinds != other)

    def _count(self, reason: str, which: npt.NDArray[np.bool_]) -> None:
        n = int(np.count_nonzero(which))
        if n:
            self.skipped[reason] += n

    def _special(
        self, block: bytes, messages: npt.NDArray[np.void], i: int, px: npt.NDArray[np.int64],
        qty: npt.NDArray[np.int64], ts: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_],
    ) -> list[EventArray] | None:  # fmt: skip
        """Return the rows of a message that the bulk cannot take as it is, or None where it can."""
        m = messages[i]
        if m["kind"] == scan.DEPTH:
            previous = int(m["pu"]) if m["keys"] & scan.K_PU else None
            if self._sync.synced:
                verdict = self._verdict(Ids(int(m["U"]), int(m["u"]), previous), np.zeros(0, EVENT))
                if verdict is Verdict.APPLY:
                    return None
                if verdict is Verdict.DROP:
                    chosen[i] = False
                    return None
                rows = self._emit(block, messages, chosen, i, i + 1, px, qty, ts)
                chosen[i] = False
                self._sync.replace_last(rows)
                return [self._gap(rows, int(ts[i]), int(m["u"]))]
            rows = self._emit(block, messages, chosen, i, i + 1, px, qty, ts)
            chosen[i] = False
            self._verdict(Ids(int(m["U"]), int(m["u"]), previous), rows)
            return None
        self._line = block.count(NEWLINE, 0, int(m["start"])) + 1
        try:
            message = slow.decode(block[m["body"] : m["stop"]], self._wanted)
            return self._slow(message, int(ts[i]))
        except slow.BadMessage as bad:
            self.skipped[bad.reason] += 1
            return None

    def _verdict(self, ids: Ids, rows: EventArray) -> Verdict:
        verdict = self._sync.on_event(ids, rows)
        if verdict is Verdict.DROP:
            self.skipped["old_depth"] += 1
        return verdict

    def _gap(self, rows: EventArray, ts: int, seq: int) -> EventArray:
        gap = np.zeros(1, EVENT)
        exch = int(rows["exch_ts"][0]) if len(rows) else 0
        flags = Flag.SYNTHETIC | Flag.LAST
        gap[0] = (ts, exch, seq, GapCause.CHAIN_BREAK, Scope.BOOK, Kind.GAP, 0, self.instrument.market, flags)
        return gap

    def _emit(
        self, block: bytes, messages: npt.NDArray[np.void], chosen: npt.NDArray[np.bool_], start: int, stop: int,
        px: npt.NDArray[np.int64], qty: npt.NDArray[np.int64], ts: npt.NDArray[np.int64],
    ) -> EventArray:  # fmt: skip
        out = np.zeros(emit.count(messages, chosen, start, stop), EVENT)
        i = self.instrument
        n, bad = emit.emit(messages, chosen, start, stop, px, qty, ts, i.tick_e8, i.lot_e8, int(i.market), out)
        if bad >= 0:
            m = messages[bad]
            here = slice(int(m["levels"]), int(m["levels"] + m["bids"] + m["asks"]))
            prices = px[here].tolist() if m["kind"] == scan.DEPTH else [int(m[f]) for f in ("p", "bid", "ask")]
            sizes = qty[here].tolist() if m["kind"] == scan.DEPTH else [int(m[f]) for f in ("q", "nq", "bid_qty", "ask_qty")]
            raise self._off_grid(prices, sizes, f"line {self._lines + block.count(NEWLINE, 0, int(m['start'])) + 1}")
        return out[:n]

    def _off_grid(self, prices: list[int], sizes: list[int], place: str) -> FormatError:
        i = self.instrument
        for what, values, unit in (("price", prices, i.tick_e8), ("size", sizes, i.lot_e8)):
            for value in values:
                if value % unit:
                    return off_grid(f"{i.symbol}: {what}", value, unit, "--tick" if what == "price" else "--lot", self.file, place)
        raise AssertionError("no value is off the grid")

    # --- what the scanner deferred ------------------------------------------------------------------------------------

    def _slow(self, message: slow.Message, ts: int) -> list[EventArray] | None:
        match message:
            case slow.Depth(snapshot=True):
                return self._snapshot(message, ts)
            case slow.Depth():
                rows = self._levels(message, ts, 0)
                ids = Ids(message.first, message.last, message.previous)
                synced = self._sync.synced
                verdict = self._verdict(ids, rows)
                if verdict is Verdict.GAP:
                    return [self._gap(rows, ts, message.last)]
                return [rows] if synced and verdict is Verdict.APPLY else None
            case slow.Trade():
                return self._trade(message, ts)
            case slow.Touch():
                exch, i = message.exch_ms * 1000, self.instrument
                bid, ask = (self._grid(*level) for level in (message.bid, message.ask))
                rows = np.zeros(2, EVENT)
                rows[0] = (ts, exch, message.seq, *bid, Kind.TOUCH, 1, i.market, 0)
                rows[1] = (ts, exch, message.seq, *ask, Kind.TOUCH, -1, i.market, Flag.LAST)
                return [rows]
            case slow.Mark():
                return [self._mark(message, ts)]
            case slow.Liquidation():
                qty = self._grid(0, message.qty)[1]
                rows = np.zeros(1, EVENT)
                exch = message.exch_ms * 1000
                rows[0] = (ts, exch, 0, message.px, qty, Kind.LIQUIDATION, message.side, self.instrument.market, Flag.LAST)
                return [rows]

    def _grid(self, px: int, qty: int) -> tuple[int, int]:
        i = self.instrument
        if px % i.tick_e8 or qty % i.lot_e8:
            raise self._off_grid([px], [qty], f"line {self._lines + self._line}")
        return px // i.tick_e8, qty // i.lot_e8

    def _levels(self, depth: slow.Depth, ts: int, flags: int) -> EventArray:
        exch, market = depth.exch_ms * 1000, int(self.instrument.market)
        rows = [
            (ts, exch, depth.last, *self._grid(px, qty), Kind.BOOK, side, market, flags)
            for side, levels in ((1, depth.bids), (-1, depth.asks))
            for px, qty in levels
        ]
        out = np.array(rows, EVENT) if rows else np.zeros(0, EVENT)
        if len(out):
            out["flags"][-1] |= Flag.LAST
        return out

    def _snapshot(self, depth: slow.Depth, ts: int) -> list[EventArray] | None:
        outcome, kept = self._sync.on_snapshot(depth.last)
        if outcome is not Joined.ACCEPTED:
            self.skipped[outcome.value] += 1
            return None
        clear = np.zeros(1, EVENT)
        clear[0] = (ts, depth.exch_ms * 1000, depth.last, 0, 0, Kind.BOOK_CLEAR, 0, self.instrument.market, Flag.SNAPSHOT)
        levels = self._levels(depth, ts, Flag.SNAPSHOT)
        if not len(levels):
            clear["flags"] |= Flag.LAST
        for rows in kept:
            rows["ts"] = ts
        return [clear, levels, *kept]

    def _trade(self, trade: slow.Trade, ts: int) -> list[EventArray] | None:
        if trade.aggregated != (self._trade_kind == scan.AGG):
            self.skipped["agg_trade_beside_trade" if trade.aggregated else "trade_beside_agg_trade"] += 1
            return None
        base = Flag.AGG if trade.aggregated else 0
        rows = []
        for qty_e8, flags in ((trade.plain, base), (trade.rpi, base | Flag.RPI)):
            px, qty = self._grid(trade.px, qty_e8)
            if qty:
                exch = trade.exch_ms * 1000
                rows.append((ts, exch, trade.id, px, qty, Kind.TRADE, trade.side, self.instrument.market, flags))
        if not rows:
            return None
        out = np.array(rows, EVENT)
        out["flags"][-1] |= Flag.LAST
        return [out]

    def _mark(self, mark: slow.Mark, ts: int) -> EventArray:
        exch, market = mark.exch_ms * 1000, self.instrument.market
        rows = [
            (ts, exch, 0, value, qty, kind, 0, market, 0)
            for value, qty, kind in (
                (mark.mark, 0, Kind.MARK),
                (mark.index, 0, Kind.INDEX),
                (mark.rate, mark.next_funding_ms * 1000, Kind.FUNDING),
            )
            if value is not None
        ]
        out = np.array(rows, EVENT) if rows else np.zeros(0, EVENT)
        if len(out):
            out["flags"][-1] |= Flag.LAST
        return out
