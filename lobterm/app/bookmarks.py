"""Bookmarks of a tape: times with notes, kept in a small file that is named by what the tape holds."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import msgspec

from lobterm.errors import InputError

MOST = 500
LONGEST_NOTE = 120
LARGEST = 256 * 1024
"""Bytes of a file that are read at most."""


class Bookmark(msgspec.Struct, frozen=True):
    """A time on the tape, µs, and what a person noted there."""

    ts_us: Annotated[int, msgspec.Meta(ge=0)]
    note: Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE)] = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    tape_sha256: str
    bookmarks: Annotated[list[Bookmark], msgspec.Meta(max_length=MOST)]


class Bookmarks:
    """Those of one tape, by time. Read at once; each change is written at once, whole or not at all."""

    def __init__(self, folder: Path, tape_sha256: str) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", tape_sha256):
            raise InputError(f"{tape_sha256[:70]!r} is not a hash", place="bookmarks")
        self.path, self.sha256 = folder / f"{tape_sha256}.json", tape_sha256
        self.all: tuple[Bookmark, ...] = self._read()

    def _read(self) -> tuple[Bookmark, ...]:
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise InputError("cannot be read", file=self.path, mend=str(error.strerror)) from error
        mend = "move it away to begin anew"
        if len(data) > LARGEST:
            raise InputError("is larger than any bookmarks file", file=self.path, mend=mend)
        try:
            told = msgspec.json.decode(data, type=_File)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"holds no bookmarks: {error}", file=self.path, mend=mend) from error
        if told.tape_sha256 != self.sha256:
            raise InputError("holds the bookmarks of another tape", file=self.path, mend=mend)
        return tuple(sorted(told.bookmarks, key=lambda mark: mark.ts_us))

    def put(self, ts_us: int, note: str) -> None:
        """Add a bookmark, or give the one at that time another note; raise InputError if it cannot be kept."""
        others = [mark for mark in self.all if mark.ts_us != ts_us]
        if len(others) >= MOST:
            raise InputError(f"a tape has {MOST} bookmarks at most", place="bookmarks", mend="remove some first")
        self._keep([*others, Bookmark(ts_us, note[:LONGEST_NOTE])])

    def remove(self, ts_us: int) -> None:
        """Remove the bookmark of that time."""
        self._keep([mark for mark in self.all if mark.ts_us != ts_us])

    def _keep(self, marks: list[Bookmark]) -> None:
        marks.sort(key=lambda mark: mark.ts_us)
        data = msgspec.json.encode(_File(self.sha256, marks))
        if len(data) > LARGEST:  # notes may be escaped to many times their length
            raise InputError("the notes are too long together", place="bookmarks", mend="shorten or remove some")
        beside = self.path.with_suffix(f".{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(data)
            beside.replace(self.path)
        except OSError as error:
            raise InputError("cannot be written", file=self.path, mend=str(error.strerror)) from error
        self.all = tuple(marks)
