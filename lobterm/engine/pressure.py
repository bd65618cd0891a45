"""The liquidity pressure index: how violent the forced flow looks against the liquidity that is there.

What, each alpha tick, for sells and mirrored for buys: V_impact, notional of aggressors beyond theta of the touch as it was
before the matching time of the window's first trade; FSI = V_impact / (ADV x tick) x (1 + kappa tanh(flush / sigma)); LDR =
relative spread / (band depth / its average); Pi = |r| / (volume + floor); LPI = w1 z(FSI) + w2 z(LDR) + w3 z(Pi), robust z
over the last hours, the value itself included. RV is the sum of squared returns of sub-samples.
Seeds: 003 §2, §3.1 (RV); methods §1.6, §1.8 #11, #13, #14, #20, #21, §4.17.
Units: volumes in tick-lots, depth in lots, Pi in 1 / quote, averages decay with half-lives in s. Undefined is a cleared bit.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import asof as ao
from lobterm.engine import book as bk
from lobterm.engine import ewma as ew
from lobterm.engine import ordered as od
from lobterm.engine import params as pm
from lobterm.engine import robust
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import AlphaValid

VOLUME, NET, IMPACT_SELL, IMPACT_BUY, TRADES, REFERENCED, SELL_LIMIT, BUY_LIMIT, FRESH, BROKEN, PREVIOUS_MID2 = range(
    11
)
"""Fields of the flow since the last tick: tick-lots traded, bought less sold, of them impact sells and buys; trades; 1 if the
touch before the first is known; prices from which a print is impact; 1 before the first tick after a gap; 1 if trades were
lost; mid of the last tick, 0 unknown."""
FLOW_SIZE = 11

(
    ADV, ADV_UNSEEN, ADV_SEED, DEPTH_BID, DEPTH_ASK, DEPTH_UNSEEN, VARIANCE, VARIANCE_UNSEEN, RV_SUM, RV_N, RV_BROKEN,
    RV_MID2, NET_AVERAGE, GROSS_AVERAGE, GROSS_UNSEEN,
) = range(15)  # fmt: skip
"""Fields of the averages: traded tick-lots a second, weight of its unknown start, lots a second that the exchange gave for
24 h (0 none); band depths; variance of ln mid a second; the realised variance in hand; signed and total flow a second."""
AVERAGES_SIZE = 15

FSI_SELL, FSI_BUY, LDR_BID, LDR_ASK, PI, RV, SIGMA = range(7)
Z, LPI_SELL, LPI_BUY, Z_OI = 7, 12, 13, 14
"""Fields of what is known now: the values, their five z's, both indices, z of the open interest flush."""
NOW_SIZE = 15
WINDOWS = 6
OI_WINDOW = 5
"""Windows of robust statistics: the five values, and the open interest flush."""

CARRY_ADV, CARRY_DEPTH_BID, CARRY_DEPTH_ASK, CARRY_VARIANCE = range(WINDOWS, WINDOWS + 4)
"""What a SAMPLE row may carry over besides the windows' samples."""

