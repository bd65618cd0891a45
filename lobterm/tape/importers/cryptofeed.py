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
from lobterm.tape.importers.messages import MessageReader, has_raw_trades

ANSWER = re.compile(rb"^(https?://\S+) -> (\d{10}(?:\.\d+)?): (\{.*)$", re.DOTALL)
FRAME = re.compile(rb"^\d{10}(?:\.\d+)?: \{")


def is_capture(head: bytes) -> bool:
    """Say whether a file's beginning is of this layout."""
    first = head.split(b"\n", 1)[0]
    return b" <-> " in first[:4096] or b" -> " in first[:400] or FRAME.match(first) is not None


def _lines(paths: list[Path], symbol: str, skipped: Counter[str]) -> list[tuple[float, bytes]]:
    """Return frames and the symbol's snapshots by local stamp, as lines the message reader understands."""
    wanted = re.compile(rb"/depth\?.*\bsymbol=" + re.escape(symbol.encode()) + rb"\b")
    found = []
    for path in paths:
        for block in blocks.whole_lines(path, skipped):
            for line in block.split(b"\n"):
                if FRAME.match(line):
                    found.append((float(line.split(b":", 1)[0]), line))
                elif answer := ANSWER.match(line):
                    if wanted.search(answer[1]):
                        found.append((float(answer[2]), answer[2] + b": " + answer[3]))
                    else:
                        skipped["other_rest_answer"] += 1
                elif line and b" <-> " not in line:
                    skipped["bad_stamp"] += 1
    return sorted(found, key=lambda entry: entry[0])


def open_cryptofeed(paths: list[Path], instrument: Instrument) -> Recording:
    """Return the recording of one symbol from frame and answer files given together."""
    skipped: Counter[str] = Counter()

    def chunks() -> Iterator[EventArray]:
        text = b"".join(line + b"\n" for _, line in _lines(paths, instrument.symbol, skipped))
        reader = MessageReader(instrument, skipped, raw_trades=has_raw_trades(text), file=paths[0])
        rows = reader.read(text)
        if len(rows):
            yield rows

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
        except msgspec.DecodeError:
            continue
        if isinstance(data, dict) and isinstance(data.get("symbols"), list):
            return dict(_sizes(data["symbols"]))
    raise FormatError("holds no exchangeInfo", file=path, mend="save the answer of GET /fapi/v1/exchangeInfo")


def _sizes(symbols: list[Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for entry in symbols:
        filters = {f.get("filterType"): f for f in entry.get("filters", ())}
        tick, lot = filters.get("PRICE_FILTER", {}).get("tickSize"), filters.get("LOT_SIZE", {}).get("stepSize")
        if tick and lot:
            yield str(entry.get("symbol")), (tick, lot)
