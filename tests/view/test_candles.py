"""Candles by hand, whatever pieces the trades come in, and what is said of a day that was not seen whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.engine.rows import LABEL
from lobterm.view.candles import DAY_US, MINUTE_US, Candles, candles, day_range, note
from lobterm.view.history import History
from tests.app.fake import BTC, said

NIGHT = 1_722_816_000_000_000  # 2024-08-05 00:00 UTC


def trades(*rows: tuple[float, int, int]) -> np.ndarray:
    """Return trades (minutes after midnight, ticks, lots)."""
    made = np.zeros(len(rows), LABEL)
    made["ts"] = [NIGHT + round(at * MINUTE_US) for at, _, _ in rows]
    made["px"], made["qty"], made["side"] = [px for _, px, _ in rows], [qty for _, _, qty in rows], 1
    return made


DAY = trades((1.0, 100, 1), (1.5, 104, 2), (1.9, 98, 1), (2.0, 99, 4), (5.5, 120, 2))


def lived(rows: np.ndarray, since: int = NIGHT + MINUTE_US) -> History:
    history = History()
    history.since_ts = history.candles.since_ts = since
    history.rows(said(labels=rows))
    return history


def test_a_minute_is_its_first_highest_lowest_and_last_trade():
    rows = lived(DAY).candles.tail.rows
    assert [tuple(int(row[name]) for name in ("open", "high", "low", "close", "lots")) for row in rows] == [
        (100, 104, 98, 98, 4), (99, 99, 99, 99, 4), (120, 120, 120, 120, 2)
    ]  # fmt: skip
    assert [round(float(row["worth"] / row["traded"]), 4) for row in rows] == [101.5, 100.25, 104.2]


@given(hs.lists(hs.integers(0, 40), min_size=1, max_size=12), hs.integers(0, 100))
def test_pieces_and_going_back_change_nothing(cuts, back):
    rng = np.random.default_rng(5)
    rows = trades(*((float(at), int(px), int(qty)) for at, px, qty in zip(
        np.sort(rng.random(40) * 6), rng.integers(90, 110, 40), rng.integers(1, 9, 40), strict=True)))  # fmt: skip
    whole, pieces = Candles(), Candles()
    whole.add(rows)
    edges = sorted({0, len(rows), *cuts})
    for start, stop in zip(edges, edges[1:], strict=False):
        pieces.add(rows[start:stop])
    assert pieces.tail.rows.tolist() == whole.tail.rows.tolist()
    ts = NIGHT + back * MINUTE_US // 12
    left = rows[rows["ts"] <= ts]
    pieces.cut(ts, left)
    pieces.add(rows[len(left) :])
    assert pieces.tail.rows.tolist() == whole.tail.rows.tolist()


def test_a_minute_without_a_trade_is_empty():
    view = candles(lived(DAY), NIGHT + 6 * MINUTE_US, BTC, 20)
    assert [candle is None for candle in view.candles] == [False, False, True, True, False, True]
    assert view.last[1] == "12.0"
    opened, high, low, close, _ = view.candles[0]
    assert low == close < opened < high
    assert len(candles(lived(DAY), NIGHT + 6 * MINUTE_US, BTC, 2).candles) == 2


def test_a_day_that_was_not_seen_whole_says_since_when():
    history = lived(DAY)
    assert day_range(history, NIGHT + 6 * MINUTE_US) == (98, 120, NIGHT + MINUTE_US)
    said_of_it = note(history, NIGHT + 6 * MINUTE_US, BTC)
    assert said_of_it == "since 00:01 UTC: VWAP 10.42 · high 12.0 low 9.8"


def test_a_new_day_begins_at_midnight_and_then_was_seen_whole():
    rows = trades((-3.0, 500, 1), (1.0, 100, 1), (2.0, 90, 1))
    history = lived(rows, NIGHT - 10 * MINUTE_US)
    assert day_range(history, NIGHT + 3 * MINUTE_US) == (90, 100, NIGHT)
    assert note(history, NIGHT + 3 * MINUTE_US, BTC) == "since 23:50 UTC: VWAP 23.00 · UTC day: high 10.0 low 9.0"
    assert day_range(history, NIGHT + DAY_US) is None


def test_nothing_seen_is_said():
    assert candles(History(), NIGHT, BTC, 20).unknown == "no trade yet"
    assert candles(lived(DAY), NIGHT + 300 * MINUTE_US, BTC, 20).unknown == "no trade in sight"
