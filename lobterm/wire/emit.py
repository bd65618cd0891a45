"""Scanned messages to EVENT rows: fixed point to ticks and lots, one exchange message a run of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.events import Flag, Kind
from lobterm.wire.scan import AGG, DEPTH, K_NQ, K_T, TOUCH, TRADE

BOOK, TOUCH_ROW, TRADE_ROW = int(Kind.BOOK), int(Kind.TOUCH), int(Kind.TRADE)
LAST, RPI, AGG_FLAG = int(Flag.LAST), int(Flag.RPI), int(Flag.AGG)

Ints = npt.NDArray[np.int64]


@njit(cache=True)
def _put(
    out: npt.NDArray[np.void], n: int, ts: int, exch_ts: int, seq: int, px: int, qty: int, kind: int, side: int, flags: int
) -> int:
    row = out[n]
    row.ts = ts
    row.exch_ts = exch_ts
    row.seq = seq
    row.px = px
    row.qty = qty
    row.kind = kind
    row.side = side
    row.flags = flags
    return n + 1


@njit(cache=True)
def rows_of(m: np.void) -> int:
    """Return how many rows a message becomes at most."""
    return m.bids + m.asks if m.kind == DEPTH else 2


@njit(cache=True)
def count(messages: npt.NDArray[np.void], chosen: npt.NDArray[np.bool_], start: int, stop: int) -> int:
    """Return an upper bound of the rows that `emit` writes."""
    n = 0
    for i in range(start, stop):
        if chosen[i]:
            n += rows_of(messages[i])
    return n


@njit(cache=True)
def emit(
    messages: npt.NDArray[np.void],
    chosen: npt.NDArray[np.bool_],
    start: int,
    stop: int,
    px: Ints,
    qty: Ints,
    ts: Ints,
    tick_e8: int,
    lot_e8: int,
    market: int,
    out: npt.NDArray[np.void],
) -> tuple[int, int]:
    """Write the chosen messages of [start, stop) into `out`. Return (rows, first message off tick or lot, or -1)."""
    n = 0
    for i in range(start, stop):
        if not chosen[i]:
            continue
        m = messages[i]
        first = n
        kind = m.kind
        if kind == DEPTH:
            exch = (m.T if m.keys & K_T else m.E) * 1000
            for k in range(m.levels, m.levels + m.bids + m.asks):
                if px[k] % tick_e8 or qty[k] % lot_e8:
                    return n, i
                side = 1 if k < m.levels + m.bids else -1
                n = _put(out, n, ts[i], exch, m.u, px[k] // tick_e8, qty[k] // lot_e8, BOOK, side, 0)
        elif kind == TOUCH:
            exch = m.T * 1000 if m.keys & K_T else 0
            if m.bid % tick_e8 or m.ask % tick_e8 or m.bid_qty % lot_e8 or m.ask_qty % lot_e8:
                return n, i
            n = _put(out, n, ts[i], exch, m.u, m.bid // tick_e8, m.bid_qty // lot_e8, TOUCH_ROW, 1, 0)
            n = _put(out, n, ts[i], exch, m.u, m.ask // tick_e8, m.ask_qty // lot_e8, TOUCH_ROW, -1, 0)
        elif kind == TRADE or kind == AGG:
            if m.p % tick_e8 or m.q % lot_e8:
                return n, i
            plain = m.q
            flags = 0
            if kind == AGG:
                flags = AGG_FLAG
                if m.keys & K_NQ:
                    plain = m.nq
            elif m.rpi:
                plain = 0
            if plain % lot_e8 or plain > m.q:
                return n, i
            side = -1 if m.m else 1
            price = m.p // tick_e8
            if plain:
                n = _put(out, n, ts[i], m.T * 1000, m.id, price, plain // lot_e8, TRADE_ROW, side, flags)
            if m.q > plain:
                n = _put(out, n, ts[i], m.T * 1000, m.id, price, (m.q - plain) // lot_e8, TRADE_ROW, side, flags | RPI)
        if n > first:
            out[n - 1].flags |= LAST
        for k in range(first, n):
            out[k].market = market
    return n, -1
