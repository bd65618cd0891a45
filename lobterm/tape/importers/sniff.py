"""Which layout a recording has, which symbols it holds and of which market: told from its first bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lobterm.errors import FormatError
from lobterm.events import Market
from lobterm.tape.importers import blocks, bulk, cryptofeed, tardis

HEAD = 1 << 19
SYMBOL = re.compile(rb'"s":\s*"([^"\\]{1,40})"')
UNDERSTOOD = (
    "lobterm's own recordings, collector lines (`<stamp> <json>`, .gz, .zst or plain), cryptofeed captures, "
    "CSV with payload_json, Tardis CSV, "
    "Binance bulk CSV (bookTicker, trades, aggTrades), hftbacktest npz"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file is. `symbols` may be empty where only its user knows; `market` None where either fits."""

    path: Path
    family: str  # raw, cryptofeed, framed_csv, tardis, bulk, npz, empty
    kind: str  # data type within the family
    symbols: tuple[str, ...]
    market: Market | None


def sniff(path: Path) -> Layout:
    """Return a file's layout, or raise FormatError saying what is understood."""
    if not path.is_file():
        raise FormatError("no such file", file=path, mend="name a recording, not a folder")
    if path.suffix == ".npz":
        return Layout(path, "npz", "", (), None)
    head = blocks.head(path, HEAD)
    if not head.strip():
        return Layout(path, "empty", "", (), None)
    if cryptofeed.is_capture(head):
        return Layout(path, "cryptofeed", "", _symbols(head), _capture_market(head))
    first = head.split(b"\n", 1)[0]
    if re.match(rb"^\d{10,19} \s*\{", first):
        return Layout(path, "raw", "", _symbols(head), _wire_market(head))
    return _csv(path, first.decode("utf-8", "replace").strip(), head)


def _symbols(head: bytes) -> tuple[str, ...]:
    found = dict.fromkeys(match.decode("utf-8", "replace") for match in SYMBOL.findall(head))
    return tuple(found)


def _wire_market(head: bytes) -> Market | None:
    """Futures depth carries `pu`; spot depth never does."""
    if b'"depthUpdate"' not in head:
        return None
    return Market.PERP if b'"pu":' in head else Market.SPOT


def _capture_market(head: bytes) -> Market | None:
    url = head.split(b"\n", 1)[0]
    if b"fapi." in url or b"fstream." in url:
        return Market.PERP
    return Market.SPOT if b"api.binance" in url or b"stream.binance" in url else _wire_market(head)


def _csv(path: Path, first: str, head: bytes) -> Layout:
    columns = first.split(",")
    if "payload_json" in columns:
        market = Market.SPOT if b",spot," in head else None
        symbols = _symbols(head.replace(b'""', b'"'))
        return Layout(path, "framed_csv", "", symbols, market)
    tardis_kind = tardis.data_type(path, columns)
    if tardis_kind:
        row = tardis.first_row(path, columns)
        return Layout(path, "tardis", tardis_kind, (row[1],) if row else (), row[0] if row else None)
    kind = bulk.kind_of(first, path.name)
    if kind:
        symbol = bulk.symbol_in(path.name)
        return Layout(
            path, "bulk", kind, (symbol,) if symbol else (), Market.SPOT if path.name.startswith("spot-") else None
        )
    if "exchange" in columns and "symbol" in columns:
        raise FormatError(
            "lacks the column local_timestamp",
            file=path,
            place="line 1",
            mend="a Tardis file has timestamp and local_timestamp",
        )
    for kind, header in bulk.HEADERS.items():
        if len(set(header) & set(columns)) >= len(header) - 2:
            missing = next(name for name in header if name not in columns)
            raise FormatError(
                f"lacks the column {missing}", file=path, place="line 1", mend=f"{kind} has: {', '.join(header)}"
            )
    raise FormatError("is of no layout that can be read", file=path, place="line 1", mend=f"understood: {UNDERSTOOD}")
