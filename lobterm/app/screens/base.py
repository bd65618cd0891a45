"""What every screen of the console has: header, transport, keys of the transport, and one way to be painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer, HelpPanel

from lobterm.app import keys, present
from lobterm.app.screens.explain import ExplainScreen
from lobterm.app.shell import Shell
from lobterm.view import build, glossary
from widgets.line_widget import LineWidget
from widgets.status_line import StatusLine
from widgets.transport import TransportWidget

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot
    from lobterm.view.console import Unit


SLOW_US = 200_000
"""Figures, conditions and charts change no oftener than this while the market runs: nobody reads them faster."""


class ConsoleScreen(Screen[None], inherit_bindings=False):
    """A screen of one market. The app's frame timer calls `paint` on the one that is seen."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.COMMON)
    AUTO_FOCUS = None
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (78, "-narrow"), (110, "-normal"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (14, "-short"), (22, "-usual"), (34, "-tall"), (46, "-high")]

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell, self.market = shell, shell.market
        self._laid_out = False
        self._whole_us: int | None = None
        self.pointed = ""

    def body(self) -> ComposeResult:
        """Yield what stands between header and transport."""
        raise NotImplementedError

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Hand the widgets of the body what they show; no picture while the engine is being loaded."""
        raise NotImplementedError

    def depth(self) -> int:
        """Return how many levels a side the body needs."""
        return 1

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield StatusLine(id="header")
        with Container(id="body"):
            yield from self.body()
        yield TransportWidget(id="transport")
        yield Footer(compact=True, show_command_palette=False)

    def due(self) -> bool:
        """Say whether what is read slowly is to be painted too: while the market stands, always."""
        now, market = self.shell.wall_us(), self.market
        running = market.ready and not market.clock.paused and not market.finished
        if running and self._whole_us is not None and now - self._whole_us < SLOW_US:
            return False
        self._whole_us = now
        return True

    def on_screen_resume(self) -> None:
        """Paint all of it, whenever it was painted last."""
        self._whole_us = None
        self.paint()

    def on_resize(self) -> None:
        """Paint all of it: there may be panels that were not there before."""
        self._whole_us = None

    def on_mount(self) -> None:
        """From here on there is something to paint."""
        self._header = self.query_one("#header", StatusLine)
        self._transport = self.query_one("#transport", TransportWidget)
        self._laid_out = True

    def paint(self) -> None:
        """Show the market as it is now."""
        if not self._laid_out:
            return
        console, ui = self.market, self.shell.base
        snapshot = console.snapshot(self.depth()) if console.ready else None
        top = build.header(snapshot, console, ui) if snapshot else build.loading_header(console, ui)
        self._header.show(present.header(top))
        self._transport.show(present.transport_bar(build.transport(console, ui)))
        self.paint_body(snapshot)

    def action_toggle_play(self) -> None:
        """Play or pause; while the engine loads there is nothing to do either with."""
        if self.market.ready:
            self.market.clock.toggle()
        self.paint()

    def action_step(self, unit: str) -> None:
        """Fold one unit more and stand there."""
        if self.market.ready and not self.market.failure:
            self.market.step(cast("Unit", unit))
        self.paint()

    def action_faster(self) -> None:
        """Go to the next higher speed."""
        self.market.clock.faster()
        self.paint()

    def action_slower(self) -> None:
        """Go to the next lower speed."""
        self.market.clock.slower()
        self.paint()

    def action_real_time(self) -> None:
        """Go at the speed of the market."""
        self.market.clock.speed = 1.0
        self.paint()

    def action_max_speed(self) -> None:
        """Go as fast as the engine folds."""
        self.market.clock.speed = float("inf")
        self.paint()

    def on_line_widget_pointed(self, event: LineWidget.Pointed) -> None:
        """Say what the mouse points at."""
        self.pointed = event.topic
        found = glossary.entry(event.topic)
        snapshot = self.market.snapshot(1) if self.market.ready else None
        event.widget.tooltip = Text("\n".join(glossary.lines(found, snapshot))) if found else None

    def action_explain(self) -> None:
        """Say what the numbers are, beginning with the one that is pointed at."""
        self.app.push_screen(ExplainScreen(self.market.snapshot(1) if self.market.ready else None, self.pointed))

    def action_toggle_help(self) -> None:
        """Show or hide the panel of keys."""
        if self.query(HelpPanel):
            self.query(HelpPanel).remove()
        else:
            self.mount(HelpPanel())

    def bound(self) -> tuple[Binding, ...]:
        """Return the keys of this screen, for the palette."""
        return tuple(entry for entry in self.BINDINGS if isinstance(entry, Binding))
