"""What the simple market tells the world: its messages as event rows, each stream with its own delay.

What: a touch is told within a millisecond, a trade within a few, the book's changes in a bundle every tenth of a
second, so that a trade always arrives before the bundle that shows it and often after the touch that does.
Seeds: methods §4.3 (who arrives first, measured on a real recording).
Units: rows as events.EVENT says; times drawn in µs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.events import Flag, Kind
from lobterm.simulator.dice import between
from lobterm.simulator.simple_state import (
    ASK,
    BASE,
    BID,
    BOOKS,
    CHANGED,
    FAIR,
    FORCED_QTY,
    FORCED_SIDE,
    FORCED_VALUE,
    INFO,
    TOUCHES,
    UPDATE_ID,
    WIDTH,
    Market,
)

TICK_E8 = 10_000_000
"""Tick 0.1 in 1e-8."""
FUNDING_EVERY_US = 8 * 3_600 * 1_000_000

LAST, SNAPSHOT = int(Flag.LAST), int(Flag.SNAPSHOT)
BOOK, BOOK_CLEAR, TOUCH, TRADE = int(Kind.BOOK), int(Kind.BOOK_CLEAR), int(Kind.TOUCH), int(Kind.TRADE)
LIQUIDATION, MARK, INDEX, FUNDING = int(Kind.LIQUIDATION), int(Kind.MARK), int(Kind.INDEX), int(Kind.FUNDING)

Rows = npt.NDArray[np.void]


@njit(cache=True)
def arrival(sent: npt.NDArray[np.int64], which: int, ms: int, delay_us: int) -> int:
    """Return when a message of stream `which` arrives, µs: one stream's messages never overtake each other."""
    sent[which] = max(sent[which], ms * 1_000 + delay_us)
    return int(sent[which])


@njit(cache=True)
def put(out: Rows, filled: int, ts: int, ms: int, seq: int, px: int, qty: int, kind: int, side: int, flags: int) -> int:
    """Write one row of the perpetual. Return how many are filled."""
    row = out[filled]
    row.ts = ts
    row.exch_ts = ms * 1_000
    row.seq = seq
    row.px = px
    row.qty = qty
    row.kind = kind
    row.side = side
    row.market = 0
    row.flags = flags
    return filled + 1


@njit(cache=True)
def trade(out: Rows, filled: int, ts: int, ms: int, ident: int, px: int, qty: int, side: int) -> int:
    """Tell one trade."""
    return put(out, filled, ts, ms, ident, px, qty, TRADE, side, LAST)


@njit(cache=True)
def touch(m: Market, out: Rows, filled: int, ms: int) -> int:
    """Tell the touch if it is not what was told last."""
    bid, ask = m.n[BID], m.n[ASK]
    now = (bid + BASE, m.qty[0, bid], ask + BASE, m.qty[1, ask])
    if now[0] == m.touch[0] and now[1] == m.touch[1] and now[2] == m.touch[2] and now[3] == m.touch[3]:
        return filled
    for i in range(4):
        m.touch[i] = now[i]
    ts = arrival(m.sent, TOUCHES, ms, between(m.dice, 100, 1_000))
    filled = put(out, filled, ts, ms, m.n[UPDATE_ID], now[0], now[1], TOUCH, 1, 0)
    return put(out, filled, ts, ms, m.n[UPDATE_ID], now[2], now[3], TOUCH, -1, LAST)


@njit(cache=True)
def book(m: Market, out: Rows, filled: int, ms: int) -> int:
    """Tell every level that changed since the last time, bids first."""
    if m.n[CHANGED] == 0:
        return filled
    ts = arrival(m.sent, BOOKS, ms, between(m.dice, 7_000, 25_000))
    for s in range(2):
        for i in range(m.n[CHANGED]):
            at = m.changes[i, 1]
            if m.changes[i, 0] == s:
                filled = put(out, filled, ts, ms, m.n[UPDATE_ID], at + BASE, m.qty[s, at], BOOK, 1 - 2 * s, 0)
                m.dirty[s, at] = 0
    m.n[CHANGED] = 0
    out[filled - 1].flags = LAST
    return filled


@njit(cache=True)
def snapshot(m: Market, out: Rows, filled: int, ms: int) -> int:
    """Tell the whole book, best levels first."""
    ts = arrival(m.sent, BOOKS, ms, 1_000)
    filled = put(out, filled, ts, ms, m.n[UPDATE_ID], 0, 0, BOOK_CLEAR, 0, SNAPSHOT)
    for s in range(2):
        step, at = 2 * s - 1, m.n[s]
        while 0 <= at < WIDTH:
            if m.qty[s, at] > 0:
                filled = put(out, filled, ts, ms, m.n[UPDATE_ID], at + BASE, m.qty[s, at], BOOK, -step, SNAPSHOT)
            at += step
    out[filled - 1].flags = SNAPSHOT | LAST
    for i in range(m.n[CHANGED]):
        m.dirty[m.changes[i, 0], m.changes[i, 1]] = 0
    m.n[CHANGED] = 0
    return filled


@njit(cache=True)
def each_second(m: Market, out: Rows, filled: int, ms: int) -> int:
    """Tell mark, index and the funding to come, and what was liquidated since the last notice."""
    ts = arrival(m.sent, INFO, ms, between(m.dice, 2_000, 10_000))
    index = int((m.x[FAIR] + BASE) * TICK_E8)
    mark = (2 * index + (m.n[BID] + m.n[ASK] + 2 * BASE) * TICK_E8 // 2) // 3
    rate = 10_000 + (mark - index) * 100 // TICK_E8
    now_us = ms * 1_000
    filled = put(out, filled, ts, ms, 0, mark, 0, MARK, 0, 0)
    filled = put(out, filled, ts, ms, 0, index, 0, INDEX, 0, 0)
    due = now_us - now_us % FUNDING_EVERY_US + FUNDING_EVERY_US
    filled = put(out, filled, ts, ms, 0, rate, due, FUNDING, 0, LAST)
    if m.n[FORCED_QTY] > 0:
        average = m.n[FORCED_VALUE] * TICK_E8 // m.n[FORCED_QTY]
        filled = put(out, filled, ts, ms, 0, average, m.n[FORCED_QTY], LIQUIDATION, m.n[FORCED_SIDE], LAST)
        m.n[FORCED_QTY] = m.n[FORCED_VALUE] = 0
    return filled
