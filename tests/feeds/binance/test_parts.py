"""Addresses, subscriptions, waits, health: each on its own."""

from __future__ import annotations

import gzip
import json
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobterm.errors import ConfigError, InputError
from lobterm.events import Market
from lobterm.feeds.binance.addresses import STREAMS, Bases, Socket, silences, snapshot_path, streams_of
from lobterm.feeds.binance.backoff import Answer, Backoff, meaning, ordered_us
from lobterm.feeds.binance.health import Delays, Health
from lobterm.feeds.binance.subscribe import MOST_STREAMS, NAMES_A_FRAME, Subscriber
from lobterm.feeds.binance.touch_check import Best, TouchCheck
from lobterm.simulator.exchange.requests import Requests, address

NOW = 1_800_000_000_000_000
SECOND = 1_000_000


def test_each_stream_is_asked_for_where_it_flows():
    assert streams_of(Socket.PUBLIC, ["BTCUSDT"]) == ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"]
    assert streams_of(Socket.MARKET, ["BTCUSDT"]) == ["btcusdt@aggTrade", "btcusdt@markPrice@1s", "btcusdt@forceOrder"]
    assert streams_of(Socket.SPOT, ["BTCUSDT", "ETHUSDT"])[3:] == [
        "ethusdt@depth@100ms",
        "ethusdt@bookTicker",
        "ethusdt@trade",
    ]


def test_what_may_be_silent_has_no_deadline():
    free = {stream.suffix for stream in STREAMS if not stream.silence_us}
    assert free == {"trade", "aggTrade", "forceOrder"}
    assert silences(Socket.MARKET, ["BTCUSDT"]) == {
        "btcusdt@aggTrade": 0, "btcusdt@markPrice@1s": 5 * SECOND, "btcusdt@forceOrder": 0
    }  # fmt: skip


def test_addresses():
    bases = Bases()
    assert [bases.url(socket) for socket in Socket] == [
        "wss://fstream.binance.com/public/stream",
        "wss://fstream.binance.com/market/stream",
        "wss://stream.binance.com:9443/stream",
    ]
    assert snapshot_path(Market.PERP, "币安USDT") == "/fapi/v1/depth?symbol=%E5%B8%81%E5%AE%89USDT&limit=1000"
    one = Bases.single("ws://127.0.0.1:9/", "http://127.0.0.1:9")
    assert one.url(Socket.SPOT) == "ws://127.0.0.1:9/stream"
    assert snapshot_path(Market.SPOT, "BTCUSDT") == "/api/v3/depth?symbol=BTCUSDT&limit=5000"


@pytest.mark.parametrize(
    "base", ["", "fstream.binance.com", "http://x", "wss://", "wss://x/?a=1", "wss://x:port", "wss://["]
)
def test_what_is_no_base_is_refused(base):
    with pytest.raises(ConfigError, match="perp_ws"):
        Bases(perp_ws=base)


@given(count=st.integers(0, 400), socket=st.sampled_from(list(Socket)))
def test_subscribing_stays_within_the_exchanges_limits_and_asks_for_all(count, socket):
    names = [f"s{k}@trade" for k in range(count)]
    subscriber = Subscriber(socket, names)
    exchange = Requests(address(socket.value))
    now_us = NOW
    while subscriber.unanswered:
        text = subscriber.due(now_us)
        if text is not None:
            assert not exchange.too_many(now_us)
            assert len(json.loads(text)["params"]) <= NAMES_A_FRAME
            reply = json.loads(exchange.reply(text))
            assert reply["result"] is None
            subscriber.acknowledged(reply["id"])
        now_us += 50_000
    assert list(exchange.streams) == names


def test_a_stream_may_be_asked_for_again():
    subscriber = Subscriber(Socket.PUBLIC, ["a"])
    assert json.loads(subscriber.due(NOW)) == {"method": "SUBSCRIBE", "params": ["a"], "id": 1}
    assert (subscriber.acknowledged(1), subscriber.acknowledged(1), subscriber.acknowledged([])) == (["a"], [], [])
    subscriber.again("a")
    assert subscriber.due(NOW + 1) is None
    assert json.loads(subscriber.due(NOW + SECOND))["id"] == 2


def test_too_many_streams_are_refused_here_and_not_by_the_exchange():
    with pytest.raises(InputError, match=str(MOST_STREAMS)):
        Subscriber(Socket.PUBLIC, ["a"] * (MOST_STREAMS + 1))


def test_waits_double_jitter_end_and_begin_afresh():
    backoff = Backoff(Random(7))
    waits = [backoff.failed() for _ in range(40)]
    for k, wait in enumerate(waits):
        ceiling = min(250_000 << k, 30 * SECOND)
        assert ceiling // 2 <= wait <= ceiling
    backoff.succeeded()
    assert backoff.failed() <= 250_000
    assert backoff.failed(ordered_us=90 * SECOND) == 90 * SECOND
    assert Backoff(Random(8)).failed() != waits[0]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Answer.GOOD),
        (429, Answer.WAIT),
        (418, Answer.STOP),
        (451, Answer.STOP),
        (403, Answer.RETRY),
        (503, Answer.RETRY),
    ],
)
def test_what_a_status_means(status, answer):
    assert meaning(status) is answer


