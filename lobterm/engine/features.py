"""Six numbers about one trade, as of the book before it.

What: V_rel, the depth on the side the aggressor hits and on the other, the spread, and how long mid and touch had stood.
Seeds: 001 Exp 1, read as methods §1.1 and §1.8 #4: SBS and OBS are named `depth_consumed` and `depth_resting`.
Units: v_rel is a ratio; depths are ln(1 + base units) of five levels; spread in ticks, not bps, which would smuggle the
price trend into the clusters (methods §4.10); t_m and t_age in exchange µs.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import asof
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel

N_FEATURES = 6
V_REL, DEPTH_CONSUMED, DEPTH_RESTING, SPREAD_TICKS, T_M_US, T_AGE_US = range(N_FEATURES)


@kernel
def compute(
    state: npt.NDArray[np.int64], side: int, qty: int, exch_ts: int, lot: float, out: npt.NDArray[np.float64]
) -> bool:
    """Write the features of a trade of `qty` lots into `out` (6,). Return False if a clock has not started."""
    hit, rest = (tc.ASK_DEPTH, tc.BID_DEPTH) if side > 0 else (tc.BID_DEPTH, tc.ASK_DEPTH)
    hit_moved = state[asof.ASK_MOVED] if side > 0 else state[asof.BID_MOVED]
    out[V_REL] = qty / (state[tc.BID_QTY] + state[tc.ASK_QTY])
    out[DEPTH_CONSUMED] = math.log1p(state[hit] * lot)
    out[DEPTH_RESTING] = math.log1p(state[rest] * lot)
    out[SPREAD_TICKS] = state[tc.ASK] - state[tc.BID]
    if state[asof.MID_MOVED] == 0 or hit_moved == 0:
        out[T_M_US] = 0.0
        out[T_AGE_US] = 0.0
        return False
    out[T_M_US] = exch_ts - state[asof.MID_MOVED]
    out[T_AGE_US] = exch_ts - hit_moved
    return True
