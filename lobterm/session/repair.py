"""After a crash: the file made whole, what was never registered cleared away, and what the log lacks of a session filled in.

What: every commit holds all tables' rows of a stretch of events, so a log that was cut off is consistent as it stands. A live
session's recording may reach further than its log, or, cut back to its own last whole second, less far: `refill` takes the rows
that come out of the recording now, holds them against the log, and makes the log end where the recording ends.
Units: µs.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lobterm.engine.drive import Rows
from lobterm.engine.rows import HORIZONS_US, TABLES
from lobterm.errors import LobtermError
from lobterm.session import reader, records, salvage, writing
from lobterm.session.columns import columns
from lobterm.session.connecting import open_for_writing, words
from lobterm.session.log import Keep, kept

TS = {table: [column.name for column in columns(table)].index("ts") + 1 for table in TABLES}
"""Where a row's time stands among its values; the run comes first."""


@dataclass(slots=True)
class Repaired:
    """What was found and done."""

    damage: str = ""
    damaged_file: Path | None = None
    saved: dict[str, salvage.Saved] = field(default_factory=dict)
    files_removed: int = 0
    cut_off: list[reader.Run] = field(default_factory=list)  # sessions without an end that nobody writes


def repair(path: Path) -> Repaired:
    """Make the file whole, clear away part files that were never registered, and name the sessions that were cut off."""
    if not path.is_file():
        raise LobtermError(f"{path}: no such file; a replay or a live run makes a session log")
    busy = writing.being_written(path)
    found = Repaired(damage=salvage.is_damaged(path))
    if found.damage:
        if busy:
            raise LobtermError(f"{path}: damaged, and session {min(busy)} is being written; end it first")
        found.saved, found.damaged_file = salvage.salvage(path)
    with reader.opened(path) as connection:
        found.files_removed = _remove_unregistered(connection, path, busy)
        ids = [row["session_id"] for row in connection.execute("select session_id from runs where ended_us is null")]
        found.cut_off = [reader.run(connection, path, session_id) for session_id in ids if session_id not in busy]
    return found


def _remove_unregistered(connection: sqlite3.Connection, path: Path, busy: set[str]) -> int:
    registered = {row["file"] for row in connection.execute("select file from parts")}
    removed = 0
    for folder in (folder for folder in writing.folder(path).glob("*") if folder.is_dir() and folder.name not in busy):
        for file in folder.iterdir():
            if f"{folder.name}/{file.name}" not in registered:
                file.unlink()
                removed += 1
        if not any(folder.iterdir()):
            folder.rmdir()
    return removed


@dataclass(frozen=True, slots=True)
class Refilled:
    """Rows that were added and taken away, by table."""

    added: dict[str, int]
    removed: dict[str, int]


def refill(path: Path, session_id: str, rows: Iterable[Rows], end_us: Callable[[], int]) -> Refilled:
    """Make the log of a session end where its recording does, and close it; all of it or nothing.

    `rows`: all that comes out of the recording, from its beginning to `drive.finish`; `end_us`: asked when they are
    through, the time of the recording's last row. Logged rows that differ although the recording holds their time are
    no torn end: LobtermError, and nothing is touched.
    """
    busy = writing.being_written(path)
    if session_id in busy:
        raise LobtermError(f"{path}: session {session_id} is being written; end it first")
    with contextlib.closing(open_for_writing(path)) as connection:
        try:
            connection.execute("begin immediate")
            run, keep = _which(connection, path, session_id)
            tables = {table: _Table(connection, table, run) for table in TABLES}
            for drained in rows:
                for table, part in kept(drained, keep).items():
                    tables[table].add(part)
            end = end_us()
            for one in tables.values():
                one.end(end)
            summary = {"repaired": True, "last_ts_us": end}
            sql = "update runs set ended_us = ?, summary = ? where run = ?"
            connection.execute(sql, (end, json.dumps(summary), run))
            connection.execute("commit")
        except sqlite3.Error as error:
            raise LobtermError(f"{path}: session {session_id} cannot be repaired: {words(error)}") from error
        return Refilled(
            {name: table.added for name, table in tables.items()},
            {name: table.removed for name, table in tables.items()},
        )


def _which(connection: sqlite3.Connection, path: Path, session_id: str) -> tuple[int, Keep]:
    found = connection.execute("select run, kept from runs where session_id = ?", (session_id,)).fetchone()
    if found is None:
        raise LobtermError(f"{path}: no session {session_id}")
    run, keep = found
    if connection.execute("select count(*) from parts where run = ?", (run,)).fetchone()[0]:
        raise LobtermError(f"{path}: session {session_id} is a replay at full speed: run it again instead")
    return int(run), keep


class _Table:
    """One table of the session beside what comes out now."""

    def __init__(self, connection: sqlite3.Connection, table: str, run: int) -> None:
        self.added = self.removed = 0
        self._connection, self._table, self._run = connection, table, run
        sql = f"select rowid, * from [{table}] where run = ? order by rowid"
        self._logged: Iterator[tuple[Any, ...]] | None = connection.execute(sql, (run,))
        self._removed_from: int | None = None  # time of the first row that was taken away

    def add(self, part: Any) -> None:
        """Hold the next rows against the log; what it lacks, or has otherwise, is put in."""
        same = 0
        if self._logged is not None:
            for values in records.values(self._table, part, self._run) if len(part) else ():
                logged = next(self._logged, None)
                if logged is None or logged[1:] != tuple(values):
                    self._cut(logged)
                    break
                same += 1
        if self._logged is None and len(part) > same:
            records.insert(self._connection, self._table, part[same:], self._run)
            self.added += len(part) - same

    def end(self, end_us: int) -> None:
        """Take away what the recording does not reach; raise LobtermError if it does reach what differs."""
        if self._logged is not None:
            self._cut(next(self._logged, None))
        if self._removed_from is not None and self._removed_from <= end_us:
            raise LobtermError(
                f"{self._table} of the session hold other rows than its recording gives; nothing was changed: "
                "lobterm session verify names the first"
            )

    def _cut(self, logged: tuple[Any, ...] | None) -> None:
        """Remove the log's rows from this one on."""
        self._logged = None
        if logged is None:
            return
        # a markout stands in the log only once its last horizon has passed
        later = HORIZONS_US[-1] if self._table == "markouts" else 0
        self._removed_from = logged[1 + TS[self._table]] + later
        sql = f"delete from [{self._table}] where run = ? and rowid >= ?"
        self.removed = self._connection.execute(sql, (self._run, logged[0])).rowcount
