"""Tardis CSV: one file per data type and day, ordered by local receive time, in µs.

A time of the exchange that equals the local one is none. Layouts as documented at docs.tardis.dev (downloadable CSV).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lobterm.errors import FormatError
from lobterm.events import EventArray, Flag, Kind, Market, empty
from lobterm.instrument import Instrument
from lobterm.tape.importers import files
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.files import I8, Columns
from lobterm.tape.importers.rows import LocalClock, filled, touches
from lobterm.tape.importers.tardis_book import DiffBook, SnapshotBook

EXCHANGES = {"binance-futures": Market.PERP, "binance": Market.SPOT}
KEYS = ("exchange", "symbol", "timestamp", "local_timestamp")

LAYOUTS: dict[str, tuple[str, ...]] = {
    "incremental_book_L2": ("is_snapshot", "side", "price", "amount"),
    "trades": ("id", "side", "price", "amount"),
    "quotes": ("ask_amount", "ask_price", "bid_price", "bid_amount"),
    "derivative_ticker": ("funding_timestamp", "funding_rate", "open_interest", "index_price", "mark_price"),
    "liquidations": ("id", "side", "price", "amount"),
}
"""Columns of each data type beside KEYS; `book_ticker` has those of `quotes`, liquidations those of `trades`."""

BOOKS = ("incremental_book_L2", "book_snapshot")


def data_type(path: Path, cells: list[str]) -> str | None:
    """Return which data type a header is of, or None if it is not Tardis'."""
    if not {"exchange", "local_timestamp"} <= set(cells):
        return None
    if "asks[0].price" in cells:
        return "book_snapshot"
    if "id" in cells:
        return "liquidations" if "liquidations" in path.name else "trades"
    for name, marks in (
        ("incremental_book_L2", {"is_snapshot", "amount"}),
        ("quotes", {"bid_price", "ask_price"}),
        ("derivative_ticker", {"mark_price", "funding_rate"}),
    ):
        if marks & set(cells):
            return name
    return None


def snapshot_columns(cells: list[str]) -> list[str]:
    """Return the level columns of a book_snapshot file, as (ask price, ask amount, bid price, bid amount) per level."""
    levels = sum(1 for cell in cells if cell.startswith("asks[") and cell.endswith("].price"))
    return [f"{side}[{i}].{what}" for i in range(levels) for side in ("asks", "bids") for what in ("price", "amount")]


def first_row(path: Path, cells: list[str]) -> tuple[Market, str, int] | None:
    """Return market, symbol and local stamp of a file's first row; None if it has no rows."""
    for batch in files.batches(path, KEYS) if cells else ():
        if len(batch):
            batch.refuse("exchange", ~batch.is_in("exchange", *EXCHANGES), f"one of {', '.join(EXCHANGES)}")
            return EXCHANGES[batch.first("exchange")], batch.first("symbol"), int(batch.ints("local_timestamp")[0])
    return None


def open_tardis(paths: list[Path], kind: str, instrument: Instrument) -> Recording:
    """Return the recording of one symbol from files of one data type, a chain in the order of their first stamps."""
    skipped: Counter[str] = Counter()
    exchange = next(name for name, market in EXCHANGES.items() if market == instrument.market)
    ordered = sorted(paths, key=lambda path: (first_row(path, files.header(path)) or (None, "", 0))[2])

    def chunks() -> Iterator[EventArray]:
        encoder = _ENCODERS[kind](instrument, skipped)
        for path in ordered:
            cells = files.header(path)
            levels = snapshot_columns(cells) if kind == "book_snapshot" else LAYOUTS[kind]
            rows = encoder.open_file()
            if len(rows):
                yield rows
            for batch in files.batches(path, (*KEYS, *levels)) if cells else ():
                batch.refuse("exchange", ~batch.is_in("exchange", exchange), repr(exchange))
                mine = batch.is_in("symbol", instrument.symbol)
                if not mine.all():
                    skipped["other_symbol"] += int(np.count_nonzero(~mine))
                    batch = batch.where(mine)
                rows = encoder.encode(batch)
                if len(rows):
                    yield rows
        rows = encoder.flush()
        if len(rows):
            yield rows

    source = {"layout": f"tardis {kind}", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in ordered]}
    return Recording(instrument, chunks(), "T", source, skipped)


