"""The layout of the hftbacktest collector: `<local stamp> <json>` a line, gz, zst or plain, one file a UTC day.

Layout as documented in nkaz001/hftbacktest (collector/src/file.rs). Several files of one symbol are one chain: the book
carries over the border.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lobterm.events import EventArray, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.messages import MessageReader, has_raw_trades

HEAD = 1 << 22


def _first_stamp(path: Path) -> int:
    stamp = blocks.head(path, 64).split(b" ", 1)[0].rstrip(b":")
    digits = stamp.split(b".", 1)[0]
    return int(digits.ljust(19, b"0")[:19]) if digits.isdigit() else 0


def open_raw(paths: list[Path], instrument: Instrument) -> Recording:
    """Return a recording of one or more raw files of one symbol."""
    ordered = sorted(paths, key=_first_stamp)
    skipped: Counter[str] = Counter()
    raw_trades = any(has_raw_trades(blocks.head(path, HEAD)) for path in ordered)

    def chunks() -> Iterator[EventArray]:
        reader = MessageReader(instrument, skipped, raw_trades=raw_trades, file=ordered[0])
        for path in ordered:
            reader.open_file(path)
            for block in blocks.whole_lines(path, skipped):
                rows = reader.read(block)
                if len(rows):
                    yield rows

    kind = "E" if instrument.market == Market.SPOT else "T"
    source = {"layout": "raw", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in ordered]}
    return Recording(instrument, chunks(), kind, source, skipped)
