"""The layout of the hftbacktest collector: `<local stamp> <json>` a line, gz, zst or plain, one file a UTC day.

Layout as documented in nkaz001/hftbacktest (collector/src/file.rs). Several files of one symbol are one chain: the book
carries over the border.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lobterm.errors import FormatError
from lobterm.events import EventArray, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.messages import MessageReader

HEAD = 1 << 18
STAMP = re.compile(rb"^(\d{10}(?:\.\d+)?|\d{13}|\d{16}|\d{19}):? ", re.MULTILINE)
DEPTH_SYMBOL = re.compile(rb'"depthUpdate"[^\n]{0,200}?"s": ?"([^"\\\n]{1,40})"')


def _first_stamp(path: Path) -> int:
    """Return the first local stamp in ns, 0 for an empty file."""
    head = blocks.head(path, HEAD)
    match = STAMP.search(head)
    if match:
        return int(match[1].replace(b".", b"").ljust(19, b"0")[:19])
    if head:
        raise FormatError(
            "no line begins with a local time stamp", file=path, mend="expected `<s, ms, µs or ns since 1970> {json}`"
        )
    return 0


def _holds_one_book(paths: list[Path], symbol: str) -> bool:
    """Say whether a snapshot, which does not name its symbol, can only be this one's."""
    return {name for path in paths for name in DEPTH_SYMBOL.findall(blocks.head(path, HEAD))} <= {symbol.encode()}


def open_raw(paths: list[Path], instrument: Instrument) -> Recording:
    """Return a recording of one or more raw files of one symbol, put in order by their first stamps."""
    ordered = sorted(paths, key=lambda path: (_first_stamp(path), path.name))
    skipped: Counter[str] = Counter()
    alone = _holds_one_book(ordered, instrument.symbol)

    def chunks() -> Iterator[EventArray]:
        reader = MessageReader(instrument, skipped, file=ordered[0], nameless_snapshots=alone)
        for path in ordered:
            reader.open_file(path)
            for block in blocks.whole_lines(path, skipped):
                rows = reader.read(block)
                if len(rows):
                    yield rows
        reader.finish()

    kind = "E" if instrument.market == Market.SPOT else "T"
    source = {"layout": "raw", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in ordered]}
    return Recording(instrument, chunks(), kind, source, skipped)
