"""Each fault does what it says, as often as its rate says, and is written down."""

from __future__ import annotations

import json
from itertools import cycle, islice
from pathlib import Path

import pytest

from lobterm.errors import InputError
from lobterm.simulator.exchange import faults as f
from lobterm.simulator.exchange.delivery import ABNORMAL, CODES, GARBAGE, Delivery
from lobterm.simulator.exchange.desk import Desk
from lobterm.tape import parquet
from tests.simulator.exchange import wired

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
NOW = 1_800_000_000_000_000
FRAMES = [f'{{"e":"trade","t":{k}}}' for k in range(2_000)]


def run(rates, seed=7, farewell=False):
    faults = f.Faults(rates, seed)
    delivery = Delivery(faults, "connection 1", cycle(CODES), farewell=farewell)
    out = []
    for k, text in enumerate(FRAMES):
        out += delivery.due(NOW + k * 1_000)
        out += delivery.offer(NOW + k * 1_000, "s", text)
    return [frame.text for frame in out + delivery.due(NOW + 10**10)], faults.ledger, delivery


def test_without_faults_every_frame_comes_once_and_in_order():
    assert run({})[0] == FRAMES


def test_a_seed_decides_and_the_rate_is_kept():
    one, ledger, _ = run({"drop": 0.05})
    again, twin, _ = run({"drop": 0.05})
    assert one == again
    assert ledger.entries == twin.entries
    assert run({"drop": 0.05}, seed=8)[0] != one
    assert 60 < ledger.counts["drop"] < 140
    assert len(FRAMES) - len(one) == ledger.counts["drop"] == len(ledger.entries)


def test_one_kinds_rate_does_not_move_anothers_dice():
    alone = {e["ts_us"] for e in run({"truncate": 0.02})[1].entries}
    both = {e["ts_us"] for e in run({"truncate": 0.02, "duplicate": 0.5})[1].entries if e["kind"] == "truncate"}
    assert alone == both


def test_a_fault_says_when_and_where():
    entry = run({"drop": 0.05})[1].entries[0]
    assert set(entry) == {"ts_us", "kind", "where"}
    assert (entry["kind"], entry["where"]) == ("drop", "connection 1 s")
    assert (entry["ts_us"] - NOW) % 1_000 == 0


def test_duplicates():
    out, ledger, _ = run({"duplicate": 0.05})
    assert len(out) - len(FRAMES) == ledger.counts["duplicate"] > 0
    assert list(dict.fromkeys(out)) == FRAMES


def test_reordered_frames_change_places_with_the_next():
    out, ledger, _ = run({"reorder": 0.05})
    assert ledger.counts["reorder"] > 20
    assert sorted(out, key=FRAMES.index) == FRAMES[: len(out)]
    places = [FRAMES.index(text) for text in out]
    assert all(abs(place - at) <= 1 for at, place in enumerate(places))
    assert places != sorted(places)


def test_truncated_frames_are_no_json():
    out, ledger, _ = run({"truncate": 0.05})
    short = [text for text in out if text not in FRAMES]
    assert len(short) == ledger.counts["truncate"] > 20
    for text in short:
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


def test_garbage_costs_no_frame():
    out, ledger, _ = run({"garbage": 0.05})
    assert out.count(GARBAGE) == ledger.counts["garbage"] > 20
    assert [text for text in out if text != GARBAGE] == FRAMES


def test_a_standstill_loses_nothing_and_keeps_the_order():
    faults = f.Faults({"delay": 1.0}, 7)
    delivery = Delivery(faults, "connection 1", cycle(CODES), farewell=False)
    assert delivery.offer(NOW, "s", "a") == []
    assert delivery.offer(NOW + 1, "s", "b") == []
    assert delivery.due(NOW + 99_999) == []
    assert [frame.text for frame in delivery.due(NOW + 3_000_001)] == ["a", "b"]
    assert faults.ledger.counts == {"delay": 1}


def test_a_silent_stream_is_silent_alone_and_until_it_is_asked_for_again():
    faults = f.Faults({"silence": 1.0}, 7)
    delivery = Delivery(faults, "connection 1", cycle(CODES), farewell=False)
    faults.rates["silence"] = 0
    assert delivery.offer(NOW, "s", "a") == []
    assert delivery.offer(NOW, "s", "b") == []
    assert faults.ledger.counts == {"silence": 1}, "once, not for every frame that is missing"
    delivery.speak_again("s")
    delivery.offer(NOW, "s", "c")
    assert faults.ledger.counts == {"silence": 2}


