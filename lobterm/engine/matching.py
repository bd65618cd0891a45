"""Own orders at the exchange: arrival, place in the queue, and when a print fills them.

What: a print fills an order by the rule in force: `through`, strictly beyond its price; `queue`, or once what was ahead of it
has printed; `touch`, or at its price at all. One print's volume is shared once over all our orders, best price first, then
first sent. A taker walks the displayed depth as of its arrival. Everything is booked when we learn of it: feed delay is
already in `ts`.
Seeds: 003 §5.2, §9.2; methods §1.3 (no one-event look-ahead), §3.6, §4.14.
Units: exchange µs, ticks, lots.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, markouts, own_orders, queueing, regime, signals
from lobterm.engine import book as bk
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import FillRule, FillValid, Marked, QuoteAct, QuoteWhy

DEEPEST = 16
"""Levels that one taker may walk."""

CANCEL, REJECT, DONE = int(QuoteAct.CANCEL), int(QuoteAct.REJECT), int(QuoteAct.DONE)
WHY_CROSS, WHY_FILL, WHY_NO_BOOK = int(QuoteWhy.CROSS), int(QuoteWhy.FILL), int(QuoteWhy.NO_BOOK)
THROUGH, QUEUE, TOUCH, TAKER = (int(rule) for rule in FillRule)
AHEAD, HAZARD = int(FillValid.AHEAD), int(FillValid.HAZARD)
MARKED_FILL = int(Marked.FILL)

Ints = npt.NDArray[np.int64]


@kernel
def _next_arrival(orders: Ints, clock: Ints, due: int) -> tuple[int, bool]:
    """Return (slot of the first order due by `due`, or -1; whether there is another); ARRIVAL_DUE is that of those after."""
    chosen = -1
    later = 0
    many = False
    for slot in range(clock[st.SLOTS]):
        at = orders[slot, st.O_DUE]
        if at > due:
            later = at if later == 0 else min(later, at)
        elif at:
            many = chosen >= 0
            if chosen < 0 or orders[slot, st.O_ID] < orders[chosen, st.O_ID]:
                chosen = slot
    clock[st.ARRIVAL_DUE] = later
    return chosen, many


@kernel
def _reach_exchange(s: st.State, out: st.Out, slot: int, due: int) -> None:
    """Let one order arrive; one that would cross the touch is rejected (post-only)."""
    c = s.core[0]
    order = c.orders[slot]
    order[st.O_DUE] = 0
    ask, bid = c.touch[tc.ASK], c.touch[tc.BID]
    buys = order[st.O_SIDE] > 0
    if (buys and 0 < ask <= order[st.O_PX]) or (not buys and bid >= order[st.O_PX]):
        c.counts[st.REJECTS] += 1
        chased = order[st.O_TO] != 0
        order[st.O_TO] = order[st.O_FROM]
        if not chased:
            own_orders.log_order(c.orders, out.quotes, out.n, slot, c.clock[st.ROWS], due, REJECT, WHY_CROSS)
        order[st.O_LEFT] = 0


@kernel
def arrive(s: st.State, out: st.Out, due: int) -> None:
    """Let the orders due at `due` reach the exchange, in the order in which they were sent."""
    c = s.core[0]
    slot, more = _next_arrival(c.orders, c.clock, due)
    while slot >= 0:
        _reach_exchange(s, out, slot, due)
        if not more:
            return
        slot, more = _next_arrival(c.orders, c.clock, due)


@kernel
def _fill(
    s: st.State, out: st.Out, slot: int, ts: int, exch_ts: int, seq: int, px: int, qty: int, print_px: int,
    print_qty: int, rule: int,
) -> None:  # fmt: skip
    """Book `qty` of an order at `px`, and say so. For a taker `print_px` is the touch it met."""
    c = s.core[0]
    order = c.orders[slot]
    who = order[st.O_STRATEGY]
    taker = rule == TAKER
    order[st.O_LEFT] -= qty
    fee = account.fee_e8(px, qty, c.value_e16[0], c.params[pm.TAKER_FEE_BPS if taker else pm.MAKER_FEE_BPS])
    mark2 = c.clock[st.MARK2]
    touch_px = print_px if taker else px
    account.book_fill(c.acct, who, order[st.O_SIDE], px, qty, touch_px, fee, mark2)
    c.clock[st.POSITION_MAX] = max(c.clock[st.POSITION_MAX], abs(account.position(c.acct)))
    account.remember(c.past, c.past_cursor, exch_ts, who, order[st.O_SIDE] * qty)
    row = out.fills[out.n[st.FILLS]]
    out.n[st.FILLS] += 1
    row.offset = c.clock[st.ROWS]
    row.ts = ts
    row.exch_ts = exch_ts
    row.seq = seq
    row.order_id = order[st.O_ID]
    row.px = px
    row.qty = qty
    row.print_px = print_px
    row.print_qty = print_qty
    row.mid2 = mark2
    row.fee_e8 = fee
    row.slip2 = 2 * order[st.O_SIDE] * (touch_px - px) * qty
    row.inventory = c.acct[who, account.POSITION]
    valid = 0
    row.ahead = 0.0
    if not taker and order[st.O_JOINED] == st.JOINED:
        row.ahead = max(c.queue[slot, st.Q_AHEAD], 0.0)
        valid |= AHEAD
    row.hazard = 0.0
    if c.clock[st.MODEL_ROW] >= 0:
        signals.read(c.sums, ts, c.params, c.both)
        if signals.scaled(c.sums, c.both, c.params, c.scaled):
            row.hazard = c.scaled[1]
            valid |= HAZARD
    row.side = order[st.O_SIDE]
    row.rule = rule
    row.strategy = who
    row.state_sell = c.regime[0, regime.STATE]
    row.state_buy = c.regime[1, regime.STATE]
    row.valid = valid
    markouts.add(
        c.waiting, c.waiting_cursor, out.markouts, out.n, st.MARKOUTS, ts, c.clock[st.ROWS], 2 * px, qty,
        order[st.O_ID], order[st.O_SIDE], MARKED_FILL, who, 0,
    )  # fmt: skip
    if order[st.O_LEFT] == 0:
        if order[st.O_TO] == 0:
            order[st.O_TO] = exch_ts
        order[st.O_DUE] = 0
        own_orders.log_order(c.orders, out.quotes, out.n, slot, c.clock[st.ROWS], ts, DONE, WHY_FILL)
        own_orders.measure_reach(c.orders, c.clock)


@kernel
def _take(s: st.State, out: st.Out, slot: int, ts: int) -> None:
    """Let a taker walk the displayed depth; what the book does not hold is left to its sender."""
    c = s.core[0]
    order = c.orders[slot]
    side = order[st.O_SIDE]
    key = bk.best(s.book, -side) if c.clock[st.SNAPSHOT] else bk.NONE
    touch_px = -side * key
    touch_at = tc.ASK if side > 0 else tc.BID
    if c.clock[st.HAS_BOOK] == 0 and c.touch[touch_at + 1] > 0:  # a tape without depth shows its touch alone
        px, shown = c.touch[touch_at], c.touch[touch_at + 1]
        _fill(s, out, slot, ts, order[st.O_FROM], 0, px, min(shown, order[st.O_LEFT]), px, shown, TAKER)
    for _ in range(DEEPEST):
        if key == bk.NONE or order[st.O_LEFT] == 0:
            break
        px = -side * key
        shown = bk.level_qty(s.book, -side, px)
        _fill(s, out, slot, ts, order[st.O_FROM], 0, px, min(shown, order[st.O_LEFT]), touch_px, shown, TAKER)
        key = bk.next_key(s.book, -side, key)
    if order[st.O_LEFT]:
        order[st.O_TO] = order[st.O_FROM]
        own_orders.log_order(c.orders, out.quotes, out.n, slot, c.clock[st.ROWS], ts, CANCEL, WHY_NO_BOOK)
        order[st.O_LEFT] = 0


@kernel
def _next_joining(orders: Ints, used: int, exch_ts: int) -> tuple[int, bool]:
    """Return (slot of the first order sent that went live before `exch_ts` and has not seen the book, or -1; another?)."""
    chosen = -1
    many = False
    for slot in range(used):
        if orders[slot, st.O_JOINED] or orders[slot, st.O_ID] == 0 or orders[slot, st.O_LEFT] == 0:
            continue
        if orders[slot, st.O_FROM] < exch_ts:
            many = chosen >= 0
            if chosen < 0 or orders[slot, st.O_ID] < orders[chosen, st.O_ID]:
                chosen = slot
    return chosen, many


@kernel
def join(s: st.State, out: st.Out, ts: int, exch_ts: int) -> None:
    """Let every order that went live before `exch_ts` see the book as it still is: behind what, or what there is to take."""
    c = s.core[0]
    orders = c.orders
    more = True
    while more:
        slot, more = _next_joining(orders, c.clock[st.SLOTS], exch_ts)
        if slot < 0:
            break
        orders[slot, st.O_JOINED] = st.JOINED
        if orders[slot, st.O_TAKER]:
            _take(s, out, slot, ts)
        elif c.clock[st.SNAPSHOT]:
            c.queue[slot, st.Q_AHEAD] = bk.level_qty(s.book, orders[slot, st.O_SIDE], orders[slot, st.O_PX])
        else:
            orders[slot, st.O_JOINED] = st.UNKNOWN_QUEUE
    own_orders.measure_reach(orders, c.clock)


@kernel
def level_changed(
    orders: Ints, queue: npt.NDArray[np.float64], used: int, params: npt.NDArray[np.float64], side: int, px: int,
    previous: int, new: int, exch_ts: int,
) -> None:  # fmt: skip
    """Let a change of a displayed level move our place in its queue; once a cancel is sent the place is not followed."""
    for slot in range(used):
        if orders[slot, st.O_PX] != px or orders[slot, st.O_SIDE] != side or orders[slot, st.O_TO]:
            continue
        held = orders[slot, st.O_ID] and orders[slot, st.O_LEFT]
        if held and orders[slot, st.O_JOINED] == st.JOINED and orders[slot, st.O_FROM] < exch_ts:
            queue[slot, st.Q_AHEAD] = queueing.after_level(
                int(params[pm.QUEUE_MODEL]), params[pm.QUEUE_POWER], queue[slot, st.Q_AHEAD],
                queue[slot, st.Q_TRADED], previous, new,
            )  # fmt: skip
            queue[slot, st.Q_TRADED] = 0.0


@kernel
def _next_met(orders: Ints, used: int, side: int, px: int, exch_ts: int, last_px: int, last_id: int) -> int:
    """Return the slot of our next best order, after (`last_px`, `last_id`), that a print at `px` reaches, or -1."""
    chosen = -1
    for slot in range(used):
        if orders[slot, st.O_ID] == 0 or orders[slot, st.O_LEFT] == 0 or orders[slot, st.O_SIDE] == side:
            continue
        if orders[slot, st.O_TAKER]:
            continue
        ended = orders[slot, st.O_TO]
        if exch_ts <= orders[slot, st.O_FROM] or (ended and exch_ts > ended):
            continue
        own_side = orders[slot, st.O_SIDE]
        if (orders[slot, st.O_PX] - px) * own_side < 0:
            continue
        if last_id:
            edge = (orders[slot, st.O_PX] - last_px) * own_side
            if edge > 0 or (edge == 0 and orders[slot, st.O_ID] <= last_id):
                continue
        if chosen >= 0:
            edge = (orders[slot, st.O_PX] - orders[chosen, st.O_PX]) * own_side
            if edge < 0 or (edge == 0 and orders[slot, st.O_ID] > orders[chosen, st.O_ID]):
                continue
        chosen = slot
    return chosen


@kernel
def in_reach(clock: Ints, side: int, px: int) -> bool:
    """Say whether a print at `px` by aggressor `side` may reach any order of ours at all."""
    if side < 0:
        return px <= clock[st.BID_HIGH]
    return px >= clock[st.ASK_LOW]


@kernel
def meet(s: st.State, out: st.Out, ts: int, exch_ts: int, seq: int, side: int, px: int, qty: int) -> None:
    """Let one market print meet our resting orders, before it moves anything else."""
    c = s.core[0]
    if c.clock[st.JOIN_DUE] < exch_ts:
        join(s, out, ts, exch_ts)
    rule = int(c.params[pm.FILL_RULE])
    left = qty
    taken_here = 0
    front, front_known = 0.0, True
    last_px, last_id = 0, 0
    while left > 0:
        slot = _next_met(c.orders, c.clock[st.SLOTS], side, px, exch_ts, last_px, last_id)
        if slot < 0:
            return
        order = c.orders[slot]
        last_px, last_id = order[st.O_PX], order[st.O_ID]
        filled = min(left, order[st.O_LEFT])
        reason = THROUGH
        if order[st.O_PX] == px:
            reason = TOUCH
            # nobody of ours passes an earlier one of ours at the same price
            known = front_known = front_known and order[st.O_JOINED] == st.JOINED
            front = max(front, c.queue[slot, st.Q_AHEAD])
            passed = qty - front - taken_here
            if rule == THROUGH:
                filled = 0
            elif rule == QUEUE:
                reason = QUEUE
                filled = min(filled, int(math.floor(passed + 0.5))) if known and passed >= 0.5 else 0
        if filled > 0:
            _fill(s, out, slot, ts, exch_ts, seq, order[st.O_PX], filled, px, qty, reason)
            left -= filled
        if filled > 0 or order[st.O_PX] != px:
            c.queue[slot, st.Q_AHEAD] = 0.0
        else:
            # what our earlier orders took of the print did not come out of the queue before this one
            c.queue[slot, st.Q_AHEAD] -= qty - taken_here
        if order[st.O_PX] == px:
            c.queue[slot, st.Q_TRADED] += qty
            taken_here += filled
