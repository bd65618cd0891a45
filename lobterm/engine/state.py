"""All that the engine remembers, as one named tuple of arrays: a checkpoint is a copy, a restore is another.

What: shapes and names of the state; nothing here computes.
Seeds: DESIGN §4.
Units: ticks, lots, µs; floats in base units.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
    ACTIONS_FROM,  # beginning of the second in which orders and cancels of the ladders are counted
    ACTIONS,
    POSITION_MAX,  # largest |position| of all strategies together
    KNOWN_NOW,  # AlphaValid of the last alpha tick
    NEXT_FUNDING,  # exchange time of the next settlement, 0 unknown
    MARK_E8,  # the exchange's mark price, 0 unknown
    SETTLE_T,  # the last settlement time that passed, and the mark price heard at it: 0 if none was
    SETTLE_MARK_E8,
    SETTLED,  # exchange time of the last settlement posted: told twice, it is posted once
    FORCED_TICKS,  # alpha ticks with a side FORCED
    TRIGGERED,  # triggers so far
    SLOTS,  # slots of orders ever used: none lies beyond
    MARK_T,  # exchange time of the mark price
    HAND_FROM,  # as ACTIONS_FROM and ACTIONS, of what a person asks for
    HAND_ACTIONS,
) = range(47)
CLOCK_SIZE = 47

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


CORE = np.dtype(
    [
        ("feeds", "<i8", (tc.FEEDS_SIZE,)),
        ("touch", "<i8", (tc.VIEW_SIZE,)),  # in force
        ("ring", "<i8", (asof.RING, asof.STATE_SIZE)),
        ("ring_cursor", "<i8", (2,)),
        ("asof", "<i8", (asof.STATE_SIZE,)),  # state that judges the trades of matching time ASOF_T
        ("window", "<f8", (ft.N_FEATURES, rolling.WINDOW_TRADES)),
        ("window_cursor", "<i8", (2 + ft.N_FEATURES,)),
        ("x", "<f8", (ft.N_FEATURES,)),  # features of the trade in hand
        ("z", "<f8", (ft.N_FEATURES,)),
        ("sums", "<f8", (signals.SUMS_SIZE,)),
        ("both", "<f8", (signals.READ_SIZE,)),  # signals read
        ("scaled", "<f8", (2,)),
        ("quote", "<f8", (2,)),  # FAIR, WIDTH
        ("target", "<i8", (2,)),  # bid, ask
        ("orders", "<i8", (ORDERS, ORDER_SIZE)),
        ("queue", "<f8", (ORDERS, 2)),
        ("ladder", "<i8", (account.STRATEGIES, 2, LADDER)),  # slot last used there
        ("acct", "<i8", (account.STRATEGIES, account.ACCOUNT_SIZE)),
        ("past", "<i8", (account.REMEMBERED, 3)),  # remembered fills
        ("past_cursor", "<i8", (1,)),
        ("flow", "<i8", (pressure.FLOW_SIZE,)),  # since the last tick
        ("averages", "<f8", (pressure.AVERAGES_SIZE,)),
        ("oi", "<i8", (4,)),
        ("trend", "<f8", (3,)),
        ("now", "<f8", (pressure.NOW_SIZE,)),
        ("before", "<i8", (asof.STATE_SIZE,)),  # the state before a window's first trade
        ("regime", "<i8", (2, regime.REGIME_SIZE)),
        ("history", "<f8", (exhaustion.HISTORY, exhaustion.TICK_SIZE)),
        ("history_cursor", "<i8", (2,)),
        ("exhaustion", "<i8", (2, exhaustion.SIDE_SIZE)),
        ("fade", "<i8", (FADE_SIZE,)),
        ("fade_sigma", "<f8", (1,)),
        ("reference", "<i8", (crash.REFERENCE_SIZE,)),
        ("reference_mids", "<i8", (crash.KEPT,)),
        ("reference_variance", "<f8", (2,)),
        ("waiting", "<i8", (markouts.WAITING, markouts.WAITING_SIZE)),  # rows whose markouts are not due yet
        ("waiting_cursor", "<i8", (markouts.CURSOR_SIZE,)),
        ("clock", "<i8", (CLOCK_SIZE,)),
        ("counts", "<i8", (COUNTS_SIZE,)),
        ("params", "<f8", (len(params.PARAMS),)),
        ("size", "<f8", (2,)),  # tick in quote, lot in base
        ("value_e16", "<i8", (1,)),  # tick_e8 x lot_e8
        ("sizes_e8", "<i8", (2,)),  # tick and lot in 1e-8
        ("market", "<i8", (1,)),  # that is traded
    ]
)
"""Everything of a fixed size, as one record: a kernel is handed its address, where handing over its parts one by one would
cost more than what most kernels do."""


PARTS = frozenset(CORE.names or ())


class State(NamedTuple):
    """The engine's whole memory. From Python the parts of the core are attributes too."""

    core: npt.NDArray[np.void]  # (1,) of CORE
    book: bk.Book
    window_ints: Ints  # (pressure.WINDOWS, ...): robust windows
    window_floats: Floats
    window_times: Ints  # (pressure.WINDOWS, capacity): when each sample was taken, by slot
    centroids: Floats  # (models, k, 6)
    roles: npt.NDArray[np.uint8]  # (models, k)

    def __getattr__(self, name: str) -> Any:
        """Return a part of the core, to read or to write."""
        if name not in PARTS:
            raise AttributeError(name)
        return self.core[name][0]


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
    vector = np.array(values if len(values) else params.defaults(), dtype=np.float64)
    samples = max(2, round(vector[params.WINDOW_S] * 1e6 / vector[params.ALPHA_TICK_US]))
    windows = [od.new_window(samples) for _ in range(pressure.WINDOWS)]
    state = State(
        core=np.zeros(1, CORE),
        book=bk.new_book(),
        window_ints=np.stack([window.i for window in windows]),
        window_floats=np.stack([window.f for window in windows]),
        window_times=np.zeros((pressure.WINDOWS, samples), np.int64),
        centroids=np.zeros((1, 1, ft.N_FEATURES)) if centroids is None else np.ascontiguousarray(centroids, np.float64),
        roles=np.zeros((1, 1), np.uint8) if roles is None else np.ascontiguousarray(roles, np.uint8),
    )
    clock = state.clock
    clock[MODEL_ROW] = -1 if centroids is None else 0
    clock[NEXT_ORDER_ID] = 1
    clock[[ASK_LOW, REST_BID_LOW, REST_ASK_LOW]] = FAR
    clock[JOIN_DUE] = state.waiting_cursor[markouts.UNKNOWN_UNTIL] = markouts.NEVER
    unseen = [pressure.ADV_UNSEEN, pressure.DEPTH_UNSEEN, pressure.VARIANCE_UNSEEN, pressure.GROSS_UNSEEN]
    state.averages[unseen] = 1.0
    state.reference_variance[1] = 1.0
    state.ladder[:] = -1
    state.params[:] = vector
    state.size[:] = instrument.tick, instrument.lot
    state.value_e16[0] = instrument.tick_e8 * instrument.lot_e8
    state.sizes_e8[:] = instrument.tick_e8, instrument.lot_e8
    state.market[0] = int(instrument.market)
    return state


def copy(state: State) -> State:
    """Return an independent copy: a checkpoint."""
    return State._make(array.copy() for array in state)


def new_out(capacity: int) -> Out:
    """Return empty output tables of `capacity` rows each."""
    tables = [np.zeros(capacity, dtype) for dtype in TABLES.values()]
    return Out._make((*tables, np.zeros(len(tables), np.int64)))
