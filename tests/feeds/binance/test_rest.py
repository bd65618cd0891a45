"""REST against the emulated exchange: weights, orders to wait, final refusals, sizes and their cache."""

from __future__ import annotations

import contextlib
import ssl
from decimal import Decimal
from pathlib import Path

import pytest

from lobterm.errors import InputError, LobtermError
from lobterm.events import Market
from lobterm.feeds.binance.addresses import Bases, snapshot_path
from lobterm.feeds.binance.answers import ServerTime, read
from lobterm.feeds.binance.listing import Kept, Lister, read_cache, write_cache
from lobterm.feeds.binance.rest import Rest, RestFailure
from lobterm.feeds.binance.weights import Weights
from lobterm.tape import parquet
from tests.simulator.exchange.test_server import WALL, running

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
SECOND = 1_000_000
MINUTE = 60 * SECOND


@contextlib.asynccontextmanager
async def asking(*faults):
    """An emulated exchange, and a client of it that shares its clock."""
    async with running(parquet.open_tape(DEMO), *faults) as bench:
        bases = Bases.single(f"ws://127.0.0.1:{bench.port}", f"http://127.0.0.1:{bench.port}")
        rest = Rest(bases, ssl.create_default_context(), lambda: bench.now_us)
        bench.bases = bases
        try:
            yield bench, rest
        finally:
            await rest.close()


async def test_answers_come():
    async with asking() as (_, rest):
        told = read(await rest.get(Market.PERP, "/fapi/v1/time", weight=1), ServerTime)
        assert told.server_time == WALL // 1_000
        body = await rest.get(Market.PERP, snapshot_path(Market.PERP, "BTCUSDT"), weight=20)
        assert body.startswith(b'{"lastUpdateId":')
        with pytest.raises(RestFailure, match="no ServerTime"):
            read(body, ServerTime)
        with pytest.raises(RestFailure, match="Invalid symbol") as caught:
            await rest.get(Market.PERP, "/fapi/v1/openInterest?symbol=NOSUCH", weight=1)
        assert (caught.value.code, caught.value.final) == (-1121, False)


@pytest.mark.parametrize(
    ("status", "words"), [(418, "has banned this address until 20"), (451, "does not serve this place")]
)
async def test_a_final_refusal_is_told_and_nothing_more_is_asked_of_that_host(status, words):
    async with asking(f"rest_{status}=1") as (bench, rest):
        for _ in range(3):
            with pytest.raises(RestFailure, match=words) as caught:
                await rest.get(Market.PERP, "/fapi/v1/time", weight=1)
            assert caught.value.final
        assert bench.emulator.report()["faults"] == {f"rest_{status}": 1}
        assert list(rest.refused) == [Market.PERP]


async def test_an_order_to_wait_is_obeyed():
    async with asking("rest_429=1") as (bench, rest):
        with pytest.raises(RestFailure) as caught:
            await rest.get(Market.PERP, "/fapi/v1/time", weight=1)
        ordered = caught.value.wait_us
        assert ordered > 0
        bench.emulator.desk._chances["rest_429"]._rate = 0
        bench.emulator.desk._chances["rest_429"]._passes = float("inf")
        with pytest.raises(RestFailure, match="not before"):
            await rest.get(Market.PERP, "/fapi/v1/time", weight=1)
        assert bench.emulator.report()["faults"] == {"rest_429": 1}
        bench.now_us += ordered
        assert await rest.get(Market.PERP, "/fapi/v1/time", weight=1)


async def test_a_lost_answer_may_be_asked_for_again():
    async with asking("rest_5xx=1") as (_, rest):
        for _ in range(2):
            with pytest.raises(RestFailure, match="status 50") as caught:
                await rest.get(Market.PERP, "/fapi/v1/time", weight=1)
            assert not caught.value.final
        assert rest.failed == 2


async def test_nobody_there_is_a_failure_like_any_other():
    async with asking() as (bench, rest):
        await bench.emulator.stop()
        with pytest.raises(RestFailure):
            await rest.get(Market.PERP, "/fapi/v1/time", weight=1)


def test_polls_leave_room_for_snapshots():
    weights = Weights(100)
    now = WALL - WALL % MINUTE
    weights.asked(39, now)
    assert weights.wait_us(1, now, urgent=False) == 0
    assert weights.wait_us(2, now + SECOND, urgent=False) == 59 * SECOND
    assert weights.wait_us(20, now, urgent=True) == 0
    weights.told("79", now)
    assert weights.wait_us(2, now, urgent=True) == MINUTE
    weights.told("junk", now)
    weights.told("12", now)
    assert weights.used == 79
    assert weights.wait_us(2, now + MINUTE, urgent=True) == 0
    weights.hold(5 * SECOND, now + MINUTE)
    assert weights.wait_us(0, now + MINUTE + SECOND, urgent=True) == 4 * SECOND


async def test_sizes_come_from_the_exchange_and_are_kept(tmp_path):
    path = tmp_path / "cache" / "info.json"
    async with asking() as (bench, rest):
        lister = Lister(rest, bench.bases, bench.now_us, path)
        (listing,) = await lister.listings(["BTCUSDT"], spot=True)
        assert (listing.perp.tick_size, listing.perp.lot_size) == (Decimal("0.1"), Decimal("0.001"))
        assert (listing.spot, listing.note) == (None, "no spot market")
        with pytest.raises(InputError, match="NOSUCH is not listed at http"):
            await lister.listings(["NOSUCH"], spot=False)
        await bench.emulator.stop()
        again = Lister(rest, bench.bases, bench.now_us + 86_400 * SECOND, path)
        (kept,) = await again.listings(["BTCUSDT"], spot=False)
        assert kept.perp == listing.perp
        assert "sizes as kept" in kept.note
        with pytest.raises(LobtermError, match="tick and lot of ETHUSDT cannot be asked for"):
            await again.listings(["ETHUSDT"], spot=False)
        old = Lister(rest, bench.bases, bench.now_us + 31 * 86_400 * SECOND, path)
        with pytest.raises(LobtermError, match="cannot be asked for"):
            await old.listings(["BTCUSDT"], spot=False)


async def test_a_ban_is_no_reason_to_go_on_from_the_cache(tmp_path):
    async with asking("rest_418=1") as (bench, rest):
        path = tmp_path / "info.json"
        write_cache(path, [Kept(bench.bases.perp_rest, "BTCUSDT", "0.1", "0.001", bench.now_us)])
        with pytest.raises(RestFailure, match="418"):
            await Lister(rest, bench.bases, bench.now_us, path).listings(["BTCUSDT"], spot=False)


def test_the_cache_is_bounded_and_never_in_the_way(tmp_path):
    path = tmp_path / "info.json"
    assert read_cache(path) == []
    write_cache(path, [Kept("h", f"S{k}", "0.1", "1", k) for k in range(500)])
    assert len(read_cache(path)) == 400
    write_cache(path, [Kept("h", "S7", "0.2", "1", 9)])
    assert [entry.tick for entry in read_cache(path) if entry.symbol == "S7"] == ["0.2"]
    path.write_text('[{"host": 3}]')
    assert read_cache(path) == []
    path.write_bytes(b"x" * (2 << 20))
    assert read_cache(path) == []
    write_cache(tmp_path / "info.json" / "below", [])
