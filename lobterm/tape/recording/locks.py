"""Who else records this symbol: a second recorder is told about the first, and a dead one's mark is cleared away.

What: each recorder holds a file lock for as long as it lives; the system lets go of it however the process ends, so a mark
that can be locked belongs to nobody. Two may record the same symbol: names carry the session, nothing is overwritten.
Units: wall µs.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from lobterm.errors import LobtermError
from lobterm.tape.recording.names import checked, stem

SUFFIX = ".recording"


class Other(NamedTuple):
    """A recorder at work."""

    session: str
    pid: int
    since_us: int


class Lock:
    """The mark of one recorder."""

    def __init__(self, folder: Path, symbol: str, session: str, now_us: int) -> None:
        self.path = folder / f"{stem(symbol)}_{checked(session)}{SUFFIX}"
        self._file = _taken(self.path)
        said = Other(session, os.getpid(), now_us)._asdict()
        os.write(self._file, msgspec.json.encode(said))

    def release(self) -> None:
        """Take the mark away."""
        self.path.unlink(missing_ok=True)
        os.close(self._file)


def _taken(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(file)
            raise LobtermError(f"{path}: this session is being recorded already") from error
        if path.exists() and path.stat().st_ino == os.fstat(file).st_ino:
            return file
        os.close(file)  # cleared away as dead between opening and locking


def others(folder: Path, symbol: str | None = None) -> list[Other]:
    """Return who records in this folder, or this symbol; clear away the marks of the dead."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if symbol is not None and path.name.rpartition("_")[0] != stem(symbol):
            continue
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:
            continue  # gone, or not ours to open
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            found.append(_said(path, file))
        finally:
            os.close(file)
    return found


def _said(path: Path, file: int) -> Other:
    try:
        return msgspec.json.decode(os.pread(file, 4_096, 0), type=Other)
    except msgspec.DecodeError:
        return Other(path.name.removesuffix(SUFFIX).rpartition("_")[2], 0, 0)
