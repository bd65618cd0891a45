"""The capture layout of cryptofeed: `<seconds>: <json>` frames of many symbols, REST answers in files of their own.

REST answers stand as `<url> -> <seconds>: <json>`; those of depth are snapshots of the symbol in their URL. The first
line of a frame file names the socket. Layout as found in bmoscon/cryptofeed's sample captures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from lobterm.errors import FormatError
from lobterm.events import EventArray, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.blocks import Line
from lobterm.tape.importers.messages import MessageReader

ANSWER = re.compile(rb"^(https?://\S+) -> (\d{10}(?:\.\d+)?): ?(\{.*)$", re.DOTALL)
FRAME = re.compile(rb"^(\d{10}(?:\.\d+)?): ?\{")
SOCKET = re.compile(rb"^wss?://[^\n]* <-> \d{10}(?:\.\d+)?\r?\n?$")
SNAPSHOT_PATH = rb"/depth\?(?:.*&)?symbol=%b(?:&|$)"


def is_capture(head: bytes) -> bool:
    """Say whether a file's beginning is of this layout."""
    first = head.split(b"\n", 1)[0]
    return b" <-> " in first[:4096] or b" -> " in first[:400] or FRAME.match(first) is not None


def _lines(path: Path, symbol: bytes, skipped: Counter[str]) -> Iterator[Line]:
    """Yield a file's frames and its snapshots of one symbol, each as a frame."""
    snapshot = re.compile(SNAPSHOT_PATH % re.escape(symbol))
    number = 0
    for block in blocks.whole_lines(path, skipped):
        for number, line in enumerate(block.splitlines(), number + 1):  # noqa: B020  (goes on across blocks)
            if frame := FRAME.match(line):
                yield Line(float(frame[1]), path, number, line + b"\n")
            elif answer := ANSWER.match(line):
                if snapshot.search(answer[1]):
                    yield Line(float(answer[2]), path, number, b"%b: %b\n" % (answer[2], answer[3]))
                else:
                    skipped["other_rest_answer"] += 1
            elif line and not SOCKET.match(line):
                skipped["bad_stamp"] += 1


def open_cryptofeed(paths: list[Path], instrument: Instrument) -> Recording:
    """Return the recording of one symbol from frame and answer files given together."""
    skipped: Counter[str] = Counter()

    def chunks() -> Iterator[EventArray]:
        symbol = instrument.symbol.encode()
        reader = MessageReader(instrument, skipped, file=paths[0])
        for piece in blocks.merged([_lines(path, symbol, skipped) for path in paths]):
            reader.open_file(piece.path, piece.first)
            rows = reader.read(piece.data)
            if len(rows):
                yield rows
        reader.finish()

    kind = "E" if instrument.market == Market.SPOT else "T"
    source = {"layout": "cryptofeed", "files": [{"name": p.name, "bytes": p.stat().st_size} for p in paths]}
    return Recording(instrument, chunks(), kind, source, skipped)


def exchange_info_sizes(path: Path) -> dict[str, tuple[str, str]]:
    """Return {symbol: (tick, lot)} from an exchangeInfo answer, bare or in this layout."""
    text = b"".join(blocks.unpacked(path, Counter()))
    candidates = [text, *(answer[3] for line in text.split(b"\n") if (answer := ANSWER.match(line)))]
    for candidate in candidates:
        try:
            data: Any = msgspec.json.decode(candidate)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(data, dict) and isinstance(data.get("symbols"), list):
            return dict(_sizes(data["symbols"]))
    raise FormatError("holds no exchangeInfo", file=path, mend="save the answer of GET /fapi/v1/exchangeInfo")


def _sizes(symbols: list[Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for entry in symbols:
        if not isinstance(entry, dict) or not isinstance(entry.get("filters"), list):
            continue
        filters = {f.get("filterType"): f for f in entry["filters"] if isinstance(f, dict)}
        tick, lot = filters.get("PRICE_FILTER", {}).get("tickSize"), filters.get("LOT_SIZE", {}).get("stepSize")
        if isinstance(tick, str) and isinstance(lot, str):
            yield str(entry.get("symbol")), (tick, lot)
