"""What REST answers mean: only what is asked for is looked at, unknown keys are nobody's business.

What: each function takes a body and returns plain values, or raises RestFailure. Source: binance.md §2. Units in the names.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from lobterm.feeds.binance.rest import RestFailure

T = TypeVar("T")


class Filter(msgspec.Struct, rename="camel"):
    """One filter of a symbol."""

    filter_type: str
    tick_size: str = ""
    step_size: str = ""


class Listed(msgspec.Struct):
    """One symbol of exchangeInfo."""

    symbol: str
    status: str = ""
    filters: list[Filter] = []

    def _of(self, kind: str) -> Filter | None:
        return next((part for part in self.filters if part.filter_type == kind), None)

    @property
    def tick(self) -> str:
        """Return the price step, "" if it is not said."""
        part = self._of("PRICE_FILTER")
        return part.tick_size if part else ""

    @property
    def lot(self) -> str:
        """Return the size step, "" if it is not said."""
        part = self._of("LOT_SIZE")
        return part.step_size if part else ""


class ExchangeInfo(msgspec.Struct):
    """The symbols of a market."""

    symbols: list[Listed] = []


class ServerTime(msgspec.Struct, rename="camel"):
    """The exchange's clock, ms."""

    server_time: int


class Premium(msgspec.Struct, rename="camel"):
    """What is said of the coming settlement, ms."""

    symbol: str
    next_funding_time: int = 0


class Settled(msgspec.Struct, rename="camel"):
    """One settlement: its time in ms, the rate and the mark price as text; of old ones no price is said."""

    symbol: str
    funding_time: int
    funding_rate: str
    mark_price: str = ""


class Interval(msgspec.Struct, rename="camel"):
    """How often a contract settles."""

    symbol: str
    funding_interval_hours: int


def read(body: bytes, kind: type[T]) -> T:
    """Return a body as `kind`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RestFailure(f"an answer that is no {getattr(kind, '__name__', kind)}: {error}") from error
