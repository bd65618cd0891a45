"""What happens because time passed: order arrivals, alpha ticks, requotes, and silence that is a gap.

What: each timer fires at its own due time on `ts`, in order of due time, then silence, arrival, alpha
tick, requote, before the row that passes it. Heartbeats change when a timer's rows appear, never which.
Seeds: 003 §8.1 (alpha tick), 001 Exp 7 (requote throttle); DESIGN §3 (timers).
Units: local µs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import (
    account,
    alpha,
    crash,
    exhaustion,
    fade,
    markouts,
    matching,
    own_orders,
    pressure,
    quoting,
    regime,
    rolling,
)
from lobterm.engine import asof as ao
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.events import GapCause

SILENCE = int(GapCause.SILENCE)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def mid_holds_until(
    clock: Ints, averages: Floats, params: Floats, waiting: Ints, waiting_cursor: Ints, marks: int, samples: int
) -> None:
    """Note the mid in force at every markout due before `marks` and every sub-sample before `samples`: it may move now."""
    markouts.note(waiting, waiting_cursor, marks, clock[st.MID2])
    clock[st.RV_DUE] = pressure.note_rv(
        averages, clock[st.RV_DUE], rv_period(params), samples, clock[st.MID2], clock[st.BOOK_KNOWN] == 1
    )


@kernel
def enter_gap(s: st.State, out: st.Out, ts: int, exch_ts: int, cause: int) -> None:
    """Make the book unknown: orders pulled, position unmarked, clocks and z restart undefined."""
    c = s.core[0]
    c.clock[st.GAP] = cause
    c.clock[st.BOOK_KNOWN] = 0
    c.clock[st.SNAPSHOT] = 0
    c.clock[st.CROSSED] = 0
    c.clock[st.QUOTING] = 0
    c.clock[st.FAIR_KNOWN] = 0
    mid_holds_until(c.clock, c.averages, c.params, c.waiting, c.waiting_cursor, ts, ts)
    c.clock[st.MID2] = 0
    c.clock[st.KNOWN_NOW] = 0
    c.counts[st.GAPS] += 1
    c.waiting_cursor[markouts.UNKNOWN_UNTIL] = markouts.NEVER
    for i in range(c.touch.shape[0]):
        c.touch[i] = 0
    c.feeds[tc.T_SEEN] = 0
    c.feeds[tc.B_SEEN] = 0
    rolling.restart(c.window_cursor)
    pressure.break_off(c.flow, c.averages)
    regime.break_off(c.regime)
    exhaustion.restart(c.history_cursor, c.exhaustion)
    ao.push(c.ring, c.ring_cursor, exch_ts, False, c.touch)
    own_orders.pull_all(s, out, ts)


@kernel
def alpha_tick(s: st.State, out: st.Out, due: int) -> None:
    """Compute pressure, states and exhaustion, log them, and let the fade ladder act."""
    c = s.core[0]
    mid2 = c.clock[st.MID2]
    value = c.size[0] * c.size[1]
    valid = pressure.tick(
        s.book, c.touch, c.flow, c.averages, c.oi, c.trend, s.window_ints, s.window_floats, s.window_times, c.now,
        c.params, due, mid2, c.clock[st.SNAPSHOT] == 1, value, c.size[1],
    )  # fmt: skip
    c.clock[st.KNOWN_NOW] = valid
    crash.tick(c.reference, c.reference_mids, c.reference_variance, c.params, due)
    regime.tick(c.regime, c.now, c.averages, c.params, due, valid)
    rose = exhaustion.tick(c.history, c.history_cursor, c.exhaustion, c.now, c.params, mid2, valid)
    if c.regime[0, regime.STATE] == regime.FORCED or c.regime[1, regime.STATE] == regime.FORCED:
        c.clock[st.FORCED_TICKS] += 1
    c.counts[st.ALPHA_TICKS] += 1
    for who in range(account.STRATEGIES):
        account.catch_up(c.acct, who, c.clock[st.MARK2])
    alpha.log_tick(s, out, due, valid)
    fade.tick(s, out, due, mid2, valid)
    for side in range(2):
        if rose & (1 << side):
            alpha.trigger(s, out, due, side, mid2, valid)
    pressure.begin_window(c.flow, mid2)


@kernel
def _after(ts: int, period: int) -> int:
    return ts - ts % period + period


@kernel
def _silent_at(clock: Ints, params: Floats) -> int:
    return clock[st.LAST_REAL] + int(params[pm.MAX_SILENCE_US])


@kernel
def schedule(clock: Ints, params: Floats) -> None:
    """Set NEXT_DUE to the earliest timer."""
    due = min(clock[st.ALPHA_DUE], clock[st.REQUOTE_DUE])
    if clock[st.ARRIVAL_DUE]:
        due = min(due, clock[st.ARRIVAL_DUE])
    if clock[st.BOOK_KNOWN]:
        due = min(due, max(clock[st.NOW], _silent_at(clock, params)))
    clock[st.NEXT_DUE] = due


@kernel
def rv_period(params: Floats) -> int:
    """Return the time between sub-samples of the mid in µs."""
    return max(1, int(params[pm.ALPHA_TICK_US]) // int(params[pm.RV_SUBSAMPLES]))


@kernel
def start(s: st.State, ts: int) -> None:
    """Set the first due times: whole multiples of each period after the first row."""
    c = s.core[0]
    c.clock[st.STARTED] = 1
    c.clock[st.LAST_REAL] = ts
    c.clock[st.ALPHA_DUE] = _after(ts, int(c.params[pm.ALPHA_TICK_US]))
    c.clock[st.REQUOTE_DUE] = _after(ts, int(c.params[pm.REQUOTE_US]))
    c.clock[st.RV_DUE] = _after(ts, rv_period(c.params))
    schedule(c.clock, c.params)


@kernel
def room(n_out: Ints, capacity: int, rows: int) -> bool:
    """Say whether every table can take `rows` rows more, which is what one event or one timer may need."""
    most = 0
    for i in range(n_out.shape[0]):
        most = max(most, n_out[i])
    return capacity - most >= rows


@kernel
def fire_until(s: st.State, out: st.Out, ts: int, rows: int) -> bool:
    """Fire every timer due before `ts`. Return False, to be called again, once fewer than `rows` rows are free."""
    c = s.core[0]
    while c.clock[st.NEXT_DUE] < ts:
        due = c.clock[st.NEXT_DUE]
        if not room(out.n, out.alpha.shape[0], rows):
            return False
        c.clock[st.NOW] = due
        known = c.clock[st.BOOK_KNOWN] == 1
        if known and due >= _silent_at(c.clock, c.params):
            enter_gap(s, out, due, own_orders.exchange_now(s, due), SILENCE)
            known = False
        if due == c.clock[st.ARRIVAL_DUE]:
            matching.arrive(s, out, due)
        # nothing ticks while the book is unknown: the periods run on without rows
        if due == c.clock[st.ALPHA_DUE]:
            if known:
                mid_holds_until(
                    c.clock,
                    c.averages,
                    c.params,
                    c.waiting,
                    c.waiting_cursor,
                    due,
                    due + 1,
                )
                if not markouts.give_out(c.waiting, c.waiting_cursor, out.markouts, out.n, st.MARKOUTS):
                    return False
                alpha_tick(s, out, due)
            c.clock[st.ALPHA_DUE] = _after(due if known else ts - 1, int(c.params[pm.ALPHA_TICK_US]))
        if due == c.clock[st.REQUOTE_DUE]:
            if known:
                quoting.requote(s, out, due)
            c.clock[st.REQUOTE_DUE] = _after(due if known else ts - 1, int(c.params[pm.REQUOTE_US]))
        schedule(c.clock, c.params)
    return True
