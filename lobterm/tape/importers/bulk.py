"""Binance's bulk CSV (data.binance.vision): bookTicker, trades, aggTrades of one symbol.

They carry no local time: the exchange's own stands in for it, and the provenance says so. Milliseconds or microseconds are
told by their digits; spot and older files have no header.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from lobterm.errors import FormatError
from lobterm.events import EVENT, EventArray, Flag, Kind
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.tardis import BATCH, Ints, fixed, grid

HEADERS: dict[str, tuple[str, ...]] = {
    "bookTicker": (
        "update_id", "best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty", "transaction_time", "event_time",
    ),
    "aggTrades": ("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time", "is_buyer_maker"),
    "trades": ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
}  # fmt: skip


def kind_of(first_line: str, name: str) -> str | None:
    """Return which bulk file a first line belongs to; without a header the file's name must say."""
    cells = first_line.strip().split(",")
    for kind, header in HEADERS.items():
        if set(header) <= set(cells):
            return kind
    named = next((kind for kind in HEADERS if f"-{kind}-" in name), None)
    return named if cells and cells[0].isdigit() else None


def symbol_in(name: str) -> str:
    """Return the symbol in a bulk file's name (`SYMBOL-type-date`), or nothing."""
    for kind in HEADERS:
        if f"-{kind}-" in name:
            return name.split(f"-{kind}-")[0].removeprefix("spot-").upper()
    return ""


def _micros(column: pl.Series, path: Path) -> Ints:
    try:
        values = column.cast(pl.Int64).to_numpy()
    except pl.exceptions.PolarsError as error:
        raise FormatError(f"column {column.name} holds what is no time", file=path, mend=str(error)[:100]) from error
    return np.where(values < 10**14, values * 1000, values)


def _frames(path: Path, header: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    with path.open("rb") as file:
        headless = file.read(2)[:1].isdigit() and path.suffix != ".gz"
    if path.suffix == ".gz":
        from lobterm.tape.importers.blocks import head

        headless = head(path, 1).isdigit()
    try:
        lazy = pl.scan_csv(path, has_header=not headless, infer_schema=False)
        names = lazy.collect_schema().names()
        if headless:
            lazy = lazy.rename(dict(zip(names, header, strict=False)))
            names = [*header[: len(names)], *names[len(header) :]]
        missing = [name for name in header if name not in names]
        if missing:
            raise FormatError(f"lacks the column {missing[0]}", file=path, mend=f"expected: {', '.join(header)}")
        yield from lazy.select(header).collect_batches(chunk_size=BATCH, maintain_order=True)
    except pl.exceptions.NoDataError:
        return
    except pl.exceptions.PolarsError as error:
        raise FormatError("cannot be read as CSV", file=path, mend=str(error).splitlines()[0][:120]) from error


def _touches(path: Path, i: Instrument) -> Iterator[EventArray]:
    for frame in _frames(path, HEADERS["bookTicker"]):
        rows = np.zeros(2 * len(frame), EVENT)
        rows["ts"] = np.repeat(_micros(frame["event_time"], path), 2)
        rows["exch_ts"] = np.repeat(_micros(frame["transaction_time"], path), 2)
        rows["seq"] = np.repeat(frame["update_id"].cast(pl.Int64).to_numpy(), 2)
        for at, (side, name) in enumerate(((1, "best_bid"), (-1, "best_ask"))):
            rows["side"][at::2] = side
            rows["px"][at::2] = grid(fixed(frame[f"{name}_price"], path), i.tick_e8, "price", "--tick", path)
            rows["qty"][at::2] = grid(fixed(frame[f"{name}_qty"], path), i.lot_e8, "size", "--lot", path)
        rows["kind"], rows["market"] = Kind.TOUCH, i.market
        rows["flags"][1::2] = Flag.LAST
        yield rows


def _trades(path: Path, i: Instrument, aggregated: bool) -> Iterator[EventArray]:
    header = HEADERS["aggTrades" if aggregated else "trades"]
    for frame in _frames(path, header):
        rows = np.zeros(len(frame), EVENT)
        rows["ts"] = rows["exch_ts"] = _micros(frame["transact_time" if aggregated else "time"], path)
        rows["seq"] = frame[header[0]].cast(pl.Int64).to_numpy()
        rows["px"] = grid(fixed(frame["price"], path), i.tick_e8, "price", "--tick", path)
        rows["qty"] = grid(fixed(frame[header[2]], path), i.lot_e8, "size", "--lot", path)
        seller = (frame["is_buyer_maker"].str.to_lowercase() == "true").to_numpy()
        rows["side"] = np.where(seller, -1, 1)
        rows["kind"], rows["market"] = Kind.TRADE, i.market
        rows["flags"] = Flag.LAST | (Flag.AGG if aggregated else 0)
        yield rows


def open_bulk(path: Path, kind: str, instrument: Instrument) -> Recording:
    """Return the recording of one bulk file."""
    skipped: Counter[str] = Counter()

    def chunks() -> Iterator[EventArray]:
        rows = _touches(path, instrument) if kind == "bookTicker" else _trades(path, instrument, kind == "aggTrades")
        last = 0
        for chunk in rows:
            ts = np.maximum.accumulate(np.concatenate([[last], chunk["ts"]]))[1:]
            back = int(np.count_nonzero(ts != chunk["ts"]))
            if back:
                skipped["clock_back"] += back
            chunk["ts"] = ts
            last = int(ts[-1])
            yield chunk

    files = [{"name": path.name, "bytes": path.stat().st_size}]
    source = {"layout": f"bulk {kind}", "files": files, "local_time": "the exchange's, for want of a local one"}
    return Recording(instrument, chunks(), "T", source, skipped)
