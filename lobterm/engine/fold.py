"""The engine: fold(state, events) -> state, rows.

What: the one loop that live, replay, backtest and study share. It reads no clock, draws no random number, allocates
nothing per event, and may be cut anywhere: in one piece or in chunks, the rows are the same to the bit.
Seeds: DESIGN §1 (promises 1 to 3), §3, §4.
Units: ticks, lots, µs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import (
    account,
    crash,
    markouts,
    matching,
    ordered,
    own_orders,
    pressure,
    regime,
    rolling,
    standing,
    timers,
    trades,
)
from lobterm.engine import asof as ao
from lobterm.engine import book as bk
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import Marked
from lobterm.events import Flag, Kind, Record, Scope

SETTLE_SLACK_US = 60_000_000
"""A mark price is a settlement's own if it was heard within this of its time, which the exchange stamps some ms late."""
MOST_MARK_E8 = 1 << 53
MARKED_LABEL = int(Marked.LABEL)
DONE, FULL, GROW = 0, 1, 2
"""Why `fold` returned: all rows folded; an output table needs draining; the book's far table must grow."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROOM = (matching.DEEPEST + 2) * st.ORDERS + 8
"""Output rows of one table that one event or one timer may need at most."""

BOOK, BOOK_CLEAR, TOUCH, TRADE, CLOCK_OFFSET = (
    int(kind) for kind in (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE, Kind.CLOCK_OFFSET)
)
GAP, HEARTBEAT, PARAM, MODEL = (int(kind) for kind in (Kind.GAP, Kind.HEARTBEAT, Kind.PARAM, Kind.MODEL))
LIQUIDATION, OPEN_INTEREST, MARK_PRICE, FUNDING, FUNDING_SETTLED, VOLUME_24H, REFERENCE, ORDER, SAMPLE, ACCOUNT = (
    int(kind)
    for kind in (
        Kind.LIQUIDATION, Kind.OPEN_INTEREST, Kind.MARK, Kind.FUNDING, Kind.FUNDING_SETTLED, Kind.VOLUME_24H,
        Kind.REFERENCE, Kind.ORDER, Kind.SAMPLE, Kind.ACCOUNT,
    )
)  # fmt: skip
LAST, SNAPSHOT, RPI, SYNTHETIC, WARM = (int(f) for f in (Flag.LAST, Flag.SNAPSHOT, Flag.RPI, Flag.SYNTHETIC, Flag.WARM))
SCOPE_TRADES, SCOPE_OI, SCOPE_ALL = int(Scope.TRADES), int(Scope.OI), int(Scope.ALL)


@kernel
def _mid_moves(
    clock: Ints, averages: Floats, params: Floats, waiting: Ints, waiting_cursor: Ints, ts: int, mid2: int
) -> None:
    """Let the mid be `mid2` (0: there is none) from `ts` on, after what is due has seen the old one."""
    timers.mid_holds_until(clock, averages, params, waiting, waiting_cursor, ts, ts)
    if clock[st.BOOK_KNOWN] == 0:
        clock[st.BOOK_KNOWN] = 1
        # it may fall silent from now on: a snapshot that the exchange did not send counts, once
        clock[st.LAST_REAL] = ts
        clock[st.NEXT_DUE] = min(clock[st.NEXT_DUE], ts)
        waiting_cursor[markouts.UNKNOWN_UNTIL] = ts
    clock[st.MID2] = mid2
    if mid2:
        clock[st.MARK2] = mid2


@kernel
def _look(book: bk.Book, clock: Ints, feeds: Ints, touch: Ints, ring: Ints, cursor: Ints, exch_ts: int) -> int:
    """Read the book at the end of a message: the touch in force, and the state that later trades are judged by.

    Return twice its mid, 0 where there is none.
    """
    clock[st.GAP] = 0
    valid = tc.look(book, feeds, clock[st.SNAPSHOT] == 1, touch)
    crossed = not valid and touch[tc.BID_QTY] > 0 and touch[tc.ASK_QTY] > 0
    clock[st.CROSSED] = 1 if crossed else 0
    ao.push(ring, cursor, exch_ts, valid, touch)
    return touch[tc.BID] + touch[tc.ASK] if valid else 0


@kernel
def _end_of_book_message(clock: Ints, feeds: Ints, event: Record) -> None:
    if event.flags & SNAPSHOT:
        clock[st.SNAPSHOT] = 1
    feeds[tc.B_SEQ] = event.seq
    feeds[tc.B_EXCH] = event.exch_ts
    feeds[tc.B_SEEN] = 1


@kernel
def _on_touch(feeds: Ints, event: Record) -> bool:
    """Fold one side of a touch message. Return True at its end.

    A touch without a matching time cannot be ordered against trades and is left out.
    """
    if event.exch_ts == 0:
        return False
    at = tc.T_BID if event.side > 0 else tc.T_ASK
    feeds[at] = event.px
    feeds[at + 1] = event.qty
    if event.flags & LAST == 0:
        return False
    feeds[tc.T_SEQ] = event.seq
    feeds[tc.T_EXCH] = event.exch_ts
    feeds[tc.T_SEEN] = 1
    return True


@kernel
def _on_gap(s: st.State, out: st.Out, event: Record) -> None:
    c = s.core[0]
    scope = event.qty
    if scope == SCOPE_OI or scope == SCOPE_ALL:
        pressure.forget_oi(c.oi, c.trend)
    if scope == SCOPE_OI:
        return
    if scope == SCOPE_TRADES:
        c.counts[st.GAPS] += 1
        rolling.restart(c.window_cursor)
        c.flow[pressure.BROKEN] = 1
    else:
        timers.enter_gap(s, out, event.ts, event.exch_ts, event.px)


@kernel
def _mark_heard_at(clock: Ints, exch_ts: int) -> int:
    """Return the mark price in force if it was told about that time, else 0: a later one would be a guess."""
    return clock[st.MARK_E8] if abs(clock[st.MARK_T] - exch_ts) < SETTLE_SLACK_US else 0


@kernel
def _settle(s: st.State, out: st.Out, event: Record) -> None:
    """Post a funding settlement on the positions held at its time; say so where its mark price is not known."""
    c = s.core[0]
    rate = event.px
    if abs(rate) >= 10_000_000 or event.exch_ts <= c.clock[st.SETTLED]:
        return
    passed = abs(c.clock[st.SETTLE_T] - event.exch_ts) < SETTLE_SLACK_US and c.clock[st.SETTLE_MARK_E8] > 0
    mark = c.clock[st.SETTLE_MARK_E8] if passed else _mark_heard_at(c.clock, event.exch_ts)
    if 0 < event.qty < MOST_MARK_E8:
        mark = event.qty
    c.clock[st.SETTLED] = event.exch_ts
    lot_e8 = c.sizes_e8[1]
    for who in range(account.STRATEGIES):
        held = account.held_at(c.past, c.past_cursor, c.acct, who, event.exch_ts)
        if held and mark > 0:
            c.acct[who, account.FUNDING_E8] += account.funding_e8(held, lot_e8, mark, rate)
        elif held and rate:
            c.acct[who, account.UNPRICED] += 1
            own_orders.say_unpriced(s, out, event.ts, who, held, event.exch_ts)


@kernel
def _on_sample(s: st.State, event: Record) -> None:
    """Take in what an earlier recording has left: a window's sample, or an average."""
    value = np.int64(event.px).view(np.float64)
    which = event.qty
    if not abs(value) < 1e300:
        return
    if 0 <= which < pressure.WINDOWS:
        window = ordered.Window(s.window_ints[which], s.window_floats[which])
        s.window_times[which, window.i[ordered.OLDEST]] = event.exch_ts
        ordered.push(window, value)
    elif value >= 0.0:
        pressure.carry(s.core[0].averages, which, value)


