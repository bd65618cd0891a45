"""The live feed: one thread, one event loop, every socket, every symbol's inbox.

What: frames go into the inboxes as they come and are read in blocks: at once after a lull, else every few milliseconds.
A screen never waits for this thread, nor this thread for a screen: rows leave by the rings, what a person does comes in by
`Inbox.post`. A host that will not have us (418, 451) stops the feed if it is the perpetual's, spot alone if it is spot's.
Units: µs; seconds for waits.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import date
from random import Random
from typing import Any

import numpy as np

from lobterm.events import Market
from lobterm.feeds.base import FeedStatus
from lobterm.feeds.binance.addresses import Bases, Socket, silences
from lobterm.feeds.binance.channel import SOCKETS, Channel
from lobterm.feeds.binance.connection import Connection, Unreachable
from lobterm.feeds.binance.health import Delays, Health
from lobterm.feeds.binance.line import LIFE_US, Line
from lobterm.feeds.binance.midnight import Midnights
from lobterm.feeds.binance.rest import Rest
from lobterm.wire import control

Daily = Callable[[str, date], control.Model | None]
"""Asked for each symbol when a UTC day has begun, in a thread: which row of the model table judges from here, if another."""
BLOCK_S = 0.005
TICK_S = 0.05
STOP_S = 20.0


class LiveFeed:
    """A source of EVENT rows for some symbols, each with a ring of its own."""

    def __init__(
        self, channels: Sequence[Channel], bases: Bases, *, dice: Random, life_us: int = LIFE_US, daily: Daily | None = None
    ) -> None:  # fmt: skip
        self.channels, self.bases = tuple(channels), bases
        self.lines: dict[Socket, Line] = {}
        self.lag = Delays()
        self.failure = ""
        self.notes: list[str] = []  # what is not as it should be, though the feed runs
        self._dice, self._life_us, self._daily = dice, life_us, daily
        self._days: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rest: Rest | None = None
        self._stop = asyncio.Event()
        self._asked_to_stop = threading.Event()
        self._scheduled = False
        self._flushed_s = 0.0
        self._finished = False

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye everywhere and hand on the rest; returns when all of it is in the rings."""
        self._asked_to_stop.set()
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._stop.set)
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def status(self) -> FeedStatus:
        """Return how the feed is doing, all symbols together."""
        return FeedStatus(
            running=self._thread.is_alive(),
            rows=sum(channel.rows for channel in self.channels),
            last_ts=max((channel.last_ts for channel in self.channels), default=0),
            finished=self._finished,
            failure=self.failure,
        )

    def report(self) -> dict[str, Any]:
        """Return how streams, books and loop are doing; any thread may ask."""
        now_us = self.channels[0].now_us() if self.channels else 0
        streams: dict[str, Any] = {}
        for socket, line in self.lines.items():
            prefix = "spot " if socket is Socket.SPOT else ""
            streams |= {prefix + name: value for name, value in line.health.report(now_us).items()}
        lines = self.lines.values()
        return {
            "streams": streams,
            "resyncs": sum(book.resyncs for channel in self.channels for book in channel.decoder.books.values()),
            "reconnects": sum(line.reconnects for line in lines),
            "planned_reconnects": sum(line.reliefs for line in lines),
            "nameless_bad_frames": sum(line.health.nameless_bad_frames for line in lines),
            "lost_frames": sum(channel.not_kept for channel in self.channels),
            "socket_skew_ms": self._skew_ms(),
            "loop_lag_ms_p50": self.lag.quantile_ms(0.5),
            "loop_lag_ms_p99": self.lag.quantile_ms(0.99),
            "symbols": {channel.symbol: channel.report() for channel in self.channels},
            "complaints": self.complaints(),
            "failure": self.failure,
        }

    def complaints(self) -> list[str]:
        """Return what a person should know."""
        failed = [channel.failure for channel in self.channels if channel.failure]
        refused = [] if self._rest is None else list(self._rest.refused.values())
        return [*self.notes, *failed, *refused, *(line.complaint for line in self.lines.values() if line.complaint)]

    def _skew_ms(self) -> float | None:
        """Return how much longer messages of /market are on their way than those of /public."""
        recent = []
        for socket in (Socket.MARKET, Socket.PUBLIC):
            line = self.lines.get(socket)
            streams = line.health.streams.values() if line is not None else ()
            told = [stream.delays.recent_us for stream in streams if stream.delays.recent_us is not None]
            if not told:
                return None
            recent.append(min(told))
        return (recent[0] - recent[1]) / 1_000

    # --- the feed's thread ---

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # a thread that dies must say so: nobody else will
            self.failure = self.failure or f"{type(error).__name__}: {error}"
        self._finished = True

    async def _main(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._note)
        if self._asked_to_stop.is_set():
            self._stop.set()
        tls = ssl.create_default_context()
        rest = Rest(self.bases, tls, self._now_us)
        self._make_lines(rest, tls)
        runs: list[asyncio.Task[None]] = [
            *(loop.create_task(line.run()) for line in self.lines.values()),
            *(loop.create_task(channel.polls.run()) for channel in self.channels if channel.polls is not None),
            loop.create_task(self._tick()),
        ]
        for run in runs:
            run.add_done_callback(self._ended)
        try:
            await self._stop.wait()
        finally:
            for run in (*runs, *self._days):
                run.cancel()
            await asyncio.gather(*runs, *self._days, return_exceptions=True)
            for channel in self.channels:
                channel.end(self.failure)
            await rest.close()

    def _now_us(self) -> int:
        return self.channels[0].now_us()

    def _make_lines(self, rest: Rest, tls: ssl.SSLContext) -> None:
        healths = {}
        now_us = self._now_us()
        for market, sockets in SOCKETS.items():
            told = [channel.symbol for channel in self.channels if market in channel.markets]
            for socket in sockets:
                if told:
                    healths[socket] = Health(silences(socket, told), now_us)

        async def open_socket(url: str, heard: Callable[[bytes], None]) -> Connection:
            return await Connection.open(url, heard, tls)

        for channel in self.channels:
            channel.attach(rest, healths, self._wake)
        for socket, health in healths.items():
            market = Market.SPOT if socket is Socket.SPOT else Market.PERP
            takers = {channel.symbol.lower(): channel.taker(market) for channel in self.channels}
            routes = {name.encode(): takers[name.partition("@")[0]] for name in health.streams}
            self.lines[socket] = Line(
                socket, self.bases.url(socket), routes, health, self, open_socket=open_socket, now_us=self._now_us,
                dice=self._dice, life_us=self._life_us,
            )  # fmt: skip
        self._rest = rest

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what nobody waited for: it must not be printed over a screen."""
        if len(self.notes) < 100:
            self.notes.append(str(context.get("exception") or context.get("message"))[:200])

    def _wake(self) -> None:
        """Have what came read: soon after a lull, else with what comes in the next milliseconds."""
        if self._scheduled or self._loop is None:
            return
        self._scheduled = True
        due_s = self._flushed_s + BLOCK_S
        if self._loop.time() >= due_s:
            self._loop.call_soon(self._flush)
        else:
            self._loop.call_at(due_s, self._flush)

    def _flush(self) -> None:
        loop = self._loop
        assert loop is not None
        self._scheduled, self._flushed_s = False, loop.time()
        is_up = self._is_up(Socket.PUBLIC)
        for channel in self.channels:
            channel.flush(public_is_up=is_up)

    def _is_up(self, socket: Socket) -> bool:
        line = self.lines.get(socket)
        return line is not None and line.is_up

    async def _tick(self) -> None:
        """Set heartbeats, flush in a lull, measure how late the loop is, and stop where there is no use in going on."""
        loop = asyncio.get_running_loop()
        due_s, midnights = loop.time(), Midnights(self._now_us())
        while True:
            due_s += TICK_S
            await asyncio.sleep(due_s - loop.time())
            now_s = loop.time()
            self.lag.add(np.array([round((now_s - due_s) * 1e6)]))
            due_s = max(due_s, now_s - TICK_S)
            for channel in self.channels:
                channel.beat()
            self._flush()
            if self._daily is not None and (day := midnights.passed(self._now_us())) is not None:
                self._begin_day(self._daily, day)
            refused = None if self._rest is None else self._rest.refused.get(Market.PERP)
            if refused:
                self._give_up(refused)
            elif all(channel.failure for channel in self.channels):
                self._give_up("; ".join(channel.failure for channel in self.channels))

    def _begin_day(self, daily: Daily, day: date) -> None:
        """Ask for every symbol what the new day changes; the streams do not wait for the answer."""

        async def ask(channel: Channel) -> None:
            try:
                event = await asyncio.to_thread(daily, channel.symbol, day)
            except Exception as error:  # what a day brings is not worth a session
                self.notes.append(f"{channel.symbol}: nothing changed on {day}: {type(error).__name__}: {error}"[:200])
            else:
                if event is not None:
                    channel.tell(event)

        for channel in self.channels:
            task = asyncio.get_running_loop().create_task(ask(channel))
            self._days.add(task)
            task.add_done_callback(self._days.discard)

    def _ended(self, run: asyncio.Task[None]) -> None:
        """Stop where a part of the feed broke: half a feed is none."""
        error = None if run.cancelled() else run.exception()
        if error is not None:
            self._give_up(f"{type(error).__name__}: {error}")

    def _give_up(self, why: str) -> None:
        self.failure = why
        self._stop.set()

    # --- what happens to lines ---

    def _listeners(self, socket: Socket) -> list[Channel]:
        market = Market.SPOT if socket is Socket.SPOT else Market.PERP
        return [channel for channel in self.channels if market in channel.markets]

    def opened(self, socket: Socket) -> None:
        """Tell every symbol that a connection stands."""
        for channel in self._listeners(socket):
            channel.opened(socket)

    def lost(self, socket: Socket, why: str) -> None:
        """Tell every symbol that a connection is gone."""
        for channel in self._listeners(socket):
            channel.lost(socket, why)

    def silent(self, socket: Socket, stream: str) -> None:
        """Tell a symbol that one of its streams does not speak."""
        for channel in self._listeners(socket):
            if stream.partition("@")[0] == channel.symbol.lower():
                channel.silent(socket, stream)

    def refused(self, socket: Socket, error: Unreachable) -> None:
        """Stop, unless it is spot alone that will not have us."""
        words = f"{error}: it is not tried again"
        if socket is Socket.SPOT:
            self.notes.append(words)
        else:
            self._give_up(words)
