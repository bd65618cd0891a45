"""Worked examples of groups accumulator, quote, features and kmeans: numbers from the methods dossier, not from our code."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lobterm.engine import asof, clusters, fair_value, features, rolling, signals
from lobterm.engine import params as pm
from lobterm.engine import touch as tc

PHI_OPPORTUNISTIC, PHI_DIRECTIONAL = 2, 1


def values(**overrides: float) -> np.ndarray:
    vector = pm.defaults()
    for key, value in overrides.items():
        vector[getattr(pm, key)] = value
    return vector


def run_trades(events, params, times_s):
    """Feed (t, size, side, phi) and return (skew, hazard) of the traditional mapping at each asked time."""
    sums, both = np.zeros(signals.SUMS_SIZE), np.zeros(signals.READ_SIZE)
    seen = []
    for t, size, side, phi in events:
        if phi in (PHI_OPPORTUNISTIC, PHI_DIRECTIONAL):
            signals.add(sums, round(t * 1e6), side * size, phi == PHI_OPPORTUNISTIC, params)
        signals.read(sums, round(t * 1e6), params, both)
        seen.append((both[signals.SKEW_TRADITIONAL], both[signals.HAZARD_TRADITIONAL]))
    for t in times_s:
        signals.read(sums, round(t * 1e6), params, both)
        seen.append((both[signals.SKEW_TRADITIONAL], both[signals.HAZARD_TRADITIONAL]))
    return seen


EVENTS = [
    (0.0, 2.0, 1, 2),
    (5.0, 1.0, -1, 2),
    (15.0, 3.0, 1, 2),
    (20.0, 4.0, -1, 1),
    (20.0, 0.5, 1, 0),
    (27.5, 1.25, -1, 2),
]


@pytest.mark.parametrize(
    ("decay", "rows"),
    [
        (
            1.0,  # acc.time_constant.trad
            [
                (2.0, 0.0),
                (0.21306131942526685, 0.0),
                (3.0783808791254175, 0.0),
                (1.867132385462696, 4.0),
                (1.867132385462696, 4.0),
                (-0.3680291115678789, 1.8894662109640588),
                (-0.28662136028213747, 1.4715177646857693),
            ],
        ),
        (
            0.0,  # acc.half_life.trad
            [
                (2.0, 0.0),
                (0.41421356237309515, 0.0),
                (3.2071067811865475, 0.0),
                (2.267766952966369, 4.0),
                (2.267766952966369, 4.0),
                (0.09842229781782352, 2.378414230005442),
                (0.08276295741604128, 1.9999999999999998),
            ],
        ),
    ],
)
def test_accumulators_decay_on_every_event_and_on_read(decay, rows):
    assert run_trades(EVENTS, values(DECAY=decay), [30.0]) == [pytest.approx(row, rel=1e-12, abs=1e-12) for row in rows]


def test_a_late_trade_does_not_turn_the_clock_back():  # acc.order
    got = run_trades([(0, 1.0, 1, 2), (10, 1.0, 1, 2), (7, 1.0, 1, 2), (20, 0.0, 1, 0)], values(DECAY=1.0), [])
    assert [skew for skew, _ in got] == pytest.approx(
        [1.0, 1.3678794411714423, 2.3678794411714423, 0.8710941655794974], rel=1e-12
    )


@pytest.mark.parametrize(
    ("time_constant", "factors"),
    [
        (True, [0.9048374180359595, 0.6065306597126334, 0.36787944117144233, 0.0024787521766663585]),
        (False, [0.9330329915368074, 0.7071067811865476, 0.5, 0.015625]),
    ],
)
def test_decay_factors(time_constant, factors):  # acc.factors
    got = [signals.decay(dt * 1e6, 10.0, time_constant) for dt in (1, 5, 10, 60)]
    assert got == pytest.approx(factors, rel=1e-12)


def test_the_half_life_of_a_ten_second_time_constant():  # acc.factors
    assert signals.decay(6.931471805599453e6, 10.0, True) == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "ewma", "norm"),
    [
        (1, 0.99905, 49.9525),
        (100, 0.9095525397580232, 45.47762698790116),
        (1000, 0.3993106535324116, 19.96553267662058),
        (3000, 0.09722677429812927, 4.861338714906464),
        (5000, 0.056385056361870176, 2.8192528180935086),
    ],
)
def test_the_public_size_normaliser_and_its_warm_up_bias(n, ewma, norm):  # acc.norm
    params, sums = values(NORM_A=0.001, NORM_START=1.0, NORM_WARM=1.0, NORM_SCALE=50.0), np.zeros(signals.SUMS_SIZE)
    for _ in range(n):
        signals.see_size(sums, 0.05, params)
    assert sums[signals.SIZE_EWMA] == pytest.approx(ewma, rel=1e-12)
    assert signals.normaliser(sums, params) == pytest.approx(norm, rel=1e-12)


def test_our_size_normaliser_has_no_warm_up_bias_and_is_not_ready_until_warm():
    params, sums = values(NORM_WARM=3.0), np.zeros(signals.SUMS_SIZE)
    seen = []
    for _ in range(4):
        signals.see_size(sums, 0.05, params)
        seen.append(signals.normaliser(sums, params))
    assert seen == [0.0, 0.0, pytest.approx(50 * 0.05), pytest.approx(50 * 0.05)]


def lcg_tape(n: int):
    """The dossier's 1000-trade tape: a linear congruential generator anyone can write."""
    x, t_ms, rows = 12345, 0, []
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        t_ms += x % 400
        rows.append((t_ms / 1000, ((x >> 8) % 1000 + 1) / 1000, 1 if x >> 20 & 1 else -1, (x >> 24) % 3))
    return rows


