"""The smaller parts of the core against plain Python: money, the ring of states, the rolling z."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs
from numba import njit

from lobterm.engine import account, asof, markouts, pressure, queueing, rolling, wide
from lobterm.engine import book as bk
from lobterm.engine import touch as tc
from lobterm.engine.rows import MARKOUT
from tests.engine.twin_orders import after_level

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


FILLS = hs.lists(
    hs.tuples(hs.sampled_from([1, -1]), hs.integers(1, 10**6), hs.integers(1, 10**4), HUGE, hs.integers(0, 9)),
    max_size=30,
)


@given(fills=FILLS)
def test_spread_inventory_and_slippage_are_cash_and_marked_position(fills):
    acct = np.zeros((account.STRATEGIES, account.ACCOUNT_SIZE), np.int64)
    position = cash = 0
    for side, px, qty, noise, beyond in fills:
        mark2 = 2 * px + noise % 2_001 - 1_000
        account.book_fill(acct, 1, side, px, qty, px - side * beyond, 7, mark2)
        position, cash = position + side * qty, cash - side * px * qty
        parts = acct[1, account.SPREAD2] + acct[1, account.INVENTORY2] + acct[1, account.SLIP2]
        assert parts == 2 * cash + position * mark2
        assert acct[1, account.SLIP2] <= 0
    assert (acct[1, account.POSITION], acct[1, account.FEES_E8]) == (position, 7 * len(fills))
    assert not acct[[0, 2]].any(), "the other strategies have no part in it"


@given(
    fills=hs.lists(hs.tuples(hs.integers(0, 50), hs.integers(0, 2), hs.integers(-9, 9)), max_size=40),
    asked=hs.integers(-1, 51),
)
def test_funding_asks_what_was_held_at_a_time_in_whatever_order_fills_were_booked(fills, asked):
    acct = np.zeros((account.STRATEGIES, account.ACCOUNT_SIZE), np.int64)
    past, cursor = np.zeros((account.REMEMBERED, 3), np.int64), np.zeros(1, np.int64)
    for at, who, lots in fills:
        acct[who, account.POSITION] += lots
        account.remember(past, cursor, at, who, lots)
    for who in range(account.STRATEGIES):
        held = sum(lots for at, whose, lots in fills if whose == who and at <= asked)
        assert account.held_at(past, cursor, acct, who, asked) == held


@pytest.mark.parametrize(
    ("position", "rate_e8", "paid"),
    [(100, 10_000, -60_000_000), (-100, 10_000, 60_000_000), (100, -10_000, 60_000_000), (0, 10_000, 0)],
)
def test_a_long_pays_a_positive_rate(position, rate_e8, paid):  # 0.1 BTC at 60,000 USDT and 0.01 % is 0.6 USDT
    assert account.funding_e8(position, 100_000, 60_000 * 10**8, rate_e8) == paid


@given(px=hs.integers(1, 10**13), bps=hs.integers(0, 10**7))
def test_a_band_in_ticks_is_exact_at_any_price(px, bps):
    assert pressure.band_ticks(px, bps / 1e4) == px * bps // 10**8


@given(previous=hs.integers(0, 500), new=hs.integers(0, 500), ahead=hs.integers(-5, 500), traded=hs.integers(0, 200))
@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_a_change_of_its_level_never_sends_an_order_back(power, previous, new, ahead, traded):
    for model in (queueing.RISK_ADVERSE, queueing.POWER, queueing.LOG):
        after = queueing.after_level(model, power, float(ahead), float(traded), previous, new)
        assert after <= max(ahead, 0) + 1e-9
        assert after <= new
        assert math.isclose(
            after, after_level(model, power, ahead, traded, previous, new), rel_tol=1e-12, abs_tol=1e-12
        )


def test_a_full_queue_of_markouts_gives_its_oldest_row_out_with_later_horizons_unknown():
    table = np.zeros(8, MARKOUT)
    queue = np.zeros((markouts.WAITING, markouts.WAITING_SIZE), np.int64)
    cursor, n_out = np.zeros(markouts.CURSOR_SIZE, np.int64), np.zeros(6, np.int64)

    def add(ts, times):
        _add_many(queue, cursor, table, n_out, ts, times)

    add(0, markouts.WAITING - 1)
    add(600_000, 1)
    markouts.note(queue, cursor, 700_000, 201)
    assert markouts.give_out(queue, cursor, table, n_out, 5)
    assert n_out[5] == 0
    add(700_000, 3)
    assert n_out[5] == 3
    assert table["valid"].tolist()[:3] == [1, 1, 1]
    assert table["mid2"][0].tolist() == [201, 0, 0, 0, 0, 0]
    markouts.note(queue, cursor, 1_300_000, 203)
    last = (cursor[markouts.HEAD] - 4) & (markouts.WAITING - 1)
    assert (queue[last, markouts.TS], queue[last, markouts.VALID]) == (600_000, 1)
    markouts.note(queue, cursor, 10**12, 205)
    assert not markouts.give_out(queue, cursor, table, n_out, 5), "the table is full"
    assert n_out[5] == len(table)


@njit
def _add_many(queue, cursor, table, n_out, ts, times):
    for _ in range(times):
        markouts.add(queue, cursor, table, n_out, 5, ts, 1, 200, 1, 0, 1, 0, 0, 0)


@given(
    rows=hs.lists(hs.tuples(hs.floats(-1e6, 1e6), hs.sampled_from([0.0, 1.0, 1.0, 2.0])), min_size=100, max_size=230),
)
def test_rolling_z_is_what_statistics_says(rows):
    window, cursor = np.zeros((2, rolling.WINDOW_TRADES)), np.zeros(4, np.int64)
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
