from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.engine.read import NO_LEVELS
from lobterm.view.ladder import STALE_US, ladder, recentred
from lobterm.view.models import OwnState, Ui, Zone
from tests.app.fake import BTC, MID, orders, snapshot

BIDS = np.array([[100, 5], [98, 7], [95, 1]], np.int64)
ASKS = np.array([[101, 3], [104, 40]], np.int64)
SMALL = {"touch": (100, 5, 101, 3), "bids": BIDS, "asks": ASKS, "mid2": 201, "orders": ()}


def view(rows: int = 15, ui: Ui | None = None, last=(0, 0), age_us: int = 0, **changes):
    return ladder(snapshot(**(SMALL | changes)), BTC, ui or Ui(ladder_rows=rows), last, age_us)


def by_price(picture) -> dict[str, object]:
    return {row.price.strip(): row for row in picture.rows if row.price.strip()}


def test_every_tick_has_a_row_from_high_to_low():
    prices = [float(row.price) for row in view().rows]
    assert prices == pytest.approx([10.7 - 0.1 * i for i in range(15)])


def test_sizes_stand_at_their_prices_and_empty_ticks_are_empty():
    rows = by_price(view())
    assert {price: (row.bid, row.ask) for price, row in rows.items() if row.bid or row.ask} == {
        "10.0": ("0.005", ""),
        "9.8": ("0.007", ""),
        "9.5": ("0.001", ""),
        "10.1": ("", "0.003"),
        "10.4": ("", "0.040"),
    }


def test_zones():
    zones = {price: row.zone for price, row in by_price(view()).items()}
    assert zones["10.0"] is Zone.BID_TOUCH and zones["10.1"] is Zone.ASK_TOUCH
    assert zones["9.7"] is Zone.BID and zones["10.3"] is Zone.ASK
    assert zones["10.5"] is Zone.BEYOND and zones["9.4"] is Zone.BEYOND


def test_a_newer_touch_outranks_the_depth():
    rows = by_price(view(touch=(99, 4, 102, 6)))
    assert rows["9.9"].bid == "0.004" and rows["10.2"].ask == "0.006"
    assert rows["10.0"].bid == rows["10.1"].ask == ""
    assert rows["10.0"].zone is Zone.SPREAD


def test_a_touch_without_depth_shows_only_itself():
    rows = view(bids=NO_LEVELS, asks=NO_LEVELS).rows
    assert [row.bid or row.ask for row in rows if row.bid or row.ask] == ["0.003", "0.005"]
    assert {row.zone for row in rows} == {Zone.BID_TOUCH, Zone.ASK_TOUCH, Zone.BEYOND}


def test_a_spread_wider_than_the_window_shows_levels_and_both_touches():
    wide = {"touch": (100, 5, 400, 3), "asks": np.array([[400, 3], [404, 40]], np.int64), "mid2": 500}
    picture = view(**wide)
    assert picture.scale == "levels only" and picture.spread == "spread 300 ticks"
    assert len(picture.rows) == 15
    assert list(by_price(picture)) == ["40.4", "40.0", "10.0", "9.8", "9.5"]
    assert picture.rows[7].zone is Zone.BLANK


def test_levels_only_by_choice():
    picture = view(ui=Ui(ladder_rows=15, levels_only=True))
    assert list(by_price(picture)) == ["10.4", "10.1", "10.0", "9.8", "9.5"]


@given(hs.integers(1, 400), hs.integers(100, 10_000), hs.integers(-200, 200))
def test_the_window_stands_still_until_the_mid_leaves_its_middle_third(rows, centre, moved_ticks):
    mid2 = 2 * (centre + moved_ticks)
    stays = recentred(mid2, centre, rows) == centre
    assert stays == (abs(moved_ticks) <= rows / 6 or moved_ticks == 0)


@given(hs.integers(6, 120), hs.integers(-60, 60))
def test_both_touches_are_always_in_sight(rows, drift):
    picture = ladder(snapshot(orders=()), BTC, Ui(ladder_rows=rows, centre=MID + drift), (0, 0), 0)
    zones = [row.zone for row in picture.rows]
    assert Zone.BID_TOUCH in zones and Zone.ASK_TOUCH in zones


