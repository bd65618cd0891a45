"""Market makers: where they think the price is, what they show, when they withdraw and come back.

What: makers see the true value late and read trades as news. They pull quotes that their belief has left behind,
narrow a wide spread, renew levels near and far. When the price moves or flow runs one way more than they are used to,
they ask for a wider spread and show less, at once; they come back slowly.
Units: ticks and lots of each market, ms of exchange time; sigma in ticks a square root of a second.
"""

from __future__ import annotations

import math

from numba import njit

from lobterm.simulator import calibration as c
from lobterm.simulator import tell
from lobterm.simulator.book import cancel, set_level
from lobterm.simulator.dice import bell, between, uniform
from lobterm.simulator.layout import (
    ASK,
    BELIEF,
    BID,
    CALM,
    DEPTH,
    FLOW,
    HALF,
    HEAD,
    LAST_MID,
    LEAN,
    LEVELS_BID,
    MASK,
    MOOD,
    PER_MARKET,
    PREMIUM,
    SPOT,
    SPOT_TICKS,
    STRESS,
    SWAY,
    VALUE,
    VOL2,
    Floats,
    Ints,
)
from lobterm.simulator.tell import Dice, Rows

ASSESS_EVERY_MS = 100
SIGMA_MEMORY_S, FLOW_MEMORY_S, LEAN_MEMORY_S = 6.0, 3.0, 1.5
LEAN_SPREAD = 0.65
MOOD_MEMORY_S, MOOD_SPREAD = 2.5, 0.65
WITHDRAW_S, RETURN_S = 0.4, 20.0
LEAST_DEPTH, MOST_STRESS = 0.15, 10.0
SLOWEST, FOLLOW_MS = 20.0, 5_000.0
"""Under stress: how many times longer makers need to see the value; how fast they follow the price itself."""
USED_TO = 3.0
"""Multiple of the normal sigma that makers bear without stress."""
HALF_TICKS = 14.0
"""Half spread asked for per unit of stress."""
STRIP_TICKS = 12
SPARSE_PLACES = 0.34
"""Chance that a renewal of an empty price places something where it may also walk on: keeps 3 % of them filled."""


@njit(cache=True)
def assess(book: Ints, x: Floats, rates: Floats, dice: Dice, m: int) -> None:
    """Take the measure of the last tenth of a second: volatility, one-sided flow, stress, and depth that follows."""
    o, dt = m * PER_MARKET, ASSESS_EVERY_MS / 1_000.0
    mid = 0.5 * (book[BID] + book[ASK])
    moved = mid - x[o + LAST_MID]
    x[o + LAST_MID] = mid
    x[o + VOL2] += (moved * moved / dt - x[o + VOL2]) * dt / SIGMA_MEMORY_S
    x[o + FLOW] *= 1.0 - dt / FLOW_MEMORY_S
    flow = abs(x[o + FLOW]) / FLOW_MEMORY_S / rates[m, c.FLOW_LOTS]
    stress = max(0.0, math.sqrt(x[o + VOL2]) / rates[m, c.SIGMA] - USED_TO) + max(0.0, flow - 1.0)
    stress = min(MOST_STRESS, stress)
    x[o + STRESS] = stress
    goal = max(LEAST_DEPTH, 1.0 / (1.0 + 0.7 * stress))
    x[o + DEPTH] += (goal - x[o + DEPTH]) * dt / (WITHDRAW_S if goal < x[o + DEPTH] else RETURN_S)
    scale = SPOT_TICKS if m == SPOT else 1
    x[o + HALF] = HALF_TICKS * scale * max(0.0, stress - 0.5)
    x[o + MOOD] += -x[o + MOOD] * dt / MOOD_MEMORY_S + math.sqrt(2.0 * dt / MOOD_MEMORY_S) * MOOD_SPREAD * bell(dice)
    x[o + LEAN] += -x[o + LEAN] * dt / LEAN_MEMORY_S + math.sqrt(2.0 * dt / LEAN_MEMORY_S) * LEAN_SPREAD * bell(dice)


