"""Whether an exchange's addresses answer, and how far this clock is from its own: asked once each, nothing subscribed to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import msgspec

TIMEOUT_S = 8.0
LARGEST = 4096
"""Bytes of an answer that are read at most."""
ASKED = {"perp_rest": "/fapi/v1/time", "spot_rest": "/api/v3/time", "perp_ws": "/public/stream", "spot_ws": "/stream"}
FROM_MS, TO_MS = 1_500_000_000_000, 4_000_000_000_000
"""Times of an exchange that are believed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one address answered; `trouble` says why not. The offset is this clock minus the exchange's."""

    took_ms: float = 0.0
    offset_ms: float | None = None
    trouble: str = ""


class _Time(msgspec.Struct):
    serverTime: int  # noqa: N815  (the exchange's name)


async def reached(bases: Mapping[str, str]) -> dict[str, Answer]:
    """Ask every address of `bases` at once."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT_S)) as session:
        asked = [_ask(session, name, base) for name, base in bases.items()]
        return dict(zip(bases, await asyncio.gather(*asked), strict=True))


async def _ask(session: aiohttp.ClientSession, name: str, base: str) -> Answer:
    try:
        return await (_opened if name.endswith("_ws") else _told)(session, base + ASKED[name])
    except TimeoutError:
        return Answer(trouble=f"nothing within {TIMEOUT_S:g} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(trouble=str(error) or type(error).__name__)


async def _opened(session: aiohttp.ClientSession, url: str) -> Answer:
    began = time.monotonic()
    async with asyncio.timeout(TIMEOUT_S), session.ws_connect(url):
        return Answer((time.monotonic() - began) * 1e3)


async def _told(session: aiohttp.ClientSession, url: str) -> Answer:
    began, sent_ms = time.monotonic(), time.time() * 1e3
    async with session.get(url) as answer:
        data = await answer.content.read(LARGEST)
    took_ms = (time.monotonic() - began) * 1e3
    if answer.status != 200:
        return Answer(trouble=f"it says {answer.status}")
    told_ms = msgspec.json.decode(data, type=_Time).serverTime
    if not FROM_MS < told_ms < TO_MS:
        return Answer(trouble="it tells no time")
    return Answer(took_ms, sent_ms + took_ms / 2 - told_ms)
