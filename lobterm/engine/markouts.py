"""What the mid did after each trade, trigger and fill.

What: mid at 0.5, 1, 2, 5, 30 and 120 s after, as of then and backward; unknown where a gap lies between, or where there was
no mid. Marked rows wait in one queue; every horizon has its own place in it, because what came first is due first. Values
are noted before the mid moves; rows whose last horizon has passed are given out at alpha ticks, the rest when the session ends.
Seeds: 003 §5.3; methods §3.7.
Units: local µs; prices in half ticks (twice a price), so that every markout is an integer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine.kernel import kernel
from lobterm.engine.rows import HORIZONS_US

N = len(HORIZONS_US)
WAITING = 65_536
"""Rows that may wait at once; beyond that the oldest is let go with its later horizons unknown."""

TS, OFFSET, REF2, QTY, ORDER_ID, SIDE, WHAT, STRATEGY, LABEL, VALID, MID2 = range(11)
"""Fields of a waiting row; MID2 takes one a horizon."""
WAITING_SIZE = MID2 + N

NEXT = 0
HEAD, TAIL, UNKNOWN_UNTIL = range(N, N + 3)
"""Fields of the cursor: next row of each horizon, rows taken in, rows given out, end of the last gap."""
CURSOR_SIZE = N + 3

NEVER = 1 << 62

Ints = npt.NDArray[np.int64]
HORIZONS = np.array(HORIZONS_US, np.int64)


@kernel
def _give_out(queue: Ints, cursor: Ints, table: npt.NDArray[np.void], n_out: Ints, at: int) -> None:
    """Append the oldest waiting row to the table."""
    slot = cursor[TAIL] & (WAITING - 1)
    row = table[n_out[at]]
    n_out[at] += 1
    row.offset = queue[slot, OFFSET]
    row.ts = queue[slot, TS]
    row.ref2 = queue[slot, REF2]
    row.qty = queue[slot, QTY]
    row.order_id = queue[slot, ORDER_ID]
    mids = row.mid2
    for h in range(N):
        mids[h] = queue[slot, MID2 + h]
    row.side = queue[slot, SIDE]
    row.what = queue[slot, WHAT]
    row.strategy = queue[slot, STRATEGY]
    row.label = queue[slot, LABEL]
    row.valid = queue[slot, VALID]
    cursor[TAIL] += 1


@kernel
def note(queue: Ints, cursor: Ints, ts: int, mid2: int) -> None:
    """Note `mid2` (0: unknown), which has been the mid until now, at every horizon due before `ts`."""
    head, unknown_until = cursor[HEAD], cursor[UNKNOWN_UNTIL]
    for h in range(N):
        place, until = cursor[NEXT + h], ts - HORIZONS[h]
        while place < head:
            slot = place & (WAITING - 1)
            taken = queue[slot, TS]
            if taken >= until:
                break
            if mid2 > 0 and unknown_until <= taken:
                queue[slot, MID2 + h] = mid2
                queue[slot, VALID] |= 1 << h
            place += 1
        cursor[NEXT + h] = place


@kernel
def add(
    queue: Ints, cursor: Ints, table: npt.NDArray[np.void], n_out: Ints, at: int, ts: int, offset: int, ref2: int,
    qty: int, order_id: int, side: int, what: int, strategy: int, label: int,
) -> None:  # fmt: skip
    """Take a row in at `ts`. A full queue first gives its oldest row out."""
    if cursor[HEAD] - cursor[TAIL] == WAITING:
        for h in range(N):
            cursor[NEXT + h] = max(cursor[NEXT + h], cursor[TAIL] + 1)
        _give_out(queue, cursor, table, n_out, at)
    slot = cursor[HEAD] & (WAITING - 1)
    queue[slot, TS] = ts
    queue[slot, OFFSET] = offset
    queue[slot, REF2] = ref2
    queue[slot, QTY] = qty
    queue[slot, ORDER_ID] = order_id
    queue[slot, SIDE] = side
    queue[slot, WHAT] = what
    queue[slot, STRATEGY] = strategy
    queue[slot, LABEL] = label
    queue[slot, VALID] = 0
    for h in range(N):
        queue[slot, MID2 + h] = 0
    cursor[HEAD] += 1


@kernel
def finish(queue: Ints, cursor: Ints, ts: int, mid2: int) -> None:
    """End the session at `ts`, with `mid2` (0: unknown) the mid: horizons up to then are noted, later ones stay unknown."""
    note(queue, cursor, ts + 1, mid2)
    for h in range(N):
        cursor[NEXT + h] = cursor[HEAD]


@kernel
def give_out(queue: Ints, cursor: Ints, table: npt.NDArray[np.void], n_out: Ints, at: int) -> bool:
    """Append the rows whose every horizon has passed. Return False, to be called again, once the table is full."""
    while cursor[TAIL] < cursor[NEXT + N - 1]:
        if n_out[at] == table.shape[0]:
            return False
        _give_out(queue, cursor, table, n_out, at)
    return True