class _Encoder(ABC):
    """Turns batches of one data type into rows; each row or pair of rows is a message."""

    def __init__(self, instrument: Instrument, skipped: Counter[str]) -> None:
        self.instrument, self.skipped = instrument, skipped
        self._clock = LocalClock(skipped)

    def open_file(self) -> EventArray:
        """Take note that another file of the chain begins; return what was held back of the last one."""
        return self.flush()

    def flush(self) -> EventArray:
        """Return what was held back."""
        return empty(0)

    @abstractmethod
    def encode(self, batch: Columns) -> EventArray:
        """Return the rows of a batch."""

    def stamps(self, batch: Columns) -> tuple[I8, I8]:
        """Return receive times and exchange times, 0 where the exchange gave none."""
        local, exch = batch.ints("local_timestamp"), batch.ints("timestamp")
        return self._clock.held(local), np.where(exch == local, 0, exch)


class _Trades(_Encoder):
    def encode(self, batch: Columns) -> EventArray:
        """Return TRADE rows; a trade of unknown side is left out and counted."""
        side = batch.sides("side", "buy", "sell")
        batch.refuse("side", (side == 0) & ~batch.is_in("side", "unknown", ""), "buy, sell or unknown")
        if not side.all():
            self.skipped["trade_side_unknown"] += int(np.count_nonzero(side == 0))
            batch, side = batch.where(side != 0), side[side != 0]
        rows = filled(Kind.TRADE, self.instrument, *self.stamps(batch))
        rows["seq"], rows["side"] = batch.ints("id"), side
        rows["px"], rows["qty"] = batch.ticks("price", self.instrument), batch.lots("amount", self.instrument)
        return rows


class _Liquidations(_Encoder):
    def encode(self, batch: Columns) -> EventArray:
        """Return LIQUIDATION rows: a buy closes a short."""
        side = batch.sides("side", "buy", "sell")
        batch.refuse("side", side == 0, "buy or sell")
        rows = filled(Kind.LIQUIDATION, self.instrument, *self.stamps(batch))
        rows["side"] = side
        rows["px"], rows["qty"] = batch.fixed("price"), batch.lots("amount", self.instrument)
        return rows


class _Quotes(_Encoder):
    def encode(self, batch: Columns) -> EventArray:
        """Return TOUCH rows; an empty side has no size."""
        ts, exch = self.stamps(batch)
        i = self.instrument
        bid, ask = (
            (batch.ticks(f"{side}_price", i, empty=0), batch.lots(f"{side}_amount", i, empty=0))
            for side in ("bid", "ask")
        )
        return touches(i, ts, exch, np.zeros(len(ts), np.int64), bid, ask)


