"""Recorded bytes in blocks of whole lines, whatever they are packed in; a torn end yields all that was whole."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from lobterm.errors import FormatError

READ = 1 << 20
BLOCK = 1 << 23
LINE_LIMIT = 1 << 24


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise FormatError("cannot be read", file=path, mend=str(error.strerror)) from error


def _gz(file: BinaryIO, path: Path, skipped: Counter[str]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(31)
    began = fresh = False
    while packed := file.read(READ):
        while packed:
            try:
                data = unpack.decompress(packed, BLOCK)
            except zlib.error as error:
                if not began:
                    raise FormatError("is not gzip", file=path, mend="was it renamed?") from error
                skipped["damaged_gz"] += 1
                return
            began = fresh = True
            yield data
            packed = unpack.unconsumed_tail
            if unpack.eof:
                packed, unpack, fresh = unpack.unused_data, zlib.decompressobj(31), False
    if fresh:
        skipped["truncated_gz"] += 1


def _zst(file: BinaryIO, path: Path, skipped: Counter[str]) -> Iterator[bytes]:
    began = False
    with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader:
        while True:
            try:
                data = reader.read(READ)
            except zstandard.ZstdError as error:
                if not began:
                    raise FormatError("is not zstd", file=path, mend="was it renamed?") from error
                skipped["damaged_zst"] += 1
                return
            if not data:
                return
            began = True
            yield data


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(READ):
        yield data


def unpacked(path: Path, skipped: Counter[str]) -> Iterator[bytes]:
    """Yield the content of a plain, .gz or .zst file; what is torn is counted in `skipped`."""
    with _open(path) as file:
        if path.suffix == ".gz":
            yield from _gz(file, path, skipped)
        elif path.suffix == ".zst":
            yield from _zst(file, path, skipped)
        else:
            yield from _plain(file)


def whole_lines(path: Path, skipped: Counter[str]) -> Iterator[bytes]:
    """Yield blocks that end at a line's end; a last line without its end gets one."""
    held: list[bytes] = []
    size = 0
    for data in unpacked(path, skipped):
        held.append(data)
        size += len(data)
        if size < BLOCK:
            continue
        block = b"".join(held)
        cut = block.rfind(b"\n") + 1
        if cut == 0 and size > LINE_LIMIT:
            raise FormatError("a line is longer than 16 MiB", file=path, mend="this is not a recording of messages")
        if cut:
            yield block[:cut]
        held, size = [block[cut:]], len(block) - cut
    rest = b"".join(held)
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
