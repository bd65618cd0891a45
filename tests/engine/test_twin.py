"""The core and its plain twin say the same of every tape: each table, each field, to the bit (see twin.APPROXIMATE).

The tapes have gaps, crossed input, one-sided books, zero depth, prices of 25 and of 10^10 ticks, clock jumps, panics; the
parameters are drawn as well: fill rules, queue models, levels, policies, both exhaustion rules.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as hs

from lobterm.engine.rows import (
    TABLES,
    AlphaValid,
    Condition,
    FadeWhy,
    FillRule,
    Label,
    LabelValid,
    Leg,
    Marked,
    QuoteAct,
    QuoteWhy,
    Regime,
    Source,
    Strategy,
    Why,
)
from tests.engine import twin as tw
from tests.engine.tapes import CENTROIDS, PERP, ROLES, assorted, drawn, lively, run, values

MODELS = [(CENTROIDS.tolist(), ROLES.tolist())]
SEEDS = hs.integers(0, 10**12)
SLOW = {"suppress_health_check": [HealthCheck.too_slow]}


def assert_same(events, params, model=True):
    _, rows = run(events, params, model=model)
    twin = tw.run(PERP, params, events, MODELS if model else ())
    for name in TABLES:
        assert tw.first_difference(name, rows[name], twin.rows[name]) is None
    return rows


def all_of(flags):
    return sum(int(flag) for flag in flags)


def test_long_tapes_on_which_everything_happens():
    runs = [
        (lively(1, 5_000, offset=1_270_000), values()),
        (lively(2, 5_000, lacking=("liquidation",)), values(EXHAUSTION_RULE=1, CRASH_FILTER=2, CRASH_SIGMAS=0.3)),
        (lively(3, 4_000, lacking=("liquidation", "interest")), values(T_MAX_S=0.7, Z_PI_MAX=5.0, LEVELS=3, WIDEN=1)),
        (lively(4, 4_000, offset=-40_000), values(FILL_RULE=2, STOP_SIGMAS=0.05, Z_PI_MAX=5.0, PULL_TANH=0.2)),
        (lively(5, 3_000), values(MAX_SPREAD_BPS=3.0, FADE_ENABLED=0, QUEUE_MODEL=2)),
        (lively(6, 3_000, warm=True), values(Z_PI_MAX=1.0, LPI_HI=0.5, TARGET_BPS=0.5, LPI_EXIT=-3.0)),
        (lively(1, 2_500), values(W_MAX=1e-9)),
        (lively(8, 1_500, often={"order": 120}), values(MAX_ACTIONS=3)),
        (lively(7, 3_000, account=True), values(Z_PI_MAX=9.0)),
        (lively(12, 3_000, account=True, offset=30_000), values(STOP_SIGMAS=0.5)),
        (lively(2, 2_500), values(Z_PI_MAX=9.0, T_MAX_S=0.15, STOP_SIGMAS=1e5, TARGET_BPS=1e4, LPI_EXIT=-0.2)),
    ]
    tables = [assert_same(*each) for each in runs]
    rows = {name: np.concatenate([table[name] for table in tables]) for name in TABLES}

    def seen(name, column):
        return set(rows[name][column].tolist())

    assert all(len(rows[name]) for name in TABLES)
    assert seen("labels", "label") >= {Label.PASSIVE, Label.OPPORTUNISTIC, Label.DIRECTIONAL, Label.UNCLASSIFIED}
    assert seen("labels", "why") >= {Why.NONE, Why.NO_BOOK, Why.NO_CLOCK, Why.WARM_UP}
    assert seen("alpha", "state_sell") == seen("alpha", "state_buy") == set(Regime)
    assert seen("alpha", "source") == set(Source)
    assert seen("triggers", "why") == set(FadeWhy)
    assert seen("triggers", "side") == seen("triggers", "direction") - {0} == {1, -1}
    assert seen("quotes", "act") == set(QuoteAct)
    assert seen("quotes", "why") == set(QuoteWhy)
    assert seen("quotes", "strategy") == seen("fills", "strategy") == set(Strategy)
    assert seen("fills", "rule") == set(FillRule)
    assert seen("markouts", "what") == set(Marked)
    assert np.bitwise_or.reduce(rows["labels"]["valid"]) == all_of(LabelValid)
    assert np.bitwise_or.reduce(rows["alpha"]["valid"]) == all_of(AlphaValid)
    assert np.bitwise_or.reduce(rows["alpha"]["legs_sell"]) == all_of(Leg)
    assert np.bitwise_or.reduce(rows["alpha"]["exhaustion_buy"]) == all_of(Condition)
    assert (rows["fills"]["slip2"] < 0).any(), "a taker walked beyond the touch"
    assert np.bitwise_or.reduce(rows["markouts"]["valid"]) & 0b11111 == 0b11111


def test_every_markout_of_a_quiet_market_is_known():
    params = values(MAX_SILENCE_US=3_600_000_000)
    assert len(assert_same(lively(8, 1_500, trouble=False), params)["markouts"]) == 0, "two minutes have not passed"
    rows = assert_same(lively(8, 1_500, trouble=False, end=True), params)
    assert (rows["markouts"]["valid"] == 0b111111).mean() > 0.9, "but for the moments when the book is crossed"


def test_without_a_model_nothing_is_labelled_or_quoted():
    rows = assert_same(lively(2, 2_000), values(), model=False)
    assert (rows["labels"]["label"] == Label.UNCLASSIFIED).all()
    assert (rows["quotes"]["strategy"] != Strategy.MAKER).all()


def test_a_tape_of_touches_alone_is_filled_at_its_touch():
    rows = assert_same(lively(9, 2_000, depth=False), values())
    assert (rows["labels"]["why"] == Why.NO_BOOK).all(), "features need depth"
    takers = rows["fills"][rows["fills"]["rule"] == FillRule.TAKER]
    assert len(takers)
    assert (takers["px"] == takers["print_px"]).all()


@settings(max_examples=100, **SLOW)
@given(seed=SEEDS, n=hs.integers(1, 400))
def test_core_equals_twin(seed, n):
    assert_same(assorted(seed, n), drawn(seed))


@pytest.mark.long
@settings(max_examples=10_000, **SLOW)
@given(seed=SEEDS, n=hs.integers(1, 900))
def test_core_equals_twin_at_length(seed, n):
    assert_same(assorted(seed, n), drawn(seed))
