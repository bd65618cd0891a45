"""The application: wires a console to its screens, loads the engine behind the first paint, and computes nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from rich.markup import escape
from textual.app import App, ScreenStackError, SystemCommand
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from lobterm.app import collect_as_usual
from lobterm.app.alert_command import AlertCommand
from lobterm.app.alerts import Alerts
from lobterm.app.governor import Governor, backlog
from lobterm.app.instant import WORKER, InstantReplay
from lobterm.app.screens.base import ConsoleScreen
from lobterm.app.screens.monitor import MonitorScreen
from lobterm.app.sheet import Sheet
from lobterm.app.shell import Shell, monotonic_us
from lobterm.app.terminal import TerminalDriver
from lobterm.app.themes import DARK, THEMES, of_256
from lobterm.errors import LobtermError
from lobterm.view import build
from lobterm.view.console import seekable, several
from lobterm.view.format import use_local

if TYPE_CHECKING:
    from lobterm.app.bookmarks import Bookmarks
    from lobterm.view.console import Console

BUDGET_US = 8_000
"""Wall time a frame may spend on folding; the rest is for painting and keys."""

TURNS = 16
"""Of the event loop between two pieces folded: a key goes through that many hands before it is painted."""
FLAT_OUT_US = 100_000
"""Between two frames at max speed, of which nobody reads more; what a key asks for is painted at once all the same."""

LEFT = 130
"""Exit code when the session did not end by a key: interrupted, with everything saved."""
BACK = 64
"""Exit code when the person wants to choose something else."""
LATER = {
    "heatmap": "HeatmapScreen", "pressure": "PressureScreen", "review": "ReviewScreen", "log": "LogScreen",
    "watch": "WatchScreen",
}  # fmt: skip
"""Screens that are loaded when they are first shown: name, which is also the module's, and class."""
SETTLED = 10
"""Frames that are painted after the last change: a new layout takes some until it is known."""


