"""A live session run again from its recording: is every row that was logged the row that comes out now?

What: raw lines to rows to engine to output rows, held against the log one by one, every column, nulls included. A session that
was cut off may lack rows that its recording still gives: they are counted apart, and are no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lobterm.engine import drive
from lobterm.engine.params import PARAMS
from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.feeds.binance.replayed import Reading, read_recording
from lobterm.models.model import ClusterModel
from lobterm.session import reader, records
from lobterm.session.columns import columns
from lobterm.tape.recording import leaving, names
from lobterm.tape.recording.account import Left


class Again:
    """A live session that is run again from its recording; raise InputError where it has none."""

    def __init__(self, log: Path, run: reader.Run) -> None:
        self.paths, self._session = recording(log, run), run.session_id
        self._reading = read_recording(self.paths)
        self._engine = _engine(log, run, self._reading)
        self.events = 0
        self.end_us = 0
        """Time of the last row so far."""

    def left(self) -> Left:
        """Return what the session leaves to one that goes on with it; ask when all rows are through."""
        return leaving.left(self._engine.state, self._reading.sessions[0].instruments[0], self._session)

    def rows(self, progress: Callable[[int], None] | None = None) -> Iterator[drive.Rows]:
        """Yield all that the engine says of the recording, to the session's end."""
        for chunk in self._reading.chunks:
            yield from drive.fold(self._engine, chunk)
            self.events += len(chunk)
            self.end_us = int(chunk["ts"][-1]) if len(chunk) else self.end_us
            if progress:
                progress(self.events)
        yield from drive.finish(self._engine)


def verify(log: Path, wanted: str, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Return the keys of DESIGN §7 for one session of a log."""
    with reader.opened(log) as connection:
        run = reader.run(connection, log, wanted)
        again = Again(log, run)
        compared = _Compared({table: reader.rows(connection, table, run.number) for table in TABLES}, run.number)
        for rows in again.rows(progress):
            compared.add(rows)
        compared.end(ended=run.ended)
    return {
        "session_id": run.session_id,
        "rows_compared": compared.compared,
        "rows_differing": compared.differing,
        "first_difference": compared.first,
        "rows_not_logged": compared.not_logged,
        "ended": run.ended,
        "events": again.events,
        "recording": [str(path) for path in again.paths],
    }


def recording(log: Path, run: reader.Run) -> list[Path]:
    """Return the files of a session's recording; raise InputError where there are none."""
    folder = run.provenance.get("recording")
    if not run.provenance.get("live"):
        mend = "a live session has one; a replay's rows come again from its tape: lobterm replay TAPE --headless"
        raise InputError(f"session {run.session_id} has no recording", file=log, mend=mend)
    if not folder:
        mend = "leave out --no-record to be able to verify"
        raise InputError(f"session {run.session_id} was not recorded", file=log, mend=mend)
    found = Path(folder)
    paths = (
        [path for name, path in names.files(found).items() if name.session == run.session_id] if found.is_dir() else []
    )
    if not paths:
        raise InputError(
            f"the recording of session {run.session_id} is gone", file=folder, mend="was it pruned or moved?"
        )
    return paths


def _engine(log: Path, run: reader.Run, reading: Reading) -> drive.Engine:
    if len(run.params) != len(PARAMS):
        what = f"session {run.session_id} has {len(run.params)} parameters, this lobterm {len(PARAMS)}"
        raise InputError(what, file=log, mend="verify it with the version that ran it")
    model = run.provenance.get("model")
    centroids, roles = (None, None) if model is None else msgspec.convert(model, ClusterModel).engine_arrays()
    return drive.start(reading.sessions[0].instruments[0], np.array(run.params), centroids, roles)


class _Compared:
    """The logged rows beside those that come out now."""

    def __init__(self, logged: dict[str, Iterator[tuple[Any, ...]]], run: int) -> None:
        self.compared = self.differing = self.not_logged = 0
        self.first: dict[str, Any] | None = None
        self._logged, self._run = logged, run
        self._at = dict.fromkeys(logged, 0)
        self._lacks = dict.fromkeys(logged, 0)

    def add(self, rows: drive.Rows) -> None:
        """Take the next rows that come out."""
        for table, part in rows.items():
            for now in records.values(table, part, self._run) if len(part) else ():
                self._at[table] += 1
                before = next(self._logged[table], None)
                if before is None:
                    self._lacks[table] += 1
                    self._note(table, None, now, count=False)
                    continue
                self.compared += 1
                if before != tuple(now):
                    self._note(table, before, now)

    def end(self, *, ended: bool) -> None:
        """Count what one side alone has."""
        for table, logged in self._logged.items():
            for before in logged:
                self._at[table] += 1
                self.compared += 1
                self._note(table, before, None)
        self.not_logged = sum(self._lacks.values())
        if ended:
            self.differing += self.not_logged
        elif not self.differing:
            self.first = None

    def _note(self, table: str, before: Any, now: Any, *, count: bool = True) -> None:
        self.differing += count
        if self.first is None or (count and self.first["logged"] is None):
            names_of = ["run", *(column.name for column in columns(table))]
            pairs = zip(names_of, before or (), now or (), strict=False)
            which = [name for name, logged, replayed in pairs if logged != replayed]
            self.first = {
                "table": table,
                "row": self._at[table],
                "columns": which,
                "logged": None if before is None else dict(zip(names_of, before, strict=True)),
                "replayed": None if now is None else dict(zip(names_of, now, strict=True)),
            }
