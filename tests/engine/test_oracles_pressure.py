"""Worked examples of groups lpi, microprice, ewma, liquidation, fill, queue and markout: the dossier's numbers, not ours."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lobterm.engine import book as bk
from lobterm.engine import ewma, exhaustion, fade, markouts, microprice, pressure, queueing, regime
from lobterm.engine import params as pm
from lobterm.engine.rows import HORIZONS_US, MARKOUT, Condition, FillRule, Leg, QuoteWhy, Regime
from lobterm.events import EVENT, Flag, Kind
from tests.engine.tapes import START, run


def flow_of(trades, bid, ask, theta_bps):
    flow = np.zeros(pressure.FLOW_SIZE, np.int64)
    pressure.set_reference(flow, bid, ask, theta_bps)
    empty, cursor, before = np.zeros((4, 16), np.int64), np.zeros(2, np.int64), np.zeros(16, np.int64)
    flow[pressure.TRADES] = 1  # the reference is fixed already
    for side, px, qty in trades:
        pressure.see_trade(flow, empty, cursor, before, theta_bps, 0, side, px, qty)
    return flow


def test_impact_is_strictly_beyond_the_threshold_in_ticks():  # lpi.vimpact, lpi.vimpact.ticks
    trades = [(-1, 9999, 3), (-1, 9995, 10), (-1, 9990, 20), (1, 9994, 5), (-1, 9997, 2), (-1, 9980, 1)]
    flow = flow_of(trades, 10_000, 10_001, 3)
    assert flow[pressure.IMPACT_SELL] / 100 == pytest.approx(3097.3)
    assert flow[pressure.VOLUME] / 100 == pytest.approx(4096.91)
    firsts = [flow_of([], 600_000, 600_001, bps)[pressure.SELL_LIMIT] for bps in (2, 3, 5, 8)]
    assert firsts == [599_879, 599_819, 599_699, 599_519]


def test_impact_buys_are_the_mirror():  # lpi.vimpactbuy, in ticks of 0.01
    trades = [(1, 10_005, 4), (1, 10_003, 1), (1, 10_020, 2), (-1, 10_020, 9)]
    flow = flow_of(trades, 10_000, 10_001, 3)
    assert flow[pressure.IMPACT_BUY] / 100 == pytest.approx(600.6)
    assert flow[pressure.BUY_LIMIT] == 10_005


def test_amplifier_is_bounded():  # lpi.g
    found = [pressure.amplifier(flush, 500, 1.0) for flush in (-1e9, -500, 0, 250, 500, 1e9)]
    assert found == pytest.approx(
        [0.0, 0.23840584404423515, 1.0, 1.4621171572600098, 1.7615941559557649, 2.0], abs=1e-12
    )
    assert pm.BY_KEY["lpi.kappa"].low == 0
    assert pm.BY_KEY["lpi.kappa"].high == 1


def test_flush_is_positive_when_positions_close():  # lpi.doi
    oi, trend, now = np.zeros(4, np.int64), np.zeros(3), np.zeros(pressure.NOW_SIZE)
    window = pressure.od.new_window(16)
    ints, floats = np.stack([window.i] * 6), np.stack([window.f] * 6)
    times = np.zeros((6, 16), np.int64)
    for at, lots in ((0, 80_500), (5_000_000, 80_000)):
        pressure.see_oi(oi, trend, ints, floats, times, now, pm.defaults(), START + at, 0, lots)
    assert trend[pressure.OI_FLUSH] == 500


def test_liquidity_depletion():  # lpi.ldr
    assert pressure.ldr(0.02, 100.01, 50.0, 200.0) == pytest.approx(0.0007999200079992, rel=1e-12)


def test_band_depth_hangs_on_the_best_bid():  # lpi.depth
    book = bk.new_book()
    for px, qty in ((10_000, 5), (9_995, 7), (9_990, 11), (9_989, 100)):
        bk.set_level(book, 1, px, qty)
    assert 5 + bk.band(book, 1, 10_000, 10_000 - pressure.band_ticks(10_000, 10)) == 23


def test_impact_slope():  # lpi.pi
    assert pressure.impact_slope(100.0, 99.9, 4000.0, 1.0) == pytest.approx(2.5006256775391734e-07, abs=1e-15)
    assert pressure.impact_slope(100.0, 99.9, 0.0, 1.0) == pytest.approx(0.0010005003335834233, abs=1e-15)


def test_realised_variance():  # lpi.rv
    averages = np.zeros(pressure.AVERAGES_SIZE)
    for mid2 in (2000, 2002, 1998, 2000):
        pressure.sample_rv(averages, mid2)
    assert averages[pressure.RV_SUM] == pytest.approx(6.000004500002809e-06, abs=1e-15)


def test_composite():  # lpi.composite
    params = pm.defaults()
    weights = [params[pm.W_FSI], params[pm.W_LDR], params[pm.W_PI]]
    assert sum(w * z for w, z in zip(weights, (4.0, 2.0, 1.0), strict=True)) == pytest.approx(2.8, abs=1e-12)


LPI = [2.0, 3.8, 4.6, 4.2, 3.9, 3.5, 2.9, 3.4]
Z_LDR = [1.0, 2.0, 3.0, 2.8, 2.5, 2.0, 1.5, 1.7]
MID = [100.0, 99.8, 99.5, 99.4, 99.3, 99.2, 99.25, 99.1]
EXPECTED = [  # panic, rollover, oi, reform, divergence 3.1, divergence 8.4, E by 3.1, E by 8.4
    (0, 0, 1, 0, 0, 0, 0, 0),
    (1, 0, 1, 0, 0, 0, 0, 0),
    (1, 0, 1, 0, 0, 0, 0, 0),
    (1, 0, 1, 1, 0, 0, 0, 0),
    (1, 0, 1, 1, 0, 1, 0, 0),
    (1, 1, 1, 1, 1, 1, 1, 1),
    (0, 1, 1, 1, 1, 0, 0, 0),
    (1, 0, 1, 0, 1, 1, 0, 0),
]


def conditions(side, oi_known=True):
    history, cursor = np.zeros((exhaustion.HISTORY, exhaustion.TICK_SIZE)), np.zeros(2, np.int64)
    for lpi, z, mid in zip(LPI, Z_LDR, MID, strict=True):
        mid2 = round(200 * mid) if side == 0 else round(200 * (200 - mid))
        exhaustion.remember(history, cursor, lpi, lpi, z, z, mid2, 31)
        yield exhaustion.judge(history, cursor, side, 3, 4, 3.0, 2.0, oi_known, 1.5)


@pytest.mark.parametrize("side", [0, 1])
def test_exhaustion_tick_by_tick(side):  # lpi.exh, and its mirror
    for (true, sure), expected in zip(conditions(side), EXPECTED, strict=True):
        bits = [Condition(1 << i) for i in range(6)]
        assert tuple(int(bool(true & bit)) for bit in bits) == expected[:6]
        by_3_1, by_8_4 = (exhaustion.verdict(true, sure, rule)[0] & Condition.EXHAUSTED for rule in (False, True))
        assert (bool(by_3_1), bool(by_8_4)) == (bool(expected[6]), bool(expected[7]))


def test_without_open_interest_the_other_four_decide():
    *_, (true, sure), _, _ = conditions(0, oi_known=False)
    assert not sure & Condition.OI
    assert exhaustion.verdict(true, sure, False)[0] & Condition.EXHAUSTED


@pytest.mark.parametrize(
    ("z_oi", "z_fsi", "state"),
    [(1.6, 2.1, Regime.FORCED), (1.5, 2.1, Regime.INFORMED), (1.6, 2.0, Regime.INFORMED)],
)
def test_state(z_oi, z_fsi, state):  # lpi.state0-2: by the rule of 8.3, which has a liquidation feed
    legs = (Leg.FSI if z_fsi > 2.0 else 0) | (Leg.OI if z_oi > 1.5 else 0)
    assert regime.decide(int(legs), int(Leg.FSI | Leg.OI | Leg.LIQUIDATIONS)) == state


@pytest.mark.parametrize(
    ("lpi", "h", "w"), [(3.5, 0.24491866240370913, 0.6122966560092729), (3.0, 0.0, 0.0), (2.0, 0.0, 0.0)]
)
def test_size(lpi, h, w):  # lpi.size0, 1, 4: floored at 0
    assert fade.h(lpi, 3.0) == pytest.approx(h, abs=1e-12)
    assert fade.weight(1, 0.01, 0.004, lpi, 3.0) == pytest.approx(w, abs=1e-12)
    assert fade.direction(-0.002, True, 0) == 1


def test_exit_by_stop_first():  # lpi.exit
    why = [
        fade.exit_why(1, 100.0, mid, 0.001, 2.5, t, 120, lpi, True, 1.2, 1e9)
        for t, mid, lpi in ((10, 99.8, 2.0), (20, 99.74, 1.9))
    ]
    assert why == [0, QuoteWhy.STOP]
    assert fade.exit_why(1, 100.0, 99.0, 0.001, 2.5, 500, 120, 0.0, True, 1.2, 1e9) == QuoteWhy.STOP
    assert fade.exit_why(1, 100.0, 100.0, 0.001, 2.5, 120, 120, 0.0, True, 1.2, 1e9) == QuoteWhy.TIME
    assert fade.exit_why(1, 100.0, 100.0, 0.001, 2.5, 12, 120, 1.1, True, 1.2, 1e9) == QuoteWhy.LPI
    assert fade.exit_why(1, 100.0, 100.0, 0.001, 2.5, 12, 120, 1.1, False, 1.2, 1e9) == 0


def test_microprice():  # micro.simple
    assert microprice.weighted(100.0, 100.1, 9, 3) == pytest.approx(100.075, abs=1e-9)
    assert microprice.weighted(100.0, 100.1, 4, 4) == pytest.approx(100.05)
    assert microprice.weighted(100.0, 100.1, 4, 0) == pytest.approx(100.1)


def test_stoikov():  # micro.stoikov
    stay, move, after = [[0.5, 0.2], [0.2, 0.5]], [[0.22, 0.08], [0.08, 0.22]], [[0.2, 0.1], [0.1, 0.2]]
    found = microprice.stoikov(np.array(stay), np.array(move), np.array([-0.5, 0.5]), np.array(after))
    assert found == pytest.approx([-0.11666666666666663, 0.1166666666666667], abs=1e-9)


def test_irregular_averages():  # ewma.irr
    t, x, half_life = [0, 1, 1.5, 4, 10], [10, 12, 11, 20, 8], 3 * math.log(2)
    ends, before, line = [10.0], [10.0], [10.0]
    for i in range(1, 5):
        dt = t[i] - t[i - 1]
        u = ewma.kept(dt, half_life)
        ends.append(ewma.next_point(ends[-1], u, x[i]))
        before.append(ewma.previous_point(before[-1], u, x[i - 1]))
        line.append(ewma.linear(line[-1], u, x[i - 1], x[i], dt, half_life))
    assert ends == pytest.approx(
        [10, 10.56693737885242, 10.633420405465346, 15.929301288376285, 9.073114235730843], abs=1e-12
    )
    assert before == pytest.approx([10, 10.0, 10.307036550218772, 10.698839326164194, 18.741224785777188], abs=1e-12)
    assert line == pytest.approx(
        [10, 10.299187863442734, 10.481403259588431, 13.668279437555967, 12.331083104886876], abs=1e-12
    )


def test_a_throttled_feed_shows_few_liquidations():  # markout.liq
    found = [regime.visible_share(rate) for rate in (0.1, 1, 5, 20)]
    assert found == pytest.approx(
        [0.9516258196404048, 0.6321205588285577, 0.1986524106001829, 0.04999999989694232], abs=1e-12
    )


QUEUES = {
    (queueing.RISK_ADVERSE, 1): [10.0, 10.0, 8.0, 8.0, 5.0, 1.0],
    (queueing.POWER, 1): [
        10.0,
        7.142857142857142,
        5.142857142857142,
        5.142857142857142,
        3.214285714285714,
        -0.785714285714286,
    ],
    (queueing.POWER, 2): [
        10.0,
        6.551724137931035,
        4.551724137931035,
        4.551724137931035,
        2.6456564599847106,
        -1.3543435400152894,
    ],
    (queueing.POWER, 3): [
        10.0,
        6.2406015037593985,
        4.2406015037593985,
        4.2406015037593985,
        2.4725083078480834,
        -1.5274916921519166,
    ],
    (queueing.LOG, 1): [
        10.0,
        7.606492735233578,
        5.606492735233578,
        5.606492735233578,
        3.7851711572324747,
        -0.21482884276752534,
    ],
    (queueing.LOG_TOTAL, 1): [
        10.0,
        8.377264515671149,
        6.377264515671149,
        6.377264515671149,
        4.693767882286142,
        0.6937678822861422,
    ],
    (queueing.POWER_TOTAL, 2): [
        10.0,
        6.326530612244898,
        4.326530612244898,
        4.326530612244898,
        1.9590795501874223,
        -2.0409204498125777,
    ],
    (queueing.POWER_SHARE, 3): [
        10.0,
        8.542274052478135,
        6.542274052478135,
        6.542274052478135,
        4.901542645865585,
        0.9015426458655851,
    ],
}


@pytest.mark.parametrize(("model", "power"), QUEUES)
def test_queue_models(model, power):  # queue.models
    ahead, traded, seen = 10.0, 0.0, []
    for event in (("depth", 10, 14), ("depth", 14, 10), ("trade", 2), ("depth", 10, 8), ("depth", 8, 5), ("trade", 4)):
        if event[0] == "trade":
            ahead -= event[1]
            traded += event[1]
        else:
            ahead = queueing.after_level(model, power, ahead, traded, event[1], event[2])
            traded = 0.0
        seen.append(ahead)
    assert seen == pytest.approx(QUEUES[model, power], abs=1e-12)


def test_an_empty_level_has_a_queue():
    for model in range(6):
        assert math.isfinite(queueing.after_level(model, 2.5, 0.0, 0.0, 0, 0))
        assert math.isfinite(queueing.after_level(model, 2.5, -0.4, 0.0, 3, 1))
        assert math.isfinite(queueing.after_level(model, 2.5, 9.0, 0.0, 3, 1))


def resting_bid(rule, tape, order_px=998, ahead=3, qty=9):
    """Rest a bid of `qty` behind `ahead` lots at `order_px`, show it `tape` (side, px, qty), and return the FILL rows."""
    params = pm.defaults()
    params[pm.FILL_RULE], params[pm.ENABLED], params[pm.FADE_ENABLED] = rule, 0, 0
    params[pm.ORDER_LATENCY_US] = params[pm.CANCEL_LATENCY_US] = 0
    rows = [(START, START, 1, 0, 0, Kind.BOOK_CLEAR, 0, 0, Flag.SNAPSHOT)]
    rows += [(START, START, 1, 999 - i, 5 if i != 1 else ahead, Kind.BOOK, 1, 0, Flag.SNAPSHOT) for i in range(5)]
    rows.append((START, START, 1, 1000, 5, Kind.BOOK, -1, 0, Flag.SNAPSHOT | Flag.LAST))
    rows.append((START + 10, 0, 0, order_px, qty, Kind.ORDER, 1, 0, Flag.LAST))
    at = START + 1000
    for side, px, lots in tape:
        at += 1000
        rows.append((at, at, 2, px, lots, Kind.TRADE, side, 0, Flag.LAST))
    return run(np.array(rows, EVENT), params, model=False)[1]["fills"]


TAPE = [(-1, 999, 5), (-1, 998, 1), (1, 999, 2), (-1, 998, 4), (-1, 997, 1)]


@pytest.mark.parametrize(
    ("rule", "first", "reason"),
    [(0, 4, FillRule.THROUGH), (1, 3, FillRule.QUEUE), (2, 1, FillRule.TOUCH)],
)
def test_fill_rules(rule, first, reason):  # fill.rules
    fills = resting_bid(rule, TAPE)
    assert fills["ts"][0] == START + 1000 * (first + 2)
    assert fills["rule"][0] == reason
    assert fills["rule"][-1] == FillRule.THROUGH


def test_what_is_ahead_prints_first():
    fills = resting_bid(1, TAPE)
    # 3 ahead; 1 and then 4 print at our price: 2 are ours; then 1 prints through us
    assert fills["qty"].tolist() == [2, 1]
    assert fills["ahead"].tolist() == [2.0, 0.0]


def test_markouts():  # markout
    table, n_out = np.zeros(8, MARKOUT), np.zeros(1, np.int64)
    queue = np.zeros((markouts.WAITING, markouts.WAITING_SIZE), np.int64)
    cursor = np.zeros(markouts.CURSOR_SIZE, np.int64)
    mids = [(0, 100.05), (10.4, 100.02), (11, 99.98), (15, 100.1), (20.5, 100.25), (21, 100.4), (30, 100.0)]
    fills = [(10.0, 1, 100.0, 2), (20.0, -1, 100.3, 1)]
    seen, events = (
        0,
        sorted(
            [(t, 0, m) for t, m in mids] + [(t, 1, (side, px, qty)) for t, side, px, qty in fills], key=lambda e: e[0]
        ),
    )
    for t, kind, what in events:
        markouts.note(queue, cursor, round(t * 1e6), seen)
        if kind == 0:
            seen = round(what * 200)
        else:
            side, px, qty = what
            markouts.add(queue, cursor, table, n_out, 0, round(t * 1e6), 0, round(px * 200), qty, 1, side, 2, 0, 0)
    markouts.note(queue, cursor, 30_000_001, seen)
    markouts.note(queue, cursor, 400_000_000, 0)
    assert markouts.give_out(queue, cursor, table, n_out, 0)
    expected = {
        0: [2.0, 4.9850448654035056],
        1: [-2.0, -9.970089730808429],
        2: [-2.0, -9.970089730808429],
        3: [10.0, -9.970089730808429],
    }
    for h, bps in expected.items():
        row = table[:2]
        found = row["side"] * (row["mid2"][:, h] - row["ref2"]) / row["ref2"] * 1e4
        assert found == pytest.approx(bps, abs=1e-9), HORIZONS_US[h]
    # the mid was last seen at 30 s: what is due later is not known
    assert table["valid"][:2].tolist() == [0b001111, 0b001111]


def test_the_quote_that_was_live_before_the_trade_is_the_one_it_meets():  # fill.requote
    params = pm.defaults()
    params[pm.FILL_RULE], params[pm.ENABLED], params[pm.FADE_ENABLED] = 2, 0, 0
    params[pm.ORDER_LATENCY_US] = params[pm.CANCEL_LATENCY_US] = 10_000
    rows = [(START, START, 1, 0, 0, Kind.BOOK_CLEAR, 0, 0, Flag.SNAPSHOT)]
    rows.append((START, START, 1, 998, 5, Kind.BOOK, 1, 0, Flag.SNAPSHOT))
    rows.append((START, START, 1, 1000, 5, Kind.BOOK, -1, 0, Flag.SNAPSHOT | Flag.LAST))
    for ms in (0, 200, 400):
        at = START + 1000 * ms
        rows += [(at, 0, 0, 998, qty, Kind.ORDER, 1, 0, Flag.LAST) for qty in ((0, 50) if ms else (50,))]
    for ms in (0, 50, 150, 199, 200, 205, 211, 399, 400, 415):
        at = START + 1000 * ms
        rows.append((at, at, ms, 998, 1, Kind.TRADE, -1, 0, Flag.LAST))
    tape = np.array(rows, EVENT)
    fills = run(tape[np.argsort(tape["ts"], kind="stable")], params, model=False)[1]["fills"]
    live = dict(zip(fills["seq"].tolist(), (fills["order_id"] - 1).tolist(), strict=True))
    assert live == {50: 0, 150: 0, 199: 0, 200: 0, 205: 0, 211: 1, 399: 1, 400: 1, 415: 2}