class _DerivativeTicker(_Encoder):
    """A ticker repeats every value in every row: only what changed becomes a row."""

    def __init__(self, instrument: Instrument, skipped: Counter[str]) -> None:
        super().__init__(instrument, skipped)
        self._last: dict[str, int | None] = {}

    def encode(self, batch: Columns) -> EventArray:
        """Return MARK, INDEX, FUNDING and OPEN_INTEREST rows."""
        ts, exch = self.stamps(batch)
        rate, new_rate, rate_known = self._carried(batch, "funding_rate", batch.rounded)
        due, new_due, due_known = self._carried(batch, "funding_timestamp", lambda name: batch.ints(name, empty=0))
        mark, new_mark, _ = self._carried(batch, "mark_price", batch.rounded)
        index, new_index, _ = self._carried(batch, "index_price", batch.rounded)
        interest, new_interest, _ = self._carried(
            batch, "open_interest", lambda name: batch.lots(name, self.instrument, empty=0)
        )
        zero = np.zeros(len(ts), np.int64)
        parts, order = [], []
        for kind, px, qty, new in (
            (Kind.MARK, mark, zero, new_mark),
            (Kind.INDEX, index, zero, new_index),
            (Kind.FUNDING, rate, np.where(due_known, due, 0), (new_rate | new_due) & rate_known),
            (Kind.OPEN_INTEREST, zero, interest, new_interest),
        ):
            rows = filled(kind, self.instrument, ts[new], exch[new])
            rows["px"], rows["qty"] = px[new], qty[new]
            parts.append(rows)
            order.append(np.flatnonzero(new))
        return np.concatenate(parts)[np.argsort(np.concatenate(order), kind="stable")]

    def _carried(
        self, batch: Columns, name: str, read: Callable[[str], I8]
    ) -> tuple[I8, files.Mask, files.Mask]:  # fmt: skip
        """Return a column with empty cells carried forward, where it changed, and where it is known."""
        values, given = read(name), batch.given(name)
        at = np.maximum.accumulate(np.where(given, np.arange(len(given)), -1))
        before = self._last.get(name)
        carried = np.where(at >= 0, values[at], 0 if before is None else before)
        known = (at >= 0) | (before is not None)
        previous = np.concatenate([[0 if before is None else before], carried[:-1]])
        was_known = np.concatenate([[before is not None], known[:-1]])
        if len(given) and known[-1]:
            self._last[name] = int(carried[-1])
        return carried, known & (~was_known | (carried != previous)), known


class _DiffBook(_Encoder):
    def __init__(self, instrument: Instrument, skipped: Counter[str]) -> None:
        super().__init__(instrument, skipped)
        self._book = DiffBook(instrument, skipped)

    def open_file(self) -> EventArray:
        """Let a snapshot at the file's beginning be no break; return the last message of the file before."""
        rows = self.flush()
        self._book.open_file()
        return rows

    def flush(self) -> EventArray:
        """Return the last message."""
        return self._book.flush()

    def encode(self, batch: Columns) -> EventArray:
        """Return the rows of all messages but the last, which the next batch may go on with."""
        side = batch.sides("side", "bid", "ask")
        batch.refuse("side", side == 0, "bid or ask")
        flags = np.where(batch.bools("is_snapshot"), Flag.SNAPSHOT, 0)
        rows = filled(Kind.BOOK, self.instrument, *self.stamps(batch), flags=0)
        rows["flags"], rows["side"] = flags, side
        rows["px"], rows["qty"] = batch.ticks("price", self.instrument), batch.lots("amount", self.instrument)
        return self._book.add(rows)


class _SnapshotBook(_Encoder):
    def __init__(self, instrument: Instrument, skipped: Counter[str]) -> None:
        super().__init__(instrument, skipped)
        self._book = SnapshotBook(instrument, skipped)

    def encode(self, batch: Columns) -> EventArray:
        """Return what each picture changes in the one before."""
        ts, exch = self.stamps(batch)
        levels = batch.names[len(KEYS) :]
        i = self.instrument
        columns = [
            batch.ticks(name, i, empty=0) if name.endswith("price") else batch.lots(name, i, empty=0) for name in levels
        ]
        if not columns:
            raise FormatError("has no levels", file=batch.path)
        return self._book.add(ts, exch, np.stack(columns, axis=1).reshape(len(ts), -1, 2, 2))


_ENCODERS: dict[str, type[_Encoder]] = {
    "incremental_book_L2": _DiffBook,
    "book_snapshot": _SnapshotBook,
    "trades": _Trades,
    "quotes": _Quotes,
    "derivative_ticker": _DerivativeTicker,
    "liquidations": _Liquidations,
}
