"""The simple market itself: one book, makers, four kinds of takers, millisecond by millisecond of exchange time.

What: takers trade first, against the book that the last millisecond left; then makers move. So every trade of a
millisecond meets levels that were displayed strictly before it.
Units: ticks as index into the book (simple_state.BASE), lots, ms of exchange time.

The kinds of takers differ in what they hit. Opportunists take a side that is thick while the other is thin; informed
ones race the makers to quotes that fair value has left behind, and find them thinned; patient ones wait for a mid that
stands still; forced ones are liquidations and hit what there is.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.simulator import simple_regimes as rg
from lobterm.simulator import simple_stream as stream
from lobterm.simulator.dice import bell, between, heavy, uniform
from lobterm.simulator.simple_state import (
    ASK,
    BASE,
    BID,
    BOOK_DUE_MS,
    CHANGED,
    DEPTH,
    FAIR,
    FORCED_QTY,
    FORCED_SIDE,
    FORCED_VALUE,
    LEAN,
    MID2,
    MID_MOVED_MS,
    MOST_AWAY,
    TRADE_ID,
    TRADES,
    UPDATE_ID,
    WIDTH,
    Market,
)

LEAN_TAU_MS, DEPTH_TAU_MS, BOOK_EVERY_MS = 2_500.0, 1_500.0, 100
NEAR, FAR_TICKS, WIDEST_TICKS, STRIP_TICKS = 8, 900, 80, 10
TOUCH_LOTS, NEAR_LOTS, FAR_LOTS = 2_600.0, 800.0, 450.0


@njit(cache=True)
def set_level(m: Market, s: int, at: int, qty: int) -> None:
    """Set a level of side `s` (0 bids, 1 asks) and keep the best prices."""
    if m.qty[s, at] == qty:
        return
    m.qty[s, at] = qty
    m.n[UPDATE_ID] += 1
    if m.dirty[s, at] == 0:
        m.dirty[s, at] = 1
        m.changes[m.n[CHANGED], 0] = s
        m.changes[m.n[CHANGED], 1] = at
        m.n[CHANGED] += 1
    step = 2 * s - 1
    if qty > 0 and (m.n[s] - at) * step > 0:
        m.n[s] = at
    while m.qty[s, m.n[s]] == 0:
        m.n[s] += step


@njit(cache=True)
def thickness(m: Market, s: int) -> float:
    """Return how thick side `s` is meant to be, 1 being normal."""
    lean = m.x[LEAN] if s else -m.x[LEAN]
    return float(m.x[DEPTH] * (1.0 + 1.6 * lean if lean > 0.0 else 1.0 / (1.0 - 1.6 * lean)))


@njit(cache=True)
def size(m: Market, s: int, behind: int) -> int:
    """Draw the size of a level `behind` ticks behind the best of side `s`; 0 where a far level goes."""
    draw = uniform(m.dice)
    lots = TOUCH_LOTS if behind <= 0 else NEAR_LOTS
    if behind >= NEAR:
        if draw < 0.35:
            return 0
        lots = FAR_LOTS * (8.0 if draw > 0.99 else 1.0)
    return 1 + int(lots * thickness(m, s) * (0.3 + 1.4 * uniform(m.dice)))


@njit(cache=True)
def place(m: Market, s: int, at: int) -> None:
    """Renew the size of one level. Nothing is placed across the other side."""
    step = 2 * s - 1
    if (at - m.n[1 - s]) * step > 0 and 0 < at < WIDTH - 1:
        set_level(m, s, at, size(m, s, (at - m.n[s]) * step))


@njit(cache=True)
def jump(m: Market, regime: npt.NDArray[np.float64]) -> None:
    """Move fair value by news; makers see it and thin the side that is about to be hit, and thicken the other."""
    away = m.x[FAIR] - WIDTH // 2
    p_up = min(0.95, max(0.05, regime[rg.P_UP] - 0.3 * away / 10_000.0))
    up = uniform(m.dice) < p_up
    ticks = 1.0 + regime[rg.JUMP_TICKS] * uniform(m.dice) * uniform(m.dice)
    if uniform(m.dice) < 0.06:
        ticks *= 14.0
    fair = m.x[FAIR] + (ticks if up else -ticks)
    m.x[FAIR] = min(WIDTH // 2 + MOST_AWAY, max(WIDTH // 2 - MOST_AWAY, fair))
    for s in range(2):
        factor = 0.3 if (s == 1) == up else 1.5
        step, at, seen = 2 * s - 1, m.n[s], 0
        while seen < 5 and 0 < at < WIDTH - 1:
            if m.qty[s, at] > 0:
                set_level(m, s, at, int(m.qty[s, at] * factor) + 1)
                seen += 1
            at += step


@njit(cache=True)
def take(m: Market, out: npt.NDArray[np.void], filled: int, ms: int, side: int, qty: int, limit: int) -> int:
    """Trade up to `qty` lots, no worse than index `limit`: one trade a level, all of one matching time."""
    s = 1 if side > 0 else 0
    limit = min(WIDTH - 2, limit) if side > 0 else max(1, limit)
    arrival = stream.arrival(m.sent, TRADES, ms, between(m.dice, 2_000, 6_000))
    while qty > 0 and (limit - m.n[s]) * side >= 0:
        at = m.n[s]
        lots = min(qty, m.qty[s, at])
        m.n[TRADE_ID] += 1
        filled = stream.trade(out, filled, arrival, ms, m.n[TRADE_ID], at + BASE, lots, side)
        qty -= lots
        set_level(m, s, at, m.qty[s, at] - lots)
    return filled


@njit(cache=True)
def force(m: Market, out: npt.NDArray[np.void], filled: int, ms: int, side: int) -> int:
    """Liquidate one account at what the book gives within reach of fair value; remember it for the next notice."""
    first = filled
    qty = heavy(m.dice, 120, 20_000)
    filled = take(m, out, filled, ms, side, qty, int(m.x[FAIR]) + side * WIDEST_TICKS)
    m.n[FORCED_SIDE] = side
    for i in range(first, filled):
        m.n[FORCED_QTY] += out[i].qty
        m.n[FORCED_VALUE] += out[i].qty * out[i].px
    return filled


@njit(cache=True)
def takers(m: Market, out: npt.NDArray[np.void], filled: int, ms: int, regime: npt.NDArray[np.float64]) -> int:
    """Let at most one taker trade in this millisecond."""
    fair = int(math.floor(m.x[FAIR]))
    draw = uniform(m.dice)
    if m.n[ASK] <= fair or m.n[BID] > fair:
        side = 1 if m.n[ASK] <= fair else -1
        if draw < regime[rg.INFORMED]:
            return take(m, out, filled, ms, side, heavy(m.dice, 150, 15_000), fair if side > 0 else fair + 1)
    draw = uniform(m.dice)
    if draw < regime[rg.FORCED]:
        return force(m, out, filled, ms, 1 if regime[rg.P_UP] > 0.5 else -1)
    draw = uniform(m.dice)
    lean = m.x[LEAN]
    if draw < regime[rg.OPPORTUNIST] * max(0.0, abs(lean) - 0.6):
        side = 1 if lean > 0.0 else -1
        s = 1 if side > 0 else 0
        # they take a part of what shows, and leave the price where it is
        return take(m, out, filled, ms, side, min(heavy(m.dice, 2, 600), 1 + m.qty[s, m.n[s]] // 3), m.n[s])
    stood = min(1.0, (ms - m.n[MID_MOVED_MS]) / 3_000.0)
    if draw > 1.0 - regime[rg.PATIENT] * stood * stood * (1.0 if abs(lean) < 0.6 else 0.1) - regime[rg.NOISE]:
        side = 1 if uniform(m.dice) < 0.5 else -1
        return take(m, out, filled, ms, side, heavy(m.dice, 2, 800), m.n[1 if side > 0 else 0])
    return filled


@njit(cache=True)
def pull(m: Market, fair: int) -> None:
    """Cancel the best of the quotes that fair value has left behind: a strip of them at a time."""
    until = m.n[ASK] + STRIP_TICKS
    while m.n[ASK] <= fair and m.n[ASK] < until:
        set_level(m, 1, m.n[ASK], 0)
    until = m.n[BID] - STRIP_TICKS
    while m.n[BID] > fair and m.n[BID] > until:
        set_level(m, 0, m.n[BID], 0)


@njit(cache=True)
def makers(m: Market, regime: npt.NDArray[np.float64]) -> None:
    """Pull quotes that fair value has left behind, narrow the spread, renew levels near and far."""
    fair = int(math.floor(m.x[FAIR]))
    if uniform(m.dice) < 0.12:
        pull(m, fair)
    for s in range(2):
        step = 2 * s - 1
        back = int(regime[rg.AWAY_TICKS] * uniform(m.dice) * uniform(m.dice))
        goal = fair + s + step * back
        # stale quotes of the other side keep a maker one tick off them
        goal = max(goal, m.n[BID] + 1) if s else min(goal, m.n[ASK] - 1)
        if (m.n[s] - goal) * step > 0 and uniform(m.dice) < regime[rg.IMPROVE]:
            place(m, s, goal)
        # a side that was swept away is rebuilt near fair value, not where the last order was left
        near = min(m.n[s], goal + WIDEST_TICKS) if s else max(m.n[s], goal - WIDEST_TICKS)
        if uniform(m.dice) < 0.045:
            place(m, s, near + step * between(m.dice, 0, NEAR))
        if uniform(m.dice) < 0.03:
            draw = uniform(m.dice)
            place(m, s, near + step * (NEAR + int(draw * draw * FAR_TICKS)))


@njit(cache=True)
def seed_book(m: Market) -> None:
    """Fill the book: dense near the middle, sparse far out, and one lot at each end that nobody reaches."""
    for s in range(2):
        step, behind = 2 * s - 1, 0
        set_level(m, s, m.n[s], 1)
        while behind < MOST_AWAY:
            set_level(m, s, WIDTH // 2 + s + step * behind, size(m, s, behind))
            behind += 1 if behind < FAR_TICKS else between(m.dice, 1, 12 + behind // 100)


@njit(cache=True)
def live(
    m: Market, out: npt.NDArray[np.void], first_ms: int, schedule: npt.NDArray[np.uint8], table: npt.NDArray[np.float64]
) -> int:
    """Live through the milliseconds that `schedule` names, writing rows to `out`. Return how many."""
    filled = 0
    for i in range(len(schedule)):
        ms, regime = first_ms + i, table[schedule[i]]
        filled = takers(m, out, filled, ms, regime)
        m.x[LEAN] += -m.x[LEAN] / LEAN_TAU_MS + math.sqrt(2.0 / LEAN_TAU_MS) * bell(m.dice)
        m.x[DEPTH] += (regime[rg.DEPTH] - m.x[DEPTH]) / DEPTH_TAU_MS
        if uniform(m.dice) < regime[rg.JUMPS_PER_S] / 1_000.0:
            jump(m, regime)
        makers(m, regime)
        if m.n[BID] + m.n[ASK] != m.n[MID2]:
            m.n[MID2] = m.n[BID] + m.n[ASK]
            m.n[MID_MOVED_MS] = ms
        filled = stream.touch(m, out, filled, ms)
        if ms >= m.n[BOOK_DUE_MS]:
            filled = stream.book(m, out, filled, ms)
            m.n[BOOK_DUE_MS] = ms + BOOK_EVERY_MS + between(m.dice, -3, 4)
        if ms % 1_000 == 0:
            filled = stream.each_second(m, out, filled, ms)
    return filled
