"""A damaged log is written anew, with every row that can still be read; the damaged file is kept beside it.

What: tables are read in the order of their rows; where a page cannot be read, the next row that can is looked for by ever
longer steps and then closed in on. Nothing is guessed: what lay on the page is lost, and counted.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lobterm.engine.rows import TABLES
from lobterm.errors import LobtermError
from lobterm.session import schema
from lobterm.session.connecting import words

FURTHEST = 1 << 40
AT_ONCE = 10_000


class Saved(NamedTuple):
    """What became of one table."""

    rows: int
    lost: int  # row numbers that could not be read; rows that were pruned before may be among them


def is_damaged(path: Path) -> str:
    """Return what SQLite finds wrong with the file, or nothing."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            found = [str(row[0]) for row in connection.execute("pragma quick_check(3)")]
    except sqlite3.DatabaseError as error:
        return words(error)
    return "" if found == ["ok"] else "; ".join(found)


def salvage(path: Path) -> tuple[dict[str, Saved], Path]:
    """Write the log anew; return what was saved of each table, and where the damaged file lies now."""
    new = path.with_name(f"{path.name}.repairing")
    new.unlink(missing_ok=True)
    try:
        with (
            contextlib.closing(sqlite3.connect(path)) as old,
            contextlib.closing(sqlite3.connect(new, isolation_level=None)) as fresh,
        ):
            held = schema.version(old, path)
            if held != schema.VERSION:
                raise LobtermError(
                    f"{path}: damaged, and of version {held}: only version {schema.VERSION} can be saved"
                )
            fresh.execute("begin")
            schema.create(fresh)
            saved = {table: _copy(old, fresh, table) for table in ("runs", "parts", "overlay", *TABLES)}
            fresh.execute("commit")
    except sqlite3.DatabaseError as error:
        new.unlink(missing_ok=True)
        raise LobtermError(f"{path}: cannot be repaired: {words(error)}") from error
    damaged = _beside(path)
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(damaged.with_name(damaged.name + suffix))
    new.rename(path)
    return saved, damaged


def _beside(path: Path) -> Path:
    number = 1
    while (found := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return found


def _copy(old: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> Saved:
    names = [row[1] for row in fresh.execute(f"pragma table_info([{table}])")]
    columns = ", ".join(f"[{name}]" for name in names)
    insert = f"insert into [{table}] ({columns}) values ({', '.join('?' * len(names))})"
    rows = lost = 0
    batch: list[tuple[Any, ...]] = []
    for row, skipped in _readable(old, table, columns):
        lost += skipped
        if row is not None:
            batch.append(row)
            rows += 1
        if len(batch) >= AT_ONCE:
            fresh.executemany(insert, batch)
            batch.clear()
    fresh.executemany(insert, batch)
    return Saved(rows, lost)


def _readable(old: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[tuple[Any, ...] | None, int]]:
    """Yield each row that can be read with how many row numbers before it could not; None for those at the end."""
    at, skipped = 0, 0
    sql = f"select rowid, {columns} from [{table}] where rowid > ? order by rowid"
    while True:
        try:
            for row in old.execute(sql, (at,)):
                at = row[0]
                yield row[1:], skipped
                skipped = 0
            return
        except sqlite3.DatabaseError:
            next_row = _next_readable(old, table, at)
            if next_row is None:
                yield None, 1
                return
            skipped += next_row - at - 1
            at = next_row - 1


def _next_readable(old: sqlite3.Connection, table: str, at: int) -> int | None:
    """Return the first row number after `at` that can be read, None if there is none any more."""

    def first_after(number: int) -> int | None:
        sql = f"select rowid, * from [{table}] where rowid > ? order by rowid limit 1"
        try:
            found = old.execute(sql, (number,)).fetchone()
        except sqlite3.DatabaseError:
            return None
        return int(found[0]) if found else None

    bad, step = at, 1
    while step < FURTHEST and first_after(at + step) is None:
        bad, step = at + step, step * 2
    if step >= FURTHEST:
        return None
    good = at + step
    while good - bad > 1:
        middle = (bad + good) // 2
        if first_after(middle) is None:
            bad = middle
        else:
            good = middle
    return first_after(good)
