"""A line that is kept open: deadlines, back-off, relief, and what a successor may not tell twice."""

from __future__ import annotations

import asyncio
import json
from random import Random

import pytest

from lobterm.feeds.binance.addresses import Socket, silences
from lobterm.feeds.binance.connection import Unreachable
from lobterm.feeds.binance.handover import Handover, place, stream_of
from lobterm.feeds.binance.health import Health
from lobterm.feeds.binance.line import LIFE_US, Line

NOW = 1_800_000_000_000_000
SECOND = 1_000_000
DEPTH, TOUCH, TRADE = "btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"


def frame(stream, **data):
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":")).encode()


class FakeSocket:
    def __init__(self, heard):
        self.heard, self.why, self.ended = heard, "", asyncio.Event()
        self.sent, self.closed = [], False

    def send(self, text):
        self.sent.append(json.loads(text))
        self.heard(json.dumps({"result": None, "id": self.sent[-1]["id"]}).encode())

    def close(self):
        self.closed = True
        self.heard = lambda text: None

    def end(self, why="closed by the exchange with 1006"):
        self.why = why
        self.ended.set()


class World:
    """A line whose time, sockets and waits belong to the test."""

    def __init__(self, *, life_us=LIFE_US):
        self.now_us, self.sockets, self.events, self.taken = NOW, [], [], []
        self.refusals: list[Unreachable] = []
        self.waits: list[float] = []
        names = silences(Socket.PUBLIC, ["BTCUSDT"])
        self.health = Health(names, NOW)
        routes = {name.encode(): self.take for name in names}
        self.line = Line(
            Socket.PUBLIC, "ws://x/public/stream", routes, self.health, self,
            open_socket=self.open, now_us=lambda: self.now_us, dice=Random(1), life_us=life_us, wait=self.wait,
        )  # fmt: skip
        self.turn = asyncio.Event()
        self.task = asyncio.create_task(self.line.run())

    def take(self, text):
        self.taken.append(text)
        self.health.streams[stream_of(text).decode()].last_us = self.now_us

    async def open(self, url, heard):
        if self.refusals:
            raise self.refusals.pop(0)
        self.sockets.append(FakeSocket(heard))
        return self.sockets[-1]

    async def wait(self, event, seconds):
        self.waits.append(seconds)
        if not event.is_set():
            await self.turn.wait()

    async def pass_time(self, seconds=0.05):
        """Let time pass and the line look."""
        self.now_us += int(seconds * SECOND)
        self.turn.set()
        self.turn.clear()
        for _ in range(8):
            await asyncio.sleep(0)

    def opened(self, socket):
        self.events.append("opened")

    def lost(self, socket, why):
        self.events.append(f"lost: {why}")

    def silent(self, socket, stream):
        self.events.append(f"silent: {stream}")

    def refused(self, socket, error):
        self.events.append("refused")

    def speak(self, at, u, *streams):
        for stream in streams or (DEPTH, TOUCH):
            self.sockets[at].heard(frame(stream, u=u, t=u))

    def ids(self, stream=DEPTH):
        return [place(text) for text in self.taken if stream_of(text) == stream.encode()]


@pytest.fixture
async def world():
    made = []

    def make(**settings):
        made.append(World(**settings))
        return made[-1]

    yield make
    for one in made:
        one.task.cancel()
        await asyncio.gather(one.task, return_exceptions=True)


async def test_streams_are_asked_for_once_and_their_frames_go_their_way(world):
    one = world()
    await one.pass_time()
    assert one.events == ["opened"]
    assert one.sockets[0].sent == [{"method": "SUBSCRIBE", "params": [DEPTH, TOUCH, TRADE], "id": 1}]
    one.speak(0, 7)
    one.sockets[0].heard(b"<html>502</html>")
    one.sockets[0].heard(frame("lobterm@bye", e="bye"))
    assert one.ids() == [7]
    assert len(one.taken) == 2
    assert one.health.nameless_bad_frames == 1


async def test_a_line_on_which_nothing_speaks_is_asked_again_then_opened_anew_and_complains(world):
    one = world()
    await one.pass_time()
    await one.pass_time(5.1)
    assert one.events == ["opened", f"silent: {DEPTH}", f"silent: {TOUCH}"]
    await one.pass_time(0.3)
    await one.pass_time(0.3)
    assert [sent["params"] for sent in one.sockets[0].sent[1:]] == [[DEPTH], [TOUCH]]
    await one.pass_time(5)
    assert one.events[3:] == [f"lost: {DEPTH} stayed silent"]
    assert one.sockets[0].closed
    await one.pass_time(1)
    await one.pass_time(5.1)
    await one.pass_time(5.1)
    await one.pass_time(1)
    assert len(one.sockets) == 3
    one.speak(2, 5)
    await one.pass_time()
    assert one.line.complaint == ""


