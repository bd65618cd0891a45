"""What the agent market tells the world: its messages as event rows, each line with its own delay.

What: depth and touch travel on one line, trades, marks and liquidations on another, spot on a third, REST answers on
a fourth; messages of one line never overtake each other. A depth message bundles what changed since the last one, so
a trade arrives before the message that shows it.
Seeds: methods §4.3-4.5 (who arrives first, measured on a real recording).
Units: rows as events.EVENT says; times drawn in µs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.events import Flag, Kind
from lobterm.simulator.dice import between, uniform
from lobterm.simulator.layout import (
    ALL,
    ASK,
    BID,
    BOOK_DUE_MS,
    BOOK_EVERY_MS,
    CHANGED,
    FAR_DUE_MS,
    FAR_EVERY_MS,
    HEAD,
    JAM_US,
    LEVELS_BID,
    MASK,
    MUTE,
    SENT_PUBLIC,
    SENT_SPOT,
    SPOT,
    SPOT_TICKS,
    THIN,
    TOLD_ASK,
    TOLD_ASK_LOTS,
    TOLD_BID,
    TOLD_BID_LOTS,
    TOUCH_DUE_MS,
    TOUCH_EVERY_MS,
    UPDATE_ID,
    Ints,
)

LAST, SNAPSHOT = int(Flag.LAST), int(Flag.SNAPSHOT)
BOOK, BOOK_CLEAR, TOUCH, TRADE, GAP = (
    int(Kind.BOOK),
    int(Kind.BOOK_CLEAR),
    int(Kind.TOUCH),
    int(Kind.TRADE),
    int(Kind.GAP),
)

Rows = npt.NDArray[np.void]
Dice = npt.NDArray[np.uint64]

NEAR_TICKS, TOLD = 300, -1
NETWORK_US, JAM_KEEPS, JAM_CHANCE, JAM_MOST_US = 1_200, 0.93, 0.004, 16_000


@njit(cache=True)
def jam(n: Ints, dice: Dice) -> None:
    """Let the network's extra delay fade, and now and then begin anew."""
    n[JAM_US] = int(n[JAM_US] * JAM_KEEPS)
    if uniform(dice) < JAM_CHANCE:
        n[JAM_US] = between(dice, 1_000, JAM_MOST_US)


@njit(cache=True)
def arrival(n: Ints, line: int, ms: int, delay_us: int) -> int:
    """Return when a message arrives, µs, and remember it: what follows on the same line comes no earlier."""
    ts = ms * 1_000 + NETWORK_US + n[JAM_US] + delay_us
    if ts <= n[line]:
        ts = n[line] + 1
    n[line] = ts
    return int(ts)


@njit(cache=True)
def put(
    out: Rows, filled: int, ts: int, exch_us: int, seq: int, px: int, qty: int, kind: int, side: int, market: int,
    flags: int,
) -> int:  # fmt: skip
    """Write one row. Return how many are filled."""
    row = out[filled]
    row.ts = ts
    row.exch_ts = exch_us
    row.seq = seq
    row.px = px
    row.qty = qty
    row.kind = kind
    row.side = side
    row.market = market
    row.flags = flags
    return filled + 1


@njit(cache=True)
def touch(book: Ints, n: Ints, wire: Dice, out: Rows, filled: int, m: int, ms: int) -> int:
    """Tell the touch if it is not what was told last. Spot's touch carries no matching time, as on the real wire."""
    bid, ask = book[BID], book[ASK]
    bid_lots = book[HEAD + 4 * (bid & book[MASK])]
    ask_lots = book[HEAD + 4 * (ask & book[MASK]) + 2]
    if (
        bid == book[TOLD_BID]
        and ask == book[TOLD_ASK]
        and bid_lots == book[TOLD_BID_LOTS]
        and ask_lots == book[TOLD_ASK_LOTS]
    ):
        return filled
    if ms < book[TOUCH_DUE_MS]:
        return filled
    book[TOUCH_DUE_MS] = ms + n[TOUCH_EVERY_MS]
    book[TOLD_BID], book[TOLD_BID_LOTS], book[TOLD_ASK], book[TOLD_ASK_LOTS] = bid, bid_lots, ask, ask_lots
    ts = arrival(n, SENT_SPOT if m == SPOT else SENT_PUBLIC, ms, between(wire, 0, 700))
    if book[MUTE] == ALL:
        return filled
    exch_us = 0 if m == SPOT else ms * 1_000
    filled = put(out, filled, ts, exch_us, book[UPDATE_ID], bid, bid_lots, TOUCH, 1, m, 0)
    return put(out, filled, ts, exch_us, book[UPDATE_ID], ask, ask_lots, TOUCH, -1, m, LAST)


