from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine.rows import Label, Why
from lobterm.events import EVENT, Kind
from lobterm.view.history import LIQUIDATION, History
from lobterm.view.trades import REASONS, liquidated, trades
from tests.app.fake import BTC, START, labels


def test_newest_first_with_the_trade_s_own_figures():
    rows = labels(3)
    rows["px"], rows["qty"], rows["side"] = [10, 1_000_000, 30], [1, 2, 4], [1, -1, 1]
    shown = trades(rows, BTC, 20)
    assert [row.price for row in shown] == ["      3.0", "100,000.0", "      1.0"]
    assert [row.size.strip() for row in shown] == ["0.004", "0.002", "0.001"]
    assert [row.side for row in shown] == [1, -1, 1]
    assert shown[0].time > shown[1].time > shown[2].time


@pytest.mark.parametrize("why", list(Why)[1:])
def test_an_unclassified_trade_says_why(why):
    rows = labels(1)
    rows["label"], rows["why"] = Label.UNCLASSIFIED, why
    assert trades(rows, BTC, 20)[0].why == REASONS[why] != ""


def test_a_classified_trade_has_no_reason():
    rows = labels(1)
    rows["label"], rows["why"] = Label.PASSIVE, Why.FLAT
    assert (trades(rows, BTC, 20)[0].label, trades(rows, BTC, 20)[0].why) == (Label.PASSIVE, "")


def test_no_trades():
    assert trades(labels(0), BTC, 20) == ()


def sweep(n: int) -> np.ndarray:
    rows = labels(n)
    rows["label"], rows["why"], rows["side"], rows["qty"] = Label.PASSIVE, 0, 1, 10
    return rows


def test_prints_of_one_matching_time_are_one_row_with_their_sum():
    rows = sweep(4)
    rows["exch_ts"][1:] = rows["exch_ts"][1]
    rows["px"] = [100, 101, 102, 104]
    newest, oldest = trades(rows, BTC, 20)
    assert (newest.prints, newest.size.strip(), newest.swept, newest.price) == (3, "0.030", 3, "10.4")
    assert (oldest.prints, oldest.size.strip(), oldest.swept) == (1, "0.010", 0)


@pytest.mark.parametrize(("field", "value"), [("side", -1), ("label", Label.DIRECTIONAL)])
def test_a_sweep_is_of_one_side_and_one_label(field, value):
    rows = sweep(2)
    rows["exch_ts"] = 5
    rows[field][1] = value
    assert len(trades(rows, BTC, 20)) == 2


def test_the_smallest_size_is_of_the_sweep_and_rows_are_filled_from_further_back():
    rows = sweep(6)
    rows["qty"] = [50, 1, 1, 1, 30, 1]
    rows["exch_ts"][1:4] = rows["exch_ts"][1]
    assert [row.size.strip() for row in trades(rows, BTC, 20, least_lots=3)] == ["0.030", "0.003", "0.050"]
    assert len(trades(rows, BTC, 2, least_lots=3)) == 2


def test_a_large_trade_is_ten_times_the_mean_in_sight():
    rows = sweep(30)
    rows["qty"][7] = 1000
    assert [row.large for row in trades(rows, BTC, 30)].index(True) == 22
    assert not any(row.large for row in trades(sweep(30), BTC, 30))


def test_liquidations_are_a_lower_bound_of_the_last_five_minutes():
    history = History()
    assert liquidated(history, START, BTC) == ""
    rows = np.zeros(3, EVENT)
    rows["kind"], rows["qty"], rows["side"] = Kind.LIQUIDATION, [7, 20, 5], [-1, -1, 1]
    rows["ts"] = [START - 301_000_000, START - 1, START]
    history.events(rows, 0)
    assert liquidated(history, START, BTC) == "liq 5m ▼≥0.020 ▲≥0.005"


def test_a_liquidation_stands_among_the_trades_at_its_time():
    rows, forced = sweep(3), np.zeros(2, LIQUIDATION)
    forced["ts"], forced["px"], forced["qty"], forced["side"] = [1, rows["ts"][1] + 1], 1_012_345_678, 7, [-1, 1]
    told = trades(rows, BTC, 3, forced=forced)
    assert [row.liquidation for row in told] == [False, True, False]
    assert (told[1].price.strip(), told[1].size.strip(), told[1].side) == ("10.1", "0.007", 1)
    assert [row.liquidation for row in trades(rows, BTC, 9, forced=forced)] == [False, True, False, False, True]