@njit(cache=True)
def believe(other: Ints, book: Ints, x: Floats, rates: Floats, m: int) -> None:
    """Let belief follow the true value and, under stress, the price itself; spot's makers watch the perpetual too."""
    o = m * PER_MARKET
    stress = x[o + STRESS]
    if m == SPOT:
        seen = (0.5 * (other[BID] + other[ASK]) - x[PREMIUM]) * SPOT_TICKS
        seen = rates[m, c.FOLLOW] * seen + (1.0 - rates[m, c.FOLLOW]) * (x[VALUE] + 0.5 * x[SWAY]) * SPOT_TICKS
        slow = rates[m, c.SEE_MS]
    else:
        seen = x[VALUE] + x[SWAY] + x[PREMIUM]
        slow = rates[m, c.SEE_MS] * (1.0 + min(SLOWEST, 5.0 * stress * stress))
    x[o + BELIEF] += (seen - x[o + BELIEF]) / slow
    if stress > 0.0:
        mid = 0.5 * (book[BID] + book[ASK])
        x[o + BELIEF] += (mid - x[o + BELIEF]) * min(1.0, stress) / FOLLOW_MS


@njit(cache=True)
def show(
    book: Ints, x: Floats, tables: Ints, rates: Floats, filled: Floats, dice: Dice, m: int, s: int, behind: int
) -> None:
    """Renew the level `behind` ticks behind the best of side `s`: place, resize or cancel.

    A level is placed as often as keeps the normal share of them filled; where levels are rare, a renewal that finds an
    empty price looks a little farther.
    """
    step = 2 * s - 1
    px = book[BID + s] + step * behind
    depth = x[m * PER_MARKET + DEPTH]
    gone = rates[m, c.CANCEL]
    share = filled[m, min(behind, c.NEAR_TICKS - 1)]
    places = SPARSE_PLACES if rates[m, c.WALK] > 0.0 else gone * share / (1.0 - share)
    lots = book[HEAD + 2 * (2 * (px & book[MASK]) + s)]
    if lots == 0 and uniform(dice) > places * (0.3 + 0.7 * depth):
        until = px + step * int(rates[m, c.WALK])
        while lots == 0 and px != until:
            px += step
            lots = book[HEAD + 2 * (2 * (px & book[MASK]) + s)]
        if lots == 0:
            return
    if lots > 0 and uniform(dice) < gone * (2.0 - depth):
        cancel(book, s, px)
        return
    size = tables[c.LEVEL_LOTS + m, between(dice, 0, c.ENTRIES)] * c.SCALED[m, min(behind, c.NEAR_TICKS - 1)]
    set_level(book, s, px, 1 + int(size * depth))


@njit(cache=True)
def quote(book: Ints, x: Floats, tables: Ints, rates: Floats, dice: Dice, m: int) -> None:
    """Pull what belief has left behind, and step into a spread that is wider than makers ask for."""
    o = m * PER_MARKET
    half, belief, band = x[o + HALF], x[o + BELIEF], rates[m, c.BAND_TICKS]
    for s in range(2):
        step = 2 * s - 1
        goal = int(math.floor(belief + step * half)) + s
        stale = (goal - book[BID + s]) * step
        if stale > band:
            if uniform(dice) < rates[m, c.PULL]:
                until = book[BID + s] + step * STRIP_TICKS * (SPOT_TICKS if m == SPOT else 1)
                while (goal - book[BID + s]) * step > 0 and (until - book[BID + s]) * step > 0:
                    if book[LEVELS_BID + s] <= 128:
                        break
                    set_level(book, s, book[BID + s], 0)
        elif (
            stale < 0 and book[ASK] - book[BID] > 1 and uniform(dice) < rates[m, c.IMPROVE] * (0.2 + 0.8 * x[o + DEPTH])
        ):
            draw = uniform(dice)
            px = goal + step * int(draw * draw * draw * (4.0 + half))
            beside = book[ASK - s] + step
            if half == 0.0 and abs(goal - beside) <= band:
                # a price that is about right stays: what was taken is shown again, one tick from the other side
                px = beside
            px = max(px, book[BID] + 1) if s else min(px, book[ASK] - 1)
            if (book[BID + s] - px) * step > 0:
                lots = tables[c.TOUCH_LOTS + m, between(dice, 0, c.ENTRIES)]
                set_level(book, s, px, 1 + int(lots * x[o + DEPTH]))


