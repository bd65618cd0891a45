"""What every screen of the console has: header, transport, keys of the transport, and one way to be painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container

from lobterm.app import keys, present, present_watch
from lobterm.app.pace import Pace
from lobterm.app.screens.transport import TransportScreen
from lobterm.app.shell import Shell
from lobterm.engine import params as pm
from lobterm.errors import InputError
from lobterm.view import beside, build, glossary, timeline, watch
from lobterm.view.console import comparable, seekable, several
from widgets.direct import DirectRows
from widgets.keys_line import KeysLine
from widgets.line_widget import LineWidget
from widgets.status_line import StatusLine
from widgets.tabs import TabsWidget
from widgets.timeline import Row as TimelineRow
from widgets.timeline import TimelineWidget
from widgets.transport import TransportWidget

if TYPE_CHECKING:
    from lobterm.engine.read import Glance, Snapshot
    from lobterm.tape.timeline import Overview
    from lobterm.view.models import HeaderView

SLOW_US = 250_000
"""Figures, conditions and charts change no oftener than this while the market runs: nobody reads them faster."""
TURN_US = 95_000
"""Header, transport and trades change no oftener than this: of twenty frames a second every other one, in turns."""

ONE_SYMBOL = "There is one symbol here: lobterm live BTCUSDT ETHUSDT follows several."


class ConsoleScreen(TransportScreen, inherit_bindings=False):
    """A screen of one market. The app's frame timer calls `paint` on the one that is seen."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.COMMON)
    AUTO_FOCUS = None
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (78, "-narrow"), (110, "-normal"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (14, "-short"), (22, "-usual"), (34, "-tall"), (46, "-high")]

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._timeline_is: tuple[object, ...] = ()
        self._timeline_at: tuple[object, ...] = ()
        self._timeline_rows: tuple[TimelineRow, ...] = ()
        self._overview: Overview | None = None
        self._laid_out = False
        self.direct_rows = DirectRows(self)
        self._no_transport = seekable(self.market) is None
        self.figures_pace, self._head_pace, self._tabs_pace = Pace(SLOW_US), Pace(TURN_US), Pace(SLOW_US)
        self.at_once = True  # all of it at this frame, whatever its pace
        self._place: tuple[object, ...] = ()
        self._symbol = self.market.symbol
        self.last_header: HeaderView | None = None
        self.pointed = ""

    def body(self) -> ComposeResult:
        """Yield what stands between header and transport."""
        raise NotImplementedError

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Hand the widgets of the body what they show; no picture while the engine is being loaded."""
        raise NotImplementedError

    def paint_flow(self, glance: Glance) -> None:
        """Hand the widgets of the body what changes at every frame, between two pictures of all of it."""

    def depth(self) -> int:
        """Return how many levels a side the body needs."""
        return 1

    def compose(self) -> ComposeResult:
        """Lay out the screen, in its size class from the beginning: Textual would lay out and paint all of it once without."""
        for cells, classes in zip(self.app.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True):
            self.add_class(max((least, name) for least, name in classes or () if cells >= least)[1], update=False)
        yield StatusLine(id="header")
        yield TabsWidget(id="tabs", classes="-none")
        with Container(id="body"):
            yield from self.body()
        yield TimelineWidget(id="timeline")
        yield TransportWidget(id="transport")
        yield KeysLine()

    def running(self) -> bool:
        """Say whether the market goes on by itself."""
        market = self.market
        return market.ready and not market.clock.paused and not market.finished

    def _elsewhere(self) -> bool:
        """Say whether the market has come to another place otherwise than by going on: no figure of before may stand."""
        found = seekable(self.market)
        place = (found.moves, found.seeking is None) if found else ()
        before, self._place = self._place, place
        return place != before

    def repaint(self) -> None:
        """Show all of it anew, what is painted seldom too."""
        self.at_once = True
        self.paint()

    def on_screen_resume(self) -> None:
        """Paint all of it, whenever it was painted last."""
        self.repaint()

    def on_resize(self) -> None:
        """Paint all of it: there may be panels that were not there before."""
        self.at_once = True

    def on_mount(self) -> None:
        """From here on there is something to paint."""
        self._header = self.query_one("#header", StatusLine)
        self._transport = self.query_one("#transport", TransportWidget)
        self._timeline = self.query_one("#timeline", TimelineWidget)
        self._tabs = self.query_one("#tabs", TabsWidget)
        self._laid_out = True

    def paint(self) -> None:
        """Show the market as it is now."""
        if not self._laid_out:
            return
        console, ui = self.market, self.shell.base
        if console.symbol != self._symbol:
            before, self._symbol = self._symbol, console.symbol
            self.at_once = True
            self.symbol_changed(before, console.symbol)
        without = seekable(console) is None
        self._timeline.set_class(without, "-none")
        if without is not self._no_transport:
            self._no_transport = without
            self.refresh_bindings()
        now = self.shell.wall_us()
        if self._elsewhere() or not self.running():
            self.at_once = True
        whole = self.figures_pace.due(now) or self.at_once
        head = self.at_once or (not whole and self._head_pace.due(now))
        snapshot = console.snapshot(self.depth()) if console.ready and whole else None
        glance = snapshot or (console.glance(self.depth()) if console.ready else None)
        with self.direct_rows:
            if head:
                self._paint_header(glance)
                self._transport.show(present.transport_bar(build.transport(console, ui, glance)))
            self._paint_timeline(glance, whole)
            self._paint_tabs()
            if glance is None or snapshot is not None:
                self.paint_body(snapshot)
            else:
                self.paint_flow(glance)
        self.at_once = False

    def symbol_changed(self, before: str, now: str) -> None:
        """Let go of what was chosen for the symbol that was on the screen before."""

    def _paint_tabs(self) -> None:
        """Show every symbol of the session and how its data stands."""
        found = several(self.shell.running)
        if found is None or not (self._tabs_pace.due(self.shell.wall_us()) or self.at_once):
            return
        self._tabs.set_class(len(found.followed) < 2, "-none")
        if len(found.followed) > 1:
            self._tabs.show(present_watch.tab_row(watch.tabs(found.followed, found.shown_at, found.clock.now)))

    def action_other_symbol(self, step: int) -> None:
        """Put the next symbol of the session on the screen, or the one before."""
        found = several(self.shell.running)
        if found is None or len(found.followed) < 2:
            self.say(ONE_SYMBOL)
        else:
            self.show_symbol((found.shown_at + step) % len(found.followed))

    def on_tabs_widget_chosen(self, event: TabsWidget.Chosen) -> None:
        """Put the symbol whose tab was clicked on the screen."""
        self.show_symbol(event.at)

    def show_symbol(self, at: int) -> None:
        """Put one of the session's symbols on the screen, as it is now."""
        if found := several(self.shell.running):
            self.shell.thaw()
            found.show(at)
        self.paint()

    def paint_beside(self) -> None:
        """Show the market that runs on beside what is shown."""
        if self._laid_out and self.shell.frozen:
            with self.direct_rows:
                self._paint_header(self.shell.frozen.glance(1))
                self._paint_tabs()

    def _paint_header(self, snapshot: Glance | None) -> None:
        console, ui, frozen = self.market, self.shell.base, self.shell.frozen
        top = build.header(snapshot, console, ui) if snapshot else build.loading_header(console, ui)
        if frozen:
            top = replace(top, beside=beside.beside(self.shell.running, frozen))
        self.last_header = top
        self._header.show(present.header(top))

    def _paint_timeline(self, snapshot: Glance | None, whole: bool) -> None:
        """Show the tape from afar, and where on it the market stands; what is known of the tape seldom changes."""
        tape, columns, rows = seekable(self.market), *self._timeline.outer_size
        if snapshot is None or tape is None or not columns or not rows:
            return
        if whole:
            marks = self.shell.bookmarks.all if self.shell.bookmarks else ()
            ends = (*(tape.loop or ()), *(() if self.shell.loop_from is None else (self.shell.loop_from,)))
            panic = float(snapshot.params[pm.LPI_HI])
            state = (tape, build.indexed_steps(tape), panic, ends, marks, columns, rows)
            if state != self._timeline_is:
                self._timeline_is = state
                self._overview = tape.overview(min(columns, timeline.MOST_COLUMNS))
                view = timeline.timeline(self._overview, panic, ends, [mark.ts_us for mark in marks])
                self.last_timeline, self._timeline_rows = view, present.timeline(view, rows)
        if self.last_timeline is not None and self._overview is not None:
            column = self._overview.column(tape.clock.now)
            now = (self._timeline_is, column)
            if now != self._timeline_at:
                self._timeline_at = now
                self._timeline.show(present.here(self._timeline_rows, self.last_timeline, column))

    def on_line_widget_pointed(self, event: LineWidget.Pointed) -> None:
        """Say what the mouse points at."""
        self.pointed = event.topic
        found = glossary.entry(event.topic)
        snapshot = self.market.snapshot(1) if self.market.ready else None
        event.widget.tooltip = Text("\n".join(glossary.lines(found, snapshot))) if found else None

    def action_explain(self) -> None:
        """Say what the numbers are, beginning with the one that is pointed at."""
        from lobterm.app.screens.explain import ExplainScreen

        self.app.push_screen(ExplainScreen(self.market.snapshot(1) if self.market.ready else None, self.pointed))

    def action_settings(self) -> None:
        """Show the parameters."""
        from lobterm.app.screens.settings import SettingsScreen

        if self.market.ready:
            self.app.push_screen(SettingsScreen(self.market))

    def action_robots(self) -> None:
        """Show the ladders' desk."""
        from lobterm.app.screens.robots import RobotsScreen

        if self.market.ready:
            self.app.push_screen(RobotsScreen(self.market))

    def action_what_if(self) -> None:
        """Play on from here in two ways."""
        from lobterm.app.screens.what_if import WhatIfScreen

        tape = comparable(self.market)
        if tape is None:
            self.say("What if needs a tape: what a live market does next is not there yet.")
            return
        try:
            playing = tape.what_if()
        except InputError as error:
            self.say(f"{error.what}; {error.mend}" if error.mend else error.what)
        else:
            self.app.push_screen(WhatIfScreen(tape, playing))

    def action_toggle_help(self) -> None:
        """Show or hide the panel of keys."""
        shown = self.query("HelpPanel")
        if shown:
            shown.remove()
            return
        from textual.widgets import HelpPanel  # with a Markdown reader and all it brings along

        self.mount(HelpPanel())

    def bound(self) -> tuple[Binding, ...]:
        """Return the keys of this screen, for the palette."""
        return tuple(entry for entry in self.BINDINGS if isinstance(entry, Binding) and self._offered(entry))

    def _offered(self, binding: Binding) -> bool:
        """Say whether a key is of use to the market that is shown."""
        return not self._no_transport or binding.action.partition("(")[0] not in keys.TRANSPORT

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """Return the keys that footer and help offer; one that is not offered still says why it does nothing."""
        return {key: bound for key, bound in super().active_bindings.items() if self._offered(bound.binding)}
