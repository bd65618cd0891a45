"""What all screens share: the market, the time on the wall, and what the person chose that outlives a screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lobterm.view.console import seekable
from lobterm.view.models import Ui
from lobterm.view.rate import RateMeter

if TYPE_CHECKING:
    from lobterm.app.bookmarks import Bookmarks
    from lobterm.view.console import Console, Seekable


def monotonic_us() -> int:
    """Return wall time that never runs back."""
    return time.monotonic_ns() // 1_000


class Shell:
    """One market on a screen."""

    def __init__(
        self, console: Console, wall_us: Callable[[], int] = monotonic_us, bookmarks: Bookmarks | None = None
    ) -> None:
        self.running, self.wall_us, self.bookmarks = console, wall_us, bookmarks
        self.frozen: Seekable | None = None  # an instant replay, shown in place of the market that runs on
        self.loop_from: int | None = None  # where a loop shall begin, µs
        self.opened_us = wall_us()
        self.load_failure = ""
        self.rows_meter = RateMeter()
        self.rows_per_s: float | None = None
        self._moves = 0
        self._symbol = console.symbol

    @property
    def market(self) -> Console:
        """Return the market that the screens show."""
        return self.frozen or self.running

    def show(self, frozen: Seekable | None) -> None:
        """Show an instant replay; None: the market that runs."""
        self.frozen, self.loop_from = frozen, None
        self._moves, self.rows_meter, self.rows_per_s = 0, RateMeter(), None

    def thaw(self) -> None:
        """Go back to now, and let go of what was frozen."""
        frozen = self.frozen
        if frozen is not None:
            self.show(None)
            frozen.close()

    def count(self) -> None:
        """Take note of how far the engine is, once a frame."""
        way = seekable(self.market)
        if way and way.moves != self._moves:
            self._moves, self.rows_meter = way.moves, RateMeter()
        if self.market.symbol != self._symbol:
            self._symbol, self.rows_meter = self.market.symbol, RateMeter()
        if self.market.ready:
            self.rows_per_s = self.rows_meter.add(self.wall_us(), self.market.position_rows)

    @property
    def base(self) -> Ui:
        """Return what every frame brings along."""
        return Ui(
            rows_per_s=self.rows_per_s,
            loading_s=(self.wall_us() - self.opened_us) // 1_000_000,
            load_failure=self.load_failure,
        )
