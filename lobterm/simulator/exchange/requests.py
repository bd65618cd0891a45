"""One connection's requests: what is subscribed to, and the exchange's replies word for word. No socket, no clock.

What: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY and GET_PROPERTY. A stream that does not exist, or flows
at another address, is acknowledged like any other. Requests are untrusted: bounded in number, size and rate.
Units: wall µs.
"""

from __future__ import annotations

from collections import deque
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from lobterm.simulator.exchange.market import Path

MOST_STREAMS = 1_024
LONGEST_NAME = 128
MOST_A_SECOND = {Path.PUBLIC: 10, Path.MARKET: 10, Path.SPOT: 5}
PREFIXES = {"public": Path.PUBLIC, "market": Path.MARKET}
UNKNOWN_PROPERTY, WRONG_TYPE, INVALID, BAD_JSON = range(4)

_parse = msgspec.json.Decoder().decode


class Address:
    """A websocket address: which streams flow there, in which form, and those it asks for by itself."""

    def __init__(self, path: Path, combined: bool, streams: list[str]) -> None:
        self.path, self.combined, self.streams = path, combined, streams


def address(target: str) -> Address | None:
    """Return what a request's target asks for, or None if it is no websocket address."""
    where, _, query = target.partition("?")
    words = [unquote(word) for word in where.split("/") if word]
    path = PREFIXES.get(words[0], Path.SPOT) if words else Path.SPOT
    if path is not Path.SPOT:
        words = words[1:]
    if words == ["stream"]:
        asked = parse_qs(query).get("streams", [""])[0]
        return Address(path, True, [name for name in asked.split("/") if name])
    if words[:1] == ["ws"]:
        return Address(path, False, words[1:])
    return None


def _error(code: int, words: str) -> str:
    return msgspec.json.encode({"code": code, "msg": words}).decode()


def _result(result: Any, ident: Any) -> str:
    return msgspec.json.encode({"result": result, "id": ident}).decode()


class Requests:
    """The subscriptions of one connection."""

    def __init__(self, at: Address) -> None:
        self.path, self.combined = at.path, at.combined
        self.streams: dict[str, None] = {}
        self.asked: list[str] = []  # subscribed to since the caller last looked
        self._recent_us: deque[int] = deque()
        self._subscribe(at.streams)

    def too_many(self, now_us: int) -> bool:
        """Count one request; say whether the client sends more than it may."""
        self._recent_us.append(now_us)
        while self._recent_us[0] <= now_us - 1_000_000:
            self._recent_us.popleft()
        return len(self._recent_us) > MOST_A_SECOND[self.path]

    def reply(self, text: str | bytes) -> str:
        """Return the reply to one request, done."""
        try:
            request = _parse(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _error(BAD_JSON, "Invalid JSON: expected value at line 1 column 1")
        if not isinstance(request, dict):
            return _error(INVALID, "Invalid request: expected an object")
        ident = request.get("id")
        if self.path is not Path.SPOT and not (type(ident) is int and ident >= 0):
            return _error(INVALID, "Invalid request: request ID must be an unsigned integer")
        params = request.get("params", [])
        if not isinstance(params, list):
            return _error(INVALID, "Invalid request: invalid type of params, expected an array")
        return self._do(request.get("method"), params, ident)

    def _do(self, method: Any, params: list[Any], ident: Any) -> str:
        match method:
            case "SUBSCRIBE" | "UNSUBSCRIBE":
                if not all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in params):
                    return _error(INVALID, "Invalid request: params must be stream names")
                if method == "SUBSCRIBE" and len(self.streams.keys() | set(params)) > MOST_STREAMS:
                    return _error(INVALID, f"Invalid request: more than {MOST_STREAMS} streams")
                if method == "SUBSCRIBE":
                    self._subscribe(params)
                else:
                    for name in params:
                        self.streams.pop(name, None)
                return _result(None, ident)
            case "LIST_SUBSCRIPTIONS":
                return _result(list(self.streams), ident)
            case "GET_PROPERTY" if params == ["combined"]:
                return _result(self.combined, ident)
            case "SET_PROPERTY" if len(params) == 2 and params[0] == "combined":
                if not isinstance(params[1], bool):
                    return _error(WRONG_TYPE, "Invalid value type: expected Boolean")
                self.combined = params[1]
                return _result(None, ident)
            case "GET_PROPERTY" | "SET_PROPERTY":
                return _error(UNKNOWN_PROPERTY, "Unknown property")
        return _error(INVALID, "Invalid request: unknown variant of method")

    def _subscribe(self, names: list[str]) -> None:
        for name in names[:MOST_STREAMS]:
            self.streams[name[:LONGEST_NAME]] = None
            self.asked.append(name)
