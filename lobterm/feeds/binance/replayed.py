"""A recording read back: the rows that its session handed to its ring, bit for bit, from lines alone.

What: files are grouped by session and put in order by what their `hello` says; both markets are merged by their stamps; each
session has a decoder of its own, as it had live. A pure function of the lines.
Units: rows as events.EVENT; stamps in ns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lobterm import __version__
from lobterm.errors import FormatError, InputError
from lobterm.events import EventArray, Market
from lobterm.feeds.binance.decoder import Decoder
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.parquet import TapeMeta, write_tape
from lobterm.wire import control

HEAD = 1 << 16
STAMP = 19
EXCH_TS_KIND = {int(Market.PERP): "T", int(Market.SPOT): "E"}


@dataclass(slots=True)
class RecordedSession:
    """The files of one session, by market, in the order of its days."""

    hello: control.Hello
    files: dict[Market, list[Path]]

    @property
    def instruments(self) -> list[Instrument]:
        """Return the session's markets."""
        return [Instrument.from_json(_sizes(sizes)) for sizes in self.hello.instruments]


@dataclass(slots=True)
class Reading:
    """Sessions as one stream of rows. `skipped` grows while `chunks` are consumed."""

    sessions: list[RecordedSession]
    chunks: Iterator[EventArray]
    skipped: Counter[str] = field(default_factory=Counter)


def hello_of(path: Path) -> control.Hello | None:
    """Return a recording's first line, None for a file that is not a recording of ours."""
    first, _, _ = blocks.head(path, HEAD).partition(b"\n")
    stamp, _, text = first.partition(b" ")
    event = control.decode(text) if len(stamp) == STAMP and stamp.isdigit() else None
    return event if isinstance(event, control.Hello) else None


def sessions_in(paths: Sequence[Path]) -> list[RecordedSession]:
    """Return the sessions that files belong to, in the order in which they began.

    Raise InputError for a file that is no recording of ours, for one named twice, and for a chain with a missing part.
    """
    by_session: dict[str, dict[Market, dict[int, tuple[Path, control.Hello]]]] = {}
    for path in paths:
        hello = hello_of(path)
        if hello is None:
            raise InputError("is not a recording of lobterm, or lost its beginning", file=path)
        parts = by_session.setdefault(hello.session, {}).setdefault(Market(hello.market), {})
        if hello.part in parts:
            raise InputError("holds the same part", file=path, mend=f"{parts[hello.part][0]} is named already")
        parts[hello.part] = (path, hello)
    return [_session(markets) for _, markets in sorted(by_session.items())]


def _session(markets: dict[Market, dict[int, tuple[Path, control.Hello]]]) -> RecordedSession:
    numbers = sorted({part for parts in markets.values() for part in parts})
    wanted = range(numbers[0], numbers[-1] + 1)
    for market, parts in markets.items():
        missing = sorted(set(wanted) - set(parts))
        if missing:
            file, hello = next(iter(parts.values()))
            what = f"part {missing[0]} of session {hello.session} is missing ({market.name.lower()})"
            raise InputError(what, file=file, mend="name all files of the session's days")
    first = markets.get(Market.PERP) or next(iter(markets.values()))
    files = {market: [parts[part][0] for part in wanted] for market, parts in markets.items()}
    return RecordedSession(first[numbers[0]][1], files)


def read_recording(paths: Sequence[Path]) -> Reading:
    """Return the rows of one or more sessions' files, named in any order."""
    reading = Reading(sessions_in(paths), iter(()))
    reading.chunks = _chunks(reading)
    return reading


