"""Own orders on the exchange's clock, and when a print fills them.

What: an order lives in (live_from, live_to]; a print strictly through its price fills it, up to the print's size, which is
shared once over all our orders, best price first. Booked when the print arrives: its feed delay is already in `ts`.
Seeds: 003 §5.2, first half of the fill condition (`through`); methods §1.3 (no one-event look-ahead), §4.14.
Units: exchange µs, ticks, lots.

Ended orders stay until no print of their lifetime can still arrive, because a print may come after the cancel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.engine import account
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.rows import FillRule, QuoteAct, QuoteWhy, Strategy

KEEP_US = 4_000_000
"""How long an ended order is kept for prints that are late."""

PLACE, CANCEL, REJECT, DONE = (int(act) for act in QuoteAct)
WHY_PRICE, WHY_GAP, WHY_DISARM, WHY_INVENTORY, WHY_CROSS, WHY_FILL = (int(why) for why in QuoteWhy)
MAKER = int(Strategy.MAKER)
THROUGH = int(FillRule.THROUGH)


@njit(cache=True)
def exchange_now(s: st.State, ts: int) -> int:
    """Return what the exchange's clock shows at local `ts`."""
    return ts + s.clock[st.OFFSET]


@njit(cache=True)
def log_order(s: st.State, out: st.Out, slot: int, ts: int, act: int, why: int) -> None:
    """Append a QUOTE row about an order."""
    row = out.quotes[out.n[2]]
    order = s.orders[slot]
    row.offset = s.clock[st.ROWS]
    row.ts = ts
    row.order_id = order[st.O_ID]
    row.px = order[st.O_PX]
    row.qty = order[st.O_LEFT]
    row.live_from = order[st.O_FROM]
    row.live_to = order[st.O_TO]
    row.side = order[st.O_SIDE]
    row.act = act
    row.why = why
    row.strategy = order[st.O_STRATEGY]
    out.n[2] += 1


@njit(cache=True)
def resting(s: st.State, side: int) -> int:
    """Return the slot of the maker's order on a side that no cancel is chasing, or -1."""
    orders = s.orders
    for slot in range(orders.shape[0]):
        if orders[slot, st.O_ID] and orders[slot, st.O_SIDE] == side and orders[slot, st.O_TO] == 0:
            return slot
    return -1


@njit(cache=True)
def _measure_reach(s: st.State) -> None:
    """Note how far our orders reach, so that most prints need not look at any of them."""
    bid = ask = 0
    orders = s.orders
    for slot in range(orders.shape[0]):
        if orders[slot, st.O_ID] and orders[slot, st.O_LEFT]:
            px = orders[slot, st.O_PX]
            if orders[slot, st.O_SIDE] > 0:
                bid = max(bid, px)
            elif ask == 0 or px < ask:
                ask = px
    s.clock[st.BID_REACH] = bid
    s.clock[st.ASK_REACH] = ask


@njit(cache=True)
def place(s: st.State, out: st.Out, ts: int, side: int, px: int, qty: int) -> None:
    """Send an order; it is live one order latency later. Without a free slot nothing is sent."""
    now = exchange_now(s, ts)
    orders = s.orders
    for slot in range(orders.shape[0]):
        if orders[slot, st.O_TO] and now - orders[slot, st.O_TO] > KEEP_US:
            orders[slot, st.O_ID] = 0
        if orders[slot, st.O_ID] == 0:
            order = orders[slot]
            latency = int(s.params[pm.ORDER_LATENCY_US])
            order[st.O_ID] = s.clock[st.NEXT_ORDER_ID]
            order[st.O_SIDE] = side
            order[st.O_PX] = px
            order[st.O_QTY] = qty
            order[st.O_LEFT] = qty
            order[st.O_FROM] = now + latency
            order[st.O_TO] = 0
            order[st.O_DUE] = ts + latency
            order[st.O_STRATEGY] = MAKER
            s.clock[st.NEXT_ORDER_ID] += 1
            s.counts[st.PLACED] += 1
            if s.clock[st.ARRIVAL_DUE] == 0 or order[st.O_DUE] < s.clock[st.ARRIVAL_DUE]:
                s.clock[st.ARRIVAL_DUE] = order[st.O_DUE]
            log_order(s, out, slot, ts, PLACE, WHY_PRICE)
            break
    _measure_reach(s)


@njit(cache=True)
def cancel(s: st.State, out: st.Out, ts: int, slot: int, why: int) -> None:
    """Send a cancel; the order dies one cancel latency later, never before it has arrived."""
    order = s.orders[slot]
    order[st.O_TO] = max(exchange_now(s, ts) + int(s.params[pm.CANCEL_LATENCY_US]), order[st.O_FROM])
    log_order(s, out, slot, ts, CANCEL, why)


@njit(cache=True)
def _following(s: st.State, order_id: int) -> int:
    """Return the slot of the order sent next after `order_id`, or -1: slots are reused, ids tell the order."""
    chosen = -1
    for slot in range(s.orders.shape[0]):
        ident = s.orders[slot, st.O_ID]
        if ident > order_id and (chosen < 0 or ident < s.orders[chosen, st.O_ID]):
            chosen = slot
    return chosen