def test_a_thousand_trades():  # acc.lcg.time_constant
    tape = lcg_tape(1000)
    assert tape[:3] == [(0.068, 0.301, 1, 2), (0.135, 0.627, 1, 1), (0.509, 0.643, -1, 1)]
    seen = run_trades(tape, values(DECAY=1.0), [])
    skews, hazards = [skew for skew, _ in seen], [hazard for _, hazard in seen]
    assert tape[-1][0] == 200.932
    assert (skews[-1], hazards[-1]) == pytest.approx((1.3079763151873272, 7.26557811836745), rel=1e-9)
    assert skews[499] == pytest.approx(-0.12507117226465148, abs=1e-9)
    assert max(map(abs, skews)) == pytest.approx(3.9198932642612294, rel=1e-9)
    assert max(hazards) == pytest.approx(10.367092572899963, rel=1e-9)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(
    ("skew", "hazard", "q", "q_target", "expected"),
    [
        (0.0, 0.0, 0.0, 0.0, (60000.0, 60000.0, 12.0, 59994.0, 60006.0)),  # quote.flat
        (8.0, 0.1, 0.0, 0.0, (60003.32018385134, 60003.32018385134, 12.0, 59997.32018385134, 60009.32018385134)),
        (0.0, 0.7, 0.0, 0.0, (60000.0, 60000.0, 41.99999999999999, 59979.0, 60021.0)),  # quote.toxic
        (0.0, 0.0, 3.0, 1.0, (60000.0, 59999.0, 12.0, 59993.0, 60005.0)),  # quote.long
    ],
)
def test_quotes(dynamic, skew, hazard, q, q_target, expected):
    x = 0.1 * skew
    p_micro = fair_value.skewed(60000.0, x, 5.0)
    p_final = fair_value.with_inventory(p_micro, fair_value.theta_effective(0.5, x, dynamic), q, q_target)
    width = fair_value.width(12.0, 5.0, hazard, 0.2)
    got = (p_micro, p_final, width, p_final - width / 2, p_final + width / 2)
    assert got == pytest.approx(expected, rel=1e-9)


def test_a_saturated_signal_with_static_theta():  # quote.sat.static
    p_micro = fair_value.skewed(60000.0, 1e5, 5.0)
    theta = fair_value.theta_effective(0.5, 1e5, False)
    assert (p_micro, fair_value.with_inventory(p_micro, theta, 10.0, 0.0)) == (60005.0, 60000.0)


def test_dynamic_theta_relaxes_with_confidence():  # quote.buy.dynamic
    assert fair_value.theta_effective(0.5, 0.8, True) == pytest.approx(0.16798161486607543, rel=1e-9)


