"""One trade: it meets our orders, is judged by the book before it, gets its label, and moves the signals.

What: in that order, so that a trade never touches the quote it fills, nor the book that judges it.
Seeds: 000 §3; 001 Exp 1, Exp 4; methods §4.1, §4.2, §4.7.
Units: ticks, lots, exchange µs; signals in base units.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.engine import asof as ao
from lobterm.engine import clusters, features, matching, rolling, signals
from lobterm.engine import state as st
from lobterm.engine.rows import Label, LabelValid, Why
from lobterm.events import Flag

LAST, RPI = int(Flag.LAST), int(Flag.RPI)
OPPORTUNISTIC, DIRECTIONAL = int(Label.OPPORTUNISTIC), int(Label.DIRECTIONAL)
UNCLASSIFIED = int(Label.UNCLASSIFIED)
NO_MODEL, NO_BOOK, NO_CLOCK = int(Why.NO_MODEL), int(Why.NO_BOOK), int(Why.NO_CLOCK)
WARM_UP, FLAT = int(Why.WARM_UP), int(Why.FLAT)
Ints = npt.NDArray[np.int64]

HAS_BOOK, HAS_FEATURES, HAS_Z = (int(bit) for bit in LabelValid)


@njit(cache=True)
def _judging_state(clock: Ints, ring: Ints, cursor: Ints, judge: Ints, exch_ts: int) -> bool:
    """Find the book that judges trades of this matching time, once for all of them. Return False if there is none."""
    if clock[st.BOOK_KNOWN] == 0 or clock[st.SNAPSHOT] == 0 or exch_ts == 0:
        clock[st.ASOF_T] = 0
        return False
    if clock[st.ASOF_T] != exch_ts:
        clock[st.ASOF_T] = exch_ts
        found = ao.before(ring, cursor, exch_ts, judge)
        clock[st.ASOF_HELD] = 1 if found and judge[ao.VALID] else 0
    return clock[st.ASOF_HELD] == 1


@njit(cache=True, inline="always")
def _judge(s: st.State, out: st.Out, event: np.void) -> None:
    """Write the label of a whole trade and move the signals."""
    qty = s.clock[st.PENDING_QTY]
    s.clock[st.PENDING_QTY] = 0
    s.counts[st.TRADES] += 1

    row = out.labels[out.n[0]]
    out.n[0] += 1
    row.offset = s.clock[st.ROWS]
    row.ts = event.ts
    row.exch_ts = event.exch_ts
    row.seq = event.seq
    row.px = event.px
    row.qty = qty
    row.side = event.side
    row.book_age_us = 0
    valid = 0
    why = 0
    label = UNCLASSIFIED
    lot = s.size[1]
    for f in range(features.N_FEATURES):
        s.x[f] = 0.0
        s.z[f] = 0.0
    if not _judging_state(s.clock, s.ring, s.ring_cursor, s.asof, event.exch_ts):
        why = NO_BOOK
    else:
        valid |= HAS_BOOK
        row.book_age_us = event.exch_ts - s.asof[ao.MATCHED]
        if not features.compute(s.asof, event.side, qty, event.exch_ts, lot, s.x):
            why = NO_CLOCK
            for f in range(features.N_FEATURES):
                s.x[f] = 0.0
        else:
            valid |= HAS_FEATURES
            ready = rolling.update(s.window, s.window_cursor, s.x, s.z)
            if ready == rolling.WARM_UP:
                why = WARM_UP
            elif ready == rolling.FLAT:
                why = FLAT
            else:
                valid |= HAS_Z
                model = s.clock[st.MODEL_ROW]
                if model < 0:
                    why = NO_MODEL
                else:
                    label = s.roles[model, clusters.nearest(s.centroids[model], s.z)]
    for f in range(features.N_FEATURES):
        row.feature[f] = s.x[f]
        row.z[f] = s.z[f]
    row.label = label
    row.why = why
    row.valid = valid
    s.counts[st.LABELLED + label] += 1
    signals.see_size(s.sums, qty * lot, s.params)
    if label == OPPORTUNISTIC or label == DIRECTIONAL:
        signals.add(s.sums, event.ts, event.side * qty * lot, label == OPPORTUNISTIC, s.params)


# inlined: called as a function it would copy the whole state for every trade
@njit(cache=True, inline="always")
def on_trade(s: st.State, out: st.Out, event: np.void) -> None:
    """Fold one TRADE row; the label comes with the last row of its message."""
    market = event.flags & RPI == 0 and s.clock[st.BOOK_KNOWN]
    if market and matching.in_reach(s.clock, event.side, event.px):
        matching.meet(s, out, event.ts, event.exch_ts, event.seq, event.side, event.px, event.qty)
    s.clock[st.PENDING_QTY] += event.qty
    if event.flags & LAST:
        _judge(s, out, event)
