"""The agent market's heartbeat: one millisecond after the other, in the one order in which things happen.

What: takers first, against the book that the last millisecond left, then forced slices, then makers, then what the
exchange tells on a timer. So every trade meets levels that were there strictly before its millisecond.
Units: ms of exchange time; plan rows are (first ms, last ms, ticks where the true value
goes); downs rows (first, last, market, cause, scope).
"""

from __future__ import annotations

from numba import njit

from lobterm.events import Scope
from lobterm.simulator import calibration as c
from lobterm.simulator import leverage, making, marks, taking, tell
from lobterm.simulator.book import prune
from lobterm.simulator.dice import between, uniform
from lobterm.simulator.layout import (
    ACTIVE,
    ACTIVE_SLOTS,
    ALL,
    BOOK_DUE_MS,
    CALM,
    DEPTH_ALONE,
    DRIFT,
    DUE_MS,
    FORCED_LOTS,
    HEAT,
    LIVED_MS,
    LOTS,
    MARK_E8,
    MUTE,
    PERP,
    PULL_HOME,
    RATE_E8,
    SLICE_LOTS,
    SPOT,
    START_TICKS,
    SWAY,
    TAKEN,
    TAKEN_VALUE,
    VALUE,
    Floats,
    Ints,
)
from lobterm.simulator.taking import Who
from lobterm.simulator.tell import Dice, Rows

SCOPE_ALL = int(Scope.ALL)
NEWS_A_MS, HEAT_GAIN, HEAT_KEEPS = 0.00033, 0.20, 0.99985
SLICE_FIRST_MS, SLICE_LAST_MS = 800, 4_000
MOST_SLICES_A_MS = 16
SWAY_KEEPS = 0.999985
"""A ms: opinion forgets in about a minute."""
CARRY_TICKS = 616_000.0
"""Ticks that a rate of 1 is worth: about the price."""
ROOM_OF_A_MS = 120_000
"""Rows that one millisecond never fills: two snapshots, or as many sweeps as may happen in it."""


@njit(cache=True)
def news(x: Floats, tables: Ints, dice: Dice) -> None:
    """Move the true value: by drift, and now and then by news, which brings more news."""
    x[VALUE] += x[DRIFT] + (START_TICKS - x[VALUE]) * x[PULL_HOME]
    x[SWAY] *= SWAY_KEEPS
    x[HEAT] *= HEAT_KEEPS
    if uniform(dice) < NEWS_A_MS * x[CALM] * (1.0 + x[HEAT]):
        ticks = tables[c.NEWS_TICKS, between(dice, 0, c.ENTRIES)]
        x[VALUE] += ticks if uniform(dice) < 0.5 else -ticks
        x[HEAT] += HEAT_GAIN


@njit(cache=True)
def planned(x: Floats, plan: Ints, ms: int) -> None:
    """Steer the true value to where planned news takes it; the market's range ends with the first of it."""
    x[DRIFT] = 0.0
    for i in range(plan.shape[0]):
        if ms >= plan[i, 0]:
            x[PULL_HOME] = 0.0
        if plan[i, 0] <= ms < plan[i, 1]:
            x[DRIFT] += (plan[i, 2] - x[VALUE]) / (plan[i, 1] - ms)


@njit(cache=True)
def force(
    perp: Ints, n: Ints, x: Floats, accounts: Ints, slots: Ints, tables: Ints, rates: Floats, dice: Dice, out: Rows,
    who: Who, filled: int, ms: int,
) -> int:  # fmt: skip
    """Let the exchange close the next slice of every account that it has taken over and whose time has come."""
    index = slices = 0
    while index < n[ACTIVE] and slices < MOST_SLICES_A_MS:
        slot = slots[ACTIVE_SLOTS, index]
        if accounts[slot, DUE_MS] > ms:
            index += 1
            continue
        slices += 1
        held = accounts[slot, LOTS]
        side = -1 if held > 0 else 1
        lots = min(abs(held), accounts[slot, SLICE_LOTS])
        filled = taking.take(
            perp, n, x, tables, rates, dice, out, who, filled, PERP, ms, side, lots, side * taking.FAR_AWAY,
            taking.LIQUIDATION,
        )  # fmt: skip
        lots = n[TAKEN]
        n[FORCED_LOTS] += lots
        if lots > 0:
            marks.notice(n, side, lots, n[TAKEN_VALUE], ms)
        before = n[ACTIVE]
        leverage.closed(n, accounts, slots, index, side * lots, ms + between(dice, SLICE_FIRST_MS, SLICE_LAST_MS))
        if n[ACTIVE] == before:
            index += 1
    return filled


