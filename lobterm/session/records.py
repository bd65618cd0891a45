"""From the engine's records to SQLite's rows: whole columns at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from lobterm.session import schema
from lobterm.session.columns import columns

AT_ONCE = 64
"""Rows a statement: binding many rows costs far less than stepping a statement for each."""


def values(table: str, rows: npt.NDArray[np.void], run: int) -> Iterable[tuple[Any, ...]]:
    """Return the rows of `table` as tuples, None where a value is not known."""
    lists: list[Iterable[Any]] = [[run] * len(rows)]
    for column in columns(table):
        part = rows[column.field] if column.at is None else rows[column.field][:, column.at]
        unknown = part == 0 if column.no_zero else None
        if column.bit:
            unknown = (rows["valid"] & column.bit) == 0
        if unknown is not None and unknown.any():
            part = part.astype(object)
            part[unknown] = None
        lists.append(part.tolist())
    return zip(*lists, strict=True)


def insert(connection: sqlite3.Connection, table: str, rows: npt.NDArray[np.void], run: int) -> None:
    """Insert rows, in order, into the transaction in hand."""
    tuples = iter(values(table, rows, run))
    whole = len(rows) // AT_ONCE
    if whole:
        grouped = (tuple(chain.from_iterable(islice(tuples, AT_ONCE))) for _ in range(whole))
        connection.executemany(schema.insert_sql(table, AT_ONCE), grouped)
    connection.executemany(schema.insert_sql(table), tuples)
