"""The heat map: price by time, what rested there, the trades that met it, our quotes and fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp

from lobterm.app import keys, present_heat
from lobterm.app.screens.base import ConsoleScreen
from lobterm.view import build, heat
from widgets.heatmap import HeatmapWidget

if TYPE_CHECKING:
    from lobterm.app.shell import Shell
    from lobterm.engine.read import Snapshot


class HeatmapScreen(ConsoleScreen, inherit_bindings=False):
    """What rested where, over time."""

    BINDINGS = [*keys.COMMON, *keys.HEATMAP]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.choice = heat.HeatUi()
        self.last_view: heat.HeatView | None = None

    def body(self) -> ComposeResult:
        """Lay out the widget."""
        yield HeatmapWidget(id="heat")

    def on_mount(self) -> None:
        """Find the widget once."""
        self._widget = self.query_one("#heat", HeatmapWidget)

    def symbol_changed(self, before: str, now: str) -> None:
        """Follow the mid of the other symbol: prices of one say nothing to the other."""
        self.choice, self.last_view = heat.HeatUi(), None

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Build the picture."""
        widget = self._widget
        columns, rows = widget.room()
        if columns <= 0 or rows <= 0:
            return
        if snapshot is None:
            widget.show(present_heat.no_heat(columns, rows, build.waits(self.market, self.shell.base)))
            return
        ui = replace(self.choice, columns=columns, rows=rows)
        view = heat.heat(self.market.history, snapshot, self.market.instrument, ui)
        self.choice = replace(ui, follow_top=view.top if ui.top is None else None)
        self.last_view = view
        widget.show(present_heat.heat(view))

    def action_pan(self, columns: int, rows: int) -> None:
        """Move by an eighth of the picture."""
        if self.last_view is None:
            return
        across, up = max(1, self.choice.columns // 8), max(1, self.choice.rows // 4)
        now = self.market.snapshot(1).ts
        tick = self.market.history.depth.bin
        self.choice = heat.moved(self.choice, self.last_view.top, now, tick, columns * across, rows * up)
        self.repaint()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look at higher prices, or with ctrl from nearer."""
        if event.ctrl:
            self.action_zoom_price(-1)
        else:
            self.action_pan(0, 1)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look at lower prices, or with ctrl from afar."""
        if event.ctrl:
            self.action_zoom_price(1)
        else:
            self.action_pan(0, -1)

    def action_zoom_time(self, step: int) -> None:
        """Put more or fewer seconds into a column."""
        self.choice = replace(self.choice, seconds=_next(heat.SECONDS, self.choice.seconds, step))
        self.repaint()

    def action_zoom_price(self, step: int) -> None:
        """Put more or fewer ticks into a row, about the middle of the picture."""
        old, new = self.choice.zoom, _next(heat.ZOOMS, self.choice.zoom, step)
        top = self.choice.top
        if top is not None:
            top += (new - old) * self.choice.rows * max(1, self.market.history.depth.bin)
        self.choice = replace(self.choice, zoom=new, top=top, follow_top=None)
        self.repaint()

    def action_follow(self) -> None:
        """Go back to now and to the mid."""
        self.choice = replace(self.choice, end_ts=None, top=None, follow_top=None)
        self.repaint()

    def action_toggle_dots(self) -> None:
        """Show or hide the trades."""
        self.choice = replace(self.choice, dots=not self.choice.dots)
        self.repaint()


def _next(values: tuple[int, ...], value: int, step: int) -> int:
    return values[min(max(values.index(value) + step, 0), len(values) - 1)]
