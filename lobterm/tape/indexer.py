"""A second engine that runs ahead through a tape, in a thread, and leaves behind what seeks and timelines stand on.

It folds the tape once, from its beginning, with the parameters and the model of the run it serves: checkpoints at even
distances and at triggers, and the overview of the whole. The kernels hold no interpreter lock, so a screen goes on beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lobterm.engine import checkpoint, drive
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.pressure import WINDOWS
from lobterm.engine.rows import LABEL
from lobterm.events import EventArray
from lobterm.tape import overlay
from lobterm.tape.checkpoints import LABELS_KEPT, Checkpoints
from lobterm.tape.pages import Pages
from lobterm.tape.timeline import Mark, Timeline

SPACING = 1 << 17
"""Rows between checkpoints: folded in about 5 ms."""
PIECE = 1 << 15
"""Rows folded before anything else may happen."""
NEAR = 1 << 14
"""A trigger less than so many rows behind a checkpoint needs none of its own."""


class _Place(NamedTuple):
    """A checkpoint from which the index can be built again."""

    timeline: Mark
    samples: list[int]  # that each window had taken in
    landings: int


class Indexer:
    """Folds a tape with its overlay to its end; `rows` of it are done. Where the overlay changes it goes on from there."""

    def __init__(
        self, pages: Pages, new_engine: Callable[[], drive.Engine], checkpoints: Checkpoints, timeline: Timeline
    ) -> None:
        """`new_engine` is called in the thread: it returns an engine before its first row, like the one that is played."""
        self._pages, self._new_engine = pages, new_engine
        self._checkpoints, self._timeline = checkpoints, timeline
        self._overlay: tuple[Sequence[overlay.Item], int] = ((), 0)
        self._places = {0: _Place(timeline.mark(), [0] * WINDOWS, 0)}
        self.rows = 0
        self.failure = ""
        self.landings: list[int] = []
        """Row counts after the message that a trigger was found before: where a step to a trigger stops, ascending."""
        self._labels = np.zeros(0, LABEL)
        self._next = 0  # row of the next checkpoint
        self._stopping = False
        self._awake = threading.Event()
        self._awake.set()
        self._moved = threading.Condition()
        self._thread: threading.Thread | None = None
        self._held: drive.Engine | None = None

    @property
    def finished(self) -> bool:
        """Say whether there is nothing more to come."""
        return bool(self.failure) or self.rows >= self._pages.total

    def start(self) -> None:
        """Begin, in a thread."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)
        self._thread.start()

    def again(self, row: int, items: Sequence[overlay.Item], market: int) -> None:
        """Index anew what comes after `row`, with these items woven in: before it they are as they were."""
        self.stop()
        at = max(start for start in self._places if start <= row and (start == 0 or start in self._checkpoints))
        place = self._places[at]
        self._places = {start: held for start, held in self._places.items() if start <= at}
        self._checkpoints.cut(row, place.samples)
        self._timeline.go_back(place.timeline)
        self.landings = self.landings[: place.landings]
        self._overlay = items, market
        self.rows, self._next, self.failure = at, at - at % SPACING + SPACING if at else 0, ""
        self.start()

    def stop(self) -> None:
        """Stop after the piece in hand."""
        self._stopping = True
        self._awake.set()
        if self._thread:
            self._thread.join()

    def rest(self, resting: bool) -> None:
        """Leave the machine to others after the piece in hand, or go on."""
        if resting:
            self._awake.clear()
        else:
            self._awake.set()

    def wait(self, row: int) -> None:
        """Return once `row` rows are done, or nothing more is to come."""
        with self._moved:
            self._moved.wait_for(lambda: self.rows >= row or self.finished or self._stopping)

    def _run(self) -> None:
        try:
            while not self._stopping and self.rows < self._pages.total:
                self.advance()
                self._awake.wait()
        except Exception as error:  # seeking ends here; playing goes on and meets what is wrong itself
            self.failure = f"{type(error).__name__}: {error}"
        self._held = None  # as large as the one that is played
        self._pages.close()
        with self._moved:
            self._moved.notify_all()

    @property
    def _engine(self) -> drive.Engine:
        """Return the engine that stands where the index is."""
        if self._held is None:
            self._held, self._labels = self._new_engine(), np.zeros(0, LABEL)
            if self.rows:
                restored = self._checkpoints.restore(self.rows, self._held.state)
                if restored is None:
                    raise LookupError(f"the checkpoint of row {self.rows} is gone")
                self._held.state, self._labels = restored
        return self._held

    def advance(self) -> None:
        """Fold one piece more, and keep what is worth keeping."""
        start, first = self.rows, self._pages.message_end_after(0)
        events = self._pages.rows(start, self._stop_after(start, first))
        stop, triggered = start + len(events), int(self._engine.state.clock[st.TRIGGERED])
        rows = self._fold(start, events)
        self._timeline.add(events, rows, int(self._engine.state.params[pm.ALPHA_TICK_US]))
        if stop in (first, self._next):
            self._checkpoints.add(self._engine.state, self._labels)
            self._next = stop - stop % SPACING + SPACING
        elif stop in self.landings:
            self._keep_near(stop)
        if int(self._engine.state.clock[st.TRIGGERED]) > triggered:
            self._land(rows["triggers"]["offset"].tolist(), stop)
        if stop in self._checkpoints:
            samples = checkpoint.pushed(self._engine.state)
            self._places[stop] = _Place(self._timeline.mark(), samples, len(self.landings))
        with self._moved:
            self.rows = stop
            self._moved.notify_all()

    def _stop_after(self, start: int, first: int) -> int:
        """Return where the piece from `start` ends: nowhere but at its end is a state to be kept."""
        marks = [start + PIECE, self._next, first, *self.landings[-2:]]
        return min(mark for mark in marks if mark > start)

    def _fold(self, start: int, events: EventArray) -> drive.Rows:
        parts = list(overlay.fold(self._engine, start, events, *self._overlay))
        rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts[1:] else parts[0]
        self._labels = np.concatenate([self._labels, rows["labels"]])[-LABELS_KEPT:]
        return rows

    def _land(self, offsets: list[int], stop: int) -> None:
        """Note where steps to the triggers of this piece stop, and go back to keep those states."""
        for offset in offsets:
            landing = self._pages.message_end_after(offset)
            if self.landings and landing <= self.landings[-1]:
                continue
            self.landings = [*self.landings, landing]  # a new list: another thread may be reading the old one
            if landing <= stop:
                self._revisit(landing, stop)

    def _revisit(self, landing: int, stop: int) -> None:
        before = self._checkpoints.before(landing)
        if before is None or landing - before < NEAR:
            return
        restored = self._checkpoints.restore(before, self._engine.state)
        if restored is None:
            return
        self._engine.state, self._labels = restored
        self._fold_between(before, landing)
        self._checkpoints.add(self._engine.state, self._labels)
        self._fold_between(landing, stop)

    def _keep_near(self, landing: int) -> None:
        before = self._checkpoints.before(landing)
        if before is None or landing - before >= NEAR:
            self._checkpoints.add(self._engine.state, self._labels)

    def _fold_between(self, start: int, stop: int) -> None:
        while start < stop:
            events = self._pages.rows(start, stop)
            self._fold(start, events)
            start += len(events)
