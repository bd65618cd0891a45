from __future__ import annotations

import time
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.events import Market
from lobterm.instrument import Instrument
from lobterm.view import format as fmt
from lobterm.view.moment import moment

BTC = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
PEPE = Instrument(Market.PERP, "1000PEPEUSDT", Decimal("0.0000001"), Decimal(1))
ODD = Instrument(Market.PERP, "ODDUSDT", Decimal("0.25"), Decimal("0.5"))


@given(hs.integers(-(10**18), 10**18), hs.integers(0, 8), hs.integers(0, 9))
def test_fixed_is_exact_decimal_arithmetic(value, places, decimals):
    exact = Decimal(value).scaleb(-places).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    assert Decimal(fmt.fixed(value, places, decimals).replace(",", "")) == exact


def test_fixed_has_no_negative_zero():
    assert fmt.fixed(-4, 3, 2) == "0.00"


@pytest.mark.parametrize(
    ("ticks", "instrument", "text"),
    [(531_042, BTC, "53,104.2"), (98_765, PEPE, "0.0098765"), (7, ODD, "1.75"), (0, BTC, "0.0")],
)
def test_prices_are_exact(ticks, instrument, text):
    assert fmt.price(ticks, instrument) == text


def test_the_mid_keeps_its_half_tick():
    assert fmt.half_price(1_062_085, BTC) == "53,104.25"
    assert fmt.half_price(7, ODD) == "0.875"


def test_sizes_are_exact_while_they_fit():
    assert fmt.size(1_740, BTC, 9) == "1.740"
    assert fmt.size(123_456_789, BTC) == "123,456.789"


@given(hs.integers(1, 10**15), hs.integers(6, 12), hs.sampled_from([BTC, PEPE, ODD]))
def test_a_shortened_size_fits_and_is_near(lots, cells, instrument):
    text = fmt.size(lots, instrument, cells)
    assert len(text) <= cells
    unit = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1], 1.0)
    assert float(text.rstrip("kMGT").replace(",", "")) * unit == pytest.approx(lots * instrument.lot, rel=0.1)


def test_money_shows_its_sign():
    assert fmt.money(1_234_567_800) == "+12.3457"
    assert fmt.money(-165_432_200) == "-1.6543"
    assert fmt.money(0) == fmt.money(1) == "0.0000"
    assert fmt.money(None) == "—"


def test_signed_size():
    assert [fmt.signed_size(lots, BTC) for lots in (120, 0, -5)] == ["+0.120", "0.000", "-0.005"]


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, "0.0s"),
        (349_999, "0.3s"),
        (59_999_999, "59.9s"),
        (60_000_000, "1m00s"),
        (3_599_000_000, "59m59s"),
        (7_260_000_000, "2h01m"),
        (400_000_000_000, "4d15h"),
    ],
)
def test_age(us, text):
    assert fmt.age(us) == text


def test_clock_and_date_are_utc():
    ts = 1_722_858_252_125_999
    assert (fmt.date(ts), fmt.clock(ts)) == ("2024-08-05", "11:44:12.125")


def test_speed_and_rate():
    assert [fmt.speed(v) for v in (0.25, 1.0, 1000.0, float("inf"))] == ["0.25x", "1x", "1000x", "max"]
    assert [fmt.rate(v) for v in (None, 12.4, 12_400.0, 2.5e6)] == ["—", "12", "12.4k", "2.5M"]


def test_foreign_text_cannot_steer_the_terminal():
    assert fmt.printable("BTC\x1b[31m\r\n\x07価") == "BTC?[31m???価"


@pytest.mark.parametrize(
    ("symbol", "coin"), [("BTCUSDT", "USDT"), ("ETHBTC", "BTC"), ("BTCUSD_PERP", "quote"), ("USDT", "quote")]
)
def test_quote_coin_is_never_guessed(symbol, coin):
    assert fmt.quote_coin(symbol) == coin


@pytest.fixture
def in_zone(monkeypatch):
    """Set the machine's zone; times are told by UTC again afterwards."""

    def use(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()
        fmt._local_offset_us.cache_clear()
        fmt.use_local(True)

    yield use
    fmt.use_local(False)
    monkeypatch.undo()
    time.tzset()
    fmt._local_offset_us.cache_clear()


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Berlin", "2024-08-05 13:40:00.000 UTC+2"),
        ("America/St_Johns", "2024-08-05 09:10:00.000 UTC-2:30"),
        ("Pacific/Kiritimati", "2024-08-06 01:40:00.000 UTC+14"),
        ("UTC", "2024-08-05 11:40:00.000 UTC+0"),
    ],
)
def test_local_times_say_how_far_ahead_of_utc_they_are(in_zone, zone, said):
    at = 1_722_858_000_000_000
    in_zone(zone)
    assert f"{fmt.date(at)} {fmt.clock(at)} {fmt.zone(at)}" == said
    fmt.use_local(False)
    assert f"{fmt.date(at)} {fmt.clock(at)} {fmt.zone(at)}" == "2024-08-05 11:40:00.000 UTC"


def test_summer_time_is_that_of_the_moment_told(in_zone):
    in_zone("Europe/Berlin")
    assert (fmt.zone(1_722_858_000_000_000), fmt.zone(1_704_103_200_000_000)) == ("UTC+2", "UTC+1")


def test_a_time_typed_is_taken_as_times_are_told(in_zone):
    in_zone("Europe/Berlin")
    first = 1_722_858_000_000_000  # 13:40 there
    assert moment("13:45", first, first + 600_000_000, local=True) == first + 300_000_000
    assert moment("11:45", first, first + 600_000_000) == first + 300_000_000


@pytest.mark.parametrize(
    ("value", "cells", "text"),
    [
        (153_977.4, 8, "153,977"),
        (35_946.0, 8, "35,946"),
        (5_574_958.0, 8, "5.57M"),
        (5_574_958.0, 9, "5,574,958"),
        (0.108, 8, "0.108"),
        (0.00004, 8, "0.000040"),
    ],
)
def test_what_a_size_is_worth_fits_and_is_never_told_as_nothing(value, cells, text):
    assert fmt.worth(value, cells) == text


@pytest.mark.parametrize(("symbol", "coin"), [("BTCUSDT", "BTC"), ("ETHBTC", "ETH"), ("X", "base")])
def test_base_coin_is_never_guessed(symbol, coin):
    assert fmt.base_coin(symbol) == coin
