"""Exhaustion: the pressure was extreme, is rolling over, and liquidity is coming back. Triggers candidates, never certainties.

What: five conditions a side, each true, false or not known: panic (LPI above LPI_hi, still), rollover (falling for K ticks),
open interest (its flush is extreme), reform (z(LDR) falling), divergence by §3.1 (mid below tau ago, and LPI too) or by §8.4
(a new low over tau, LPI below its high). E_t by §3.1 asks for all five, open interest only if it is known; by §8.4 for four.
Seeds: 003 §3, §8.4; methods §1.8 #15, #16, #18.
Units: LPI and z in robust standard deviations, mids in half ticks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import params as pm
from lobterm.engine import pressure as pr
from lobterm.engine.kernel import kernel
from lobterm.engine.rows import Condition

PANIC, ROLLOVER, OI, REFORM, DIVERGENCE, DIVERGENCE_LOW, EXHAUSTED = (int(bit) for bit in Condition)

HISTORY = 1024
"""Alpha ticks that are remembered: a power of two, so that a place is found by a mask."""
LPI, Z_LDR, MID2, KNOWN = 0, 2, 4, 5
"""Fields of a remembered tick: LPI of sells and buys, z(LDR) of bids and asks, mid, a bit for each that is known."""
TICK_SIZE = 6

HEAD, HELD = 0, 1
"""Cursor of the history: newest slot, ticks held."""

TRUE, SURE, WAS, CALM_MID2 = range(4)
"""Fields of a side: conditions that hold, conditions that are known, E_t a tick ago, mid when the pressure last was calm."""
SIDE_SIZE = 4

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def remember(
    history: Floats, cursor: Ints, lpi_sell: float, lpi_buy: float, z_bid: float, z_ask: float, mid2: int, known: int
) -> None:
    """Append an alpha tick; `known` has a bit for each field before it."""
    slot = (cursor[HEAD] + 1) & (HISTORY - 1)
    cursor[HEAD] = slot
    cursor[HELD] = min(cursor[HELD] + 1, HISTORY)
    history[slot, LPI] = lpi_sell
    history[slot, LPI + 1] = lpi_buy
    history[slot, Z_LDR] = z_bid
    history[slot, Z_LDR + 1] = z_ask
    history[slot, MID2] = mid2
    history[slot, KNOWN] = known


@kernel
def restart(history_cursor: Ints, sides: Ints) -> None:
    """Forget the ticks and the calm before: a gap of the book lies between."""
    history_cursor[HELD] = 0
    for s in range(2):
        for i in range(SIDE_SIZE):
            sides[s, i] = 0


@kernel
def _has(history: Floats, cursor: Ints, back: int, fields: int) -> bool:
    """Say whether all `fields` (a bit each) of the tick `back` ticks ago are known."""
    if back >= cursor[HELD]:
        return False
    return int(history[(cursor[HEAD] - back) & (HISTORY - 1), KNOWN]) & fields == fields


@kernel
def value(history: Floats, cursor: Ints, back: int, field: int) -> float:
    """Return a field of the tick `back` ticks ago; it must be known."""
    return history[(cursor[HEAD] - back) & (HISTORY - 1), field]


@kernel
def change(history: Floats, cursor: Ints, field: int) -> tuple[float, bool]:
    """Return (field now minus a tick ago, whether both are known)."""
    if not (_has(history, cursor, 0, 1 << field) and _has(history, cursor, 1, 1 << field)):
        return 0.0, False
    return value(history, cursor, 0, field) - value(history, cursor, 1, field), True


@kernel
def judge(
    history: Floats,
    cursor: Ints,
    s: int,
    k: int,
    tau: int,
    lpi_hi: float,
    z_oi: float,
    z_oi_known: bool,
    z_oi_hi: float,
) -> tuple[int, int]:
    """Return (conditions that hold, conditions that are known) of side `s`, 0 sells, at the newest tick.

    `k` ticks of rollover, `tau` ticks of divergence.
    """
    true = sure = 0
    lpi, has_lpi = LPI + s, 1 << (LPI + s)
    has_both = has_lpi | (1 << MID2)
    fall = -1.0 if s else 1.0  # a squeeze's new high is its new low, seen from the other side
    if z_oi_known:
        sure |= OI
        true |= OI if z_oi > z_oi_hi else 0
    shift, both = change(history, cursor, Z_LDR + s)
    if both:
        sure |= REFORM
        true |= REFORM if shift < 0.0 else 0
    if not _has(history, cursor, 0, has_lpi):
        return true, sure
    lpi_now = value(history, cursor, 0, lpi)
    sure |= PANIC
    true |= PANIC if lpi_now > lpi_hi else 0
    rolling, enough, newer = True, True, lpi_now
    for back in range(1, k + 1):
        if not _has(history, cursor, back, has_lpi):
            enough = False
            break
        older = value(history, cursor, back, lpi)
        rolling = rolling and newer < older
        newer = older
    if enough:
        sure |= ROLLOVER
        true |= ROLLOVER if rolling else 0
    if not _has(history, cursor, 0, has_both):
        return true, sure
    mid_now = fall * value(history, cursor, 0, MID2)
    if _has(history, cursor, tau, has_both):
        sure |= DIVERGENCE
        lower = mid_now < fall * value(history, cursor, tau, MID2)
        true |= DIVERGENCE if lower and lpi_now < value(history, cursor, tau, lpi) else 0
    all_known, new_low, below_high = True, True, False
    for back in range(1, tau + 1):
        if not _has(history, cursor, back, has_both):
            all_known = False
            break
        new_low = new_low and mid_now < fall * value(history, cursor, back, MID2)
        below_high = below_high or lpi_now < value(history, cursor, back, lpi)
    if all_known:
        sure |= DIVERGENCE_LOW
        true |= DIVERGENCE_LOW if new_low and below_high else 0
    return true, sure


@kernel
def verdict(true: int, sure: int, by_8_4: bool) -> tuple[int, int]:
    """Return the two bit sets with EXHAUSTED in them: E_t, and whether it is known."""
    needed = PANIC | ROLLOVER | REFORM | (DIVERGENCE_LOW if by_8_4 else DIVERGENCE)
    if not by_8_4 and sure & OI:
        needed |= OI
    if true & needed == needed:
        return true | EXHAUSTED, sure | EXHAUSTED
    if (sure & ~true) & needed:
        return true, sure | EXHAUSTED
    return true, sure


@kernel
def tick(history: Floats, cursor: Ints, sides: Ints, now: Floats, params: Floats, mid2: int, valid: int) -> int:
    """Judge both sides at an alpha tick. Return a bit for each side, 1 sells, 2 buys, whose E_t became true."""
    known = 1 << MID2 if mid2 > 0 else 0
    for s in range(2):
        known |= (1 << (LPI + s)) if valid & (pr.V_LPI_SELL << s) else 0
        known |= (1 << (Z_LDR + s)) if valid & (pr.V_Z << (2 + s)) else 0
    remember(history, cursor, now[pr.LPI_SELL], now[pr.LPI_BUY], now[pr.Z + 2], now[pr.Z + 3], mid2, known)
    tau = int(round(params[pm.DIVERGENCE_S] * 1e6 / params[pm.ALPHA_TICK_US]))
    rose = 0
    for s in range(2):
        true, sure = judge(
            history, cursor, s, int(params[pm.ROLLOVER_TICKS]), max(tau, 1), params[pm.LPI_HI], now[pr.Z_OI],
            valid & pr.V_Z_OI != 0, params[pm.EXHAUSTION_Z_OI],
        )  # fmt: skip
        true, sure = verdict(true, sure, params[pm.EXHAUSTION_RULE] == 1.0)
        sides[s, TRUE] = true
        sides[s, SURE] = sure
        if true & EXHAUSTED and sides[s, WAS] == 0:
            rose |= 1 << s
        sides[s, WAS] = 1 if true & EXHAUSTED else 0
        if sure & PANIC and mid2 > 0 and now[pr.LPI_SELL + s] <= params[pm.LPI_EXIT]:
            sides[s, CALM_MID2] = mid2
    return rose
