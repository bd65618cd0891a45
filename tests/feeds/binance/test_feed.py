"""The whole feed against the emulated exchange, over real sockets: rows that are right, and a symbol that fails alone."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest

from lobterm.events import Flag, Kind, Market, Scope
from lobterm.feeds.binance.addresses import Bases
from lobterm.feeds.binance.channel import Channel
from lobterm.feeds.binance.feed import LiveFeed
from lobterm.feeds.binance.listing import Listing
from lobterm.instrument import Instrument
from lobterm.simulator.exchange.book import book_hash
from lobterm.simulator.exchange.faults import Faults, parse
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.server import Emulator, WallClock
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.tape import parquet
from lobterm.tape.ring import Cursor, Ring
from lobterm.tape.verify import BookCheck
from lobterm.wire import control

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
BTC = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
ETH = Instrument(Market.PERP, "ETHUSDT", Decimal("0.01"), Decimal("0.001"))


@contextlib.asynccontextmanager
async def exchange(*faults, speed=5.0, others=()):
    """An emulated exchange that plays by the wall's clock; `others` are symbols that the same tape is told as, too."""
    tape = parquet.open_tape(DEMO)
    wrong, now_us = Faults(parse(list(faults)), 7), WallClock()

    def player(symbol=""):
        stamps = Stamps(tape.meta.first_ts_us, began_us=now_us(), speed=speed, error_us=wrong.clock_us)
        return Player(tape, stamps, symbol=symbol)

    emulator = Emulator(player(), wrong, now_us=now_us, others=[player(symbol) for symbol in others])
    port = await emulator.start(0)
    emulator.bases = Bases.single(f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}")
    stop = asyncio.Event()
    playing = asyncio.create_task(emulator.play(stop))
    try:
        yield emulator
    finally:
        stop.set()
        await playing
        await emulator.stop()


class Reader:
    """A feed of some symbols, and what comes out of their rings."""

    def __init__(self, emulator, *instruments, **settings):
        self.rings = [Ring(1 << 18) for _ in instruments]
        self.cursors = [Cursor(ring) for ring in self.rings]
        self.channels = [
            Channel(Listing(instrument, None), ring, None, dice=Random(1))
            for instrument, ring in zip(instruments, self.rings, strict=True)
        ]
        for channel in self.channels:
            channel.inbox.begin("test", {})
        self.rows = [np.zeros(0, "V48")] * len(instruments)
        self.feed = LiveFeed(self.channels, emulator.bases, dice=Random(2), **settings)

    def read(self, at=0):
        """Return all rows so far."""
        more = self.cursors[at].read(1 << 18)
        self.rows[at] = more if not len(self.rows[at]) else np.concatenate([self.rows[at], more])
        return self.rows[at]

    async def until(self, done):
        async with asyncio.timeout(30):
            while not done(self.read()):
                assert not self.feed.failure, self.feed.failure
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def reading(emulator, *instruments, **settings):
    reader = Reader(emulator, *instruments, **settings)
    reader.feed.start()
    try:
        yield reader
    finally:
        await asyncio.to_thread(reader.feed.stop)


def books_after(rows):
    """Return {update id: hash} of the book after each depth message that leaves it known."""
    check, found, at = BookCheck(0), {}, 0
    for stop in np.flatnonzero((rows["kind"] == Kind.BOOK) & ((rows["flags"] & Flag.LAST) != 0)) + 1:
        check.add(rows[at:stop])
        at = stop
        if check.known:
            sides = (check.levels(side)[:100].tolist() for side in (1, -1))
            found[str(rows[stop - 1]["seq"])] = book_hash(*sides)
    return found


def kinds(rows):
    return {Kind(kind) for kind in np.unique(rows["kind"])}


WHOLE = {Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE, Kind.MARK, Kind.INDEX, Kind.FUNDING, Kind.CLOCK_OFFSET}


async def test_rows_come_and_their_book_is_the_exchanges():
    async with exchange() as emulator, reading(emulator, BTC) as reader:
        await reader.until(
            lambda rows: (
                kinds(rows) >= WHOLE
                and np.count_nonzero(rows["kind"] == Kind.TRADE) > 50
                and np.count_nonzero((rows["kind"] == Kind.BOOK) & (rows["flags"] & Flag.LAST != 0)) > 30
            )
        )
        await asyncio.to_thread(reader.feed.stop)
        rows = reader.read()
        report, said = emulator.report(), reader.feed.report()
    told = report["books"]
    ours = books_after(rows)
    assert len(ours.keys() & told.keys()) > 20
    assert {ident: told[ident] for ident in ours if ident in told} == {
        ident: ours[ident] for ident in ours if ident in told
    }
    assert (np.diff(rows["ts"]) >= 0).all()
    assert said["symbols"]["BTCUSDT"]["trade_source"] == "trade"
    assert said["streams"]["btcusdt@depth@100ms"]["frames"] > 20
    assert (said["lost_frames"], said["nameless_bad_frames"], said["failure"]) == (0, 0, "")
    assert reader.feed.status().finished
    assert not reader.feed.status().running


