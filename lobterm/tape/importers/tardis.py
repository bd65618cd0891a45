"""Tardis CSV: one file a data type, µs, ordered by arrival. Layouts as documented by tardis.dev (downloadable CSV files).

A run of rows with equal local and exchange time is one exchange message. An exchange time equal to the local one means
that the exchange gave none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from lobterm.errors import FormatError
from lobterm.events import EVENT, FIXED, EventArray, Flag, Kind, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import Recording, off_grid

EXCHANGES = {"binance-futures": Market.PERP, "binance": Market.SPOT}
BATCH = 200_000
STAMPS = ("timestamp", "local_timestamp")
LEVEL_COLUMNS = ("asks[{i}].price", "asks[{i}].amount", "bids[{i}].price", "bids[{i}].amount")

TYPES: dict[str, tuple[str, ...]] = {
    "incremental_book_L2": ("is_snapshot", "side", "price", "amount"),
    "book_snapshot_5": tuple(name.format(i=i) for i in range(5) for name in LEVEL_COLUMNS),
    "book_snapshot_25": tuple(name.format(i=i) for i in range(25) for name in LEVEL_COLUMNS),
    "trades": ("id", "side", "price", "amount"),
    "quotes": ("ask_amount", "ask_price", "bid_price", "bid_amount"),
    "derivative_ticker": ("funding_timestamp", "funding_rate", "open_interest", "index_price", "mark_price"),
    "liquidations": ("id", "side", "price", "amount"),
}
"""Columns that each data type must have besides exchange, symbol and the two stamps. `book_ticker` is laid out as quotes."""

Ints = npt.NDArray[np.int64]


def type_of(columns: list[str], name: str) -> str:
    """Return the data type of a header; `liquidations` and `trades` differ by the file's name alone."""
    held = set(columns)
    if "is_snapshot" in held:
        return "incremental_book_L2"
    if "asks[0].price" in held:
        return "book_snapshot_25" if "asks[5].price" in held else "book_snapshot_5"
    if "funding_rate" in held or "mark_price" in held:
        return "derivative_ticker"
    if "ask_price" in held or "bid_price" in held:
        return "quotes"
    return "liquidations" if "liquidations" in name else "trades"