@kernel
def _on_rare(s: st.State, out: st.Out, event: Record) -> None:
    """Fold what comes a few times a second at most, of the market that is traded."""
    c = s.core[0]
    kind, ts = event.kind, event.ts
    if kind == GAP:
        _on_gap(s, out, event)
    elif kind == OPEN_INTEREST:
        pressure.see_oi(
            c.oi,
            c.trend,
            s.window_ints,
            s.window_floats,
            s.window_times,
            c.now,
            c.params,
            ts,
            event.exch_ts,
            event.qty,
        )
    elif kind == LIQUIDATION:
        regime.see_liquidation(c.regime, c.params, ts, event.side, event.qty)
    elif kind == MARK_PRICE:
        due = c.clock[st.NEXT_FUNDING]
        c.clock[st.MARK_E8] = event.px
        c.clock[st.MARK_T] = event.exch_ts
        if due and c.clock[st.SETTLE_T] < due <= event.exch_ts:
            c.clock[st.SETTLE_T] = due
            c.clock[st.SETTLE_MARK_E8] = _mark_heard_at(c.clock, due)
    elif kind == FUNDING:
        if c.clock[st.NEXT_FUNDING] != event.qty and c.clock[st.SETTLE_T] < c.clock[st.NEXT_FUNDING] <= event.exch_ts:
            c.clock[st.SETTLE_T] = c.clock[st.NEXT_FUNDING]
            c.clock[st.SETTLE_MARK_E8] = _mark_heard_at(c.clock, c.clock[st.NEXT_FUNDING])
        c.clock[st.NEXT_FUNDING] = event.qty
    elif kind == FUNDING_SETTLED:
        _settle(s, out, event)
    elif kind == VOLUME_24H:
        if event.qty > 0:
            c.averages[pressure.ADV_SEED] = event.qty / 86_400.0
    elif kind == ORDER:
        own_orders.on_order(s, out, ts, event.seq, event.side, event.px, event.qty)
    elif kind == SAMPLE:
        _on_sample(s, event)
    elif kind == ACCOUNT:
        standing.take(s, ts, event.qty, event.px, event.flags & WARM != 0)


