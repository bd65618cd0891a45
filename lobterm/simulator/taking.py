"""Those who take: one order against the book, and the four kinds of takers who send one by choice.

What: noise arrives in clusters and on runs of one side (a Hawkes process with a fast and a slow memory); opportunists
take a thin touch that faces a thick one; the informed take quotes that the true value has left behind; arbitrageurs
sell the dearer of perpetual and spot and buy the other.
Units: ticks and lots of each market, ms of exchange time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.simulator import calibration as c
from lobterm.simulator import leverage, tell
from lobterm.simulator.book import set_level
from lobterm.simulator.dice import between, uniform
from lobterm.simulator.layout import (
    ALL,
    ASK,
    BELIEF,
    BID,
    CALM,
    DEPTH,
    FAST_BUY,
    FEWEST,
    FLOW,
    HEAD,
    LEVELS_BID,
    LEVERAGED_SHARE,
    MASK,
    MOOD,
    MUTE,
    PER_MARKET,
    PERP,
    POOL_ARBITRAGE,
    POOL_RESTING,
    POOL_TAKERS,
    PREMIUM,
    SENT_MARKET,
    SENT_SPOT,
    SLOW_BUY,
    SPOT,
    SPOT_LOTS,
    SPOT_TICKS,
    STRESS,
    SWAY,
    TAKEN,
    TAKEN_VALUE,
    TRADE_ID,
    TRADED_LOTS,
    VALUE,
    Floats,
    Ints,
)
from lobterm.simulator.tell import Dice, Rows

NOISE, LEVERAGED, OPPORTUNIST, INFORMED, ARBITRAGE, LIQUIDATION = range(1, 7)
AGENTS = ("", "noise", "leveraged", "opportunist", "informed", "arbitrage", "liquidation")
"""Who sent the order behind a trade; leveraged accounts open and close by choice, liquidations are forced."""

Who = npt.NDArray[np.uint8]

FAR_AWAY = 1 << 40
SWAY_A_LOT, STRESS_SWAYS, MOST_SWAY_TICKS = 0.002, 2.0, 7_000.0
"""Ticks by which a lot taken sways opinion, how much more (in multiples) under stress, and where it finds its end."""
BARGAIN_TICKS, BARGAIN_CHANCE = 2_500.0, 0.00001
"""How far off the true value the informed call a bargain, and their chance a ms and tick beyond to come for it."""
MOST_PRINTS, MOST_TICKS = 60, 1_200
"""Prints of one order, and how far from the best price it may go: the exchange protects market orders likewise."""
ARBITRAGE_EVERY_MS, ARBITRAGE_CHANCE, ARBITRAGE_TICKS, ARBITRAGE_MOST_LOTS = 10, 0.25, 70.0, 2_000_000


@njit(cache=True)
def take(
    book: Ints, n: Ints, x: Floats, tables: Ints, rates: Floats, dice: Dice, out: Rows, who: Who, filled: int,
    m: int, ms: int, side: int, lots: int, limit: int, agent: int,
) -> int:  # fmt: skip
    """Trade up to `lots`, no worse than `limit`: a print for every order that rests there, all of one matching time."""
    s = 1 if side > 0 else 0
    prints = tables[c.PRINT_LOTS + m]
    bound = book[BID + s] + side * (MOST_TICKS * SPOT_TICKS if m == SPOT else MOST_TICKS)
    limit = min(limit, bound) if side > 0 else max(limit, bound)
    ts = tell.arrival(n, SENT_SPOT if m == SPOT else SENT_MARKET, ms, between(dice, 300, 1_800))
    told = book[MUTE] != ALL
    taken = value = many = 0
    while taken < lots and (limit - book[BID + s]) * side >= 0 and book[LEVELS_BID + s] > FEWEST:
        at = book[BID + s]
        there = book[HEAD + 2 * (2 * (at & book[MASK]) + s)]
        mine = min(lots - taken, there)
        left = mine
        while left > 0:
            many += 1
            resting = prints[between(dice, 0, c.ENTRIES)]
            if many == 1:
                # the front of a queue is mostly a large order: most small takers meet one alone
                resting = max(resting, prints[between(dice, 0, c.ENTRIES)])
            one = left if many > MOST_PRINTS else min(left, resting)
            left -= one
            book[TRADE_ID] += 1
            if told:
                ts += between(dice, 0, 2)
                who[filled] = agent
                filled = tell.put(out, filled, ts, ms * 1_000, book[TRADE_ID], at, one, tell.TRADE, side, m, tell.LAST)
        taken += mine
        value += mine * at
        set_level(book, s, at, there - mine)
    n[SENT_SPOT if m == SPOT else SENT_MARKET] = ts
    n[TAKEN], n[TAKEN_VALUE] = taken, value
    o = m * PER_MARKET
    x[o + BELIEF] += side * min(rates[m, c.MOST_IMPACT], taken * rates[m, c.IMPACT])
    x[o + FLOW] += side * taken
    if m == PERP:
        room = max(0.0, 1.0 - side * x[SWAY] / MOST_SWAY_TICKS)
        x[SWAY] += side * taken * SWAY_A_LOT * (1.0 + min(STRESS_SWAYS, x[o + STRESS])) * room
        n[TRADED_LOTS] += taken
        n[POOL_RESTING] -= side * taken
        if agent == ARBITRAGE:
            n[POOL_ARBITRAGE] += side * taken
        elif agent != LEVERAGED and agent != LIQUIDATION:
            n[POOL_TAKERS] += side * taken
    return filled


@njit(cache=True)
def excite(x: Floats, rates: Floats, m: int, side: int) -> None:
    """Let an order call others of its side soon, and a few of the other."""
    o, b = m * PER_MARKET, 0 if side > 0 else 1
    x[o + FAST_BUY + b] += rates[m, c.FAST_GAIN]
    x[o + FAST_BUY + 1 - b] += rates[m, c.FAST_CROSS]
    x[o + SLOW_BUY + b] += rates[m, c.SLOW_GAIN]
    x[o + SLOW_BUY + 1 - b] += rates[m, c.SLOW_CROSS]


@njit(cache=True)
def noise(
    book: Ints, n: Ints, x: Floats, accounts: Ints, slots: Ints, leverages: Ints, tables: Ints, rates: Floats,
    dice: Dice, out: Rows, who: Who, filled: int, m: int, ms: int, side: int,
) -> int:  # fmt: skip
    """Send one noise order; a part of the perpetual's opens or closes a leveraged account."""
    lots = tables[c.ORDER_LOTS + m, between(dice, 0, c.ENTRIES)]
    excite(x, rates, m, side)
    if m == PERP and uniform(dice) < x[LEVERAGED_SHARE]:
        slot = leverage.choose(n, accounts, slots, dice, side)
        if slot >= 0:
            if accounts[slot, 0] != 0:
                lots = min(abs(accounts[slot, 0]), 4 * lots)
            filled = take(
                book, n, x, tables, rates, dice, out, who, filled, m, ms, side, lots, side * FAR_AWAY, LEVERAGED
            )
            leverage.change(n, accounts, slots, leverages, dice, slot, side * n[TAKEN], n[TAKEN_VALUE])
            return filled
    return take(book, n, x, tables, rates, dice, out, who, filled, m, ms, side, lots, side * FAR_AWAY, NOISE)


