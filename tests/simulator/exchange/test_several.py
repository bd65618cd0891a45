"""Two tapes on one exchange: each symbol its own streams, books and answers."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from lobterm import cli
from lobterm.simulator.exchange.faults import Faults
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.server import Emulator
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.tape import parquet
from tests.simulator.exchange.test_server import DEMO, WALL, Bench, get, subscribe


class Two(Bench):
    """The demo tape twice, the second time as ETHUSDT."""

    def __init__(self, tape):
        self.now_us = WALL
        players = [
            Player(tape, Stamps(tape.meta.first_ts_us, began_us=WALL), symbol=symbol) for symbol in ("", "ETHUSDT")
        ]
        self.emulator = Emulator(players[0], Faults({}, 7), now_us=lambda: self.now_us, others=players[1:])


@pytest.fixture
async def two():
    bench = Two(parquet.open_tape(DEMO))
    bench.port = await bench.emulator.start(0)
    yield bench
    await bench.emulator.stop()


async def test_each_symbol_has_its_own_streams_and_answers(two):
    async with connect(f"ws://127.0.0.1:{two.port}/public/stream") as socket:
        await subscribe(socket, "btcusdt@depth@100ms", "ethusdt@depth@100ms")
        two.play(2)
        sent = two.emulator.report()["sent"]
        told = [json.loads(await socket.recv()) for _ in range(sum(sent.values()))]
    assert {frame["stream"].partition("@")[0].upper() for frame in told} == {"BTCUSDT", "ETHUSDT"}
    assert all(frame["data"]["s"] == frame["stream"].partition("@")[0].upper() for frame in told)
    assert sent["btcusdt@depth@100ms"] == sent["ethusdt@depth@100ms"] > 0
    _, _, info = await get(two, "/fapi/v1/exchangeInfo")
    assert [entry["symbol"] for entry in json.loads(info)["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    for symbol in ("BTCUSDT", "ETHUSDT"):
        status, _, body = await get(two, f"/fapi/v1/depth?symbol={symbol}&limit=5")
        assert status == 200 and json.loads(body)["bids"]
        assert json.loads((await get(two, f"/fapi/v1/premiumIndex?symbol={symbol}"))[2])["symbol"] == symbol
    assert (await get(two, "/fapi/v1/depth?symbol=XRPUSDT"))[0] == 400
    said = two.emulator.report()
    assert said["others"]["ETHUSDT"]["books"] == said["books"] != {}


def test_one_symbol_cannot_be_told_by_two_tapes(capsys, monkeypatch):
    monkeypatch.setattr(asyncio, "run", lambda coroutine: pytest.fail("served"))
    assert cli.main(["emulate", str(DEMO), str(DEMO)]) == 2
    assert "is told by an earlier tape; tell it under another name: ETHUSDT=" in capsys.readouterr().err
