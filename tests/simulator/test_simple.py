"""The simple market obeys the vocabulary, and its book, touch and trades tell one story."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.errors import InputError
from lobterm.events import Flag, Kind
from lobterm.simulator import simple
from lobterm.simulator import simple_regimes as regimes

SECONDS = 60


@pytest.fixture(scope="module", params=[7, 20])
def run(request):
    return simple.run(request.param, SECONDS)


def of(rows, *kinds):
    return rows[np.isin(rows["kind"], kinds)]


def messages(rows):
    """Yield lists of rows, each ended by LAST."""
    held = []
    for row in rows:
        held.append(row)
        if row["flags"] & Flag.LAST:
            yield held
            held = []
    assert not held, "the last message is whole"


def apply(book, row):
    if row["kind"] == Kind.BOOK_CLEAR:
        book[1].clear()
        book[-1].clear()
    elif row["qty"]:
        book[int(row["side"])][int(row["px"])] = int(row["qty"])
    else:
        del book[int(row["side"])][int(row["px"])]


def best(book):
    bid, ask = max(book[1]), min(book[-1])
    return bid, book[1][bid], ask, book[-1][ask]


def test_a_seed_decides_every_row():
    one, same, other = (simple.simulate(seed, 5) for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other[: len(one)])


def test_a_longer_run_begins_like_a_shorter_one():
    short, longer = simple.simulate(3, 5), simple.simulate(3, 8)
    until = short["ts"][0] + 4_900_000
    assert np.array_equal(short[short["ts"] < until], longer[longer["ts"] < until])


def test_rows_come_in_order_and_messages_whole(run):
    rows = run.rows
    assert (np.diff(rows["ts"]) >= 0).all()
    for message in messages(rows):
        first = message[0]
        assert all(row["ts"] == first["ts"] and row["exch_ts"] == first["exch_ts"] for row in message)
        assert len({int(row["kind"]) for row in message} - {Kind.BOOK_CLEAR, Kind.MARK, Kind.INDEX, Kind.FUNDING}) <= 1
    timed = rows[rows["kind"] != Kind.CLOCK_OFFSET]
    delay = timed["ts"] - timed["exch_ts"]
    assert delay.min() > 0
    assert delay.max() < 30_000
    assert (timed["exch_ts"] % 1_000 == 0).all()


def test_it_starts_with_a_snapshot_of_both_sides(run):
    rows = run.rows
    assert rows["kind"][0] == Kind.CLOCK_OFFSET
    assert rows["kind"][1] == Kind.BOOK_CLEAR
    snapshot = rows[1:][: np.flatnonzero(rows["flags"][1:] & Flag.LAST)[0] + 1]
    assert (snapshot["flags"] & Flag.SNAPSHOT != 0).all()
    for side in (1, -1):
        assert np.count_nonzero(snapshot["side"] == side) >= 200


def test_the_book_adds_up_never_crosses_and_agrees_with_the_touch(run):
    book = {1: {}, -1: {}}
    touches = of(run.rows, Kind.TOUCH)
    bids, asks = touches[::2], touches[1::2]
    for message in messages(of(run.rows, Kind.BOOK, Kind.BOOK_CLEAR)):
        for row in message:
            if row["qty"] or int(row["px"]) in book.get(int(row["side"]), ()) or row["kind"] == Kind.BOOK_CLEAR:
                apply(book, row)
        shown = best(book)
        assert shown[0] < shown[2]
        at = np.searchsorted(bids["seq"], message[0]["seq"], side="right") - 1
        if at >= 0:
            assert shown == (bids["px"][at], bids["qty"][at], asks["px"][at], asks["qty"][at])
    for side, levels in ((1, run.bids), (-1, run.asks)):
        assert sorted(book[side].items(), reverse=side > 0) == [tuple(level) for level in levels.tolist()]


def test_trades_take_what_was_displayed_strictly_before_them(run):
    touches = of(run.rows, Kind.TOUCH)
    trades = of(run.rows, Kind.TRADE)
    assert (np.diff(trades["seq"]) == 1).all()
    sweeps = np.split(trades, np.flatnonzero(np.diff(trades["exch_ts"])) + 1)
    assert max(len(sweep) for sweep in sweeps) >= 3, "some orders walk through several levels"
    for sweep in sweeps:
        side = int(sweep["side"][0])
        against = touches[1::2] if side > 0 else touches[::2]
        at = np.searchsorted(against["exch_ts"], sweep["exch_ts"][0]) - 1
        if at < 0:
            continue
        assert sweep["px"][0] == against["px"][at]
        assert sweep["qty"][0] <= against["qty"][at]
        assert (np.diff(sweep["px"]) * side > 0).all()
        if len(sweep) > 1:
            assert sweep["qty"][0] == against["qty"][at], "it went on because the level was used up"


def test_a_trade_arrives_before_the_bundle_that_shows_it(run):
    ends = of(run.rows, Kind.BOOK)
    ends = ends[ends["flags"] & Flag.LAST != 0]
    trades = of(run.rows, Kind.TRADE)
    shows = np.searchsorted(ends["exch_ts"], trades["exch_ts"])
    told = shows < len(ends)
    assert (ends["ts"][shows[told]] > trades["ts"][told]).all()


def test_each_second_brings_mark_index_and_funding_and_cascades_bring_liquidations(run):
    for kind in (Kind.MARK, Kind.INDEX, Kind.FUNDING):
        assert len(of(run.rows, kind)) == SECONDS
    funding = of(run.rows, Kind.FUNDING)
    assert (funding["qty"] > funding["exch_ts"]).all()
    forced = of(run.rows, Kind.LIQUIDATION)
    assert len(forced) > 5
    assert (forced["side"] == -1).all(), "the first cascade sells longs out"
    assert (np.diff(forced["exch_ts"]) >= 1_000_000).all()


def test_a_cascade_falls_and_opens_the_spread():
    rows = simple.simulate(7, SECONDS)
    plan = regimes.schedule(np.random.RandomState(7), SECONDS * 1_000)
    touches = of(rows, Kind.TOUCH)
    ms = (touches["exch_ts"][::2] - simple.START_TS) // 1_000
    inside = plan[np.clip(ms, 0, len(plan) - 1)] == regimes.LONG_CASCADE
    spread = touches["px"][1::2] - touches["px"][::2]
    quiet = plan[np.clip(ms, 0, len(plan) - 1)] == regimes.QUIET
    assert spread[inside].mean() > 5 * spread[quiet].mean()
    bids = touches["px"][::2][inside]
    assert bids[0] - bids[-1] > 1_000


@pytest.mark.parametrize(("seed", "seconds"), [(1, 0), (1, 10**6), (-1, 5), (2**40, 5)])
def test_what_cannot_be_simulated_is_refused(seed, seconds):
    with pytest.raises(InputError):
        simple.simulate(seed, seconds)
