"""What happens because time passed: order arrivals, alpha ticks, requotes, and silence that is itself a gap.

What: each timer fires at its own due time on `ts`, in order of due time, then silence, arrival, alpha tick, requote, before
the row that passes it. Heartbeats change when a timer's rows appear, never which.
Seeds: 003 §8.1 (alpha tick), 001 Exp 7 (requote throttle); DESIGN §3 (timers).
Units: local µs.
"""

from __future__ import annotations

from numba import njit

from lobterm.engine import account, matching, quoting, rolling, signals
from lobterm.engine import asof as ao
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.rows import AlphaValid
from lobterm.events import GapCause

SIGNALS, NORM, QUOTE, MARK, TOUCH = (int(bit) for bit in AlphaValid)
SILENCE = int(GapCause.SILENCE)


@njit(cache=True)
def enter_gap(s: st.State, out: st.Out, ts: int, exch_ts: int, cause: int) -> None:
    """Make the book unknown: orders pulled, position unmarked, clocks and z restart undefined."""
    s.clock[st.GAP] = cause
    s.clock[st.BOOK_KNOWN] = 0
    s.clock[st.SNAPSHOT] = 0
    s.clock[st.CROSSED] = 0
    s.clock[st.QUOTING] = 0
    s.clock[st.FAIR_KNOWN] = 0
    s.counts[st.GAPS] += 1
    s.acct[account.MARKED] = 0
    for i in range(s.touch.shape[0]):
        s.touch[i] = 0
    s.feeds[tc.T_SEEN] = 0
    s.feeds[tc.B_SEEN] = 0
    rolling.restart(s.window_cursor)
    ao.push(s.ring, s.ring_cursor, exch_ts, False, s.touch)
    matching.pull_all(s, out, ts)


@njit(cache=True)
def alpha_tick(s: st.State, out: st.Out, due: int) -> None:
    """Append an ALPHA row as of `due`."""
    row = out.alpha[out.n[1]]
    out.n[1] += 1
    s.counts[st.ALPHA_TICKS] += 1
    valid = 0
    row.offset = s.clock[st.ROWS]
    row.ts = due
    two_sided = quoting.two_sided(s)
    row.bid = s.touch[tc.BID] if two_sided else 0
    row.ask = s.touch[tc.ASK] if two_sided else 0
    row.bid_qty = s.touch[tc.BID_QTY] if two_sided else 0
    row.ask_qty = s.touch[tc.ASK_QTY] if two_sided else 0
    if two_sided:
        valid |= TOUCH
    has_model = s.clock[st.MODEL_ROW] >= 0
    signals.read(s.sums, due, s.params, s.both)
    row.skew_inverted = s.both[signals.SKEW_INVERTED] if has_model else 0.0
    row.hazard_inverted = s.both[signals.HAZARD_INVERTED] if has_model else 0.0
    row.skew_traditional = s.both[signals.SKEW_TRADITIONAL] if has_model else 0.0
    row.hazard_traditional = s.both[signals.HAZARD_TRADITIONAL] if has_model else 0.0
    if has_model:
        valid |= SIGNALS
    row.norm = signals.normaliser(s.sums, s.params)
    if row.norm > 0.0:
        valid |= NORM
    known = quoting.value(s, due)
    row.fair_px = s.quote[st.FAIR] if known else 0.0
    row.width_ticks = s.quote[st.WIDTH] if known else 0.0
    if known:
        valid |= QUOTE
    row.inventory = s.acct[account.POSITION]
    marked = s.acct[account.MARKED] == 1 or s.acct[account.POSITION] == 0
    row.pnl_e8 = account.total_e8(s.acct, s.value_e16[0]) if marked else 0
    if marked:
        valid |= MARK
    row.valid = valid


@njit(cache=True)
def _after(ts: int, period: int) -> int:
    return ts - ts % period + period


@njit(cache=True)
def schedule(s: st.State) -> None:
    """Set NEXT_DUE to the earliest timer."""
    due = min(s.clock[st.ALPHA_DUE], s.clock[st.REQUOTE_DUE])
    if s.clock[st.ARRIVAL_DUE]:
        due = min(due, s.clock[st.ARRIVAL_DUE])
    if s.clock[st.BOOK_KNOWN]:
        due = min(due, s.clock[st.LAST_REAL] + int(s.params[pm.MAX_SILENCE_US]))
    s.clock[st.NEXT_DUE] = due


@njit(cache=True)
def start(s: st.State, ts: int) -> None:
    """Set the first due times: whole multiples of each period after the first row."""
    s.clock[st.STARTED] = 1
    s.clock[st.LAST_REAL] = ts
    s.clock[st.ALPHA_DUE] = _after(ts, int(s.params[pm.ALPHA_TICK_US]))
    s.clock[st.REQUOTE_DUE] = _after(ts, int(s.params[pm.REQUOTE_US]))
    schedule(s)


@njit(cache=True)
def fire_until(s: st.State, out: st.Out, ts: int, room: int) -> bool:
    """Fire every timer due before `ts`. Return False, to be called again, once fewer than `room` rows are free."""
    while s.clock[st.NEXT_DUE] < ts:
        if out.alpha.shape[0] - out.n[1] < room or out.quotes.shape[0] - out.n[2] < room:
            return False
        due = s.clock[st.NEXT_DUE]
        s.clock[st.NOW] = due
        if s.clock[st.BOOK_KNOWN] and due == s.clock[st.LAST_REAL] + int(s.params[pm.MAX_SILENCE_US]):
            enter_gap(s, out, due, matching.exchange_now(s, due), SILENCE)
        if due == s.clock[st.ARRIVAL_DUE]:
            matching.arrive(s, out, due)
        # nothing ticks while the book is unknown: the periods run on without rows
        if due == s.clock[st.ALPHA_DUE]:
            if s.clock[st.BOOK_KNOWN]:
                alpha_tick(s, out, due)
            s.clock[st.ALPHA_DUE] = _after(due if s.clock[st.BOOK_KNOWN] else ts - 1, int(s.params[pm.ALPHA_TICK_US]))
        if due == s.clock[st.REQUOTE_DUE]:
            if s.clock[st.BOOK_KNOWN]:
                quoting.requote(s, out, due)
            s.clock[st.REQUOTE_DUE] = _after(due if s.clock[st.BOOK_KNOWN] else ts - 1, int(s.params[pm.REQUOTE_US]))
        schedule(s)
    return True