def _frames(path: Path, needed: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """Yield batches of text columns; numbers are parsed exactly, later."""
    try:
        lazy = pl.scan_csv(path, infer_schema=False)
        missing = [name for name in needed if name not in lazy.collect_schema().names()]
    except pl.exceptions.NoDataError:
        return
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FormatError("cannot be read as CSV", file=path, mend=str(error).splitlines()[0][:120]) from error
    if missing:
        raise FormatError(
            f"lacks the column {missing[0]}", file=path, place="line 1", mend=f"expected: {', '.join(needed[:12])}"
        )
    try:
        yield from lazy.select(needed).collect_batches(chunk_size=BATCH, maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise FormatError("is damaged", file=path, mend=str(error).splitlines()[0][:120]) from error


def fixed(column: pl.Series, path: Path) -> Ints:
    """Return decimal texts as integers of 1e-8; empty cells are 0."""
    try:
        exact = column.fill_null("0").str.replace("^$", "0").cast(pl.Decimal(30, 8))
    except pl.exceptions.PolarsError as error:
        raise FormatError(f"column {column.name} holds what is no number", file=path, mend=str(error).splitlines()[0]) from error
    whole = (exact * FIXED).cast(pl.Int64)
    return whole.to_numpy()


def grid(values: Ints, unit: int, what: str, option: str, path: Path) -> Ints:
    """Return 1e-8 values in ticks or lots; raise FormatError where they do not fit."""
    off = np.flatnonzero(values % unit)
    if len(off):
        raise off_grid(what, int(values[off[0]]), unit, option, path)
    return values // unit


class _File:
    """One CSV file of one instrument."""

    def __init__(self, path: Path, instrument: Instrument, skipped: Counter[str]) -> None:
        self.path, self.instrument, self.skipped = path, instrument, skipped

    def frames(self, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        for frame in _frames(self.path, ("exchange", "symbol", *STAMPS, *columns)):
            mine = frame["symbol"].str.to_uppercase() == self.instrument.symbol
            if not mine.all():
                self.skipped["other_symbol"] += int((~mine).sum())
                frame = frame.filter(mine)  # noqa: PLW2901
            if len(frame):
                yield frame

    def rows(self, frame: pl.DataFrame, kind: Kind) -> EventArray:
        """Return rows with time, kind and market filled in."""
        out = np.zeros(len(frame), EVENT)
        try:
            exch, local = (frame[name].cast(pl.Int64).to_numpy() for name in STAMPS)
        except pl.exceptions.PolarsError as error:
            raise FormatError("a stamp is not a whole number of µs", file=self.path, mend=str(error)[:100]) from error
        out["ts"] = np.maximum.accumulate(local)
        back = int(np.count_nonzero(out["ts"] != local))
        if back:
            self.skipped["clock_back"] += back
        out["exch_ts"] = np.where(exch == local, 0, exch)
        out["kind"], out["market"] = kind, self.instrument.market
        return out

    def px(self, column: pl.Series) -> Ints:
        return grid(fixed(column, self.path), self.instrument.tick_e8, column.name, "--tick", self.path)

    def qty(self, column: pl.Series) -> Ints:
        return grid(fixed(column, self.path), self.instrument.lot_e8, column.name, "--lot", self.path)


def _sides(column: pl.Series, plus: str, minus: str) -> npt.NDArray[np.int8]:
    return np.where(column.to_numpy() == plus, 1, np.where(column.to_numpy() == minus, -1, 0)).astype(np.int8)


def _message_ends(rows: EventArray) -> npt.NDArray[np.bool_]:
    """Return where the next row has another stamp."""
    ends = np.ones(len(rows), np.bool_)
    ends[:-1] = (np.diff(rows["ts"]) != 0) | (np.diff(rows["exch_ts"]) != 0)
    return ends


def _incremental(file: _File) -> Iterator[EventArray]:
    """Yield book rows; a change from diffs to snapshot rows empties the book first."""
    was_snapshot = False
    held = np.zeros(0, EVENT)
    for frame in file.frames(TYPES["incremental_book_L2"]):
        rows = file.rows(frame, Kind.BOOK)
        rows["side"] = _sides(frame["side"], "bid", "ask")
        rows["px"], rows["qty"] = file.px(frame["price"]), file.qty(frame["amount"])
        snapshot = (frame["is_snapshot"].str.to_lowercase() == "true").to_numpy()
        rows["flags"] = np.where(snapshot, Flag.SNAPSHOT, 0)
        if (rows["side"] == 0).any():
            file.skipped["bad_side"] += int((rows["side"] == 0).sum())
        starts = np.flatnonzero(snapshot & ~np.concatenate([[was_snapshot], snapshot[:-1]]))
        was_snapshot = bool(snapshot[-1])
        clears = rows[starts].copy()
        clears["kind"], clears["side"], clears["px"], clears["qty"] = Kind.BOOK_CLEAR, 0, 0, 0
        rows = np.insert(rows, starts, clears)
        rows = np.concatenate([held, rows[(rows["side"] != 0) | (rows["kind"] == Kind.BOOK_CLEAR)]])
        ends = _message_ends(rows)
        rows["flags"] |= np.where(ends, Flag.LAST, 0).astype(np.uint8)
        # the last message may go on in the next batch
        before = np.flatnonzero(ends[:-1])
        cut = int(before[-1]) + 1 if len(before) else 0
        held = rows[cut:].copy()
        held["flags"] &= ~np.uint8(Flag.LAST)
        yield rows[:cut]
    if len(held):
        held["flags"][-1] |= Flag.LAST
        yield held


def _snapshots(depth: int) -> Callable[[_File], Iterator[EventArray]]:
    """Return a reader of full top-of-book rows: the first becomes a snapshot, the others what changed since."""

    def read(file: _File) -> Iterator[EventArray]:
        before: dict[int, dict[int, int]] | None = None
        for frame in file.frames(TYPES[f"book_snapshot_{depth}"]):
            stamps = file.rows(frame, Kind.BOOK)
            levels = {
                side: (
                    np.stack([file.px(frame[f"{name}[{i}].price"]) for i in range(depth)], axis=1),
                    np.stack([file.qty(frame[f"{name}[{i}].amount"]) for i in range(depth)], axis=1),
                )
                for side, name in ((1, "bids"), (-1, "asks"))
            }
            rows: list[tuple[int, ...]] = []
            for i in range(len(frame)):
                now = {
                    side: {p: q for p, q in zip(px[i].tolist(), qty[i].tolist(), strict=True) if q}
                    for side, (px, qty) in levels.items()
                }
                rows += _changes(stamps[i], before, now)
                before = now
            if rows:
                yield np.array(rows, EVENT)

    return read


def _changes(stamp: np.void, before: dict[int, dict[int, int]] | None, now: dict[int, dict[int, int]]) -> list[tuple[int, ...]]:
    """Return the rows of one message that turns book `before` into `now`."""
    ts, exch, market = int(stamp["ts"]), int(stamp["exch_ts"]), int(stamp["market"])
    if before is None:
        rows = [(ts, exch, 0, 0, 0, int(Kind.BOOK_CLEAR), 0, market, int(Flag.SNAPSHOT))]
        flags, changed = int(Flag.SNAPSHOT), {side: now[side] for side in (1, -1)}
    else:
        rows, flags, changed = [], 0, {}
        for side in (1, -1):
            gone = {px: 0 for px in before[side] if px not in now[side]}
            changed[side] = gone | {px: qty for px, qty in now[side].items() if before[side].get(px) != qty}
    for side, table in changed.items():
        rows += [(ts, exch, 0, px, qty, int(Kind.BOOK), side, market, flags) for px, qty in table.items()]
    if rows:
        rows[-1] = (*rows[-1][:-1], rows[-1][-1] | int(Flag.LAST))
    return rows


def _trades(file: _File) -> Iterator[EventArray]:
    for frame in file.frames(TYPES["trades"]):
        rows = file.rows(frame, Kind.TRADE)
        rows["side"] = _sides(frame["side"], "buy", "sell")
        rows["px"], rows["qty"] = file.px(frame["price"]), file.qty(frame["amount"])
        rows["seq"] = frame["id"].cast(pl.Int64, strict=False).fill_null(0).to_numpy()
        rows["flags"] = Flag.LAST
        unknown = rows["side"] == 0
        if unknown.any():
            file.skipped["trade_side_unknown"] += int(unknown.sum())
        yield rows[~unknown]


def _quotes(file: _File) -> Iterator[EventArray]:
    for frame in file.frames(TYPES["quotes"]):
        rows = np.repeat(file.rows(frame, Kind.TOUCH), 2)
        for at, (side, name) in enumerate(((1, "bid"), (-1, "ask"))):
            rows["side"][at::2] = side
            rows["px"][at::2] = file.px(frame[f"{name}_price"])
            rows["qty"][at::2] = file.qty(frame[f"{name}_amount"])
        rows["flags"][1::2] = Flag.LAST
        yield rows


def _ticker(file: _File) -> Iterator[EventArray]:
    """Yield MARK, INDEX, FUNDING and OPEN_INTEREST rows where their value changes; empty cells say nothing new."""
    last: dict[str, tuple[int, int]] = {}
    for frame in file.frames(TYPES["derivative_ticker"]):
        stamps = file.rows(frame, Kind.MARK)
        columns = {name: (fixed(frame[name], file.path), _filled(frame[name])) for name in TYPES["derivative_ticker"][1:]}
        funding = (frame["funding_timestamp"].cast(pl.Int64, strict=False).fill_null(0)).to_numpy()
        lots = file.instrument.lot_e8
        rows: list[tuple[int, ...]] = []
        for i in range(len(frame)):
            message = []
            for name, kind in (
                ("mark_price", Kind.MARK),
                ("index_price", Kind.INDEX),
                ("funding_rate", Kind.FUNDING),
                ("open_interest", Kind.OPEN_INTEREST),
            ):
                values, filled = columns[name]
                interest = kind == Kind.OPEN_INTEREST
                value = (0, int(values[i] // lots)) if interest else (int(values[i]), int(funding[i]) if name == "funding_rate" else 0)
                if filled[i] and last.get(name) != value:
                    last[name] = value
                    stamp = stamps[i]
                    message.append((int(stamp["ts"]), int(stamp["exch_ts"]), 0, *value, int(kind), 0, int(stamp["market"]), 0))
            if message:
                message[-1] = (*message[-1][:-1], int(Flag.LAST))
                rows += message
        if rows:
            yield np.array(rows, EVENT)


def _filled(column: pl.Series) -> npt.NDArray[np.bool_]:
    return (column.is_not_null() & (column != "")).to_numpy()


def _liquidations(file: _File) -> Iterator[EventArray]:
    for frame in file.frames(TYPES["liquidations"]):
        rows = file.rows(frame, Kind.LIQUIDATION)
        rows["side"] = _sides(frame["side"], "buy", "sell")
        rows["px"], rows["qty"] = fixed(frame["price"], file.path), file.qty(frame["amount"])
        rows["flags"] = Flag.LAST
        yield rows[rows["side"] != 0]


READERS: dict[str, Callable[[_File], Iterator[EventArray]]] = {
    "incremental_book_L2": _incremental,
    "book_snapshot_5": _snapshots(5),
    "book_snapshot_25": _snapshots(25),
    "trades": _trades,
    "quotes": _quotes,
    "derivative_ticker": _ticker,
    "liquidations": _liquidations,
}


def open_tardis(path: Path, kind: str, instrument: Instrument) -> Recording:
    """Return the recording of one Tardis file of data type `kind`."""
    skipped: Counter[str] = Counter()
    source = {"layout": f"tardis {kind}", "files": [{"name": path.name, "bytes": path.stat().st_size}]}
    return Recording(instrument, READERS[kind](_File(path, instrument, skipped)), "T", source, skipped)
