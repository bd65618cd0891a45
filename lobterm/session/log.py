"""The session log: rows go in from any thread, one thread writes them, once a second, all or nothing.

Pull the plug at any moment and at most the last second is gone: every commit reaches the disk before the next begins. A log
that another program holds, or whose disk is full, lets its rows wait and tries again; `trouble` says so meanwhile.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import platformdirs

from lobterm.engine.rows import Marked
from lobterm.errors import LobtermError
from lobterm.session import parts, provenance, records, schema, writing
from lobterm.session.connecting import open_for_writing, words

COMMIT_EVERY_S = 1.0
MOST_WAITING = 400_000
"""Rows that may wait for the writer: then `write` waits for it, or gives the log up, but never drops rows in silence."""
AT_A_TIME = 8_000
"""Rows after which a commit comes before its second is over, so that no other process waits long."""
GRACE_S = 10.0
"""How long somebody waits for a log that another program holds."""
RETRY_S = 0.5

Rows = Mapping[str, npt.NDArray[np.void]]
Keep = Literal["full", "fills"]
"""What is kept of the rows: everything, or everything but labels and their markouts."""


def default_path(setting: str = "") -> Path:
    """Return where the log is kept: the config's `paths.sessions`, or the user's data folder."""
    if setting:
        return Path(setting).expanduser()
    return platformdirs.user_data_path("lobterm", appauthor=False) / "sessions.sqlite"


def new_session_id() -> str:
    """Return an id that sorts by time and is nobody else's."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(3)}"


@dataclass(slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], None]
    rows: int
    done: threading.Event | None = field(default=None)