@njit(cache=True)
def lines(book: Ints, n: Ints, out: Rows, filled: int, m: int, ms: int, downs: Ints) -> int:
    """Take a line down with a GAP, or up again with a fresh snapshot."""
    for i in range(downs.shape[0]):
        if downs[i, 2] == m:
            if ms == downs[i, 0]:
                filled = tell.gap(n, out, filled, m, ms, downs[i, 3], downs[i, 4])
                book[MUTE] = ALL if downs[i, 4] == SCOPE_ALL else DEPTH_ALONE
            elif ms == downs[i, 1]:
                book[MUTE] = 0
                filled = tell.snapshot(book, n, out, filled, m, ms)
    return filled


@njit(cache=True)
def live(
    perp: Ints, spot: Ints, n: Ints, x: Floats, accounts: Ints, slots: Ints, basis_e8: Ints, minutes: Ints,
    leverages: Ints, dice: Dice, wire: Dice, tables: Ints, rates: Floats, levels: Floats, plan: Ints, downs: Ints,
    out: Rows, who: Who, first_ms: int, count: int,
) -> int:  # fmt: skip
    """Live through `count` milliseconds, or as many as `out` has room for, writing rows to `out`, takers to `who`.

    Return how many rows.
    """
    filled = 0
    for ms in range(first_ms, first_ms + count):
        if filled > len(out) - ROOM_OF_A_MS:
            break
        n[LIVED_MS] = ms
        tell.jam(n, dice)
        if ms % 1_000 == 0:
            planned(x, plan, ms)
        news(x, tables, dice)
        filled = taking.takers(perp, n, x, accounts, slots, leverages, tables, rates, dice, out, who, filled, PERP, ms)
        filled = taking.takers(spot, n, x, accounts, slots, leverages, tables, rates, dice, out, who, filled, SPOT, ms)
        if ms % taking.ARBITRAGE_EVERY_MS == 0:
            carry = CARRY_TICKS * (n[RATE_E8] - marks.INTEREST_E8) / 100_000_000.0
            filled = taking.arbitrage(perp, spot, n, x, tables, rates, dice, out, who, filled, ms, carry)
        if n[ACTIVE] > 0:
            filled = force(perp, n, x, accounts, slots, tables, rates, dice, out, who, filled, ms)
        filled = making.makers(perp, spot, n, x, tables, rates, levels, dice, wire, out, filled, PERP, ms)
        filled = making.makers(spot, perp, n, x, tables, rates, levels, dice, wire, out, filled, SPOT, ms)
        if ms >= perp[BOOK_DUE_MS]:
            filled = tell.depth(perp, n, wire, out, filled, PERP, ms, False)
        if ms >= spot[BOOK_DUE_MS]:
            filled = tell.depth(spot, n, wire, out, filled, SPOT, ms, False)
        filled = marks.notices(perp, n, dice, out, filled, ms)
        filled = marks.polls(perp, n, dice, out, filled, ms)
        if ms % making.ASSESS_EVERY_MS == 0:
            prune(perp)
            prune(spot)
            making.assess(perp, x, rates, dice, PERP)
            making.assess(spot, x, rates, dice, SPOT)
            marks.mark(perp, spot, n, ms)
            leverage.check(n, accounts, slots, n[MARK_E8], ms)
            filled = lines(perp, n, out, filled, PERP, ms, downs)
            filled = lines(spot, n, out, filled, SPOT, ms, downs)
        if ms % 1_000 == 0:
            filled = marks.each_second(perp, spot, n, basis_e8, minutes, dice, out, filled, ms)
    return filled
