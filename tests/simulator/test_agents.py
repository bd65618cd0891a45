"""The agent market obeys the vocabulary, adds up, and breaks only where its margin mechanics break it."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.errors import InputError
from lobterm.events import Flag, GapCause, Kind, Market
from lobterm.simulator import agents, marks, scenarios
from lobterm.simulator import layout as lo
from lobterm.simulator.agents import Options, Run
from lobterm.simulator.taking import LIQUIDATION
from lobterm.tape.digest import TapeDigest
from lobterm.tape.verify import BookCheck

BREAKING_S = 780


def lived(name, seed, seconds, piece_ms=1_000, options=None):
    run = Run(scenarios.named(name), seed, seconds, options)
    pieces = list(run.pieces(piece_ms))
    return run, np.concatenate([p.rows for p in pieces]), np.concatenate([p.agents for p in pieces])


@pytest.fixture(scope="module")
def calm():
    return lived("normal", 5, 60)


@pytest.fixture(scope="module", params=[("long-cascade", 3), ("short-squeeze", 4)], ids=lambda case: case[0])
def broken(request):
    return request.param[0], lived(*request.param, BREAKING_S)


def digest(rows):
    found = TapeDigest()
    found.add(rows)
    return found.hexdigest()


def of(rows, *kinds, market=Market.PERP):
    return rows[np.isin(rows["kind"], kinds) & (rows["market"] == market)]


def each_second(rows):
    """Return (mid, spread) of the perpetual at each whole second."""
    touch = of(rows, Kind.TOUCH)
    bids, asks = touch[touch["side"] > 0], touch[touch["side"] < 0]
    at = np.searchsorted(bids["ts"], np.arange(bids["ts"][0], bids["ts"][-1], 1_000_000), side="right") - 1
    return (bids["px"][at] + asks["px"][at]) / 2, asks["px"][at] - bids["px"][at]


@pytest.mark.parametrize("piece_ms", [7, 333, 7_000])
def test_the_rows_of_a_seed_do_not_depend_on_the_pieces_they_came_in(piece_ms):
    _, one, who = lived("gap-and-reconnect", 9, 6)
    _, same, who_same = lived("gap-and-reconnect", 9, 6, piece_ms)
    assert digest(one) == digest(same)
    assert np.array_equal(who, who_same)


def test_another_seed_is_another_market():
    assert digest(lived("normal", 1, 3)[1]) != digest(lived("normal", 2, 3)[1])


def test_a_longer_run_begins_like_a_shorter_one():
    short, longer = lived("normal", 3, 4)[1], lived("normal", 3, 6)[1]
    until = agents.START_TS + 3_900_000
    assert np.array_equal(short[short["ts"] < until], longer[longer["ts"] < until])


def test_a_thin_tape_is_the_same_market_without_its_depth(calm):
    _, thin, _ = lived("normal", 5, 60, options=Options(thin=True))
    whole = calm[1]
    assert np.array_equal(thin, whole[~np.isin(whole["kind"], (Kind.BOOK, Kind.BOOK_CLEAR))])


def test_how_much_is_told_changes_nothing_that_happens(calm):
    run, slow, _ = lived("normal", 5, 60, options=Options(book_ms=500, touch_ms=50, far_ms=5_000))
    whole = calm[1]
    for name in ("exch_ts", "seq", "px", "qty", "side"):
        assert np.array_equal(of(slow, Kind.TRADE)[name], of(whole, Kind.TRADE)[name])
    assert len(of(slow, Kind.BOOK)) < 0.8 * len(of(whole, Kind.BOOK))
    assert np.diff(of(slow, Kind.TOUCH)["exch_ts"][::2]).min() >= 50_000
    check = BookCheck(Market.PERP)
    check.add(slow)
    assert check.crossed == 0
    for s, side in enumerate((1, -1)):
        assert np.array_equal(check.levels(side), run.levels(Market.PERP, s))


def test_rows_come_in_order_and_messages_whole(calm):
    rows = calm[1]
    assert (np.diff(rows["ts"]) >= 0).all()
    for market in (Market.PERP, Market.SPOT):
        for kind in (Kind.BOOK, Kind.TOUCH):
            mine = of(rows, kind, market=market)
            ends = np.flatnonzero(mine["flags"] & Flag.LAST)
            assert ends[-1] == len(mine) - 1
            starts = np.r_[0, ends[:-1] + 1]
            assert (mine["ts"][starts] == mine["ts"][ends]).all()
    timed = rows[(rows["exch_ts"] > 0) & (rows["kind"] != Kind.LIQUIDATION)]
    assert (timed["ts"] > timed["exch_ts"]).all()
    assert (of(rows, Kind.TOUCH, market=Market.SPOT)["exch_ts"] == 0).all(), "spot's touch has no matching time"


@pytest.mark.parametrize("market", [Market.PERP, Market.SPOT])
def test_the_book_never_crosses_and_ends_as_the_markets_own(calm, market):
    run, rows, _ = calm
    check = BookCheck(market)
    check.add(rows)
    assert check.known
    assert check.crossed == 0
    for s, side in enumerate((1, -1)):
        assert np.array_equal(check.levels(side), run.levels(market, s))
    touch = of(rows, Kind.TOUCH, market=market)
    assert (touch["px"][::2] < touch["px"][1::2]).all()


def test_a_trade_meets_what_was_displayed_strictly_before_it(calm):
    rows = calm[1]
    touches, trades = of(rows, Kind.TOUCH), of(rows, Kind.TRADE)
    assert (np.diff(trades["seq"]) == 1).all()
    for side, shown in ((1, touches[1::2]), (-1, touches[::2])):
        mine = trades[trades["side"] == side]
        at = np.searchsorted(shown["exch_ts"], mine["exch_ts"]) - 1
        known = at >= 0
        assert ((mine["px"][known] - shown["px"][at[known]]) * side >= 0).all(), "nobody trades inside the spread"


def test_it_has_the_orders_of_magnitude_of_the_recording(calm):
    rows = calm[1]
    live = rows[(rows["flags"] & Flag.SNAPSHOT) == 0]
    assert len(live) / 60 > 1_500
    assert 0.02 < np.count_nonzero(live["kind"] == Kind.TRADE) / len(live) < 0.08
    _, spread = each_second(rows)
    assert np.mean(spread == 1) > 0.85


def test_the_exchange_tells_its_numbers_on_time(calm):
    rows = calm[1]
    for kind in (Kind.MARK, Kind.INDEX, Kind.FUNDING):
        assert len(of(rows, kind)) == 60
    interest = of(rows, Kind.OPEN_INTEREST)
    pauses = np.diff(interest["exch_ts"])
    assert pauses.min() >= 3_000_000
    assert pauses.max() <= 5_000_000
    assert len(of(rows, Kind.VOLUME_24H)) == 6
    assert of(rows, Kind.FUNDING_INTERVAL)["qty"].tolist() == [marks.FUNDING_EVERY_US]
    mark, index = of(rows, Kind.MARK)["px"], of(rows, Kind.INDEX)["px"]
    assert np.abs(mark / index - 1).max() < 0.001


def test_funding_is_settled_at_its_time():
    _, rows, _ = lived("quiet-night", 2, 910, options=Options(thin=True))
    settled = of(rows, Kind.FUNDING_SETTLED)
    assert settled["exch_ts"].tolist() == [agents.START_TS + 900_000_000]
    before = of(rows, Kind.FUNDING)
    assert settled["px"][0] == before["px"][before["exch_ts"] == settled["exch_ts"][0]][0]
    assert (before["qty"] > before["exch_ts"]).all()


def holds(run):
    """Say whether all positions add up: net to nothing, gross to twice the open interest."""
    n, lots = run.state.n, run.state.accounts[:, lo.LOTS]
    pools = [int(n[pool]) for pool in (lo.POOL_TAKERS, lo.POOL_RESTING, lo.POOL_ARBITRAGE)]
    gross = int(np.abs(lots).sum()) + sum(abs(pool) for pool in pools)
    return lots.sum() + sum(pools) == 0 and gross == 2 * marks.open_interest(n) and n[lo.GROSS] == np.abs(lots).sum()


def test_lots_are_neither_made_nor_lost(broken):
    _, (run, rows, who) = broken
    assert holds(run)
    forced = rows[who == LIQUIDATION]
    assert forced["qty"].sum() == run.state.n[lo.FORCED_LOTS] == run.state.n[lo.CLOSED_LOTS]
    open_ = run.state.accounts[:, lo.LOTS] != 0
    assert np.count_nonzero(open_) + run.state.n[lo.FREE] == lo.ACCOUNTS
    assert ((who > 0) == (rows["kind"] == Kind.TRADE)).all()


def test_a_crowd_that_is_reached_breaks(broken):
    name, (run, rows, who) = broken
    side = -1 if name == "long-cascade" else 1
    forced = rows[who == LIQUIDATION]
    assert forced["qty"].sum() > 500_000, "hundreds of coins are forced"
    assert np.mean(forced["side"] == side) > 0.99
    news = int(run.plan[0, 0] - run.first_ms) // 1_000
    mid, spread = each_second(rows)
    leg = (mid[news : news + 120] / mid[news] - 1) * side * 1e4
    told = abs(int(run.plan[0, 2]) / mid[news] - 1) * 1e4
    assert leg.max() > 1.25 * told, "the price went farther than the news"
    assert leg[-1] < leg.max() - 20, "and came back a part of the way"
    assert spread[news : news + 120].max() > 50 * np.median(spread[:news])
    end = int(forced["exch_ts"][-1] - agents.START_TS) // 1_000_000
    assert np.median(spread[end + 45 :]) <= 2, "the book formed again"
    interest = of(rows, Kind.OPEN_INTEREST)
    at = np.searchsorted(interest["exch_ts"], [forced["exch_ts"][0], forced["exch_ts"][-1]])
    flush = interest["qty"][at[0] - 1] - interest["qty"][at[1]]
    assert flush > 0.6 * forced["qty"].sum(), "open interest fell by about what was closed"


def test_liquidations_are_told_at_most_once_a_second(broken):
    name, (_, rows, _) = broken
    told = of(rows, Kind.LIQUIDATION)
    assert len(told) > 10
    assert np.diff(told["ts"]).min() > 900_000
    assert np.diff(told["exch_ts"]).min() > 0
    assert (told["side"] == (-1 if name == "long-cascade" else 1)).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_an_informed_selloff_falls_as_far_and_forces_nobody(seed):
    run, rows, who = lived("informed-selloff", seed, BREAKING_S)
    mid, _ = each_second(rows)
    news = int(run.plan[0, 0] - run.first_ms) // 1_000
    assert mid[news:].min() / mid[news] - 1 < -0.010
    assert not (who == LIQUIDATION).any()
    assert not len(of(rows, Kind.LIQUIDATION))
    interest = of(rows, Kind.OPEN_INTEREST)["qty"]
    assert interest[-1] > 0.99 * interest[0]
    assert holds(run)


def test_a_quiet_night_is_quiet():
    run, rows, who = lived("quiet-night", 1, 300)
    mid, spread = each_second(rows)
    assert not (who == LIQUIDATION).any()
    assert np.ptp(mid) / mid[0] < 0.006
    assert np.mean(spread == 1) > 0.95
    assert len(of(rows, Kind.TRADE)) < 0.6 * len(of(lived("normal", 1, 300)[1], Kind.TRADE))


def test_a_line_goes_down_with_a_gap_and_comes_back_with_a_snapshot():
    _, rows, _ = lived("gap-and-reconnect", 1, 1_000)
    for down in scenarios.named("gap-and-reconnect").downs:
        start = agents.START_TS + 1_000_000 * down.start_s
        until = start + 1_000_000 * down.lasts_s
        mine = rows[rows["market"] == down.market]
        gap = mine[(mine["kind"] == Kind.GAP) & (mine["exch_ts"] == start)]
        assert gap["px"].tolist() == [down.cause]
        assert gap["qty"].tolist() == [down.scope]
        silent = mine[(mine["exch_ts"] > start) & (mine["exch_ts"] < until)]
        assert not np.isin(silent["kind"], (Kind.BOOK, Kind.BOOK_CLEAR)).any()
        assert (len(silent) > 0) == (down.cause == GapCause.CHAIN_BREAK), "only a lost connection silences everything"
        fresh = mine[mine["exch_ts"] >= until]
        fresh = fresh[np.isin(fresh["kind"], (Kind.BOOK, Kind.BOOK_CLEAR))]
        assert fresh["kind"][0] == Kind.BOOK_CLEAR
        assert fresh["flags"][0] & Flag.SNAPSHOT
    for market in (Market.PERP, Market.SPOT):
        check = BookCheck(market)
        check.add(rows)
        assert check.known
        assert check.crossed == 0


@pytest.mark.parametrize(
    ("seed", "seconds", "options"), [(1, 0, None), (-1, 5, None), (2**40, 5, None), (1, 5, (1, 0))]
)
def test_what_cannot_be_simulated_is_refused(seed, seconds, options):
    with pytest.raises(InputError):
        Run(scenarios.NORMAL, seed, seconds, Options(*options) if options else None)


def test_an_unknown_scenario_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match="long-cascade"):
        scenarios.named("moon")
