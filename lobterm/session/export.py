"""A session as a folder of files that others open without guessing: Parquet or CSV for every table, and a note that explains them.

What: polars, pandas, DuckDB and spreadsheets read the same columns (`readable`): times as UTC datetimes and as integers,
prices and sizes in coins and as integers, nulls where a value was not known. The folder appears whole or not at all.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import polars as pl

from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.session.meaning import TABLES_SAY
from lobterm.session.opening import Session
from lobterm.session.readable import Shown, readable, shown

Format = Literal["parquet", "csv"]
LEVEL = 1
SHEET_ROWS = 1_048_576
NOTE = "README.md"


def export(
    session: Session, folder: Path, form: Format, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Write the folder; return its path, the rows of each table, its size and how long it took."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is there already", file=folder, mend="name a folder that is not, or an empty one")
    started = time.perf_counter()
    about = session.about()
    total = sum(about["rows"].values())
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        rows: dict[str, int] = {}
        for table in TABLES:
            write = _parquet if form == "parquet" else _csv
            before = sum(rows.values())
            rows[table] = 0
            write(_counted(session, table, rows, progress, before, total), table, session, part / f"{table}.{form}")
        (part / "session.json").write_text(json.dumps(about, indent=2) + "\n")
        (part / NOTE).write_text(note(session, form, rows))
        if folder.exists():
            folder.rmdir()
        part.replace(folder)
    except OSError as error:
        raise InputError("cannot be written", file=folder, mend=str(error.strerror or error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return {
        "path": str(folder),
        "session_id": session.session_id,
        "format": form,
        "rows": rows,
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
        "elapsed_s": time.perf_counter() - started,
    }


def _counted(
    session: Session,
    table: str,
    rows: dict[str, int],
    progress: Callable[[int, int], None] | None,
    before: int,
    total: int,
) -> Iterator[pl.DataFrame]:
    for chunk in session.chunks(table):
        rows[table] += len(chunk)
        yield _plain(chunk)
        if progress:
            progress(before + rows[table], total)


def _plain(chunk: pl.DataFrame) -> pl.DataFrame:
    """Return words as plain text: not every reader knows an enumeration."""
    return chunk.with_columns(pl.col(pl.Enum).cast(pl.String))


def _parquet(chunks: Iterator[pl.DataFrame], table: str, session: Session, path: Path) -> None:
    import pyarrow.parquet as pq

    schema = _plain(readable(_no_rows(table), table, session.sizes)).to_arrow().schema
    words = [name for name, kind in zip(schema.names, schema.types, strict=True) if str(kind).endswith("string")]
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=LEVEL, use_dictionary=words) as writer:
        for chunk in chunks:
            writer.write_table(chunk.to_arrow().cast(schema))


def _csv(chunks: Iterator[pl.DataFrame], table: str, session: Session, path: Path) -> None:
    with path.open("wb") as file:
        _write_csv(_plain(readable(_no_rows(table), table, session.sizes)), file, header=True)
        for chunk in chunks:
            _write_csv(chunk, file, header=False)


def _write_csv(chunk: pl.DataFrame, file: Any, *, header: bool) -> None:
    # milliseconds and no zone: what a spreadsheet takes for a date; the exact time stands beside as an integer
    chunk.write_csv(file, include_header=header, datetime_format="%Y-%m-%d %H:%M:%S%.3f")


def _no_rows(table: str) -> pl.DataFrame:
    from lobterm.session.frames import empty

    return empty(table)


def note(session: Session, form: Format, rows: dict[str, int]) -> str:
    """Return the schema note: every column of every table, its unit, and what its null says."""
    lines = [
        f"# Session {session.session_id}",
        "",
        "What was run, on which tape, with which parameters, model and versions: `session.json`.",
        "",
        "Times: `*_us` are µs since 1970 UTC, exact; `*_utc` the same as a UTC datetime"
        + (", to the millisecond" if form == "csv" else "")
        + ". Prices: `*_ticks` are exact integers, `*_price` the same in the quote coin. Sizes: `*_lots` and `*_base`.",
        "`offset` is the row of the tape that caused a row; `ts_us` is local time, `exch_ts_us` the exchange's.",
        f"An empty {'cell' if form == 'csv' else 'value (null)'} was not known; the last column says why. Nothing is filled in.",
    ]
    if form == "csv":
        lines += [
            "A spreadsheet keeps 15 digits of a number, and `*_us` have 16: take `*_utc` there. "
            f"It also ends at {SHEET_ROWS:,} rows."
        ]
    for table in TABLES:
        lines += ["", f"## {table}.{form}: {rows[table]:,} rows", "", TABLES_SAY[table] + ".", ""]
        lines += ["| column | unit | what | null means |", "|---|---|---|---|"]
        lines += [_line(column) for column in shown(table, session.sizes)]
    return "\n".join(lines) + "\n"


def _line(column: Shown) -> str:
    text, null = (words.replace("|", "\\|") for words in (column.meaning.text, column.meaning.null))
    return f"| `{column.name}` | {column.unit} | {text} | {null or 'never'} |"
