"""The maker: bids and asks around the skewed fair value.

What: at every requote time the target is computed from mid, signals and inventory, clamped so that it never crosses
(post-only), and orders whose price no longer matches are cancelled and replaced. Two policies, off by default: pull the side
that stands against the skew; widen only the side that the feared takers hit.
Seeds: 000 §4, §5; 001 Exp 5, 6, 7, 8; methods §1.3.
Units: ticks, lots; parameters carry their own (params.py).
"""

from __future__ import annotations

import math

from lobterm.engine import account, fair_value, own_orders, signals
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import QuoteWhy, Strategy

MAKER = int(Strategy.MAKER)
PRICE, DISARM, INVENTORY, SKEW = (
    int(why) for why in (QuoteWhy.PRICE, QuoteWhy.DISARM, QuoteWhy.INVENTORY, QuoteWhy.SKEW)
)


@kernel
def value(s: st.State, ts: int) -> bool:
    """Write fair value and width, in ticks as of `ts`, into the state. Return False if they are not known."""
    c = s.core[0]
    known = False
    if c.clock[st.MODEL_ROW] >= 0 and two_sided(s):
        signals.read(c.sums, ts, c.params, c.both)
        if signals.scaled(c.sums, c.both, c.params, c.scaled):
            mid = (c.touch[tc.BID] + c.touch[tc.ASK]) / 2.0
            x, hazard = c.scaled[0], c.scaled[1]
            theta = fair_value.theta_effective(c.params[pm.THETA] / c.size[0], x, c.params[pm.THETA_MODE] == 1.0)
            p_micro = fair_value.skewed(mid, x, c.params[pm.BETA_TICKS])
            q = c.acct[MAKER, account.POSITION] * c.size[1]
            c.quote[st.FAIR] = fair_value.with_inventory(p_micro, theta, q, c.params[pm.Q_TARGET])
            w_base = c.params[pm.W_BASE_BPS] * 1e-4 * mid
            c.quote[st.WIDTH] = fair_value.width(w_base, c.params[pm.GAMMA], hazard, c.params[pm.K_TOL])
            known = abs(c.quote[st.FAIR]) < 1e15 and c.quote[st.WIDTH] < 1e15
    c.clock[st.FAIR_KNOWN] = 1 if known else 0
    return known


@kernel
def two_sided(s: st.State) -> bool:
    """Say whether the touch in force is known, two-sided and not crossed."""
    c = s.core[0]
    return (
        c.clock[st.BOOK_KNOWN] == 1 and c.touch[tc.BID_QTY] > 0 and c.touch[tc.ASK_QTY] > 0 and c.clock[st.CROSSED] == 0
    )


@kernel
def _target(s: st.State) -> None:
    """Write the innermost bid and ask in ticks: they never cross the touch."""
    c = s.core[0]
    fair, wide = c.quote[st.FAIR], c.quote[st.WIDTH]
    fair_value.to_ticks(fair, wide, c.params[pm.ROUNDING] == 1.0, c.target)
    if c.params[pm.WIDEN] == 1.0:
        mid = (c.touch[tc.BID] + c.touch[tc.ASK]) / 2.0
        bid, ask = c.target[0], c.target[1]
        fair_value.to_ticks(fair, c.params[pm.W_BASE_BPS] * 1e-4 * mid, c.params[pm.ROUNDING] == 1.0, c.target)
        feared = signals.feared(c.sums, c.params)
        if feared < 0.0:  # they sell, into our bid
            c.target[0] = bid
        elif feared > 0.0:
            c.target[1] = ask
    c.target[0] = min(c.target[0], c.touch[tc.ASK] - 1)
    c.target[1] = max(c.target[1], c.touch[tc.BID] + 1)


@kernel
def _why_not(s: st.State, wanted: bool, side: int, held: int, cap: int) -> int:
    """Return why this side's next order must not rest, or PRICE if it may; `held` is the position were it filled."""
    c = s.core[0]
    if not wanted:
        return DISARM
    if side * held > cap:
        return INVENTORY
    if c.params[pm.PULL_TANH] < 1.0 and -side * math.tanh(c.scaled[0]) > c.params[pm.PULL_TANH]:
        return SKEW
    return PRICE


@kernel
def requote(s: st.State, out: st.Out, ts: int) -> None:
    """Bring our quotes in line with the target."""
    c = s.core[0]
    wanted = c.params[pm.ENABLED] == 1.0 and value(s, ts)
    c.clock[st.QUOTING] = 1 if wanted else 0
    if wanted:
        _target(s)
    size = int(round(c.params[pm.SIZE_BASE] / c.size[1]))
    cap = int(round(c.params[pm.MAX_INVENTORY] / c.size[1]))
    levels = int(c.params[pm.LEVELS])
    step = int(c.params[pm.LEVEL_STEP_TICKS])
    moved = False
    for level in range(st.LADDER):
        for which in range(2):
            side = 1 - 2 * which
            slot = own_orders.resting(s, MAKER, side, level)
            if slot < 0 and level >= levels:
                continue
            held = c.acct[MAKER, account.POSITION] + side * size * (level + 1)
            why = _why_not(s, wanted and level < levels, side, held, cap)
            px = c.target[which] - side * step * level
            if slot >= 0 and (why != PRICE or c.orders[slot, st.O_PX] != px):
                if not own_orders.cancel(s, out, ts, slot, why):
                    continue
                moved = True
                slot = -1
            if slot < 0 and why == PRICE and size > 0 and px > 0:
                moved = own_orders.place(s, out, ts, MAKER, side, px, size, level, False, PRICE) or moved
    if moved:
        c.counts[st.REQUOTES] += 1
