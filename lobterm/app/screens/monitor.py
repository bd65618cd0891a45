"""The monitor: book, trades, signals and maker of one market, with a transport."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer, HelpPanel

from lobterm.app import keys, present
from lobterm.app.governor import Governor, backlog
from lobterm.view.build import frame
from lobterm.view.models import Frame, Ui
from lobterm.view.rate import RateMeter
from widgets.gauge import GaugeWidget
from widgets.ladder import LadderWidget
from widgets.panel import PanelWidget
from widgets.status_line import StatusLine
from widgets.tape import TapeWidget
from widgets.transport import TransportWidget

if TYPE_CHECKING:
    from lobterm.view.console import Console, Unit

BUDGET_US = 8_000
"""Wall time a frame may spend on folding; the rest is for painting and keys."""
BUDGET_AT_MAX_US = 30_000
"""The same at speed max, where folding is the point; a key still waits no longer than that."""


def monotonic_us() -> int:
    """Return wall time that never runs back."""
    return time.monotonic_ns() // 1_000


class MonitorScreen(Screen[None], inherit_bindings=False):
    """Pulls one frame per tick of its timer and hands it to the widgets."""

    BINDINGS = list(keys.MONITOR)
    AUTO_FOCUS = None
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (78, "-narrow"), (110, "-normal"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (14, "-short"), (22, "-usual"), (34, "-tall"), (46, "-high")]

    def __init__(self, console: Console, fps: int, wall_us: Callable[[], int] = monotonic_us) -> None:
        super().__init__()
        self.market, self.fps, self.wall_us = console, fps, wall_us
        self.governor, self.rows_meter = Governor(), RateMeter()
        self.last_frame: Frame | None = None
        self._centre: int | None = None
        self._levels_only = False
        self._told_failure = False
        self._opened_us = wall_us()
        self.load_failure = ""

    def compose(self) -> ComposeResult:
        """Lay out the widgets; the style sheet decides which of them the size leaves room for."""
        yield StatusLine(id="header")
        with Container(id="body"):
            yield LadderWidget(id="book")
            yield TapeWidget(id="trades")
            yield GaugeWidget(id="signals")
            yield PanelWidget(id="maker")
            yield PanelWidget(id="orders", classes="roomy")
            yield PanelWidget(id="ledgers", classes="roomy")
            yield PanelWidget(id="clusters", classes="roomy")
            yield PanelWidget(id="sums", classes="roomy")
            yield PanelWidget(id="market", classes="roomy")
        yield TransportWidget(id="transport")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Find the widgets once and start the frame timer."""
        self._header = self.query_one("#header", StatusLine)
        self._book = self.query_one("#book", LadderWidget)
        self._trades = self.query_one("#trades", TapeWidget)
        self._signals = self.query_one("#signals", GaugeWidget)
        self._maker = self.query_one("#maker", PanelWidget)
        self._roomy = tuple(
            (self.query_one(f"#{name}", PanelWidget), show)
            for name, show in (
                ("orders", present.orders),
                ("ledgers", present.ledgers),
                ("clusters", present.clusters),
                ("sums", present.sums),
                ("market", present.market),
            )
        )
        self._transport = self.query_one("#transport", TransportWidget)
        self.set_interval(1 / self.fps, self.tick)

    def tick(self) -> None:
        """Fold what is due, and paint unless the terminal still owes output."""
        if self.market.ready and not self.market.failure:
            at_max = math.isinf(self.market.clock.speed)
            self.market.pump(self.wall_us(), BUDGET_AT_MAX_US if at_max else BUDGET_US)
        self._tell_failure()
        if self.governor.may_paint(backlog(self.app._driver)):
            self.paint()

    def paint(self) -> None:
        """Build one frame and hand it to the widgets."""
        console = self.market
        rate = self.rows_meter.add(self.wall_us(), console.position_rows) if console.ready else None
        ui = Ui(
            ladder_rows=max(1, self._book.size.height - 1),
            trade_rows=max(0, self._trades.size.height - 1),
            centre=self._centre,
            levels_only=self._levels_only,
            rows_per_s=rate,
            loading_s=(self.wall_us() - self._opened_us) // 1_000_000,
            load_failure=self.load_failure,
        )
        if console.ready:
            picture = frame(console.snapshot(4 * ui.ladder_rows), console.labels(max(1, ui.trade_rows)), console, ui)
        else:
            picture = frame(None, None, console, ui)
        self._centre = picture.ladder.centre
        self.last_frame = picture
        self._show(picture)

    def _show(self, picture: Frame) -> None:
        self._header.show(present.header(picture.header))
        self._book.show(present.book(picture.ladder))
        self._trades.show(present.trades(picture))
        self._signals.show(present.signals(picture))
        self._maker.show(present.maker(picture))
        for panel, show in self._roomy:
            if panel.display:
                panel.show(show(picture))
        self._transport.show(present.transport_bar(picture))

    def _tell_failure(self) -> None:
        if self.market.failure and not self._told_failure:
            self._told_failure = True
            self.notify(self.market.failure, title="The engine stopped", severity="error", timeout=30, markup=False)

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

    def action_recentre(self) -> None:
        """Put the mid in the middle of the ladder."""
        self._centre = None
        self.paint()

    def action_toggle_levels(self) -> None:
        """Show every tick, or the levels alone."""
        self._levels_only = not self._levels_only
        self.paint()

    def action_toggle_help(self) -> None:
        """Show or hide the panel of keys."""
        if self.query(HelpPanel):
            self.query(HelpPanel).remove()
        else:
            self.mount(HelpPanel())
