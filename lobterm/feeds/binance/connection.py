"""One websocket: opened, asked, heard, and why it ended.

What: the only place that touches the websocket library. Texts are handed over in a plain call, in the order in which they
came: no queue and no task lies between the wire and the inbox. Pings are answered by the library; a line that says
nothing is pinged, and let go of if no answer comes.
Source: binance.md §1.3, §4 (pings, lifetime). Units: seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ssl import SSLContext

from picows import WSError, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSTransport, ws_connect

from lobterm.errors import LobtermError
from lobterm.feeds.binance.backoff import Answer, meaning

OPEN_S = 10.0
IDLE_PING_S, PONG_S = 10.0, 10.0
LARGEST_BYTES = 16 << 20
"""No frame of the streams that are listened to comes near it."""

logging.getLogger("picows").addHandler(logging.NullHandler())  # its words are ours to tell: a screen may be up


class Unreachable(LobtermError):
    """A websocket could not be opened. `status`: what HTTP said, 0 if it said nothing."""

    def __init__(self, words: str, status: int = 0) -> None:
        self.status = status
        super().__init__(words)

    @property
    def final(self) -> bool:
        """Say whether trying again only makes it worse."""
        return bool(self.status) and meaning(self.status) is Answer.STOP


class Connection(WSListener):
    """An open websocket."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self.why = ""  # it ended
        self.ended = asyncio.Event()
        self._heard = heard
        self._transport: WSTransport | None = None
        self._parts: list[bytes] = []
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, url: str, heard: Callable[[bytes], None], tls: SSLContext) -> Connection:
        """Connect, or raise Unreachable. `heard` gets every text from then on."""
        connection = cls(heard)
        try:
            async with asyncio.timeout(OPEN_S):
                await ws_connect(
                    lambda: connection, url, ssl_context=tls, websocket_handshake_timeout=OPEN_S, max_redirects=0,
                    max_frame_size=LARGEST_BYTES, enable_auto_ping=True, auto_ping_idle_timeout=IDLE_PING_S,
                    auto_ping_reply_timeout=PONG_S,
                )  # fmt: skip
        except WSHandshakeError as error:
            status = int(error.response.status) if error.response is not None else 0
            raise Unreachable(f"{url}: refused with status {status or 'unknown'}", status) from error
        except (OSError, TimeoutError, WSError, ValueError) as error:
            raise Unreachable(f"{url}: {error or 'no answer'}") from error
        connection._watch = asyncio.create_task(connection._wait())
        return connection

    async def _wait(self) -> None:
        """Learn how it ended: the library keeps what went wrong for whoever waits."""
        if self._transport is not None:
            try:
                await self._transport.wait_disconnected()
            except Exception as error:  # whatever it was, the connection is gone, and the line opens another
                self.why = f"{type(error).__name__}: {error}"[:200]
            self._end()

    def send(self, text: str) -> None:
        """Send a request; one that is too late for a connection that ended is lost with it."""
        if self._transport is not None and not self.ended.is_set():
            self._transport.send(WSMsgType.TEXT, text.encode())

    def close(self) -> None:
        """Say goodbye and hear nothing more."""
        self._heard = _deaf
        if self._transport is not None and not self.ended.is_set():
            self._transport.send_close()
            self._transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Take the transport."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hand over a text; take note of a goodbye."""
        kind = frame.msg_type
        if kind == WSMsgType.TEXT and frame.fin:
            self._heard(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._part(transport, frame)
        elif kind == WSMsgType.CLOSE:
            code = frame.get_close_code()
            self.why = f"closed by the exchange with {getattr(code, 'value', code)}"
            transport.send_close(code)
            transport.disconnect()

    def _part(self, transport: WSTransport, frame: WSFrame) -> None:
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > LARGEST_BYTES:
            self.why = "a message without end"
            transport.disconnect()
        elif frame.fin:
            self._heard(b"".join(self._parts))
            self._parts.clear()

    def _end(self) -> None:
        self.why = self.why or "the line went dead"
        self.ended.set()


def _deaf(text: bytes) -> None:
    """Hear nothing."""
