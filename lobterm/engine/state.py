"""All that the engine remembers, as one named tuple of arrays: a checkpoint is a copy, a restore is another.

What: shapes and names of the state; nothing here computes.
Seeds: DESIGN §4.
Units: ticks, lots, µs; floats in base units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, asof, params, rolling, signals
from lobterm.engine import book as bk
from lobterm.engine import features as ft
from lobterm.engine import touch as tc
from lobterm.engine.rows import TABLES
from lobterm.instrument import Instrument

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

(
    NOW,  # local time of the last row or timer
    ROWS,  # rows folded
    STARTED,  # 1 after the first row
    LAST_REAL,  # local time of the traded market's last message
    BOOK_TS,  # local time of the last book or touch message that left the book known
    BOOK_KNOWN,  # 1 while the touch may be believed
    SNAPSHOT,  # 1 from the end of a snapshot until the next gap: depth is known
    HAS_BOOK,  # 1 once a BOOK row was seen: then only a snapshot makes the book known
    GAP,  # GapCause in force
    CROSSED,  # 1 while the touch in force crosses
    OFFSET,  # exchange clock minus local clock
    MODEL_ROW,  # row of the model table, -1 without a model
    ALPHA_DUE,
    REQUOTE_DUE,
    ARRIVAL_DUE,
    NEXT_DUE,  # the least of all due times
    PENDING_QTY,  # lots of a trade whose last row has not come
    ASOF_T,  # matching time of the trade that `asof` was looked up for
    ASOF_HELD,
    NEXT_ORDER_ID,
    QUOTING,  # 1 while the maker means to have quotes out
    FAIR_KNOWN,
    BID_REACH,  # highest bid of ours that a print may still fill, 0 if none
    ASK_REACH,  # lowest ask, 0 if none
) = range(24)
CLOCK_SIZE = 24

TRADES, LABELLED, ALPHA_TICKS, PLACED, REQUOTES, REJECTS, GAPS = 0, 1, 6, 7, 8, 9, 10
"""Fields of the counts; LABELLED takes five, one a Label."""
COUNTS_SIZE = 11

O_ID, O_SIDE, O_PX, O_QTY, O_LEFT, O_FROM, O_TO, O_DUE, O_STRATEGY = range(9)
"""Fields of an order: id 0 is a free slot; live in (from, to] of exchange time, to 0 while it rests; due: local µs at
which it arrives, 0 once it has."""
ORDER_SIZE = 9
ORDERS = 128

FAIR, WIDTH = 0, 1


class State(NamedTuple):
    """The engine's whole memory."""

    book: bk.Book
    feeds: Ints  # touch.FEEDS
    touch: Ints  # touch in force, touch.VIEW_SIZE
    ring: Ints  # (asof.RING, asof.STATE_SIZE)
    ring_cursor: Ints
    asof: Ints  # state that judges the trades of matching time ASOF_T
    window: Floats  # (6, rolling.WINDOW_TRADES)
    window_cursor: Ints
    x: Floats  # features of the trade in hand
    z: Floats
    sums: Floats  # signals
    both: Floats  # signals read
    scaled: Floats
    quote: Floats  # FAIR, WIDTH
    target: Ints  # bid, ask
    orders: Ints  # (ORDERS, ORDER_SIZE)
    acct: Ints
    clock: Ints
    counts: Ints
    params: Floats
    centroids: Floats  # (models, k, 6)
    roles: npt.NDArray[np.uint8]  # (models, k)
    size: Floats  # tick in quote, lot in base
    value_e16: Ints  # (1,): tick_e8 x lot_e8
    market: Ints  # (1,): the market that is traded


class Out(NamedTuple):
    """Preallocated output rows and how many of each are filled."""

    labels: npt.NDArray[np.void]
    alpha: npt.NDArray[np.void]
    quotes: npt.NDArray[np.void]
    fills: npt.NDArray[np.void]
    n: Ints  # (4,) in the order of rows.TABLES


def new_state(
    instrument: Instrument,
    values: Floats,
    centroids: Floats | None = None,
    roles: npt.NDArray[np.uint8] | None = None,
) -> State:
    """Return the state before the first row. `centroids` (models, k, 6) and `roles` (models, k) hold the model table."""
    clock = np.zeros(CLOCK_SIZE, np.int64)
    clock[MODEL_ROW] = -1 if centroids is None else 0
    clock[NEXT_ORDER_ID] = 1
    orders = np.zeros((ORDERS, ORDER_SIZE), np.int64)
    return State(
        book=bk.new_book(),
        feeds=np.zeros(tc.FEEDS_SIZE, np.int64),
        touch=np.zeros(tc.VIEW_SIZE, np.int64),
        ring=np.zeros((asof.RING, asof.STATE_SIZE), np.int64),
        ring_cursor=np.zeros(2, np.int64),
        asof=np.zeros(asof.STATE_SIZE, np.int64),
        window=np.zeros((ft.N_FEATURES, rolling.WINDOW_TRADES)),
        window_cursor=np.zeros(2, np.int64),
        x=np.zeros(ft.N_FEATURES),
        z=np.zeros(ft.N_FEATURES),
        sums=np.zeros(signals.SUMS_SIZE),
        both=np.zeros(signals.READ_SIZE),
        scaled=np.zeros(2),
        quote=np.zeros(2),
        target=np.zeros(2, np.int64),
        orders=orders,
        acct=np.zeros(account.ACCOUNT_SIZE, np.int64),
        clock=clock,
        counts=np.zeros(COUNTS_SIZE, np.int64),
        params=np.array(values if len(values) else params.defaults(), dtype=np.float64),
        centroids=np.zeros((1, 1, ft.N_FEATURES)) if centroids is None else np.ascontiguousarray(centroids, np.float64),
        roles=np.zeros((1, 1), np.uint8) if roles is None else np.ascontiguousarray(roles, np.uint8),
        size=np.array([instrument.tick, instrument.lot]),
        value_e16=np.array([instrument.tick_e8 * instrument.lot_e8], np.int64),
        market=np.array([int(instrument.market)], np.int64),
    )


def copy(state: State) -> State:
    """Return an independent copy: a checkpoint."""
    return State._make(array.copy() for array in state)


def new_out(capacity: int) -> Out:
    """Return empty output tables of `capacity` rows each."""
    tables = [np.zeros(capacity, dtype) for dtype in TABLES.values()]
    return Out._make((*tables, np.zeros(len(tables), np.int64)))
