"""A live session as the console sees it: loads, follows, ends. One symbol at a time is on the screen, all are followed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import numpy as np

from lobterm import warm
from lobterm.clock import LiveClock
from lobterm.engine.params import PARAMS
from lobterm.errors import InputError, LobtermError
from lobterm.events import Kind
from lobterm.hands import Ask, Hands
from lobterm.live.setup import LiveSetup
from lobterm.live.status import Status, StatusFile
from lobterm.live.telling import told
from lobterm.view.console import Logged
from lobterm.view.history import History
from lobterm.wire import control

if TYPE_CHECKING:
    import numpy.typing as npt

    from lobterm.engine.read import Glance, Snapshot
    from lobterm.feeds.binance.feed import LiveFeed
    from lobterm.instrument import Instrument
    from lobterm.live.instant import Instant
    from lobterm.live.market import LiveMarket

RING_ROWS = 1 << 18
STATUS_US = 1_000_000


class Live(Hands):
    """Feed, engines, logs and recordings of a live session."""

    mode = "LIVE"

    def __init__(self, setup: LiveSetup, *, warmed: Callable[[], None] = warm.in_subprocess) -> None:
        self.setup, self._warmed = setup, warmed
        self.shown_at = 0
        self.clock = LiveClock()
        self.ready = False
        self.loading_note = "loading"
        self.markets: tuple[LiveMarket, ...] = ()
        self._nothing_yet = History()
        self._feed: LiveFeed | None = None
        self._closed = False
        self._report: dict[str, Any] | None = None
        self._status: StatusFile | None = None
        self._told_us = 0

    def load(self) -> None:
        """Ask for the symbols' sizes, load the engine and begin to listen; slow, so the console calls it in a thread."""
        if not warm.is_warm():
            self.loading_note = "compiling the engine (first start only)"
            self._warmed()
        self.loading_note = "loading the engine"
        warm.load()
        warm.load_decoder()
        from lobterm.feeds.binance.feed import LiveFeed
        from lobterm.feeds.binance.listing import discover
        from lobterm.live.opening import open_market

        self.loading_note = "asking the exchange for tick and lot"
        listings = discover(self.setup.bases, self.setup.symbols, spot=self.setup.spot)
        self.loading_note = "opening the streams"
        self.markets = tuple(open_market(self.setup, listing, RING_ROWS) for listing in listings)
        self._feed = LiveFeed(
            [market.channel for market in self.markets], self.setup.bases, dice=SystemRandom(), daily=self.setup.daily
        )
        self._feed.notes += [note for market in self.markets for note in market.opened.notes]
        self._feed.start()
        if self.setup.status is not None:
            self._status = StatusFile(self.setup.status, self.markets[0].session_id)
        self.ready = True

    def pump(self, wall_us: int, budget_us: int) -> None:
        """Fold what has come, for `budget_us` of wall time at most, each symbol for its share."""
        if not self.ready:
            return
        share_s = budget_us / 1e6 / len(self.markets)
        for market in self.markets:
            market.fold(time.perf_counter() + share_s)
        self.clock.jump(self.shown.channel.now_us())
        if self._status is not None and self.clock.now - self._told_us >= STATUS_US:
            self._told_us = self.clock.now
            symbols = [told(market, self.clock.now) for market in self.markets]
            self._status.put(Status(os.getpid(), self.markets[0].session_id, time.time_ns() // 1_000, symbols))

    def step(self, unit: str) -> None:
        """Go on: a live market has no steps."""

    def may_act(self) -> None:
        """Raise InputError while hands can do nothing."""
        if not self.ready or self.failure:
            raise InputError(self.failure or "the engine is not loaded yet")

    def act(self, *asks: Ask) -> None:
        """Post rows to the feed, which stamps and records them; the engine folds them with their neighbours."""
        self.may_act()
        events: list[control.Event] = []
        for ask in asks:
            if ask.kind == Kind.PARAM:
                events.append(control.Param(PARAMS[ask.qty].key, float(np.int64(ask.px).view(np.float64))))
            elif ask.kind == Kind.ORDER:
                events.append(control.Order(ask.side, ask.px, ask.qty, ask.seq))  # type: ignore[arg-type]
        facts = [(ask.qty, ask.px) for ask in asks if ask.kind == Kind.ACCOUNT]
        if facts:
            events.append(control.Account(facts, carried=False))
        try:
            for event in events:
                self.shown.channel.inbox.post(event)
        except ValueError as error:
            raise InputError(str(error)) from error

    @property
    def start_params(self) -> npt.NDArray[np.float64]:
        """Return the parameter vector that the session began with."""
        return self.setup.config.params(self.shown.channel.symbol)

    def origin(self, key: str) -> str:
        """Return which layer of the configuration a parameter's first value came from."""
        return self.setup.config.origin(self.shown.channel.symbol, key)

    @property
    def shown(self) -> LiveMarket:
        """Return the symbol that is on the screen; there is none before `load`."""
        if not self.markets:
            raise LobtermError("the live session is not loaded")
        return self.markets[self.shown_at]

    @property
    def followed(self) -> tuple[LiveMarket, ...]:
        """Return every symbol; none before `load`."""
        return self.markets if self.ready else ()

    def show(self, at: int) -> None:
        """Put another symbol on the screen; all go on being followed, recorded and logged."""
        self.shown_at = at % len(self.setup.symbols)

    @property
    def symbol(self) -> str:
        """Return the symbol that is on the screen."""
        return self.setup.symbols[self.shown_at]

    @property
    def feed(self) -> LiveFeed:
        """Return the feed; there is none before `load`."""
        if self._feed is None:
            raise LobtermError("the live session is not loaded")
        return self._feed

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded."""
        return self.shown.channel.listing.perp

    @property
    def source_note(self) -> str:
        """Say in a few words where touch and trades come from, and what is not as it should be."""
        if self._feed is None:
            return ""
        words = [f"trades: {self.shown.channel.source.source or 'none yet'}"]
        if self.setup.recordings is None:
            words.append("not recorded")
        return " · ".join([*words, *self.complaints()])

    def complaints(self) -> list[str]:
        """Return what a person should know."""
        stopped = [market.opened.recorder_failure for market in self.markets]
        logs = [market.log_failure or market.log.trouble for market in self.markets if market.log is not None]
        engines = [market.engine_failure for market in self.markets]
        return [*self.feed.complaints(), *(words for words in (*engines, *stopped, *logs) if words)]

    @property
    def failure(self) -> str:
        """Say why the symbol on the screen stopped, or nothing."""
        if self._feed is None:
            return ""
        return self._feed.failure or self.shown.failure

    @property
    def stopped(self) -> str:
        """Say why nothing goes on any more, or nothing: one symbol's failure stops no other."""
        if self._feed is None:
            return ""
        failures = [market.failure for market in self.markets]
        return self._feed.failure or ("; ".join(failures) if all(failures) else "")

    @property
    def finished(self) -> bool:
        """Say whether nothing more comes: never, while it runs."""
        return False

    @property
    def rows_total(self) -> int:
        """Return how many rows have come."""
        return self.shown.ring.written if self.markets else 0

    @property
    def position_rows(self) -> int:
        """Return how many rows were folded."""
        return self.shown.ring.read_rows if self.markets else 0

    @property
    def logged(self) -> Logged | None:
        """Say where the session of the symbol on the screen is logged, None where it is not, or not yet."""
        if not self.markets or self.setup.log is None:
            return None
        return Logged(self.setup.log, self.shown.session_id)

    @property
    def lag_us(self) -> int:
        """Return how far the engine is behind what has come."""
        return self.shown.lag_us if self.markets else 0

    @property
    def gaps(self) -> int:
        """Return how many gaps were met so far."""
        return self.shown.gaps if self.markets else 0

    def freeze(self) -> Instant | None:
        """Return what the symbol on the screen has just been, to be loaded and replayed apart; None if nothing has come."""
        from lobterm.live.instant import freeze

        return freeze(self.shown, self.setup, self.logged)

    def glance(self, depth: int) -> Glance:
        """Return what is looked at at every frame, with up to `depth` levels a side."""
        return self.shown.glance(depth)

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""
        return self.shown.snapshot(depth)

    def labels(self, n: int) -> npt.NDArray[np.void]:
        """Return the last `n` LABEL rows, oldest first."""
        return self.shown.labels(n)

    @property
    def history(self) -> History:
        """Return what has been, for the screens that show time; nothing before `load`."""
        return self.shown.history if self.markets else self._nothing_yet

    def report(self) -> dict[str, Any]:
        """Return the keys of DESIGN §7, as of now or as of the session's end."""
        if self._report is not None:
            return self._report
        first = self.markets[0]
        said = self.feed.report() | {
            "complaints": self.complaints(),
            "gaps": sum(market.gaps for market in self.markets),
            "queue_max": max(market.queue_max for market in self.markets),
            "rows_from_disk": sum(market.ring.spilled for market in self.markets),
            "session_id": first.session_id,
            "sessions": {market.channel.symbol: market.session_id for market in self.markets},
            "recording": None if self.setup.recordings is None else str(self.setup.recordings),
        }
        for market in self.markets:
            said["symbols"][market.channel.symbol] |= market.summary()
        return said

    def close(self) -> None:
        """Say goodbye to the exchange, fold what is left, and end the session: all of it is kept."""
        if self._closed or self._feed is None:
            return
        self._closed = True
        self._feed.stop()
        with contextlib.ExitStack() as stack:
            if self._status is not None:
                stack.callback(self._status.close)
            for market in self.markets:
                stack.callback(market.close, self.setup.recordings)
            for market in self.markets:
                market.fold(float("inf"))
            self._report = self.report()
