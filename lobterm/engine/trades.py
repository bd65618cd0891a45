"""One trade: it meets our orders, is judged by the book before it, gets its label, and moves the signals.

What: in that order, so that a trade never touches the quote it fills, nor the book that judges it.
Seeds: 000 §3; 001 Exp 1, Exp 4; methods §4.1, §4.2, §4.7.
Units: ticks, lots, exchange µs; signals in base units.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import asof as ao
from lobterm.engine import clusters, features, rolling, signals
from lobterm.engine import state as st
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import Label, LabelValid, Why
from lobterm.events import Record

OPPORTUNISTIC, DIRECTIONAL = int(Label.OPPORTUNISTIC), int(Label.DIRECTIONAL)
UNCLASSIFIED = int(Label.UNCLASSIFIED)
NO_MODEL, NO_BOOK, NO_CLOCK = int(Why.NO_MODEL), int(Why.NO_BOOK), int(Why.NO_CLOCK)
WARM_UP, FLAT = int(Why.WARM_UP), int(Why.FLAT)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HAS_BOOK, HAS_FEATURES, HAS_Z = (int(bit) for bit in LabelValid)


@kernel
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


@kernel
def judge(
    row: Record, clock: Ints, ring: Ints, cursor: Ints, state: Ints, window: Floats, window_cursor: Ints, x: Floats,
    z: Floats, centroids: Floats, roles: npt.NDArray[np.uint8], lot: float,
) -> int:  # fmt: skip
    """Give the trade in `row` its features, z and label as of the book before it; return the label."""
    for f in range(features.N_FEATURES):
        x[f] = 0.0
        z[f] = 0.0
    valid = 0
    why = 0
    label = UNCLASSIFIED
    if not _judging_state(clock, ring, cursor, state, row.exch_ts):
        why = NO_BOOK
    else:
        valid |= HAS_BOOK
        row.book_age_us = row.exch_ts - state[ao.MATCHED]
        if not features.compute(state, row.side, row.qty, row.exch_ts, lot, x):
            why = NO_CLOCK
            for f in range(features.N_FEATURES):
                x[f] = 0.0
        else:
            valid |= HAS_FEATURES
            ready = rolling.update(window, window_cursor, x, z)
            model = clock[st.MODEL_ROW]
            if ready == rolling.WARM_UP:
                why = WARM_UP
            elif ready == rolling.FLAT:
                why = FLAT
            else:
                valid |= HAS_Z
                if model < 0:
                    why = NO_MODEL
                else:
                    label = roles[model, clusters.nearest(centroids, model, z)]
    feature, scores = row.feature, row.z
    for f in range(features.N_FEATURES):
        feature[f] = x[f]
        scores[f] = z[f]
    row.label = label
    row.why = why
    row.valid = valid
    return label


@kernel
def begin(row: Record, event: Record, offset: int, qty: int) -> None:
    """Copy into a LABEL row what the print itself says."""
    row.offset = offset
    row.ts = event.ts
    row.exch_ts = event.exch_ts
    row.seq = event.seq
    row.px = event.px
    row.qty = qty
    row.side = event.side
    row.book_age_us = 0


@kernel
def move_signals(sums: Floats, params: Floats, ts: int, side: int, size: float, label: int) -> None:
    """Let a judged trade of `size` base units move the normaliser and its cluster's sums."""
    signals.see_size(sums, size, params)
    if label == OPPORTUNISTIC or label == DIRECTIONAL:
        signals.add(sums, ts, side * size, label == OPPORTUNISTIC, params)
