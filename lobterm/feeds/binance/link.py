"""What a line is made of: a connection as it is used, those who want to know, and the state of one connection.

Units: µs, seconds where a wait takes them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from lobterm.feeds.binance.addresses import Socket
from lobterm.feeds.binance.connection import Unreachable
from lobterm.feeds.binance.subscribe import Subscriber


class Socketlike(Protocol):
    """What a line needs of a connection."""

    why: str
    ended: asyncio.Event

    def send(self, text: str) -> None:
        """Send a request."""

    def close(self) -> None:
        """Say goodbye and hear nothing more."""


Open = Callable[[str, Callable[[bytes], None]], Awaitable[Socketlike]]
"""Opens an address and hands every text to the callable, or raises Unreachable."""


Wait = Callable[[asyncio.Event, float], Awaitable[None]]
"""Returns once the event is set, or after so many seconds."""


async def until_set(event: asyncio.Event, seconds: float) -> None:
    """Wait by the event loop's clock."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class LineListener(Protocol):
    """Whoever wants to know what happens to a line."""

    def opened(self, socket: Socket) -> None:
        """A connection stands."""

    def lost(self, socket: Socket, why: str) -> None:
        """The connection is gone; what comes next is another one."""

    def silent(self, socket: Socket, stream: str) -> None:
        """A stream owes a message and does not speak."""

    def refused(self, socket: Socket, error: Unreachable) -> None:
        """The exchange will not have us, and trying again only makes it worse."""


Take = Callable[[bytes], None]
"""Where the texts of one stream go."""


@dataclass(slots=True)
class Link:
    """One connection, what was asked over it, and who has spoken."""

    subscriber: Subscriber
    asked_us: int
    socket: Socketlike | None = None
    owed: set[bytes] = field(default_factory=set)
    spoke_us: int = 0  # when the last of those that owe something spoke

    @property
    def is_gone(self) -> bool:
        """Say whether it ended."""
        return self.socket is not None and self.socket.ended.is_set()
