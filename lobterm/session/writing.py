"""Who is writing which session: a mark that the system takes away however the process ends.

What: a writer holds a file lock beside the log for as long as its session is open; a mark that can be locked belongs to
nobody, and its session was cut off. Repair and prune leave sessions alone that are being written.
Units: none.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

SUFFIX = ".writing"


def folder(log: Path) -> Path:
    """Return the folder beside a log: its part files and its marks."""
    return log.with_name(f"{log.name}.parts")


class Mark:
    """The mark of one session that is being written."""

    def __init__(self, log: Path, session_id: str) -> None:
        self.path = folder(log) / (session_id + SUFFIX)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Take the mark away, and the folder where it was the last thing in it."""
        self.path.unlink(missing_ok=True)
        os.close(self._file)
        with suppress(OSError):
            self.path.parent.rmdir()


def being_written(log: Path) -> set[str]:
    """Return the ids of the sessions that somebody writes; clear away the marks of the dead."""
    alive = set()
    for path in folder(log).glob(f"*{SUFFIX}"):
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:
            continue  # gone, or not ours to open
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            alive.add(path.name.removesuffix(SUFFIX))
        finally:
            os.close(file)
    return alive
