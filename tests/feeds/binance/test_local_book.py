"""The local book is right or unknown, says why, and asks for a snapshot when one can help."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from lobterm.engine import book as bk
from lobterm.events import EVENT, GapCause, Market
from lobterm.feeds.binance.backoff import Backoff
from lobterm.feeds.binance.local_book import APART_US, LocalBook, Why
from lobterm.feeds.binance.touch_check import Best
from lobterm.simulator.exchange.book import HASHED, book_hash
from lobterm.simulator.exchange.desk import Desk
from lobterm.simulator.exchange.faults import FRAME_KINDS, Faults
from lobterm.simulator.exchange.hub import Hub
from lobterm.simulator.exchange.requests import address
from lobterm.tape import parquet
from lobterm.wire.continuity import Ids, Outcome
from tests.simulator.exchange import wired
from tests.tape import rows as r

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
NOW = 1_800_000_000_000_000
SECOND = 1_000_000


def new(market=Market.PERP):
    return LocalBook(market, Backoff(Random(7)), NOW)


def snapshot_rows(bids=((100, 5),), asks=((101, 6),)):
    return r.rows(*r.snapshot(NOW, bids, asks))


def change(*levels):
    values = [
        r.book(NOW, px, qty, side, r.LAST if k == len(levels) - 1 else 0) for k, (px, qty, side) in enumerate(levels)
    ]
    return r.rows(*values)


def joined():
    book = new()
    book.depth(Ids(95, 105, 90), change((100, 7, 1)), NOW)
    book.asked()
    assert book.snapshot(100, snapshot_rows(), NOW + 40) is Outcome.ACCEPTED
    return book


def test_a_snapshot_is_asked_for_once_and_only_when_an_event_waits_for_it():
    book = new()
    assert (book.known, book.why, book.wants_snapshot(NOW)) == (False, Why.NO_SNAPSHOT, False)
    book.depth(Ids(95, 105, 90), change((100, 7, 1)), NOW)
    assert book.wants_snapshot(NOW)
    book.asked()
    assert not book.wants_snapshot(NOW)
    book.snapshot_failed(NOW, ordered_us=5 * SECOND)
    assert not book.wants_snapshot(NOW + 5 * SECOND - 1)
    assert book.wants_snapshot(NOW + 5 * SECOND)


def test_what_waited_is_applied_on_the_snapshot():
    book = joined()
    assert (book.known, book.resyncs, list(book.recoveries_us)) == (True, 1, [40])
    assert book.best() == Best(105, 100, 7, 101, 6)


def test_an_event_older_than_the_snapshot_moves_nothing():
    book = new()
    book.depth(Ids(90, 95, 85), change((100, 1, 1)), NOW)
    assert book.snapshot(100, snapshot_rows(), NOW) is Outcome.ACCEPTED
    book.depth(Ids(96, 98, 95), change((100, 2, 1)), NOW)
    assert (book.known, book.ident, book.best().bid_lots) == (True, 100, 5)
    book.depth(Ids(99, 105, 98), change((100, 3, 1)), NOW)
    assert (book.ident, book.best().bid_lots) == (105, 3)


def test_a_break_makes_it_unknown_until_another_snapshot():
    book = joined()
    book.depth(Ids(120, 125, 119), change((100, 9, 1)), NOW + 100)
    assert (book.known, book.why, book.since_us) == (False, Why.CHAIN_BREAK, NOW + 100)
    assert not book.wants_snapshot(NOW + 200), "not twice within a second"
    assert book.wants_snapshot(NOW + 40 + APART_US)
    book.asked()
    assert book.snapshot(110, snapshot_rows(), NOW + SECOND) is Outcome.NO_SEAM
    assert not book.known
    assert book.snapshot(122, snapshot_rows(), NOW + 2 * SECOND) is Outcome.ACCEPTED
    assert book.best().bid_lots == 9
    assert list(book.recoveries_us) == [40, 2 * SECOND - 100]
    assert book.losses == {Why.CHAIN_BREAK: 1}


def test_a_crossed_book_is_not_believed():
    book = joined()
    book.depth(Ids(106, 110, 105), change((101, 9, 1)), NOW + 100)
    assert (book.why, book.why.cause) == (Why.CROSSED, GapCause.CROSSED)
    book.depth(Ids(111, 112, 110), change((101, 0, 1)), NOW + 200)
    assert not book.known, "a later event mends nothing"


def test_best_prices_that_contradict_it_are_believed_instead():
    book = joined()
    book.touch(Best(104, 100, 7, 101, 6), NOW)
    book.depth(Ids(106, 110, 105), change((99, 1, 1)), NOW)
    book.touch(Best(120, 100, 7, 101, 6), NOW)
    assert book.known
    book.touch(Best(125, 100, 8, 101, 6), NOW)
    book.depth(Ids(111, 130, 110), change((99, 2, 1)), NOW)
    assert book.known, "130 may lie behind a best price that has not come yet"
    book.touch(Best(140, 100, 9, 101, 6), NOW + 300)
    assert (book.why, book.since_us) == (Why.MISMATCH, NOW + 300)


@pytest.mark.parametrize(("why", "cause"), [(Why.DISCONNECTED, GapCause.DISCONNECT), (Why.SILENT, GapCause.SILENCE)])
def test_a_lost_connection_or_stream_forgets_everything(why, cause):
    book = joined()
    book.lose(why, NOW + 100)
    assert (book.known, book.why.cause) == (False, cause)
    assert book.snapshot(200, snapshot_rows(), NOW + SECOND) is Outcome.NO_SEAM, "no stream would follow it"
    assert not book.known
    book.depth(Ids(300, 305, 299), change((100, 1, 1)), NOW + 3 * SECOND)
    assert book.wants_snapshot(NOW + 5 * SECOND)


def test_spot_follows_its_own_rule():
    book = new(Market.SPOT)
    values = change((100, 7, 1))
    values["market"] = Market.SPOT
    book.depth(Ids(101, 103, -1), values, NOW)
    rows = r.rows(*r.snapshot(NOW, [(100, 5)], [(101, 6)], market=1))
    assert book.snapshot(100, rows, NOW) is Outcome.ACCEPTED
    assert book.best().bid_lots == 7
    book.depth(Ids(105, 106, -1), values, NOW)
    assert book.why is Why.CHAIN_BREAK


class Feed:
    """A feed without sockets: frames of an emulator's connection into a local book, judged at every id it believes."""

    def __init__(self, rates):
        tape = parquet.open_tape(DEMO)
        self.player = wired.player_of(tape)
        self.faults = Faults(rates, 7)
        self.hub, self.desk = Hub(self.player, self.faults), Desk(self.player, self.faults)
        self.book, self.wrong, self.believed = new(), [], 0
        self.open(NOW)

    def open(self, now_us):
        streams = "/".join(f"btcusdt@{name}" for name in ("depth@100ms", "bookTicker"))
        self.connection, self.heard_us = self.hub.open(address(f"/public/ws/{streams}"), now_us), now_us

    def step(self, now_us):
        self.hub.step(now_us)
        for frame in self.connection.outgoing:
            self.take(frame[2 if frame[1] < 126 else 4 if frame[1] == 126 else 10 :], now_us)
        self.connection.outgoing.clear()
        gone = self.connection.closing is not None
        if gone or now_us - self.heard_us > 2 * SECOND:
            self.book.lose(Why.DISCONNECTED if gone else Why.SILENT, now_us)
            self.hub.close(self.connection)
            self.open(now_us)
        if self.book.wants_snapshot(now_us):
            self.ask(now_us)

    def take(self, text, now_us):
        try:
            event = json.loads(text)
        except ValueError:
            return
        if event.get("e") == "depthUpdate":
            self.heard_us = now_us
            self.book.depth(Ids(event["U"], event["u"], event["pu"]), levels(event["b"], event["a"]), now_us)
            if self.book.known:
                self.judge(self.book.ident)
        elif event.get("e") == "bookTicker":
            numbers = [whole(event["b"], 10), whole(event["B"], 1_000), whole(event["a"], 10), whole(event["A"], 1_000)]
            self.book.touch(Best(event["u"], *numbers), now_us)

    def ask(self, now_us):
        self.book.asked()
        reply = self.desk.reply("/fapi/v1/depth?symbol=BTCUSDT&limit=1000", now_us)
        if reply.status != 200:
            self.book.snapshot_failed(now_us)
            return
        data = json.loads(reply.body)
        self.book.snapshot(data["lastUpdateId"], levels(data["bids"], data["asks"], snapshot=True), now_us)

    def judge(self, ident):
        if ident not in self.player.hashes[0].by_id:
            return  # a snapshot lies between two messages
        self.believed += 1
        held = self.book._book.book
        if book_hash(bk.top(held, 1, HASHED), bk.top(held, -1, HASHED)) != self.player.hashes[0].by_id[ident]:
            self.wrong.append(ident)


