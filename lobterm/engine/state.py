"""All that the engine remembers, as one named tuple of arrays: a checkpoint is a copy, a restore is another.

What: shapes and names of the state; nothing here computes.
Seeds: DESIGN §4.
Units: ticks, lots, µs; floats in base units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, asof, crash, exhaustion, markouts, params, pressure, regime, rolling, signals
from lobterm.engine import book as bk
from lobterm.engine import features as ft
from lobterm.engine import ordered as od
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
    RV_DUE,
    NEXT_DUE,  # the least of all due times
    PENDING_QTY,  # lots of a trade whose last row has not come
    ASOF_T,  # matching time of the trade that `asof` was looked up for
    ASOF_HELD,
    NEXT_ORDER_ID,
    QUOTING,  # 1 while the maker means to have quotes out
    FAIR_KNOWN,
    BID_HIGH,  # highest bid and lowest ask of ours that a print may still fill, 0 and FAR if there are none
    ASK_LOW,
    REST_BID_LOW,  # between which prices our bids rest, uncancelled: their queues are followed
    REST_BID_HIGH,
    REST_ASK_LOW,
    REST_ASK_HIGH,
    JOIN_DUE,  # earliest live_from of an order whose queue is not known yet
    MARK2,  # last known bid + ask: what positions are marked to
    MID2,  # bid + ask now, 0 while there is no mid
    ACTIONS_FROM,  # beginning of the second in which orders and cancels are counted
    ACTIONS,
    POSITION_MAX,  # largest |position| of all strategies together
    KNOWN_NOW,  # AlphaValid of the last alpha tick
    NEXT_FUNDING,  # exchange time of the next settlement, 0 unknown
    MARK_E8,  # the exchange's mark price, 0 unknown
    SETTLE_T,  # the last settlement time that passed, and the first mark price at or after it
    SETTLE_MARK_E8,
    FORCED_TICKS,  # alpha ticks with a side FORCED
    TRIGGERED,  # triggers so far
    SLOTS,  # slots of orders ever used: none lies beyond
) = range(43)
CLOCK_SIZE = 43

TRADES, LABELLED, ALPHA_TICKS, PLACED, REQUOTES, REJECTS, GAPS, THROTTLED = 0, 1, 6, 7, 8, 9, 10, 11
"""Fields of the counts; LABELLED takes five, one a Label."""
COUNTS_SIZE = 12

LABELS, ALPHA, TRIGGERS, QUOTES, FILLS, MARKOUTS = range(len(TABLES))
"""Where the counts of the output tables stand."""

(
    O_ID, O_SIDE, O_PX, O_QTY, O_LEFT, O_FROM, O_TO, O_DUE, O_STRATEGY, O_LEVEL, O_JOINED, O_TAKER,
) = range(12)  # fmt: skip
"""Fields of an order: id 0 is a free slot; live in (from, to] of exchange time, to 0 while it rests; due: local µs at
which it arrives, 0 once it has; joined: whether its place in the queue is known."""
ORDER_SIZE = 12
ORDERS = 128
LADDER = 5
"""Levels that a ladder may have."""

JOINED, UNKNOWN_QUEUE = 1, 2
"""Values of O_JOINED; 0: not yet."""

Q_AHEAD, Q_TRADED = 0, 1
"""Fields of an order's queue: lots ahead, lots printed at its price since the level last changed."""

FAR = 1 << 62
"""A price that no order has."""

FAIR, WIDTH = 0, 1

F_WORKING, F_SIDE, F_SINCE, F_HELD_SINCE, F_CASH2 = range(5)
"""Fields of the fade: 1 while its entries may rest, panic side (0 sells), when it was triggered, when it first held a
position, and the strategy's cash before that."""
FADE_SIZE = 5


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
    queue: Floats  # (ORDERS, 2)
    ladder: Ints  # (strategies, sides, levels): slot last used there
    acct: Ints  # (strategies, account.ACCOUNT_SIZE)
    past: Ints  # remembered fills
    past_cursor: Ints
    flow: Ints  # pressure: since the last tick
    averages: Floats
    oi: Ints
    trend: Floats
    now: Floats  # pressure.NOW_SIZE
    window_ints: Ints  # (pressure.WINDOWS, ...): robust windows
    window_floats: Floats
    window_times: Ints  # (pressure.WINDOWS, capacity): when each sample was taken, by slot
    before: Ints  # the state before a window's first trade
    regime: Ints  # (sides, regime.REGIME_SIZE)
    history: Floats  # (exhaustion.HISTORY, exhaustion.TICK_SIZE)
    history_cursor: Ints
    exhaustion: Ints  # (sides, exhaustion.SIDE_SIZE)
    fade: Ints
    fade_sigma: Floats
    reference: Ints
    reference_mids: Ints
    reference_variance: Floats
    waiting: Ints  # rows whose markouts are not due yet
    waiting_cursor: Ints
    clock: Ints
    counts: Ints
    params: Floats
    centroids: Floats  # (models, k, 6)
    roles: npt.NDArray[np.uint8]  # (models, k)
    size: Floats  # tick in quote, lot in base
    value_e16: Ints  # (1,): tick_e8 x lot_e8
    sizes_e8: Ints  # tick and lot in 1e-8
    market: Ints  # (1,): the market that is traded


