"""What a replay's seeks stand on: an index that a second engine builds in the background, and the nearest place to start from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lobterm.tape.checkpoints import Checkpoints, Labels
from lobterm.tape.indexer import SPACING, Indexer
from lobterm.tape.pages import Pages
from lobterm.tape.timeline import Overview, Timeline
from lobterm.view.console import Seeking

if TYPE_CHECKING:
    from collections.abc import Callable

    from lobterm.engine.drive import Engine
    from lobterm.tape.overlay import Overlay
    from lobterm.tape.parquet import Tape

CLOSE = 2 * SPACING
"""Rows that are folded at once, without asking for a nearer checkpoint."""
LEAD = 1 << 16
"""Rows that a seek to a time plays before it, so that lists of what has just been are not empty."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a seek leads: to a row, or (None) to the next trigger that the index finds."""

    what: str  # "time", "trigger" or "step"
    row: int | None
    ts: int | None = None  # where the clock shall stand; None: where the engine does


@dataclass(frozen=True, slots=True)
class Way:
    """How to get to a goal: restore the checkpoint of row `start`, unless the engine is there, and fold to `row`."""

    start: int
    row: int
    goal: Goal


class Seeker:
    """The index of one tape under one engine's parameters and model, and how to get anywhere with it."""

    def __init__(self, tape: Tape, market: int, new_engine: Callable[[], Engine], opening: int) -> None:
        """`new_engine`: returns one before its first row, like the one that is to be moved; `opening`: the first row to stop at."""
        self.checkpoints = Checkpoints()
        self._timeline = Timeline(tape.meta.first_ts_us, tape.meta.last_ts_us, market)
        self.indexer = Indexer(Pages(tape.again(), market), new_engine, self.checkpoints, self._timeline)
        self._total, self.opening = tape.meta.rows, opening
        self.goal: Goal | None = None
        self.note = ""
        """Why the last seek led nowhere."""

    def again(self, row: int, overlay: Overlay) -> None:
        """Index what comes after `row` anew, because the overlay is another from there on."""
        self.indexer.again(row, overlay.items, overlay.market)

    def overview(self, columns: int) -> Overview:
        """Return the whole tape as far as it is indexed, in `columns` parts of equal time."""
        return self._timeline.overview(columns)

    def aim(self, goal: Goal) -> None:
        """Seek a goal, in place of any other."""
        self.goal, self.note = goal, ""

    @property
    def progress(self) -> Seeking | None:
        """Return how far the index is on its way to the goal; None without one."""
        goal = self.goal
        if goal is None:
            return None
        of_rows = self._total if goal.row is None else goal.row
        return Seeking(min(self.indexer.rows, of_rows), of_rows, goal.what)

    def way(self, at: int) -> Way | None:
        """Return how to get to the goal from row `at`, which ends the seek; None while the index is not there, or at its end."""
        goal = self.goal
        if goal is None:
            return None
        ended = self.indexer.finished  # asked first: what it found until then is there
        row = self._trigger_after(at) if goal.row is None else max(goal.row, self.opening)
        start = None if row is None else self._start_for(row, at, LEAD if goal.what == "time" else 0)
        if row is not None and start is not None:
            self.goal = None
            return Way(start, row, goal)
        if ended:
            self.goal = None
            self.note = self.indexer.failure or "no trigger after here"
        return None

    def _start_for(self, row: int, at: int, lead: int) -> int | None:
        """Return the checkpoint to start from, or `at` where folding on is as good; None: wait for the index."""
        before = self.checkpoints.before(max(row - lead, 0))
        if before is None:
            before = self.checkpoints.before(row)
        if at <= row and row - at <= CLOSE and (before is None or before <= at or row - at <= lead):
            return at
        if before is None or (self.indexer.rows < row and row - before > CLOSE):
            return None
        return before

    def restore(self, row: int, engine: Engine) -> Labels | None:
        """Put `engine` where the checkpoint of `row` has it; return the newest labels, None if it is not there any more."""
        restored = self.checkpoints.restore(row, engine.state)
        if restored is None:
            return None
        engine.state, labels = restored
        engine.out.n[:] = 0
        return labels

    def _trigger_after(self, row: int) -> int | None:
        landings = self.indexer.landings
        at = bisect_right(landings, row)
        return landings[at] if at < len(landings) else None

    def trigger_before(self, row: int) -> int | None:
        """Return where the last trigger before `row` would have stopped a step, None if there is none."""
        landings = self.indexer.landings
        at = bisect_left(landings, row)
        return landings[at - 1] if at else None
