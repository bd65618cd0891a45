from __future__ import annotations

import pytest

from lobterm.engine.rows import Label, Why
from lobterm.view.trades import REASONS, trades
from tests.app.fake import BTC, labels


def test_newest_first_with_the_trade_s_own_figures():
    rows = labels(3)
    rows["px"], rows["qty"], rows["side"] = [10, 1_000_000, 30], [1, 2, 4], [1, -1, 1]
    shown = trades(rows, BTC)
    assert [row.price for row in shown] == ["      3.0", "100,000.0", "      1.0"]
    assert [row.size.strip() for row in shown] == ["0.004", "0.002", "0.001"]
    assert [row.side for row in shown] == [1, -1, 1]
    assert shown[0].time > shown[1].time > shown[2].time


@pytest.mark.parametrize("why", list(Why)[1:])
def test_an_unclassified_trade_says_why(why):
    rows = labels(1)
    rows["label"], rows["why"] = Label.UNCLASSIFIED, why
    assert trades(rows, BTC)[0].why == REASONS[why] != ""


def test_a_classified_trade_has_no_reason():
    rows = labels(1)
    rows["label"], rows["why"] = Label.PASSIVE, Why.FLAT
    assert (trades(rows, BTC)[0].label, trades(rows, BTC)[0].why) == (Label.PASSIVE, "")


def test_no_trades():
    assert trades(labels(0), BTC) == ()
