"""A new UTC day: once, never missed, whatever the clock does."""

from __future__ import annotations

from datetime import date

import numpy as np

from lobterm.events import Kind
from lobterm.feeds.binance import feed as fd
from lobterm.feeds.binance.midnight import DAY_US, Midnights
from lobterm.wire import control
from tests.feeds.binance.test_feed import BTC, ETH, exchange, reading

EVE = 20_000 * DAY_US - 1  # 2024-10-04 ends


def test_a_midnight_is_told_once():
    midnights = Midnights(EVE)
    assert [midnights.passed(now) for now in (EVE, EVE + 1, EVE + 1, EVE + 2, EVE + DAY_US)] == [
        None, date(2024, 10, 4), None, None, None
    ]  # fmt: skip
    assert midnights.passed(EVE + DAY_US + 1) == date(2024, 10, 5)


def test_a_sleep_over_three_midnights_is_told_of_the_newest_day_once():
    midnights = Midnights(EVE - DAY_US)
    assert midnights.passed(EVE + DAY_US + 5) == date(2024, 10, 5)
    assert midnights.passed(EVE + DAY_US + 6) is None


def test_a_clock_that_falls_back_tells_no_day_twice():
    midnights = Midnights(EVE)
    assert midnights.passed(EVE + 1) is not None
    assert midnights.passed(EVE) is None
    assert midnights.passed(EVE + 1) is None


def test_a_session_that_begins_at_midnight_waits_for_the_next():
    assert Midnights(EVE + 1).passed(EVE + 1) is None


class Once:
    """A midnight at the second look."""

    def __init__(self, now_us: int) -> None:
        self.looks = 0

    def passed(self, now_us: int) -> date | None:
        self.looks += 1
        return date(2024, 10, 4) if self.looks == 2 else None


async def test_every_symbol_is_asked_once_and_its_answer_stands_in_its_rows(monkeypatch):
    monkeypatch.setattr(fd, "Midnights", Once)
    asked = []

    def daily(symbol: str, day: date) -> control.Model | None:
        asked.append((symbol, day))
        return control.Model(3) if symbol == "BTCUSDT" else None

    async with exchange() as emulator, reading(emulator, BTC, ETH, daily=daily) as reader:
        await reader.until(lambda rows: (rows["kind"] == Kind.MODEL).any() and len(asked) == 2)
        rows = reader.read()
    assert sorted(asked) == [("BTCUSDT", date(2024, 10, 4)), ("ETHUSDT", date(2024, 10, 4))]
    assert rows["px"][rows["kind"] == Kind.MODEL].tolist() == [3]
    assert not np.count_nonzero(reader.read(1)["kind"] == Kind.MODEL)


async def test_what_a_day_brings_stops_nothing(monkeypatch):
    monkeypatch.setattr(fd, "Midnights", Once)
    async with exchange() as emulator, reading(emulator, BTC, daily=lambda symbol, day: 1 / 0) as reader:
        await reader.until(lambda rows: bool(reader.feed.notes))
        before = len(reader.read())
        await reader.until(lambda rows: len(rows) > before + 100)
        assert reader.feed.complaints() == [
            "BTCUSDT: nothing changed on 2024-10-04: ZeroDivisionError: division by zero"
        ]
        assert reader.feed.failure == ""
