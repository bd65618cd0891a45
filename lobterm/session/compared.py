"""The rows of a session as they were logged, beside those that come out now, one by one, every column, nulls included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lobterm.engine.drive import Rows
from lobterm.session import records
from lobterm.session.columns import columns
from lobterm.session.reader import Run


class Compared:
    """The logged rows beside those that come out now."""

    def __init__(self, logged: dict[str, Iterator[tuple[Any, ...]]], run: int) -> None:
        self.compared = self.differing = self.not_logged = 0
        self.first: dict[str, Any] | None = None
        self._logged, self._run = logged, run
        self._at = dict.fromkeys(logged, 0)
        self._lacks = dict.fromkeys(logged, 0)

    def add(self, rows: Rows) -> None:
        """Take the next rows that come out."""
        for table, part in rows.items():
            for now in records.values(table, part, self._run) if len(part) else ():
                self.take(table, now)

    def take(self, table: str, now: tuple[Any, ...]) -> None:
        """Take the next row of one table, as the log would have it."""
        self._at[table] += 1
        before = next(self._logged[table], None)
        if before is None:
            self._lacks[table] += 1
            self._note(table, None, now, count=False)
            return
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

    def answer(self, run: Run, events: int) -> dict[str, Any]:
        """Return the keys of DESIGN §7 that every session's verification has; ask after `end`. `events`: rows folded."""
        return {
            "session_id": run.session_id,
            "rows_compared": self.compared,
            "rows_differing": self.differing,
            "first_difference": self.first,
            "rows_not_logged": self.not_logged,
            "ended": run.ended,
            "events": events,
        }

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
