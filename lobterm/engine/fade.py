"""The fade ladder, Mode A: once forced flow is exhausted, rest three layers against it, and leave by rule.

What: on a trigger in a FORCED state: direction against the return over the panic leg, size w = w_max / sigma x h(LPI) with
h = max(0, tanh((LPI - LPI_hi) / 2)), layers at and behind the touch. Entries are pulled when z(Pi) spikes, the spread explodes,
time in state runs out, or the ladder is switched off. The position leaves by taker: stop, then time, then take-profit (LPI
gone, or markout target).
INFORMED is Mode B: nothing. The crash filter halves or blocks the size.
Seeds: 003 §4.2, §5.1, §8.5, §8.6; methods §1.8 #18, #19.
Units: ticks, lots, local µs; sigma over `lpi.sigma_horizon_s`; w in base units.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, crash, own_orders, regime
from lobterm.engine import params as pm
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import FadeWhy, QuoteWhy, Strategy

FADE = int(Strategy.FADE)
ENTRY, TOXIC, SPREAD, STALE = (int(why) for why in (QuoteWhy.ENTRY, QuoteWhy.TOXIC, QuoteWhy.SPREAD, QuoteWhy.STALE))
DISARM = int(QuoteWhy.DISARM)
STOP, TIME, GONE, TARGET = (int(why) for why in (QuoteWhy.STOP, QuoteWhy.TIME, QuoteWhy.LPI, QuoteWhy.TARGET))
(
    NOT_NONE, NOT_OFF, NOT_FORCED, NOT_DIRECTION, NOT_TOXIC, NOT_SPREAD, NOT_CRASH, NOT_SIZE, NOT_BUSY,
) = (int(why) for why in FadeWhy)  # fmt: skip

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def h(lpi: float, lpi_hi: float) -> float:
    """Return the share of the full size that an LPI is worth: increasing, bounded, never negative."""
    return max(0.0, math.tanh((lpi - lpi_hi) / 2.0))


@kernel
def weight(direction: int, w_max: float, sigma: float, lpi: float, lpi_hi: float) -> float:
    """Return w_t, signed, in base units."""
    return direction * w_max / sigma * h(lpi, lpi_hi)


@kernel
def exit_why(
    direction: int, entry: float, mid: float, sigma: float, stop_sigmas: float, held_s: float, t_max_s: float,
    lpi: float, lpi_known: bool, lpi_exit: float, target_bps: float,
) -> int:  # fmt: skip
    """Return why a position opened at `entry` must go, by priority stop, time, take-profit; 0 while it may stay."""
    gain = direction * (mid - entry) / entry
    if gain < -stop_sigmas * sigma:
        return STOP
    if held_s >= t_max_s:
        return TIME
    if lpi_known and lpi < lpi_exit:
        return GONE
    return TARGET if gain * 1e4 >= target_bps else 0


@kernel
def _toxic(s: st.State, valid: int) -> bool:
    """Say whether the gate is shut: z(Pi) too high, or not known."""
    c = s.core[0]
    return not valid & (pr.V_Z << 4) or c.now[pr.Z + 4] >= c.params[pm.Z_PI_MAX]


@kernel
def _spread_exploded(s: st.State, mid2: int) -> bool:
    c = s.core[0]
    if mid2 == 0:
        return True
    spread = c.touch[tc.ASK] - c.touch[tc.BID]
    return spread * 2e4 / mid2 > c.params[pm.MAX_SPREAD_BPS]


@kernel
def direction(leg_return: float, known: bool, side: int) -> int:
    """Return the side of the fade against a panic leg of `side` (0 sells), or 0 where price did not go along."""
    if not known or leg_return == 0.0:
        return 0
    against = -1 if leg_return > 0.0 else 1
    return against if against == (1 if side == 0 else -1) else 0


@kernel
def enter(s: st.State, out: st.Out, due: int, side: int, mid2: int, valid: int, toward: int) -> tuple[int, int]:
    """Answer a trigger. Return (why it is not faded, lots that are meant)."""
    c = s.core[0]
    if c.params[pm.FADE_ENABLED] == 0.0:
        return NOT_OFF, 0
    if c.fade[st.F_WORKING] or c.acct[FADE, account.POSITION] or own_orders.waiting(s, FADE):
        return NOT_BUSY, 0
    if c.regime[side, regime.STATE] != regime.FORCED:
        return NOT_FORCED, 0
    if toward == 0:
        return NOT_DIRECTION, 0
    if _toxic(s, valid):
        return NOT_TOXIC, 0
    if _spread_exploded(s, mid2):
        return NOT_SPREAD, 0
    market = crash.verdict(c.reference, c.reference_mids, c.reference_variance, c.params, toward)
    if market == crash.CRASH and c.params[pm.CRASH_FILTER] == 2.0:
        return NOT_CRASH, 0
    if not valid & pr.V_SIGMA:
        return NOT_SIZE, 0
    sigma = max(c.now[pr.SIGMA], c.params[pm.SIGMA_FLOOR_BPS] * 1e-4)
    w = abs(weight(toward, c.params[pm.W_MAX], sigma, c.now[pr.LPI_SELL + side], c.params[pm.LPI_HI]))
    if market == crash.CRASH:
        w /= 2.0
    w = min(w, c.params[pm.FADE_MAX_INVENTORY])
    meant = 0
    for level in range(3):
        lots = int(round(w / c.size[1] * c.params[pm.SHARE_1 + level]))
        offset = int(c.params[pm.OFFSET_1 + level])
        px = c.touch[tc.BID] - offset if toward > 0 else c.touch[tc.ASK] + offset
        if lots > 0 and px > 0 and own_orders.place(s, out, due, FADE, toward, px, lots, level, False, ENTRY):
            meant += lots
    if meant == 0:
        return NOT_SIZE, 0
    c.fade[st.F_WORKING] = 1
    c.fade[st.F_SIDE] = side
    c.fade[st.F_SINCE] = due
    c.fade_sigma[0] = sigma
    return NOT_NONE, meant


@kernel
def _leave(s: st.State, out: st.Out, due: int, mid2: int, valid: int) -> int:
    """Return why the position held must go now, 0 while it may stay."""
    c = s.core[0]
    held = c.acct[FADE, account.POSITION]
    if mid2 == 0:
        return 0
    spent2 = c.fade[st.F_CASH2] - c.acct[FADE, account.CASH2]
    entry = spent2 / (2.0 * held)
    if entry <= 0.0:
        return TIME
    side = c.fade[st.F_SIDE]
    return exit_why(
        1 if held > 0 else -1, entry, mid2 / 2.0, c.fade_sigma[0], c.params[pm.STOP_SIGMAS],
        (due - c.fade[st.F_HELD_SINCE]) * 1e-6, c.params[pm.T_MAX_S], c.now[pr.LPI_SELL + side],
        valid & (pr.V_LPI_SELL << side) != 0, c.params[pm.LPI_EXIT], c.params[pm.TARGET_BPS],
    )  # fmt: skip


@kernel
def tick(s: st.State, out: st.Out, due: int, mid2: int, valid: int) -> None:
    """Look after entries and position at an alpha tick, before its own triggers are answered."""
    c = s.core[0]
    held = c.acct[FADE, account.POSITION]
    if held == 0:
        c.fade[st.F_HELD_SINCE] = 0
        c.fade[st.F_CASH2] = c.acct[FADE, account.CASH2]
    elif c.fade[st.F_HELD_SINCE] == 0:
        c.fade[st.F_HELD_SINCE] = due
    if c.fade[st.F_WORKING]:
        why = 0
        if c.params[pm.FADE_ENABLED] == 0.0:
            why = DISARM
        elif _toxic(s, valid):
            why = TOXIC
        elif _spread_exploded(s, mid2):
            why = SPREAD
        elif due - c.fade[st.F_SINCE] >= c.params[pm.TIME_IN_STATE_S] * 1e6:
            why = STALE
        if why:
            own_orders.cancel_all(s, out, due, FADE, 0, 0, why)
        if not own_orders.waiting(s, FADE):
            c.fade[st.F_WORKING] = 0
    if held and not _taker_out(s):
        why = _leave(s, out, due, mid2, valid)
        if why:
            own_orders.cancel_all(s, out, due, FADE, 0, 0, why)
            own_orders.place(s, out, due, FADE, -1 if held > 0 else 1, 0, abs(held), 3, True, why)


@kernel
def _taker_out(s: st.State) -> bool:
    """Say whether a taker of the fade is on its way."""
    c = s.core[0]
    orders = c.orders
    for slot in range(c.clock[st.SLOTS]):
        flying = orders[slot, st.O_ID] and orders[slot, st.O_TAKER] and orders[slot, st.O_LEFT]
        if flying and orders[slot, st.O_STRATEGY] == FADE and orders[slot, st.O_TO] == 0:
            return True
    return False
