"""What the engine says at an alpha tick: one ALPHA row, and a TRIGGER row for each side whose exhaustion became true.

What: it writes down what the other modules have computed, and hands triggers to the fade ladder and to the markouts.
Seeds: 003 §8.2, §9.1.
Units: as in rows.py. A value that is not known is a cleared bit with a zero payload.
"""

from __future__ import annotations

import math

from lobterm.engine import account, crash, fade, markouts, quoting, regime, signals
from lobterm.engine import exhaustion as ex
from lobterm.engine import params as pm
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import AlphaValid, Marked, TriggerValid
from lobterm.events import Record

SIGNALS, NORM, QUOTE, MARK, TOUCH = (
    int(bit) for bit in (AlphaValid.SIGNALS, AlphaValid.NORM, AlphaValid.QUOTE, AlphaValid.MARK, AlphaValid.TOUCH)
)
T_OI, T_LEG, T_SIGMA, T_CRASH = (int(bit) for bit in TriggerValid)
MARKED_TRIGGER = int(Marked.TRIGGER)


@kernel
def log_tick(s: st.State, out: st.Out, due: int, valid: int) -> None:
    """Append the ALPHA row of the tick at `due`; `valid` is what is known of the pressure."""
    row = out.alpha[out.n[st.ALPHA]]
    out.n[st.ALPHA] += 1
    row.offset = s.core[0].clock[st.ROWS]
    row.ts = due
    two_sided = quoting.two_sided(s)
    row.bid = s.core[0].touch[tc.BID] if two_sided else 0
    row.ask = s.core[0].touch[tc.ASK] if two_sided else 0
    row.bid_qty = s.core[0].touch[tc.BID_QTY] if two_sided else 0
    row.ask_qty = s.core[0].touch[tc.ASK_QTY] if two_sided else 0
    if two_sided:
        valid |= TOUCH
    has_model = s.core[0].clock[st.MODEL_ROW] >= 0
    signals.read(s.core[0].sums, due, s.core[0].params, s.core[0].both)
    row.skew_inverted = s.core[0].both[signals.SKEW_INVERTED] if has_model else 0.0
    row.hazard_inverted = s.core[0].both[signals.HAZARD_INVERTED] if has_model else 0.0
    row.skew_traditional = s.core[0].both[signals.SKEW_TRADITIONAL] if has_model else 0.0
    row.hazard_traditional = s.core[0].both[signals.HAZARD_TRADITIONAL] if has_model else 0.0
    if has_model:
        valid |= SIGNALS
    row.norm = signals.normaliser(s.core[0].sums, s.core[0].params)
    if row.norm > 0.0:
        valid |= NORM
    known = quoting.value(s, due)
    row.fair_px = s.core[0].quote[st.FAIR] if known else 0.0
    row.width_ticks = s.core[0].quote[st.WIDTH] if known else 0.0
    if known:
        valid |= QUOTE
    row.inventory = account.position(s.core[0].acct)
    flat = (
        s.core[0].acct[0, account.POSITION] == 0
        and s.core[0].acct[1, account.POSITION] == 0
        and s.core[0].acct[2, account.POSITION] == 0
    )
    marked = s.core[0].clock[st.MID2] > 0 or flat
    row.pnl_e8 = account.total_e8(s.core[0].acct, s.core[0].clock[st.MARK2], s.core[0].value_e16[0]) if marked else 0
    if marked:
        valid |= MARK
    _log_pressure(s, row, due, valid)
    row.valid = valid