def test_every_close_code_comes_in_turn():
    codes = cycle(CODES)
    faults = f.Faults({"disconnect": 1.0}, 7)
    for _ in CODES:
        delivery = Delivery(faults, "connection 1", codes, farewell=False)
        assert delivery.offer(NOW, "s", "a") == []
        assert delivery.offer(NOW, "s", "b") == []
    assert faults.ledger.counts == {f"disconnect_{code}": 1 for code in CODES}
    assert ABNORMAL in CODES


def test_the_24_hour_cut_is_announced_on_spot_alone():
    out, ledger, delivery = run({"cut": 0.01}, farewell=True)
    assert json.loads(out[-1]) == {"e": "serverShutdown", "E": ledger.entries[0]["ts_us"] // 1_000}
    assert (ledger.counts["cut"], delivery.closing) == (1, 1001)
    assert all(text in FRAMES for text in run({"cut": 0.01})[0])


@pytest.fixture(scope="module")
def player():
    tape = parquet.open_tape(DEMO)
    player = wired.player_of(tape)
    list(islice(player.until(wired.ALWAYS), 500))
    return player


def desk(player, **rates):
    faults = f.Faults(rates, 7)
    return Desk(player, faults), faults.ledger


SNAPSHOT = "/fapi/v1/depth?symbol=BTCUSDT&limit=1000"


@pytest.mark.parametrize(
    ("kind", "status", "header"),
    [
        ("rest_418", 418, "Retry-After"), ("rest_429", 429, "Retry-After"), ("rest_403", 403, "Content-Type"),
        ("rest_451", 451, "Content-Type"), ("rest_5xx", 500, "Content-Type"),
    ],
)  # fmt: skip
def test_refusals(player, kind, status, header):
    at, ledger = desk(player, **{kind: 1.0})
    reply = at.reply(SNAPSHOT, NOW)
    assert reply.status == status
    assert header in reply.headers
    assert ledger.entries == [{"ts_us": NOW, "kind": kind, "where": "/fapi/v1/depth"}]
    if status == 418:
        assert f"banned until {NOW // 1_000 + 120_000}" in json.loads(reply.body)["msg"]
    if status == 429:
        assert 0 < int(reply.headers["Retry-After"]) <= 60


def test_server_errors_take_turns(player):
    at, _ = desk(player, rest_5xx=1.0)
    assert [at.reply(SNAPSHOT, NOW).status for _ in range(5)] == [500, 502, 503, 504, 500]


def test_slow_answers_are_the_right_answers(player):
    at, ledger = desk(player, rest_slow=1.0)
    reply = at.reply(SNAPSHOT, NOW)
    assert 1 <= reply.delay_s <= 5
    assert reply.body == desk(player)[0].reply(SNAPSHOT, NOW).body
    assert ledger.counts == {"rest_slow": 1}


def test_a_stale_snapshot_is_one_that_was_given_before(player):
    at, ledger = desk(player, rest_stale=1.0)
    first = at.reply(SNAPSHOT, NOW).body
    list(islice(player.until(wired.ALWAYS), 500))
    assert at.reply(SNAPSHOT, NOW).body == first
    assert desk(player)[0].reply(SNAPSHOT, NOW).body != first
    assert ledger.counts == {"rest_stale": 1}


def test_weight_is_told_and_its_limit_is_kept(player):
    at, ledger = desk(player)
    used = [at.reply(SNAPSHOT, NOW).headers.get("X-MBX-USED-WEIGHT-1M") for _ in range(121)]
    assert used[:2] + used[119:] == ["20", "40", "2400", None]
    assert (at.limited, ledger.counts) == ({"weight": 1}, {})
    assert at.reply(SNAPSHOT, NOW + 60_000_000).status == 200


def test_what_is_not_there(player):
    at, _ = desk(player)
    assert at.reply("/fapi/v1/order", NOW).status == 404
    assert at.reply("/fapi/v1/depth?symbol=X", NOW).status == 400
    assert json.loads(at.reply("/fapi/v1/depth?symbol=X", NOW).body)["code"] == -1121


@pytest.mark.parametrize(
    ("word", "words"),
    [("drip=0.1", "no kind of fault"), ("drop", "from 0 to 1"), ("drop=2", "from 0 to 1"), ("drop=nan", "from 0 to 1"),
     ("clock=1e9", "from -3600 to 3600")],
)  # fmt: skip
def test_a_wrong_word_says_what_is_possible(word, words):
    with pytest.raises(InputError, match=words):
        f.parse([word])


def test_the_clock_may_be_off_either_way():
    assert f.Faults(f.parse(["clock=-1.3"]), 1).clock_us == -1_300_000
