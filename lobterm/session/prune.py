"""Which sessions may go: by number and age, oldest first; never what is pinned, cut off, or being written.

Units: days of 86,400 s; wall µs.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from lobterm.engine.rows import TABLES
from lobterm.errors import LobtermError
from lobterm.session import reader, writing
from lobterm.session.connecting import open_for_writing, words

DAY_US = 86_400_000_000


class Kept(NamedTuple):
    """A session that would have to go, and why it stays."""

    session_id: str
    reason: str


class Plan(NamedTuple):
    """What would be deleted, oldest first, and what should be but is kept."""

    delete: tuple[str, ...]
    kept: tuple[Kept, ...]


def plan(
    path: Path, now_us: int, *, keep: int | None = None, most_days: float | None = None, named: Sequence[str] = ()
) -> Plan:
    """Return what must go so that at most `keep` sessions are left and none is older than `most_days`; and the `named` ones."""
    with reader.opened(path) as connection:
        rows = connection.execute(
            "select session_id, started_us, ended_us, pinned from runs order by session_id"
        ).fetchall()
        asked = {reader.find(connection, path, wanted)["session_id"] for wanted in named}
    busy = writing.being_written(path)
    delete, kept = [], []
    for number, row in enumerate(rows):
        is_old = most_days is not None and now_us - row["started_us"] > most_days * DAY_US
        is_over = keep is not None and number < len(rows) - keep
        if not (is_old or is_over or row["session_id"] in asked):
            continue
        reason = _reason(row, busy, is_named=row["session_id"] in asked)
        if reason:
            kept.append(Kept(row["session_id"], reason))
        else:
            delete.append(row["session_id"])
    return Plan(tuple(delete), tuple(kept))


def _reason(row: sqlite3.Row, busy: set[str], *, is_named: bool) -> str:
    if row["session_id"] in busy:
        return "is being written"
    if row["pinned"]:
        return "is pinned"
    if row["ended_us"] is None and not is_named:
        return "was cut off: repair it, or name it"
    return ""


def needed(path: Path) -> Callable[[str], str]:
    """Return what tells, by session id, why its recording must stay: "" if the log does not need it."""
    with reader.opened(path) as connection:
        rows = {row["session_id"]: row for row in connection.execute("select session_id, ended_us, pinned from runs")}
    busy = writing.being_written(path)

    def why(session_id: str) -> str:
        row = rows.get(session_id)
        return "" if row is None else _reason(row, busy, is_named=False)

    return why


def prune(path: Path, planned: Plan, progress: Callable[[int, int], None] | None = None) -> int:
    """Delete what was planned, each session whole or not at all; return the bytes that the disk has got back."""
    before = _size(path)
    with contextlib.closing(open_for_writing(path)) as connection:
        for number, session_id in enumerate(planned.delete):
            try:
                _delete(connection, session_id)
            except sqlite3.Error as error:
                raise LobtermError(f"{path}: session {session_id} cannot be deleted: {words(error)}") from error
            shutil.rmtree(writing.folder(path) / session_id, ignore_errors=True)
            if progress:
                progress(number + 1, len(planned.delete))
        if planned.delete and not writing.being_written(path):
            # whoever opens the log meanwhile is let go first: the space then serves the next sessions
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
    return max(0, before - _size(path))


def _delete(connection: sqlite3.Connection, session_id: str) -> None:
    connection.execute("begin immediate")
    (run,) = connection.execute("select run from runs where session_id = ?", (session_id,)).fetchone()
    for table in (*TABLES, "parts", "overlay", "runs"):
        connection.execute(f"delete from [{table}] where run = ?", (run,))
    connection.execute("commit")


def _size(path: Path) -> int:
    files = [path, path.with_name(path.name + "-wal"), *writing.folder(path).glob("*/*")]
    return sum(file.stat().st_size for file in files if file.is_file())


def pin(path: Path, wanted: str, *, pinned: bool) -> str:
    """Keep a session until it is let go, or let it go; return its id."""
    with reader.opened(path) as connection:
        session_id: str = reader.find(connection, path, wanted)["session_id"]
    with contextlib.closing(open_for_writing(path)) as connection:
        connection.execute("update runs set pinned = ? where session_id = ?", (int(pinned), session_id))
    return session_id
