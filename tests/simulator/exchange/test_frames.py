"""Frames have the exchange's own keys, in its own order, and its own way of writing numbers."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from lobterm.events import Market
from lobterm.instrument import Instrument
from lobterm.simulator.exchange import frames
from lobterm.simulator.exchange.ids import Ids
from lobterm.simulator.exchange.numbers import REMEMBERED, Texts, decimal_text, price_texts, size_texts

IDS = Ids(11, 12, 9)
LEVELS = frames.levels([("84551.00", "2.027"), ("84565.90", "0.000")])
TOUCH = (("84551.00", "2.646"), ("84551.10", "5.302"))
MADE = {
    "depthUpdate": frames.depth("BTCUSDT", 2, 1, IDS, LEVELS, "[]"),
    "bookTicker": frames.book_ticker("BTCUSDT", 2, 1, 7, *TOUCH),
    "trade": frames.trade("BTCUSDT", 2, 1, 7, "84551.10", "0.001", "MARKET", "true"),
    "aggTrade": frames.agg_trade("BTCUSDT", 2, 1, 7, "84551.10", "0.030", "0.030", (5, 6), "false"),
    "markPriceUpdate": frames.mark_price("BTCUSDT", 2, "1.00000000", "2.00000000", "0.00003936", 9),
    "forceOrder": frames.force_order("BTCUSDT", 2, 1, "SELL", "5.000", "0.10", "0.20"),
    "spot depthUpdate": frames.spot_depth("BTCUSDT", 2, IDS, LEVELS, "[]"),
    "spot bookTicker": frames.spot_book_ticker("BTCUSDT", 7, *TOUCH),
    "spot trade": frames.spot_trade("BTCUSDT", 2, 1, 7, "1.00000000", "2.00000000", "true"),
    "spot aggTrade": frames.spot_agg_trade("BTCUSDT", 2, 1, 7, "1.00000000", "2.00000000", (5, 6), "true"),
}
KEYS = {  # as captured: futures in August and September 2026, spot in August 2024 and June 2026
    "depthUpdate": "e E T s ps U u pu b a st",
    "bookTicker": "e u s ps b B a A T E st",
    "trade": "e E T s t p q X m st",
    "aggTrade": "e E a s p q nq f l T m st",
    "markPriceUpdate": "e E s p ap P i r T st",
    "forceOrder": "e E o",
    "spot depthUpdate": "e E s U u b a",
    "spot bookTicker": "u s b B a A",
    "spot trade": "e E s t p q T m M",
    "spot aggTrade": "e E s a p q f l T m M",
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_stand_in_the_captured_order_and_nothing_is_spaced(name):
    data = json.loads(MADE[name])
    assert list(data) == KEYS[name].split()
    assert json.dumps(data, separators=(",", ":")) == MADE[name]
    assert data.get("e", "bookTicker") == name.removeprefix("spot ")


def test_the_order_inside_a_liquidation():
    assert list(json.loads(MADE["forceOrder"])["o"]) == [
        "s",
        "S",
        "o",
        "f",
        "q",
        "p",
        "ap",
        "X",
        "l",
        "z",
        "T",
        "ps",
        "st",
    ]


def test_a_combined_frame_wraps_the_payload_untouched():
    assert frames.combined("btcusdt@trade", MADE["trade"]) == (
        '{"stream":"btcusdt@trade","data":' + MADE["trade"] + "}"
    )


def test_real_frames_have_the_same_keys(shared_data):
    text = (shared_data / "usdm-frame-202609" / "btcusdt_depth_first1.jsonl").read_text().splitlines()[0]
    real = json.loads(text)
    assert list(real) == ["stream", "data"]
    assert list(real["data"]) == KEYS["depthUpdate"].split()
    data = real["data"]
    ids = Ids(data["U"], data["u"], data["pu"])
    sides = [frames.levels([tuple(level) for level in data[side]]) for side in "ba"]
    mine = frames.depth(data["s"], data["E"], data["T"], ids, *sides)
    assert frames.combined(real["stream"], mine) == text.strip()


@pytest.mark.parametrize(
    ("market", "symbol", "tick", "lot", "price", "size"),
    [
        (Market.PERP, "BTCUSDT", "0.1", "0.001", "10.00", "0.100"),
        (Market.PERP, "ETHUSDT", "0.01", "0.001", "1.00", "0.100"),
        (Market.PERP, "XUSDT", "5", "1", "500", "100"),
        (Market.SPOT, "BTCUSDT", "0.01", "0.00001", "1.00000000", "0.00100000"),
    ],
)
def test_numbers_are_written_to_the_symbols_places(market, symbol, tick, lot, price, size):
    instrument = Instrument(market, symbol, Decimal(tick), Decimal(lot))
    assert (price_texts(instrument)[100], size_texts(instrument)[100]) == (price, size)


def test_rates_may_be_negative_and_zero_has_no_sign():
    assert decimal_text(-3_936, 8) == "-0.00003936"
    assert decimal_text(-1, 2) == "0.00"
    assert decimal_text(150_000_000, 0) == "2"


def test_texts_forget_when_they_remember_too_many():
    texts = Texts(1, 8)
    for k in range(REMEMBERED + 5):
        assert texts[k]
    assert len(texts) <= REMEMBERED