class LobtermApp(App[None], inherit_bindings=False):
    """The console of one market."""

    TITLE = "lobterm"
    CSS_PATH = "lobterm.tcss"
    DEFAULT_MODE = "monitor"
    ALLOW_SELECT = False

    def __init__(
        self,
        console: Console,
        *,
        play: bool = True,
        fps: int = 20,
        wall_us: Callable[[], int] = monotonic_us,
        keymap: Mapping[str, str] | None = None,
        bookmarks: Bookmarks | None = None,
        alerts: str = "none",
        alert_command: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.market, self.autoplay, self.fps = console, play, fps
        self.shell, self.governor = Shell(console, wall_us, bookmarks), Governor()
        self.alert_command = AlertCommand(alert_command) if alert_command else None
        run = self.alert_command.run if self.alert_command else None
        self.alerts = Alerts(console, alerts, self.write_out, wall_us, run)
        self.instant = InstantReplay(self)
        self.monitor = MonitorScreen(self.shell)
        self.add_mode("monitor", lambda: self.monitor)
        for name in LATER:
            self.add_mode(name, partial(_screen, name, self.shell))
        for theme in THEMES:
            self.register_theme(of_256(theme) if self.console.color_system == "256" else theme)
        self.theme = DARK.name
        self.stylesheet = Sheet(variables=self.get_css_variables())
        use_local(False)
        self.loading: Worker[None] | None = None
        self.asked_to_leave = False
        self._told_failures: set[str] = set()
        self._painted: tuple[object, ...] = ()
        self._same = 0
        self._folding_on = False
        self._painted_us = -FLAT_OUT_US
        self.set_keymap(dict(keymap or {}))

    @property
    def failure(self) -> str:
        """Say why the market stopped, or nothing."""
        return self.shell.load_failure or self.market.failure

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme the names that the style sheet uses."""
        return dict(DARK.variables)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what the keys of the screen do."""
        if isinstance(screen, ConsoleScreen):
            for binding in screen.bound():
                if binding.id != "quit-now":
                    run = _runner(self, screen, binding.action)
                    yield SystemCommand(
                        binding.description, escape(f"{binding.tooltip}, key {binding.key_display or binding.key}"), run
                    )

    def on_mount(self) -> None:
        """Let the first paint happen before anything heavy is loaded."""
        self.call_after_refresh(self._paint_first)

    def _paint_first(self) -> None:
        """Show what is known without the engine; it is loaded once that stands on the screen, for loading holds up all else."""
        self.paint()
        self.call_after_refresh(self._start_loading)
        self.set_interval(1 / self.fps, self.tick)

    def _start_loading(self) -> None:
        self.loading = self.run_worker(self.market.load, name="load", thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Start the clock when the engine is loaded, or say why it is not."""
        if event.worker.name == WORKER:
            self.instant.loaded(event.worker, event.state)
        if event.worker is not self.loading:
            return
        if event.worker.is_finished:
            collect_as_usual()
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            failure = str(error) if isinstance(error, LobtermError) else f"{type(error).__name__}: {error}"
            self.shell.load_failure = failure
            self.notify(failure, title="The engine did not load", severity="error", timeout=60, markup=False)
        elif event.state is WorkerState.SUCCESS and self.autoplay:
            self.market.clock.play()

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's choice, but one that notices when the terminal, or the page in a browser, goes away."""
        found = super().get_driver_class()
        if found.__name__ == "WebDriver":
            from lobterm.app.page import PageDriver

            return PageDriver
        return TerminalDriver if found is LinuxDriver else found

    def leave(self) -> None:
        """Ask for an orderly end at the next frame; a signal may call it."""
        self.asked_to_leave = True

    def _must_leave(self) -> bool:
        """Say whether to end without having been told by a key: asked by a signal, or nobody is there to see."""
        return self.asked_to_leave or bool(getattr(self._driver, "gone", False))

    def write_out(self, text: str) -> None:
        """Give the terminal a sequence that draws nothing."""
        if self._driver is not None:
            self._driver.write(text)

    def tick(self) -> None:
        """Fold what is due, and paint unless the terminal still owes output."""
        if self._must_leave():
            if self.return_code is None:
                self.exit(return_code=LEFT)
            return
        market, shown = self.market, self.shell.market
        session = several(market)
        if market.ready and not (session.stopped if session else market.failure):
            market.pump(self.shell.wall_us(), BUDGET_US)
            if self._flat_out() and not self._folding_on:
                self._fold_later()
        if shown is not market:
            shown.pump(self.shell.wall_us(), BUDGET_US)  # what goes on goes first: no more than its share, at any speed
        for failure in [*(who.failure for who in (session.followed if session else ())), market.failure]:
            if failure and failure not in self._told_failures:
                self._told_failures.add(failure)
                self.notify(failure, title="The engine stopped", severity="error", timeout=30, markup=False)
        if market.ready:
            self.alerts.look(self.failure)
        if self.alert_command and (words := self.alert_command.complaint()):
            self.notify(words, title="The alert command", severity="warning", timeout=30, markup=False)
        self.shell.count()
        if self._stands_still():
            self._paint_beside()
            return
        if self._flat_out() and self.shell.wall_us() - self._painted_us < FLAT_OUT_US:
            return
        if self.governor.may_paint(backlog(self._driver)):
            self.paint()

    def _flat_out(self) -> bool:
        """Say whether the market is to be folded as fast as it can be; a seek that waits leaves the machine to the index."""
        market = self.market
        stands = market.clock.paused or market.finished or market.failure or build.seeking(market)
        return math.isinf(market.clock.speed) and not stands

    def _fold_later(self, turns: int = TURNS) -> None:
        self._folding_on = True
        # a message of the app's own would keep keys and frames waiting
        asyncio.get_running_loop().call_soon(self._fold_on, turns)

    def _fold_on(self, turns: int) -> None:
        """Fold between two frames too, in pieces between which keys are heard and acted upon."""
        if turns:
            self._fold_later(turns - 1)
            return
        self._folding_on = False
        if self._flat_out() and self.is_running:
            self.market.pump(self.shell.wall_us(), BUDGET_US)
            self._fold_later()

    def _stands_still(self) -> bool:
        """Say whether everything has been painted as it is: a market that stands need not be painted again."""
        market, clock = self.shell.market, self.shell.market.clock
        loading = () if market.ready else (market.loading_note, self.shell.base.loading_s)
        state = (
            market.ready, loading, market.symbol, market.position_rows, clock.now, clock.paused, clock.speed, market.finished,
            self.failure, self.shell.rows_per_s, self.size, self._on_top(), build.seek_words(market),
            build.indexed_steps(tape) if (tape := seekable(market)) else 0,
        )  # fmt: skip
        if state != self._painted:
            self._painted, self._same = state, 0
        self._same += 1
        return self._same > SETTLED

    def paint(self) -> None:
        """Paint the screen that is seen; what lies beneath a dialogue stands still."""
        self._painted_us = self.shell.wall_us()
        screen = self._on_top()
        if isinstance(screen, ConsoleScreen):
            screen.paint()

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as SVG whose blanks every viewer keeps: some move a text that begins with them to the left."""
        picture = super().export_screenshot(title=title, simplify=simplify)
        return picture.replace("<svg ", '<svg xml:space="preserve" ', 1)

    def _on_top(self) -> Screen[object] | None:
        """Return the screen that is seen; between two screens there is none."""
        try:
            return self.screen
        except ScreenStackError:
            return None

    def _paint_beside(self) -> None:
        """Show how the market goes on while what it has been stands still."""
        if (
            self.shell.frozen
            and isinstance(self.screen, ConsoleScreen)
            and self.governor.may_paint(backlog(self._driver))
        ):
            self.screen.paint_beside()

    def action_instant(self) -> None:
        """Look again at what has just been, or go back to now."""
        self.instant.toggle()

    def action_show(self, name: str) -> None:
        """Go to another screen."""
        self.switch_mode(name)

    def action_open_another(self) -> None:
        """End the session in order, and go back to the picker."""
        self.exit(return_code=BACK)

    def action_next_theme(self) -> None:
        """Go to the next colour theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_picture(self) -> None:
        """Save the screen as SVG."""
        self.deliver_screenshot()


def _screen(name: str, shell: Shell) -> Screen[None]:
    """Make one of the LATER screens."""
    made: Screen[None] = getattr(import_module(f"lobterm.app.screens.{name}"), LATER[name])(shell)
    return made


def _runner(app: LobtermApp, screen: ConsoleScreen, action: str) -> Callable[[], object]:
    """Return what runs a key's action from the palette."""

    async def run() -> None:
        await app.run_action(action, default_namespace=screen)

    return run
