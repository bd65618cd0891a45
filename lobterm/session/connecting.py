"""How a session log's file is opened, and what is said when it cannot be."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lobterm.errors import InputError, LobtermError
from lobterm.session import migrations, schema

OPEN_S = 10.0
"""How long an opening waits for somebody else's transaction."""
BUSY_MS = 1_000
NO_LOG = "a replay or a live run makes a session log"
SAID = {
    sqlite3.SQLITE_BUSY: "another program holds it: close what has it open",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CORRUPT: "a page is damaged: lobterm session repair saves what can be read",
    sqlite3.SQLITE_NOTADB: "is not a session log, or its first page is damaged",
    sqlite3.SQLITE_READONLY: "it may not be written to",
    sqlite3.SQLITE_IOERR: "the disk fails",
}


def words(error: BaseException) -> str:
    """Return what went wrong with the file and what to do about it, in a person's words."""
    code = getattr(error, "sqlite_errorcode", None)
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        code = sqlite3.SQLITE_FULL
    said = SAID.get(code & 0xFF) if code is not None else None
    return f"{said} ({error})" if said else str(error)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a log, made or brought up to this version if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, timeout=OPEN_S)
    except (OSError, sqlite3.OperationalError) as error:
        raise InputError(f"cannot be opened: {error}", file=path, mend="paths.sessions in the config") from error
    try:
        held = schema.version(connection, path)
        if held != schema.VERSION:
            if held is None:
                connection.execute("pragma journal_mode = wal")
            connection.execute("begin immediate")
            if schema.version(connection, path) is None:
                schema.create(connection)
            migrations.bring_up(connection, path)
            connection.execute("commit")
        schema.check(connection, path)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute(f"pragma busy_timeout = {BUSY_MS}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a log for reading, without disturbing its writer; name the file where that fails.

    A log of an earlier version is brought up to this one first.
    """
    if not path.is_file():
        raise InputError("no such file", file=path, mend=NO_LOG)
    try:
        with _reading(path) as connection:
            if schema.version(connection, path) not in (None, schema.VERSION):
                open_for_writing(path).close()
            if not schema.check(connection, path):
                raise InputError("holds no session log", file=path, mend=NO_LOG)
            yield connection
    except sqlite3.Error as error:
        raise LobtermError(f"{path}: session log cannot be read: {words(error)}") from error


def _reading(path: Path) -> contextlib.closing[sqlite3.Connection]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return contextlib.closing(connection)
