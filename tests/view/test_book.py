from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.view.book import Book, outrun
from lobterm.view.history import History
from lobterm.view.ladder import ladder
from lobterm.view.models import Ui, Zone
from tests.app.fake import BTC, labels, orders, said, snapshot

BIDS = np.array([[104, 1], [101, 2], [99, 4], [95, 8], [89, 16]], np.int64)
ASKS = np.array([[106, 1], [110, 2], [111, 4], [119, 8], [121, 16]], np.int64)


def picture(**changes):
    return snapshot(**({"bids": BIDS, "asks": ASKS, "touch": (104, 1, 106, 1), "mid2": 210, "orders": ()} | changes))


def rows(group: int = 10, history: History | None = None, ui: Ui | None = None, **changes):
    ui = ui or Ui(ladder_rows=9, group=group)
    view = ladder(picture(**changes), BTC, ui, (104, -1), 0, history)
    return {row.price.strip(): row for row in view.rows}


def test_a_bid_falls_into_the_group_below_it_and_an_ask_into_the_one_above():
    book = Book(picture(), BTC, 10)
    assert book.bids == {10: 3, 9: 12, 8: 16}
    assert book.asks == {11: 3, 12: 12, 13: 16}
    assert (book.bid, book.ask) == (10, 11)


@given(hs.integers(1, 100), hs.integers(1, 10_000), hs.integers(1, 500))
def test_grouping_never_crosses_or_closes_a_spread(group, bid, spread):
    touch = (bid, 1, bid + spread, 1)
    book = Book(picture(bids=np.array([[bid, 1]]), asks=np.array([[bid + spread, 1]]), touch=touch), BTC, group)
    assert book.bid < book.ask
    assert book.bid * group <= bid and book.ask * group >= bid + spread


def test_the_last_group_of_a_depth_that_was_cut_short_is_left_out():
    assert Book(picture(), BTC, 10, depth=5).bids == {10: 3, 9: 12}
    assert Book(picture(), BTC, 10, depth=6).bids == {10: 3, 9: 12, 8: 16}


def test_rows_are_groups_with_their_sums_and_own_orders_fall_in():
    shown = rows(orders=orders((1, 97), (-1, 119)))
    assert (shown["10.0"].bid, shown["9.0"].bid, shown["11.0"].ask, shown["12.0"].ask) == (
        "0.003",
        "0.012",
        "0.003",
        "0.012",
    )
    assert shown["9.0"].own_bid and shown["12.0"].own_ask
    assert shown["10.0"].zone is Zone.BID_TOUCH and shown["11.0"].zone is Zone.ASK_TOUCH
    assert shown["10.0"].last_side == -1


def test_sums_run_from_the_touch():
    shown = rows(ui=Ui(ladder_rows=9, group=10, cumulative=True))
    assert [shown[price].bid for price in ("10.0", "9.0", "8.0")] == ["0.003", "0.015", "0.031"]


def test_in_the_quote_coin_a_size_is_what_it_costs():
    shown = rows(ui=Ui(ladder_rows=9, group=10, in_quote=True))
    assert float(shown["9.0"].bid) == pytest.approx(0.012 * 9.0)


def traded() -> History:
    made = History()
    trades = labels(4)
    trades["px"], trades["side"], trades["qty"] = [104, 100, 106, 111], [-1, -1, 1, 1], [5, 7, 2, 9]
    made.rows(said(labels=trades))
    return made


@pytest.mark.parametrize(
    ("group", "sold", "bought", "longest"),
    [
        (1, {"10.4": "0.005", "10.0": "0.007"}, {"10.6": "0.002"}, 7 / 10),
        (10, {"10.0": "0.012"}, {"11.0": "0.002", "12.0": "0.009"}, 12 / 20),
    ],
)
def test_what_was_traded_stands_where_it_met_the_book(group, sold, bought, longest):
    shown = rows(ui=Ui(ladder_rows=11, group=group), history=traded())
    assert {price: row.sold for price, row in shown.items() if row.sold} == sold
    assert {price: row.bought for price, row in shown.items() if row.bought} == bought
    assert {row.delta for row in shown.values()} == {-1, 0, 1}
    assert max(row.traded_share for row in shown.values()) == longest, "of a round number of lots: bars stand still"


def test_an_order_pinned_from_afar_does_not_stretch_the_traded_window():
    shown = rows(ui=Ui(ladder_rows=11, group=1), history=traded(), orders=orders((1, 5), (-1, 400_000_000)))
    assert shown["10.4"].sold == "0.005"


def test_a_size_far_above_the_others_is_large():
    bids = np.array([[100 - at, 10] for at in range(12)], np.int64)
    bids[5, 1] = 80
    shown = rows(ui=Ui(ladder_rows=25), bids=bids, asks=np.array([[101, 10]]), touch=(100, 10, 101, 10), mid2=201)
    assert [price for price, row in shown.items() if row.large] == ["9.5"]


def test_levels_that_a_newer_touch_has_passed_are_counted():
    assert outrun(picture()) == 0
    assert outrun(picture(touch=(95, 1, 96, 1))) == 3, "bids above it"
    assert outrun(picture(touch=(117, 1, 118, 1))) == 3, "asks below it"
    assert outrun(picture(touch=None)) == 0