OI_LAST, OI_AT, OI_EXCH, OI_READINGS = range(4)
OI_SMOOTH, OI_FLUSH, OI_FLUSHES = range(3)
"""Open interest: last reading in lots, local time of it, exchange time of it, readings since a gap; and smoothed lots, last
flush, 1 if it is known."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

V_FLOW, V_IMPACT, V_FSI, V_LDR, V_PI, V_RV, V_SIGMA = (
    int(bit)
    for bit in (
        AlphaValid.FLOW, AlphaValid.IMPACT, AlphaValid.FSI, AlphaValid.LDR, AlphaValid.PI, AlphaValid.RV, AlphaValid.SIGMA,
    )
)  # fmt: skip
V_Z = int(AlphaValid.Z_FSI_SELL)
V_LPI_SELL, V_LPI_BUY = int(AlphaValid.LPI_SELL), int(AlphaValid.LPI_BUY)
V_OI, V_OI_FLUSH, V_Z_OI = int(AlphaValid.OI), int(AlphaValid.OI_FLUSH), int(AlphaValid.Z_OI)
KNOWN_VALUE = np.array([V_FSI, V_FSI, V_LDR, V_LDR, V_PI], np.int64)


@kernel
def band_ticks(px: int, bps: float) -> int:
    """Return how many whole ticks `bps` of a price are, rounded down: exact in integers to 1e-4 bps."""
    share = round(bps * 1e4)
    # in two parts: the product of a large price and a wide band does not fit 64 bits
    return px // 100_000_000 * share + px % 100_000_000 * share // 100_000_000


@kernel
def amplifier(flush: float, sigma: float, kappa: float) -> float:
    """Return g = 1 + kappa tanh(flush / sigma), which lies between 1 - kappa and 1 + kappa."""
    return 1.0 + kappa * math.tanh(flush / sigma)


@kernel
def ldr(spread: float, mid: float, depth: float, average_depth: float) -> float:
    """Return relative spread over relative depth."""
    return (spread / mid) / (depth / average_depth)


@kernel
def impact_slope(mid_before: float, mid: float, volume: float, floor: float) -> float:
    """Return Pi: |log return| a unit of volume."""
    return abs(math.log(mid / mid_before)) / (volume + floor)


@kernel
def carry(averages: Floats, which: int, value: float) -> None:
    """Set an average as an earlier recording left it: its start is no longer unknown."""
    if which == CARRY_ADV:
        averages[ADV] = value
        averages[ADV_UNSEEN] = 0.0
    elif which == CARRY_DEPTH_BID or which == CARRY_DEPTH_ASK:
        averages[DEPTH_BID if which == CARRY_DEPTH_BID else DEPTH_ASK] = value
        averages[DEPTH_UNSEEN] = 0.0
    elif which == CARRY_VARIANCE:
        averages[VARIANCE] = value
        averages[VARIANCE_UNSEEN] = 0.0


@kernel
def begin_window(flow: Ints, keep_mid2: int) -> None:
    """Start counting anew."""
    for i in range(FLOW_SIZE):
        flow[i] = 0
    flow[PREVIOUS_MID2] = keep_mid2


@kernel
def break_off(flow: Ints, averages: Floats) -> None:
    """Forget what does not reach across a gap of the book."""
    begin_window(flow, 0)
    flow[FRESH] = 1
    averages[RV_SUM] = 0.0
    averages[RV_N] = 0.0
    averages[RV_BROKEN] = 1.0
    averages[RV_MID2] = 0.0


@kernel
def forget_oi(oi: Ints, trend: Floats) -> None:
    """Start the open interest anew: the next reading has nothing to be compared with."""
    oi[OI_READINGS] = 0
    trend[OI_FLUSHES] = 0.0


@kernel
def set_reference(flow: Ints, bid: int, ask: int, impact_bps: float) -> None:
    """Fix the prices from which a print of this window is impact, strictly beyond theta of the touch before it."""
    flow[REFERENCED] = 1
    flow[SELL_LIMIT] = bid - band_ticks(bid, impact_bps) - 1
    flow[BUY_LIMIT] = ask + band_ticks(ask, impact_bps) + 1


@kernel
def see_trade(
    flow: Ints, ring: Ints, cursor: Ints, before: Ints, impact_bps: float, exch_ts: int, side: int, px: int, qty: int
) -> None:
    """Count one trade. The first of a window fixes the touch that all of them are held against."""
    if flow[TRADES] == 0 and exch_ts and ao.before(ring, cursor, exch_ts, before) and before[ao.VALID]:
        set_reference(flow, before[tc.BID], before[tc.ASK], impact_bps)
    flow[TRADES] += 1
    value = px * qty
    flow[VOLUME] += value
    flow[NET] += side * value
    if flow[REFERENCED]:
        if side < 0 and px <= flow[SELL_LIMIT]:
            flow[IMPACT_SELL] += value
        elif side > 0 and px >= flow[BUY_LIMIT]:
            flow[IMPACT_BUY] += value


@kernel
def see_oi(
    oi: Ints, trend: Floats, ints: Ints, floats: Floats, times: Ints, now: Floats, params: Floats, ts: int,
    exch_ts: int, lots: int,
) -> None:  # fmt: skip
    """Take in a reading of the open interest; the same reading polled twice is one."""
    if lots <= 0 or (exch_ts and oi[OI_READINGS] and exch_ts <= oi[OI_EXCH]):
        return
    if oi[OI_READINGS]:
        dt_s = (ts - oi[OI_AT]) * 1e-6
        base = trend[OI_SMOOTH] if dt_s > params[pm.OI_SPARSE_S] else float(oi[OI_LAST])
        trend[OI_FLUSH] = base - lots
        trend[OI_FLUSHES] = 1.0
        window = od.Window(ints[OI_WINDOW], floats[OI_WINDOW])
        times[OI_WINDOW, window.i[od.OLDEST]] = ts
        od.push(window, trend[OI_FLUSH])
        now[Z_OI], known = robust.z(
            window, trend[OI_FLUSH], int(params[pm.MIN_SAMPLES]), params[pm.Z_CLAMP], params[pm.Z_EPS]
        )
        trend[OI_FLUSHES] = 2.0 if known else 1.0
        keep = ew.kept(dt_s, params[pm.OI_HALF_LIFE_S])
        trend[OI_SMOOTH] = ew.previous_point(trend[OI_SMOOTH], keep, float(oi[OI_LAST]))
    else:
        trend[OI_SMOOTH] = float(lots)
    oi[OI_LAST] = lots
    oi[OI_AT] = ts
    oi[OI_EXCH] = exch_ts
    oi[OI_READINGS] += 1


@kernel
def oi_known(oi: Ints, trend: Floats, params: Floats, due: int) -> int:
    """Return what of the open interest is known at `due`: V_OI, V_OI_FLUSH, V_Z_OI."""
    if oi[OI_READINGS] == 0 or due - oi[OI_AT] > params[pm.OI_MAX_AGE_S] * 1e6:
        return 0
    valid = V_OI
    if trend[OI_FLUSHES] >= 1.0:
        valid |= V_OI_FLUSH
    if trend[OI_FLUSHES] == 2.0:
        valid |= V_Z_OI
    return valid


@kernel
def sample_rv(averages: Floats, mid2: int) -> None:
    """Add a sub-sample of the mid (0 unknown) to the realised variance in hand."""
    if mid2 == 0:
        averages[RV_BROKEN] = 1.0
    elif averages[RV_MID2] > 0.0:
        r = math.log(mid2 / averages[RV_MID2])
        averages[RV_SUM] += r * r
        averages[RV_N] += 1.0
    averages[RV_MID2] = float(mid2)


@kernel
def note_rv(averages: Floats, rv_due: int, period: int, ts: int, mid2: int, known: bool) -> int:
    """Take the sub-samples due before `ts`, until when `mid2` was the mid. Return when the next one is due.

    From the second on they stand where the first stood: they count, and add nothing. Nothing is sampled while the book is
    not known.
    """
    if rv_due >= ts:
        return rv_due
    last = ts - 1 - (ts - 1) % period
    if known:
        sample_rv(averages, mid2)
    if known and last > rv_due and mid2 > 0:
        averages[RV_N] += 1.0
    return last + period


@kernel
def _average(averages: Floats, at: int, unseen_at: int, x: float, keep: float) -> float:
    """Fold `x` into a decaying average, and return it without the weight of its unknown start."""
    averages[at] = ew.next_point(averages[at], keep, x)
    return averages[at] / (1.0 - averages[unseen_at])


@kernel
def _flow_values(
    flow: Ints, averages: Floats, oi: Ints, trend: Floats, now: Floats, params: Floats, mid2: int, tick_s: float,
    oi_valid: int,
) -> int:  # fmt: skip
    """Fold the window's flow into its averages, and write FSI. Return what is known."""
    keep = ew.kept(tick_s, params[pm.ADV_HALF_LIFE_S])
    averages[ADV_UNSEEN] *= keep
    averages[ADV] = ew.next_point(averages[ADV], keep, flow[VOLUME] / tick_s)
    if averages[ADV_SEED] > 0.0 and mid2 > 0:
        adv = averages[ADV] + averages[ADV_UNSEEN] * averages[ADV_SEED] * (mid2 / 2.0)
    else:
        adv = averages[ADV] / (1.0 - averages[ADV_UNSEEN])
    keep = ew.kept(tick_s, params[pm.FLOW_HALF_LIFE_S])
    averages[GROSS_UNSEEN] *= keep
    averages[NET_AVERAGE] = ew.next_point(averages[NET_AVERAGE], keep, float(flow[NET]))
    averages[GROSS_AVERAGE] = ew.next_point(averages[GROSS_AVERAGE], keep, float(flow[VOLUME]))
    valid = V_FLOW
    if flow[TRADES] == 0 or flow[REFERENCED]:
        valid |= V_IMPACT
        if adv > 0.0:
            g = 1.0
            if oi_valid & V_OI_FLUSH:
                g = amplifier(trend[OI_FLUSH], params[pm.SIGMA_OI_BPS] * 1e-4 * oi[OI_LAST], params[pm.KAPPA])
            now[FSI_SELL] = flow[IMPACT_SELL] / (adv * tick_s) * g
            now[FSI_BUY] = flow[IMPACT_BUY] / (adv * tick_s) * g
            valid |= V_FSI
    return valid