def import_recording(paths: Sequence[Path], out: Path, progress: Callable[[int], None] | None = None) -> TapeMeta:
    """Write the tape of a recording; return what it says of itself."""
    reading = read_recording(paths)
    instruments = list(dict.fromkeys(i for session in reading.sessions for i in session.instruments))
    if len({(i.market, i.symbol) for i in instruments}) < len(instruments) or len({i.symbol for i in instruments}) > 2:
        raise InputError("sessions of several symbols or sizes", file=paths[0], mend="import them one by one")
    sources = [
        {
            "layout": "recording",
            "session": session.hello.session,
            "market": int(market),
            "files": [{"name": path.name, "bytes": path.stat().st_size} for path in files],
        }
        for session in reading.sessions
        for market, files in session.files.items()
    ]

    def watched() -> Iterator[EventArray]:
        rows = 0
        for chunk in reading.chunks:
            yield chunk
            rows += len(chunk)
            if progress:
                progress(rows)

    return write_tape(
        out, instruments, watched(), exch_ts_kind={int(i.market): EXCH_TS_KIND[int(i.market)] for i in instruments},
        skipped=reading.skipped, provenance={"importer": __version__, "sources": sources},
    )  # fmt: skip


def _sizes(sizes: control.InstrumentSizes) -> dict[str, object]:
    return {name: getattr(sizes, name) for name in sizes.__struct_fields__}


def _chunks(reading: Reading) -> Iterator[EventArray]:
    last_us = 0
    for session in reading.sessions:
        instruments = {instrument.market: instrument for instrument in session.instruments}
        if Market.PERP not in instruments:
            raise InputError("names no perpetual", file=next(iter(session.files.values()))[0])
        decoder = Decoder(instruments[Market.PERP], instruments.get(Market.SPOT))
        for perp, spot in _together(session.files, reading.skipped):
            rows = decoder.read(perp, spot)
            if not len(rows):
                continue
            if rows["ts"][0] < last_us:
                raise InputError(f"session {session.hello.session} began before the one before it had ended")
            last_us = int(rows["ts"][-1])
            yield rows
        reading.skipped.update(decoder.skipped)


class _Lines:
    """One market's lines, file after file, handed out up to a stamp."""

    def __init__(self, paths: list[Path], skipped: Counter[str]) -> None:
        self._blocks = (block for path in paths for block in self._of(path, skipped))
        self._path = paths[0] if paths else Path()
        self._held = b""
        self.last_ns = 0  # of what is held
        self.fill()

    def _of(self, path: Path, skipped: Counter[str]) -> Iterator[bytes]:
        self._path = path
        yield from blocks.whole_lines(path, skipped)

    @property
    def ended(self) -> bool:
        """Say whether nothing is left."""
        return not self._held

    def fill(self) -> None:
        """Hold something again."""
        if not self._held:
            self._held = next(self._blocks, b"")
            self.last_ns = self._stamp(self._held.rfind(b"\n", 0, -1) + 1) if self._held else 1 << 62

    def take(self, ns: int) -> bytes:
        """Remove and return the lines stamped at or before `ns`."""
        if ns >= self.last_ns:
            taken, self._held = self._held, b""
            return taken
        low, high = 0, len(self._held)  # both where a line begins
        while low < high:
            middle = self._held.rfind(b"\n", low, (low + high) // 2) + 1 or low
            if self._stamp(middle) <= ns:
                low = self._held.index(b"\n", middle) + 1
            else:
                high = middle
        taken, self._held = self._held[:low], self._held[low:]
        return taken

    def _stamp(self, at: int) -> int:
        digits = self._held[at : at + STAMP]
        if not digits.isdigit():
            raise FormatError("a line begins without its stamp", file=self._path, mend="this is not what was recorded")
        return int(digits)


def _together(files: dict[Market, list[Path]], skipped: Counter[str]) -> Iterator[tuple[bytes, bytes]]:
    """Yield both markets' lines of the same spans of time."""
    perp, spot = (_Lines(files.get(market, []), skipped) for market in (Market.PERP, Market.SPOT))
    while not (perp.ended and spot.ended):
        ns = min(perp.last_ns, spot.last_ns)
        yield perp.take(ns), spot.take(ns)
        perp.fill()
        spot.fill()