def test_own_orders_stand_on_their_level_in_their_state():
    travelling = orders((-1, 103), arrived=False)
    rows = by_price(view(orders=orders((1, 98)) + travelling + orders((1, 97), leaving=True)))
    assert (rows["9.8"].own_bid.text, rows["9.8"].own_bid.state) == ("0.010", OwnState.RESTING)
    assert rows["10.3"].own_ask.state is OwnState.TRAVELLING
    assert rows["9.7"].own_bid.state is OwnState.LEAVING


def test_orders_at_one_price_are_one_mark():
    both = orders((1, 98)) + orders((1, 98), leaving=True)
    own = by_price(view(orders=both))["9.8"].own_bid
    assert (own.text, own.state) == ("0.020", OwnState.RESTING)


@pytest.mark.parametrize("levels_only", [False, True])
def test_an_own_order_out_of_sight_is_pinned_to_the_edge(levels_only):
    far = orders((1, 20), (-1, 300))
    ui = Ui(ladder_rows=9, levels_only=levels_only)
    bids = np.array([[100 - i, 5] for i in range(10)], np.int64)
    asks = np.array([[101 + i, 5] for i in range(10)], np.int64)
    rows = view(ui=ui, orders=far, bids=bids, asks=asks).rows
    assert (rows[0].price.strip(), rows[0].pinned, rows[0].own_ask is not None) == ("30.0", True, True)
    assert (rows[-1].price.strip(), rows[-1].pinned, rows[-1].own_bid is not None) == ("2.0", True, True)


def test_a_leaving_order_is_not_pinned_before_a_resting_one():
    far = orders((1, 60), leaving=True) + orders((1, 20))
    rows = view(rows=9, orders=far).rows
    assert rows[-1].price.strip() == "2.0"


def test_the_last_trade_is_marked():
    marked = [row for row in view(last=(101, 1)).rows if row.last_side]
    assert [(row.price.strip(), row.last_side) for row in marked] == [("10.1", 1)]


def test_bars_are_shares_of_the_full_scale_that_is_named():
    picture = view()
    assert picture.bar == "bar 0.05"
    assert by_price(picture)["10.4"].ask_share == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"book_known": False, "gap_cause": 1, "touch": None},
            ("BOOK UNKNOWN", "chain break", "last known 3.2s ago"),
        ),
        ({"book_known": False, "book_ts": 0, "touch": None}, ("BOOK UNKNOWN", "no snapshot yet")),
        ({"crossed": True, "touch": None}, ("BOOK CROSSED", "the best bid is not below the best ask")),
        (
            {"touch": None, "bids": NO_LEVELS, "asks": NO_LEVELS},
            ("BOOK UNKNOWN", "no level on either side", "last known 3.2s ago"),
        ),
    ],
)
def test_an_unknown_book_says_why_and_shows_no_number(changes, lines):
    picture = view(age_us=3_200_000, **changes)
    assert picture.unknown == lines and picture.rows == ()


def test_one_side_alone_is_shown_as_such():
    picture = view(touch=None, asks=NO_LEVELS, mid2=None)
    assert picture.spread == "one side only" and not picture.unknown
    assert by_price(picture)["10.0"].bid == "0.005"


def test_a_silent_book_is_stale():
    assert view(age_us=STALE_US).stale == ""
    assert view(age_us=STALE_US + 100_000).stale == "3.1s"


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("levels_only", [False, True])
def test_any_height_has_just_as_many_rows(rows, levels_only):
    assert len(view(ui=Ui(ladder_rows=rows, levels_only=levels_only)).rows) == rows


def test_an_order_at_market_stands_at_no_price():
    taker = orders((-1, 0))[0]._replace(taker=True)
    assert not any(row.own_ask or row.pinned for row in view(orders=(taker,)).rows)


@pytest.mark.parametrize(
    ("centre", "told"),
    [(100, "LOCKED · every tick"), (160, "LOCKED, touch ▼ · every tick"), (40, "LOCKED, touch ▲ · every tick")],
)
def test_a_ladder_that_is_held_away_from_the_touch_says_where_it_is(centre, told):
    far = orders((1, 3), (-1, 300))
    assert view(ui=Ui(ladder_rows=15, centre=centre, locked=True), orders=far).scale == told
    assert view(ui=Ui(ladder_rows=15, centre=centre), orders=far).scale == "every tick"
