"""The loopback server: websockets and REST on one port of 127.0.0.1, and nothing beyond this machine.

What: the shell around hub and desk: sockets, wall clock, sleep. An answer to a REST request ends its connection.
Units: wall µs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from lobterm.errors import LobtermError
from lobterm.simulator.exchange.delivery import ABNORMAL
from lobterm.simulator.exchange.desk import Desk, Reply
from lobterm.simulator.exchange.faults import Faults
from lobterm.simulator.exchange.hub import Connection, Hub
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.requests import address

HOST = "127.0.0.1"
LONGEST_REQUEST = 1 << 16
PING_S, PONG_S = 20.0, 60.0
SHORTEST_SLEEP_S, LONGEST_SLEEP_S = 0.001, 0.05
MOST_UNSENT = 64 << 20
"""Bytes that may wait for a slow client before it is dropped."""


class WallClock:
    """Wall time that never runs back: read once, then carried on by the monotonic clock."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Return µs since the epoch."""
        return (time.monotonic_ns() + self._offset_ns) // 1_000


class Emulator:
    """A running exchange."""

    def __init__(
        self,
        player: Player,
        faults: Faults,
        *,
        now_us: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.hub, self.desk = Hub(player, faults), Desk(player, faults)
        self.limited: Counter[str] = Counter()
        self._now_us, self._sleep = now_us, sleep
        self._sockets: dict[Connection, ServerConnection] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._server: Server | None = None

    async def start(self, port: int) -> int:
        """Listen on the loopback; return the port, chosen by the system for 0."""
        try:
            self._server = await serve(
                self._listen, HOST, port, process_request=self._rest, compression=None, max_size=LONGEST_REQUEST,
                ping_interval=PING_S, ping_timeout=PONG_S, close_timeout=1, server_header=None,
            )  # fmt: skip
        except OSError as error:
            raise LobtermError(f"port {port} of {HOST}: {error.strerror or error}") from error
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def stop(self) -> None:
        """Close every connection and the port."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in list(self._closing):
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

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

    def _flush(self, connection: Connection, socket: ServerConnection) -> None:
        if connection.outgoing and socket.state is State.OPEN:
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

    def _hang_up(self, socket: ServerConnection, code: int) -> None:
        if code == ABNORMAL:
            socket.transport.abort()
            return
        task = asyncio.create_task(socket.close(code))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _listen(self, socket: ServerConnection) -> None:
        at = address(socket.request.path) if socket.request is not None else None
        if at is None:
            return
        connection = self.hub.open(at, self._now_us())
        self._sockets[connection] = socket
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                if connection.closing is None:
                    self.hub.ask(connection, text, self._now_us())
                    self._flush(connection, socket)
        if self._sockets.pop(connection, None) is not None:
            self.hub.close(connection)

    async def _rest(self, socket: ServerConnection, request: Request) -> Response | None:
        """Answer what is no websocket request."""
        if address(request.path) is not None:
            return None
        if request.method != "GET":
            return _response(Reply(405, {"Allow": "GET"}, b""))
        reply = self.desk.reply(request.path, self._now_us())
        if reply.delay_s:
            await self._sleep(reply.delay_s)
        return _response(reply)

    def report(self) -> dict[str, Any]:
        """Return what was sent, what was done wrong on purpose, and the books that were told."""
        player, ledger = self.hub.player, self.hub.faults.ledger
        perp, spot = player.hashes.get(0), player.hashes.get(1)
        return {
            "sent": dict(self.hub.sent),
            "faults": dict(ledger.counts),
            "fault_list": ledger.entries,
            "refused": dict(self.limited + self.hub.limited + self.desk.limited),
            "books": {} if perp is None else {str(ident): value for ident, value in perp.by_id.items()},
            "spot_books": {} if spot is None else {str(ident): value for ident, value in spot.by_id.items()},
            "books_forgotten": sum(hashes.forgotten for hashes in player.hashes.values()),
        }


def _response(reply: Reply) -> Response:
    headers = Headers({**reply.headers, "Content-Length": str(len(reply.body)), "Connection": "close"})
    return Response(reply.status, HTTPStatus(reply.status).phrase, headers, reply.body)