class Out(NamedTuple):
    """Preallocated output rows and how many of each are filled."""

    labels: npt.NDArray[np.void]
    alpha: npt.NDArray[np.void]
    triggers: npt.NDArray[np.void]
    quotes: npt.NDArray[np.void]
    fills: npt.NDArray[np.void]
    markouts: npt.NDArray[np.void]
    n: Ints  # one a table, in the order of rows.TABLES


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
    clock[ASK_LOW] = clock[REST_BID_LOW] = clock[REST_ASK_LOW] = FAR
    clock[JOIN_DUE] = markouts.NEVER
    vector = np.array(values if len(values) else params.defaults(), dtype=np.float64)
    samples = max(2, round(vector[params.WINDOW_S] * 1e6 / vector[params.ALPHA_TICK_US]))
    windows = [od.new_window(samples) for _ in range(pressure.WINDOWS)]
    averages = np.zeros(pressure.AVERAGES_SIZE)
    for unseen in (pressure.ADV_UNSEEN, pressure.DEPTH_UNSEEN, pressure.VARIANCE_UNSEEN, pressure.GROSS_UNSEEN):
        averages[unseen] = 1.0
    waiting_cursor = np.zeros(markouts.CURSOR_SIZE, np.int64)
    waiting_cursor[markouts.UNKNOWN_UNTIL] = markouts.NEVER
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
        orders=np.zeros((ORDERS, ORDER_SIZE), np.int64),
        queue=np.zeros((ORDERS, 2)),
        ladder=np.full((account.STRATEGIES, 2, LADDER), -1, np.int64),
        acct=np.zeros((account.STRATEGIES, account.ACCOUNT_SIZE), np.int64),
        past=np.zeros((account.REMEMBERED, 3), np.int64),
        past_cursor=np.zeros(1, np.int64),
        flow=np.zeros(pressure.FLOW_SIZE, np.int64),
        averages=averages,
        oi=np.zeros(4, np.int64),
        trend=np.zeros(3),
        now=np.zeros(pressure.NOW_SIZE),
        window_ints=np.stack([window.i for window in windows]),
        window_floats=np.stack([window.f for window in windows]),
        window_times=np.zeros((pressure.WINDOWS, samples), np.int64),
        before=np.zeros(asof.STATE_SIZE, np.int64),
        regime=np.zeros((2, regime.REGIME_SIZE), np.int64),
        history=np.zeros((exhaustion.HISTORY, exhaustion.TICK_SIZE)),
        history_cursor=np.zeros(2, np.int64),
        exhaustion=np.zeros((2, exhaustion.SIDE_SIZE), np.int64),
        fade=np.zeros(FADE_SIZE, np.int64),
        fade_sigma=np.zeros(1),
        reference=np.zeros(crash.REFERENCE_SIZE, np.int64),
        reference_mids=np.zeros(crash.KEPT, np.int64),
        reference_variance=np.array([0.0, 1.0]),
        waiting=np.zeros((markouts.WAITING, markouts.WAITING_SIZE), np.int64),
        waiting_cursor=waiting_cursor,
        clock=clock,
        counts=np.zeros(COUNTS_SIZE, np.int64),
        params=vector,
        centroids=np.zeros((1, 1, ft.N_FEATURES)) if centroids is None else np.ascontiguousarray(centroids, np.float64),
        roles=np.zeros((1, 1), np.uint8) if roles is None else np.ascontiguousarray(roles, np.uint8),
        size=np.array([instrument.tick, instrument.lot]),
        value_e16=np.array([instrument.tick_e8 * instrument.lot_e8], np.int64),
        sizes_e8=np.array([instrument.tick_e8, instrument.lot_e8], np.int64),
        market=np.array([int(instrument.market)], np.int64),
    )


def copy(state: State) -> State:
    """Return an independent copy: a checkpoint."""
    return State._make(array.copy() for array in state)


def new_out(capacity: int) -> Out:
    """Return empty output tables of `capacity` rows each."""
    tables = [np.zeros(capacity, dtype) for dtype in TABLES.values()]
    return Out._make((*tables, np.zeros(len(tables), np.int64)))