@njit(cache=True)
def depth(book: Ints, n: Ints, wire: Dice, out: Rows, filled: int, m: int, ms: int, last: bool) -> int:
    """Tell every level that changed since it was told, bids first; far ones may wait for their own, slower turn."""
    book[BOOK_DUE_MS] = ms + n[BOOK_EVERY_MS] + between(wire, -2, 3)
    ts = arrival(n, SENT_SPOT if m == SPOT else SENT_PUBLIC, ms, between(wire, 1_200, 4_000))
    far_too = last or ms >= book[FAR_DUE_MS]
    if far_too:
        book[FAR_DUE_MS] = ms + n[FAR_EVERY_MS]
    reach = NEAR_TICKS * SPOT_TICKS if m == SPOT else NEAR_TICKS
    told = not (book[MUTE] or n[THIN])
    changes = HEAD + 4 * (book[MASK] + 1)
    first, kept = filled, 0
    for s in range(2):
        for i in range(book[CHANGED]):
            code = book[changes + i]
            if code != TOLD and code & 1 == s and (far_too or (book[BID + s] - (code >> 1)) * (1 - 2 * s) <= reach):
                at = HEAD + 2 * (2 * ((code >> 1) & book[MASK]) + s)
                book[at + 1] = 0
                book[changes + i] = TOLD
                if told:
                    filled = put(
                        out, filled, ts, ms * 1_000, book[UPDATE_ID], code >> 1, book[at], BOOK, 1 - 2 * s, m, 0
                    )
    if not far_too:
        for i in range(book[CHANGED]):
            if book[changes + i] != TOLD:
                book[changes + kept] = book[changes + i]
                kept += 1
    book[CHANGED] = kept
    if filled > first:
        out[filled - 1].flags = LAST
    return filled


@njit(cache=True)
def snapshot(book: Ints, n: Ints, out: Rows, filled: int, m: int, ms: int) -> int:
    """Tell the whole book, best levels first."""
    ts = arrival(n, SENT_SPOT if m == SPOT else SENT_PUBLIC, ms, 1_000)
    if n[THIN]:
        return filled
    filled = put(out, filled, ts, ms * 1_000, book[UPDATE_ID], 0, 0, BOOK_CLEAR, 0, m, SNAPSHOT)
    for s in range(2):
        px, seen = book[BID + s], 0
        while seen < book[LEVELS_BID + s]:
            lots = book[HEAD + 2 * (2 * (px & book[MASK]) + s)]
            if lots > 0:
                seen += 1
                filled = put(out, filled, ts, ms * 1_000, book[UPDATE_ID], px, lots, BOOK, 1 - 2 * s, m, SNAPSHOT)
            px += 2 * s - 1
    out[filled - 1].flags = SNAPSHOT | LAST
    changes = HEAD + 4 * (book[MASK] + 1)
    for i in range(book[CHANGED]):
        code = book[changes + i]
        book[HEAD + 2 * (2 * ((code >> 1) & book[MASK]) + (code & 1)) + 1] = 0
    book[CHANGED] = 0
    return filled


@njit(cache=True)
def gap(n: Ints, out: Rows, filled: int, m: int, ms: int, cause: int, scope: int) -> int:
    """Tell that the line of a market went down."""
    ts = arrival(n, SENT_SPOT if m == SPOT else SENT_PUBLIC, ms, 0)
    return put(out, filled, ts, ms * 1_000, 0, cause, scope, GAP, 0, m, LAST)
