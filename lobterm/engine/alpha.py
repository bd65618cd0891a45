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
    c = s.core[0]
    row = out.alpha[out.n[st.ALPHA]]
    out.n[st.ALPHA] += 1
    row.offset = c.clock[st.ROWS]
    row.ts = due
    two_sided = quoting.two_sided(s)
    row.bid = c.touch[tc.BID] if two_sided else 0
    row.ask = c.touch[tc.ASK] if two_sided else 0
    row.bid_qty = c.touch[tc.BID_QTY] if two_sided else 0
    row.ask_qty = c.touch[tc.ASK_QTY] if two_sided else 0
    if two_sided:
        valid |= TOUCH
    has_model = c.clock[st.MODEL_ROW] >= 0
    signals.read(c.sums, due, c.params, c.both)
    row.skew_inverted = c.both[signals.SKEW_INVERTED] if has_model else 0.0
    row.hazard_inverted = c.both[signals.HAZARD_INVERTED] if has_model else 0.0
    row.skew_traditional = c.both[signals.SKEW_TRADITIONAL] if has_model else 0.0
    row.hazard_traditional = c.both[signals.HAZARD_TRADITIONAL] if has_model else 0.0
    if has_model:
        valid |= SIGNALS
    row.norm = signals.normaliser(c.sums, c.params)
    if row.norm > 0.0:
        valid |= NORM
    known = quoting.value(s, due)
    row.fair_px = c.quote[st.FAIR] if known else 0.0
    row.width_ticks = c.quote[st.WIDTH] if known else 0.0
    if known:
        valid |= QUOTE
    row.inventory = account.position(c.acct)
    flat = c.acct[0, account.POSITION] == 0 and c.acct[1, account.POSITION] == 0 and c.acct[2, account.POSITION] == 0
    marked = (c.clock[st.MID2] > 0 or flat) and account.funding_known(c.acct)
    row.pnl_e8 = account.total_e8(c.acct, c.clock[st.MARK2], c.value_e16[0]) if marked else 0
    if marked:
        valid |= MARK
    _log_pressure(s, row, due, valid)
    row.valid = valid


@kernel
def _log_pressure(s: st.State, row: Record, due: int, valid: int) -> None:
    c = s.core[0]
    now = c.now
    flow = valid & pr.V_FLOW
    row.volume = c.flow[pr.VOLUME] if flow else 0
    row.impact_sell = c.flow[pr.IMPACT_SELL] if valid & pr.V_IMPACT else 0
    row.impact_buy = c.flow[pr.IMPACT_BUY] if valid & pr.V_IMPACT else 0
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
    row.oi = c.oi[pr.OI_LAST] if valid & pr.V_OI else 0
    row.oi_age_us = due - c.oi[pr.OI_AT] if valid & pr.V_OI else 0
    row.oi_flush = c.trend[pr.OI_FLUSH] if valid & pr.V_OI_FLUSH else 0.0
    row.z_oi = now[pr.Z_OI] if valid & pr.V_Z_OI else 0.0
    row.state_sell = c.regime[0, regime.STATE]
    row.state_buy = c.regime[1, regime.STATE]
    row.source = regime.source(c.regime[0, regime.KNOWN] | c.regime[1, regime.KNOWN])
    row.legs_sell = c.regime[0, regime.HELD]
    row.legs_sell_known = c.regime[0, regime.KNOWN]
    row.legs_buy = c.regime[1, regime.HELD]
    row.legs_buy_known = c.regime[1, regime.KNOWN]
    row.exhaustion_sell = c.exhaustion[0, ex.TRUE]
    row.exhaustion_sell_known = c.exhaustion[0, ex.SURE]
    row.exhaustion_buy = c.exhaustion[1, ex.TRUE]
    row.exhaustion_buy_known = c.exhaustion[1, ex.SURE]


@kernel
def trigger(s: st.State, out: st.Out, due: int, side: int, mid2: int, valid: int) -> None:
    """Append the TRIGGER row of a side (0 sells), and let the fade ladder answer it."""
    c = s.core[0]
    c.clock[st.TRIGGERED] += 1
    known = 0
    leg_return = 0.0
    if mid2 > 0 and c.exhaustion[side, ex.CALM_MID2] > 0:
        leg_return = math.log(mid2 / c.exhaustion[side, ex.CALM_MID2])
        known |= T_LEG
    toward = fade.direction(leg_return, known & T_LEG != 0, side)
    why, meant = fade.enter(s, out, due, side, mid2, valid, toward)
    row = out.triggers[out.n[st.TRIGGERS]]
    out.n[st.TRIGGERS] += 1
    row.offset = c.clock[st.ROWS]
    row.ts = due
    row.bid = c.touch[tc.BID]
    row.ask = c.touch[tc.ASK]
    row.lpi = c.now[pr.LPI_SELL + side]
    row.lpi_change, _ = ex.change(c.history, c.history_cursor, ex.LPI + side)
    row.z_fsi = c.now[pr.Z + side]
    row.z_ldr = c.now[pr.Z + 2 + side]
    row.z_ldr_change, _ = ex.change(c.history, c.history_cursor, ex.Z_LDR + side)
    row.z_pi = c.now[pr.Z + 4]
    row.z_oi = 0.0
    row.oi_age_us = 0
    if valid & pr.V_Z_OI:
        row.z_oi = c.now[pr.Z_OI]
        row.oi_age_us = due - c.oi[pr.OI_AT]
        known |= T_OI
    row.leg_return = leg_return
    row.sigma = c.now[pr.SIGMA]
    if valid & pr.V_SIGMA:
        known |= T_SIGMA
    crash_return, _, there = crash.reading(c.reference, c.reference_mids, c.reference_variance, c.params)
    row.crash_return = crash_return if there else 0.0
    if there:
        known |= T_CRASH
    row.size = meant
    row.side = -1 if side == 0 else 1
    row.direction = toward
    row.state = c.regime[side, regime.STATE]
    row.source = regime.source(c.regime[side, regime.KNOWN])
    row.legs = c.regime[side, regime.HELD]
    row.legs_known = c.regime[side, regime.KNOWN]
    row.conditions = c.exhaustion[side, ex.TRUE]
    row.conditions_known = c.exhaustion[side, ex.SURE]
    row.rule = int(c.params[pm.EXHAUSTION_RULE])
    row.why = why
    row.valid = known
    markouts.add(
        c.waiting, c.waiting_cursor, out.markouts, out.n, st.MARKOUTS, due, c.clock[st.ROWS], mid2, meant, 0,
        1 if side == 0 else -1, MARKED_TRIGGER, 0, 0,
    )  # fmt: skip