@njit(cache=True)
def queue(book: Ints, x: Floats, tables: Ints, rates: Floats, dice: Dice, m: int) -> None:
    """Let one order join or leave the queue at the touch."""
    o = m * PER_MARKET
    s = 0 if uniform(dice) < 0.5 else 1
    lean = x[o + LEAN] if s == 0 else -x[o + LEAN]
    goal = rates[m, c.TOUCH_DEPTH] * x[o + DEPTH] * max(0.05, 1.0 + lean)
    at = HEAD + 2 * (2 * (book[BID + s] & book[MASK]) + s)
    lots = book[at]
    order = 1 + int(tables[c.TOUCH_LOTS + m, between(dice, 0, c.ENTRIES)] * x[o + DEPTH])
    if uniform(dice) < 0.5 + 0.5 * (goal - lots) / (goal + lots):
        set_level(book, s, book[BID + s], lots + order)
    elif order < lots:
        set_level(book, s, book[BID + s], lots - order)
    elif lots < 0.05 * goal:
        cancel(book, s, book[BID + s])


@njit(cache=True)
def makers(
    book: Ints, other: Ints, n: Ints, x: Floats, tables: Ints, rates: Floats, levels: Floats, dice: Dice,
    wire: Dice, out: Rows, filled: int, m: int, ms: int,
) -> int:  # fmt: skip
    """Live through one millisecond of making a market."""
    o = m * PER_MARKET
    believe(other, book, x, rates, m)
    quote(book, x, tables, rates, dice, m)
    filled = tell.touch(book, n, wire, out, filled, m, ms)
    pace = x[CALM] * (1.0 + min(1.5, x[o + STRESS]))
    if uniform(dice) < rates[m, c.TOUCH_BURST] * pace:
        queue(book, x, tables, rates, dice, m)
        filled = tell.touch(book, n, wire, out, filled, m, ms)
        while uniform(dice) < rates[m, c.BURST_ON]:
            queue(book, x, tables, rates, dice, m)
            filled = tell.touch(book, n, wire, out, filled, m, ms)
    renewals = int(rates[m, c.DEEP] * pace + uniform(dice))
    for _ in range(renewals):
        s = 0 if uniform(dice) < 0.5 else 1
        show(book, x, tables, rates, levels, dice, m, s, tables[c.DISTANCE_TICKS + m, between(dice, 0, c.ENTRIES)])
    withdrawn = 1.0 - x[o + DEPTH]
    if uniform(dice) < (rates[m, c.NEAR] + 0.9 * withdrawn) * x[CALM]:
        draw = uniform(dice)
        span = rates[m, c.NEAR_SPAN] * (1.0 + 9.0 * withdrawn)
        show(book, x, tables, rates, levels, dice, m, 0 if uniform(dice) < 0.5 else 1, 1 + int(draw * draw * span))
    return filled


@njit(cache=True)
def seed_book(book: Ints, x: Floats, tables: Ints, levels: Floats, dice: Dice, m: int, middle: int) -> None:
    """Fill an empty book: a touch, then levels as often and as large as makers show them."""
    for s in range(2):
        step = 2 * s - 1
        set_level(book, s, middle + s, tables[c.TOUCH_LOTS + m, c.ENTRIES - 1 - between(dice, 0, 99)])
        for behind in range(1, c.NEAR_TICKS):
            if uniform(dice) < levels[m, behind]:
                lots = tables[c.LEVEL_LOTS + m, between(dice, 0, c.ENTRIES)]
                set_level(book, s, middle + s + step * behind, 1 + int(lots * c.SCALED[m, behind]))
        far = c.NEAR_TICKS
        most = tables[c.DISTANCE_TICKS + m, c.ENTRIES - 1]
        while far < most:
            if uniform(dice) < levels[m, c.NEAR_TICKS - 1]:
                set_level(book, s, middle + s + step * far, tables[c.LEVEL_LOTS + m, between(dice, 0, c.ENTRIES)])
            far += 1 if far < 2_000 else between(dice, 1, 8)
