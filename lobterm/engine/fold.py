"""The engine: fold(state, events) -> state, rows.

What: the one loop that live, replay, backtest and study share. It reads no clock, draws no random number, allocates
nothing per event, and may be cut anywhere: in one piece or in chunks, the rows are the same to the bit.
Seeds: DESIGN §1 (promises 1 to 3), §3, §4.
Units: ticks, lots, µs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.engine import account, matching, rolling, timers, trades
from lobterm.engine import asof as ao
from lobterm.engine import book as bk
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.events import Flag, Kind, Record, Scope

DONE, FULL, GROW = 0, 1, 2
"""Why `fold` returned: all rows folded; an output table needs draining; the book's far table must grow."""

Ints = npt.NDArray[np.int64]

ROOM = 2 * st.ORDERS + 8
"""Output rows that one event or one timer may need at most."""

BOOK, BOOK_CLEAR, TOUCH, TRADE, CLOCK_OFFSET = (
    int(kind) for kind in (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE, Kind.CLOCK_OFFSET)
)
GAP, HEARTBEAT, PARAM, MODEL = (int(kind) for kind in (Kind.GAP, Kind.HEARTBEAT, Kind.PARAM, Kind.MODEL))
LAST, SNAPSHOT, RPI, SYNTHETIC = int(Flag.LAST), int(Flag.SNAPSHOT), int(Flag.RPI), int(Flag.SYNTHETIC)
SCOPE_TRADES, SCOPE_OI = int(Scope.TRADES), int(Scope.OI)


@njit(cache=True)
def _look(
    book: bk.Book, clock: Ints, feeds: Ints, touch: Ints, ring: Ints, cursor: Ints, acct: Ints, event: Record
) -> None:
    """Read the book at the end of a message: touch in force, mark, and the state that later trades are judged by."""
    if clock[st.SNAPSHOT] == 0 and clock[st.HAS_BOOK]:
        return
    clock[st.BOOK_TS] = event.ts
    clock[st.BOOK_KNOWN] = 1
    clock[st.GAP] = 0
    valid = tc.look(book, feeds, clock[st.SNAPSHOT] == 1, touch)
    crossed = touch[tc.BID_QTY] > 0 and touch[tc.ASK_QTY] > 0 and touch[tc.BID] >= touch[tc.ASK]
    clock[st.CROSSED] = 1 if crossed else 0
    if valid:
        account.mark(acct, touch[tc.BID] + touch[tc.ASK])
    else:
        acct[account.MARKED] = 0
    ao.push(ring, cursor, event.exch_ts, valid, touch)


@njit(cache=True)
def _end_of_book_message(clock: Ints, feeds: Ints, event: Record) -> None:
    if event.flags & SNAPSHOT:
        clock[st.SNAPSHOT] = 1
    feeds[tc.B_SEQ] = event.seq
    feeds[tc.B_EXCH] = event.exch_ts
    feeds[tc.B_SEEN] = 1


@njit(cache=True)
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


@njit(cache=True)
def _on_gap(s: st.State, out: st.Out, event: Record) -> None:
    if event.qty == SCOPE_OI:
        return
    if event.qty == SCOPE_TRADES:
        s.counts[st.GAPS] += 1
        rolling.restart(s.window_cursor)
    else:
        timers.enter_gap(s, out, event.ts, event.exch_ts, event.px)


@njit(cache=True)
def _room(out: st.Out) -> bool:
    """Say whether every table can take what one event may need."""
    return (
        out.labels.shape[0] - out.n[0] >= ROOM
        and out.quotes.shape[0] - out.n[2] >= ROOM
        and out.fills.shape[0] - out.n[3] >= ROOM
    )


@njit(cache=True, nogil=True)
def fold(s: st.State, events: npt.NDArray[np.void], start: int, stop: int, out: st.Out) -> tuple[int, int]:
    """Fold `events[start:stop]` into `s`, appending to `out`. Return (index of the first row not folded, why)."""
    # hoisted: passing the whole state for every book row would cost more than folding it
    book, clock, feeds, touch = s.book, s.clock, s.feeds, s.touch
    ring, cursor, acct, market = s.ring, s.ring_cursor, s.acct, s.market[0]
    judging, window, window_cursor, x, z = s.asof, s.window, s.window_cursor, s.x, s.z
    sums, params, counts, centroids, roles, lot = s.sums, s.params, s.counts, s.centroids, s.roles, s.size[1]
    labels, n_out = out.labels, out.n
    pending = clock[st.PENDING_QTY]
    for i in range(start, stop):
        event = events[i]
        ts = event.ts
        if clock[st.STARTED] == 0:
            timers.start(s, ts)
        if clock[st.NEXT_DUE] < ts and not timers.fire_until(s, out, ts, ROOM):
            return i, FULL
        kind = event.kind
        if event.market == market:
            if kind == BOOK:
                if not bk.set_level(book, event.side, event.px, event.qty):
                    return i, GROW
                clock[st.HAS_BOOK] = 1
                if event.flags & LAST:
                    _end_of_book_message(clock, feeds, event)
                    _look(book, clock, feeds, touch, ring, cursor, acct, event)
            elif kind == TOUCH:
                if _on_touch(feeds, event):
                    _look(book, clock, feeds, touch, ring, cursor, acct, event)
            elif kind == TRADE:
                if not _room(out):
                    return i, FULL
                on_market = event.flags & RPI == 0 and clock[st.BOOK_KNOWN] == 1
                if on_market and matching.in_reach(clock, event.side, event.px):
                    matching.meet(s, out, ts, event.exch_ts, event.seq, event.side, event.px, event.qty)
                pending += event.qty
                if event.flags & LAST:
                    row = labels[n_out[0]]
                    n_out[0] += 1
                    trades.begin(row, event, clock[st.ROWS], pending)
                    label = trades.judge(
                        row, clock, ring, cursor, judging, window, window_cursor, x, z, centroids, roles, lot
                    )
                    trades.move_signals(sums, params, ts, event.side, pending * lot, label)
                    counts[st.TRADES] += 1
                    counts[st.LABELLED + label] += 1
                    pending = 0
                clock[st.PENDING_QTY] = pending
            elif kind == BOOK_CLEAR:
                bk.clear(book)
                clock[st.HAS_BOOK] = 1
                clock[st.SNAPSHOT] = 0
                if event.flags & LAST:
                    _end_of_book_message(clock, feeds, event)
                    _look(book, clock, feeds, touch, ring, cursor, acct, event)
            elif kind == GAP:
                if not _room(out):
                    return i, FULL
                _on_gap(s, out, event)
        if kind == PARAM:
            if 0 <= event.qty < params.shape[0]:
                value = np.int64(event.px).view(np.float64)
                if pm.LOW[event.qty] <= value <= pm.HIGH[event.qty]:
                    params[event.qty] = value
        elif kind == MODEL:
            if 0 <= event.px < centroids.shape[0]:
                clock[st.MODEL_ROW] = event.px
        elif kind == CLOCK_OFFSET:
            clock[st.OFFSET] = event.qty
        clock[st.NOW] = ts
        clock[st.ROWS] += 1
        # a market is alive by its own messages: neither ours nor another market's keep its book fresh
        if event.market == market and kind != HEARTBEAT and event.flags & SYNTHETIC == 0:
            clock[st.LAST_REAL] = ts
    return stop, DONE
