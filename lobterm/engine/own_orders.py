"""Own orders: sent, cancelled, looked up, written down; and how far they reach, so that most prints need not look at any.

What: an order lives in (live_from, live_to] on the exchange's clock. Orders and cancels of the ladders share one limit a
second, those that a person asks for another of the same size; a gap pulls everything without asking either. Ended orders stay
until no print of their lifetime can still arrive, because a print may come after the cancel.
Seeds: 003 §5.2, §9.2; methods §3.6, §4.14.
Units: exchange µs, ticks, lots.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, markouts
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import QuoteAct, QuoteWhy, Strategy
from lobterm.events import OrderAct

KEEP_US = 2_000_000
"""How long an ended order is kept for prints that are late."""

PLACE, CANCEL, REJECT, UNPRICED = (
    int(act) for act in (QuoteAct.PLACE, QuoteAct.CANCEL, QuoteAct.REJECT, QuoteAct.UNPRICED)
)
WHY_GAP, WHY_PERSON, WHY_NO_BOOK, WHY_LIMIT, WHY_GONE, WHY_NO_MARK = (
    int(why)
    for why in (QuoteWhy.GAP, QuoteWhy.PERSON, QuoteWhy.NO_BOOK, QuoteWhy.LIMIT, QuoteWhy.GONE, QuoteWhy.NO_MARK)
)
ASKS_MOVE, ASKS_FLATTEN, ASKS_PLACE = int(OrderAct.MOVE), int(OrderAct.FLATTEN), int(OrderAct.PLACE)
OWN = int(Strategy.OWN)

Ints = npt.NDArray[np.int64]


@kernel
def exchange_now(s: st.State, ts: int) -> int:
    """Return what the exchange's clock shows at local `ts`."""
    return ts + s.core[0].clock[st.OFFSET]


@kernel
def log_order(
    orders: Ints, quotes: npt.NDArray[np.void], n_out: Ints, slot: int, offset: int, ts: int, act: int, why: int
) -> None:
    """Append a QUOTE row about an order."""
    row = quotes[n_out[st.QUOTES]]
    row.offset = offset
    row.ts = ts
    row.order_id = orders[slot, st.O_ID]
    row.px = orders[slot, st.O_PX]
    row.qty = orders[slot, st.O_LEFT]
    row.live_from = orders[slot, st.O_FROM]
    row.live_to = orders[slot, st.O_TO]
    row.side = orders[slot, st.O_SIDE]
    row.act = act
    row.why = why
    row.strategy = orders[slot, st.O_STRATEGY]
    row.level = orders[slot, st.O_LEVEL]
    n_out[st.QUOTES] += 1


@kernel
def _may_act(clock: Ints, counts: Ints, most: int, ts: int, why: int) -> bool:
    """Count one order or cancel against the limit of the second in hand: hands have one of their own."""
    begun, acted = (st.HAND_FROM, st.HAND_ACTIONS) if why == WHY_PERSON else (st.ACTIONS_FROM, st.ACTIONS)
    if ts - clock[begun] >= 1_000_000:
        clock[begun] = ts
        clock[acted] = 0
    if clock[acted] >= most:
        counts[st.THROTTLED] += 1
        return False
    clock[acted] += 1
    return True


@kernel
def resting(s: st.State, strategy: int, side: int, level: int) -> int:
    """Return the slot of a strategy's order at one place of its ladder that no cancel is chasing, or -1."""
    c = s.core[0]
    slot = c.ladder[strategy, 0 if side > 0 else 1, level]
    if slot < 0:
        return -1
    orders = c.orders
    held = orders[slot, st.O_STRATEGY] == strategy and orders[slot, st.O_SIDE] == side and orders[slot, st.O_TAKER] == 0
    if held and orders[slot, st.O_LEVEL] == level and orders[slot, st.O_ID] and orders[slot, st.O_TO] == 0:
        return slot
    return -1


