"""The log: what happened, newest first, all of it or some kinds alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from lobterm.app import keys, present
from lobterm.app.screens.base import ConsoleScreen
from lobterm.view import build, log
from widgets.table import TableWidget

if TYPE_CHECKING:
    from lobterm.app.shell import Shell
    from lobterm.engine.read import Snapshot


WHEEL = 3


class LogScreen(ConsoleScreen, inherit_bindings=False):
    """Gaps, resyncs, parameters, triggers, states, fills."""

    BINDINGS = [*keys.COMMON, *keys.LOG]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.chosen, self.skip = 0, 0

    def body(self) -> ComposeResult:
        """Lay out the widget."""
        yield TableWidget(id="log")

    def on_mount(self) -> None:
        """Find the widget once."""
        self._widget = self.query_one("#log", TableWidget)

    def symbol_changed(self, before: str, now: str) -> None:
        """Begin at the newest line."""
        self.skip = 0

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Show the lines that fit."""
        table = self._widget
        if snapshot is None:
            table.show(present.log_lines("LOG", (), "", build.waits(self.market, self.shell.base)))
            return
        happened = self.market.history.happened
        name, kinds = log.FILTERS[self.chosen]
        rows = max(0, table.size.height - 1)
        total = sum(note.what in kinds for note in happened.notes)
        self.skip = min(self.skip, max(0, total - rows))
        lines = log.lines(reversed(happened.notes), self.market.instrument, rows, kinds, self.skip)
        note = f"{name}: {total:,} of {happened.told:,}" + (f" · {self.skip:,} newer above" if self.skip else "")
        table.show(present.log_lines("LOG", lines, note))

    def action_next_filter(self) -> None:
        """Show the next set of kinds."""
        self.chosen, self.skip = (self.chosen + 1) % len(log.FILTERS), 0
        self.repaint()

    def action_scroll(self, lines: int) -> None:
        """Move through the lines."""
        self.skip = max(0, self.skip + lines)
        self.repaint()

    def on_mouse_scroll_up(self) -> None:
        """Go towards now."""
        self.action_scroll(-WHEEL)

    def on_mouse_scroll_down(self) -> None:
        """Go back in time."""
        self.action_scroll(WHEEL)

    def action_newest(self) -> None:
        """Go back to the newest line."""
        self.skip = 0
        self.repaint()
