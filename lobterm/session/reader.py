"""What the session log holds, read without disturbing its writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.session import schema
from lobterm.session.connecting import opened as opened
from lobterm.session.provenance import config

MOST_ITEMS = 100_000
"""Items of an overlay that are read: more than any session may have."""

_HEAD = tuple(name for name in schema.RUNS if name not in ("run", "params", "provenance", "summary"))


def sessions(path: Path) -> list[dict[str, Any]]:
    """Return every session, oldest first; none if there is no log yet."""
    if not path.exists():
        return []
    with opened(path) as connection:
        return [
            {key: row[key] for key in _HEAD} | {"summary": _json(row["summary"])}
            for row in connection.execute("select * from runs order by session_id")
        ]


def newest(path: Path, most: int) -> list[dict[str, Any]]:
    """Return the newest sessions, newest first, without what they were made of: a list to choose from."""
    names = ", ".join(f"[{name}]" for name in (*_HEAD, "summary"))
    with opened(path) as connection:
        rows = connection.execute(f"select {names} from runs order by session_id desc limit ?", (most,))
        return [{key: row[key] for key in _HEAD} | {"summary": _json(row["summary"])} for row in rows]


def session(path: Path, wanted: str) -> dict[str, Any]:
    """Return one session by id, by the beginning of its id, or the newest as `last`."""
    with opened(path) as connection:
        row = find(connection, path, wanted)
        rows = {table: count(connection, table, row["run"]) for table in TABLES}
        provenance = _json(row["provenance"])
        return {key: row[key] for key in _HEAD} | {
            "rows": rows,
            "params": config(_json(row["params"]) or []),
            "provenance": {key: provenance[key] for key in provenance if key not in ("params", "config", "model")},
            "summary": _json(row["summary"]),
        }


def count(connection: sqlite3.Connection, table: str, run: int) -> int:
    """Return how many rows of an output table a run has, part files included."""
    (held,) = connection.execute(f"select count(*) from [{table}] where run = ?", (run,)).fetchone()
    sql = "select coalesce(sum(rows), 0) from parts where run = ? and part_of = ?"
    (apart,) = connection.execute(sql, (run, table)).fetchone()
    return int(held) + int(apart)


@dataclass(frozen=True, slots=True)
class Run:
    """What is needed to run a session again. `params` is the parameter vector as it was at the start."""

    number: int
    session_id: str
    ended: bool
    params: list[float]
    provenance: dict[str, Any]
    summary: dict[str, Any] | None = None  # None: it was cut off
    kept: str = "full"


def run(connection: sqlite3.Connection, path: Path, wanted: str) -> Run:
    """Return one session's run, by id, by the beginning of its id, or the newest as `last`."""
    row = find(connection, path, wanted)
    params, provenance = _json(row["params"]) or [], _json(row["provenance"]) or {}
    ended, summary = row["ended_us"] is not None, _json(row["summary"])
    return Run(row["run"], row["session_id"], ended, params, provenance, summary, row["kept"] or "full")


def rows(connection: sqlite3.Connection, table: str, run: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one table and run as plain tuples, in the order in which they were written."""
    if table not in TABLES:
        raise ValueError(table)
    return (tuple(row) for row in connection.execute(f"select * from [{table}] where run = ? order by rowid", (run,)))


def by_offset(connection: sqlite3.Connection, table: str, run: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one table and run in the order of the tape, those of one offset in the order of writing."""
    if table not in TABLES:
        raise ValueError(table)
    sql = f"select * from [{table}] where run = ? order by [offset], rowid"
    return (tuple(row) for row in connection.execute(sql, (run,)))


def overlay(connection: sqlite3.Connection, run: int) -> list[tuple[int, ...]]:
    """Return what hands did in a replay, the fields of tape.overlay.Item each, in their order; unchecked."""
    names = ", ".join(name for name in schema.OVERLAY if name not in ("run", "number"))
    sql = f"select {names} from overlay where run = ? order by number limit ?"
    return [tuple(row) for row in connection.execute(sql, (run, MOST_ITEMS))]


def find(connection: sqlite3.Connection, path: Path, wanted: str) -> sqlite3.Row:
    """Return the row of `runs` that is meant; raise InputError where it is none or several."""
    if wanted == "last":
        found = connection.execute("select * from runs order by session_id desc limit 1").fetchall()
    else:
        sql = "select * from runs where substr(session_id, 1, ?) = ? order by session_id limit 2"
        found = connection.execute(sql, (len(wanted), wanted)).fetchall()
    if len(found) == 1:
        row: sqlite3.Row = found[0]
        return row
    what = "several sessions begin with" if found else "no session"
    raise InputError(f"{what} {wanted!r}", file=path, mend="lobterm session list shows them")


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
