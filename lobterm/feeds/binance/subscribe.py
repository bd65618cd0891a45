"""Subscribing within the exchange's limits, and knowing what was acknowledged.

What: names go out in frames of NAMES_A_FRAME, spaced so that a connection never comes near its limit of messages a second;
an acknowledgement says that the request was read, not that the stream will speak. No socket, no clock.
Source: binance.md §1.3 (10 messages a second, 1,024 streams), §4 (spot: 5 a second, pings included). Units: µs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from lobterm.errors import InputError
from lobterm.feeds.binance.addresses import Socket

NAMES_A_FRAME = 100
MOST_STREAMS = 1_024
APART_US = {Socket.PUBLIC: 200_000, Socket.MARKET: 200_000, Socket.SPOT: 400_000}
"""Half of what is allowed: the exchange counts what we do not."""


class Subscriber:
    """The requests of one connection."""

    def __init__(self, socket: Socket, names: Sequence[str]) -> None:
        if len(names) > MOST_STREAMS:
            raise InputError(f"{len(names)} streams on one connection", mend=f"at most {MOST_STREAMS} are served")
        self._apart_us = APART_US[socket]
        self._free_us = 0
        self._last_id = 0
        self._waiting: deque[list[str]] = deque()
        self._asked: dict[int, list[str]] = {}
        self._line_up(list(names))

    @property
    def unanswered(self) -> int:
        """Return how many requests wait to be sent or acknowledged."""
        return len(self._waiting) + len(self._asked)

    def again(self, name: str) -> None:
        """Ask anew for a stream that does not speak."""
        self._line_up([name])

    def due(self, now_us: int) -> str | None:
        """Return the request to send now, if one may be sent."""
        if not self._waiting or now_us < self._free_us:
            return None
        self._free_us = now_us + self._apart_us
        self._last_id += 1
        names = self._asked[self._last_id] = self._waiting.popleft()
        return msgspec.json.encode({"method": "SUBSCRIBE", "params": names, "id": self._last_id}).decode()

    def acknowledged(self, ident: object) -> list[str]:
        """Return the names of an acknowledged request; none for an id that nobody used."""
        return self._asked.pop(ident, []) if type(ident) is int else []

    def _line_up(self, names: list[str]) -> None:
        self._waiting.extend(names[at : at + NAMES_A_FRAME] for at in range(0, len(names), NAMES_A_FRAME))
