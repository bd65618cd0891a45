"""The maker: bids and asks around the skewed fair value.

What: at every requote time the target is computed from mid, signals and inventory, clamped so that it never crosses
(post-only), and orders whose price no longer matches are cancelled and replaced. Two policies, off by default: pull the side
that stands against the skew; widen only the side that the feared takers hit.
Seeds: 000 §4, §5; 001 Exp 5, 6, 7, 8; methods §1.3.
Units: ticks, lots; parameters carry their own (params.py).
"""

from __future__ import annotations

import math

from lobterm.engine import account, fair_value, matching, signals
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
    known = False
    if s.core[0].clock[st.MODEL_ROW] >= 0 and two_sided(s):
        signals.read(s.core[0].sums, ts, s.core[0].params, s.core[0].both)
        if signals.scaled(s.core[0].sums, s.core[0].both, s.core[0].params, s.core[0].scaled):
            mid = (s.core[0].touch[tc.BID] + s.core[0].touch[tc.ASK]) / 2.0
            x, hazard = s.core[0].scaled[0], s.core[0].scaled[1]
            theta = fair_value.theta_effective(
                s.core[0].params[pm.THETA] / s.core[0].size[0], x, s.core[0].params[pm.THETA_MODE] == 1.0
            )
            p_micro = fair_value.skewed(mid, x, s.core[0].params[pm.BETA_TICKS])
            q = s.core[0].acct[MAKER, account.POSITION] * s.core[0].size[1]
            s.core[0].quote[st.FAIR] = fair_value.with_inventory(p_micro, theta, q, s.core[0].params[pm.Q_TARGET])
            w_base = s.core[0].params[pm.W_BASE_BPS] * 1e-4 * mid
            s.core[0].quote[st.WIDTH] = fair_value.width(
                w_base, s.core[0].params[pm.GAMMA], hazard, s.core[0].params[pm.K_TOL]
            )
            known = abs(s.core[0].quote[st.FAIR]) < 1e15 and s.core[0].quote[st.WIDTH] < 1e15
    s.core[0].clock[st.FAIR_KNOWN] = 1 if known else 0
    return known


@kernel
def two_sided(s: st.State) -> bool:
    """Say whether the touch in force is known, two-sided and not crossed."""
    return (
        s.core[0].clock[st.BOOK_KNOWN] == 1
        and s.core[0].touch[tc.BID_QTY] > 0
        and s.core[0].touch[tc.ASK_QTY] > 0
        and s.core[0].clock[st.CROSSED] == 0
    )


@kernel
def _target(s: st.State) -> None:
    """Write the innermost bid and ask in ticks: they never cross the touch."""
    fair, wide = s.core[0].quote[st.FAIR], s.core[0].quote[st.WIDTH]
    fair_value.to_ticks(fair, wide, s.core[0].params[pm.ROUNDING] == 1.0, s.core[0].target)
    if s.core[0].params[pm.WIDEN] == 1.0:
        mid = (s.core[0].touch[tc.BID] + s.core[0].touch[tc.ASK]) / 2.0
        bid, ask = s.core[0].target[0], s.core[0].target[1]
        fair_value.to_ticks(
            fair, s.core[0].params[pm.W_BASE_BPS] * 1e-4 * mid, s.core[0].params[pm.ROUNDING] == 1.0, s.core[0].target
        )
        feared = signals.feared(s.core[0].sums, s.core[0].params)
        if feared < 0.0:  # they sell, into our bid
            s.core[0].target[0] = bid
        elif feared > 0.0:
            s.core[0].target[1] = ask
    s.core[0].target[0] = min(s.core[0].target[0], s.core[0].touch[tc.ASK] - 1)
    s.core[0].target[1] = max(s.core[0].target[1], s.core[0].touch[tc.BID] + 1)


@kernel
def _why_not(s: st.State, wanted: bool, side: int, held: int, cap: int) -> int:
    """Return why this side's next order must not rest, or PRICE if it may; `held` is the position were it filled."""
    if not wanted:
        return DISARM
    if side * held > cap:
        return INVENTORY
    if s.core[0].params[pm.PULL_TANH] < 1.0 and -side * math.tanh(s.core[0].scaled[0]) > s.core[0].params[pm.PULL_TANH]:
        return SKEW
    return PRICE


@kernel
def requote(s: st.State, out: st.Out, ts: int) -> None:
    """Bring our quotes in line with the target."""
    wanted = s.core[0].params[pm.ENABLED] == 1.0 and value(s, ts)
    s.core[0].clock[st.QUOTING] = 1 if wanted else 0
    if wanted:
        _target(s)
    size = int(round(s.core[0].params[pm.SIZE_BASE] / s.core[0].size[1]))
    cap = int(round(s.core[0].params[pm.MAX_INVENTORY] / s.core[0].size[1]))
    levels = int(s.core[0].params[pm.LEVELS])
    step = int(s.core[0].params[pm.LEVEL_STEP_TICKS])
    moved = False
    for level in range(st.LADDER):
        for which in range(2):
            side = 1 - 2 * which
            slot = matching.resting(s, MAKER, side, level)
            if slot < 0 and level >= levels:
                continue
            held = s.core[0].acct[MAKER, account.POSITION] + side * size * (level + 1)
            why = _why_not(s, wanted and level < levels, side, held, cap)
            px = s.core[0].target[which] - side * step * level
            if slot >= 0 and (why != PRICE or s.core[0].orders[slot, st.O_PX] != px):
                if not matching.cancel(s, out, ts, slot, why):
                    continue
                moved = True
                slot = -1
            if slot < 0 and why == PRICE and size > 0 and px > 0:
                moved = matching.place(s, out, ts, MAKER, side, px, size, level, False, PRICE) or moved
    if moved:
        s.core[0].counts[st.REQUOTES] += 1
