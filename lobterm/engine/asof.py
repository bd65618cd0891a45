"""The last few seconds of book states, so that a trade is judged by the book before it and never by one after it.

What: a ring of states by matching time. A trade reads the last state of strictly earlier matching time among those that
have arrived; trades of one matching time share one state, so a sweep does not see the book that it thins itself.
Seeds: 001 Exp 1; methods §4.2, §4.3; DESIGN §3 (as-of rule).
Units: times in exchange µs, prices in ticks, sizes in lots.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.engine import touch as tc

RING = 4096
"""States kept: one a distinct matching time, and those are whole milliseconds, so at least four seconds."""

MATCHED, VALID, MID_MOVED, BID_MOVED, ASK_MOVED = range(tc.VIEW_SIZE, tc.VIEW_SIZE + 5)
"""Fields after those of `touch`: matching time; 1 if two-sided and known; when mid and each best price last moved, 0 unknown."""
STATE_SIZE = tc.VIEW_SIZE + 5

HEAD, COUNT = 0, 1
"""Fields of the ring's cursor: slot of the newest state, states held."""

Ints = npt.NDArray[np.int64]


@njit(cache=True)
def push(ring: Ints, cursor: Ints, exch_ts: int, valid: bool, view: Ints) -> None:
    """Append a state seen at `exch_ts` (0 where the source has none: the last known matching time holds).

    Matching time never falls: a state made of a late book message and an earlier, newer touch is as new as its newest
    part. A state of the same matching time replaces the one before it.
    """
    head = cursor[HEAD]
    old = ring[head]
    first = cursor[COUNT] == 0
    matched = exch_ts if first else max(exch_ts, old[MATCHED])
    mid_moved = bid_moved = ask_moved = 0
    if valid and not first and old[VALID]:
        moved = view[tc.BID] + view[tc.ASK] != old[tc.BID] + old[tc.ASK]
        mid_moved = matched if moved else old[MID_MOVED]
        bid_moved = matched if view[tc.BID] != old[tc.BID] else old[BID_MOVED]
        ask_moved = matched if view[tc.ASK] != old[tc.ASK] else old[ASK_MOVED]
    if first or matched != old[MATCHED]:
        head = 0 if first else (head + 1) % ring.shape[0]
        cursor[HEAD] = head
        cursor[COUNT] = min(cursor[COUNT] + 1, ring.shape[0])
    state = ring[head]
    for i in range(tc.VIEW_SIZE):
        state[i] = view[i]
    state[MATCHED] = matched
    state[VALID] = 1 if valid else 0
    state[MID_MOVED] = mid_moved
    state[BID_MOVED] = bid_moved
    state[ASK_MOVED] = ask_moved


@njit(cache=True)
def before(ring: Ints, cursor: Ints, exch_ts: int, out: Ints) -> bool:
    """Copy the last state matched strictly before `exch_ts` into `out`. Return False if none is held."""
    head = cursor[HEAD]
    for back in range(cursor[COUNT]):
        state = ring[(head - back) % ring.shape[0]]
        if state[MATCHED] < exch_ts:
            for i in range(STATE_SIZE):
                out[i] = state[i]
            return True
    return False
