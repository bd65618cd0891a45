"""A session run again: is every row that was logged the row that comes out now?

What: a replay from its tape and its overlay (`replayed`), a live session from its recording: raw lines to rows to engine to output
rows, held against the log one by one, every column, nulls included. A live session that was cut off may lack rows that its
recording still gives: they are counted apart, and are no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lobterm import replayed
from lobterm.engine import drive
from lobterm.engine.rows import TABLES
from lobterm.errors import InputError
from lobterm.feeds.binance.replayed import read_recording
from lobterm.session import reader
from lobterm.session.compared import Compared
from lobterm.tape.recording import leaving, names
from lobterm.tape.recording.account import Left


class Again:
    """A live session that is run again from its recording; raise InputError where it has none."""

    def __init__(self, log: Path, run: reader.Run) -> None:
        self.paths, self._session = recording(log, run), run.session_id
        self._reading = read_recording(self.paths)
        self._engine = replayed.engine(log, run, self._reading.sessions[0].instruments[0])
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
        if run.provenance.get("tape"):
            return replayed.verify(log, connection, run, progress)
        again = Again(log, run)
        compared = Compared({table: reader.rows(connection, table, run.number) for table in TABLES}, run.number)
        for rows in again.rows(progress):
            compared.add(rows)
        compared.end(ended=run.ended)
    return compared.answer(run, again.events) | {"recording": [str(path) for path in again.paths]}


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