@kernel
def _extend_reach(clock: Ints, side: int, px: int, follows: bool) -> None:
    """Let the reach take in an order; what it no longer needs to take in is found when it is next measured."""
    if side > 0:
        clock[st.BID_HIGH] = max(clock[st.BID_HIGH], px)
        if follows:
            clock[st.REST_BID_LOW] = min(clock[st.REST_BID_LOW], px)
            clock[st.REST_BID_HIGH] = max(clock[st.REST_BID_HIGH], px)
    else:
        clock[st.ASK_LOW] = min(clock[st.ASK_LOW], px)
        if follows:
            clock[st.REST_ASK_LOW] = min(clock[st.REST_ASK_LOW], px)
            clock[st.REST_ASK_HIGH] = max(clock[st.REST_ASK_HIGH], px)


@kernel
def measure_reach(orders: Ints, clock: Ints) -> None:
    """Note where our orders lie, so that most prints and levels need not look at any of them."""
    clock[st.BID_HIGH] = clock[st.REST_BID_HIGH] = clock[st.REST_ASK_HIGH] = 0
    clock[st.ASK_LOW] = clock[st.REST_BID_LOW] = clock[st.REST_ASK_LOW] = st.FAR
    clock[st.JOIN_DUE] = markouts.NEVER
    for slot in range(clock[st.SLOTS]):
        if orders[slot, st.O_ID] and orders[slot, st.O_LEFT]:
            if orders[slot, st.O_JOINED] == 0:
                clock[st.JOIN_DUE] = min(clock[st.JOIN_DUE], orders[slot, st.O_FROM])
            if orders[slot, st.O_TAKER] == 0:
                _extend_reach(clock, orders[slot, st.O_SIDE], orders[slot, st.O_PX], orders[slot, st.O_TO] == 0)


@kernel
def _free_slot(orders: Ints, clock: Ints, now: int) -> int:
    """Forget all orders that ended too long ago, and return a slot for a new one, or -1."""
    free = -1
    for slot in range(clock[st.SLOTS]):
        if orders[slot, st.O_TO] and now - orders[slot, st.O_TO] > KEEP_US:
            orders[slot, st.O_ID] = 0
        if orders[slot, st.O_ID] == 0 and free < 0:
            free = slot
    if free < 0 and clock[st.SLOTS] < orders.shape[0]:
        free = clock[st.SLOTS]
        clock[st.SLOTS] += 1
    return free


@kernel
def place(
    s: st.State, out: st.Out, ts: int, strategy: int, side: int, px: int, qty: int, level: int, taker: bool, why: int
) -> bool:
    """Send an order; it is live one order latency later. Return False where no slot is free or the limit is reached."""
    c = s.core[0]
    now = exchange_now(s, ts)
    slot = _free_slot(c.orders, c.clock, now)
    if slot < 0 or not _may_act(c.clock, c.counts, int(c.params[pm.MAX_ACTIONS]), ts, why):
        return False
    order = c.orders[slot]
    latency = int(c.params[pm.ORDER_LATENCY_US])
    order[st.O_ID] = c.clock[st.NEXT_ORDER_ID]
    order[st.O_SIDE] = side
    order[st.O_PX] = px
    order[st.O_QTY] = qty
    order[st.O_LEFT] = qty
    order[st.O_FROM] = now + latency
    order[st.O_TO] = 0
    order[st.O_DUE] = 0 if taker else ts + latency
    order[st.O_STRATEGY] = strategy
    order[st.O_LEVEL] = level
    order[st.O_JOINED] = 0
    order[st.O_TAKER] = 1 if taker else 0
    c.queue[slot, st.Q_AHEAD] = 0.0
    c.queue[slot, st.Q_TRADED] = 0.0
    if not taker:
        c.ladder[strategy, 0 if side > 0 else 1, level] = slot
    c.clock[st.NEXT_ORDER_ID] += 1
    c.counts[st.PLACED] += 1
    if not taker and (c.clock[st.ARRIVAL_DUE] == 0 or order[st.O_DUE] < c.clock[st.ARRIVAL_DUE]):
        c.clock[st.ARRIVAL_DUE] = order[st.O_DUE]
        c.clock[st.NEXT_DUE] = min(c.clock[st.NEXT_DUE], order[st.O_DUE])
    log_order(c.orders, out.quotes, out.n, slot, c.clock[st.ROWS], ts, PLACE, why)
    c.clock[st.JOIN_DUE] = min(c.clock[st.JOIN_DUE], order[st.O_FROM])
    if not taker:
        _extend_reach(c.clock, side, px, True)
    return True


