"""The last few seconds of book states, so that a trade is judged by the book before it and never by one after it.

What: a ring of states by matching time. A trade reads the last state of strictly earlier matching time among those that
have arrived; trades of one matching time share one state, so a sweep does not see the book that it thins itself.
Seeds: 001 Exp 1; methods §4.2, §4.3; DESIGN §3 (as-of rule).
Units: times in exchange µs, prices in ticks, sizes in lots.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel

RING = 4096
"""States kept: one a distinct matching time, and those are whole milliseconds, so at least four seconds."""

MATCHED, VALID, MID_MOVED, BID_MOVED, ASK_MOVED = range(tc.VIEW_SIZE, tc.VIEW_SIZE + 5)
"""Fields after those of `touch`: matching time; 1 if two-sided and known; when mid and each best price last moved, 0 unknown."""
STATE_SIZE = tc.VIEW_SIZE + 5

HEAD, COUNT = 0, 1
"""Fields of the ring's cursor: slot of the newest state, states held."""

Ints = npt.NDArray[np.int64]


@kernel
def push(ring: Ints, cursor: Ints, exch_ts: int, valid: bool, view: Ints) -> None:
    """Append a state seen at `exch_ts` (0 where the source has none: the last known matching time holds).

    Matching time never falls: a state made of a late book message and an earlier, newer touch is as new as its newest
    part. A state of the same matching time replaces the one before it.
    """
    old = cursor[HEAD]
    first = cursor[COUNT] == 0
    matched = exch_ts if first else max(exch_ts, ring[old, MATCHED])
    mid_moved = bid_moved = ask_moved = 0
    if valid and not first and ring[old, VALID]:
        moved = view[tc.BID] + view[tc.ASK] != ring[old, tc.BID] + ring[old, tc.ASK]
        mid_moved = matched if moved else ring[old, MID_MOVED]
        bid_moved = matched if view[tc.BID] != ring[old, tc.BID] else ring[old, BID_MOVED]
        ask_moved = matched if view[tc.ASK] != ring[old, tc.ASK] else ring[old, ASK_MOVED]
    new = old
    if first or matched != ring[old, MATCHED]:
        new = 0 if first else (old + 1) % ring.shape[0]
        cursor[HEAD] = new
        cursor[COUNT] = min(cursor[COUNT] + 1, ring.shape[0])
    for i in range(tc.VIEW_SIZE):
        ring[new, i] = view[i]
    ring[new, MATCHED] = matched
    ring[new, VALID] = 1 if valid else 0
    ring[new, MID_MOVED] = mid_moved
    ring[new, BID_MOVED] = bid_moved
    ring[new, ASK_MOVED] = ask_moved


@kernel
def before(ring: Ints, cursor: Ints, exch_ts: int, out: Ints) -> bool:
    """Copy the last state matched strictly before `exch_ts` into `out`. Return False if none is held."""
    head = cursor[HEAD]
    for back in range(cursor[COUNT]):
        slot = (head - back) % ring.shape[0]
        if ring[slot, MATCHED] < exch_ts:
            for i in range(STATE_SIZE):
                out[i] = ring[slot, i]
            return True
    return False
