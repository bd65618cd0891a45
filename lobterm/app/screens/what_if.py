"""What if: both lines of profit in one chart, and what they came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from lobterm.app import keys, present_desk
from lobterm.errors import InputError
from lobterm.view import format as fmt
from lobterm.view import what_if as view
from widgets.chart import ChartWidget
from widgets.keys_line import KeysLine
from widgets.table import TableWidget

if TYPE_CHECKING:
    from lobterm.view.console import Seekable

EVERY_S = 0.1


class WhatIfScreen(ModalScreen[None], inherit_bindings=False):
    """Lies over a screen; the tape stands or plays on beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.WHAT_IF)
    AUTO_FOCUS = None

    def __init__(self, market: Seekable, playing: view.Playing) -> None:
        super().__init__()
        self.market, self.playing, self.horizon = market, playing, 0
        self.from_ts = market.clock.now
        self.refused = ""

    def compose(self) -> ComposeResult:
        """Lay out what differs, the chart and the figures."""
        with Vertical(classes="desk", id="what-if"):
            yield Static("", id="differs", markup=False)
            yield ChartWidget(id="both-lines")
            yield TableWidget(id="both")
            yield KeysLine()

    def on_mount(self) -> None:
        """Begin, and look now and again."""
        self.playing.start()
        self.call_after_refresh(self.look)
        self.set_interval(EVERY_S, self.look)

    def on_unmount(self) -> None:
        """Give up what is not done."""
        self.playing.stop()

    def look(self) -> None:
        """Show how far it is, or what came of it."""
        result = self.playing.result
        far = view.HORIZONS_US[self.horizon]
        how_far = "to the end" if far is None else f"for {fmt.span(far)}"
        words = (
            self.refused or self.playing.failure or f"playing on {how_far}: {self.playing.progress:.0%}, esc gives up"
        )
        chart = self.query_one("#both-lines", ChartWidget)
        found = None
        if result is not None and not self.refused:
            coin = fmt.quote_coin(self.market.symbol)
            found = view.compared(result, self.market.instrument, coin, 2 * chart.columns())
        drawn, table = present_desk.what_if(found, words)
        chart.show(drawn)
        self.query_one("#both", TableWidget).show(table)
        self.query_one("#differs", Static).update("as now: " + view.differences(self.playing.differs))

    def action_horizon(self) -> None:
        """Play on another way from here: the tape may have gone on meanwhile."""
        self.playing.stop()
        self.horizon = (self.horizon + 1) % len(view.HORIZONS_US)
        far = view.HORIZONS_US[self.horizon]
        try:
            self.playing = self.market.what_if(None if far is None else self.market.clock.now + far)
        except InputError as error:
            self.refused = f"{error.what}; {error.mend}" if error.mend else error.what
        else:
            self.refused = ""
            self.playing.start()
        self.look()
