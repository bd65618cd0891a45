"""What happens because time passed: order arrivals, sub-samples, alpha ticks, requotes, markouts, and silence that is a gap.

What: each timer fires at its own due time on `ts`, in order of due time, then markouts, silence, arrival, sub-sample, alpha
tick, requote, before the row that passes it. Heartbeats change when a timer's rows appear, never which.
Seeds: 003 §8.1 (alpha tick), 001 Exp 7 (requote throttle); DESIGN §3 (timers).
Units: local µs.
"""

from __future__ import annotations

from numba import njit

from lobterm.engine import (
    account,
    alpha,
    crash,
    exhaustion,
    fade,
    markouts,
    matching,
    pressure,
    quoting,
    regime,
    rolling,
)
from lobterm.engine import asof as ao
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.events import GapCause

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
    s.clock[st.MID2] = 0
    s.clock[st.KNOWN_NOW] = 0
    s.counts[st.GAPS] += 1
    s.waiting_cursor[markouts.UNKNOWN_UNTIL] = markouts.NEVER
    for i in range(s.touch.shape[0]):
        s.touch[i] = 0
    s.feeds[tc.T_SEEN] = 0
    s.feeds[tc.B_SEEN] = 0
    rolling.restart(s.window_cursor)
    pressure.break_off(s.flow, s.averages)
    regime.break_off(s.regime)
    exhaustion.restart(s.history_cursor, s.exhaustion)
    ao.push(s.ring, s.ring_cursor, exch_ts, False, s.touch)
    matching.pull_all(s, out, ts)


@njit(cache=True)
def alpha_tick(s: st.State, out: st.Out, due: int) -> None:
    """Compute pressure, states and exhaustion, log them, and let the fade ladder act."""
    mid2 = s.clock[st.MID2]
    value = s.size[0] * s.size[1]
    valid = pressure.tick(
        s.book, s.touch, s.flow, s.averages, s.oi, s.trend, s.window_ints, s.window_floats, s.window_times, s.now,
        s.params, due, mid2, s.clock[st.SNAPSHOT] == 1, value, s.size[1],
    )  # fmt: skip
    s.clock[st.KNOWN_NOW] = valid
    crash.tick(s.reference, s.reference_mids, s.reference_variance, s.params, due)
    regime.tick(s.regime, s.now, s.averages, s.params, due, valid)
    rose = exhaustion.tick(s.history, s.history_cursor, s.exhaustion, s.now, s.params, mid2, valid)
    if s.regime[0, regime.STATE] == regime.FORCED or s.regime[1, regime.STATE] == regime.FORCED:
        s.clock[st.FORCED_TICKS] += 1
    s.counts[st.ALPHA_TICKS] += 1
    for who in range(account.STRATEGIES):
        account.catch_up(s.acct, who, s.clock[st.MARK2])
    alpha.log_tick(s, out, due, valid)
    fade.tick(s, out, due, mid2, valid)
    for side in range(2):
        if rose & (1 << side):
            alpha.trigger(s, out, due, side, mid2, valid)
    pressure.begin_window(s.flow, mid2)


@njit(cache=True)
def _after(ts: int, period: int) -> int:
    return ts - ts % period + period


@njit(cache=True)
def _silent_at(s: st.State) -> int:
    return s.clock[st.LAST_REAL] + int(s.params[pm.MAX_SILENCE_US])


@njit(cache=True)
def schedule(s: st.State) -> None:
    """Set NEXT_DUE to the earliest timer."""
    due = min(s.clock[st.ALPHA_DUE], s.clock[st.REQUOTE_DUE], s.clock[st.RV_DUE])
    if s.clock[st.ARRIVAL_DUE]:
        due = min(due, s.clock[st.ARRIVAL_DUE])
    if s.clock[st.BOOK_KNOWN]:
        due = min(due, max(s.clock[st.NOW], _silent_at(s)))
    s.clock[st.NEXT_DUE] = due


@njit(cache=True)
def _rv_period(s: st.State) -> int:
    return max(1, int(s.params[pm.ALPHA_TICK_US]) // int(s.params[pm.RV_SUBSAMPLES]))


@njit(cache=True)
def start(s: st.State, ts: int) -> None:
    """Set the first due times: whole multiples of each period after the first row."""
    s.clock[st.STARTED] = 1
    s.clock[st.LAST_REAL] = ts
    s.clock[st.ALPHA_DUE] = _after(ts, int(s.params[pm.ALPHA_TICK_US]))
    s.clock[st.REQUOTE_DUE] = _after(ts, int(s.params[pm.REQUOTE_US]))
    s.clock[st.RV_DUE] = _after(ts, _rv_period(s))
    schedule(s)


@njit(cache=True)
def mark(s: st.State, out: st.Out, before: int) -> bool:
    """Note the mid at every markout due before `before`. Return False while the table is full."""
    return markouts.resolve(s.waiting, s.waiting_cursor, out.markouts, out.n, st.MARKOUTS, before, s.clock[st.MID2])


@njit(cache=True)
def room(out: st.Out, rows: int) -> bool:
    """Say whether every table can take `rows` rows more, which is what one event or one timer may need."""
    return (
        out.labels.shape[0] - out.n[st.LABELS] >= rows
        and out.alpha.shape[0] - out.n[st.ALPHA] >= rows
        and out.triggers.shape[0] - out.n[st.TRIGGERS] >= rows
        and out.quotes.shape[0] - out.n[st.QUOTES] >= rows
        and out.fills.shape[0] - out.n[st.FILLS] >= rows
        and out.markouts.shape[0] - out.n[st.MARKOUTS] >= rows
    )


@njit(cache=True)
def fire_until(s: st.State, out: st.Out, ts: int, rows: int) -> bool:
    """Fire every timer due before `ts`. Return False, to be called again, once fewer than `rows` rows are free."""
    while s.clock[st.NEXT_DUE] < ts:
        due = s.clock[st.NEXT_DUE]
        if s.waiting_cursor[markouts.DUE] < due and not mark(s, out, due):
            return False
        if not room(out, rows):
            return False
        s.clock[st.NOW] = due
        known = s.clock[st.BOOK_KNOWN] == 1
        if known and due >= _silent_at(s):
            enter_gap(s, out, due, matching.exchange_now(s, due), SILENCE)
            known = False
        if due == s.clock[st.ARRIVAL_DUE]:
            matching.arrive(s, out, due)
        # nothing ticks while the book is unknown: the periods run on without rows
        if due == s.clock[st.RV_DUE]:
            if known:
                pressure.sample_rv(s.averages, s.clock[st.MID2])
            s.clock[st.RV_DUE] = _after(due if known else ts - 1, _rv_period(s))
        if due == s.clock[st.ALPHA_DUE]:
            if known:
                alpha_tick(s, out, due)
            s.clock[st.ALPHA_DUE] = _after(due if known else ts - 1, int(s.params[pm.ALPHA_TICK_US]))
        if due == s.clock[st.REQUOTE_DUE]:
            if known:
                quoting.requote(s, out, due)
            s.clock[st.REQUOTE_DUE] = _after(due if known else ts - 1, int(s.params[pm.REQUOTE_US]))
        schedule(s)
    return True