@njit(cache=True)
def pull_all(s: st.State, out: st.Out, ts: int) -> None:
    """End every order at once: the book is unknown, nothing may fill."""
    now = exchange_now(s, ts)
    slot = _following(s, 0)
    while slot >= 0:
        order = s.orders[slot]
        if order[st.O_TO] == 0 or order[st.O_TO] > now:
            chased = order[st.O_TO] != 0
            order[st.O_TO] = now
            if not chased:
                log_order(s, out, slot, ts, CANCEL, WHY_GAP)
        order[st.O_DUE] = 0
        slot = _following(s, order[st.O_ID])
    s.clock[st.ARRIVAL_DUE] = 0


@njit(cache=True)
def _next_arrival(s: st.State, due: int) -> int:
    """Return the slot of the first order due by `due`, or -1 once ARRIVAL_DUE is set to the next due time after it."""
    chosen = -1
    later = 0
    orders = s.orders
    for slot in range(orders.shape[0]):
        at = orders[slot, st.O_DUE]
        if at > due:
            later = at if later == 0 else min(later, at)
        elif at and (chosen < 0 or orders[slot, st.O_ID] < orders[chosen, st.O_ID]):
            chosen = slot
    s.clock[st.ARRIVAL_DUE] = later
    return chosen


@njit(cache=True)
def arrive(s: st.State, out: st.Out, due: int) -> None:
    """Let the orders due at `due` reach the exchange; one that would cross the touch is rejected (post-only)."""
    slot = _next_arrival(s, due)
    while slot >= 0:
        order = s.orders[slot]
        order[st.O_DUE] = 0
        ask, bid = s.touch[tc.ASK], s.touch[tc.BID]
        buys = order[st.O_SIDE] > 0
        if (buys and 0 < ask <= order[st.O_PX]) or (not buys and bid >= order[st.O_PX]):
            s.counts[st.REJECTS] += 1
            chased = order[st.O_TO] != 0
            order[st.O_TO] = order[st.O_FROM]
            if not chased:
                log_order(s, out, slot, due, REJECT, WHY_CROSS)
            order[st.O_LEFT] = 0
        slot = _next_arrival(s, due)


@njit(cache=True)
def _through(s: st.State, side: int, px: int, exch_ts: int) -> int:
    """Return the slot of our best order that a print at `px` by aggressor `side` went through, or -1."""
    chosen = -1
    orders = s.orders
    for slot in range(orders.shape[0]):
        if orders[slot, st.O_ID] == 0 or orders[slot, st.O_LEFT] == 0 or orders[slot, st.O_SIDE] == side:
            continue
        ended = orders[slot, st.O_TO]
        if exch_ts <= orders[slot, st.O_FROM] or (ended and exch_ts > ended):
            continue
        if (orders[slot, st.O_PX] - px) * orders[slot, st.O_SIDE] <= 0:
            continue
        if chosen < 0:
            chosen = slot
        else:
            edge = (orders[slot, st.O_PX] - orders[chosen, st.O_PX]) * orders[slot, st.O_SIDE]
            if edge > 0 or (edge == 0 and orders[slot, st.O_ID] < orders[chosen, st.O_ID]):
                chosen = slot
    return chosen


@njit(cache=True)
def in_reach(clock: npt.NDArray[np.int64], side: int, px: int) -> bool:
    """Say whether a print at `px` by aggressor `side` may go through any order of ours at all."""
    reach = clock[st.BID_REACH] if side < 0 else clock[st.ASK_REACH]
    return reach != 0 and (px - reach) * side > 0


@njit(cache=True)
def meet(s: st.State, out: st.Out, ts: int, exch_ts: int, seq: int, side: int, px: int, qty: int) -> None:
    """Let one market print meet our resting orders, before it moves anything else."""
    left = qty
    while left > 0:
        slot = _through(s, side, px, exch_ts)
        if slot < 0:
            return
        order = s.orders[slot]
        filled = min(left, order[st.O_LEFT])
        left -= filled
        order[st.O_LEFT] -= filled
        fee = account.fee_e8(order[st.O_PX], filled, s.value_e16[0], s.params[pm.MAKER_FEE_BPS])
        account.book_fill(s.acct, order[st.O_SIDE], order[st.O_PX], filled, fee)
        row = out.fills[out.n[3]]
        row.offset = s.clock[st.ROWS]
        row.ts = ts
        row.exch_ts = exch_ts
        row.seq = seq
        row.order_id = order[st.O_ID]
        row.px = order[st.O_PX]
        row.qty = filled
        row.print_px = px
        row.print_qty = qty
        row.mid2 = s.acct[account.MARK2]
        row.fee_e8 = fee
        row.inventory = s.acct[account.POSITION]
        row.side = order[st.O_SIDE]
        row.rule = THROUGH
        row.strategy = order[st.O_STRATEGY]
        out.n[3] += 1
        if order[st.O_LEFT] == 0:
            if order[st.O_TO] == 0:
                order[st.O_TO] = exch_ts
            order[st.O_DUE] = 0
            log_order(s, out, slot, ts, DONE, WHY_FILL)
