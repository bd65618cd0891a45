"""Decode what the scanner defers, with a real JSON parser: snapshots, marks, liquidations, and everything unusual.

One bad line costs that line. Unknown keys and unknown events are tolerated; what is left out is counted by its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from lobterm.events import FIXED
from lobterm.wire import message as msg

DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
MOST = (1 << 63) - 1
NS_LEAST = msg.US_LEAST * 1000
OWN_STREAM = ("trade", "aggTrade", "bookTicker")
"""Events that come on the stream of their name."""

Levels = list[tuple[int, int]]
"""Prices and sizes in 1e-8."""


class LeftOut(Exception):
    """A message that becomes no row; `reason` is the name it is counted under."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Bad(LeftOut):
    """Good JSON whose fields are not what the exchange sends."""

    def __init__(self, what: str = "message") -> None:
        super().__init__(f"bad_{what}")


@dataclass(slots=True)
class Decoded:
    """One message: its kind, the fields of `message.MESSAGE` that it has, and its levels."""

    kind: int
    fields: dict[str, int]
    bids: Levels = field(default_factory=list)
    asks: Levels = field(default_factory=list)


_parse = msgspec.json.Decoder().decode


def decode(text: bytes, symbol: str) -> Decoded:
    """Return what a message says of `symbol`; raise LeftOut with the reason where it says nothing that is wanted."""
    try:
        outer = _parse(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise LeftOut("bad_json") from None
    if not isinstance(outer, dict):
        raise LeftOut("not_an_event")
    stream = outer.get("stream") if "data" in outer else None
    data = outer["data"] if stream is not None else outer
    if not isinstance(stream, str | None):
        raise Bad
    if isinstance(data, list):
        raise LeftOut("all_market_array")
    if not isinstance(data, dict):
        raise LeftOut("not_an_event")
    try:
        return _route(data, stream, symbol)
    except KeyError:
        raise Bad from None


def _route(data: dict[str, Any], stream: str | None, symbol: str) -> Decoded:
    event = data.get("e")
    if stream is not None and stream.startswith("lobterm@"):
        raise LeftOut(f"lobterm_{_name(event)}")
    if event is None:
        event = _nameless(data, stream)
    if event == "snapshot":
        return _snapshot(data)
    body = data.get("o") if event == "forceOrder" else data
    if not isinstance(event, str) or not isinstance(body, dict):
        raise Bad
    read = EVENTS.get(event)
    if read is None:
        raise LeftOut(_name(event))
    if body.get("st", data.get("st")) == 2:
        raise LeftOut("coin_m")
    if _text(body["s" if "s" in body else "symbol"]) != symbol:
        raise LeftOut("other_symbol")
    decoded = read(body if event == "forceOrder" else data)
    sent = data.get("E")
    decoded.fields["sent_us"] = _micros(sent) if type(sent) is int and 0 <= sent <= MOST else 0
    if decoded.kind == msg.DEPTH:
        decoded.fields["stream"] = _speed(stream)
    elif event in OWN_STREAM and stream is not None and event not in stream:
        raise Bad
    return decoded


def _nameless(data: dict[str, Any], stream: str | None) -> str:
    """Return which event a message without `e` is."""
    if "lastUpdateId" in data:
        if stream is not None:
            raise LeftOut("partial_depth")
        return "snapshot"
    if {"u", "s", "b", "B", "a", "A"} <= data.keys():
        return "bookTicker"
    if "openInterest" in data:
        return "openInterest"
    if "result" in data:
        raise LeftOut("ack")
    raise LeftOut("rest_error" if "code" in data or "error" in data else "not_an_event")


def _speed(stream: str | None) -> int:
    """Return the code of a diff stream. Top-N streams bear the same event name and are not one."""
    if stream is None:
        return msg.NO_STREAM
    name = stream.partition("@")[2]
    if re.match(r"depth[0-9]+(@|$)", name):
        raise LeftOut("partial_depth")
    code = msg.SPEEDS.get(name.removeprefix("depth")) if name.startswith("depth") else None
    if code is None:
        raise LeftOut(f"stream_{_name(name.partition('@')[0])}")
    return code


def _name(event: Any) -> str:
    return event if isinstance(event, str) and NAME.fullmatch(event) else "unknown_event"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Bad
    return value


def _id(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= msg.ID_MOST:
        raise Bad("number")
    return value


def _micros(value: Any) -> int:
    time = value if type(value) is int and 0 <= value <= MOST else -1
    if time < 0:
        raise Bad("number")
    if time >= NS_LEAST:
        return time // 1000
    return time if time >= msg.US_LEAST else time * 1000


def fixed(value: Any) -> int:
    """Return a decimal text as an exact integer of 1e-8; raise Bad where there is none."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise Bad("number")
    scaled = Decimal(value) * FIXED
    if scaled != int(scaled) or abs(scaled) > MOST:
        raise Bad("number")
    return int(scaled)


def _amount(value: Any) -> int:
    amount = fixed(value)
    if amount < 0:
        raise Bad("number")
    return amount


def _levels(pairs: Any) -> Levels:
    if not isinstance(pairs, list):
        raise Bad("levels")
    levels = []
    for pair in pairs:
        # the oldest spot recordings carry an empty third element
        if not isinstance(pair, list) or len(pair) < 2 or any(pair[2:]):
            raise Bad("levels")
        levels.append((_amount(pair[0]), _amount(pair[1])))
    return levels


def _snapshot(data: dict[str, Any]) -> Decoded:
    exch_us = _micros(data.get("T", data.get("E", 0)))
    fields = {"exch_us": exch_us, "last_id": _id(data["lastUpdateId"])}
    return Decoded(msg.SNAPSHOT, fields, _levels(data["bids"]), _levels(data["asks"]))


def _depth(data: dict[str, Any]) -> Decoded:
    sent_us = _micros(data["E"])
    fields = {
        "exch_us": _micros(data["T"]) if "T" in data else sent_us,
        "first_id": _id(data["U"]),
        "last_id": _id(data["u"]),
        "prev_id": _id(data["pu"]) if "pu" in data else -1,
    }
    return Decoded(msg.DEPTH, fields, _levels(data["b"]), _levels(data["a"]))


def _print(data: dict[str, Any], id_key: str) -> dict[str, int]:
    if not isinstance(data["m"], bool):
        raise Bad("side")
    qty = _amount(data["q"])
    return {
        "exch_us": _micros(data["T"]),
        "last_id": _id(data[id_key]),
        "px": _amount(data["p"]),
        "qty": qty,
        "qty2": qty,
        "side": -1 if data["m"] else 1,
    }


def _trade(data: dict[str, Any]) -> Decoded:
    how = _text(data.get("X", "MARKET"))
    if how not in ("MARKET", "RPI"):
        raise LeftOut(f"trade_X_{how.lower()}" if NAME.fullmatch(how) else "trade_X_unknown")
    fields = _print(data, "t")
    if how == "RPI":
        fields["qty2"] = 0
    return Decoded(msg.TRADE, fields)


def _agg_trade(data: dict[str, Any]) -> Decoded:
    fields = _print(data, "a")
    if "nq" in data:
        fields["qty2"] = _amount(data["nq"])
    if fields["qty2"] > fields["qty"]:
        raise Bad("number")
    return Decoded(msg.AGG, fields)


def _touch(data: dict[str, Any]) -> Decoded:
    fields = {"exch_us": _micros(data.get("T", 0)), "last_id": _id(data["u"])}
    fields |= {name: _amount(data[key]) for name, key in (("px", "b"), ("qty", "B"), ("px2", "a"), ("qty2", "A"))}
    return Decoded(msg.TOUCH, fields)


def _mark(data: dict[str, Any]) -> Decoded:
    fields = {"exch_us": _micros(data["E"]), "next_us": _micros(data.get("T", 0)), "has": 0}
    for name, key, bit in (("px", "p", msg.HAS_MARK), ("px2", "i", msg.HAS_INDEX), ("qty2", "r", msg.HAS_RATE)):
        if data.get(key, "") != "":
            fields[name] = fixed(data[key])
            fields["has"] |= bit
    return Decoded(msg.MARK, fields)


def _liquidation(order: dict[str, Any]) -> Decoded:
    side = {"BUY": 1, "SELL": -1}.get(_text(order["S"]))
    if side is None:
        raise Bad("side")
    fields = {"exch_us": _micros(order["T"]), "px": _amount(order["ap"]), "qty": _amount(order["z"]), "side": side}
    return Decoded(msg.LIQUIDATION, fields)


def _open_interest(data: dict[str, Any]) -> Decoded:
    return Decoded(msg.OPEN_INTEREST, {"exch_us": _micros(data["time"]), "qty": _amount(data["openInterest"])})


EVENTS = {
    "depthUpdate": _depth,
    "trade": _trade,
    "aggTrade": _agg_trade,
    "bookTicker": _touch,
    "markPriceUpdate": _mark,
    "forceOrder": _liquidation,
    "openInterest": _open_interest,
}
