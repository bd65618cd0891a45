"""The engine's state as a person may read it: one frozen picture, nothing computed twice.

Undefined is None. Units are in the names; prices are ticks and sizes lots unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, quoting, signals
from lobterm.engine import book as bk
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc

Levels = npt.NDArray[np.int64]
"""Shape (n, 2): price in ticks, size in lots; best first."""


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """One of our resting (or travelling) orders."""

    order_id: int
    side: int
    px: int
    qty: int
    left: int
    strategy: int
    arrived: bool  # False: sent, but still on its way to the exchange
    leaving: bool  # a cancel is on its way


@dataclass(frozen=True, slots=True)
class Pnl:
    """Profit and loss in 1e-8 of the quote coin. total = spread + inventory - fees, to the last digit."""

    total_e8: int | None  # None: the position cannot be marked (book unknown)
    spread_e8: int
    inventory_e8: int | None
    fees_e8: int  # paid is positive


@dataclass(frozen=True, slots=True)
class Signals:
    """Decaying sums of both mappings, base units, decayed to the picture's time."""

    skew_inverted: float
    hazard_inverted: float
    skew_traditional: float
    hazard_traditional: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole of what the console shows of the engine at one moment."""

    ts: int  # local µs of the last row or timer
    rows: int  # rows folded so far
    book_known: bool
    gap_cause: int  # GapCause of the gap in force, 0 if none
    crossed: bool
    book_ts: int  # local µs at which the book was last confirmed, 0 if it never was known
    touch_source: str  # where the touch in force comes from: "touch" or "book"
    touch: tuple[int, int, int, int] | None  # bid, its size, ask, its size; None unless two-sided and uncrossed
    bids: Levels
    asks: Levels
    mid2: int | None  # bid + ask of the touch in ticks
    microprice: float | None  # ticks
    model_ready: bool
    signals: Signals | None  # None without a model
    norm_base: float | None  # None until warm
    norm_trades: int
    norm_warm_trades: int
    skew_x: float | None  # argument of tanh under the mapping in force
    hazard_x: float | None  # compared with k_tol
    fair_px: float | None  # P_final, ticks
    width_ticks: float | None
    quoting: bool
    quote_why_not: str  # "" while quoting
    orders: tuple[OwnOrder, ...]
    inventory: int
    pnl: Pnl
    fills: int
    trades: int
    label_counts: tuple[int, ...]  # by rows.Label
    params: npt.NDArray[np.float64]


NO_LEVELS = np.zeros((0, 2), np.int64)


def _orders(s: st.State) -> tuple[OwnOrder, ...]:
    """Return the orders that may still fill as far as we know."""
    now = int(s.clock[st.NOW] + s.clock[st.OFFSET])
    return tuple(
        OwnOrder(
            order_id=int(row[st.O_ID]),
            side=int(row[st.O_SIDE]),
            px=int(row[st.O_PX]),
            qty=int(row[st.O_QTY]),
            left=int(row[st.O_LEFT]),
            strategy=int(row[st.O_STRATEGY]),
            arrived=bool(row[st.O_DUE] == 0),
            leaving=bool(row[st.O_TO] != 0),
        )
        for row in s.orders
        if row[st.O_ID] and row[st.O_LEFT] and (row[st.O_TO] == 0 or row[st.O_TO] > now)
    )


def pnl(s: st.State) -> Pnl:
    """Return profit and loss and its parts; what needs a mark is None while there is none."""
    value = int(s.value_e16[0])
    fees = int(s.acct[account.FEES_E8])
    spread = account.to_e8(int(s.acct[account.SPREAD2]), value)
    if not s.acct[account.MARKED] and s.acct[account.POSITION]:
        return Pnl(None, spread, None, fees)
    total = int(account.total_e8(s.acct, value))
    return Pnl(total, spread, total + fees - spread, fees)


def _why_not_quoting(s: st.State, norm: float) -> str:
    if s.params[pm.ENABLED] == 0.0:
        return "maker is off"
    if s.clock[st.MODEL_ROW] < 0:
        return "no cluster model"
    if not s.clock[st.BOOK_KNOWN]:
        return "book unknown"
    if s.clock[st.CROSSED]:
        return "book crossed"
    if s.params[pm.UNIT] == 0.0 and norm <= 0.0:
        return "size normaliser warming"
    return "" if s.clock[st.QUOTING] else "next requote"


def snapshot(s: st.State, depth: int) -> Snapshot:
    """Return the picture of state `s` with up to `depth` levels a side."""
    known = bool(s.clock[st.BOOK_KNOWN])
    two_sided = bool(quoting.two_sided(s))
    bids = bk.top(s.book, 1, depth) if s.clock[st.SNAPSHOT] else NO_LEVELS
    asks = bk.top(s.book, -1, depth) if s.clock[st.SNAPSHOT] else NO_LEVELS
    ts = int(s.clock[st.NOW])
    has_model = s.clock[st.MODEL_ROW] >= 0
    both, scaled = np.zeros(signals.READ_SIZE), np.zeros(2)
    signals.read(s.sums, ts, s.params, both)
    norm = float(signals.normaliser(s.sums, s.params))
    ready = bool(signals.scaled(s.sums, both, s.params, scaled)) and has_model
    bid_qty, ask_qty = int(s.touch[tc.BID_QTY]), int(s.touch[tc.ASK_QTY])
    micro = None
    if two_sided:
        micro = (int(s.touch[tc.ASK]) * bid_qty + int(s.touch[tc.BID]) * ask_qty) / (bid_qty + ask_qty)
    fair_known = bool(s.clock[st.FAIR_KNOWN])
    return Snapshot(
        ts=ts,
        rows=int(s.clock[st.ROWS]),
        book_known=known,
        gap_cause=int(s.clock[st.GAP]),
        crossed=bool(s.clock[st.CROSSED]),
        book_ts=int(s.clock[st.BOOK_TS]),
        touch_source="touch" if tc.touch_is_newer(s.feeds) else "book",
        touch=(int(s.touch[tc.BID]), bid_qty, int(s.touch[tc.ASK]), ask_qty) if two_sided else None,
        bids=bids,
        asks=asks,
        mid2=int(s.touch[tc.BID] + s.touch[tc.ASK]) if two_sided else None,
        microprice=micro,
        model_ready=bool(has_model),
        signals=Signals(*(float(value) for value in both)) if has_model else None,
        norm_base=norm if norm > 0.0 else None,
        norm_trades=int(s.sums[signals.SIZE_N]),
        norm_warm_trades=int(s.params[pm.NORM_WARM]),
        skew_x=float(scaled[0]) if ready else None,
        hazard_x=float(scaled[1]) if ready else None,
        fair_px=float(s.quote[st.FAIR]) if fair_known else None,
        width_ticks=float(s.quote[st.WIDTH]) if fair_known else None,
        quoting=bool(s.clock[st.QUOTING]),
        quote_why_not=_why_not_quoting(s, norm),
        orders=_orders(s),
        inventory=int(s.acct[account.POSITION]),
        pnl=pnl(s),
        fills=int(s.acct[account.FILLS]),
        trades=int(s.counts[st.TRADES]),
        label_counts=tuple(int(n) for n in s.counts[st.LABELLED : st.LABELLED + 5]),
        params=s.params.copy(),
    )
