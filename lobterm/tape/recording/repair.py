"""A torn recording is cut back to the last whole second; the files of one day to the last beat that both of them hold.

What: a recording is torn when its process was killed or the power went: its last frame is not whole, or one market's file
lacks the beat that the other's has. Nothing but the end is ever cut, a whole file is never touched, and a cut file is written
beside the old one, brought to disk, and put in its place in one step. Damage with whole frames after it is no torn end: that
is told and left alone.
Units: bytes; local µs.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import zstandard

from lobterm.errors import FormatError, InputError
from lobterm.tape.importers.blocks import MAGIC
from lobterm.tape.recording import locks, names
from lobterm.tape.recording.recorder import LEVEL
from lobterm.wire import control

READ = 1 << 20
COPY = 1 << 22
BEAT = re.compile(
    rb"^\d{19} " + re.escape(control.PREFIX) + rb'beat","data":\{"e":"beat","n":(\d{1,15})\}\}\n', re.MULTILINE
)


@dataclass(slots=True)
class Mark:
    """Where a beat stands: its frame, and how much of the frame's text ends with it."""

    frame: int
    frame_stop: int
    text: int
    is_last: bool  # of its frame


@dataclass(slots=True)
class Scanned:
    """What a file holds."""

    path: Path
    size: int
    whole_to: int = 0  # where the last whole frame ends
    last_us: int = 0  # of the last line in a whole frame
    ends_with: int = -1  # the beat that is its very last line, -1 if it is another line
    beats: dict[int, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one file."""

    path: Path
    cut_bytes: int  # 0: it was whole and was not touched
    last_us: int  # of the last line that is left, 0 if none is


def repair(paths: Sequence[Path], progress: Callable[[int], None] | None = None) -> list[Repaired]:
    """Mend files and the files of the same day and session beside them; say what was cut."""
    groups: dict[tuple[Path, str], dict[Path, None]] = defaultdict(dict)
    for path in paths:
        name = names.parse(path)
        if name is None or not path.is_file():
            raise InputError("is not a recording of lobterm" if path.is_file() else "no such file", file=path)
        day = f"{name.symbol} {name.day} {name.session}"
        for other in names.MARKETS:
            beside = path.with_name(str(names.RecordingName(name.symbol, name.session, name.day, other)))
            if beside.is_file():
                groups[path.parent, day][beside] = None
        if name.session in {other.session for other in locks.others(path.parent, name.symbol)}:
            raise InputError("is being recorded", file=path, mend="stop its session first")
    return [done for files in groups.values() for done in _mend([scan(path, progress) for path in files])]


def scan(path: Path, progress: Callable[[int], None] | None = None) -> Scanned:
    """Return what a file holds; raise FormatError where it is damaged before its end."""
    found = Scanned(path, path.stat().st_size)
    with path.open("rb") as file:
        while (text := _frame(file, found)) is not None:
            _note(found, file.tell(), text)
            if progress:
                progress(found.whole_to)
        if found.whole_to < found.size:
            _refuse_damage(file, found)
    return found


def _frame(file: BinaryIO, found: Scanned) -> bytes | None:
    """Return the text of the frame that begins where the last whole one ended, and stand behind it; None for no whole one."""
    file.seek(found.whole_to)
    unpack = zstandard.ZstdDecompressor().decompressobj()
    parts = []
    while packed := file.read(READ):
        try:
            parts.append(unpack.decompress(packed))
        except zstandard.ZstdError:
            return None
        if unpack.eof:
            file.seek(file.tell() - len(unpack.unused_data))
            return b"".join(parts)
    return None


def _note(found: Scanned, stop: int, text: bytes) -> None:
    start, found.whole_to = found.whole_to, stop
    found.ends_with = -1
    for match in BEAT.finditer(text):
        is_last = match.end() == len(text)
        found.beats[int(match[1])] = Mark(start, stop, match.end(), is_last)
        found.ends_with = int(match[1]) if is_last else -1
    last = text.rfind(b"\n", 0, -1) + 1
    if text[last : last + 19].isdigit():
        found.last_us = int(text[last : last + 19]) // 1_000


def _refuse_damage(file: BinaryIO, found: Scanned) -> None:
    """Raise FormatError if a whole frame stands behind what cannot be read: then it is not the end that is torn."""
    file.seek(found.whole_to + 1)
    rest = file.read()
    at = rest.find(MAGIC["zst"])
    while at >= 0:
        later = Scanned(found.path, found.size, found.whole_to + 1 + at)
        if _frame(file, later):
            where = f"bytes {found.whole_to:,} to {later.whole_to:,}"
            raise FormatError(
                "is damaged in its middle", file=found.path, place=where, mend="what is before can be imported"
            )
        at = rest.find(MAGIC["zst"], at + 1)


def _mend(files: list[Scanned]) -> list[Repaired]:
    """Cut the files of one day to a common point."""
    common = set.intersection(*(set(file.beats) for file in files)) if len(files) > 1 else set()
    beat = max(common, default=-1)
    return [_cut(file, beat if len(files) > 1 else None) for file in files]


def _cut(file: Scanned, beat: int | None) -> Repaired:
    """Cut a file after a beat, -1 for none that is common; None: after its last whole frame."""
    if beat is None or (beat >= 0 and file.ends_with == beat):
        if file.whole_to == file.size:
            return Repaired(file.path, 0, file.last_us)
        return _rewrite(file, file.whole_to, b"", file.last_us)
    if beat < 0 and file.size == 0:
        return Repaired(file.path, 0, 0)
    if beat < 0:
        return _rewrite(file, 0, b"", 0)
    mark = file.beats[beat]
    text = _text(file.path, mark)
    last = text.rfind(b"\n", 0, -1) + 1
    last_us = int(text[last : last + 19]) // 1_000
    if mark.is_last:
        return _rewrite(file, mark.frame_stop, b"", last_us)
    return _rewrite(file, mark.frame, text, last_us)


def _text(path: Path, mark: Mark) -> bytes:
    with path.open("rb") as file:
        return (_frame(file, Scanned(path, 0, mark.frame)) or b"")[: mark.text]


def _rewrite(file: Scanned, keep: int, text: bytes, last_us: int) -> Repaired:
    """Put in a file's place its first `keep` bytes, and `text` as one more frame."""
    tail = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(text) if text else b""
    part = file.path.with_name(f".{file.path.name}.{os.getpid()}.part")
    try:
        with file.path.open("rb") as old, part.open("xb") as new:
            left = keep
            while left and (data := old.read(min(COPY, left))):
                new.write(data)
                left -= len(data)
            new.write(tail)
            new.flush()
            os.fsync(new.fileno())
        part.replace(file.path)
        folder = os.open(file.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        part.unlink(missing_ok=True)
    return Repaired(file.path, file.size - keep - len(tail), last_us)
