"""A client that follows the exchange's procedure, against every fault: its book is the emulator's, or known to be unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lobterm.simulator.exchange.book import Book
from lobterm.simulator.exchange.delivery import CODES
from lobterm.simulator.exchange.desk import Desk
from lobterm.simulator.exchange.faults import FRAME_KINDS, Faults
from lobterm.simulator.exchange.hub import Hub
from lobterm.simulator.exchange.requests import address
from lobterm.tape import parquet
from lobterm.wire.continuity import BookSync, Ids, Outcome, PerpRule, Verdict
from tests.simulator.exchange import wired

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
DEPTH = "btcusdt@depth@100ms"
SNAPSHOT = "/fapi/v1/depth?symbol=BTCUSDT&limit=1000"
WALL = 1_800_000_000_000_000
STEP_US = 25_000


class Client:
    """Keeps a book by the rules and compares its hash at every id at which it believes it."""

    def __init__(self, hub, desk):
        self.hub, self.desk = hub, desk
        self.believed = self.bad_frames = self.resyncs = self.reconnects = 0
        self.wrong = []
        self.connect(WALL)

    def connect(self, now_us):
        self.connection = self.hub.open(address(f"/public/ws/{DEPTH}"), now_us)
        self.sync, self.book, self.heard_us, self.asked_us = BookSync(PerpRule()), Book(), now_us, 0

    def live(self, now_us):
        for frame in self.connection.outgoing:
            self.take(frame[4:] if frame[1] == 126 else frame[2:] if frame[1] < 126 else frame[10:], now_us)
        self.connection.outgoing.clear()
        if self.connection.closing is not None or now_us - self.heard_us > 2_000_000:
            self.hub.close(self.connection)
            self.reconnects += 1
            self.connect(now_us)
        elif self.sync.state.value in ("unsynced", "broken") and self.sync.waiting and now_us - self.asked_us > 200_000:
            self.ask(now_us)

    def take(self, text, now_us):
        try:
            event = json.loads(text)
        except ValueError:
            self.bad_frames += 1
            return
        self.heard_us = now_us
        ids = Ids(event["U"], event["u"], event["pu"])
        if self.sync.on_event(ids, lambda: event) is Verdict.APPLY:
            self.apply(event)

    def ask(self, now_us):
        self.asked_us = now_us
        reply = self.desk.reply(SNAPSHOT, now_us)
        if reply.status != 200:
            return
        snapshot = json.loads(reply.body)
        join = self.sync.on_snapshot(snapshot["lastUpdateId"])
        if join.outcome is not Outcome.ACCEPTED:
            return
        self.resyncs += 1
        self.book = Book()
        self.set(snapshot["bids"], snapshot["asks"])
        for event in join.apply:
            self.apply(event)

    def set(self, bids, asks):
        for side, levels in ((1, bids), (-1, asks)):
            for price, size in levels:
                self.book.set(side, round(float(price) * 10), round(float(size) * 1_000))

    def apply(self, event):
        self.set(event["b"], event["a"])
        self.believed += 1
        if self.book.hash() != self.hub.player.hashes[0].by_id[event["u"]]:
            self.wrong.append(event["u"])


def run(rates, seconds=60):
    tape = parquet.open_tape(DEMO)
    player = wired.player_of(tape)
    faults = Faults(rates, 7)
    hub, desk = Hub(player, faults), Desk(player, faults)
    client = Client(hub, desk)
    for now_us in range(WALL, WALL + seconds * 1_000_000, STEP_US):
        hub.step(now_us)
        client.live(now_us)
    return client, faults.ledger.counts


def test_without_faults_every_book_is_the_emulators():
    client, counts = run({})
    assert (client.wrong, client.resyncs, client.reconnects, counts) == ([], 1, 0, {})
    assert client.believed > 570


@pytest.mark.parametrize("kind", [*FRAME_KINDS, "wrong_path", "rest_5xx", "rest_429", "rest_stale"])
def test_under_one_kind_of_fault_no_wrong_book_is_believed(kind):
    rates = {kind: 0.5} if kind.startswith(("rest", "wrong")) else {kind: 0.02}
    rates |= {"drop": 0.01} if kind.startswith("rest") else {}
    client, counts = run(rates)
    assert client.wrong == []
    assert sum(counts.values()) > 3 or kind == "wrong_path"
    assert client.believed > 100


def test_under_all_faults_at_once_no_wrong_book_is_believed():
    rates = dict.fromkeys(FRAME_KINDS, 0.01) | {"rest_5xx": 0.2, "rest_stale": 0.2, "wrong_path": 0.1}
    client, counts = run(rates, seconds=300)
    assert client.wrong == []
    assert client.believed > 250
    assert counts["truncate"] + counts["garbage"] >= client.bad_frames > 0
    assert {f"disconnect_{code}" for code in CODES} & counts.keys()
