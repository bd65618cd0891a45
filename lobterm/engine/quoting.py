"""The maker: one bid and one ask around the skewed fair value.

What: at every requote time the target is computed from mid, signals and inventory, clamped so that it never crosses
(post-only), and an order whose price no longer matches is cancelled and replaced.
Seeds: 000 §4, §5; 001 Exp 6, 7, 8; methods §1.3.
Units: ticks, lots; parameters carry their own (params.py).
"""

from __future__ import annotations

from numba import njit

from lobterm.engine import account, fair_value, matching, signals
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc


@njit(cache=True)
def value(s: st.State, ts: int) -> bool:
    """Write fair value and width, in ticks as of `ts`, into the state. Return False if they are not known."""
    known = False
    if s.clock[st.MODEL_ROW] >= 0 and two_sided(s):
        signals.read(s.sums, ts, s.params, s.both)
        if signals.scaled(s.sums, s.both, s.params, s.scaled):
            mid = (s.touch[tc.BID] + s.touch[tc.ASK]) / 2.0
            x, hazard = s.scaled[0], s.scaled[1]
            theta = fair_value.theta_effective(s.params[pm.THETA] / s.size[0], x, s.params[pm.THETA_MODE] == 1.0)
            p_micro = fair_value.skewed(mid, x, s.params[pm.BETA_TICKS])
            q = s.acct[account.POSITION] * s.size[1]
            s.quote[st.FAIR] = fair_value.with_inventory(p_micro, theta, q, s.params[pm.Q_TARGET])
            w_base = s.params[pm.W_BASE_BPS] * 1e-4 * mid
            s.quote[st.WIDTH] = fair_value.width(w_base, s.params[pm.GAMMA], hazard, s.params[pm.K_TOL])
            known = abs(s.quote[st.FAIR]) < 1e15 and s.quote[st.WIDTH] < 1e15
    s.clock[st.FAIR_KNOWN] = 1 if known else 0
    return known


@njit(cache=True)
def two_sided(s: st.State) -> bool:
    """Say whether the touch in force is known, two-sided and not crossed."""
    return (
        s.clock[st.BOOK_KNOWN] == 1 and s.touch[tc.BID_QTY] > 0 and s.touch[tc.ASK_QTY] > 0 and s.clock[st.CROSSED] == 0
    )


@njit(cache=True)
def requote(s: st.State, out: st.Out, ts: int) -> None:
    """Bring our pair of quotes in line with the target."""
    wanted = s.params[pm.ENABLED] == 1.0 and value(s, ts)
    s.clock[st.QUOTING] = 1 if wanted else 0
    if wanted:
        fair_value.to_ticks(s.quote[st.FAIR], s.quote[st.WIDTH], s.params[pm.ROUNDING] == 1.0, s.target)
        s.target[0] = min(s.target[0], s.touch[tc.ASK] - 1)
        s.target[1] = max(s.target[1], s.touch[tc.BID] + 1)
    size = int(round(s.params[pm.SIZE_BASE] / s.size[1]))
    cap = int(round(s.params[pm.MAX_INVENTORY] / s.size[1]))
    moved = False
    for which in range(2):
        side = 1 - 2 * which
        slot = matching.resting(s, side)
        why = matching.WHY_PRICE
        if not wanted:
            why = matching.WHY_DISARM
        elif side * s.acct[account.POSITION] + size > cap:
            why = matching.WHY_INVENTORY
        px = s.target[which]
        if slot >= 0 and (why != matching.WHY_PRICE or s.orders[slot, st.O_PX] != px):
            matching.cancel(s, out, ts, slot, why)
            moved = True
            slot = -1
        if slot < 0 and why == matching.WHY_PRICE and size > 0 and px > 0:
            matching.place(s, out, ts, side, px, size)
            moved = True
    if moved:
        s.counts[st.REQUOTES] += 1
