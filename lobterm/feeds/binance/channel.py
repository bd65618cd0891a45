"""One symbol's way in: its inbox, the snapshots that its books want, its source of trades, how its streams are doing.

What: lives in the feed's thread; what it is handed goes into the inbox, what the inbox has read decides what is asked for
next. Whatever goes wrong here stops this symbol and says why; the others go on. Units: local µs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from lobterm.events import Market
from lobterm.feeds.binance.addresses import STREAMS, Socket, snapshot_path
from lobterm.feeds.binance.decoder import Decoder
from lobterm.feeds.binance.health import Health
from lobterm.feeds.binance.inbox import Inbox, Sink
from lobterm.feeds.binance.listing import Listing
from lobterm.feeds.binance.polls import Polls
from lobterm.feeds.binance.rest import Rest, RestFailure
from lobterm.feeds.binance.stamp import Stamp
from lobterm.feeds.binance.trade_source import TradeSource
from lobterm.tape.ring import Ring
from lobterm.wire import control

HEARTBEAT_US = 250_000
SNAPSHOT_WEIGHT = {Market.PERP: 20, Market.SPOT: 250}
SOCKETS = {Market.PERP: (Socket.PUBLIC, Socket.MARKET), Market.SPOT: (Socket.SPOT,)}
DEPTH_SOCKET = {Market.PERP: Socket.PUBLIC, Market.SPOT: Socket.SPOT}
SPOKEN = {Socket.PUBLIC: "public", Socket.MARKET: "market", Socket.SPOT: "spot"}
NOT_KEPT = ("too_long", "not_off_the_wire")
"""Reasons for which an inbox leaves a frame out altogether."""


class Depth(msgspec.Struct, rename={"ident": "lastUpdateId"}):
    """A snapshot as far as its shape goes; the decoder reads the levels."""

    ident: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Channel:
    """One symbol."""

    def __init__(self, listing: Listing, ring: Ring, recorder: Sink | None, *, dice: Random) -> None:
        self.listing, self.ring = listing, ring
        self.symbol = listing.perp.symbol
        self.failure = ""
        self.rows = 0
        self.settled_us = 0
        """Time of the last settlement that the account knows: of those since, none may be left out."""
        self.decoder = Decoder(listing.perp, listing.spot, dice=dice)
        self.inbox = Inbox(self.decoder, ring, recorder, Stamp())
        self._clock = Stamp()  # not the inbox's own, which one thread alone may read
        self.source = TradeSource()
        self.polls: Polls | None = None
        self._dice = dice
        self._rest: Rest | None = None
        self._wake: Callable[[], None] = _nobody
        self._healths: dict[tuple[Market, str], tuple[Health, str]] = {}
        self._line_us = 0  # when a line last came
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def markets(self) -> tuple[Market, ...]:
        """Return the markets that are listened to."""
        return (Market.PERP,) if self.listing.spot is None else (Market.PERP, Market.SPOT)

    @property
    def last_ts(self) -> int:
        """Return when a line last came."""
        return self._line_us

    @property
    def not_kept(self) -> int:
        """Return how many frames reached neither ring nor recording."""
        return sum(self.decoder.skipped[reason] for reason in NOT_KEPT)

    def now_us(self) -> int:
        """Return the time as the stamps have it; any thread may ask."""
        return self._clock() // 1_000

    def attach(self, rest: Rest, healths: Mapping[Socket, Health], wake: Callable[[], None]) -> None:
        """Take what the feed has for all symbols; `wake` asks for a flush."""
        self._rest, self._wake = rest, wake
        self.polls = Polls(self.symbol, rest, self.tell, self.now_us, self._dice, self.settled_us)
        for stream in STREAMS:
            market = Market.SPOT if stream.socket is Socket.SPOT else Market.PERP
            if market in self.markets:
                self._healths[market, stream.suffix] = healths[stream.socket], stream.of(self.symbol)

    def taker(self, market: Market) -> Callable[[bytes], None]:
        """Return what takes the frames of one market."""
        wire = self.inbox.wire

        def take(text: bytes) -> None:
            if self.failure:
                return
            try:
                wire(market, text)
            except Exception as error:  # one symbol's trouble is not the others'
                self.fail(error)
            self._wake()

        return take

    def tell(self, event: control.Event) -> None:
        """Take what did not come off the wire."""
        if self.failure:
            return
        try:
            self.inbox.control(event)
        except Exception as error:  # as above
            self.fail(error)
        self._wake()

    def opened(self, socket: Socket) -> None:
        """A socket stands."""
        self.tell(control.Connect(SPOKEN[socket]))  # type: ignore[arg-type]

    def lost(self, socket: Socket, why: str) -> None:
        """A socket is gone."""
        if socket is Socket.PUBLIC:
            self.source.excuse()
        self.tell(control.Disconnect(SPOKEN[socket], why[:300]))  # type: ignore[arg-type]

    def silent(self, socket: Socket, stream: str) -> None:
        """A stream of this symbol does not speak."""
        self.tell(control.Silent(Market.SPOT if socket is Socket.SPOT else Market.PERP, stream))

    def flush(self, *, public_is_up: bool) -> None:
        """Hand on what came, and ask for what follows from it."""
        if self.failure:
            return
        try:
            rows = self.inbox.flush()
            self.rows += rows
            now_us = self.now_us()
            if rows:
                self._line_us = now_us
            self._hear(now_us)
            self._choose_source(now_us, public_is_up)
            self._want_snapshots(now_us)
        except Exception as error:  # as above
            self.fail(error)

    def beat(self) -> None:
        """Say in a lull that time passes."""
        if not self.failure and self.now_us() - self._line_us >= HEARTBEAT_US:
            self.tell(control.Heartbeat())

    def end(self, why: str) -> None:
        """Say goodbye and hand on the rest."""
        for task in self._tasks:
            task.cancel()
        if not self.failure:
            try:
                self.rows += self.inbox.end(why)
            except Exception as error:  # as above
                self.fail(error)

    def fail(self, error: Exception) -> None:
        """Stop this symbol, and say why."""
        self.failure = f"{self.symbol}: {type(error).__name__}: {error}"
        for health, name in self._healths.values():
            health.forgive(name)

    def _hear(self, now_us: int) -> None:
        for heard in self.decoder.heard:
            health, name = self._healths.get((heard.market, heard.stream), (None, ""))
            if health is None:
                if heard.bad_frames and heard.market in self.markets:
                    self._healths[heard.market, "bookTicker"][0].nameless_bad_frames += heard.bad_frames
                continue
            health.heard(name, heard.frames, heard.bad_frames, heard.last_us, heard.delays_us)
            if heard.frames and heard.market == Market.PERP:
                if heard.stream == "trade":
                    self.source.raw(now_us)
                elif heard.stream == "aggTrade":
                    self.source.aggregate(now_us)

    def _choose_source(self, now_us: int, public_is_up: bool) -> None:
        if not public_is_up:
            self.source.excuse()
        source = self.source.decide(now_us)
        if source is not None:
            self.tell(control.TradeSource(source))

    def _want_snapshots(self, now_us: int) -> None:
        for market, book in self.decoder.books.items():
            if self._rest is not None and market not in self._rest.refused and book.wants_snapshot(now_us):
                book.asked()
                task = asyncio.get_running_loop().create_task(self._snapshot(self._rest, market))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _snapshot(self, rest: Rest, market: Market) -> None:
        book = self.decoder.books[market]
        path = snapshot_path(market, self.symbol)
        try:
            body = await rest.get(market, path, weight=SNAPSHOT_WEIGHT[market], urgent=True)
            msgspec.json.decode(body, type=Depth)
        except RestFailure as failure:
            book.snapshot_failed(self.now_us(), failure.wait_us)
        except (msgspec.DecodeError, UnicodeDecodeError):
            book.snapshot_failed(self.now_us())
        else:
            self.taker(market)(body)

    def report(self) -> dict[str, Any]:
        """Return what is to be said of this symbol beside its streams."""
        now_us = self.now_us()
        books = {
            market.name.lower(): {
                "known": book.known,
                "why": "" if book.why is None else book.why.value,
                "since_ms": None if book.known else (now_us - book.since_us) / 1_000,
                "resyncs": book.resyncs,
                "recoveries_ms": [took / 1_000 for took in book.recoveries_us],
            }
            for market, book in self.decoder.books.items()
        }
        return {
            "books": books,
            "trade_source": self.source.source,
            "clock_offset_ms": None
            if self.polls is None or self.polls.offset_us is None
            else self.polls.offset_us / 1e3,
            "skipped": dict(self.decoder.skipped),
            "failure": self.failure,
        }


def _nobody() -> None:
    """Wake nobody: no feed runs yet."""
