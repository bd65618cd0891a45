"""Messages to EVENT rows: fixed point to ticks and lots, one exchange message a run of rows, no trade twice."""

from __future__ import annotations

from numba import njit

from lobterm.events import Flag, Kind
from lobterm.wire.message import (
    AGG,
    DEPTH,
    HAS_INDEX,
    HAS_MARK,
    HAS_RATE,
    LIQUIDATION,
    MARK,
    SNAPSHOT,
    TOUCH,
    TRADE,
    Chosen,
    Ints,
    Messages,
    Row,
)

K_BOOK, K_CLEAR, K_TOUCH, K_TRADE = int(Kind.BOOK), int(Kind.BOOK_CLEAR), int(Kind.TOUCH), int(Kind.TRADE)
K_MARK, K_INDEX, K_FUNDING = int(Kind.MARK), int(Kind.INDEX), int(Kind.FUNDING)
K_LIQUIDATION, K_OPEN_INTEREST = int(Kind.LIQUIDATION), int(Kind.OPEN_INTEREST)
F_LAST, F_RPI, F_AGG, F_SNAPSHOT = int(Flag.LAST), int(Flag.RPI), int(Flag.AGG), int(Flag.SNAPSHOT)

SEEN_TRADES = 1 << 16
TWICE, EMPTY = 0, 1
TALLIES = ("trade_twice", "trade_without_size")
"""What `emit` leaves out, in the order of its tallies."""

OFF_TICK, OFF_LOT = 1, 2


@njit(cache=True)
def _put(rows: Messages, n: int, m: Row, ts: int, px: int, qty: int, kind: int, side: int, flags: int) -> int:
    row = rows[n]
    row.ts = ts
    row.exch_ts = m.exch_us
    row.seq = m.last_id
    row.px = px
    row.qty = qty
    row.kind = kind
    row.side = side
    row.flags = flags
    return n + 1


@njit(cache=True)
def most_rows(messages: Messages) -> int:
    """Return how many rows these messages become at most."""
    n = 0
    for i in range(len(messages)):
        m = messages[i]
        if m.kind in (DEPTH, SNAPSHOT):
            n += m.bids + m.asks + 1
        elif m.kind in (TRADE, AGG, TOUCH, MARK):
            n += 3
        else:
            n += 1
    return n


@njit(cache=True)
def _levels(
    rows: Messages, n: int, m: Row, ts: int, px: Ints, qty: Ints, tick: int, lot: int, flags: int
) -> tuple[int, int]:
    for side in (1, -1):
        first = m.bid0 if side > 0 else m.ask0
        for k in range(first, first + (m.bids if side > 0 else m.asks)):
            ticks, lots = px[k] // tick, qty[k] // lot
            if ticks * tick != px[k]:
                return n, OFF_TICK
            if lots * lot != qty[k]:
                return n, OFF_LOT
            n = _put(rows, n, m, ts, ticks, lots, K_BOOK, side, flags)
    return n, 0


@njit(cache=True)
def _touch(rows: Messages, n: int, m: Row, ts: int, tick: int, lot: int) -> tuple[int, int]:
    if m.px % tick or m.px2 % tick:
        return n, OFF_TICK
    if m.qty % lot or m.qty2 % lot:
        return n, OFF_LOT
    n = _put(rows, n, m, ts, m.px // tick, m.qty // lot, K_TOUCH, 1, 0)
    return _put(rows, n, m, ts, m.px2 // tick, m.qty2 // lot, K_TOUCH, -1, 0), 0


@njit(cache=True)
def _trade(rows: Messages, n: int, m: Row, ts: int, tick: int, lot: int, seen: Ints, tally: Ints) -> tuple[int, int]:
    if m.qty == 0:
        tally[EMPTY] += 1
        return n, 0
    slot = m.last_id & (SEEN_TRADES - 1)
    if seen[slot] >= m.last_id:  # ids only grow: a later one in its place means it was long ago
        tally[TWICE] += 1
        return n, 0
    if m.px % tick:
        return n, OFF_TICK
    if m.qty % lot or m.qty2 % lot:
        return n, OFF_LOT
    seen[slot] = m.last_id
    flags = F_AGG if m.kind == AGG else 0
    if m.qty2:
        n = _put(rows, n, m, ts, m.px // tick, m.qty2 // lot, K_TRADE, m.side, flags)
    if m.qty2 < m.qty:
        n = _put(rows, n, m, ts, m.px // tick, (m.qty - m.qty2) // lot, K_TRADE, m.side, flags | F_RPI)
    return n, 0


@njit(cache=True)
def _other(rows: Messages, n: int, m: Row, ts: int, lot: int) -> tuple[int, int]:
    if m.kind == MARK:
        if m.has & HAS_MARK:
            n = _put(rows, n, m, ts, m.px, 0, K_MARK, 0, 0)
        if m.has & HAS_INDEX:
            n = _put(rows, n, m, ts, m.px2, 0, K_INDEX, 0, 0)
        if m.has & HAS_RATE:
            n = _put(rows, n, m, ts, m.qty2, m.next_us, K_FUNDING, 0, 0)
        return n, 0
    if m.qty % lot:
        return n, OFF_LOT
    if m.kind == LIQUIDATION:
        return _put(rows, n, m, ts, m.px, m.qty // lot, K_LIQUIDATION, m.side, 0), 0
    return _put(rows, n, m, ts, 0, m.qty // lot, K_OPEN_INTEREST, 0, 0), 0


@njit(cache=True)
def emit(
    messages: Messages, chosen: Chosen, ts: Ints, px: Ints, qty: Ints, tick: int, lot: int, market: int,
    seen: Ints, tally: Ints, rows: Messages,
) -> tuple[int, int, int]:  # fmt: skip
    """Write the chosen messages into `rows`. Return (rows, message off the grid or -1, OFF_TICK or OFF_LOT).

    `seen` remembers trade ids between calls, `tally` counts TALLIES.
    """
    n = 0
    for i in range(len(messages)):
        if not chosen[i]:
            continue
        m = messages[i]
        first = n
        if m.kind == DEPTH:
            n, off = _levels(rows, n, m, ts[i], px, qty, tick, lot, 0)
        elif m.kind == SNAPSHOT:
            n = _put(rows, n, m, ts[i], 0, 0, K_CLEAR, 0, F_SNAPSHOT)
            n, off = _levels(rows, n, m, ts[i], px, qty, tick, lot, F_SNAPSHOT)
        elif m.kind == TOUCH:
            n, off = _touch(rows, n, m, ts[i], tick, lot)
        elif m.kind in (TRADE, AGG):
            n, off = _trade(rows, n, m, ts[i], tick, lot, seen, tally)
        else:
            n, off = _other(rows, n, m, ts[i], lot)
        if off:
            return n, i, off
        for k in range(first, n):
            rows[k].market = market
        if n > first:
            rows[n - 1].flags |= F_LAST
    return n, -1, 0


def off_grid(m: Row, px: Ints, qty: Ints, unit: int, off: int) -> int:
    """Return the first value in 1e-8 of a refused message that `unit` does not divide."""
    spans = [range(int(m["bid0"]), int(m["bid0"] + m["bids"])), range(int(m["ask0"]), int(m["ask0"] + m["asks"]))]
    flat, fields = (px, ("px", "px2")) if off == OFF_TICK else (qty, ("qty", "qty2"))
    levels = m["kind"] in (DEPTH, SNAPSHOT)
    values = [int(flat[k]) for span in spans for k in span] if levels else [int(m[name]) for name in fields]
    return next(value for value in values if value % unit)