@kernel
def _book_values(
    book: bk.Book, touch: Ints, averages: Floats, now: Floats, params: Floats, lot: float, tick_s: float
) -> int:
    """Fold the band depths into their averages, and write LDR. Return what is known."""
    bid, ask = touch[tc.BID], touch[tc.ASK]
    floor = params[pm.DEPTH_FLOOR] / lot
    deep_bid = touch[tc.BID_QTY] + bk.band(book, 1, bid, bid - band_ticks(bid, params[pm.DEPTH_BPS]))
    deep_ask = touch[tc.ASK_QTY] + bk.band(book, -1, -ask, -ask - band_ticks(ask, params[pm.DEPTH_BPS]))
    keep = ew.kept(tick_s, params[pm.DEPTH_HALF_LIFE_S])
    averages[DEPTH_UNSEEN] *= keep
    bid_average = _average(averages, DEPTH_BID, DEPTH_UNSEEN, max(float(deep_bid), floor), keep)
    ask_average = _average(averages, DEPTH_ASK, DEPTH_UNSEEN, max(float(deep_ask), floor), keep)
    mid = (bid + ask) / 2.0
    now[LDR_BID] = ldr(ask - bid, mid, max(float(deep_bid), floor), bid_average)
    now[LDR_ASK] = ldr(ask - bid, mid, max(float(deep_ask), floor), ask_average)
    return V_LDR


