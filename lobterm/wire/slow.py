"""Decode what the scanner defers, with a real JSON parser: snapshots, marks, liquidations, and everything unusual.

One bad line costs that line. Unknown keys and unknown events are tolerated and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from lobterm.events import FIXED

LIMIT = (1 << 63) - 1


class BadMessage(Exception):
    """A message that cannot be used; `reason` is the name it is counted under."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


Level = tuple[int, int]
"""Price and size in 1e-8."""


@dataclass(slots=True)
class Depth:
    """A change of the book, or a whole one (`snapshot`: `last` is its lastUpdateId)."""

    exch_ms: int
    first: int
    last: int
    previous: int | None
    bids: list[Level]
    asks: list[Level]
    snapshot: bool = False


@dataclass(slots=True)
class Trade:
    """A print; `plain` and `rpi` are its two parts in 1e-8."""

    exch_ms: int
    id: int
    px: int
    plain: int
    rpi: int
    side: int
    aggregated: bool


@dataclass(slots=True)
class Touch:
    """The best level of each side."""

    exch_ms: int
    seq: int
    bid: Level
    ask: Level


@dataclass(slots=True)
class Mark:
    """Mark and index price, predicted funding; prices and rate in 1e-8, None where absent."""

    exch_ms: int
    mark: int | None
    index: int | None
    rate: int | None
    next_funding_ms: int


@dataclass(slots=True)
class Liquidation:
    """A forced order as far as it was filled; average price in 1e-8."""

    exch_ms: int
    px: int
    qty: int
    side: int


Message = Depth | Trade | Touch | Mark | Liquidation


@dataclass(slots=True)
class Wanted:
    """Which symbol's messages are wanted; the ones of others are refused by name."""

    symbol: str
    snapshots_without_symbol: bool = True
    decoder: msgspec.json.Decoder[Any] = field(default_factory=msgspec.json.Decoder)


def fixed(text: Any) -> int:
    """Return a decimal text as an exact integer of 1e-8."""
    if not isinstance(text, str) or len(text) > 40:
        raise BadMessage("bad_number")
    try:
        scaled = Decimal(text) * FIXED
    except InvalidOperation:
        raise BadMessage("bad_number") from None
    if not scaled.is_finite() or scaled != int(scaled) or abs(scaled) > LIMIT:
        raise BadMessage("bad_number")
    return int(scaled)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LIMIT // 1000:
        raise BadMessage("bad_number")
    return value


def _positive(text: Any) -> int:
    value = fixed(text)
    if value < 0:
        raise BadMessage("bad_number")
    return value


def _levels(pairs: Any) -> list[Level]:
    if not isinstance(pairs, list):
        raise BadMessage("bad_levels")
    try:
        return [(_positive(px), _positive(qty)) for px, qty in pairs]
    except (TypeError, ValueError):
        raise BadMessage("bad_levels") from None


def decode(text: bytes, wanted: Wanted) -> Message:
    """Return what a message says; raise BadMessage with the reason it is left out."""
    try:
        outer = wanted.decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadMessage("bad_json") from None
    if not isinstance(outer, dict):
        raise BadMessage("not_an_event")
    stream = outer.get("stream")
    data = outer.get("data") if stream is not None else outer
    if not isinstance(data, dict):
        raise BadMessage("all_market_array" if isinstance(data, list) else "not_an_event")
    try:
        return _event(data, str(stream or ""), wanted)
    except KeyError as error:
        raise BadMessage(f"lacks_{error.args[0]}") from None


def _event(data: dict[str, Any], stream: str, wanted: Wanted) -> Message:
    event = data.get("e")
    if stream.startswith("lobterm@"):
        raise BadMessage("control_line")
    if event is None and "lastUpdateId" in data:
        if stream:
            raise BadMessage("partial_depth")
        return _snapshot(data)
    if event is None and "code" in data:
        raise BadMessage("rest_error")
    if event is None and {"b", "B", "a", "A"} <= set(data):
        event = "bookTicker"
    if not isinstance(event, str):
        raise BadMessage("ack" if "result" in data else "not_an_event")
    body = data["o"] if event == "forceOrder" else data
    if not isinstance(body, dict):
        raise BadMessage("bad_forceOrder")
    if body.get("st", data.get("st")) == 2:
        raise BadMessage("coin_m")
    if body.get("s") != wanted.symbol:
        raise BadMessage("other_symbol")
    match event:
        case "depthUpdate":
            if "@depth" in stream and stream.split("@depth")[1][:1].isdigit():
                raise BadMessage("partial_depth")
            return _depth(data)
        case "trade":
            return _trade(data)
        case "aggTrade":
            plain = _positive(data["q"])
            normal = _positive(data["nq"]) if "nq" in data else plain
            if normal > plain:
                raise BadMessage("bad_number")
            side = _aggressor(data)
            return Trade(_count(data["T"]), _count(data["a"]), _positive(data["p"]), normal, plain - normal, side, True)
        case "bookTicker":
            bid, ask = (_positive(data["b"]), _positive(data["B"])), (_positive(data["a"]), _positive(data["A"]))
            return Touch(_count(data.get("T", 0)), _count(data["u"]), bid, ask)
        case "markPriceUpdate":
            marks = [fixed(data[key]) if data.get(key) else None for key in ("p", "i", "r")]
            return Mark(_count(data["E"]), *marks, _count(data.get("T", 0)))
        case "forceOrder":
            side = {"BUY": 1, "SELL": -1}.get(body["S"])
            if side is None:
                raise BadMessage("bad_forceOrder")
            return Liquidation(_count(body["T"]), _positive(body["ap"]), _positive(body["z"]), side)
        case _:
            raise BadMessage(event if event.isascii() and event.isalnum() and len(event) < 40 else "unknown_event")


def _aggressor(data: dict[str, Any]) -> int:
    if not isinstance(data["m"], bool):
        raise BadMessage("bad_side")
    return -1 if data["m"] else 1


def _trade(data: dict[str, Any]) -> Trade:
    kind = data.get("X", "MARKET")
    if kind not in ("MARKET", "RPI"):
        name = kind.lower() if isinstance(kind, str) and kind.replace("_", "").isalnum() and len(kind) < 40 else "unknown"
        raise BadMessage(f"trade_X_{name}")
    qty = _positive(data["q"])
    plain, rpi = (qty, 0) if kind == "MARKET" else (0, qty)
    return Trade(_count(data["T"]), _count(data["t"]), _positive(data["p"]), plain, rpi, _aggressor(data), False)


def _depth(data: dict[str, Any]) -> Depth:
    exch = _count(data["T"]) if "T" in data else _count(data["E"])
    previous = _count(data["pu"]) if "pu" in data else None
    return Depth(exch, _count(data["U"]), _count(data["u"]), previous, _levels(data["b"]), _levels(data["a"]))


def _snapshot(data: dict[str, Any]) -> Depth:
    last = _count(data["lastUpdateId"])
    return Depth(_count(data.get("T", 0)), last, last, None, _levels(data["bids"]), _levels(data["asks"]), snapshot=True)
