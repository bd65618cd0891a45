"""Whether the whole market is falling: BTC's return over some seconds against its own volatility.

What: the mid of the reference, sampled at alpha ticks; its log return over N s; sigma of such a return from a decaying
average of squared ticks. Without reference rows, or while they are stale, there is no filter, and it says so.
Seeds: 003 §8.6 (BTC dominance filter); N, X and the average are ours.
Units: mids in half ticks of the reference, returns in ln.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import ewma as ew
from lobterm.engine import params as pm
from lobterm.engine.kernel import kernel

KEPT = 4096
"""Alpha ticks of the reference that are kept."""

BID, ASK, SEEN_AT, HEAD, HELD = range(5)
REFERENCE_SIZE = 5
"""Fields of the reference: its touch, when it last spoke (local µs), newest slot and samples of its mids."""

OFF, CALM, CRASH = range(3)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def see(reference: Ints, ts: int, side: int, px: int) -> None:
    """Take in one side of the reference's touch."""
    reference[BID if side > 0 else ASK] = px
    reference[SEEN_AT] = ts


@kernel
def tick(reference: Ints, mids: Ints, variance: Floats, params: Floats, due: int) -> None:
    """Sample the reference at an alpha tick; forget its past once it has been silent for too long."""
    known = 0 < reference[BID] < reference[ASK]
    if not known or due - reference[SEEN_AT] > params[pm.MAX_SILENCE_US]:
        reference[HELD] = 0
        return
    mid2 = reference[BID] + reference[ASK]
    if reference[HELD]:
        r = math.log(mid2 / mids[reference[HEAD]])
        keep = ew.kept(params[pm.ALPHA_TICK_US] * 1e-6, params[pm.CRASH_HALF_LIFE_S])
        variance[0] = ew.next_point(variance[0], keep, r * r)
        variance[1] *= keep
    reference[HEAD] = (reference[HEAD] + 1) % KEPT
    mids[reference[HEAD]] = mid2
    reference[HELD] = min(reference[HELD] + 1, KEPT)


@kernel
def reading(reference: Ints, mids: Ints, variance: Floats, params: Floats) -> tuple[float, float, bool]:
    """Return (return over N s, its sigma, whether both are known)."""
    n = int(round(params[pm.CRASH_S] * 1e6 / params[pm.ALPHA_TICK_US]))
    if n < 1 or n >= reference[HELD] or variance[1] >= 1.0:
        return 0.0, 0.0, False
    head = reference[HEAD]
    r = math.log(mids[head] / mids[(head - n) % KEPT])
    sigma = math.sqrt(variance[0] / (1.0 - variance[1]) * n)
    return r, sigma, sigma > 0.0


@kernel
def verdict(reference: Ints, mids: Ints, variance: Floats, params: Floats, direction: int) -> int:
    """Return OFF, CALM, or CRASH where the reference runs hard against a fade in `direction`."""
    if params[pm.CRASH_FILTER] == 0.0:
        return OFF
    r, sigma, known = reading(reference, mids, variance, params)
    if not known:
        return OFF
    return CRASH if -direction * r > params[pm.CRASH_SIGMAS] * sigma else CALM
