"""CSV that wraps raw JSON payloads: recv_tsec, recv_tnsec, stream_kind, symbol, payload_json; snapshots in a side file."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lobterm.errors import FormatError
from lobterm.events import EventArray, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.messages import MessageReader

COLUMNS = ("recv_tsec", "recv_tnsec", "symbol", "payload_json")
BATCH = 20_000


def _rows(path: Path, symbol: str, skipped: Counter[str]) -> Iterator[tuple[int, bytes]]:
    """Yield (local ns, line) of the symbol's diffs, trades and snapshots."""
    csv.field_size_limit(min(sys.maxsize, 1 << 26))
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise FormatError(
                f"lacks the column {missing[0]}", file=path, place="line 1", mend=f"expected: {', '.join(COLUMNS)}"
            )
        for row in reader:
            kind = row.get("stream_kind", "snapshot")
            if kind not in ("depth_diff", "trade", "agg_trade", "book_ticker", "snapshot"):
                skipped["partial_depth" if kind.startswith("depth") else f"stream_{kind}"[:60]] += 1
            elif row["symbol"] != symbol:
                skipped["other_symbol"] += 1
            elif not (row["recv_tsec"] or "").isdigit() or not (row["recv_tnsec"] or "").isdigit():
                skipped["bad_stamp"] += 1
            else:
                ns = int(row["recv_tsec"]) * 1_000_000_000 + int(row["recv_tnsec"])
                yield ns, b"%d %s\n" % (ns, (row["payload_json"] or "").encode())


def open_framed_csv(paths: list[Path], instrument: Instrument) -> Recording:
    """Return the recording of one symbol from its message file and, if there is one, its snapshot file."""
    skipped: Counter[str] = Counter()

    def chunks() -> Iterator[EventArray]:
        lines = sorted((entry for path in paths for entry in _rows(path, instrument.symbol, skipped)), key=lambda e: e[0])
        raw_trades = any(b'"e":"trade"' in line for _, line in lines)
        reader = MessageReader(instrument, skipped, raw_trades=raw_trades, file=paths[0])
        for start in range(0, len(lines), BATCH):
            rows = reader.read(b"".join(line for _, line in lines[start : start + BATCH]))
            if len(rows):
                yield rows

    kind = "E" if instrument.market == Market.SPOT else "T"
    source = {"layout": "framed_csv", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in paths]}
    return Recording(instrument, chunks(), kind, source, skipped)