@pytest.mark.parametrize("nearest", [False, True])
def test_the_public_parameters_in_ticks(nearest):  # quote.repo0
    out = np.zeros(2, np.int64)
    mid_ticks = 600_000.0
    fair = fair_value.with_inventory(fair_value.skewed(mid_ticks, 0.0, 50.0), 2.0, 0.0, 0.0)
    width = fair_value.width(2e-4 * mid_ticks, 5.0, 0.0, 0.2)
    fair_value.to_ticks(fair, width, nearest, out)
    assert (fair, width / 2) == pytest.approx((600_000.0, 60.0), rel=1e-9)
    assert out.tolist() == [599_940, 600_060]


def test_a_flat_quote_never_reaches_the_touch_with_the_public_parameters():  # quote.maxskew
    best_skew = fair_value.skewed(60000.0, 1e9, 5.0) - 60000.0
    half_width = fair_value.width(2e-4 * 60000.0, 5.0, 0.0, 0.2) / 2
    assert (best_skew, half_width, best_skew - half_width) == pytest.approx((5.0, 6.0, -1.0), rel=1e-12)
    assert best_skew - half_width < -0.05


BIDS = [(59999.9, 4.0), (59999.8, 1.0), (59999.7, 2.0), (59999.5, 0.5), (59999.0, 6.0), (59998.0, 9.0)]
ASKS = [(60000.0, 1.5), (60000.1, 0.5), (60000.2, 0.25), (60000.4, 1.0), (60000.5, 0.75), (60001.0, 8.0)]


def test_trade_features():  # feat.buy
    lot, state = 0.001, np.zeros(asof.STATE_SIZE, np.int64)
    state[tc.BID], state[tc.BID_QTY], state[tc.ASK], state[tc.ASK_QTY] = 599_999, 4000, 600_000, 1500
    state[tc.BID_DEPTH] = round(sum(q for _, q in BIDS[:5]) / lot)
    state[tc.ASK_DEPTH] = round(sum(q for _, q in ASKS[:5]) / lot)
    state[asof.MID_MOVED], state[asof.BID_MOVED], state[asof.ASK_MOVED] = 9_400_000, 7_000_000, 9_400_000
    out = np.zeros(features.N_FEATURES)
    assert features.compute(state, 1, 750, 10_000_000, lot, out)
    expected = [0.13636363636363635, 1.6094379124341003, 2.6741486494265287, 1.0, 600_000.0, 600_000.0]
    assert out == pytest.approx(expected, rel=1e-9)


def test_the_bound_of_a_rolling_z():  # feat.zbound
    window, cursor = np.zeros((1, 100)), np.zeros(3, np.int64)
    x, z = np.zeros(1), np.zeros(1)
    for _ in range(99):
        assert rolling.update(window, cursor, x, z) == rolling.WARM_UP
    x[0] = 1.0
    assert rolling.update(window, cursor, x, z) == rolling.READY
    assert z[0] == pytest.approx(9.899999999999999, rel=1e-12)
    assert z[0] <= 9.9


def test_spread_in_bps_would_be_minus_the_price():  # feat.spreadleak
    mids = [60000.0, 60000.1, 60000.3, 60000.2, 60000.5, 60000.4, 60000.7, 60000.9, 60000.8, 60001.2]
    window, cursor = np.zeros((2, 10)), np.zeros(4, np.int64)
    x, z = np.zeros(2), np.zeros(2)
    for mid in mids:
        x[:] = 0.1 / mid * 1e4, mid
        last = rolling.update(window, cursor, x, z)
    assert last == rolling.READY
    assert z == pytest.approx([-1.7955819020351098, 1.7955927987044127], rel=1e-6)


CENTROIDS = np.array([[0.0, -0.12, 1.66], [1.35, -1.25, -0.6], [-0.75, 0.81, -0.89]])


@pytest.mark.parametrize(("point", "cluster"), [((1.0, -1.0, 0.0), 1), ((-0.5, 0.5, -1.0), 2), ((0.0, 0.0, 2.0), 0)])
def test_nearest_centroid(point, cluster):  # km.assign0-2
    assert clusters.nearest(CENTROIDS[None], 0, np.array(point)) == cluster


def test_ties_go_to_the_lowest_id():
    assert clusters.nearest(np.array([[[1.0], [-1.0], [1.0]]]), 0, np.array([0.0])) == 0


def test_half_life_is_the_default():
    assert pm.BY_KEY["signals.decay"].choices[int(pm.defaults()[pm.DECAY])] == "half_life"
    assert math.isclose(signals.decay(10e6, pm.defaults()[pm.TAU_S], False), 0.5)
