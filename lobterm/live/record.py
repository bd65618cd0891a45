"""A recording without a console and without an engine: the exchange to disk, until stopped."""

from __future__ import annotations

import time
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import numpy as np

from lobterm import warm
from lobterm.events import Kind

if TYPE_CHECKING:
    from lobterm.feeds.binance.addresses import Bases
    from lobterm.feeds.binance.feed import LiveFeed
    from lobterm.live.opening import Opened

RING_ROWS = 1 << 16


class Record:
    """Feed and recorders of some symbols."""

    def __init__(self, symbols: tuple[str, ...], bases: Bases, folder: Path, *, spot: bool) -> None:
        self.symbols, self.bases, self.folder, self.spot = symbols, bases, folder, spot
        self.opened: tuple[Opened, ...] = ()
        self.queue_max = 0
        self._gaps = 0
        self._feed: LiveFeed | None = None

    def load(self) -> None:
        """Ask for the symbols' sizes, open the files, begin to listen."""
        warm.load_decoder()
        from lobterm.feeds.binance.feed import LiveFeed
        from lobterm.feeds.binance.listing import discover
        from lobterm.live.opening import open_channel
        from lobterm.session.log import new_session_id

        listings = discover(self.bases, self.symbols, spot=self.spot)
        self.opened = tuple(open_channel(listing, RING_ROWS, self.folder, new_session_id()) for listing in listings)
        self._feed = LiveFeed([part.channel for part in self.opened], self.bases, dice=SystemRandom())
        self._feed.notes += [note for part in self.opened for note in part.notes]
        self._feed.start()

    def pump(self, wall_us: int, budget_us: int) -> None:
        """Count what has come."""
        until_s = time.perf_counter() + budget_us / 1e6
        for part in self.opened:
            self.queue_max = max(self.queue_max, part.ring.behind)
            while part.ring.behind and time.perf_counter() < until_s:
                rows = part.ring.read(RING_ROWS)
                self._gaps += int(np.count_nonzero(rows["kind"] == Kind.GAP))

    @property
    def stopped(self) -> str:
        """Say why nothing is recorded any more, or nothing."""
        if self._feed is None:
            return ""
        stopped = [part.recorder_failure for part in self.opened]
        return self._feed.failure or ("; ".join(stopped) if stopped and all(stopped) else "")

    @property
    def position_rows(self) -> int:
        """Return how many rows have come."""
        return sum(part.ring.read_rows for part in self.opened)

    @property
    def lag_us(self) -> int:
        """Return whether anything waits to be counted."""
        return sum(part.ring.behind for part in self.opened)

    def close(self) -> None:
        """Say goodbye and finish the files."""
        if self._feed is not None:
            self._feed.stop()
            self.pump(0, 60_000_000)
            for part in self.opened:
                part.close()

    def report(self) -> dict[str, Any]:
        """Return the keys of DESIGN §7."""
        if self._feed is None:
            return {}
        return self._feed.report() | {
            "gaps": self._gaps,
            "queue_max": self.queue_max,
            "session_id": self.opened[0].session_id if self.opened else None,
            "sessions": {part.channel.symbol: part.session_id for part in self.opened},
            "recording": str(self.folder),
        }