class SessionLog:
    """One open log with one run at a time in it.

    `columnar`: labels, alpha ticks and markouts go to part files, which keep up with an engine that nobody paces.
    `patient`: where the writer is far behind, `write` waits for it; otherwise it gives the log up, with LobtermError.
    """

    def __init__(self, path: Path, *, keep: Keep = "full", columnar: bool = False, patient: bool = True) -> None:
        self.path, self.keep = path, keep
        self.trouble = ""
        """Why rows wait that should be on disk by now, or nothing."""
        self._columnar, self._patient = columnar, patient
        self._at_a_time = parts.AT_A_TIME if columnar else AT_A_TIME
        self._run = 0
        self._mark: writing.Mark | None = None
        self._parts: parts.PartWriter | None = None
        self._jobs: deque[_Job] = deque()
        self._batch: list[_Job] = []
        self._waiting = self._waiters = 0
        self._closing = False
        self._error: BaseException | None = None
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="session-log", daemon=True)
        self._thread.start()
        self.flush()

    def begin(self, said: Mapping[str, Any], session_id: str = "") -> str:
        """Open a run with what is known about it, and return its session id: the one given, or a new one."""
        session_id = session_id or new_session_id()
        row = provenance.run_row(said, session_id, self.keep, _wall_us())
        names = ", ".join(row)
        self._let_go()
        self._mark = writing.Mark(self.path, session_id)
        part_writer = parts.PartWriter(self.path, session_id) if self._columnar else None

        def insert(connection: sqlite3.Connection) -> None:
            marks = ", ".join("?" * len(row))
            cursor = connection.execute(f"insert into runs ({names}) values ({marks})", tuple(row.values()))
            self._run = int(cursor.lastrowid or 0)
            self._parts = part_writer

        self._put(insert, wait=True)
        return session_id

    def write(self, rows: Rows) -> None:
        """Hand over output rows by table name."""
        wanted = kept(rows, self.keep)
        n = sum(len(table) for table in wanted.values())
        if n:
            self._put(lambda connection: self._insert(connection, wanted), n)

    def overlay(self, items: Sequence[Sequence[int]]) -> None:
        """Hand over what hands did in this run, all of it: it takes the place of what was handed over before."""

        def replace(connection: sqlite3.Connection) -> None:
            connection.execute("delete from overlay where run = ?", (self._run,))
            rows = ((self._run, number, *item) for number, item in enumerate(items))
            connection.executemany(schema.OVERLAY_SQL, rows)

        self._put(replace)

    def flush(self) -> None:
        """Return once everything handed over is on disk."""
        self._put(lambda connection: None, wait=True)

    def end(self, summary: Mapping[str, Any]) -> None:
        """Close the run with what it came to."""
        text, run = msgspec.json.encode(dict(summary)).decode(), self._run

        def update(connection: sqlite3.Connection) -> None:
            connection.execute("update runs set ended_us = ?, summary = ? where run = ?", (_wall_us(), text, run))

        self._put(update, wait=True)

    def close(self) -> None:
        """Write what is left and let go of the file."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()
        self._let_go()
        self._raise_error()

    def __enter__(self) -> SessionLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _let_go(self) -> None:
        if self._mark is not None:
            self._mark.release()
            self._mark = None

    # --- both sides of the queue ---

    def _put(self, work: Callable[[sqlite3.Connection], None], rows: int = 0, *, wait: bool = False) -> None:
        job = _Job(work, rows, threading.Event() if wait else None)
        with self._wake:
            while self._waiting > MOST_WAITING and self._error is None and self._patient:
                self._waiters += 1
                self._wake.wait()
                self._waiters -= 1
            self._raise_error()
            if self._closing:
                raise LobtermError(f"{self.path}: the session log is closed")
            if self._waiting > MOST_WAITING:
                why = self.trouble or "the disk does not keep up"
                self._error = LobtermError(f"{self.path}: session log given up: {why}; lobterm session repair fills it")
                self._wake.notify_all()
                raise self._error
            self._jobs.append(job)
            self._waiting += rows
            self._wake.notify_all()
        if job.done:
            job.done.wait()
            self._raise_error()

    def _raise_error(self) -> None:
        if isinstance(self._error, LobtermError):
            raise self._error
        if self._error is not None:
            raise LobtermError(
                f"{self.path}: session log cannot be written: {words(self._error)}; what was logged before is kept"
            ) from self._error

    # --- the writer's thread ---

    def _write_all(self) -> None:
        connection = None
        try:
            connection = open_for_writing(self.path)
            while self._next_batch():
                self._commit_batch(connection)
                self._finished()
        except (sqlite3.Error, OSError, LobtermError, ValueError, TypeError, OverflowError) as error:
            self._give_up(error)
        finally:
            if connection is not None:
                connection.close()

    def _next_batch(self) -> bool:
        """Wait until a second is over, somebody waits, or enough has come. Return False once closed and done, or given up."""
        with self._wake:
            while not self._jobs and not self._closing and self._error is None:
                self._wake.wait()
            until = time.monotonic() + COMMIT_EVERY_S
            while not self._closing and self._waiting < self._at_a_time and not any(job.done for job in self._jobs):
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._wake.wait(left)
            self._batch = []
            rows = 0
            while self._jobs and rows < self._at_a_time and self._error is None:
                self._batch.append(self._jobs.popleft())
                rows += self._batch[-1].rows
            return bool(self._batch)

    def _commit_batch(self, connection: sqlite3.Connection) -> None:
        """Write the batch as one transaction; where it cannot be for now, try again until somebody cannot wait any more."""
        since = time.monotonic()
        while True:
            try:
                connection.execute("begin immediate")
                for job in self._batch:
                    job.work(connection)
                if self._parts:
                    self._parts.write(connection, self._run)
                connection.execute("commit")
            except (sqlite3.OperationalError, OSError) as error:
                if connection.in_transaction:
                    connection.execute("rollback")
                if self._parts:
                    self._parts.take_back()
                self._wait_or_raise(error, time.monotonic() - since)
            else:
                if self._parts:
                    self._parts.let_stand()
                self.trouble = ""
                return

    def _wait_or_raise(self, error: sqlite3.OperationalError | OSError, seconds: float) -> None:
        code = getattr(error, "sqlite_errorcode", None)
        is_locked = code is not None and code & 0xFF == sqlite3.SQLITE_BUSY
        if not is_locked and not _is_full(error):
            raise error
        self.trouble = f"{words(error)}; rows have waited for {seconds:.0f} s"
        with self._wake:
            pressed = self._closing or self._waiters or any(job.done for job in (*self._batch, *self._jobs))
            if self._error is not None or (pressed and (not is_locked or seconds >= GRACE_S)):
                raise error
            self._wake.wait(RETRY_S)

    def _finished(self) -> None:
        with self._wake:
            self._waiting -= sum(job.rows for job in self._batch)
            self._wake.notify_all()
        for job in self._batch:
            if job.done:
                job.done.set()

    def _give_up(self, error: BaseException) -> None:
        with self._wake:
            self._error = self._error or error
            for job in (*self._batch, *self._jobs):
                if job.done:
                    job.done.set()
            self._wake.notify_all()

    def _insert(self, connection: sqlite3.Connection, rows: Rows) -> None:
        for table, part in rows.items():
            if not len(part):
                continue
            if self._parts and table in parts.TABLES:
                self._parts.add(table, part)
            else:
                records.insert(connection, table, part, self._run)


def kept(rows: Rows, keep: Keep) -> Rows:
    """Return what is kept of output rows."""
    if keep == "full":
        return rows
    wanted = {table: part for table, part in rows.items() if table != "labels"}
    if "markouts" in wanted:
        wanted["markouts"] = wanted["markouts"][wanted["markouts"]["what"] != Marked.LABEL]
    return wanted


def _is_full(error: Exception) -> bool:
    import errno

    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def _wall_us() -> int:
    return time.time_ns() // 1_000
