"""FORCED or INFORMED: whether pressure on one side is mechanical, so that it may be faded, or a repricing, which may not.

What: legs, each true if it held within a window: impact volume, open interest flush, a run of liquidations, a liquidity
shock, persistence of signed flow. The first source that is there decides: the liquidation feed (z(FSI), and a run or a
flush); else open interest (z(FSI), flush and shock together); else flow (z(FSI) and shock without persistence before them).
FORCED is latched, because at exhaustion the pressure is already falling.
Seeds: 003 §1.1, §4.1, §8.3; methods §1.8 #17, §4.8.
Units: z in robust standard deviations, times in local µs.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import params as pm
from lobterm.engine import pressure as pr
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import Leg, Regime, Source

FSI, OI, LIQUIDATIONS, LDR, PERSISTENT = (int(leg) for leg in Leg)
UNKNOWN, INFORMED, FORCED = (int(state) for state in Regime)
NONE, BY_LIQUIDATIONS, BY_OI, BY_FLOW = (int(source) for source in Source)

STATE, HELD, KNOWN, UNTIL, LIQ_RUN, LIQ_LAST, LIQ_COUNT, LIQ_LOTS, LEG_AT = range(9)
"""Fields of a side's regime: state, legs held, legs known, end of the latch, liquidations in a row, time of the last, and in
all (a lower bound: the exchange shows one a second at most); then when each leg last was true."""
REGIME_SIZE = LEG_AT + 5

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def see_liquidation(regime: Ints, params: Floats, ts: int, side: int, lots: int) -> None:
    """Count one forced order: -1 a long was liquidated by a sell, +1 a short by a buy."""
    s = 0 if side < 0 else 1
    near = regime[s, LIQ_LAST] > 0 and ts - regime[s, LIQ_LAST] <= params[pm.LIQ_GAP_S] * 1e6
    regime[s, LIQ_RUN] = regime[s, LIQ_RUN] + 1 if near else 1
    regime[s, LIQ_LAST] = ts
    regime[s, LIQ_COUNT] += 1
    regime[s, LIQ_LOTS] += lots


def visible_share(a_second: float) -> float:
    """Return the share of liquidations that a feed of one message a second shows, if they come as a Poisson stream."""
    return -math.expm1(-a_second) / a_second


@kernel
def _raw_legs(
    regime: Ints, now: Floats, averages: Floats, params: Floats, s: int, due: int, valid: int
) -> tuple[int, int]:
    """Return (legs that hold at this tick, legs that are known) of side `s`, 0 sells."""
    legs = known = 0
    if valid & (pr.V_Z << s):
        known |= FSI
        legs |= FSI if now[pr.Z + s] > params[pm.STATE_Z_FSI] else 0
    if valid & pr.V_Z_OI:
        known |= OI
        legs |= OI if now[pr.Z_OI] > params[pm.STATE_Z_OI] else 0
    if regime[0, LIQ_COUNT] + regime[1, LIQ_COUNT] > 0:
        known |= LIQUIDATIONS
        recent = regime[s, LIQ_LAST] > 0 and due - regime[s, LIQ_LAST] <= params[pm.LIQ_GAP_S] * 1e6
        legs |= LIQUIDATIONS if recent and regime[s, LIQ_RUN] >= params[pm.LIQ_RUN] else 0
    if valid & (pr.V_Z << (2 + s)):
        known |= LDR
        legs |= LDR if now[pr.Z + 2 + s] > params[pm.STATE_Z_LDR] else 0
    if valid & pr.V_FLOW and averages[pr.GROSS_UNSEEN] <= 0.5 and averages[pr.GROSS_AVERAGE] > 0.0:
        known |= PERSISTENT
        lean = averages[pr.NET_AVERAGE] / averages[pr.GROSS_AVERAGE]
        legs |= PERSISTENT if (lean if s else -lean) > params[pm.FLOW_PERSISTENCE] else 0
    return legs, known


@kernel
def source(known: int) -> int:
    """Return what decides, by the legs that are known."""
    if known & LIQUIDATIONS:
        return BY_LIQUIDATIONS
    if known & OI:
        return BY_OI
    return BY_FLOW if known & PERSISTENT else NONE


@kernel
def decide(legs: int, known: int) -> int:
    """Return the state that these legs speak for; UNKNOWN where one that could turn it is not known."""
    by = source(known)
    if by == NONE or not known & FSI:
        return UNKNOWN
    if not legs & FSI:
        return INFORMED
    if by == BY_LIQUIDATIONS:
        return FORCED if legs & (LIQUIDATIONS | OI) else INFORMED
    if by == BY_OI:
        if not legs & OI:
            return INFORMED
    elif legs & PERSISTENT:
        return INFORMED
    if not known & LDR:
        return UNKNOWN
    return FORCED if legs & LDR else INFORMED


@kernel
def tick(regime: Ints, now: Floats, averages: Floats, params: Floats, due: int, valid: int) -> None:
    """Bring both sides' legs and states to the alpha tick at `due`."""
    for s in range(2):
        raw, known = _raw_legs(regime, now, averages, params, s, due, valid)
        held = 0
        for leg in range(5):
            bit = 1 << leg
            if raw & bit:
                regime[s, LEG_AT + leg] = due
            at = regime[s, LEG_AT + leg]
            if raw & bit or (bit != PERSISTENT and at > 0 and due - at <= params[pm.STATE_WINDOW_S] * 1e6):
                held |= bit
        known |= held
        state = decide(held, known)
        if state == FORCED:
            regime[s, UNTIL] = due + int(params[pm.LATCH_S] * 1e6)
        elif due < regime[s, UNTIL]:
            state = FORCED
        regime[s, STATE] = state
        regime[s, HELD] = held
        regime[s, KNOWN] = known


@kernel
def break_off(regime: Ints) -> None:
    """Forget legs and latches: a gap of the book lies between."""
    for s in range(2):
        regime[s, STATE] = UNKNOWN
        regime[s, HELD] = 0
        regime[s, KNOWN] = 0
        regime[s, UNTIL] = 0
        for leg in range(5):
            regime[s, LEG_AT + leg] = 0
