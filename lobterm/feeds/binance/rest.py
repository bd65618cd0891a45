"""Asking the exchange over REST: within its weights, as long as it lets us, and never again where it said no for good.

What: one client for both hosts. An answer is bytes, bounded; a failure says how long to wait and whether there is any sense
in trying again: 418 (banned) and 451 (a place that is not served) end all requests to that host, in words for a person.
Source: binance.md §2. Units: seconds for the client, µs elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from ssl import SSLContext

import aiohttp
import msgspec

from lobterm.errors import LobtermError
from lobterm.events import Market
from lobterm.feeds.binance.addresses import Bases
from lobterm.feeds.binance.backoff import SECOND_US, Answer, meaning, ordered_us
from lobterm.feeds.binance.weights import Weights

TIMEOUT_S = 10.0
LARGEST_BODY = 16 << 20
"""exchangeInfo of all contracts is the longest answer, some MB."""
LIMITS = {Market.PERP: 2_400, Market.SPOT: 6_000}
UNSAID_WAIT_US = 60 * SECOND_US
"""How long a 429 holds us that does not say it: the weights' minute."""
USED = "X-MBX-USED-WEIGHT-1M"


class RestFailure(LobtermError):
    """No good answer. `wait_us`: what we were told to wait; `final`: asking again is no use; `code`: the exchange's own."""

    def __init__(self, words: str, *, wait_us: int = 0, final: bool = False, status: int = 0, code: int = 0) -> None:
        self.wait_us, self.final, self.status, self.code = wait_us, final, status, code
        super().__init__(words)


class _Error(msgspec.Struct):
    """The exchange's own error."""

    code: int = 0
    msg: str = ""


class Rest:
    """A client of both hosts, for one event loop."""

    def __init__(self, bases: Bases, tls: SSLContext, now_us: Callable[[], int]) -> None:
        self.refused: dict[Market, str] = {}  # by host: why it will not have us
        self.asked = self.failed = 0
        self._hosts = {Market.PERP: bases.perp_rest, Market.SPOT: bases.spot_rest}
        self._weights = {market: Weights(limit) for market, limit in LIMITS.items()}
        self._now_us = now_us
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls, limit_per_host=4),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            headers={"User-Agent": "lobterm"},
            auto_decompress=True,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def get(self, market: Market, path: str, *, weight: int, urgent: bool = False) -> bytes:
        """Return the answer to `path` of a host, or raise RestFailure."""
        if market in self.refused:
            raise RestFailure(self.refused[market], final=True)
        weights, now_us = self._weights[market], self._now_us()
        wait_us = weights.wait_us(weight, now_us, urgent=urgent)
        if wait_us:
            raise RestFailure(f"{path}: not before {wait_us / 1e6:.0f} s", wait_us=wait_us)
        weights.asked(weight, now_us)
        self.asked += 1
        try:
            status, headers, body = await self._fetch(self._hosts[market] + path)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self.failed += 1
            raise RestFailure(f"{path}: {error or 'no answer in time'}") from error
        weights.told(headers.get(USED, ""), self._now_us())
        answer = meaning(status)
        if answer is Answer.GOOD:
            return body
        self.failed += 1
        raise self._failure(market, path, status, headers, body, answer)

    async def _fetch(self, url: str) -> tuple[int, dict[str, str], bytes]:
        async with asyncio.timeout(TIMEOUT_S), self._client.get(url, allow_redirects=False) as answer:
            body = bytearray()
            async for piece in answer.content.iter_chunked(1 << 16):
                body += piece
                if len(body) > LARGEST_BODY:
                    raise ValueError(f"an answer of more than {LARGEST_BODY >> 20} MB")
            headers = {name.upper(): value for name, value in answer.headers.items()}
            return answer.status, headers, bytes(body)

    def _failure(
        self, market: Market, path: str, status: int, headers: dict[str, str], body: bytes, answer: Answer
    ) -> RestFailure:
        now_us = self._now_us()
        try:
            said = msgspec.json.decode(body, type=_Error)
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = _Error()
        wait_us = ordered_us(headers, said.msg, now_us)
        if answer is Answer.STOP:
            words = self.refused[market] = _final_words(self._hosts[market], status, now_us + wait_us if wait_us else 0)
            return RestFailure(words, wait_us=wait_us, final=True, status=status)
        if answer is Answer.WAIT:
            wait_us = wait_us or UNSAID_WAIT_US
        if wait_us:
            self._weights[market].hold(wait_us, now_us)
        words = said.msg[:200] or "no reason given"
        return RestFailure(f"{path}: status {status}, {words}", wait_us=wait_us, status=status, code=said.code)


def _final_words(host: str, status: int, until_us: int) -> str:
    if status == 451:
        return f"{host} does not serve this place (451): no further request is made"
    until = f" until {datetime.fromtimestamp(until_us / 1e6, UTC):%F %T} UTC" if until_us else ""
    return f"{host} has banned this address{until} (418): no further request is made; start again after that"