def whole(text, scale):
    return round(float(text) * scale)


def levels(bids, asks, snapshot=False):
    pairs = [(whole(p, 10), whole(q, 1_000), side) for side, found in ((1, bids), (-1, asks)) for p, q in found]
    if snapshot:
        return snapshot_rows([p[:2] for p in pairs if p[2] > 0], [p[:2] for p in pairs if p[2] < 0])
    return change(*pairs) if pairs else np.zeros(0, EVENT)


def test_without_faults_it_is_known_from_the_first_second_and_never_wrong():
    feed = Feed({})
    for now_us in range(NOW, NOW + 60 * SECOND, 25_000):
        feed.step(now_us)
    assert (feed.wrong, feed.book.resyncs, dict(feed.book.losses)) == ([], 1, {})
    assert feed.believed > 570
    assert feed.book.check.compared > 500


def test_under_all_faults_at_once_it_is_never_wrong_and_soon_known_again():
    rates = dict.fromkeys(FRAME_KINDS, 0.001) | {"rest_5xx": 0.2, "rest_stale": 0.2, "wrong_path": 0.1}
    feed = Feed(rates)
    times = range(NOW, NOW + 300 * SECOND, 25_000)
    known = sum(feed.step(now_us) or feed.book.known for now_us in times)
    assert feed.wrong == []
    assert sum(feed.faults.ledger.counts.values()) > 30
    assert feed.book.resyncs > 5
    assert np.median(feed.book.recoveries_us) < 2 * SECOND
    assert known > len(times) // 2
