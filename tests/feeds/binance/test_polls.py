"""What only REST tells, asked for again and again."""

from __future__ import annotations

import asyncio
import contextlib
from random import Random

import pytest

from lobterm.events import Market
from lobterm.feeds.binance import polls
from lobterm.feeds.binance.polls import Polls
from lobterm.feeds.binance.rest import RestFailure
from lobterm.wire import control

NOW = 1_800_000_000_000_000
HOUR = 3_600_000


class FakeRest:
    """Answers from a table: bytes, or failures to raise first."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    async def get(self, market, path, *, weight, urgent=False):
        assert market == Market.PERP
        name = path.partition("?")[0].rpartition("/")[2]
        self.asked.append(path)
        await asyncio.sleep(0)
        said = self.answers.get(name, RestFailure("no such page", status=404))
        said = said() if callable(said) else said
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(said, Exception):
            raise said
        return said

    def count(self, name):
        return sum(f"/{name}" in path for path in self.asked)


@pytest.fixture
def quick(monkeypatch):
    """Let the waits between polls be turns of the loop; return those that were asked for."""
    waits, real = [], asyncio.sleep

    async def sleep(seconds):
        waits.append(seconds)
        await real(0)

    monkeypatch.setattr(polls.asyncio, "sleep", sleep)
    yield waits
    monkeypatch.undo()


@contextlib.asynccontextmanager
async def polling(rest, symbol="BTCUSDT"):
    told = []
    poll = Polls(symbol, rest, told.append, lambda: NOW, Random(1))
    task = asyncio.create_task(poll.run())
    try:
        yield poll, told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def turns(done):
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0)


def of(told, kind):
    return [event for event in told if isinstance(event, kind)]


GOOD = {
    "openInterest": b'{"symbol":"BTCUSDT","openInterest":"81234.567","time":1800000000001,"new":1}',
    "time": b'{"serverTime":1800000001300}',
    "24hr": b'{"symbol":"BTCUSDT","volume":"123456.789","count":7}',
    "fundingInfo": b'[{"symbol":"ETHUSDT","fundingIntervalHours":4}]',
    "fundingRate": b'[{"symbol":"BTCUSDT","fundingRate":"0.00010000","fundingTime":1799971200000,"markPrice":"1"}]',
    "premiumIndex": b'{"symbol":"BTCUSDT","nextFundingTime":1800000003600}',
}


async def test_everything_is_told_and_open_interest_again_and_again(quick):
    async with polling(FakeRest(**GOOD)) as (poll, told):
        await turns(lambda: len(of(told, control.OpenInterest)) >= 3 and len(of(told, control.ServerTime)) >= 2)
        assert of(told, control.OpenInterest)[0] == control.OpenInterest("81234.567", 1_800_000_000_001)
        assert of(told, control.Volume24h) == [control.Volume24h("123456.789")]
        assert of(told, control.FundingInterval) == [control.FundingInterval(8)], "not listed: the usual one"
        assert of(told, control.FundingSettled) == [control.FundingSettled("0.00010000", 1_799_971_200_000, "1")]
        assert poll.offset_us == 1_300_000
        assert {5.0, 300.0} <= set(quick)


async def test_each_settlement_is_told_once_after_its_time(quick):
    first, second, third = (1_799_971_200_000 + k * 8 * HOUR for k in range(3))

    def settled(*times):
        rows = ",".join(f'{{"symbol":"BTCUSDT","fundingRate":"0.0001","fundingTime":{t}}}' for t in times)
        return f"[{rows}]".encode()

    rest = FakeRest(
        **GOOD
        | {
            "fundingRate": [
                settled(first),
                settled(first),
                settled(first),
                settled(second, first),
                settled(third, second),
            ]
        }
        | {"premiumIndex": f'{{"symbol":"BTCUSDT","nextFundingTime":{NOW // 1_000 + HOUR}}}'.encode()}
    )
    async with polling(rest) as (_, told):
        await turns(lambda: len(of(told, control.FundingSettled)) >= 3)
        await turns(lambda: rest.count("fundingRate") >= 8)
        assert [event.fundingTime for event in of(told, control.FundingSettled)] == [first, second, third]
    assert any(3_000 < wait <= 3_600 for wait in quick), "it waits for the settlement's time"


async def test_a_session_that_goes_on_is_told_every_settlement_since(quick):
    known, *since = (1_799_971_200_000 + k * 8 * HOUR for k in range(3))
    rows = ",".join(
        f'{{"symbol":"BTCUSDT","fundingRate":"0.0001","fundingTime":{t},"markPrice":"60000.5"}}'
        for t in (known, *since)
    )
    rest = FakeRest(**GOOD | {"fundingRate": f"[{rows}]".encode()})
    told = []
    task = asyncio.create_task(Polls("BTCUSDT", rest, told.append, lambda: NOW, Random(1), known * 1_000).run())
    await turns(lambda: rest.count("fundingRate") >= 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert of(told, control.FundingSettled) == [control.FundingSettled("0.0001", t, "60000.5") for t in since]


async def test_failures_are_tried_again_later_and_pages_that_are_not_there_never(quick):
    rest = FakeRest(
        **GOOD
        | {
            "openInterest": [
                RestFailure("lost", status=503),
                RestFailure("wait", wait_us=77_000_000),
                GOOD["openInterest"],
            ]
        }
        | {"24hr": RestFailure("no such page", status=404)}
    )
    async with polling(rest) as (_, told):
        await turns(lambda: len(of(told, control.OpenInterest)) >= 2)
        assert any(wait >= 77 for wait in quick)
        assert rest.count("24hr") == 1


async def test_an_answer_out_of_bounds_is_no_answer(quick):
    bad = b'{"symbol":"BTCUSDT","openInterest":"1e9","time":1}'
    async with polling(FakeRest(**GOOD | {"openInterest": [bad, b"[]", GOOD["openInterest"]]})) as (_, told):
        await turns(lambda: of(told, control.OpenInterest))
        assert of(told, control.OpenInterest)[0].openInterest == "81234.567"


async def test_a_final_refusal_ends_the_asking(quick):
    rest = FakeRest(**dict.fromkeys(GOOD, RestFailure("banned", final=True, status=418)))
    async with polling(rest) as (_, told):
        for _ in range(200):
            await asyncio.sleep(0)
        assert told == []
        assert len(rest.asked) <= 6


async def test_a_symbol_that_is_not_ascii_is_asked_for_by_its_bytes(quick):
    rest = FakeRest(**GOOD)
    async with polling(rest, "币安USDT") as (_, told):
        await turns(lambda: of(told, control.OpenInterest))
    assert "/fapi/v1/openInterest?symbol=%E5%B8%81%E5%AE%89USDT" in rest.asked
