"""A session log of an earlier version is brought up to this one: nothing is invented, what was not kept is NULL.

What: one step a version, all of them in one transaction, so that a log is of one version or of the other.
1 to 2: pressure, states, triggers and markouts came; 2 to 3: tick, lot, clock, pins and part files came, and more views.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.session import schema
from lobterm.session.columns import columns

if TYPE_CHECKING:
    from sqlite_utils import Database


def bring_up(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate within the caller's transaction; raise InputError for a version before OLDEST."""
    held = schema.version(connection, path)
    if held is None or held == schema.VERSION:
        return
    if held < schema.OLDEST:
        what = f"session log of version {held}, this lobterm reads {schema.OLDEST} to {schema.VERSION}"
        raise InputError(what, file=path, mend="it stays readable by the lobterm that wrote it")
    from sqlite_utils import Database

    db = Database(connection)
    for name in db.view_names():
        connection.execute(f"drop view [{name}]")
    for step in range(held, schema.VERSION):
        STEPS[step](db)
    schema.create_lookups(db)
    schema.create_views(db)
    connection.execute(f"pragma user_version = {schema.VERSION}")


def _one_to_two(db: Database) -> None:
    """Widen the tables that were there, as they stand, and add the new ones."""
    there = set(db.table_names())
    for table in TABLES:
        if table not in there:
            schema.create_table(db, table)
            continue
        db.execute(f"alter table [{table}] rename to [{table}_of_1]")
        held = [column.name for column in db.table(f"{table}_of_1").columns]
        for index in db.table(f"{table}_of_1").indexes:
            db.execute(f"drop index [{index.name}]")
        schema.create_table(db, table)
        names = ", ".join(f"[{name}]" for name in held if name in {"run", *(c.name for c in columns(table))})
        db.execute(f"insert into [{table}] ({names}) select {names} from [{table}_of_1] order by rowid")
        db.execute(f"drop table [{table}_of_1]")


def _two_to_three(db: Database) -> None:
    held = {column.name for column in db.table("runs").columns}
    for name, kind in schema.RUNS.items():
        if name not in held:
            db.execute(f"alter table runs add column [{name}] {'integer' if kind is int else 'text'}")
    schema.create_parts(db)
    db.execute("create index if not exists idx_markouts_of_ours on markouts (run, [offset]) where what <> 0")
    # decimals with at most eight places: rounding only takes back what the float of the division added
    for column, size in (("tick_e8", "tick_size"), ("lot_e8", "lot_size")):
        said = f"json_extract(provenance, '$.instrument.{size}')"
        db.execute(
            f"update runs set {column} = cast(round(cast({said} as real) * 1e8) as integer) where {said} not null"
        )
    db.execute(
        "update runs set mode = case when json_extract(provenance, '$.live') then 'live' when tape not null then 'replay' "
        "end, kept = 'full', pinned = 0"
    )


def _three_to_four(db: Database) -> None:
    schema.create_overlay(db)


STEPS: dict[int, Callable[[Database], None]] = {1: _one_to_two, 2: _two_to_three, 3: _three_to_four}
"""By the version that a step begins with."""