async def test_a_line_that_breaks_is_a_gap_and_the_book_comes_back():
    async with exchange() as emulator, reading(emulator, BTC) as reader:
        await reader.until(lambda rows: books_after(rows) and Kind.TRADE in kinds(rows))
        for socket in list(emulator._sockets.values()):
            socket.transport.abort()
        channel = reader.channels[0]
        await reader.until(
            lambda rows: channel.decoder.books[Market.PERP].resyncs == 2 and reader.feed.report()["reconnects"] >= 2
        )
        rows = reader.read()
        gaps = rows[rows["kind"] == Kind.GAP]
        assert Scope.BOOK in gaps["qty"]
        assert Scope.TRADES in gaps["qty"]
        assert "closed" not in reader.feed.failure


async def test_a_relieved_line_leaves_no_trace_in_the_rows():
    async with exchange() as emulator, reading(emulator, BTC, life_us=3_000_000) as reader:
        await reader.until(
            lambda rows: all(line.reliefs for line in reader.feed.lines.values()) if reader.feed.lines else False
        )
        await asyncio.to_thread(reader.feed.stop)
        rows, told = reader.read(), emulator.report()["books"]
    said = reader.feed.report()
    assert said["reconnects"] == 0
    assert not np.count_nonzero(rows["kind"] == Kind.GAP)
    trades = rows[rows["kind"] == Kind.TRADE]["seq"]
    assert len(trades) == len(set(trades.tolist()))
    ours = books_after(rows)
    assert all(told[ident] == value for ident, value in ours.items() if ident in told)


async def test_without_raw_trades_the_aggregates_are_the_tape():
    async with exchange() as emulator, reading(emulator, BTC) as reader:
        await reader.until(lambda rows: kinds(rows) >= {Kind.TRADE})
        emulator.hub._relist = lambda: None
        emulator.hub._listening = {at: who for at, who in emulator.hub._listening.items() if at[1] != "btcusdt@trade"}
        await reader.until(lambda rows: ((rows["kind"] == Kind.TRADE) & ((rows["flags"] & Flag.AGG) != 0)).any())
        rows = reader.read()
        trades = rows[rows["kind"] == Kind.TRADE]
        is_agg = (trades["flags"] & Flag.AGG) != 0
        assert not is_agg[0]
        assert (np.diff(is_agg.astype(int)) >= 0).all(), "never both"
        between = rows[(rows["kind"] == Kind.GAP) & (rows["qty"] == Scope.TRADES)]
        assert len(between) == 1


async def test_a_symbol_that_fails_does_not_stop_the_others(monkeypatch):
    async with exchange() as emulator, reading(emulator, ETH, BTC) as reader:
        await reader.until(lambda rows: len(reader.read(1)) > 100)
        reader.channels[0].decoder.read = lambda *lines: 1 / 0
        await reader.until(lambda rows: reader.channels[0].failure)
        before = len(reader.read(1))
        await reader.until(lambda rows: len(reader.read(1)) > before + 100)
        assert reader.feed.report()["symbols"]["ETHUSDT"]["failure"] == "ETHUSDT: ZeroDivisionError: division by zero"
        assert reader.feed.failure == ""


async def test_what_a_screen_posts_stands_in_the_rows():
    async with exchange() as emulator, reading(emulator, BTC) as reader:
        await reader.until(len)
        reader.channels[0].inbox.post(control.Param("maker.gamma", 3.0))
        with pytest.raises(ValueError, match="px_ticks"):
            reader.channels[0].inbox.post(control.Order(1, -1, 1))
        await reader.until(lambda rows: (rows["kind"] == Kind.PARAM).any())


@pytest.mark.parametrize("status", [418, 451])
async def test_a_final_refusal_stops_the_feed_in_plain_words(status):
    async with exchange(f"rest_{status}=1") as emulator, reading(emulator, BTC) as reader:
        async with asyncio.timeout(30):
            while not reader.feed.status().finished:
                await asyncio.sleep(0.01)
        assert f"({status})" in reader.feed.failure
        assert "no further request is made" in reader.feed.failure
        made = emulator.report()["faults"][f"rest_{status}"]
        assert made <= 4, "requests that were on their way"


async def test_a_refusal_of_spot_alone_is_told_and_stops_nothing():
    async with exchange() as emulator, reading(emulator, BTC) as reader:
        await reader.until(lambda rows: books_after(rows))
        reader.feed._rest.refused[Market.SPOT] = "spot will not have us"
        before = len(reader.read())
        await reader.until(lambda rows: len(rows) > before + 100)
        assert "spot will not have us" in reader.feed.complaints()


async def test_an_exchange_that_is_not_there_is_complained_about():
    async with exchange() as emulator:
        await emulator.stop()
        async with reading(emulator, BTC) as reader:
            async with asyncio.timeout(30):
                while not any("127.0.0.1" in words for words in reader.feed.complaints()):
                    await asyncio.sleep(0.01)
            await reader.until(lambda rows: np.count_nonzero(rows["kind"] == Kind.HEARTBEAT) >= 2)
