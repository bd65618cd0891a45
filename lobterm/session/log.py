"""The session log: rows go in from any thread, one thread writes them, once a second, all or nothing.

Pull the plug at any moment and at most the last second is gone: every commit reaches the disk before the next begins.
"""

from __future__ import annotations

import contextlib
import json
import platform
import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from lobterm.errors import InputError, LobtermError
from lobterm.session import records, schema

COMMIT_EVERY_S = 1.0
MOST_WAITING = 400_000
"""Rows that may wait for the writer: then `write` waits for it, for rows are never dropped."""
AT_A_TIME = 8_000
"""Rows after which a commit comes before its second is over, so that no other process waits long."""
BUSY_MS = 10_000

Rows = Mapping[str, npt.NDArray[np.void]]


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
    """One open log with one run at a time in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._run = 0
        self._jobs: deque[_Job] = deque()
        self._batch: list[_Job] = []
        self._waiting = 0
        self._closing = False
        self._error: BaseException | None = None
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="session-log", daemon=True)
        self._thread.start()
        self.flush()

    def begin(self, provenance: Mapping[str, Any], session_id: str = "") -> str:
        """Open a run with what is known about it, and return its session id: the one given, or a new one."""
        session_id = session_id or new_session_id()
        said = dict(provenance)
        said["platform"] = platform.platform()
        said["versions"] = _versions() | dict(said.get("versions") or {})
        row = {
            "session_id": session_id,
            "started_us": _wall_us(),
            "symbol": (said.get("instrument") or {}).get("symbol"),
            "params": json.dumps(said.get("params")),
            "provenance": json.dumps(said),
            **{key: said.get(key) for key in ("tape", "tape_sha256", "first_ts_us", "last_ts_us")},
            **{key: said.get(key) for key in ("model_sha256", "fill_rule")},
        }
        names = ", ".join(row)

        def insert(connection: sqlite3.Connection) -> None:
            marks = ", ".join("?" * len(row))
            cursor = connection.execute(f"insert into runs ({names}) values ({marks})", tuple(row.values()))
            self._run = int(cursor.lastrowid or 0)

        self._put(insert, wait=True)
        return session_id

    def write(self, rows: Rows) -> None:
        """Hand over output rows by table name; waits only while the writer is far behind."""
        n = sum(len(table) for table in rows.values())
        if n:
            self._put(lambda connection: self._insert(connection, rows), n)

    def flush(self) -> None:
        """Return once everything handed over is on disk."""
        self._put(lambda connection: None, wait=True)

    def end(self, summary: Mapping[str, Any]) -> None:
        """Close the run with what it came to."""
        text, run = json.dumps(dict(summary)), self._run

        def update(connection: sqlite3.Connection) -> None:
            connection.execute("update runs set ended_us = ?, summary = ? where run = ?", (_wall_us(), text, run))

        self._put(update, wait=True)

    def close(self) -> None:
        """Write what is left and let go of the file."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()
        self._raise_error()

    def __enter__(self) -> SessionLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- both sides of the queue ---

    def _put(self, work: Callable[[sqlite3.Connection], None], rows: int = 0, *, wait: bool = False) -> None:
        job = _Job(work, rows, threading.Event() if wait else None)
        with self._wake:
            while self._waiting > MOST_WAITING and self._error is None:
                self._wake.wait()
            self._raise_error()
            if self._closing:
                raise LobtermError(f"{self.path}: the session log is closed")
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
            raise LobtermError(f"{self.path}: session log cannot be written: {self._error}") from self._error

    # --- the writer's thread ---

    def _write_all(self) -> None:
        try:
            with contextlib.closing(_open(self.path)) as connection:
                while self._next_batch():
                    connection.execute("begin immediate")
                    for job in self._batch:
                        job.work(connection)
                    connection.execute("commit")
                    self._finished()
        except (sqlite3.Error, OSError, LobtermError, ValueError, TypeError, OverflowError) as error:
            self._give_up(error)

    def _next_batch(self) -> bool:
        """Wait until a second is over, somebody waits, or enough has come. Return False once closed and done."""
        with self._wake:
            while not self._jobs and not self._closing:
                self._wake.wait()
            until = time.monotonic() + COMMIT_EVERY_S
            while not self._closing and self._waiting < AT_A_TIME and not any(job.done for job in self._jobs):
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._wake.wait(left)
            self._batch = []
            rows = 0
            while self._jobs and rows < AT_A_TIME:
                self._batch.append(self._jobs.popleft())
                rows += self._batch[-1].rows
            return bool(self._batch)

    def _finished(self) -> None:
        with self._wake:
            self._waiting -= sum(job.rows for job in self._batch)
            self._wake.notify_all()
        for job in self._batch:
            if job.done:
                job.done.set()

    def _give_up(self, error: BaseException) -> None:
        with self._wake:
            self._error = error
            for job in (*self._batch, *self._jobs):
                if job.done:
                    job.done.set()
            self._wake.notify_all()

    def _insert(self, connection: sqlite3.Connection, rows: Rows) -> None:
        for table, part in rows.items():
            if len(part):
                records.insert(connection, table, part, self._run)


def _open(path: Path) -> sqlite3.Connection:
    """Open the log, made if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MS / 1_000)
    except (OSError, sqlite3.OperationalError) as error:
        raise InputError(f"cannot be opened: {error}", file=path, mend="paths.sessions in the config") from error
    try:
        if not schema.check(connection, path):
            connection.execute("pragma journal_mode = wal")
            connection.execute("begin immediate")
            if not schema.check(connection, path):
                schema.create(connection)
            connection.execute("commit")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
    except BaseException:
        connection.close()
        raise
    return connection


def _wall_us() -> int:
    return time.time_ns() // 1_000


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in ("lobterm", "numpy", "numba")}
