"""The review: what a session came to, read from its log beside the market, which goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container

from lobterm.app import keys, present_review
from lobterm.app.background import Background
from lobterm.app.screens.ask import PickScreen
from lobterm.app.screens.base import ConsoleScreen
from lobterm.view import review
from widgets.chart import ChartWidget
from widgets.curves import CurvesWidget
from widgets.status_line import StatusLine, StatusRow
from widgets.table import TableWidget

if TYPE_CHECKING:
    from lobterm.app.shell import Shell
    from lobterm.engine.read import Snapshot
    from lobterm.session.reading import Reading

PARTS = ("curves", "fills", "profit")
LEAST_US, TIMES_AS_LONG = 5_000_000, 10
"""The log is read again no sooner than this after it was, and no sooner than ten times as long as that took."""
LOOK_S = 0.2
WHEEL = 3
NOT_LOGGED = "This session is not logged, so there is nothing to review."


class ReviewScreen(ConsoleScreen, inherit_bindings=False):
    """Markouts, fills and profit of this session or an earlier one."""

    BINDINGS = [*keys.COMMON, *keys.REVIEW]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.choice, self.part = review.Choice(), 0
        self.wanted = ""  # id of an earlier session; "" for this one
        self.background: Background[Reading] = Background()
        self._shown_id = ""
        self._read_us: int | None = None  # wall time of the last reading's end
        self._read_rows = self._rows_when_begun = -1
        self._finished = 0

    def body(self) -> ComposeResult:
        """Lay out the widgets."""
        yield StatusLine(id="review-head")
        with Container(id="review"):
            with Container(id="review-left"):
                yield CurvesWidget(id="review-curves")
                yield TableWidget(id="review-groups")
            with Container(id="review-right"):
                yield TableWidget(id="review-fills")
                yield ChartWidget(id="review-profit")
                yield TableWidget(id="review-minutes")

    def on_mount(self) -> None:
        """Find the widgets once, and look for what was read even while the market stands still."""
        self._head = self.query_one("#review-head", StatusLine)
        self._curves = self.query_one("#review-curves", CurvesWidget)
        self._groups = self.query_one("#review-groups", TableWidget)
        self._fills = self.query_one("#review-fills", TableWidget)
        self._profit = self.query_one("#review-profit", ChartWidget)
        self._minutes = self.query_one("#review-minutes", TableWidget)
        self._set_part(0)
        self.set_interval(LOOK_S, self._look)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self.background.give_up()

    # --- reading ---

    def _look(self) -> None:
        """Show what was read since, and begin to read what has changed."""
        if not self.is_current:
            return
        if self.background.finished != self._finished:
            self._finished = self.background.finished
            self._read_us, self._read_rows = self.shell.wall_us(), self._rows_when_begun
            self.repaint()
        elif self.background.busy:
            self._paint_head()
        elif self._is_due():
            self._begin()

    def _is_due(self) -> bool:
        """Say whether to read: another session is wanted, or this one has gone on for long enough."""
        logged = self.market.logged
        if logged is None:
            return False
        wanted = self.wanted or logged.session_id
        if wanted != self._shown_id:
            return True
        if self.wanted or self.market.position_rows == self._read_rows or self._read_us is None:
            return False
        reading = self.background.result
        took_us = int(reading.took_s * 1e6) if reading else 0
        return self.shell.wall_us() - self._read_us >= max(LEAST_US, TIMES_AS_LONG * took_us)

    def _begin(self) -> None:
        logged = self.market.logged
        if logged is None:
            return
        wanted = self.wanted or logged.session_id
        if wanted != self._shown_id:
            self._shown_id, self.background.result = wanted, None
        self._rows_when_begun = self.market.position_rows

        def work(progress: Callable[[int], None]) -> Reading:
            from lobterm.session import beside

            return beside.read(logged.path, wanted, progress)

        self.background.start(work)
        self._paint_head()

    # --- painting ---

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Show the last reading."""
        self._paint_head()
        reading = self.background.result
        if reading is None:
            waits = self._waiting()
            self._curves.show(present_review.markouts(review.CurvesView("MARKOUTS", "", unknown=waits)))
            self._profit.show(present_review.profit(review.ProfitView("", unknown=waits), 0))
            for table, name in ((self._groups, "GROUPS"), (self._fills, "FILLS"), (self._minutes, "MINUTES")):
                table.show(present_review.waiting(name, waits))
            return
        self.choice = choice = review.kept(self.choice, reading)
        horizon = review.HORIZONS[choice.horizon]
        self._curves.show(present_review.markouts(review.curves(reading, choice)))
        self._groups.show(present_review.groups(review.groups(reading, choice), horizon))
        rows = review.fills(reading, choice, max(0, self._fills.size.height - 2))
        self._fills.show(present_review.fills(rows, review.fills_note(reading, choice), self._fills.size.width))
        self._profit.show(present_review.profit(review.profit(reading), 2 * self._profit.columns()))
        shown = review.minutes(reading, max(0, self._minutes.size.height - 2))
        self._minutes.show(present_review.minutes(shown))

    def _waiting(self) -> str:
        if self.market.ready and self.market.logged is None:
            return NOT_LOGGED
        return self.background.failure or "reading the log"

    def _paint_head(self) -> None:
        reading, busy = self.background.result, self.background.busy
        words = "REVIEW" if reading is None else f"REVIEW {review.heading(reading)}"
        part = (
            () if self.has_class("-wide") else ((f"part {self.part + 1} of {len(PARTS)}: {PARTS[self.part]}", "dim"),)
        )
        right = ((f"reading, {self.background.progress:,} trades so far", "dim"),) if busy else part
        failure = self.background.failure
        which = ((review.ident(reading), "dim"),) if reading else ()
        left = ((words, "strong"), *(((failure, "bad"),) if failure else ()), *which)
        self._head.show((StatusRow(left, right),))

    # --- keys ---

    def _choose(self, **changes: int) -> None:
        self.choice = replace(self.choice, **changes)
        self.repaint()

    def action_split(self, step: int) -> None:
        """Group by the next property."""
        if reading := self.background.result:
            self._choose(split=(self.choice.split + step) % max(1, len(reading.splits)), group=0)

    def action_group(self, step: int) -> None:
        """Put another group in front."""
        reading = self.background.result
        if reading and reading.splits:
            groups = len(reading.splits[self.choice.split][1].curves[: len(review.MARKS)])
            self._choose(group=(self.choice.group + step) % groups)

    def action_horizon(self, step: int) -> None:
        """Look at another horizon."""
        self._choose(horizon=(self.choice.horizon + step) % len(review.HORIZONS))

    def action_scroll(self, lines: int) -> None:
        """Move through the fills."""
        self._choose(skip=max(0, self.choice.skip + lines))

    def action_newest(self) -> None:
        """Go back to the newest fill."""
        self._choose(skip=0)

    def on_mouse_scroll_up(self) -> None:
        """Go towards now."""
        self.action_scroll(-WHEEL)

    def on_mouse_scroll_down(self) -> None:
        """Go back in time."""
        self.action_scroll(WHEEL)

    def _set_part(self, part: int) -> None:
        self.part = part % len(PARTS)
        for at, name in enumerate(PARTS):
            self.set_class(at == self.part, f"-part-{name}")

    def action_part(self, step: int) -> None:
        """Show another part, where there is no room for all of them."""
        self._set_part(self.part + step)
        self.call_after_refresh(self.repaint)

    def action_choose_session(self) -> None:
        """Show the sessions of the log: one of them may be chosen."""
        reading, logged = self.background.result, self.market.logged
        if reading is None or logged is None:
            self.say(self._waiting())
            return
        sessions = reading.sessions
        lines = [review.session_line(listed, logged.session_id) for listed in sessions]
        self.app.push_screen(PickScreen("Sessions, newest first: enter chooses", lines, partial(self._pick, sessions)))

    def _pick(self, sessions: tuple[review.ListedOf, ...], line: int) -> None:
        chosen, logged = sessions[line].session_id, self.market.logged
        self._want("" if logged and chosen == logged.session_id else chosen)

    def _want(self, session_id: str) -> None:
        self.wanted, self.choice = session_id, replace(self.choice, split=0, group=0, skip=0)
        if self._is_due():
            self._begin()
        self.repaint()

    def action_this_session(self) -> None:
        """Go back to the session that is going on."""
        self._want("")

    def action_reread(self) -> None:
        """Read the log now."""
        if self.market.logged is None:
            self.say(NOT_LOGGED)
        else:
            self._begin()
