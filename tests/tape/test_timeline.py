"""A tape from afar: what was never known stays unknown, gaps begin where nothing more was known and end at the next tick."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine.rows import TABLES, AlphaValid, Regime
from lobterm.events import EVENT, Kind, Scope
from lobterm.tape import timeline as tl

FIRST, TICK = 1_000_000_000, 250_000
LAST = FIRST + 4_000 * TICK


def said(ticks=(), *, lpi=(), states=(), triggers=()):
    rows = {name: np.zeros(0, dtype) for name, dtype in TABLES.items()}
    alpha = np.zeros(len(ticks), TABLES["alpha"])
    alpha["ts"] = ticks
    for k, value in enumerate(lpi):
        if value is not None:
            alpha["lpi_sell"][k], alpha["valid"][k] = value, AlphaValid.LPI_SELL
    alpha["state_buy"][: len(states)] = states
    rows["alpha"] = alpha
    rows["triggers"] = np.zeros(len(triggers), TABLES["triggers"])
    rows["triggers"]["ts"] = triggers
    return rows


def events(last_ts, *gaps, scope=Scope.BOOK, market=0):
    rows = np.zeros(len(gaps) + 1, EVENT)
    rows["ts"] = [*gaps, last_ts]
    rows["kind"] = [Kind.GAP] * len(gaps) + [Kind.BOOK]
    rows["qty"], rows["market"] = scope, market
    return rows


def ticks(start, stop):
    return [FIRST + k * TICK for k in range(start, stop)]


def gaps_of(line):
    return [(gap.start_ts, gap.end_ts) for gap in line.overview(10).gaps]


@pytest.fixture
def line():
    return tl.Timeline(FIRST, LAST, 0)


def test_pressure_is_the_greatest_of_its_part_and_unknown_where_it_never_was(line):
    line.add(events(FIRST + 1_000 * TICK), said(ticks(1, 1_000), lpi=[-5.0, None, -7.0]), TICK)
    line.add(events(FIRST + 2_000 * TICK), said(ticks(1_000, 2_000), lpi=[None] * 510 + [3.0, 9.0]), TICK)
    seen = line.overview(8)
    assert seen.lpi_sell.tolist() == [-5.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0]
    assert seen.known_sell.tolist() == [True, False, False, True, False, False, False, False]
    assert not seen.known_buy.any()
    assert seen.ticked.tolist() == [True] * 4 + [False] * 4
    assert seen.indexed_ts == FIRST + 2_000 * TICK
    assert [seen.column(ts) for ts in (FIRST - 1, FIRST, FIRST + 1_999 * TICK, LAST, LAST + 9)] == [0, 0, 3, 7, 7]


def test_a_state_shows_if_it_held_for_a_single_tick(line):
    line.add(events(LAST), said(ticks(1, 4_000), states=[0] * 2_000 + [Regime.FORCED, Regime.INFORMED]), TICK)
    assert line.overview(4).state_buy.tolist() == [0, 0, Regime.FORCED, 0]
    assert line.overview(4).state_sell.tolist() == [0] * 4


@pytest.mark.parametrize("columns", [1, 7, 133, tl.BUCKETS])
def test_every_width_shows_the_same_extremes(line, columns):
    line.add(events(LAST), said(ticks(1, 4_001), lpi=range(4_000), triggers=[FIRST + 77 * TICK]), TICK)
    seen = line.overview(columns)
    assert len(seen.ticked) == columns
    assert seen.lpi_sell.max() == 3_999
    assert seen.column(LAST) == columns - 1
    assert seen.lpi_sell[seen.column(FIRST + 1_000 * TICK)] >= 999
    assert seen.triggers["ts"].tolist() == [FIRST + 77 * TICK]


def test_a_gap_begins_at_its_row_and_ends_at_the_next_tick(line):
    gap = FIRST + 10 * TICK + 77
    line.add(events(FIRST + 20 * TICK, gap), said(ticks(1, 11)), TICK)
    assert gaps_of(line) == [(gap, None)]
    line.add(events(FIRST + 30 * TICK), said(ticks(25, 30)), TICK)
    assert gaps_of(line) == [(gap, FIRST + 25 * TICK)]


def test_a_gap_shorter_than_a_tick_is_one_too(line):
    gap = FIRST + 10 * TICK + 77
    line.add(events(FIRST + 20 * TICK, gap, gap + 5), said(ticks(1, 20)), TICK)
    assert gaps_of(line) == [(gap, FIRST + 11 * TICK)]


def test_silence_is_a_gap_that_no_row_tells(line):
    line.add(events(FIRST + 9 * TICK), said(ticks(1, 9)), TICK)
    assert gaps_of(line) == []
    line.add(events(FIRST + 90 * TICK), said(), TICK)
    assert gaps_of(line) == [(FIRST + 8 * TICK, None)], "as long as it lasts"
    line.add(events(FIRST + 95 * TICK), said(ticks(92, 95)), TICK)
    assert gaps_of(line) == [(FIRST + 8 * TICK, FIRST + 92 * TICK)]


@pytest.mark.parametrize("other", [{"scope": Scope.OI}, {"scope": Scope.TRADES}, {"market": 1}])
def test_what_leaves_the_book_known_is_no_gap(line, other):
    line.add(events(FIRST + 20 * TICK, FIRST + 10 * TICK, **other), said(ticks(1, 20)), TICK)
    assert gaps_of(line) == []


def test_a_longer_tick_is_no_gap_and_a_shorter_one_not_either(line):
    line.add(events(FIRST + 9 * TICK), said(ticks(1, 9)), TICK)
    line.add(events(FIRST + 13 * TICK), said([FIRST + 10 * TICK, FIRST + 12 * TICK]), 2 * TICK)
    line.add(events(FIRST + 15 * TICK), said([FIRST + 14 * TICK, *ticks(15, 16)]), TICK)
    assert gaps_of(line) == []
