"""Blocks of recorded lines to EVENT rows of one market: what is wanted, in order, with a book that is right or unknown.

`wire` reads the lines and knows which depth events may be believed; here they become one stream of rows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lobterm.errors import FormatError
from lobterm.events import EVENT, EventArray, Flag, GapCause, Kind, Market, Scope
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import off_grid
from lobterm.wire import emit
from lobterm.wire import message as msg
from lobterm.wire.block import Block, BlockDecoder
from lobterm.wire.continuity import BookSync, Ids, Outcome, PerpRule, SpotRule, State, Verdict
from lobterm.wire.message import Chosen


class Waiting(NamedTuple):
    """A depth event that no snapshot has been joined to yet."""

    rows: EventArray
    exch_us: int
    last_id: int


class MessageReader:
    """Turns blocks of `<stamp> <json>` lines into EVENT rows of one symbol.

    `nameless_snapshots`: a REST snapshot line does not say its symbol; is it sure to be this one's?
    """

    def __init__(
        self, instrument: Instrument, skipped: Counter[str], *, file: Path, nameless_snapshots: bool = True
    ) -> None:
        self.instrument, self.skipped, self.file = instrument, skipped, file
        self._nameless_snapshots = nameless_snapshots
        self._spot = instrument.market == Market.SPOT
        self._decoder = BlockDecoder(instrument.symbol, skipped)
        self._sync: BookSync[Waiting] = BookSync(SpotRule() if self._spot else PerpRule())
        self._seen_trades = np.full(emit.SEEN_TRADES, -1, np.int64)
        self._tally = np.zeros(len(emit.TALLIES), np.int64)
        self._trade_kind: int | None = None
        self._speed = -1
        self._now = 0
        self._lines = 0

    def open_file(self, path: Path, first_line: int = 1) -> None:
        """Name the file and line that the next block begins with: errors say where they stand."""
        self.file, self._lines = path, first_line - 1

    def read(self, lines: bytes) -> EventArray:
        """Return the rows of a block of whole lines."""
        block = self._decoder.decode(lines)
        chosen = self._choose(block)
        ts = self._stamps(block, chosen)
        parts = self._follow(block, chosen, ts)
        for reason, count in zip(emit.TALLIES, self._tally.tolist(), strict=True):
            self._skip(reason, count)
        self._tally[:] = 0
        self._lines += block.lines
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def finish(self) -> None:
        """Count the depth events that no snapshot came for."""
        self._skip("depth_without_snapshot", self._sync.waiting + self._sync.overflowed)

    def _skip(self, reason: str, count: int) -> None:
        if count:
            self.skipped[reason] += count

    def _choose(self, block: Block) -> Chosen:
        """Return which messages may become rows; count the others by reason."""
        kinds, previous = block.messages["kind"], block.messages["prev_id"]
        chosen = (kinds > msg.SLOW) & (kinds < msg.SKIPPED)
        depth = kinds == msg.DEPTH
        foreign = depth & ((previous >= 0) == self._spot)
        self._refuse(chosen, foreign, "depth_of_other_market")
        speed = self._follow_speed(block, depth & chosen)
        self._refuse(chosen, depth & (block.messages["stream"] != speed), "depth_of_other_speed")
        if not self._nameless_snapshots:
            self._refuse(chosen, kinds == msg.SNAPSHOT, "snapshot_without_symbol")
        trades, aggregates = kinds == msg.TRADE, kinds == msg.AGG
        if self._trade_kind is None and (trades.any() or aggregates.any()):
            self._trade_kind = msg.TRADE if trades.any() else msg.AGG
        if self._trade_kind == msg.TRADE:
            self._refuse(chosen, aggregates, "agg_trade_beside_trade")
        else:
            self._refuse(chosen, trades, "trade_beside_agg_trade")
        return chosen

    def _refuse(self, chosen: Chosen, which: Chosen, reason: str) -> None:
        self._skip(reason, int(np.count_nonzero(chosen & which)))
        chosen &= ~which

    def _follow_speed(self, block: Block, depth: Chosen) -> int:
        """Return the diff stream to follow: the first one, until it is silent for a whole block that has another."""
        speeds = block.messages["stream"][depth]
        if len(speeds) and self._speed not in speeds:
            self._speed = int(speeds[0])
        return self._speed

    def _stamps(self, block: Block, chosen: Chosen) -> msg.Ints:
        """Return local stamps that never run back; count those that did. Lines without rows have no say."""
        local = np.where(chosen, block.messages["local_us"], 0)
        ts = np.maximum.accumulate(np.concatenate([[self._now], local]))
        self._skip("clock_back", int(np.count_nonzero(chosen & (local < ts[:-1]))))
        self._now = int(ts[-1])
        return np.ascontiguousarray(ts[1:])

    def _follow(self, block: Block, chosen: Chosen, ts: msg.Ints) -> list[EventArray]:
        """Return the rows in order, with the book's messages judged one after the other."""
        messages = block.messages
        kinds = messages["kind"]
        book = np.flatnonzero(chosen & ((kinds == msg.DEPTH) | (kinds == msg.SNAPSHOT)))
        ids = zip(*(messages[name][book].tolist() for name in ("first_id", "last_id", "prev_id")), strict=True)
        parts: list[EventArray] = []
        at = 0
        for i, snapshot, (first, last, previous) in zip(
            book.tolist(), (kinds[book] == msg.SNAPSHOT).tolist(), ids, strict=True
        ):
            if snapshot:
                special = self._snapshot(block, ts, i, last)
            else:
                joined = self._sync.state is State.SYNCED
                verdict = self._sync.on_event(Ids(first, last, previous), lambda i=i: self._wait(block, ts, i))  # type: ignore[misc]
                if verdict is Verdict.APPLY:
                    continue
                if verdict is Verdict.DROP and joined:
                    self.skipped["old_depth"] += 1
                special = [self._gap(block, ts, i)] if verdict is Verdict.GAP else []
            chosen[i] = False
            if special:
                parts += [self._rows(block, chosen, ts, at, i), *special]
                at = i + 1
        parts.append(self._rows(block, chosen, ts, at, len(messages)))
        return parts

    def _wait(self, block: Block, ts: msg.Ints, i: int) -> Waiting:
        row = block.messages[i]
        return Waiting(self._one(block, ts, i), int(row["exch_us"]), int(row["last_id"]))

    def _snapshot(self, block: Block, ts: msg.Ints, i: int, snapshot_id: int) -> list[EventArray]:
        """Return the rows of a snapshot and of the events that waited for it; none if it is refused."""
        join = self._sync.on_snapshot(snapshot_id)
        if join.outcome is not Outcome.ACCEPTED:
            self._skip(join.outcome.value, 1)
            return []
        for waiting in join.apply:
            waiting.rows["ts"] = ts[i]
        parts = [self._one(block, ts, i), *(waiting.rows for waiting in join.apply)]
        if join.gap is not None:
            parts.append(self._gap_row(int(ts[i]), join.gap.exch_us, join.gap.last_id))
        return parts

    def _gap(self, block: Block, ts: msg.Ints, i: int) -> EventArray:
        row = block.messages[i]
        return self._gap_row(int(ts[i]), int(row["exch_us"]), int(row["last_id"]))

    def _gap_row(self, ts: int, exch_us: int, seq: int) -> EventArray:
        gap = np.zeros(1, EVENT)
        flags = Flag.SYNTHETIC | Flag.LAST
        gap[0] = (ts, exch_us, seq, GapCause.CHAIN_BREAK, Scope.BOOK, Kind.GAP, 0, self.instrument.market, flags)
        return gap

    def _one(self, block: Block, ts: msg.Ints, i: int) -> EventArray:
        return self._rows(block, np.ones(len(ts), np.bool_), ts, i, i + 1)

    def _rows(self, block: Block, chosen: Chosen, ts: msg.Ints, start: int, stop: int) -> EventArray:
        messages = block.messages[start:stop]
        rows = np.zeros(emit.most_rows(messages), EVENT)
        tick, lot = self.instrument.tick_e8, self.instrument.lot_e8
        n, bad, off = emit.emit(
            messages, chosen[start:stop], ts[start:stop], block.px_e8, block.qty_e8, tick, lot,
            int(self.instrument.market), self._seen_trades, self._tally, rows,
        )  # fmt: skip
        if bad >= 0:
            raise self._off_grid(block, messages[bad], tick if off == emit.OFF_TICK else lot, off)
        return rows[:n]

    def _off_grid(self, block: Block, message: np.void, unit_e8: int, off: int) -> FormatError:
        value = emit.off_grid(message, block.px_e8, block.qty_e8, unit_e8, off)
        what, option = ("price", "--tick") if off == emit.OFF_TICK else ("size", "--lot")
        place = f"line {self._lines + int(message['line'])}"
        return off_grid(f"{self.instrument.symbol}: {what}", value, unit_e8, option, self.file, place)
