"""CSV that wraps raw JSON: recv_tsec, recv_tnsec, stream_kind, symbol, payload_json; snapshots in a side file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lobterm.errors import FormatError
from lobterm.events import EventArray, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.blocks import Line
from lobterm.tape.importers.messages import MessageReader

COLUMNS = ("recv_tsec", "recv_tnsec", "symbol", "payload_json")
STREAMS = ("depth_diff", "trade", "agg_trade", "book_ticker", "mark_price", "force_order")
CELL_LIMIT = 1 << 23
SNAPSHOTS = "_snapshots.csv"


def _text_lines(path: Path, skipped: Counter[str]) -> Iterator[str]:
    """Yield lines as the csv module wants them; a cell may hold no line break here, its JSON has none."""
    for block in blocks.whole_lines(path, skipped):
        yield from block.decode("utf-8", errors="replace").splitlines(keepends=True)


def _rows(path: Path, symbol: str, skipped: Counter[str]) -> Iterator[Line]:
    """Yield the symbol's diffs, trades and snapshots as lines of `<ns> <json>`."""
    reader = csv.DictReader(_text_lines(path, skipped))
    try:
        columns = reader.fieldnames or ()
        for name in COLUMNS:
            if name not in columns and columns:
                expected = ", ".join(COLUMNS)
                raise FormatError(f"lacks the column {name}", file=path, place="line 1", mend=f"expected: {expected}")
        for row in reader:
            ns = _stamp(row)
            kind = row.get("stream_kind", "snapshot")
            if kind != "snapshot" and kind not in STREAMS:
                skipped["partial_depth" if str(kind).startswith("depth") else f"stream_{kind}"[:60]] += 1
            elif row["symbol"] != symbol:
                skipped["other_symbol"] += 1
            elif ns < 0:
                skipped["bad_stamp"] += 1
            else:
                text = (row["payload_json"] or "").replace("\n", " ").encode()
                yield Line(ns, path, reader.line_num, b"%d %b\n" % (ns, text))
    except csv.Error as error:
        place = f"line {reader.line_num}"
        raise FormatError(f"is not CSV: {error}", file=path, place=place, mend="was it cut or edited?") from error


def _stamp(row: dict[str, str]) -> int:
    """Return the local time of a row in ns, -1 where there is none."""
    second, ns = row["recv_tsec"] or "", row["recv_tnsec"] or ""
    plain = (
        second.isascii() and second.isdigit() and len(second) == 10 and ns.isascii() and ns.isdigit() and len(ns) < 10
    )
    return int(second) * 1_000_000_000 + int(ns) if plain else -1


def with_snapshots(paths: list[Path]) -> list[Path]:
    """Return the files and, where it lies beside one of them and is not named, its snapshot file."""
    beside = [path.with_name(path.stem + SNAPSHOTS) for path in paths if not path.name.endswith(SNAPSHOTS)]
    return paths + [path for path in beside if path not in paths and path.is_file()]


def open_framed_csv(paths: list[Path], instrument: Instrument) -> Recording:
    """Return the recording of one symbol from its message files and their snapshot files."""
    skipped: Counter[str] = Counter()
    files = with_snapshots(paths)

    def chunks() -> Iterator[EventArray]:
        csv.field_size_limit(CELL_LIMIT)
        reader = MessageReader(instrument, skipped, file=files[0])
        for piece in blocks.merged([_rows(path, instrument.symbol, skipped) for path in files]):
            reader.open_file(piece.path, piece.first)
            rows = reader.read(piece.data)
            if len(rows):
                yield rows
        reader.finish()

    kind = "E" if instrument.market == Market.SPOT else "T"
    source = {"layout": "framed_csv", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in files]}
    return Recording(instrument, chunks(), kind, source, skipped)
