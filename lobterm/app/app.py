"""The application: wires a console to its screens, loads the engine behind the first paint, and computes nothing."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import App
from textual.worker import Worker, WorkerState

from lobterm.app.screens.monitor import MonitorScreen, monotonic_us
from lobterm.app.themes import DARK, THEMES
from lobterm.errors import LobtermError

if TYPE_CHECKING:
    from lobterm.view.console import Console


class LobtermApp(App[None], inherit_bindings=False):
    """The console of one market."""

    TITLE = "lobterm"
    CSS_PATH = "lobterm.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False

    def __init__(
        self, console: Console, *, play: bool = True, fps: int = 20, wall_us: Callable[[], int] = monotonic_us
    ) -> None:
        super().__init__()
        self.market, self.autoplay = console, play
        self.monitor = MonitorScreen(console, fps, wall_us)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    @property
    def failure(self) -> str:
        """Say why the market stopped, or nothing."""
        return self.monitor.load_failure or self.market.failure

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme the names that the style sheet uses."""
        return dict(DARK.variables)

    def get_default_screen(self) -> MonitorScreen:
        """Open on the monitor."""
        return self.monitor

    def on_mount(self) -> None:
        """Let the first paint happen before anything heavy is loaded."""
        self.call_after_refresh(self._start_loading)

    def _start_loading(self) -> None:
        self.run_worker(self.market.load, name="load", thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Start the clock when the engine is loaded, or say why it is not."""
        if event.worker.name != "load":
            return
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            failure = str(error) if isinstance(error, LobtermError) else f"{type(error).__name__}: {error}"
            self.monitor.load_failure = failure
            self.notify(failure, title="The engine did not load", severity="error", timeout=60, markup=False)
        elif event.state is WorkerState.SUCCESS:
            # what is loaded by now stays: without this, each full collection walks all of numba and costs 90 ms
            gc.collect()
            gc.freeze()
            if self.autoplay:
                self.market.clock.play()

    def action_next_theme(self) -> None:
        """Go to the next colour theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