@pytest.mark.parametrize(
    ("headers", "message", "wait_us"),
    [
        ({"retry-after": "7"}, "", 7 * SECOND),
        ({"Retry-After": "soon"}, "", 0),
        ({"Retry-After": "-5"}, "", 0),
        ({"Retry-After": "9" * 30}, "", 0),
        ({}, f"IP banned until {NOW // 1_000 + 60_000}.", 60 * SECOND),
        ({"Retry-After": "7"}, f"IP banned until {NOW // 1_000 - 60_000}.", 7 * SECOND),
        ({}, "banned until 9999999999999", 3 * 86_400 * SECOND),
        ({}, "", 0),
    ],
)
def test_how_long_an_answer_orders_us_to_wait(headers, message, wait_us):
    assert ordered_us(headers, message, NOW) == wait_us


@given(delays=st.lists(st.integers(1_000, 9_000_000), min_size=1, max_size=200), share=st.sampled_from([0.5, 0.99]))
def test_quantiles_are_right_to_a_step(delays, share):
    kept = Delays()
    kept.add(np.array(delays, np.int64))
    exact = sorted(delays)[max(0, -(-len(delays) * share // 1).__int__() - 1)] / 1_000
    assert exact <= kept.quantile_ms(share) * 1.0001
    assert kept.quantile_ms(share) <= exact * 1.13


def test_delays_may_be_negative_huge_or_none():
    kept = Delays()
    assert kept.quantile_ms(0.5) is None
    kept.add(np.array([-1_270_000, -1_270_000], np.int64))
    kept.add(np.array([10**12], np.int64))
    kept.add(np.zeros(0, np.int64))
    assert (kept.quantile_ms(0.5), kept.quantile_ms(0.99)) == (-1_000, 10_000)


def test_health_counts_ages_and_names_who_is_silent():
    health = Health(silences(Socket.MARKET, ["BTCUSDT"]), NOW)
    mark, force = "btcusdt@markPrice@1s", "btcusdt@forceOrder"
    assert health.silent(NOW + 5 * SECOND) == []
    assert health.silent(NOW + 5 * SECOND + 1) == [mark]
    health.asked(mark, NOW + 5 * SECOND)
    assert health.silent(NOW + 6 * SECOND) == []
    health.heard(mark, 1, 0, NOW + 7 * SECOND, np.array([2_000]))
    health.heard("nobody@trade", 3, 1, NOW, np.array([2_000]))
    health.heard(force, 0, 1, 0, np.zeros(0, np.int64))
    health.bad_frame()
    report = health.report(NOW + 9 * SECOND)
    about_2 = pytest.approx(2, rel=0.13)
    assert report[mark] == {
        "frames": 1, "bad_frames": 0, "last_age_ms": 2_000, "delay_ms_p50": about_2, "delay_ms_p99": about_2
    }  # fmt: skip
    assert (report[force]["bad_frames"], report[force]["last_age_ms"], health.nameless_bad_frames) == (1, None, 2)
    health.forgive(mark)
    assert health.silent(NOW + 99 * SECOND) == []


def best(ident, lots=1):
    return Best(ident, 100, lots, 101, 1)


def test_best_prices_are_compared_where_ids_say_that_they_must_agree():
    check = TouchCheck()
    check.touch(best(10, 1))
    assert check.book(best(15, 1)) is None
    assert check.touch(best(20, 2)) is None
    assert check.book(best(12, 2)) == best(12, 2), "a book that comes late is judged by what held then"
    check.book(best(25, 3))
    assert check.touch(best(20, 3)) is None, "told twice"
    assert check.touch(best(30, 3)) == best(25, 3)
    assert check.book(best(5, 9)) is None, "nothing is known of before the first"
    assert check.compared == 3
    check.forget()
    assert check.touch(best(40)) is None


def test_no_book_of_a_real_recording_contradicts_its_best_prices(shared_data):
    from lobterm.simulator.exchange.book import Book
    from lobterm.wire.continuity import BookSync, Ids, PerpRule, Verdict

    sync, check, book, wrong, applied = BookSync(PerpRule()), TouchCheck(), Book(), [], 0

    def whole(text, scale):
        return round(float(text) * scale)

    def apply(ident, bids, asks):
        for side, found in ((1, bids), (-1, asks)):
            for price, size in found:
                book.set(side, whole(price, 10), whole(size, 1_000))
        wrong.append(check.book(Best(ident, *book.top(1, 1)[0], *book.top(-1, 1)[0])))

    with gzip.open(shared_data / "usdm-btcusdt-20240808" / "btcusdt_20240808.gz", "rt") as lines:
        for line in lines:
            data = json.loads(line.split(" ", 1)[1])
            data = data.get("data", data)
            if "lastUpdateId" in data:
                join = sync.on_snapshot(data["lastUpdateId"])
                apply(data["lastUpdateId"], data["bids"], data["asks"])
                for event in join.apply:
                    apply(event["u"], event["b"], event["a"])
                check.forget()
            elif data["e"] == "depthUpdate":
                if sync.on_event(Ids(data["U"], data["u"], data["pu"]), lambda data=data: data) is Verdict.APPLY:
                    applied += 1
                    apply(data["u"], data["b"], data["a"])
            elif data["e"] == "bookTicker":
                sides = [whole(data["b"], 10), whole(data["B"], 1_000), whole(data["a"], 10), whole(data["A"], 1_000)]
                wrong.append(check.touch(Best(data["u"], *sides)))
    assert [found for found in wrong if found] == []
    assert check.compared >= applied > 6_000
