"""Window samples that one recording leaves to the next, so that every z is defined from the first minute.

What: a state's robust windows and averages as SAMPLE rows (flag WARM), oldest first, and how many there are. The engine takes
them in as if it had seen the ticks itself; each keeps the time at which it was taken, so its span is known.
Seeds: DESIGN §3 (WARM), §5 (warm start).
Units: those of the values, as f64 bits in `px`; `qty` says which; times in local µs.
"""

from __future__ import annotations

import numpy as np

from lobterm.engine import ordered as od
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.events import EventArray, Flag, Kind, empty


def window(s: st.State, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (values, times in µs) of one window, oldest first."""
    head = s.window_ints[which]
    held, capacity, oldest = int(head[od.COUNT]), int(head[od.CAPACITY]), int(head[od.OLDEST])
    order = np.arange(held) if held < capacity else (oldest + np.arange(held)) % capacity
    return s.window_floats[which][order], s.window_times[which][order]


def _averages(s: st.State) -> list[tuple[int, float]]:
    """Return what each average stands at, without the weight of its unknown start; nothing if it has seen nothing."""
    a = s.averages
    found = []
    for which, at, unseen in (
        (pr.CARRY_ADV, pr.ADV, pr.ADV_UNSEEN),
        (pr.CARRY_DEPTH_BID, pr.DEPTH_BID, pr.DEPTH_UNSEEN),
        (pr.CARRY_DEPTH_ASK, pr.DEPTH_ASK, pr.DEPTH_UNSEEN),
        (pr.CARRY_VARIANCE, pr.VARIANCE, pr.VARIANCE_UNSEEN),
    ):
        if a[unseen] < 1.0:
            found.append((which, float(a[at] / (1.0 - a[unseen]))))
    return found


def samples(s: st.State, ts: int) -> EventArray:
    """Return the SAMPLE rows that a tape beginning at `ts` may open with."""
    parts, market = [], int(s.market[0])
    for which in range(pr.WINDOWS):
        values, times = window(s, which)
        parts.append(_rows(which, values, times, ts, market))
    for which, value in _averages(s):
        parts.append(_rows(which, np.array([value]), np.array([s.clock[st.NOW]]), ts, market))
    return np.concatenate(parts)


def _rows(which: int, values: np.ndarray, times: np.ndarray, ts: int, market: int) -> EventArray:
    rows = empty(len(values))
    rows["ts"], rows["exch_ts"] = ts, times
    rows["px"] = np.ascontiguousarray(values, np.float64).view(np.int64)
    rows["qty"], rows["kind"], rows["market"] = which, Kind.SAMPLE, market
    rows["flags"] = Flag.WARM | Flag.SYNTHETIC | Flag.LAST
    return rows
