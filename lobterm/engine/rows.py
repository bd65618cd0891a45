"""What the engine says: one record layout per kind of output row.

Every row carries `offset` (the row of the tape that caused it), `ts` (local µs) and, where it has one, `exch_ts`.
A value that is not known is a cleared bit in `valid` with a zero payload: NaN and infinity never leave the engine.
The console, the session log and the exports all read these same records (DESIGN §4, §5).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np


class Label(IntEnum):
    """The cluster of a trade (001 Exp 4), or why it has none. phi numbers are the seeds'."""

    PASSIVE = 0  # phi 3
    OPPORTUNISTIC = 1  # phi 2
    DIRECTIONAL = 2  # phi 1
    UNASSIGNED = 3  # the nearest cluster has no role: roles do not separate
    UNCLASSIFIED = 4  # no label can be known; see Why


class Why(IntEnum):
    """Why a trade is unclassified."""

    NONE = 0
    NO_MODEL = 1
    NO_BOOK = 2  # book unknown (gap, no snapshot yet, crossed) or the trade is older than the ring
    NO_CLOCK = 3  # mid or touch has not moved since the book became known: T_m or T_age undefined
    WARM_UP = 4  # fewer trades than the rolling window
    FLAT = 5  # a feature is constant over the window: its z is undefined


FEATURES = ("v_rel", "depth_consumed", "depth_resting", "spread_ticks", "t_m_us", "t_age_us")
"""Order of the six features everywhere: model files, rows, screens. Depths are ln(1 + base units)."""

LABEL = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),
        ("exch_ts", "<i8"),
        ("seq", "<i8"),
        ("px", "<i8"),
        ("qty", "<i8"),
        ("book_age_us", "<i8"),  # trade's minus book's exchange time; valid bit BOOK
        ("feature", "<f8", (6,)),  # valid bit FEATURES
        ("z", "<f8", (6,)),  # valid bit Z
        ("side", "i1"),
        ("label", "u1"),  # Label
        ("why", "u1"),  # Why
        ("valid", "u1"),  # LabelValid
    ],
    align=True,
)


class LabelValid(IntFlag):
    """Which parts of a LABEL row are known."""

    BOOK = 1
    FEATURES = 2
    Z = 4


ALPHA = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),  # the tick's due time
        ("bid", "<i8"),  # touch; valid bit TOUCH
        ("ask", "<i8"),
        ("bid_qty", "<i8"),
        ("ask_qty", "<i8"),
        ("skew_inverted", "<f8"),  # base units, decayed to ts
        ("hazard_inverted", "<f8"),
        ("skew_traditional", "<f8"),
        ("hazard_traditional", "<f8"),
        ("norm", "<f8"),  # size normaliser, base units; valid bit NORM
        ("fair_px", "<f8"),  # P_final, ticks; valid bit QUOTE
        ("width_ticks", "<f8"),  # W_dynamic, full width; valid bit QUOTE
        ("inventory", "<i8"),  # lots
        ("pnl_e8", "<i8"),  # total, 1e-8 of the quote coin, marked to mid; valid bit MARK
        ("valid", "u1"),  # AlphaValid
    ],
    align=True,
)


class AlphaValid(IntFlag):
    """Which parts of an ALPHA row are known."""

    SIGNALS = 1  # a model is loaded: the sums mean something
    NORM = 2  # the normaliser is warm
    QUOTE = 4
    MARK = 8
    TOUCH = 16  # both sides are there and do not cross


class QuoteAct(IntEnum):
    """What happened to an own order."""

    PLACE = 1
    CANCEL = 2
    REJECT = 3  # post-only: it would have crossed when it arrived
    DONE = 4  # filled whole


class QuoteWhy(IntEnum):
    """Why it happened."""

    PRICE = 0  # the target moved
    GAP = 1  # the book became unknown
    DISARM = 2  # signals not ready, or the maker is switched off
    INVENTORY = 3  # this side is at its cap
    CROSS = 4
    FILL = 5


QUOTE = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),
        ("order_id", "<i8"),
        ("px", "<i8"),
        ("qty", "<i8"),
        ("live_from", "<i8"),  # exchange µs
        ("live_to", "<i8"),  # exchange µs; 0 while it rests
        ("side", "i1"),
        ("act", "u1"),  # QuoteAct
        ("why", "u1"),  # QuoteWhy
        ("strategy", "u1"),  # Strategy
    ],
    align=True,
)


class Strategy(IntEnum):
    """Whose order it is."""

    MAKER = 0
    FADE = 1
    OWN = 2


class FillRule(IntEnum):
    """Why a resting order counts as filled."""

    THROUGH = 0  # a print strictly beyond our price


FILL = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),
        ("exch_ts", "<i8"),
        ("seq", "<i8"),  # id of the print that filled us
        ("order_id", "<i8"),
        ("px", "<i8"),  # our price
        ("qty", "<i8"),
        ("print_px", "<i8"),
        ("print_qty", "<i8"),
        ("mid2", "<i8"),  # bid + ask in ticks at booking
        ("fee_e8", "<i8"),  # paid is positive
        ("inventory", "<i8"),  # after the fill
        ("side", "i1"),  # +1 we bought
        ("rule", "u1"),  # FillRule
        ("strategy", "u1"),
    ],
    align=True,
)

TABLES: dict[str, np.dtype] = {"labels": LABEL, "alpha": ALPHA, "quotes": QUOTE, "fills": FILL}
"""Output tables in the order in which `rows_sha256` covers them."""

_PACKED = {name: np.dtype([(f, dtype[f]) for f in dtype.names or ()]) for name, dtype in TABLES.items()}


def pack(name: str, rows: np.ndarray) -> bytes:
    """Return the rows of one table as bytes without padding: what digests and comparisons are made of."""
    return rows.astype(_PACKED[name]).tobytes()
