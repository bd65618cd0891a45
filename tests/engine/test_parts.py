"""The smaller parts of the core against plain Python: money, the ring of states, the rolling z."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.engine import account, asof, rolling, wide
from lobterm.engine import book as bk
from lobterm.engine import touch as tc

HUGE = hs.integers(-(10**18), 10**18)


@given(a=HUGE, b=hs.integers(0, 10**18), c=hs.integers(0, 10**9 - 1), limbs=hs.sampled_from([1, 2]))
def test_a_wide_product_is_exact_and_rounded_once_half_to_even(a, b, c, limbs):
    exact = round(Fraction(a * b * c, 10 ** (9 * limbs)))
    if abs(exact) < 2**63:
        assert wide.mul_div(a, b, c, limbs) == exact


@pytest.mark.parametrize(("a", "expected"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)])
def test_halves_go_to_even(a, expected):
    assert wide.mul_div(a, 500_000_000, 1, 1) == expected


@pytest.mark.parametrize(
    ("px", "qty", "bps", "fee"),
    [
        (600_000, 100, 2.0, 120_000_000),  # 0.1 BTC at 60,000 USDT costs 1.2 USDT
        (600_000, 100, -0.05, -3_000_000),  # and at the log's rebate earns 0.03
        (1, 1, 2.0, 2),
        (10**9, 10**9, 2.0, 2 * 10**18),
    ],
)
def test_fees(px, qty, bps, fee):  # methods 4.15
    assert account.fee_e8(px, qty, 10_000_000 * 100_000, bps) == fee


@given(
    fills=hs.lists(hs.tuples(hs.sampled_from([1, -1]), hs.integers(1, 10**6), hs.integers(1, 10**4), HUGE), max_size=30)
)
def test_spread_and_inventory_are_cash_and_marked_position(fills):
    acct = np.zeros(account.ACCOUNT_SIZE, np.int64)
    position = cash = 0
    for side, px, qty, noise in fills:
        mid2 = 2 * px + noise % 2_001 - 1_000
        account.mark(acct, mid2)
        account.book_fill(acct, side, px, qty, 0)
        position, cash = position + side * qty, cash - side * px * qty
        assert acct[account.SPREAD2] + acct[account.INVENTORY2] == 2 * cash + position * mid2
    assert acct[account.POSITION] == position


@given(
    rows=hs.lists(hs.tuples(hs.floats(-1e6, 1e6), hs.sampled_from([0.0, 1.0, 1.0, 2.0])), min_size=100, max_size=230),
)
def test_rolling_z_is_what_statistics_says(rows):
    window, cursor = np.zeros((2, rolling.WINDOW_TRADES)), np.zeros(2, np.int64)
    x, z = np.zeros(2), np.zeros(2)
    for row in rows:
        x[:] = row
        ready = rolling.update(window, cursor, x, z)
    columns = list(zip(*rows[-100:], strict=True))
    if ready == rolling.FLAT:
        assert any(max(column) - min(column) < 1e-150 for column in columns)
        assert (z == 0).all()
        return
    assert all(len(set(column)) > 1 for column in columns)
    assert ready == rolling.READY
    for got, column in zip(z, columns, strict=True):
        deviation = statistics.stdev(column)
        if deviation > 1e-6 * max(map(abs, column)):  # below that the plain formula itself has no digits left
            assert math.isclose(got, (column[-1] - statistics.fmean(column)) / deviation, rel_tol=1e-6, abs_tol=1e-6)


@given(times=hs.lists(hs.integers(1, 60), min_size=1, max_size=80), asked=hs.integers(0, 70))
def test_a_trade_reads_the_last_state_of_strictly_earlier_matching_time(times, asked):
    ring, cursor = np.zeros((16, asof.STATE_SIZE), np.int64), np.zeros(2, np.int64)
    view, kept = np.zeros(tc.VIEW_SIZE, np.int64), {}
    newest = 0
    for i, t in enumerate(times):
        view[:] = [100, i + 1, 101, 1, 5, 5]
        asof.push(ring, cursor, t, True, view)
        newest = max(newest, t)
        kept[newest] = i + 1
    out = np.zeros(asof.STATE_SIZE, np.int64)
    held = sorted(kept)[-16:]
    earlier = [t for t in held if t < asked]
    assert asof.before(ring, cursor, asked, out) == bool(earlier)
    if earlier:
        assert (out[asof.MATCHED], out[tc.BID_QTY]) == (earlier[-1], kept[earlier[-1]])


def test_a_newer_touch_shadows_the_levels_it_contradicts():
    book = bk.new_book()
    for side, px in ((1, 100), (1, 99), (1, 98), (-1, 101), (-1, 102)):
        bk.set_level(book, side, px, 10)
    feeds, view = np.zeros(tc.FEEDS_SIZE, np.int64), np.zeros(tc.VIEW_SIZE, np.int64)
    feeds[[tc.B_SEQ, tc.B_SEEN]] = 5, 1
    assert tc.look(book, feeds, True, view)
    assert view.tolist() == [100, 10, 101, 10, 30, 20]
    feeds[[tc.T_SEQ, tc.T_SEEN, tc.T_BID, tc.T_BID_QTY, tc.T_ASK, tc.T_ASK_QTY]] = 9, 1, 99, 3, 100, 4
    assert tc.look(book, feeds, True, view)
    assert view.tolist() == [99, 3, 100, 4, 3 + 10, 4 + 20], "the stale bid at 100 is not there"
    feeds[tc.B_SEQ] = 9
    assert tc.look(book, feeds, True, view)
    assert view.tolist() == [100, 10, 101, 10, 30, 20], "and is again once the book's own id has caught up"