@njit(cache=True)
def takers(
    book: Ints, n: Ints, x: Floats, accounts: Ints, slots: Ints, leverages: Ints, tables: Ints, rates: Floats,
    dice: Dice, out: Rows, who: Who, filled: int, m: int, ms: int,
) -> int:  # fmt: skip
    """Let at most one taker of each kind send an order in this millisecond."""
    o = m * PER_MARKET
    for b in range(2):
        x[o + FAST_BUY + b] *= rates[m, c.FAST_KEEP]
        x[o + SLOW_BUY + b] *= rates[m, c.SLOW_KEEP]
    base = rates[m, c.ORDERS] * x[CALM]
    mood = max(-1.0, min(1.0, x[o + MOOD]))
    buys = base * (1.0 + mood) + x[o + FAST_BUY] + x[o + SLOW_BUY]
    draw = uniform(dice)
    if draw < buys + base * (1.0 - mood) + x[o + FAST_BUY + 1] + x[o + SLOW_BUY + 1]:
        side = 1 if draw < buys else -1
        filled = noise(book, n, x, accounts, slots, leverages, tables, rates, dice, out, who, filled, m, ms, side)
    value = (x[VALUE] + x[SWAY]) * SPOT_TICKS if m == SPOT else x[VALUE] + x[SWAY] + x[PREMIUM]
    edge = rates[m, c.EDGE_TICKS] * (1.0 + 4.0 * x[o + STRESS])
    draw = uniform(dice)
    if value > book[ASK] + edge or value < book[BID] - edge:
        if draw < rates[m, c.INFORMED]:
            side = 1 if value > book[ASK] + edge else -1
            lots = 2 * tables[c.ORDER_LOTS + m, between(dice, c.ENTRIES // 3, c.ENTRIES)]
            excite(x, rates, m, side)
            return take(
                book, n, x, tables, rates, dice, out, who, filled, m, ms, side, lots,
                int(value - side * edge * 0.5), INFORMED,
            )  # fmt: skip
        return filled
    if m == PERP:
        off = x[VALUE] + x[PREMIUM] - 0.5 * (book[BID] + book[ASK])
        beyond = abs(off) - BARGAIN_TICKS
        if beyond > 0.0 and draw < beyond * BARGAIN_CHANCE:
            side = 1 if off > 0.0 else -1
            lots = 2 * tables[c.ORDER_LOTS + m, between(dice, c.ENTRIES // 3, c.ENTRIES)]
            return take(book, n, x, tables, rates, dice, out, who, filled, m, ms, side, lots, side * FAR_AWAY, INFORMED)
    bid_lots = book[HEAD + 4 * (book[BID] & book[MASK])]
    ask_lots = book[HEAD + 4 * (book[ASK] & book[MASK]) + 2]
    lean = (bid_lots - ask_lots) / (bid_lots + ask_lots)
    over = (lean if lean > 0.0 else -lean) - 0.75
    if over > 0.0 and draw < rates[m, c.OPPORTUNIST] * x[CALM] * over * over * 16.0 * x[o + DEPTH]:
        side = 1 if lean > 0.0 else -1
        lots = min(tables[c.ORDER_LOTS + m, between(dice, 0, c.ENTRIES)], 2 * min(bid_lots, ask_lots) + 1)
        return take(
            book, n, x, tables, rates, dice, out, who, filled, m, ms, side, lots,
            book[ASK] if side > 0 else book[BID], OPPORTUNIST,
        )  # fmt: skip
    return filled


@njit(cache=True)
def arbitrage(
    perp: Ints, spot: Ints, n: Ints, x: Floats, tables: Ints, rates: Floats, dice: Dice, out: Rows, who: Who,
    filled: int, ms: int, carry_ticks: float,
) -> int:  # fmt: skip
    """Sell the dearer market and buy the cheaper where the basis pays for both legs; funding to come is part of it."""
    basis = 0.5 * (perp[BID] + perp[ASK]) - 0.5 * (spot[BID] + spot[ASK]) / SPOT_TICKS - x[PREMIUM] + carry_ticks
    cost = ARBITRAGE_TICKS * (1.0 + x[STRESS])
    if (basis < cost and basis > -cost) or uniform(dice) > ARBITRAGE_CHANCE:
        return filled
    side = -1 if basis > 0.0 else 1
    if abs(n[POOL_ARBITRAGE] + side) > ARBITRAGE_MOST_LOTS:
        return filled
    lots = 20 + 2 * tables[c.ORDER_LOTS, between(dice, 0, c.ENTRIES)]
    at = perp[ASK] + 40 if side > 0 else perp[BID] - 40
    filled = take(perp, n, x, tables, rates, dice, out, who, filled, PERP, ms, side, lots, at, ARBITRAGE)
    if n[TAKEN] > 0:
        filled = take(
            spot, n, x, tables, rates, dice, out, who, filled, SPOT, ms, -side, n[TAKEN] * SPOT_LOTS,
            -side * FAR_AWAY, ARBITRAGE,
        )  # fmt: skip
    return filled
