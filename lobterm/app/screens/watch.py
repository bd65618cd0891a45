"""The watch list: every symbol that is followed, one line each; one of them may be put on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.events import Click

from lobterm.app import keys, present_watch
from lobterm.app.screens.base import ConsoleScreen
from lobterm.view import build, watch
from lobterm.view.console import followed, several
from widgets.table import TableWidget

if TYPE_CHECKING:
    from lobterm.app.shell import Shell
    from lobterm.engine.read import Snapshot

HEAD_ROWS = 2


class WatchScreen(ConsoleScreen, inherit_bindings=False):
    """All symbols of the session."""

    BINDINGS = [*keys.COMMON, *keys.WATCH]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.lit = 0
        self.last_rows: tuple[watch.WatchRow, ...] = ()

    def body(self) -> ComposeResult:
        """Lay out the widget."""
        yield TableWidget(id="watch")

    def on_mount(self) -> None:
        """Find the widget once."""
        self._widget = self.query_one("#watch", TableWidget)

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Show every symbol."""
        if snapshot is None:
            words = build.waits(self.market, self.shell.base)
            self._widget.show(present_watch.watch_list((), 0, self._widget.size.width, words))
            return
        everyone, session = followed(self.shell.running), several(self.shell.running)
        self.lit = min(self.lit, max(0, len(everyone) - 1))
        self.last_rows = watch.rows(everyone, session.shown_at if session else 0, self.shell.running.clock.now)
        table = self._widget
        top = self._top(table.size.height)
        table.show(present_watch.watch_list(self.last_rows[top:], self.lit - top, table.size.width))

    def paint_beside(self) -> None:
        """Show the symbols as they go on, while what one of them has been stands still."""
        super().paint_beside()
        if self._laid_out and self.shell.frozen and self.figures_pace.due(self.shell.wall_us()):
            self.paint_body(self.shell.frozen.snapshot(1))

    def _top(self, height: int) -> int:
        """Return the first line that is seen, so that the lit one is."""
        return max(0, self.lit - max(1, height - HEAD_ROWS) + 1)

    def action_light(self, lines: int) -> None:
        """Light another line."""
        self._light(self.lit + lines)

    def _light(self, at: int) -> None:
        self.lit = min(max(at, 0), max(0, len(followed(self.shell.running)) - 1))
        self.repaint()

    def action_watch_this(self) -> None:
        """Put the lit symbol on the monitor."""
        session = several(self.shell.running)
        if session and session.followed:
            self.show_symbol(self.lit)
        self.app.switch_mode("monitor")

    def on_click(self, event: Click) -> None:
        """Light the line that was clicked; a second click puts it on the monitor."""
        region = self._widget.region
        if not region.contains(int(event.screen_x), int(event.screen_y)):
            return
        at = int(event.screen_y) - region.y - HEAD_ROWS + self._top(region.height)
        if 0 <= at < len(followed(self.shell.running)):
            if at == self.lit and event.chain > 1:
                self.action_watch_this()
            else:
                self._light(at)
