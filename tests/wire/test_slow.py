"""The JSON parser's side: what is unusual becomes numbers, or a reason."""

from __future__ import annotations

import json

import pytest

from lobterm.wire import message as msg
from lobterm.wire import slow
from tests.wire import wires


def decode(body):
    return slow.decode(body if isinstance(body, bytes) else json.dumps(body).encode(), "BTCUSDT")


def test_a_rest_snapshot_is_the_whole_book():
    got = decode(
        wires.snapshot(100, [("61000.00", "1.000")], [("61000.10", "2"), ("61001", "0.5")], t=1_700_000_000_007)
    )
    assert (got.kind, got.fields) == (msg.SNAPSHOT, {"exch_us": 1_700_000_000_007_000, "last_id": 100})
    assert got.bids == [(6_100_000_000_000, 100_000_000)]
    assert got.asks == [(6_100_010_000_000, 200_000_000), (6_100_100_000_000, 50_000_000)]


def test_a_spot_snapshot_has_no_time():
    assert decode({"lastUpdateId": 5, "bids": [], "asks": []}).fields["exch_us"] == 0


def test_a_mark_says_which_of_its_parts_it_has():
    body = {
        "e": "markPriceUpdate",
        "E": 1,
        "s": "BTCUSDT",
        "p": "61000.12345678",
        "i": "61001",
        "r": "-0.00012",
        "T": 2,
    }
    got = decode(body).fields
    assert (got["px"], got["px2"], got["qty2"]) == (6_100_012_345_678, 6_100_100_000_000, -12_000)
    assert (got["exch_us"], got["next_us"], got["has"]) == (1000, 2000, msg.HAS_MARK | msg.HAS_INDEX | msg.HAS_RATE)
    assert decode(body | {"r": "", "i": ""}).fields["has"] == msg.HAS_MARK


@pytest.mark.parametrize(("word", "side"), [("BUY", 1), ("SELL", -1)])
def test_a_forced_order_is_what_was_filled_at_its_average(word, side):
    order = {"s": "BTCUSDT", "S": word, "q": "7", "p": "60000", "ap": "60900.55", "l": "1", "z": "5", "T": 3}
    got = decode({"stream": "!forceOrder@arr", "data": {"e": "forceOrder", "E": 9, "o": order}})
    assert got.kind == msg.LIQUIDATION
    fields = {"exch_us": 3000, "sent_us": 9000, "px": 6_090_055_000_000, "qty": 500_000_000, "side": side}
    assert got.fields == fields


def test_open_interest_is_a_rest_answer():
    got = decode({"openInterest": "10659.509", "symbol": "BTCUSDT", "time": 1_700_000_000_000})
    assert (got.kind, got.fields["qty"]) == (msg.OPEN_INTEREST, 1_065_950_900_000)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "bad_json"),
        (b'{"e":"trade"', "bad_json"),
        (b'{"e":"\xff"}', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"[]", "not_an_event"),
        (b"3", "not_an_event"),
        ({"result": None, "id": 1}, "ack"),
        ({"code": -1003, "msg": "slow down"}, "rest_error"),
        ({"e": "kline", "s": "BTCUSDT", "k": {}}, "kline"),
        ({"e": "some thing\n"}, "unknown_event"),
        ({"e": 3}, "bad_message"),
        ({"e": "trade", "s": "BTCUSDT"}, "bad_message"),
        ({"e": "forceOrder"}, "bad_message"),
        ({"stream": "!bookTicker", "data": [{}]}, "all_market_array"),
        ({"stream": "btcusdt@depth5", "data": {"lastUpdateId": 1, "bids": [], "asks": []}}, "partial_depth"),
        ({"stream": "btcusdt@depth5@100ms", "data": wires.depth(1, 2, 0)}, "partial_depth"),
        ({"stream": "btcusdt@rpiDepth@500ms", "data": wires.depth(1, 2, 0)}, "stream_rpiDepth"),
        ({"stream": "btcusdt@aggTrade", "data": wires.trade(1, "1", "1")}, "bad_message"),
        ({"stream": "lobterm@disconnect", "data": {"e": "disconnect"}}, "lobterm_disconnect"),
        (wires.trade(1, "1", "1", st=2), "coin_m"),
        (wires.trade(1, "1", "1", symbol="ETHUSDT"), "other_symbol"),
        (wires.trade(1, "1", "1", X="NA"), "trade_X_na"),
        (wires.trade(1, "1", "1", X="INSURANCE_FUND"), "trade_X_insurance_fund"),
        (wires.trade(1, "1", "1", X="a b"), "trade_X_unknown"),
        (wires.trade(1, "-1", "1"), "bad_number"),
        (wires.trade(1, "1_0", "1"), "bad_number"),
        (wires.trade(1, "0.000000001", "1"), "bad_number"),
        (wires.trade(1, "99999999999", "100000000000"), "bad_number"),
        (wires.trade(1.0, "1", "1"), "bad_number"),
        (wires.trade(True, "1", "1"), "bad_number"),
        (wires.trade(1, "1", "1", m=0), "bad_side"),
        (wires.agg_trade(1, "1", "1", nq="2"), "bad_number"),
        (wires.depth(1, 2, 0, b={}), "bad_levels"),
        (wires.depth(1, 2, 0, [("1",)]), "bad_levels"),
        (wires.depth(1, 2, 0, [("1", None)]), "bad_number"),
    ],
)
def test_what_is_left_out_has_a_reason(body, reason):
    with pytest.raises(slow.LeftOut) as caught:
        decode(body)
    assert caught.value.reason == reason


def test_the_oldest_spot_levels_carry_an_empty_third_element():
    assert decode(wires.depth(1, 2, None, [("1", "2", [])])).bids == [(100_000_000, 200_000_000)]
