"""Recorded bytes in blocks of whole lines, whatever they are packed in; a torn end yields all that was whole."""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import zstandard

from lobterm.errors import FormatError

READ = 1 << 16
BLOCK = 1 << 21
LINE_LIMIT = 1 << 23
PIECE_LINES = 4096

NAMES = {"gz": "gzip", "zst": "zstd"}
MAGIC = {"gz": b"\x1f\x8b", "zst": b"\x28\xb5\x2f\xfd"}


UNPACKERS: dict[str, Callable[[], Any]] = {
    "gz": lambda: zlib.decompressobj(31),
    "zst": lambda: zstandard.ZstdDecompressor().decompressobj(),
}


def _packed(file: BinaryIO, packing: str, skipped: Counter[str]) -> Iterator[bytes]:
    """Yield the content of packed parts, one after the other; count an end that is torn or damaged."""
    unpack = UNPACKERS[packing]()
    while packed := file.read(READ):
        while packed:
            if unpack.eof:
                unpack = UNPACKERS[packing]()
            try:
                data = unpack.decompress(packed)
            except (zlib.error, zstandard.ZstdError):
                skipped[f"damaged_{packing}"] += 1
                return
            packed = unpack.unused_data
            yield data
    if not unpack.eof:
        skipped[f"truncated_{packing}"] += 1


def _packing(file: BinaryIO, path: Path) -> str:
    """Return how a file is packed, by its first bytes; its name may not say otherwise."""
    first = file.read(4)
    file.seek(0)
    named = path.suffix.lstrip(".").lower()
    for packing, magic in MAGIC.items():
        if first.startswith(magic) or (named == packing and not first):
            return packing
        if named == packing:
            raise FormatError(f"is not {NAMES[packing]}", file=path, mend="was it renamed or already unpacked?")
    return ""


def unpacked(path: Path, skipped: Counter[str]) -> Iterator[bytes]:
    """Yield the content of a plain, .gz or .zst file; what is torn is counted in `skipped`."""
    try:
        with path.open("rb") as file:
            packing = _packing(file, path)
            if packing:
                yield from _packed(file, packing, skipped)
            else:
                while data := file.read(BLOCK):
                    yield data
    except OSError as error:
        raise FormatError("cannot be read", file=path, mend=str(error.strerror or error)) from error


def whole_lines(path: Path, skipped: Counter[str]) -> Iterator[bytes]:
    """Yield blocks that end at a line's end. Of a torn file the last, partial line is left out with the rest."""
    held: list[bytes] = []
    size = 0
    torn: Counter[str] = Counter()
    for data in unpacked(path, torn):
        cut = data.rfind(b"\n") + 1 if size + len(data) >= BLOCK else 0
        if cut:
            held.append(data[:cut])
            yield b"".join(held)
            held, size = [], 0
        held.append(data[cut:])
        size += len(data) - cut
        if size > LINE_LIMIT and not any(b"\n" in part for part in held):
            raise FormatError("holds a line of more than 8 MiB", file=path, mend="this is not a recording of messages")
    rest = b"".join(held)
    if torn:
        rest = rest[: rest.rfind(b"\n") + 1]
        skipped.update(torn)
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def head(path: Path, size: int) -> bytes:
    """Return the first `size` bytes of a file's content, or all of a shorter one."""
    held = b""
    for data in unpacked(path, Counter()):
        held += data
        if len(held) >= size:
            break
    return held[:size]


class Line(NamedTuple):
    """One line of a file, its end included, with the local time it is merged by and the number it stands at."""

    local: float
    path: Path
    number: int
    text: bytes


class Piece(NamedTuple):
    """Lines that follow each other in one file; blank ones stand for those that were left out."""

    path: Path
    first: int
    data: bytes


def merged(sources: list[Iterator[Line]]) -> Iterator[Piece]:
    """Yield the lines of several files by local time, in pieces that remember where they stand."""
    held: list[bytes] = []
    path, first, following = Path(), 0, 0
    for line in heapq.merge(*sources, key=lambda line: line.local):
        near = line.path == path and following <= line.number < following + PIECE_LINES
        if held and (not near or len(held) >= PIECE_LINES):
            yield Piece(path, first, b"".join(held))
            held = []
        if not held:
            path, first, following = line.path, line.number, line.number
        held += [b"\n" * (line.number - following), line.text]
        following = line.number + 1
    if held:
        yield Piece(path, first, b"".join(held))
