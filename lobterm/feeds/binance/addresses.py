"""Which streams are listened to, and where: the futures split by address, spot beside it.

What: a stream asked for at the wrong address is acknowledged and never told, so each name stands with its address here
and nowhere else. Bases are configuration: the exchange's own, its test net, or an emulator that serves all on one port.
Source: binance.md §1.1-1.2, §4. Symbols may be non-ASCII and are percent-encoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, urlsplit

from lobterm.errors import ConfigError
from lobterm.events import Market

SECOND_US = 1_000_000


class Socket(Enum):
    """One address that streams come from; the value is its path."""

    PUBLIC = "/public/stream"
    MARKET = "/market/stream"
    SPOT = "/stream"


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of stream: what follows the symbol in its name, how long it may be silent, 0 for as long as it likes, and the
    key of its messages that only grows.
    """

    suffix: str
    socket: Socket
    silence_us: int
    grows: str

    def of(self, symbol: str) -> str:
        """Return the stream's name for a symbol."""
        return f"{symbol.lower()}@{self.suffix}"


STREAMS = (
    Stream("depth@100ms", Socket.PUBLIC, 5 * SECOND_US, "u"),
    Stream("bookTicker", Socket.PUBLIC, 5 * SECOND_US, "u"),
    Stream("trade", Socket.PUBLIC, 0, "t"),  # undocumented: where it does not flow, aggTrade is the tape
    Stream("aggTrade", Socket.MARKET, 0, "a"),
    Stream("markPrice@1s", Socket.MARKET, 5 * SECOND_US, "E"),
    Stream("forceOrder", Socket.MARKET, 0, "E"),
    Stream("depth@100ms", Socket.SPOT, 5 * SECOND_US, "u"),
    Stream("bookTicker", Socket.SPOT, 5 * SECOND_US, "u"),
    Stream("trade", Socket.SPOT, 0, "t"),
)


@dataclass(frozen=True, slots=True)
class Bases:
    """Where the exchange is."""

    perp_ws: str = "wss://fstream.binance.com"
    spot_ws: str = "wss://stream.binance.com:9443"
    perp_rest: str = "https://fapi.binance.com"
    spot_rest: str = "https://api.binance.com"

    def __post_init__(self) -> None:
        """Refuse what is no base address."""
        for name, schemes in (
            ("perp_ws", ("ws", "wss")), ("spot_ws", ("ws", "wss")), ("perp_rest", ("http", "https")),
            ("spot_rest", ("http", "https")),
        ):  # fmt: skip
            base: str = getattr(self, name)
            if not _is_base(base, schemes):
                mend = f"write it like {schemes[-1]}://host:port"
                raise ConfigError(f"{base!r} is no {schemes[-1]} address", place=name, mend=mend)

    @classmethod
    def single(cls, ws: str, rest: str) -> Bases:
        """Return the bases of an exchange that serves both markets in one place."""
        ws, rest = ws.rstrip("/"), rest.rstrip("/")
        return cls(ws, ws, rest, rest)

    def url(self, socket: Socket) -> str:
        """Return the address of a socket; streams are subscribed to once it is open."""
        return (self.spot_ws if socket is Socket.SPOT else self.perp_ws) + socket.value


def snapshot_path(market: Market, symbol: str) -> str:
    """Return the path of a book's snapshot at its REST host."""
    name = quote(symbol, safe="")
    if market == Market.SPOT:
        return f"/api/v3/depth?symbol={name}&limit=5000"
    return f"/fapi/v1/depth?symbol={name}&limit=1000"


def _is_base(base: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(base)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_host and parts.scheme in schemes and not (parts.query or parts.fragment) and not base.endswith("/")


GROWS = {stream.suffix: stream.grows for stream in STREAMS}
"""By what follows the symbol in a stream's name: the key of its messages that only grows."""


def streams_of(socket: Socket, symbols: list[str]) -> list[str]:
    """Return the names of all streams that one socket carries."""
    return [stream.of(symbol) for symbol in symbols for stream in STREAMS if stream.socket is socket]


def silences(socket: Socket, symbols: list[str]) -> dict[str, int]:
    """Return how long each stream of a socket may be silent, µs; 0 for as long as it likes."""
    return {stream.of(symbol): stream.silence_us for symbol in symbols for stream in STREAMS if stream.socket is socket}