@kernel
def cancel(s: st.State, out: st.Out, ts: int, slot: int, why: int) -> bool:
    """Send a cancel; the order dies one cancel latency later, never before it has arrived. False at the limit."""
    c = s.core[0]
    if not _may_act(c.clock, c.counts, int(c.params[pm.MAX_ACTIONS]), ts, why):
        return False
    order = c.orders[slot]
    order[st.O_TO] = max(exchange_now(s, ts) + int(c.params[pm.CANCEL_LATENCY_US]), order[st.O_FROM])
    log_order(c.orders, out.quotes, out.n, slot, c.clock[st.ROWS], ts, CANCEL, why)
    return True


@kernel
def _following(orders: Ints, used: int, order_id: int) -> int:
    """Return the slot of the order sent next after `order_id`, or -1: slots are reused, ids tell the order."""
    chosen = -1
    for slot in range(used):
        ident = orders[slot, st.O_ID]
        if ident > order_id and (chosen < 0 or ident < orders[chosen, st.O_ID]):
            chosen = slot
    return chosen


@kernel
def cancel_all(s: st.State, out: st.Out, ts: int, strategy: int, side: int, px: int, why: int) -> bool:
    """Send cancels for a strategy's orders; `side` 0 and `px` 0 mean any. Return False where the limit held one back."""
    c = s.core[0]
    sent = True
    slot = _following(c.orders, c.clock[st.SLOTS], 0)
    while slot >= 0:
        order = c.orders[slot]
        mine = order[st.O_STRATEGY] == strategy and order[st.O_TO] == 0 and order[st.O_LEFT] > 0
        if mine and order[st.O_TAKER] == 0 and side in (0, order[st.O_SIDE]) and px in (0, order[st.O_PX]):
            sent = cancel(s, out, ts, slot, why) and sent
        slot = _following(c.orders, c.clock[st.SLOTS], order[st.O_ID])
    return sent


@kernel
def waiting(s: st.State, strategy: int) -> bool:
    """Say whether a strategy has an order out that no cancel is chasing."""
    c = s.core[0]
    orders = c.orders
    for slot in range(c.clock[st.SLOTS]):
        out_there = orders[slot, st.O_ID] and orders[slot, st.O_LEFT] and orders[slot, st.O_TO] == 0
        if out_there and orders[slot, st.O_STRATEGY] == strategy:
            return True
    return False


@kernel
def pull_all(s: st.State, out: st.Out, ts: int) -> None:
    """End every order at once: the book is unknown, nothing may fill."""
    c = s.core[0]
    now = exchange_now(s, ts)
    slot = _following(c.orders, c.clock[st.SLOTS], 0)
    while slot >= 0:
        order = c.orders[slot]
        if order[st.O_TO] == 0 or order[st.O_TO] > now:
            chased = order[st.O_TO] != 0
            order[st.O_TO] = now
            if not chased:
                log_order(c.orders, out.quotes, out.n, slot, c.clock[st.ROWS], ts, CANCEL, WHY_GAP)
        order[st.O_DUE] = 0
        if order[st.O_JOINED] == 0:
            order[st.O_JOINED] = st.UNKNOWN_QUEUE
        slot = _following(c.orders, c.clock[st.SLOTS], order[st.O_ID])
    c.clock[st.ARRIVAL_DUE] = 0
    measure_reach(c.orders, c.clock)


@kernel
def _say(
    s: st.State, out: st.Out, ts: int, strategy: int, side: int, px: int, qty: int, since: int, act: int, why: int
) -> None:
    """Append a QUOTE row that is about no order."""
    row = out.quotes[out.n[st.QUOTES]]
    row.offset = s.core[0].clock[st.ROWS]
    row.ts = ts
    row.order_id = 0
    row.px = px
    row.qty = qty
    row.live_from = since
    row.live_to = 0
    row.side = side
    row.act = act
    row.why = why
    row.strategy = strategy
    row.level = 0
    out.n[st.QUOTES] += 1


