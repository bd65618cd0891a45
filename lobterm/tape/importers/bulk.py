"""Binance's bulk CSV (data.binance.vision): bookTicker, trades, aggTrades of one symbol.

They carry no local time: the exchange's own stands in for it, and the provenance says so. Milliseconds or microseconds are
told by their digits; spot and older files have no header.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lobterm.events import EventArray, Flag, Kind
from lobterm.instrument import Instrument
from lobterm.tape.importers import files
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.files import Columns
from lobterm.tape.importers.rows import LocalClock, filled, touches

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


def _batches(path: Path, kind: str) -> Iterator[Columns]:
    header = HEADERS[kind]
    first = files.header(path)
    if first and first[0].isdigit():
        names = [*header, *(f"_{i}" for i in range(len(first) - len(header)))]
        yield from files.batches(path, header, names=names[: len(first)])
    else:
        yield from files.batches(path, header)


def _touches(path: Path, i: Instrument, clock: LocalClock) -> Iterator[EventArray]:
    for batch in _batches(path, "bookTicker"):
        bid, ask = (
            (batch.ticks(f"best_{side}_price", i), batch.lots(f"best_{side}_qty", i)) for side in ("bid", "ask")
        )
        ts, exch_ts = clock.held(batch.micros("event_time")), batch.micros("transaction_time")
        yield touches(i, ts, exch_ts, batch.ints("update_id"), bid, ask)


def _trades(path: Path, i: Instrument, kind: str, clock: LocalClock) -> Iterator[EventArray]:
    id_name, price, size = HEADERS[kind][:3]
    stamp = "transact_time" if kind == "aggTrades" else "time"
    flags = Flag.LAST | (Flag.AGG if kind == "aggTrades" else 0)
    for batch in _batches(path, kind):
        exch_ts = batch.micros(stamp)
        rows = filled(Kind.TRADE, i, clock.held(exch_ts), exch_ts, flags)
        rows["seq"], rows["px"], rows["qty"] = batch.ints(id_name), batch.ticks(price, i), batch.lots(size, i)
        rows["side"] = np.where(batch.bools("is_buyer_maker"), -1, 1)
        yield rows


def open_bulk(path: Path, kind: str, instrument: Instrument) -> Recording:
    """Return the recording of one bulk file."""
    skipped: Counter[str] = Counter()

    clock = LocalClock(skipped)
    chunks = _touches(path, instrument, clock) if kind == "bookTicker" else _trades(path, instrument, kind, clock)
    source = {
        "layout": f"bulk {kind}",
        "files": [{"name": path.name, "bytes": path.stat().st_size}],
        "local_time": "the exchange's, for want of a local one",
    }
    return Recording(instrument, chunks, "T", source, skipped)