@kernel
def fold(s: st.State, events: npt.NDArray[np.void], start: int, stop: int, out: st.Out) -> tuple[int, int]:
    """Fold `events[start:stop]` into `s`, appending to `out`. Return (index of the first row not folded, why)."""
    c = s.core[0]
    # hoisted: passing the whole state for every book row would cost more than folding it
    book, clock, feeds, touch = s.book, c.clock, c.feeds, c.touch
    ring, cursor, market, waiting_cursor = (
        c.ring,
        c.ring_cursor,
        c.market[0],
        c.waiting_cursor,
    )
    judging, window, window_cursor, x, z = (
        c.asof,
        c.window,
        c.window_cursor,
        c.x,
        c.z,
    )
    sums, params, counts, centroids, roles, lot = (
        c.sums,
        c.params,
        c.counts,
        s.centroids,
        s.roles,
        c.size[1],
    )
    orders, queue, flow, before, averages, waiting = (
        c.orders,
        c.queue,
        c.flow,
        c.before,
        c.averages,
        c.waiting,
    )
    labels, marked, n_out, capacity = out.labels, out.markouts, out.n, out.labels.shape[0]
    pending = clock[st.PENDING_QTY]
    i = start - 1
    while i + 1 < stop:
        i += 1
        event = events[i]
        ts = event.ts
        if clock[st.STARTED] == 0:
            timers.start(s, ts)
        if clock[st.NEXT_DUE] < ts and not timers.fire_until(s, out, ts, ROOM):
            return i, FULL
        kind = event.kind
        ended = False
        if event.market == market:
            if kind == BOOK:
                side, px, exch_ts = event.side, event.px, event.exch_ts
                if clock[st.JOIN_DUE] < exch_ts:
                    if not timers.room(n_out, capacity, ROOM):
                        return i, FULL
                    matching.join(s, out, ts, exch_ts)
                low, high = clock[st.REST_BID_LOW], clock[st.REST_BID_HIGH]
                if side < 0:
                    low, high = clock[st.REST_ASK_LOW], clock[st.REST_ASK_HIGH]
                ours = low <= px <= high
                previous = bk.level_qty(book, side, px) if ours else 0
                if not bk.set_level(book, side, px, event.qty):
                    return i, GROW
                if ours:
                    matching.level_changed(
                        orders, queue, clock[st.SLOTS], params, side, px, previous, event.qty, exch_ts
                    )
                feeds[tc.B_CHANGED] = 1
                clock[st.HAS_BOOK] = 1
                if event.flags & LAST:
                    _end_of_book_message(clock, feeds, event)
                    ended = True
                else:
                    # the inside of a message changes levels and nothing else: no timer is due, nobody may look
                    after = bk.set_plain(book, events, i, stop, low, high)
                    clock[st.ROWS] += after - i - 1
                    i = after - 1
            elif kind == TOUCH:
                if clock[st.JOIN_DUE] < event.exch_ts and clock[st.HAS_BOOK] == 0:
                    if not timers.room(n_out, capacity, ROOM):
                        return i, FULL
                    matching.join(s, out, ts, event.exch_ts)
                ended = _on_touch(feeds, event)
            elif kind == TRADE:
                if not timers.room(n_out, capacity, ROOM):
                    return i, FULL
                on_market = event.flags & RPI == 0 and clock[st.BOOK_KNOWN] == 1
                if on_market and (clock[st.JOIN_DUE] < event.exch_ts or matching.in_reach(clock, event.side, event.px)):
                    matching.meet(s, out, ts, event.exch_ts, event.seq, event.side, event.px, event.qty)
                pending += event.qty
                if event.flags & LAST:
                    row = labels[n_out[st.LABELS]]
                    n_out[st.LABELS] += 1
                    trades.begin(row, event, clock[st.ROWS], pending)
                    label = trades.judge(
                        row, clock, ring, cursor, judging, window, window_cursor, x, z, centroids, roles, lot
                    )
                    trades.move_signals(sums, params, ts, event.side, pending * lot, label)
                    pressure.see_trade(
                        flow, ring, cursor, before, params[pm.IMPACT_BPS], event.exch_ts, event.side, event.px, pending
                    )
                    markouts.add(
                        waiting, waiting_cursor, marked, n_out, st.MARKOUTS, ts, clock[st.ROWS], 2 * event.px, pending,
                        0, event.side, MARKED_LABEL, 0, label,
                    )  # fmt: skip
                    counts[st.TRADES] += 1
                    counts[st.LABELLED + label] += 1
                    pending = 0
                clock[st.PENDING_QTY] = pending
            elif kind == BOOK_CLEAR:
                if clock[st.JOIN_DUE] < event.exch_ts:
                    if not timers.room(n_out, capacity, ROOM):
                        return i, FULL
                    matching.join(s, out, ts, event.exch_ts)
                bk.clear(book)
                feeds[tc.B_CHANGED] = 1
                clock[st.HAS_BOOK] = 1
                clock[st.SNAPSHOT] = 0
                if event.flags & LAST:
                    _end_of_book_message(clock, feeds, event)
                    ended = True
            elif kind != HEARTBEAT:
                if not timers.room(n_out, capacity, ROOM):
                    return i, FULL
                _on_rare(s, out, event)
            # once depth is told, the book is known from its snapshot on
            if ended and (clock[st.SNAPSHOT] or clock[st.HAS_BOOK] == 0):
                mid2 = _look(book, clock, feeds, touch, ring, cursor, event.exch_ts)
                if mid2 != clock[st.MID2] or clock[st.BOOK_KNOWN] == 0:
                    _mid_moves(clock, averages, params, waiting, waiting_cursor, ts, mid2)
                clock[st.BOOK_TS] = ts
        elif kind == REFERENCE:
            crash.see(c.reference, ts, event.side, event.px)
        if kind == PARAM:
            if 0 <= event.qty < params.shape[0]:
                value = np.int64(event.px).view(np.float64)
                if pm.LOW[event.qty] <= value <= pm.HIGH[event.qty]:
                    params[event.qty] = value
                    clock[st.NEXT_DUE] = min(clock[st.NEXT_DUE], ts)
        elif kind == MODEL:
            if clock[st.MODEL_ROW] >= 0 and 0 <= event.px < centroids.shape[0]:
                clock[st.MODEL_ROW] = event.px
        elif kind == CLOCK_OFFSET:
            clock[st.OFFSET] = event.qty
        clock[st.NOW] = ts
        clock[st.ROWS] += 1
        # a market is alive by its own messages: neither ours nor another market's keep its book fresh
        if event.market == market and kind != HEARTBEAT and event.flags & SYNTHETIC == 0:
            clock[st.LAST_REAL] = ts
    return stop, DONE