@kernel
def _log_pressure(s: st.State, row: Record, due: int, valid: int) -> None:
    now = s.core[0].now
    flow = valid & pr.V_FLOW
    row.volume = s.core[0].flow[pr.VOLUME] if flow else 0
    row.impact_sell = s.core[0].flow[pr.IMPACT_SELL] if valid & pr.V_IMPACT else 0
    row.impact_buy = s.core[0].flow[pr.IMPACT_BUY] if valid & pr.V_IMPACT else 0
    row.fsi_sell = now[pr.FSI_SELL]
    row.fsi_buy = now[pr.FSI_BUY]
    row.ldr_bid = now[pr.LDR_BID]
    row.ldr_ask = now[pr.LDR_ASK]
    row.pi = now[pr.PI]
    row.rv = now[pr.RV]
    row.sigma = now[pr.SIGMA]
    row.z_fsi_sell = now[pr.Z]
    row.z_fsi_buy = now[pr.Z + 1]
    row.z_ldr_bid = now[pr.Z + 2]
    row.z_ldr_ask = now[pr.Z + 3]
    row.z_pi = now[pr.Z + 4]
    row.lpi_sell = now[pr.LPI_SELL]
    row.lpi_buy = now[pr.LPI_BUY]
    row.oi = s.core[0].oi[pr.OI_LAST] if valid & pr.V_OI else 0
    row.oi_age_us = due - s.core[0].oi[pr.OI_AT] if valid & pr.V_OI else 0
    row.oi_flush = s.core[0].trend[pr.OI_FLUSH] if valid & pr.V_OI_FLUSH else 0.0
    row.z_oi = now[pr.Z_OI] if valid & pr.V_Z_OI else 0.0
    row.state_sell = s.core[0].regime[0, regime.STATE]
    row.state_buy = s.core[0].regime[1, regime.STATE]
    row.source = regime.source(s.core[0].regime[0, regime.KNOWN] | s.core[0].regime[1, regime.KNOWN])
    row.legs_sell = s.core[0].regime[0, regime.HELD]
    row.legs_sell_known = s.core[0].regime[0, regime.KNOWN]
    row.legs_buy = s.core[0].regime[1, regime.HELD]
    row.legs_buy_known = s.core[0].regime[1, regime.KNOWN]
    row.exhaustion_sell = s.core[0].exhaustion[0, ex.TRUE]
    row.exhaustion_sell_known = s.core[0].exhaustion[0, ex.SURE]
    row.exhaustion_buy = s.core[0].exhaustion[1, ex.TRUE]
    row.exhaustion_buy_known = s.core[0].exhaustion[1, ex.SURE]


@kernel
def trigger(s: st.State, out: st.Out, due: int, side: int, mid2: int, valid: int) -> None:
    """Append the TRIGGER row of a side (0 sells), and let the fade ladder answer it."""
    s.core[0].clock[st.TRIGGERED] += 1
    known = 0
    leg_return = 0.0
    if mid2 > 0 and s.core[0].exhaustion[side, ex.CALM_MID2] > 0:
        leg_return = math.log(mid2 / s.core[0].exhaustion[side, ex.CALM_MID2])
        known |= T_LEG
    toward = fade.direction(leg_return, known & T_LEG != 0, side)
    why, meant = fade.enter(s, out, due, side, mid2, valid, toward)
    row = out.triggers[out.n[st.TRIGGERS]]
    out.n[st.TRIGGERS] += 1
    row.offset = s.core[0].clock[st.ROWS]
    row.ts = due
    row.bid = s.core[0].touch[tc.BID]
    row.ask = s.core[0].touch[tc.ASK]
    row.lpi = s.core[0].now[pr.LPI_SELL + side]
    row.lpi_change, _ = ex.change(s.core[0].history, s.core[0].history_cursor, ex.LPI + side)
    row.z_fsi = s.core[0].now[pr.Z + side]
    row.z_ldr = s.core[0].now[pr.Z + 2 + side]
    row.z_ldr_change, _ = ex.change(s.core[0].history, s.core[0].history_cursor, ex.Z_LDR + side)
    row.z_pi = s.core[0].now[pr.Z + 4]
    row.z_oi = 0.0
    row.oi_age_us = 0
    if valid & pr.V_Z_OI:
        row.z_oi = s.core[0].now[pr.Z_OI]
        row.oi_age_us = due - s.core[0].oi[pr.OI_AT]
        known |= T_OI
    row.leg_return = leg_return
    row.sigma = s.core[0].now[pr.SIGMA]
    if valid & pr.V_SIGMA:
        known |= T_SIGMA
    crash_return, _, there = crash.reading(
        s.core[0].reference, s.core[0].reference_mids, s.core[0].reference_variance, s.core[0].params
    )
    row.crash_return = crash_return if there else 0.0
    if there:
        known |= T_CRASH
    row.size = meant
    row.side = -1 if side == 0 else 1
    row.direction = toward
    row.state = s.core[0].regime[side, regime.STATE]
    row.source = regime.source(s.core[0].regime[side, regime.KNOWN])
    row.legs = s.core[0].regime[side, regime.HELD]
    row.legs_known = s.core[0].regime[side, regime.KNOWN]
    row.conditions = s.core[0].exhaustion[side, ex.TRUE]
    row.conditions_known = s.core[0].exhaustion[side, ex.SURE]
    row.rule = int(s.core[0].params[pm.EXHAUSTION_RULE])
    row.why = why
    row.valid = known
    markouts.add(
        s.core[0].waiting, s.core[0].waiting_cursor, out.markouts, out.n, st.MARKOUTS, due, s.core[0].clock[st.ROWS], mid2, meant, 0,
        1 if side == 0 else -1, MARKED_TRIGGER, 0, 0,
    )  # fmt: skip
