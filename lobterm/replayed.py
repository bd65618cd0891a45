"""A replay's session run again from its tape and its overlay: is every row that was logged the row that comes out now?

What: the tape is folded once from its beginning with the overlay woven in, and of what the engine says the stretches that were
played are held against the log, in the order of the tape: a console that went to and fro logged them in another.
Units: places are woven, as in tape.overlay.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lobterm.engine import drive
from lobterm.engine import state as st
from lobterm.engine.params import PARAMS
from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.instrument import Instrument
from lobterm.models.model import ClusterModel
from lobterm.session import log as session_log
from lobterm.session import reader, records
from lobterm.session.compared import Compared
from lobterm.tape import parquet
from lobterm.tape.overlay import Item, Overlay, check
from lobterm.tape.pages import Pages

PIECE = 1 << 15
MOST_STRETCHES = 100_000

Row = tuple[Any, ...]


class Again:
    """A replay that is folded again; raise InputError where that cannot be."""

    def __init__(self, log: Path, connection: sqlite3.Connection, run: reader.Run) -> None:
        self.tape = _tape(log, run)
        meta = self.tape.meta
        items = [Item(*fields) for fields in reader.overlay(connection, run.number)]
        check(items, meta.rows, meta.first_ts_us, meta.last_ts_us, log)
        self.overlay = Overlay(int(meta.instruments[0].market), items)
        self.stretches, self.closed_at = _stretches(log, run, meta.rows + len(items))
        self._pages = Pages(self.tape, self.overlay.market)
        self._engine = engine(log, run, meta.instruments[0])
        self.events = 0

    def rows(self, progress: Callable[[int], None] | None = None) -> Iterator[tuple[drive.Rows, bool]]:
        """Yield what was said of the stretches in the order of the tape, True beside what was given out at the session's end."""
        for start, stop in self.stretches:
            for _ in self._fold(start, progress):
                pass
            yield from ((rows, False) for rows in self._fold(stop, progress))
            if self.closed_at == stop:
                copy = drive.Engine(st.copy(self._engine.state))
                yield from ((rows, True) for rows in drive.finish(copy))

    def _fold(self, stop: int, progress: Callable[[int], None] | None) -> Iterator[drive.Rows]:
        """Fold tape and overlay up to `stop`."""
        row, done = int(self._engine.state.clock[st.ROWS]), self.events - int(self._engine.state.clock[st.ROWS])
        while row + done < stop:
            item = self.overlay.items[done] if done < len(self.overlay) else None
            if item is not None and item.offset == row:
                yield from drive.fold_beside(self._engine, self.overlay.event(done))
                done += 1
            else:
                end = min(row + PIECE, stop - done, row + PIECE if item is None else item.offset)
                events = self._pages.rows(row, end)
                yield from drive.fold(self._engine, events)
                row += len(events)
            self.events = row + done
            if progress:
                progress(self.events)


def verify(
    log: Path, connection: sqlite3.Connection, run: reader.Run, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Return the keys of DESIGN §7 for a replay's session."""
    again = Again(log, connection, run)
    logged = {table: _settled(reader.by_offset(connection, table, run.number)) for table in TABLES}
    compared = Compared(logged, run.number)
    ordered = {table: _InOrder() for table in TABLES}
    keep: session_log.Keep = "fills" if run.kept == "fills" else "full"
    for rows, at_end in again.rows(progress):
        for table, part in session_log.kept(rows, keep).items():
            for row in ordered[table].add(records.values(table, part, run.number) if len(part) else (), at_end):
                compared.take(table, row)
    for table, held in ordered.items():
        for row in held.rest():
            compared.take(table, row)
    compared.end(ended=True)
    return compared.answer(run, again.events) | {"overlay": len(again.overlay), "tape": str(again.tape.path)}


class _InOrder:
    """Rows of one table by offset: those that a session's end gave out may belong behind others that come later."""

    def __init__(self) -> None:
        self._group: list[Row] = []
        self._late: list[Row] = []

    def add(self, rows: Iterable[Row], late: bool) -> Iterator[Row]:
        """Take rows; give out those that nothing can come before any more."""
        if late:
            self._late = sorted([*self._late, *rows], key=_place)
            return
        for row in rows:
            if self._group and row[1] != self._group[0][1]:
                yield from self._given_out()
            self._group.append(row)

    def _given_out(self) -> list[Row]:
        n = bisect_right(self._late, self._group[0][1], key=lambda row: row[1]) if self._group else len(self._late)
        rows = sorted([*self._group, *self._late[:n]], key=_place)
        self._group, self._late = [], self._late[n:]
        return rows

    def rest(self) -> Iterator[Row]:
        """Give out what is left."""
        yield from self._given_out()
        yield from self._given_out()


def _place(row: Row) -> tuple[Any, ...]:
    """Return what rows are ordered by: offset first, then everything, so that equal offsets have one order."""
    return (row[1], *((value is not None, value if value is not None else 0) for value in row[2:]))


def _settled(rows: Iterator[Row]) -> Iterator[Row]:
    """Give the rows of one offset one order."""
    for _, group in groupby(rows, key=lambda row: row[1]):
        yield from sorted(group, key=_place)


def _tape(log: Path, run: reader.Run) -> parquet.Tape:
    path = Path(str(run.provenance["tape"]))
    if not path.is_file():
        raise InputError(f"the tape of session {run.session_id} is gone", file=path, mend="was it moved?")
    tape = parquet.open_tape(path)
    if tape.meta.sha256 != run.provenance.get("tape_sha256"):
        raise InputError("is another tape than the one that was played", file=path, mend=f"session {run.session_id}")
    return tape


def _stretches(log: Path, run: reader.Run, most: int) -> tuple[list[tuple[int, int]], int | None]:
    """Return what was played and where it was closed, in woven places."""
    summary = run.summary or {}
    try:
        held = msgspec.convert(summary["stretches"], list[tuple[int, int]])
        closed = msgspec.convert(summary.get("closed_at"), int | None)
    except (KeyError, msgspec.ValidationError) as error:
        mend = "a replay at full speed is run again with lobterm replay TAPE --headless, and rows_sha256 compared"
        raise InputError(f"session {run.session_id} does not say what was played", file=log, mend=mend) from error
    edges = [edge for stretch in held for edge in stretch]
    if len(held) > MOST_STRETCHES or edges != sorted(edges) or (edges and not 0 <= edges[0] <= edges[-1] <= most):
        raise InputError(f"session {run.session_id} names stretches that cannot be", file=log)
    return held, closed


def engine(log: Path, run: reader.Run, instrument: Instrument) -> drive.Engine:
    """Return a session's engine before its first row; raise InputError where its parameters are another version's."""
    if len(run.params) != len(PARAMS):
        what = f"session {run.session_id} has {len(run.params)} parameters, this lobterm {len(PARAMS)}"
        raise InputError(what, file=log, mend="verify it with the version that ran it")
    model = run.provenance.get("model")
    centroids, roles = (None, None) if model is None else msgspec.convert(model, ClusterModel).engine_arrays()
    return drive.start(instrument, np.array(run.params), centroids, roles)
