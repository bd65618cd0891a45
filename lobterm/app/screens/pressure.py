"""Pressure over time: LPI with the state as a band, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from lobterm.app import keys, present
from lobterm.app.screens.base import ConsoleScreen
from lobterm.view import build, pressure, series
from lobterm.view.models import PressureView
from widgets.chart import ChartWidget
from widgets.meter import MeterWidget

if TYPE_CHECKING:
    from lobterm.app.shell import Shell
    from lobterm.engine.read import Snapshot

CHARTS = ("over-price", "over-lpi", "over-fsi", "over-ldr", "over-pi", "over-oi", "over-cvd")


class PressureScreen(ConsoleScreen, inherit_bindings=False):
    """Price, LPI, FSI, LDR, toxicity and open interest over one time axis."""

    BINDINGS = [*keys.COMMON, *keys.PRESSURE]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.dot_us = series.DOTS_US[1]

    def body(self) -> ComposeResult:
        """Lay out the widgets."""
        yield MeterWidget(id="meters")
        for name in CHARTS:
            yield ChartWidget(id=name, classes="chart")

    def on_mount(self) -> None:
        """Find the widgets once."""
        self._meters = self.query_one("#meters", MeterWidget)
        self._charts = [self.query_one(f"#{name}", ChartWidget) for name in CHARTS]

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Build the charts."""
        meters, widgets = self._meters, self._charts
        if snapshot is None:
            words = build.waits(self.market, self.shell.base)
            meters.show(present.pressure(PressureView(words, True, "", "", ""), meters.size.height))
            widgets[CHARTS.index("over-lpi")].show(present.chart(series.waiting(words)))
            return
        meters.show(present.pressure(pressure.pressure(snapshot), meters.size.height))
        views = series.charts(self.market.history, snapshot, self.market.instrument, widgets[1].columns(), self.dot_us)
        for widget, view in zip(widgets, views, strict=False):
            if widget.display and widget.size.height:
                widget.show(present.chart(view))

    def action_zoom_time(self, step: int) -> None:
        """Put more or less time across."""
        at = series.DOTS_US.index(self.dot_us) + step
        self.dot_us = series.DOTS_US[min(max(at, 0), len(series.DOTS_US) - 1)]
        self.repaint()