@kernel
def _variance(averages: Floats, now: Floats, params: Floats, tick_s: float) -> int:
    """Close the realised variance of the tick, and write it and sigma over its horizon. Return what is known."""
    valid = 0
    if averages[RV_BROKEN] == 0.0 and averages[RV_N] > 0.0:
        now[RV] = averages[RV_SUM]
        valid = V_RV
        keep = ew.kept(tick_s, params[pm.SIGMA_HALF_LIFE_S])
        averages[VARIANCE_UNSEEN] *= keep
        _average(averages, VARIANCE, VARIANCE_UNSEEN, averages[RV_SUM] / tick_s, keep)
    if averages[VARIANCE_UNSEEN] <= 0.5:
        variance = averages[VARIANCE] / (1.0 - averages[VARIANCE_UNSEEN])
        now[SIGMA] = math.sqrt(variance * params[pm.SIGMA_HORIZON_S])
        valid |= V_SIGMA
    averages[RV_SUM] = 0.0
    averages[RV_N] = 0.0
    averages[RV_BROKEN] = 0.0
    return valid


@kernel
def _scores(ints: Ints, floats: Floats, times: Ints, now: Floats, params: Floats, due: int, valid: int) -> int:
    """Put each known value into its window and write its z, then both indices. Return what is known."""
    least, clamp, eps = int(params[pm.MIN_SAMPLES]), params[pm.Z_CLAMP], params[pm.Z_EPS]
    known = 0
    for k in range(OI_WINDOW):
        now[Z + k] = 0.0
        if valid & KNOWN_VALUE[k]:
            window = od.Window(ints[k], floats[k])
            times[k, window.i[od.OLDEST]] = due
            od.push(window, now[k])
            now[Z + k], there = robust.z(window, now[k], least, clamp, eps)
            if there:
                known |= V_Z << k
    w_fsi, w_ldr, w_pi = params[pm.W_FSI], params[pm.W_LDR], params[pm.W_PI]
    for side in range(2):
        needed = (V_Z << side) | (V_Z << (2 + side)) | (V_Z << 4)
        now[LPI_SELL + side] = 0.0
        if known & needed == needed:
            now[LPI_SELL + side] = w_fsi * now[Z + side] + w_ldr * now[Z + 2 + side] + w_pi * now[Z + 4]
            known |= V_LPI_SELL << side
    return known


@kernel
def tick(
    book: bk.Book, touch: Ints, flow: Ints, averages: Floats, oi: Ints, trend: Floats, ints: Ints, floats: Floats,
    times: Ints, now: Floats, params: Floats, due: int, mid2: int, has_depth: bool, value: float, lot: float,
) -> int:  # fmt: skip
    """Compute everything as of the alpha tick at `due`. Return what is known (AlphaValid).

    `mid2` is 0 while there is no mid; `value` is a tick-lot in quote.
    """
    for i in range(Z):
        now[i] = 0.0
    valid = oi_known(oi, trend, params, due)
    tick_s = params[pm.ALPHA_TICK_US] * 1e-6
    if flow[FRESH] == 0 and flow[BROKEN] == 0:
        valid |= _flow_values(flow, averages, oi, trend, now, params, mid2, tick_s, valid)
        if mid2 > 0 and flow[PREVIOUS_MID2] > 0:
            now[PI] = impact_slope(flow[PREVIOUS_MID2] / 2.0, mid2 / 2.0, flow[VOLUME] * value, params[pm.PI_FLOOR])
            valid |= V_PI
    if mid2 > 0 and has_depth:
        valid |= _book_values(book, touch, averages, now, params, lot, tick_s)
    valid |= _variance(averages, now, params, tick_s)
    valid |= _scores(ints, floats, times, now, params, due, valid)
    return valid