async def test_a_single_silent_stream_gets_another_connection_and_the_others_are_not_interrupted(world):
    one = world()
    await one.pass_time()
    told = iter(range(1, 1_000))

    async def go_on(seconds):
        for _ in range(int(seconds)):
            u = next(told)
            for at, socket in enumerate(one.sockets):
                if not socket.closed:
                    one.speak(at, u, TOUCH)
            await one.pass_time(1)

    await go_on(16)
    assert one.events == ["opened", f"silent: {DEPTH}"]
    assert (len(one.sockets), one.line.reliefs, one.sockets[0].closed) == (2, 1, True)
    await go_on(10)
    assert f"{DEPTH} says nothing at ws://x/public/stream" in one.line.complaint
    await go_on(60)
    assert len(one.sockets) == 3
    one.speak(2, 5_000)
    await go_on(2)
    assert one.line.complaint == ""
    ids = one.ids(TOUCH)
    assert ids[:80] == list(range(1, 81))
    assert one.events == ["opened", f"silent: {DEPTH}"]


async def test_a_stream_that_answers_the_second_asking_costs_nothing_more(world):
    one = world()
    await one.pass_time()
    for _ in range(5):
        await one.pass_time(1.05)
        one.speak(0, 2, TOUCH)
    one.speak(0, 3)
    for u in range(4, 20):
        await one.pass_time(1.05)
        one.speak(0, u)
    assert one.events == ["opened", f"silent: {DEPTH}"]


async def test_waits_grow_until_every_stream_has_spoken(world):
    one = world()
    for _ in range(6):
        await one.pass_time()
        one.sockets[-1].end()
        await one.pass_time()
    waits = [wait for wait in one.waits if wait != 0.05]
    assert waits[-1] > 2 > 1 > waits[0]
    await one.pass_time()
    one.speak(-1, 1)
    one.sockets[-1].end()
    await one.pass_time()
    assert one.waits[-1] <= 0.25
    assert one.line.reconnects == 7


async def test_who_will_not_have_us_is_not_asked_again(world):
    one = world()
    one.refusals = [Unreachable("down"), Unreachable("refused", 451)]
    await one.pass_time()
    assert one.line.complaint == "down"
    await one.pass_time()
    assert one.events == ["refused"]
    assert one.task.done()


async def relieved(one):
    """Bring a line to the moment in which its successor is open."""
    await one.pass_time()
    while len(one.sockets) < 2:
        one.speak(0, 12)
        await one.pass_time(1)
    await one.pass_time()


async def test_a_line_is_relieved_before_its_day_is_over_without_loss_or_repetition(world):
    one = world(life_us=20 * SECOND)
    await relieved(one)
    one.speak(1, 13)  # the new one is ahead here …
    one.speak(0, 13)
    one.speak(0, 14)  # … and behind there
    one.speak(1, 14, TOUCH)
    await one.pass_time(0.6)
    one.speak(0, 15, DEPTH)
    one.speak(1, 15, DEPTH)
    one.speak(1, 16)
    assert one.line.reliefs == 0
    await one.pass_time(0.6)
    assert one.line.reliefs == 1
    assert one.sockets[0].closed
    one.speak(1, 17)
    assert [u for u in one.ids() if u > 12] == [13, 14, 15, 16, 17]
    assert [u for u in one.ids(TOUCH) if u > 12] == [13, 14, 16, 17]
    assert one.events == ["opened"]
    assert one.line.reconnects == 0


async def test_a_successor_that_lags_tells_nothing_twice(world):
    one = world(life_us=20 * SECOND)
    await relieved(one)
    one.speak(1, 12)
    one.speak(0, 13)
    one.speak(0, 14)
    await one.pass_time(1.1)
    assert one.line.reliefs == 1
    for u in (13, 14, 15):
        one.speak(1, u)
    assert [u for u in one.ids() if u > 12] == [13, 14, 15]
    assert one.line.left_out == 6


async def test_a_successor_takes_over_at_once_if_the_old_one_dies_in_between(world):
    one = world(life_us=20 * SECOND)
    await relieved(one)
    one.speak(1, 13)
    one.sockets[0].end()
    await one.pass_time()
    assert one.events == ["opened"]
    assert [u for u in one.ids() if u > 12] == [13]


async def test_a_successor_that_does_not_speak_is_sent_away_and_another_tried(world):
    one = world(life_us=20 * SECOND)
    await relieved(one)
    for u in range(20, 60):
        await one.pass_time(1)
        one.speak(0, u)
    assert one.sockets[1].closed
    assert len(one.sockets) >= 3
    assert [u for u in one.ids() if u > 12] == list(range(20, 60))


async def test_a_farewell_brings_the_successor(world):
    one = world()
    await one.pass_time()
    one.speak(0, 1)
    one.sockets[0].heard(b'{"e":"serverShutdown","E":1}')
    await one.pass_time()
    assert len(one.sockets) == 2


def test_where_a_message_stands():
    assert place(frame(DEPTH, u=3, U=1)) == 3
    assert place(frame("btcusdt@aggTrade", a=9, l=4)) == 9
    assert place(frame("btcusdt@forceOrder", E=5, o={})) == 5
    for text in (b"", b"{", frame("btcusdt@nonsense", u=1), frame(DEPTH, u="1"), frame(DEPTH, u=True), b'{"stream":3}'):
        assert place(text) is None


def test_what_does_not_say_where_it_stands_is_taken():
    handover = Handover()
    handover.told(DEPTH.encode(), frame(DEPTH, u=5))
    handover.hold(frame(DEPTH, x=1))
    handover.hold(frame(DEPTH, u=5))
    assert handover.switch() == [frame(DEPTH, x=1)]
    assert not handover.is_over
