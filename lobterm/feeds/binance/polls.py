"""What only REST tells of a perpetual, asked for again and again: open interest, settlements, the clock, the day's volume.

What: each poll is a task of its own with its own back-off; a final refusal ends it. What it learns goes to `tell` as a control
event, for the recording, and from there to the rows. Source: binance.md §2, §8. Units: seconds for sleeps, ms and µs in names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from urllib.parse import quote

import msgspec

from lobterm.events import Market
from lobterm.feeds.binance.answers import Interval, Premium, ServerTime, Settled, read
from lobterm.feeds.binance.backoff import Backoff
from lobterm.feeds.binance.rest import Rest, RestFailure
from lobterm.wire import control

INTEREST_S = 5.0
CLOCK_S = 300.0
SETTLED_S = 10.0
"""Between two looks for a settlement that is due."""
MOST_LOOKS = 60
USUAL_HOURS = 8
"""Of a contract that fundingInfo does not list."""
NOT_FOUND = 404
LONGEST_SLEEP_S = 3_600.0


class OpenInterest(msgspec.Struct):
    """An answer, keys as the exchange writes them."""

    openInterest: str
    time: int


class Volume(msgspec.Struct):
    """An answer, of which the volume is of interest."""

    volume: str


class Polls:
    """The polls of one symbol."""

    def __init__(
        self,
        symbol: str,
        rest: Rest,
        tell: Callable[[control.Event], None],
        now_us: Callable[[], int],
        dice: Random,
        settled_us: int = 0,
    ) -> None:
        """`settled_us`: the last settlement that is known already; those since are told, 0: only the last one."""
        self.offset_us: int | None = None  # the exchange's clock less ours, by REST
        self.interest_us = 0  # local time of the last reading
        self._name = quote(symbol, safe="")
        self._symbol, self._rest, self._tell, self._now_us, self._dice = symbol, rest, tell, now_us, dice
        self._settled_ms = settled_us // 1_000

    async def run(self) -> None:
        """Poll until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self._interest, INTEREST_S))
            tasks.create_task(self._again(self._clock, CLOCK_S))
            tasks.create_task(self._once(self._volume))
            tasks.create_task(self._once(self._interval))
            tasks.create_task(self._settlements())

    async def _again(self, poll: Callable[[], Awaitable[None]], every_s: float) -> None:
        while await self._once(poll):
            await asyncio.sleep(every_s)

    async def _once(self, poll: Callable[[], Awaitable[None]]) -> bool:
        """Poll until it succeeds; return whether it did, and not that it is of no use."""
        backoff = Backoff(self._dice, first_us=1_000_000)
        while True:
            try:
                await poll()
            except RestFailure as failure:
                if failure.final or failure.status == NOT_FOUND:
                    return False
                await asyncio.sleep(backoff.failed(failure.wait_us) / 1e6)
            else:
                return True

    async def _get(self, path: str, weight: int = 1) -> bytes:
        return await self._rest.get(Market.PERP, path, weight=weight)

    def _say(self, make: Callable[[], control.Event]) -> None:
        """Tell what was learnt; an answer out of all bounds is no answer."""
        try:
            event = make()
            control.encode(event)
        except (ValueError, msgspec.MsgspecError) as error:
            raise RestFailure(f"an answer out of bounds: {error}") from error
        self._tell(event)

    async def _interest(self) -> None:
        said = read(await self._get(f"/fapi/v1/openInterest?symbol={self._name}"), OpenInterest)
        self._say(lambda: control.OpenInterest(said.openInterest, said.time))
        self.interest_us = self._now_us()

    async def _clock(self) -> None:
        asked_us = self._now_us()
        said = read(await self._get("/fapi/v1/time"), ServerTime)
        answered_us = self._now_us()
        self.offset_us = said.server_time * 1_000 - (asked_us + answered_us) // 2
        self._say(lambda: control.ServerTime(said.server_time, asked_us, answered_us))

    async def _volume(self) -> None:
        said = read(await self._get(f"/fapi/v1/ticker/24hr?symbol={self._name}"), Volume)
        self._say(lambda: control.Volume24h(said.volume))

    async def _interval(self) -> None:
        listed = read(await self._get("/fapi/v1/fundingInfo"), list[Interval])
        hours = next((entry.funding_interval_hours for entry in listed if entry.symbol == self._symbol), USUAL_HOURS)
        self._say(lambda: control.FundingInterval(hours))

    async def _settlements(self) -> None:
        """Tell the last settlement, then each one after its time."""
        known_ms = await self._settled_after(self._settled_ms)
        while True:
            await self._until_next(known_ms)
            for look in range(MOST_LOOKS):
                newest_ms = await self._settled_after(known_ms)
                if newest_ms > known_ms or look == MOST_LOOKS - 1 or not known_ms:
                    break
                await asyncio.sleep(SETTLED_S)
            known_ms = max(known_ms, newest_ms)

    async def _settled_after(self, known_ms: int) -> int:
        """Tell the settlements after `known_ms`, of all that are older only the last; return the newest one's time."""
        newest_ms = known_ms

        async def ask() -> None:
            nonlocal newest_ms
            body = await self._get(f"/fapi/v1/fundingRate?symbol={self._name}&limit=100")
            found = sorted(read(body, list[Settled]), key=lambda entry: entry.funding_time)
            fresh = [entry for entry in found if entry.symbol == self._symbol and entry.funding_time > known_ms]
            for entry in fresh if known_ms else fresh[-1:]:
                self._say(partial(control.FundingSettled, entry.funding_rate, entry.funding_time, entry.mark_price))
                newest_ms = entry.funding_time

        await self._once(ask)
        return newest_ms

    async def _until_next(self, known_ms: int) -> None:
        """Sleep until the next settlement is due; look again after an hour at most, for intervals change."""
        next_ms = 0

        async def ask() -> None:
            nonlocal next_ms
            next_ms = read(await self._get(f"/fapi/v1/premiumIndex?symbol={self._name}"), Premium).next_funding_time

        if not await self._once(ask):
            await asyncio.Event().wait()
        left_s = (next_ms * 1_000 - self._now_us()) / 1e6 if next_ms > known_ms else 0.0
        while left_s > LONGEST_SLEEP_S:
            await asyncio.sleep(LONGEST_SLEEP_S)
            left_s -= LONGEST_SLEEP_S
        await asyncio.sleep(max(left_s, SETTLED_S))
