"""The server over real sockets: loopback alone, both sides of the futures split, spot, REST, faults on the line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lobterm import cli
from lobterm.errors import LobtermError
from lobterm.simulator.exchange.faults import Faults, parse
from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.server import Emulator
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.tape import parquet
from tests.simulator.exchange import wired
from tests.tape import rows as r

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
WALL = 1_800_000_000_000_000
SECOND = 1_000_000


class Bench:
    """An emulator whose clock a test moves by hand."""

    def __init__(self, tape, *words, loop=False):
        self.now_us, self.slept = WALL, []
        faults = Faults(parse(list(words)), 7)
        first = tape.meta.first_ts_us
        stamps = Stamps(first, began_us=WALL, error_us=faults.clock_us)
        self.emulator = Emulator(Player(tape, stamps, loop=loop), faults, now_us=lambda: self.now_us, sleep=self.sleep)

    async def sleep(self, seconds):
        self.slept.append(seconds)

    def play(self, seconds):
        self.now_us += int(seconds * SECOND)
        while self.emulator.step():
            pass


@contextlib.asynccontextmanager
async def running(tape, *words):
    bench = Bench(tape, *words)
    bench.port = await bench.emulator.start(0)
    try:
        yield bench
    finally:
        await bench.emulator.stop()


@contextlib.asynccontextmanager
async def ws(bench, path):
    """Connect, and wait until the exchange has taken the connection in."""
    before = len(bench.emulator.hub.connections)
    async with connect(f"ws://127.0.0.1:{bench.port}{path}", compression=None) as socket:
        while len(bench.emulator.hub.connections) == before:
            await asyncio.sleep(0)
        yield socket


async def subscribe(socket, *streams):
    await socket.send(json.dumps({"method": "SUBSCRIBE", "params": list(streams), "id": 1}))
    assert await socket.recv() == '{"result":null,"id":1}'


async def get(bench, path):
    def fetch():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{bench.port}{path}") as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    return await asyncio.to_thread(fetch)


@pytest.fixture(scope="module")
def demo():
    return parquet.open_tape(DEMO)


async def test_only_the_loopback_is_listened_on(demo):
    async with running(demo) as bench:
        assert {host for host, _ in bench.emulator.addresses} == {"127.0.0.1"}
        with pytest.raises(LobtermError, match=f"port {bench.port} of 127.0.0.1"):
            await Bench(demo).emulator.start(bench.port)


async def test_each_side_of_the_split_tells_its_own_and_acknowledges_all(demo):
    async with running(demo) as bench, ws(bench, "/public/stream") as public, ws(bench, "/market/stream") as market:
        await subscribe(public, "btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@aggTrade", "btcusdt@nonsense")
        await subscribe(market, "btcusdt@aggTrade", "btcusdt@markPrice@1s", "btcusdt@depth@100ms")
        bench.play(5)
        sent = dict(bench.emulator.report()["sent"])
        assert set(sent) == {"btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@aggTrade", "btcusdt@markPrice@1s"}
        here = sent["btcusdt@depth@100ms"] + sent["btcusdt@bookTicker"]
        told = [json.loads(await public.recv()) for _ in range(here)]
        assert {frame["stream"] for frame in told} == {"btcusdt@depth@100ms", "btcusdt@bookTicker"}
        there = [json.loads(await market.recv()) for _ in range(sum(sent.values()) - here)]
        assert {frame["stream"] for frame in there} == {"btcusdt@aggTrade", "btcusdt@markPrice@1s"}
        for frame in told + there:
            assert WALL // 1_000 - 10 <= frame["data"]["E"] <= WALL // 1_000 + 5_000, "stamps look current"


async def test_streams_of_the_address_and_raw_payloads(demo):
    raw_path, whole_path = "/public/ws/btcusdt@bookTicker", "/public/stream?streams=btcusdt@bookTicker"
    async with running(demo) as bench, ws(bench, raw_path) as raw, ws(bench, whole_path) as wrapped:
        bench.play(1)
        plain, whole = json.loads(await raw.recv()), json.loads(await wrapped.recv())
        assert whole == {"stream": "btcusdt@bookTicker", "data": plain}
        assert plain["e"] == "bookTicker"


async def test_a_client_builds_the_emulators_book_from_a_snapshot_and_the_stream(demo, tmp_path):
    async with running(demo) as bench, ws(bench, "/public/stream?streams=btcusdt@depth@100ms") as socket:
        bench.play(3)
        _, _, snapshot = await get(bench, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
        bench.play(20)
        report = bench.emulator.report()
        frames = [await socket.recv() for _ in range(report["sent"]["btcusdt@depth@100ms"])]
    lines = [wired.line(WALL + k, text) for k, text in enumerate([*frames[:20], snapshot.decode(), *frames[20:]])]
    rows, skipped = wired.read_back(tmp_path, lines, demo.meta.instruments[0])
    from lobterm.simulator.exchange.book import book_hash
    from lobterm.tape.verify import final_book

    last = json.loads(frames[-1])["data"]["u"]
    assert skipped == {}
    assert book_hash(*final_book([rows], 0)) == report["books"][str(last)]


async def test_the_tape_waits_for_its_first_listener(demo):
    async with running(demo) as bench:
        bench.play(100)
        assert bench.emulator.hub.messages == 0
        async with ws(bench, "/public/ws/btcusdt@bookTicker") as socket:
            bench.play(1)
            assert json.loads(await socket.recv())["u"] < 1_900


async def test_spot_stands_at_the_root(tmp_path):
    values = [*r.snapshot(r.START, [(6_000_000, 10)], [(6_000_001, 30)], market=1)]
    values += [r.book(r.START + SECOND, 6_000_000, 5, 1, seq=9, exch=r.START, market=1)]
    tape = wired.tape_of(tmp_path, values, r.SPOT)
    async with running(tape) as bench, ws(bench, "/stream?streams=btcusdt@depth@100ms") as socket:
        status, _, body = await get(bench, "/api/v3/depth?symbol=BTCUSDT&limit=5000")
        assert (status, json.loads(body)["bids"]) == (200, [["60000.00000000", "0.00010000"]])
        bench.play(2)
        assert json.loads(await socket.recv())["data"]["b"] == [["60000.00000000", "0.00005000"]]


async def test_rest_answers_and_refuses(demo):
    async with running(demo) as bench:
        status, headers, body = await get(bench, "/fapi/v1/time")
        assert (status, json.loads(body), headers["X-MBX-USED-WEIGHT-1M"]) == (200, {"serverTime": WALL // 1_000}, "1")
        assert (await get(bench, "/fapi/v1/nothing"))[0] == 404
        assert (await get(bench, "/fapi/v1/depth?symbol=NOSUCH"))[0] == 400
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        writer.write(b"POST /fapi/v1/time HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 405")
        writer.close()
        with pytest.raises(InvalidStatus):
            async with ws(bench, "/private/ws"):
                pass


async def test_rest_faults_come_over_the_line(demo):
    async with running(demo, "rest_slow=1") as bench:
        assert (await get(bench, "/fapi/v1/time"))[0] == 200
        assert 1 <= bench.slept[0] <= 5
    async with running(demo, "rest_418=1") as bench:
        status, headers, _ = await get(bench, "/fapi/v1/time")
        assert (status, headers["Retry-After"]) == (418, "120")
        assert bench.emulator.report()["faults"] == {"rest_418": 1}


async def test_the_clock_fault_moves_every_stamp(demo):
    async with running(demo, "clock=1.3") as bench, ws(bench, "/market/ws/btcusdt@markPrice@1s") as socket:
        assert json.loads((await get(bench, "/fapi/v1/time"))[2])["serverTime"] == WALL // 1_000 + 1_300
        bench.play(1.5)
        stamp = json.loads(await socket.recv())["E"]
    async with running(demo) as bench, ws(bench, "/market/ws/btcusdt@markPrice@1s") as socket:
        bench.play(1.5)
        assert stamp - json.loads(await socket.recv())["E"] == 1_300


async def test_a_disconnect_has_its_code_and_the_next_connection_the_next(demo):
    codes = []
    async with running(demo, "disconnect=1") as bench:
        for _ in range(6):
            async with ws(bench, "/public/ws/btcusdt@bookTicker") as socket:
                bench.play(1)
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                codes.append(socket.close_code)
        assert codes == [1000, 1001, 1002, 1003, 1006, 1007]
        assert bench.emulator.report()["faults"] == {f"disconnect_{code}": 1 for code in codes}


async def test_a_wrong_path_subscription_is_acknowledged_and_silent(demo):
    async with running(demo, "wrong_path=1") as bench, ws(bench, "/public/stream") as socket:
        await subscribe(socket, "btcusdt@bookTicker")
        bench.play(5)
        report = bench.emulator.report()
        assert (report["sent"], report["faults"]) == ({}, {"wrong_path": 1})


async def test_a_client_that_asks_too_often_is_dropped(demo):
    async with running(demo) as bench, ws(bench, "/public/stream") as socket:
        for _ in range(11):
            await socket.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        with pytest.raises(ConnectionClosed):
            for _ in range(11):
                await socket.recv()
        assert socket.close_code == 1008
        assert bench.emulator.report()["refused"] == {"requests": 1}


async def test_dropped_frames_are_not_counted_as_sent(demo):
    async with running(demo, "drop=0.5") as bench, ws(bench, "/public/ws/btcusdt@bookTicker") as socket:
        bench.play(5)
        report = bench.emulator.report()
        sent = report["sent"]["btcusdt@bookTicker"]
        assert report["faults"]["drop"] > 10
        assert len(report["fault_list"]) == report["faults"]["drop"]
        bench.emulator.hub.faults.rates.clear()
        await socket.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        received = 0
        while "result" not in json.loads(await socket.recv()):
            received += 1
        assert received == sent


async def test_play_runs_to_the_tapes_end_and_stops_when_asked(tmp_path):
    values = [r.trade(r.START + k * SECOND, 100, 1, 1, exch=r.START, seq=k + 1) for k in range(3)]
    tape = wired.tape_of(tmp_path, values, r.PERP)
    async with running(tape) as bench, ws(bench, "/public/ws/btcusdt@trade") as socket:

        async def sleep(seconds):
            bench.now_us += max(int(seconds * SECOND), 1)
            await asyncio.sleep(0)

        bench.emulator._sleep = sleep
        await bench.emulator.play(asyncio.Event())
        assert [json.loads(await socket.recv())["t"] for _ in range(3)] == [1, 2, 3]
    looped = Bench(tape, loop=True)
    stop = asyncio.Event()
    stop.set()
    await looped.emulator.play(stop)


def test_the_command_refuses_what_it_cannot_do(capsys, tmp_path):
    assert cli.main(["emulate", str(tmp_path / "none.parquet")]) == 2
    assert cli.main(["emulate", str(DEMO), "--fault", "drip=1"]) == 2
    assert "there are drop, duplicate" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["emulate", str(DEMO), "--speed", "0"])


class Process:
    """The command as a person runs it."""

    def __init__(self, tape, *words):
        command = [sys.executable, "-m", "lobterm", "emulate", str(tape), "--json", *words]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = [self.popen.stderr.readline() for _ in range(4)]
        self.url = said[0].split()[1]
        self.said = "".join(said)

    def end(self):
        out, _ = self.popen.communicate(timeout=60)
        return self.popen.returncode, json.loads(out)


async def test_the_command_says_where_it_is_and_on_ctrl_c_what_it_did():
    process = await asyncio.to_thread(Process, DEMO, "--speed", "20", "--fault", "drop=0.1")
    port = process.url.rpartition(":")[2]
    assert f"lobterm live BTCUSDT --ws ws://127.0.0.1:{port} --rest http://127.0.0.1:{port}" in process.said
    async with connect(f"{process.url}/public/stream?streams=btcusdt@depth@100ms") as socket:
        ids = [json.loads(await socket.recv())["data"]["u"] for _ in range(50)]
        process.popen.send_signal(signal.SIGINT)
        code, result = await asyncio.to_thread(process.end)
    assert code == 130
    assert set(result) >= {"sent", "faults", "books", "fault_list", "messages", "elapsed_s", "cpu_s"}
    assert {str(ident) for ident in ids} <= set(result["books"])
    assert result["sent"]["btcusdt@depth@100ms"] >= 50
    assert result["faults"].keys() <= {"drop"}


async def test_the_command_ends_with_its_tape(tmp_path):
    values = [r.trade(r.START + k * SECOND, 100, 1, 1, exch=r.START, seq=k + 1) for k in range(300)]
    tape = wired.tape_of(tmp_path, values, r.PERP)
    process = await asyncio.to_thread(Process, tape.path, "--speed", "1000")
    async with connect(f"{process.url}/public/ws/btcusdt@trade") as socket:
        told = [json.loads(text)["t"] async for text in socket]
        assert socket.close_code == 1001
    code, result = await asyncio.to_thread(process.end)
    assert (code, told) == (0, list(range(1, 301)))
    assert result["sent"] == {"btcusdt@trade": 300}
