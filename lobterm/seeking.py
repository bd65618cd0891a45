"""What a replay's seeks stand on: an index that a second engine builds in the background, and the nearest place to start from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from lobterm.tape.checkpoints import Checkpoints, Labels
from lobterm.tape.indexer import SPACING, Indexer
from lobterm.tape.pages import Pages
from lobterm.tape.timeline import Overview, Timeline

if TYPE_CHECKING:
    from lobterm.engine.drive import Engine
    from lobterm.tape.parquet import Tape

CLOSE = 2 * SPACING
"""Rows that are folded at once, without asking for a nearer checkpoint."""
LEAD = 1 << 16
"""Rows that a seek plays before its target, so that lists of what has just been are not empty."""


class Seeker:
    """The index of one tape under one engine's parameters and model, and how to get anywhere with it."""

    def __init__(self, tape: Tape, market: int, engine: Engine) -> None:
        """`engine`: of its own, before its first row, like the one that is to be moved."""
        self.checkpoints = Checkpoints()
        self._timeline = Timeline(tape.meta.first_ts_us, tape.meta.last_ts_us, market)
        self.indexer = Indexer(Pages(tape.again(), market), engine, self.checkpoints, self._timeline)

    def overview(self, columns: int) -> Overview:
        """Return the whole tape as far as it is indexed, in `columns` parts of equal time."""
        return self._timeline.overview(columns)

    def start_for(self, row: int, at: int, *, lead: bool) -> int | None:
        """Return the checkpoint to restore for `row`, or `at` if folding on from there is as good; None: wait for the index.

        `lead`: whether the start should lie some rows before `row`.
        """
        ahead = LEAD if lead else 0
        before = self.checkpoints.before(max(row - ahead, 0))
        if before is None:
            before = self.checkpoints.before(row)
        if at <= row and row - at <= CLOSE and (before is None or before <= at or row - at <= ahead):
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

    def trigger_after(self, row: int) -> int | None:
        """Return where the next trigger stops a step from `row`, None if none is indexed."""
        landings = self.indexer.landings
        at = bisect_right(landings, row)
        return landings[at] if at < len(landings) else None

    def trigger_before(self, row: int) -> int | None:
        """Return where the last trigger before `row` would have stopped a step, None if there is none."""
        landings = self.indexer.landings
        at = bisect_left(landings, row)
        return landings[at - 1] if at else None
