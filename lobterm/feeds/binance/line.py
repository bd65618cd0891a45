"""One address kept open: connections that follow each other, streams that are asked for, asked again, and complained about.

What: opens with back-off, subscribes within the limits, minds the deadline of each stream (asks again, then tries another
connection, then says so; the streams that do speak are not interrupted), and relieves a connection before the exchange
cuts it at 24 hours. What it hears goes where the stream's texts go in a plain call; whether it was any good is noted in
`health` by whoever reads it. What happens to the line goes to its listener. Sockets and time come from outside.
Source: binance.md §1.2 (a wrong path is acknowledged and silent), §1.3, §4. Units: µs, seconds where a wait takes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random

import msgspec

from lobterm.feeds.binance.addresses import SECOND_US, Socket
from lobterm.feeds.binance.backoff import Backoff
from lobterm.feeds.binance.connection import Unreachable
from lobterm.feeds.binance.handover import HEAD, Handover, stream_of
from lobterm.feeds.binance.health import Health
from lobterm.feeds.binance.link import LineListener, Link, Open, Take, Wait, until_set
from lobterm.feeds.binance.subscribe import Subscriber

TICK_S = 0.05
LIFE_US = 23 * 3_600 * SECOND_US
LIFE_SPREAD_US = 1_800 * SECOND_US
OVERLAP_US = SECOND_US
RELIEF_US = 30 * SECOND_US
"""Within which a successor must have spoken on every stream that owes something."""
SPOKE_US = 3 * SECOND_US
"""A line of which any stream spoke within it is not dead, whatever another stream does."""
COMPLAIN_AT, RELIEVE_EVERY = 2, 12
"""How often a stream is asked for again in vain before the line complains, and before yet another connection is tried."""
LONGEST_COMPLAINT = 200


class Line:
    """One address, kept open."""

    def __init__(
        self,
        socket: Socket,
        url: str,
        routes: Mapping[bytes, Take],
        health: Health,
        listener: LineListener,
        *,
        open_socket: Open,
        now_us: Callable[[], int],
        dice: Random,
        life_us: int = LIFE_US,
        wait: Wait | None = None,
    ) -> None:
        self.socket, self.url, self.health = socket, url, health
        self.reconnects = self.reliefs = self.left_out = 0
        self.complaint = ""
        self._routes, self._listener = routes, listener
        self._names = list(health.streams)
        self._owing = {name.encode() for name, stream in health.streams.items() if stream.silence_us}
        self._open, self._now_us, self._dice, self._wait = open_socket, now_us, dice, wait or until_set
        self._backoff = Backoff(dice)
        self._life_us = life_us - dice.randint(0, min(LIFE_SPREAD_US, life_us // 4))
        self._link: Link | None = None
        self._relief: Link | None = None
        self._relieving: asyncio.Task[Link] | None = None
        self._handover: Handover | None = None
        self._relieve_at_us = 0
        self._in_vain: dict[str, int] = {}  # by silent stream: how often it was asked for again

    @property
    def is_up(self) -> bool:
        """Say whether a connection stands."""
        return self._link is not None and not self._link.is_gone

    @property
    def up_us(self) -> int:
        """Return when the connection that stands was asked for, 0 if none does."""
        return self._link.asked_us if self._link is not None and self.is_up else 0

    def ask_again(self, name: str) -> None:
        """Ask anew for a stream that does not speak."""
        if self._link is not None:
            self._link.subscriber.again(name)
            self.health.asked(name, self._now_us())

    async def run(self) -> None:
        """Keep the address open until cancelled, or until the exchange will not have us."""
        try:
            while True:
                try:
                    link = await self._connect()
                except Unreachable as error:
                    self.complaint = str(error)[:LONGEST_COMPLAINT]
                    if error.final:
                        self._listener.refused(self.socket, error)
                        return
                    await self._pause()
                    continue
                why = await self._follow(link)
                self.reconnects += 1
                self._listener.lost(self.socket, why)
                await self._pause()
        finally:
            self._drop_relief()
            if self._link is not None and self._link.socket is not None:
                self._link.socket.close()
                self._link = None

    async def _pause(self) -> None:
        await self._wait(asyncio.Event(), self._backoff.failed() / 1e6)

    async def _connect(self) -> Link:
        owed = {name for name in self._owing if name.decode() not in self._in_vain} or self._owing
        link = Link(Subscriber(self.socket, self._names), self._now_us(), owed=set(owed))
        link.socket = await self._open(self.url, lambda text: self._heard(link, text))
        return link

    async def _follow(self, link: Link) -> str:
        """Mind a connection and those that relieve it; return why the last of them ended."""
        now_us = self._now_us()
        self._link, self._relieve_at_us = link, now_us + self._life_us
        for name in self._names:
            self.health.asked(name, now_us)
        self._in_vain = dict.fromkeys(self._in_vain, 1)
        self._listener.opened(self.socket)
        while True:
            now_us = self._now_us()
            self._ask(self._link, now_us)
            self._mind_relief(now_us)
            if self._link.is_gone:
                self._drop_relief()
                return self._link.socket.why if self._link.socket is not None else ""
            mute = self._mind_silence(now_us)
            if mute:
                self._drop_relief()
                self._close(self._link)
                return f"{mute} stayed silent"
            assert self._link.socket is not None
            await self._wait(self._link.socket.ended, TICK_S)

    def _close(self, link: Link) -> None:
        if link.socket is not None:
            link.socket.close()

    def _ask(self, link: Link, now_us: int) -> None:
        request = link.subscriber.due(now_us)
        if request is not None and link.socket is not None:
            link.socket.send(request)

    # --- what is heard ---

    def _heard(self, link: Link, text: bytes) -> None:
        stream = text[len(HEAD) : text.find(b'"', len(HEAD))] if text.startswith(HEAD) else b""
        take = self._routes.get(stream)
        if take is None:
            self._other(link, text)
            return
        if link.owed and stream in link.owed:
            self._spoke(link, stream)
        if link is not self._link:
            if link is self._relief and self._handover is not None:
                self._handover.hold(text)
        elif self._handover is None or self._is_taken(self._handover, stream, text):
            take(text)

    def _spoke(self, link: Link, stream: bytes) -> None:
        link.owed.discard(stream)
        if not link.owed:
            link.spoke_us = self._now_us()
            if link is not self._relief:
                self._succeeded()

    def _is_taken(self, handover: Handover, stream: bytes, text: bytes) -> bool:
        """Say whether a message is taken: the old connection's are, the new one's if the old one did not tell them."""
        if self._relief is not None:
            handover.told(stream, text)
            return True
        is_new = handover.is_new(stream, text)
        if handover.is_over:
            self._end_handover()
        return is_new

    def _other(self, link: Link, text: bytes) -> None:
        """Take what belongs to no stream: a reply, a farewell, or rubbish."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            message = None
        if not isinstance(message, dict):
            self.health.bad_frame()
        elif message.get("e") == "serverShutdown" or _data(message).get("e") == "serverShutdown":
            self._relieve_at_us = 0
        elif "result" in message and message["result"] is None:
            link.subscriber.acknowledged(message.get("id"))
        elif "code" in message or "error" in message:
            self.complaint = f"a request was refused: {text[:LONGEST_COMPLAINT].decode(errors='replace')}"
        elif not stream_of(text):
            self.health.bad_frame()

    # --- silence ---

    def _mind_silence(self, now_us: int) -> str:
        """Ask again for streams that owe something; name one if none speaks at all, though asked again."""
        for name in [name for name in self._in_vain if not self._owes(name, now_us)]:
            del self._in_vain[name]
            if not self._in_vain:
                self._succeeded()
        for name in self.health.silent(now_us):
            times = self._in_vain.get(name, 0)
            if not times:
                self._listener.silent(self.socket, name)
            elif times == 1 and not self._anything_speaks(now_us):
                return name
            elif times % RELIEVE_EVERY == 1:  # the others speak: they are not to suffer for it
                self._relieve_at_us = 0
            if times >= COMPLAIN_AT:
                self.complaint = f"{name} says nothing at {self.url}: is it told there?"
            self._in_vain[name] = times + 1
            self.ask_again(name)
        return ""

    def _anything_speaks(self, now_us: int) -> bool:
        return any(now_us - stream.last_us < SPOKE_US for stream in self.health.streams.values())

    def _owes(self, name: str, now_us: int) -> bool:
        stream = self.health.streams[name]
        return stream.last_us < stream.asked_us or stream.is_silent(now_us)

    def _succeeded(self) -> None:
        self._backoff.succeeded()
        if not self._in_vain:
            self.complaint = ""

    # --- relief ---

    def _mind_relief(self, now_us: int) -> None:
        if self._relieving is None and self._relief is None:
            if now_us >= self._relieve_at_us:
                self._relieving = asyncio.create_task(self._connect())
            return
        if self._relieving is not None:
            if self._relieving.done():
                self._begin_handover(now_us)
            return
        relief, handover = self._relief, self._handover
        assert relief is not None and handover is not None and self._link is not None
        self._ask(relief, now_us)
        ready = not relief.owed and (now_us - relief.spoke_us >= OVERLAP_US or self._link.is_gone)
        if ready:
            self._switch(relief, handover)
        elif relief.is_gone or handover.is_full or now_us - relief.asked_us > RELIEF_US:
            self._drop_relief()
            self._relieve_at_us = now_us + self._backoff.failed()

    def _begin_handover(self, now_us: int) -> None:
        assert self._relieving is not None
        task, self._relieving = self._relieving, None
        try:
            self._relief, self._handover = task.result(), Handover()
        except Unreachable as error:
            self.complaint = str(error)[:LONGEST_COMPLAINT]
            self._relieve_at_us = now_us + self._backoff.failed()

    def _switch(self, relief: Link, handover: Handover) -> None:
        """Believe the successor from here; nothing is awaited between the old one's last word and its own."""
        assert self._link is not None
        self._close(self._link)
        self._link, self._relief = relief, None
        self._relieve_at_us = relief.asked_us + self._life_us
        for text in handover.switch():
            self._routes[stream_of(text)](text)
        self.reliefs += 1
        if handover.is_over:
            self._end_handover()

    def _end_handover(self) -> None:
        if self._handover is not None:
            self.left_out += self._handover.left_out
            self._handover = None

    def _drop_relief(self) -> None:
        if self._relieving is not None:
            self._relieving.cancel()
            self._relieving.add_done_callback(_close_opened)
            self._relieving = None
        if self._relief is not None:
            self._close(self._relief)
            self._relief = None
        self._handover = None


def _close_opened(task: asyncio.Task[Link]) -> None:
    """Close what was opened although nobody waits for it any more."""
    if not task.cancelled() and task.exception() is None:
        socket = task.result().socket
        if socket is not None:
            socket.close()


def _data(message: dict[str, object]) -> dict[str, object]:
    data = message.get("data")
    return data if isinstance(data, dict) else {}
