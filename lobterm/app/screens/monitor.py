"""The monitor: book, trades, pressure, signals, orders and profit of one market."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import MouseEvent, MouseScrollDown, MouseScrollUp
from textual.widget import Widget

from lobterm.app import keys, present
from lobterm.app.pace import Pace
from lobterm.app.screens.base import TURN_US, ConsoleScreen
from lobterm.engine.rows import HORIZONS_US
from lobterm.view.book import outrun
from lobterm.view.build import book, frame, newest
from lobterm.view.candles import CandlesView, candles
from lobterm.view.ladder import GROUPS
from lobterm.view.models import Frame, Ui
from lobterm.view.series import lpi_chart, waiting
from widgets.candles import CandlesWidget
from widgets.chart import ChartWidget
from widgets.gauge import GaugeWidget
from widgets.ladder import LadderWidget
from widgets.meter import MeterWidget
from widgets.panel import PanelWidget
from widgets.table import TableWidget
from widgets.tape import TapeWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from lobterm.app.shell import Shell
    from lobterm.engine.read import Glance, Snapshot

LEVELS_A_ROW_LOCKED = 4
"""A ladder that is held where it is may stand beside the mid; one that follows it shows no more levels than it has ticks."""
WHEEL = 3
"""Rows that a turn of the mouse wheel moves."""
MOST_LEVELS = 4_000
LEAST_SIZES = (0.0, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0, 1_000.0, 10_000.0)
"""Smallest trade on the tape, base units, by key."""


class MonitorScreen(ConsoleScreen, inherit_bindings=False):
    """What a trader watches."""

    BINDINGS = [*keys.COMMON, *keys.MONITOR]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.last_frame: Frame | None = None
        self._trades_pace = Pace(TURN_US)
        self._later: Callable[[], None] | None = None
        self._turn = 0
        self.choice = Ui()
        self._choices: dict[str, Ui] = {}
        self._outrun = 0

    def body(self) -> ComposeResult:
        """Lay out the widgets; the style sheet decides which of them the size leaves room for."""
        yield LadderWidget(id="book")
        with Container(id="side"):
            with Container(id="flow"):
                yield TapeWidget(id="trades")
                yield CandlesWidget(id="candles")
                yield ChartWidget(id="lpi")
                yield TableWidget(id="why")
                yield TableWidget(id="edge")
                yield TableWidget(id="events")
            with Container(id="desk"):
                yield MeterWidget(id="pressure")
                yield TableWidget(id="exhaustion")
                yield TableWidget(id="scores")
                yield GaugeWidget(id="signals")
                yield PanelWidget(id="maker")
                yield TableWidget(id="ledgers")
                yield TableWidget(id="orders")
                yield PanelWidget(id="clusters")
                yield PanelWidget(id="market")

    def on_mount(self) -> None:
        """Find the widgets once."""
        self._book = self.query_one("#book", LadderWidget)
        self._trades = self.query_one("#trades", TapeWidget)
        self._events = self.query_one("#events", TableWidget)
        self._candles = self.query_one("#candles", CandlesWidget)
        self._lpi = self.query_one("#lpi", ChartWidget)
        self._signals = self.query_one("#signals", GaugeWidget)
        self._meters = self.query_one("#pressure", MeterWidget)
        self._panels = tuple(
            (self.query_one(f"#{name}", PanelWidget), show)
            for name, show in (
                ("maker", present.maker),
                ("clusters", present.clusters),
                ("market", present.market),
            )
        )
        self._tables = tuple(
            (self.query_one(f"#{name}", TableWidget), show)
            for name, show in (
                ("exhaustion", present.exhaustion),
                ("scores", present.scores),
                ("ledgers", present.ledgers),
                ("orders", present.orders),
                ("events", present.events),
                ("why", present.why),
                ("edge", present.edge),
            )
        )

    def symbol_changed(self, before: str, now: str) -> None:
        """Look at each symbol as one looked at it last; its ladder stands about its mid again."""
        self._choices[before] = self.choice
        self.choice = self._choices.get(now, Ui())
        if not self.choice.locked:
            self.choice = replace(self.choice, centre=None)
        self.last_frame = None

    def depth(self) -> int:
        """Return enough levels to fill the rows, more of them where a row is many ticks."""
        ticks = max(1, self._book.outer_size.height - 1) * self.choice.group
        # twice: those may be more than were asked for this time
        return min(MOST_LEVELS, ticks * (LEVELS_A_ROW_LOCKED if self.choice.locked else 1) + 2 * self._outrun)

    def paint_flow(self, glance: Glance) -> None:
        """Paint ladder and tape; the rest stands as it was: nobody reads it twenty times a second."""
        picture, ui = self.last_frame, self._ui()
        if picture is None:
            return
        self._outrun = outrun(glance)
        picture = replace(picture, ladder=book(glance, self.market, ui))
        if self._trades_pace.due(self.shell.wall_us()):
            picture = replace(picture, trades=newest(self.market, ui))
            self._trades.show(present.trades(picture))
        self._show_book(picture)
        if self._later:
            self._later()
            self._later = None

    def _show_book(self, picture: Frame) -> None:
        was = self.last_frame.ladder if self.last_frame else None
        self.last_frame = picture
        self.choice = replace(self.choice, centre=picture.ladder.centre)
        self._book.show(present.book(picture.ladder, was, self._book.ladder))

    def _ui(self) -> Ui:
        base = self.shell.base
        return replace(
            self.choice,
            ladder_rows=max(1, self._book.outer_size.height - 1),
            trade_rows=max(0, self._trades.outer_size.height - 1),
            log_rows=max(0, self._events.outer_size.height - 1) if _seen(self._events) else 0,
            depth=self.depth(),
            rows_per_s=base.rows_per_s,
            loading_s=base.loading_s,
            load_failure=base.load_failure,
        )

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Build one picture and hand it to the widgets: all now, or while the market runs half of it a frame later."""
        picture = frame(snapshot, self.market, self._ui())
        self._outrun = outrun(snapshot) if snapshot else 0
        self._show_book(picture)
        self._trades_pace.begin(self.shell.wall_us())
        self._trades.show(present.trades(picture))
        self._signals.show(present.signals(picture))
        self._meters.show(present.pressure(picture.pressure, self._meters.size.height))
        charts = [partial(self._paint_pressure, picture, snapshot), partial(self._paint_candles, picture, snapshot)]
        if not self._later and not self.at_once:
            self._turn = 1 - self._turn  # what a chart has for a second, or a minute, it need not show four times in it
            self._later = partial(self._paint_rest, picture, charts[self._turn])
            return
        self._later = None  # frames are few, or a person waits
        self._paint_rest(picture, *charts)

    def _paint_rest(self, picture: Frame, *charts: Callable[[], None]) -> None:
        for panel, show_panel in self._panels:
            if _seen(panel):
                panel.show(show_panel(picture))
        for table, show_table in self._tables:
            if _seen(table):
                table.show(show_table(picture))
        for chart in charts:
            chart()

    def _paint_pressure(self, picture: Frame, snapshot: Snapshot | None) -> None:
        if _seen(self._lpi):
            columns = self._lpi.columns()
            chart = lpi_chart(self.market.history, snapshot, columns) if snapshot else waiting(picture.waits)
            self._lpi.show(present.chart(chart))

    def _paint_candles(self, picture: Frame, snapshot: Snapshot | None) -> None:
        if _seen(self._candles):
            view = CandlesView("", unknown=picture.waits)
            if snapshot:
                history, now = self.market.history, self.market.clock.now
                view = candles(history, now, self.market.instrument, self._candles.columns())
            self._candles.show(present.candle_chart(view))

    def _choose(self, **changes: object) -> None:
        """Look at the market in another way."""
        self.choice = replace(self.choice, **changes)
        self.repaint()

    def _choose_book(self, **changes: object) -> None:
        """Look at the book in another way: while the market runs the rest stands as it was."""
        self.choice = replace(self.choice, **changes)
        self.paint()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look at higher prices, and hold the ladder there."""
        self._scroll_book(event, WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look at lower prices, and hold the ladder there."""
        self._scroll_book(event, -WHEEL)

    def _scroll_book(self, event: MouseEvent, rows: int) -> None:
        over = self._book.region.contains(int(event.screen_x), int(event.screen_y))
        if over and self.choice.centre is not None:
            self._choose_book(centre=self.choice.centre + rows, locked=True)

    def action_order_entry(self) -> None:
        """Send paper orders by hand, until esc."""
        from lobterm.app.screens.order import OrderScreen

        if self.market.ready and not self.market.failure:
            self.app.push_screen(OrderScreen(self.shell, self.choice))

    def action_recentre(self) -> None:
        """Put the mid in the middle of the ladder."""
        self._choose_book(centre=None)

    def action_toggle_levels(self) -> None:
        """Show every tick, or the levels alone."""
        self._choose_book(levels_only=not self.choice.levels_only)

    def action_toggle_lock(self) -> None:
        """Hold the ladder where it is, or let it follow the mid."""
        self._choose_book(locked=not self.choice.locked)

    def action_toggle_sum(self) -> None:
        """Show the size of each level, or what stands from the touch up to it."""
        self._choose_book(cumulative=not self.choice.cumulative)

    def action_toggle_unit(self) -> None:
        """Show sizes in the coin, or in what it is priced in."""
        self._choose_book(in_quote=not self.choice.in_quote)

    def action_group(self, step: int) -> None:
        """Put more or fewer ticks into a row."""
        at = GROUPS.index(self.choice.group) + step
        self._choose_book(group=GROUPS[min(max(at, 0), len(GROUPS) - 1)], centre=None)

    def action_toggle_candles(self) -> None:
        """Show or hide the candles: where there is no room beside the trades, in their place."""
        self.toggle_class("-candles")
        self.call_after_refresh(self.repaint)

    def action_horizon(self, step: int) -> None:
        """Look at another horizon of the markouts."""
        self._choose(horizon=(self.choice.horizon + step) % len(HORIZONS_US))

    def action_least_size(self, step: int) -> None:
        """Raise or lower the smallest trade that the tape shows; what a lot is, is known once the market is there."""
        if not self.market.ready:
            return
        lot = self.market.instrument.lot
        sizes = sorted({round(size / lot) for size in LEAST_SIZES})
        at = sizes.index(self.choice.least_lots) + step
        self._choose(least_lots=sizes[min(max(at, 0), len(sizes) - 1)])


def _seen(widget: Widget) -> bool:
    return bool(widget.outer_size.height and widget.display)
