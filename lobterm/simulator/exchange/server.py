"""The loopback server: websockets and REST on one port of 127.0.0.1, and nothing beyond this machine.

What: the shell around hub and desk: sockets, wall clock, sleep.
Units: wall µs.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import WSMsgType, web

from lobterm.errors import LobtermError
from lobterm.simulator.exchange.delivery import ABNORMAL
from lobterm.simulator.exchange.desk import Desk
from lobterm.simulator.exchange.faults import Faults
from lobterm.simulator.exchange.hub import Connection, Hub
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.requests import address

HOST = "127.0.0.1"
LONGEST_REQUEST = 1 << 16
PING_S = 20.0
SHORTEST_SLEEP_S, LONGEST_SLEEP_S = 0.001, 0.05
GOING_AWAY = 1001
MOST_UNSENT = 64 << 20
"""Bytes that may wait for a slow client before it is dropped."""


class WallClock:
    """Wall time that never runs back: read once, then carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return µs since the epoch."""
        return (time.monotonic_ns() + self._offset_ns) // 1_000


class Socket:
    """One client's websocket, and the transport below it."""

    def __init__(self, answer: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.answer, self.transport = answer, transport

    @property
    def ended(self) -> bool:
        """Say whether nothing may be written any more."""
        return self.answer.closed or self.transport.is_closing()


class Emulator:
    """A running exchange."""

    def __init__(
        self,
        player: Player,
        faults: Faults,
        *,
        now_us: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        others: Sequence[Player] = (),
    ) -> None:
        self.hub, self.desk = Hub(player, faults, others), Desk(player, faults, others)
        self.limited: Counter[str] = Counter()
        self._now_us, self._sleep = now_us, sleep
        self._sockets: dict[Connection, Socket] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._server: web.AppRunner | None = None

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Return where it listens."""
        return [] if self._server is None else [(address[0], address[1]) for address in self._server.addresses]

    async def start(self, port: int) -> int:
        """Listen on the loopback; return the port, chosen by the system for 0."""
        app = web.Application()
        app.router.add_route("*", "/{target:.*}", self._answer)
        self._server = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._server.setup()
        try:
            await web.TCPSite(self._server, HOST, port).start()
        except OSError as error:
            await self._server.cleanup()
            raise LobtermError(f"port {port} of {HOST}: {error.strerror or error}") from error
        return self.addresses[0][1]

    async def stop(self) -> None:
        """Close every connection and the port."""
        for socket in self._sockets.values():
            self._hang_up(socket, GOING_AWAY)
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._server is not None:
            await self._server.cleanup()

    async def play(self, stop: asyncio.Event) -> None:
        """Play until the tape ends or `stop` is set."""
        while not stop.is_set():
            more = self.step()
            if more:
                await self._sleep(0)
                continue
            due_us = self.hub.next_due_us()
            if due_us is None:
                return
            wait_s = (due_us - self._now_us()) / 1e6 if self.hub.begun else LONGEST_SLEEP_S
            await self._sleep(min(max(wait_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S))

    def step(self) -> bool:
        """Send what is due; say whether there is more of it."""
        more = self.hub.step(self._now_us())
        for connection, socket in list(self._sockets.items()):
            self._flush(connection, socket)
        return more

    def _flush(self, connection: Connection, socket: Socket) -> None:
        if connection.outgoing and not socket.ended:
            # whole frames straight to the transport: the library's own way costs several times as much a frame
            socket.transport.write(b"".join(connection.outgoing))
            if socket.transport.get_write_buffer_size() > MOST_UNSENT:
                self.limited["slow_client"] += 1
                connection.closing = ABNORMAL
        connection.outgoing.clear()
        if connection.closing is not None and connection in self._sockets:
            del self._sockets[connection]
            self.hub.close(connection)
            self._hang_up(socket, connection.closing)

    def _hang_up(self, socket: Socket, code: int) -> None:
        if code == ABNORMAL:
            socket.transport.abort()
            return
        task = asyncio.create_task(_close(socket, code))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        at = address(request.raw_path)
        if at is None:
            return await self._rest(request)
        transport = request.transport
        answer = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=LONGEST_REQUEST, compress=False, timeout=1.0)
        await answer.prepare(request)
        if not isinstance(transport, asyncio.Transport):
            return answer
        connection, socket = self.hub.open(at, self._now_us()), Socket(answer, transport)
        self._sockets[connection] = socket
        async for message in answer:
            if message.type is WSMsgType.TEXT and connection.closing is None:
                self.hub.ask(connection, message.data, self._now_us())
                self._flush(connection, socket)
        if self._sockets.pop(connection, None) is not None:
            self.hub.close(connection)
        return answer

    async def _rest(self, request: web.Request) -> web.Response:
        """Answer what is no websocket request."""
        if request.method != "GET":
            return web.Response(status=405, headers={"Allow": "GET"})
        reply = self.desk.reply(request.raw_path, self._now_us())
        if reply.delay_s:
            await self._sleep(reply.delay_s)
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)

    def report(self) -> dict[str, Any]:
        """Return what was sent, what was done wrong on purpose, and the books that were told."""
        ledger, first, *others = self.hub.faults.ledger, *self.hub.players
        return {
            "sent": dict(self.hub.sent),
            "faults": dict(ledger.counts),
            "fault_list": ledger.entries,
            "refused": dict(self.limited + self.hub.limited + self.desk.limited),
            **_books(first),
            "others": {"/".join(sorted(player.symbols)): _books(player) for player in others},
        }


def _books(player: Player) -> dict[str, Any]:
    perp, spot = player.hashes.get(0), player.hashes.get(1)
    return {
        "books": {} if perp is None else {str(ident): value for ident, value in perp.by_id.items()},
        "spot_books": {} if spot is None else {str(ident): value for ident, value in spot.by_id.items()},
        "books_forgotten": sum(hashes.forgotten for hashes in player.hashes.values()),
    }


async def _close(socket: Socket, code: int) -> None:
    await socket.answer.close(code=code)