@kernel
def _refuse(s: st.State, out: st.Out, ts: int, strategy: int, side: int, px: int, qty: int, why: int) -> None:
    """Say what a person asked for and did not get."""
    _say(s, out, ts, strategy, side, px, qty, 0, REJECT, why)


@kernel
def say_unpriced(s: st.State, out: st.Out, ts: int, strategy: int, held: int, exch_ts: int) -> None:
    """Say that what a funding settlement at `exch_ts` brought on `held` lots is not known."""
    _say(s, out, ts, strategy, 1 if held > 0 else -1, 0, abs(held), exch_ts, UNPRICED, WHY_NO_MARK)


@kernel
def _send(s: st.State, out: st.Out, ts: int, strategy: int, side: int, px: int, qty: int) -> None:
    """Send a person's order, at market where `px` is 0, or say why not."""
    if s.core[0].clock[st.BOOK_KNOWN] == 0:
        _refuse(s, out, ts, strategy, side, px, qty, WHY_NO_BOOK)
    elif not place(s, out, ts, strategy, side, px, qty, 0, px == 0, WHY_PERSON):
        _refuse(s, out, ts, strategy, side, px, qty, WHY_LIMIT)


@kernel
def _move(s: st.State, out: st.Out, ts: int, order_id: int, px: int) -> None:
    """Cancel an own order and send what is left of it at another price, or leave it where it is."""
    c = s.core[0]
    found = -1
    for slot in range(c.clock[st.SLOTS]):
        order = c.orders[slot]
        rests = order[st.O_LEFT] > 0 and order[st.O_TO] == 0 and order[st.O_TAKER] == 0
        if order_id > 0 and order[st.O_ID] == order_id and rests and order[st.O_STRATEGY] == OWN:
            found = slot
    if found < 0 or px <= 0:
        _refuse(s, out, ts, OWN, 0, px, 0, WHY_GONE)
        return
    side, left = c.orders[found, st.O_SIDE], c.orders[found, st.O_LEFT]
    acted = c.clock[st.HAND_ACTIONS] if ts - c.clock[st.HAND_FROM] < 1_000_000 else 0
    if acted + 2 > int(c.params[pm.MAX_ACTIONS]):
        c.counts[st.THROTTLED] += 1
        _refuse(s, out, ts, OWN, side, px, left, WHY_LIMIT)
    elif cancel(s, out, ts, found, WHY_PERSON):
        _send(s, out, ts, OWN, side, px, left)


@kernel
def _flatten(s: st.State, out: st.Out, ts: int, strategy: int) -> None:
    """Take out at market what a strategy holds, less what takers of it already bring, and cancel its resting orders."""
    c = s.core[0]
    left = c.acct[strategy, account.POSITION]
    for slot in range(c.clock[st.SLOTS]):
        order = c.orders[slot]
        flies = order[st.O_ID] > 0 and order[st.O_TAKER] and order[st.O_TO] == 0
        if flies and order[st.O_STRATEGY] == strategy:
            left += order[st.O_SIDE] * order[st.O_LEFT]
    if left:
        _send(s, out, ts, strategy, -1 if left > 0 else 1, 0, abs(left))
    if not cancel_all(s, out, ts, strategy, 0, 0, WHY_PERSON):
        _refuse(s, out, ts, strategy, 0, 0, 0, WHY_LIMIT)


@kernel
def on_order(s: st.State, out: st.Out, ts: int, asks: int, side: int, px: int, qty: int) -> None:
    """Carry out what a person asks for: see `events.OrderAct`. What cannot be done is said in a QUOTE row."""
    if asks == ASKS_MOVE:
        _move(s, out, ts, qty, px)
    elif asks == ASKS_FLATTEN:
        if 0 <= qty < account.STRATEGIES:
            _flatten(s, out, ts, qty)
    elif asks == ASKS_PLACE and qty <= 0:
        if not cancel_all(s, out, ts, OWN, side, px, WHY_PERSON):
            _refuse(s, out, ts, OWN, side, px, 0, WHY_LIMIT)
    elif asks == ASKS_PLACE and side in (-1, 1) and px >= 0:
        _send(s, out, ts, OWN, side, px, qty)
