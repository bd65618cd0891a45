"""The REST desk: a request to a status, headers and a body, with weights, limits and what goes wrong on purpose.

What: no socket and no sleep; a slow answer says how long it takes. Limits are the exchange's own: what a client sends
beyond them is refused for real and counted apart from faults.
Source: the documents for codes and headers; bodies as captured or reported. Units: seconds, wall µs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec

from lobterm.simulator.exchange.faults import REST_KINDS, Faults
from lobterm.simulator.exchange.info import PERP_WEIGHT_PER_MINUTE, SPOT_WEIGHT_PER_MINUTE
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.rest import ENDPOINTS, Asked, Refused

MINUTE_US = 60_000_000
BAN_S = 120
SLOW_S = (1.0, 5.0)
LOST = (500, 502, 503, 504)
JSON, HTML = "application/json;charset=UTF-8", "text/html"
DEPTH = ("/fapi/v1/depth", "/api/v3/depth")
PLACE = "rest"
RESTRICTED = "Service unavailable from a restricted location according to the terms of use."


class Reply(NamedTuple):
    """An answer to give after `delay_s`."""

    status: int
    headers: dict[str, str]
    body: bytes
    delay_s: float = 0.0


def _json(status: int, answer: Any, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, {"Content-Type": JSON, **(headers or {})}, msgspec.json.encode(answer))


def _html(status: int) -> Reply:
    phrase = HTTPStatus(status).phrase
    return Reply(status, {"Content-Type": HTML}, f"<html><h1>{status} {phrase}</h1></html>".encode())


class Desk:
    """Answers REST requests."""

    def __init__(self, player: Player, faults: Faults, others: Sequence[Player] = ()) -> None:
        self.limited: Counter[str] = Counter()
        self._players, self._faults = (player, *others), faults
        self._chances = {kind: faults.chance(kind, PLACE) for kind in REST_KINDS}
        self._dice = faults.dice("size", PLACE)
        self._lost = cycle(LOST)
        self._minute = 0
        self._used: Counter[str] = Counter()
        self._given: dict[str, Any] = {}

    def reply(self, target: str, wall_us: int) -> Reply:
        """Return the answer to GET `target`."""
        path, _, text = target.partition("?")
        endpoint = ENDPOINTS.get(path)
        if endpoint is None:
            return _html(404)
        query = {name: values[0] for name, values in parse_qs(text).items()}
        failed = self._fail(path, wall_us)
        if failed is not None:
            return failed
        used, most = self._weigh(path, endpoint.weight(query), wall_us)
        headers = {"X-MBX-USED-WEIGHT-1M": str(used)}
        if used > most:
            self.limited["weight"] += 1
            return self._too_many(429, wall_us)
        try:
            player = self._of(query)
            others = tuple(other for other in self._players if other is not player)
            answer = endpoint.answer(Asked(player, query, wall_us, others))
        except Refused as refused:
            return _json(refused.status, {"code": refused.code, "msg": refused.words}, headers)
        if path in DEPTH:
            answer = self._perhaps_stale(target, answer, wall_us)
        delay_s = self._dice.uniform(*SLOW_S) if self._strikes("rest_slow", path, wall_us) else 0.0
        return _json(200, answer, headers)._replace(delay_s=delay_s)

    def _of(self, query: dict[str, str]) -> Player:
        """Return who plays the symbol that a query names, or the first."""
        named = (player for player in self._players if query.get("symbol") in player.symbols)
        return next(named, self._players[0])

    def _strikes(self, kind: str, path: str, wall_us: int) -> bool:
        if not self._chances[kind].strikes():
            return False
        self._faults.ledger.add(wall_us, kind, path)
        return True

    def _fail(self, path: str, wall_us: int) -> Reply | None:
        for status in (418, 429):
            if self._strikes(f"rest_{status}", path, wall_us):
                return self._too_many(status, wall_us)
        if self._strikes("rest_403", path, wall_us):
            return _html(403)
        if self._strikes("rest_451", path, wall_us):
            return _json(451, {"code": 0, "msg": RESTRICTED})
        return _html(next(self._lost)) if self._strikes("rest_5xx", path, wall_us) else None

    def _too_many(self, status: int, wall_us: int) -> Reply:
        if status == 418:
            until_ms = wall_us // 1_000 + BAN_S * 1_000
            words = f"Way too many requests; IP(127.0.0.1) banned until {until_ms}. Please use the websocket for live updates."
            return _json(418, {"code": -1003, "msg": words}, {"Retry-After": str(BAN_S)})
        left_s = 60 - wall_us % MINUTE_US // 1_000_000
        return _json(
            429, {"code": -1003, "msg": "Too many requests; please use the websocket."}, {"Retry-After": str(left_s)}
        )

    def _weigh(self, path: str, weight: int, wall_us: int) -> tuple[int, int]:
        """Return the weight used this minute, this request's included, and the most that may be."""
        minute = wall_us // MINUTE_US
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        family = "spot" if path.startswith("/api/") else "perp"
        self._used[family] += weight
        return self._used[family], SPOT_WEIGHT_PER_MINUTE if family == "spot" else PERP_WEIGHT_PER_MINUTE

    def _perhaps_stale(self, target: str, answer: Any, wall_us: int) -> Any:
        before = self._given.get(target)
        if before is not None and self._strikes("rest_stale", target.partition("?")[0], wall_us):
            return before
        self._given[target] = answer
        return answer
