"""The key of the instant replay: the screens show what a live market has just been, and the market goes on behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerState

from lobterm.view.console import freezable

if TYPE_CHECKING:
    from lobterm.app.app import LobtermApp
    from lobterm.view.console import Seekable

WORKER = "instant"
NOTHING_TO_FREEZE = "Instant replay is for a live market: on a tape, step and seek go back."
NOTHING_YET = "Nothing has come yet that could be replayed."


class InstantReplay:
    """Freezes the market that the app runs, shows that in its place, and goes back."""

    def __init__(self, app: LobtermApp) -> None:
        self._app, self._shell = app, app.shell
        self._coming: Seekable | None = None  # is being loaded; the screens still show the market
        self._wanted = False

    def toggle(self) -> None:
        """Freeze, or go back to now."""
        if self._coming is not None:
            self._wanted = not self._wanted
            return
        if self._shell.frozen is not None:
            self.end()
            self._app.paint()
            return
        live = freezable(self._app.market)
        if live is None:
            self._say(NOTHING_TO_FREEZE)
        elif live.ready and not live.failure:
            self._coming, self._wanted = live.freeze(), True
            if self._coming is None:
                self._say(NOTHING_YET)
            else:
                self._app.run_worker(self._coming.load, name=WORKER, group=WORKER, thread=True, exit_on_error=False)

    def loaded(self, worker: Worker[object], state: WorkerState) -> None:
        """Show what was frozen once it is loaded, unless it is not wanted any more."""
        if self._coming is None or state not in (WorkerState.SUCCESS, WorkerState.ERROR):
            return
        coming, self._coming = self._coming, None
        if state is WorkerState.ERROR:
            self._say(f"Instant replay did not open: {worker.error}")
        if state is WorkerState.SUCCESS and self._wanted and coming.symbol == self._app.market.symbol:
            self._shell.show(coming)
            self._app.paint()
        else:
            coming.close()

    def end(self) -> None:
        """Go back to now, and let go of what was frozen."""
        self._shell.thaw()

    def _say(self, words: str) -> None:
        self._app.clear_notifications()
        self._app.notify(words, timeout=4, markup=False)
