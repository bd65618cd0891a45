"""Rows of the log as polars frames: whole columns from SQLite through Arrow, or from part files, in the order of writing.

What: columns are the log's own (`columns`): integers and floats, null where a value is not known; `readable` turns them into
what people and spreadsheets read. A table is read in chunks by two threads, so that ten million rows need no more memory than one.
Units: as in the log.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import polars as pl

from lobterm.errors import LobtermError
from lobterm.session.columns import Column, columns
from lobterm.session.parts import registered

AT_A_TIME = 250_000
READERS = 2
WAIT_MS = 10_000


def empty(table: str, wanted: Sequence[str] | None = None) -> pl.DataFrame:
    """Return a frame without rows."""
    return pl.DataFrame(schema={c.name: pl.Float64 if c.is_float else pl.Int64 for c in _chosen(table, wanted)})


def frame(
    connection: sqlite3.Connection,
    path: Path,
    run: int,
    table: str,
    wanted: Sequence[str] | None = None,
    where: str = "",
    newest: int = 0,
) -> pl.DataFrame:
    """Return all rows of one table and run, or those for which `where` (SQL of this house's own) holds."""
    found = chunks(connection, path, run, table, wanted, where, newest)
    return pl.concat([empty(table, wanted), *found], rechunk=True)


def chunks(
    connection: sqlite3.Connection,
    path: Path,
    run: int,
    table: str,
    wanted: Sequence[str] | None = None,
    where: str = "",
    newest: int = 0,
) -> Iterator[pl.DataFrame]:
    """Yield the rows in order, some 250,000 at a time. `newest`: look at so many of those written last; 0: at all."""
    chosen = _chosen(table, wanted)
    first, last = (
        connection.execute(f"select rowid from [{table}] where run = ? order by rowid {way} limit 1", (run,)).fetchone()
        for way in ("asc", "desc")
    )
    jobs: list[Callable[[], pl.DataFrame]] = []
    if first is not None:
        oldest = max(first[0], last[0] + 1 - newest) if newest else first[0]
        for start in range(oldest, last[0] + 1, AT_A_TIME):
            stop = min(start + AT_A_TIME, last[0] + 1)
            sql = f"rowid >= {start} and rowid < {stop} and +run = {run}" + (f" and {where}" if where else "")
            jobs.append(partial(_read, path, table, chosen, sql))
    files = registered(connection, path, run, table)
    if newest:
        files = _newest(connection, run, table, files, newest)
    jobs += [partial(_part, file, chosen, where) for file in files]
    yield from _in_order(jobs)


def ours(connection: sqlite3.Connection, path: Path, run: int, what: int, from_offset: int = 0) -> pl.DataFrame:
    """Return the markouts of fills or triggers (`what` is not 0) of rows of the tape from `from_offset` on.

    Those of trades, thousands of times as many, are passed over by the index of the others.
    """
    chosen = _chosen("markouts", None)
    where = f"what = {what} and [offset] >= {from_offset}"
    found = [_read(path, "markouts", chosen, f"run = {run} and what <> 0 and {where}")]
    found += [
        _part(file, chosen, where.replace("[", '"').replace("]", '"'))
        for file in registered(connection, path, run, "markouts")
    ]
    return pl.concat([empty("markouts"), *found], rechunk=True)


def _newest(connection: sqlite3.Connection, run: int, table: str, files: list[Path], newest: int) -> list[Path]:
    """Return the last part files, enough of them to hold `newest` rows."""
    sql = "select rows from parts where run = ? and part_of = ? order by number"
    counts = [rows for (rows,) in connection.execute(sql, (run, table))]
    kept = 0
    while kept < len(files) and sum(counts[len(counts) - kept :]) < newest:
        kept += 1
    return files[len(files) - kept :]


def _chosen(table: str, wanted: Sequence[str] | None) -> list[Column]:
    return [column for column in columns(table) if wanted is None or column.name in wanted]


def _in_order(jobs: Iterable[Callable[[], pl.DataFrame]]) -> Iterator[pl.DataFrame]:
    with ThreadPoolExecutor(READERS) as pool:
        ahead: deque[Future[pl.DataFrame]] = deque()
        try:
            for job in jobs:
                ahead.append(pool.submit(job))
                if len(ahead) > READERS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _read(path: Path, table: str, chosen: Sequence[Column], where: str) -> pl.DataFrame:
    from adbc_driver_sqlite import dbapi

    names = ", ".join(f"[{column.name}]" for column in chosen)
    # the driver takes a column's type from its first rows, which may all be null: so one row that is none goes before
    typed = ", ".join(f"{'0.0' if column.is_float else '0'} as [{column.name}]" for column in chosen)
    sql = f"select {typed} union all select * from (select {names} from [{table}] where {where} order by rowid)"
    try:
        with dbapi.connect(f"{path.absolute().as_uri()}?mode=ro") as reading, reading.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(AT_A_TIME)})
            cursor.execute(
                f"pragma busy_timeout = {WAIT_MS}"
            )  # a writer that opens or closes holds the file for a moment
            cursor.execute(sql)
            found = pl.from_arrow(cursor.fetch_arrow_table())
    except dbapi.Error as error:
        said = "a page is damaged: lobterm session repair saves what can be read" if "malformed" in str(error) else ""
        raise LobtermError(f"{path}: session log cannot be read: {said or error}") from error
    if not isinstance(found, pl.DataFrame):
        raise TypeError("a table was expected")
    return found[1:]


def _part(file: Path, chosen: Sequence[Column], where: str) -> pl.DataFrame:
    if not file.is_file():
        raise LobtermError(f"{file}: a part of the session is gone; was it moved or deleted?")
    try:
        found = pl.scan_parquet(file)
        if where:
            found = found.filter(pl.sql_expr(where))
        return found.select([column.name for column in chosen]).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LobtermError(f"{file}: a part of the session cannot be read: {error}") from error
