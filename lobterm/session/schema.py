"""The session log's tables: the engine's output rows, column by column, and the run that each row belongs to.

Enumerations stay small integers beside lookup tables; the `_named` views spell them out, and `views` says what an analyst
would ask first. A log of an earlier version is brought up by `migrations`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.session.columns import NAMES, columns
from lobterm.session.views import analyst_views

if TYPE_CHECKING:
    from sqlite_utils import Database

VERSION = 4
OLDEST = 1
"""The oldest version that can be brought up without inventing a number."""
APPLICATION_ID = 0x10B7E2

RUNS = {
    "run": int,
    "session_id": str,
    "started_us": int,  # wall clock
    "ended_us": int,  # NULL: still going, or cut off
    "mode": str,  # replay or live
    "symbol": str,
    "tick_e8": int,  # quote per tick in 1e-8
    "lot_e8": int,  # base per lot in 1e-8
    "tape": str,
    "tape_sha256": str,
    "first_ts_us": int,
    "last_ts_us": int,
    "model_sha256": str,
    "fill_rule": str,
    "kept": str,  # full, or fills: neither labels nor their markouts
    "clock_offset_us": int,  # true time minus this machine's clock; NULL: not known
    "clock_error_us": int,  # the most by which that may be wrong
    "pinned": int,  # 1: never pruned
    "params": str,  # JSON: the parameter vector
    "provenance": str,  # JSON: all that was said at the beginning
    "summary": str,  # JSON: what the run came to
}
PARTS = {
    "run": int,
    "part_of": str,  # the output table
    "number": int,
    "file": str,  # below the folder beside the log
    "rows": int,
}
"""Rows of one table that lie in a Parquet file instead (a replay at full speed)."""

OVERLAY = {
    "run": int,
    "number": int,  # in the order in which they are folded
    "tape_offset": int,  # rows of the tape before it
    "ts": int,  # µs
    "kind": int,  # events.Kind: PARAM or ORDER; the rest as in an event
    "side": int,
    "seq": int,
    "px": int,
    "qty": int,
}
"""What hands did in a replay: the fields of tape.overlay.Item."""
OVERLAY_SQL = f"insert into overlay values ({', '.join('?' * len(OVERLAY))})"


def check(connection: sqlite3.Connection, path: Path) -> bool:
    """Say whether the file holds a session log of this version, False for an empty file; raise InputError otherwise."""
    held = version(connection, path)
    if held is None:
        return False
    mend = "name another file: paths.sessions in the config"
    if held < VERSION:
        what = f"session log of version {held}, this lobterm writes {VERSION}"
        raise InputError(what, file=path, mend=f"it stays readable by the lobterm that wrote it; {mend}")
    for table in TABLES:
        names = [name for _, name, *_ in connection.execute(f"pragma table_info([{table}])")]
        if names != ["run", *(column.name for column in columns(table))]:
            raise InputError(f"holds other columns in {table}", file=path, mend=mend)
    return True


def version(connection: sqlite3.Connection, path: Path) -> int | None:
    """Return the version of a session log, None for an empty file; raise InputError for what is none, or is newer."""
    mend = "name another file: paths.sessions in the config"
    try:
        (held,) = connection.execute("pragma user_version").fetchone()
        (application,) = connection.execute("pragma application_id").fetchone()
        tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise InputError("is not a session log, or is damaged", file=path, mend=mend) from error
    if not tables and not application:
        return None
    if application != APPLICATION_ID:
        raise InputError("is a database, but not a session log", file=path, mend=mend)
    if held > VERSION:
        what = f"session log of version {held}, this lobterm knows {VERSION}"
        raise InputError(what, file=path, mend="update lobterm, or " + mend)
    return int(held)


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, indexes and views in an empty file."""
    from sqlite_utils import Database  # half a second with all it brings along, and most logs are there already

    db = Database(connection)
    db.table("runs").create(RUNS, pk="run", not_null={"session_id", "started_us", "provenance"})
    db.table("runs").create_index(["session_id"], unique=True)
    create_parts(db)
    create_overlay(db)
    for table in TABLES:
        create_table(db, table)
    create_lookups(db)
    create_views(db)
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {VERSION}")


def create_parts(db: Database) -> None:
    """Make the list of part files."""
    db.table("parts").create(PARTS, pk=("run", "part_of", "number"), foreign_keys=[("run", "runs", "run")])


def create_overlay(db: Database) -> None:
    """Make the table of what hands did in replays."""
    db.table("overlay").create(OVERLAY, pk=("run", "number"), foreign_keys=[("run", "runs", "run")])


def create_table(db: Database, table: str) -> None:
    """Make one output table with its indexes."""
    kinds = {column.name: float if column.is_float else int for column in columns(table)}
    db.table(table).create({"run": int, **kinds}, foreign_keys=[("run", "runs", "run")])
    db.table(table).create_index(["run"])
    if table == "markouts":
        # those of trades are many, and nobody looks one up
        db.execute("create index idx_markouts_of_ours on markouts (run, [offset]) where what <> 0")


def create_lookups(db: Database) -> None:
    """Make the tables that say what the numbers of enumerations stand for; what stands there already is replaced."""
    for table, named in NAMES.items():
        for column, names in named.items():
            db.table(lookup(table, column)).insert_all(
                ({"id": int(member), "name": member.name.lower()} for member in names), pk="id", replace=True
            )


def create_views(db: Database) -> None:
    """Make all views anew."""
    for name, select in ({f"{table}_named": _named(table) for table in TABLES} | analyst_views()).items():
        db.create_view(name, select, replace=True)


def lookup(table: str, column: str) -> str:
    """Return the name of the table that says what a column's numbers stand for."""
    return f"{table}_{column}_names"


def _named(table: str) -> str:
    """Return the select of a table with its names spelled out and its session named."""
    named = NAMES.get(table, {})
    parts = [
        f"[{lookup(table, column.name)}].name as [{column.name}]"
        if column.name in named
        else f"[{table}].[{column.name}]"
        for column in columns(table)
    ]
    joins = [f"join runs on runs.run = [{table}].run"] + [
        f"left join [{names}] on [{names}].id = [{table}].[{column}]"
        for column, names in ((column, lookup(table, column)) for column in named)
    ]
    return f"select runs.session_id, {', '.join(parts)} from [{table}] {' '.join(joins)}"


def insert_sql(table: str, rows: int = 1) -> str:
    """Return the statement that inserts `rows` rows at once."""
    names = ["run", *(column.name for column in columns(table))]
    one = f"({', '.join('?' * len(names))})"
    return f"insert into [{table}] ({', '.join(f'[{name}]' for name in names)}) values {', '.join([one] * rows)}"
