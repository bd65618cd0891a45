"""Part files: the rows that come by the million at full speed, in Parquet beside the log instead of in it.

What: labels, alpha ticks and markouts of a replay that nobody paces. Every commit writes one file a table, brings it to disk,
and registers it in the same transaction as the rest: a file that is not registered was never logged. The columns are
the log's, nulls included.
Source: DESIGN §5.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lobterm.session.columns import columns
from lobterm.session.writing import folder

TABLES = ("labels", "alpha", "markouts")
AT_A_TIME = 100_000
"""Rows after which a file is written, so that they need not all be held."""


class PartWriter:
    """The part files of one run: rows are held until the commit that registers them.

    After a commit `let_stand`, after a transaction that was rolled back `take_back`: its rows are added again.
    """

    def __init__(self, log: Path, session_id: str) -> None:
        self._folder = folder(log) / session_id
        self._held: dict[str, list[npt.NDArray[np.void]]] = defaultdict(list)
        self._numbers: dict[str, int] = defaultdict(int)
        self._stand: dict[str, int] = {}

    def add(self, table: str, rows: npt.NDArray[np.void]) -> None:
        """Hold rows."""
        self._held[table].append(rows)

    def write(self, connection: sqlite3.Connection, run: int) -> None:
        """Write what is held, and register it in the transaction in hand."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for table, held in self._held.items():
            if not held:
                continue
            # drain by drain: what has just been copied is still in the cache
            rows = pa.concat_tables([as_arrow(table, part) for part in held])
            self._folder.mkdir(parents=True, exist_ok=True)
            self._numbers[table] += 1
            path = self._folder / f"{table}-{self._numbers[table]:06d}.parquet"
            # plain and lightly packed: it must keep up with the engine; an export packs better
            pq.write_table(rows, path, compression="lz4", use_dictionary=False, write_statistics=False)
            _to_disk(path)
            connection.execute(
                "insert into parts (run, part_of, number, file, rows) values (?, ?, ?, ?, ?)",
                (run, table, self._numbers[table], f"{self._folder.name}/{path.name}", rows.num_rows),
            )
        if any(self._held.values()):
            _to_disk(self._folder)

    def let_stand(self) -> None:
        """The transaction was committed: what was written belongs to the log."""
        self._held.clear()
        self._stand = dict(self._numbers)

    def take_back(self) -> None:
        """The transaction was not committed: forget what was held; files of the same number will be written over."""
        self._held.clear()
        self._numbers = defaultdict(int, self._stand)


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def as_arrow(table: str, rows: npt.NDArray[np.void]) -> Any:
    """Return records as an Arrow table with the log's columns, null where a value is not known."""
    import pyarrow as pa

    names, arrays = [], []
    for column in columns(table):
        part = rows[column.field] if column.at is None else rows[column.field][:, column.at]
        unknown = None
        if column.bit:
            unknown = (rows["valid"] & column.bit) == 0
        elif column.no_zero:
            unknown = part == 0
        names.append(column.name)
        arrays.append(
            pa.array(part.astype(np.float64 if column.is_float else np.int64), mask=unknown, from_pandas=False)
        )
    return pa.Table.from_arrays(arrays, names=names)


def registered(connection: sqlite3.Connection, log: Path, run: int, table: str) -> list[Path]:
    """Return the part files of one table and run, in order."""
    found = connection.execute("select file from parts where run = ? and part_of = ? order by number", (run, table))
    return [folder(log) / name for (name,) in found]
