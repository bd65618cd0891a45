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


class Regime(IntEnum):
    """What the pressure on one side is taken for (003 §4)."""

    UNKNOWN = 0  # a leg that the decision needs is not known
    INFORMED = 1
    FORCED = 2


class Source(IntEnum):
    """What FORCED is decided by; the first that is there."""

    NONE = 0
    LIQUIDATIONS = 1  # the feed: presence and run length, a lower bound by nature
    OPEN_INTEREST = 2
    FLOW = 3  # open interest too sparse: persistence of signed flow


class Leg(IntFlag):
    """What the state is made of; each holds if it was true within the window of the state."""

    FSI = 1  # z(FSI) above its threshold
    OI = 2  # z(open interest flush) above its threshold
    LIQUIDATIONS = 4  # a run of liquidations of this side
    LDR = 8  # z(LDR) above its threshold
    PERSISTENT = 16  # signed flow leans this way and has for long: speaks for INFORMED


class Condition(IntFlag):
    """The exhaustion conditions (003 §3.1, §8.4), and what they come to."""

    PANIC = 1
    ROLLOVER = 2
    OI = 4
    REFORM = 8
    DIVERGENCE = 16  # §3.1: below tau ago, and the LPI too
    DIVERGENCE_LOW = 32  # §8.4: a new low over tau, and the LPI below its high
    EXHAUSTED = 64  # E_t by the rule in force


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
        ("inventory", "<i8"),  # lots, all strategies
        ("pnl_e8", "<i8"),  # total, 1e-8 of the quote coin, marked to mid; valid bit MARK
        ("volume", "<i8"),  # traded since the last tick, tick-lots; valid bit FLOW
        ("impact_sell", "<i8"),  # V_impact, tick-lots; valid bit IMPACT
        ("impact_buy", "<i8"),
        ("fsi_sell", "<f8"),  # valid bit FSI
        ("fsi_buy", "<f8"),
        ("ldr_bid", "<f8"),  # valid bit LDR
        ("ldr_ask", "<f8"),
        ("pi", "<f8"),  # 1 / quote; valid bit PI
        ("rv", "<f8"),  # valid bit RV
        ("sigma", "<f8"),  # over the horizon; valid bit SIGMA
        ("z_fsi_sell", "<f8"),  # robust standard deviations; each z has its own bit
        ("z_fsi_buy", "<f8"),
        ("z_ldr_bid", "<f8"),
        ("z_ldr_ask", "<f8"),
        ("z_pi", "<f8"),
        ("lpi_sell", "<f8"),  # valid bit LPI_SELL
        ("lpi_buy", "<f8"),  # valid bit LPI_BUY
        ("oi", "<i8"),  # lots; valid bit OI: there is a reading, and it is not too old
        ("oi_age_us", "<i8"),  # valid bit OI
        ("oi_flush", "<f8"),  # lots, positive when positions close; valid bit OI_FLUSH
        ("z_oi", "<f8"),  # valid bit Z_OI
        ("state_sell", "u1"),  # Regime
        ("state_buy", "u1"),
        ("source", "u1"),  # Source
        ("legs_sell", "u1"),  # Leg
        ("legs_sell_known", "u1"),
        ("legs_buy", "u1"),
        ("legs_buy_known", "u1"),
        ("exhaustion_sell", "u1"),  # Condition
        ("exhaustion_sell_known", "u1"),
        ("exhaustion_buy", "u1"),
        ("exhaustion_buy_known", "u1"),
        ("valid", "<u4"),  # AlphaValid
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
    FLOW = 32  # every trade since the last tick is known
    IMPACT = 64  # and the touch before the first of them
    FSI = 128
    LDR = 256
    PI = 512
    RV = 1024
    SIGMA = 2048
    Z_FSI_SELL = 1 << 12
    Z_FSI_BUY = 1 << 13
    Z_LDR_BID = 1 << 14
    Z_LDR_ASK = 1 << 15
    Z_PI = 1 << 16
    LPI_SELL = 1 << 17
    LPI_BUY = 1 << 18
    OI = 1 << 19
    OI_FLUSH = 1 << 20
    Z_OI = 1 << 21


class FadeWhy(IntEnum):
    """Why a trigger was not faded."""

    NONE = 0  # it was
    OFF = 1  # the fade ladder is switched off
    NOT_FORCED = 2  # Mode B: flat
    NO_DIRECTION = 3  # price over the panic leg is unknown, or went the other way
    TOXIC = 4  # z(Pi) above the gate, or unknown
    SPREAD = 5
    CRASH = 6  # the crash filter blocked it
    SIZE = 7  # the size rounds to nothing
    BUSY = 8  # an earlier trigger is still being worked


TRIGGER = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),
        ("bid", "<i8"),
        ("ask", "<i8"),
        ("lpi", "<f8"),
        ("lpi_change", "<f8"),
        ("z_fsi", "<f8"),  # valid bit FSI
        ("z_ldr", "<f8"),
        ("z_ldr_change", "<f8"),
        ("z_pi", "<f8"),
        ("z_oi", "<f8"),  # valid bit OI
        ("oi_age_us", "<i8"),  # valid bit OI
        ("leg_return", "<f8"),  # ln of mid over mid when the panic began; valid bit LEG
        ("sigma", "<f8"),  # valid bit SIGMA
        ("crash_return", "<f8"),  # of the reference; valid bit CRASH
        ("size", "<i8"),  # lots that the fade ladder means to hold, 0 if none
        ("side", "i1"),  # of the panic's aggressors: -1 sells
        ("direction", "i1"),  # of the fade: +1 buys; 0 none
        ("state", "u1"),  # Regime
        ("source", "u1"),  # Source
        ("legs", "u1"),  # Leg
        ("legs_known", "u1"),
        ("conditions", "u1"),  # Condition
        ("conditions_known", "u1"),
        ("rule", "u1"),  # 0 section 3.1, 1 section 8.4
        ("why", "u1"),  # FadeWhy
        ("valid", "u1"),  # TriggerValid
    ],
    align=True,
)


class TriggerValid(IntFlag):
    """Which parts of a TRIGGER row are known."""

    OI = 1
    LEG = 2
    SIGMA = 4
    CRASH = 8


class QuoteAct(IntEnum):
    """What happened to an own order."""

    PLACE = 1
    CANCEL = 2
    REJECT = 3  # post-only: it would have crossed when it arrived; order_id 0: a person's order that was not sent
    DONE = 4  # filled whole
    UNPRICED = 5  # no order, id 0: a funding settlement (live_from) on `qty` lots held, of which no mark price is known


class QuoteWhy(IntEnum):
    """Why it happened."""

    PRICE = 0  # the target moved
    GAP = 1  # the book became unknown
    DISARM = 2  # signals not ready, or the maker is switched off
    INVENTORY = 3  # this side is at its cap
    CROSS = 4
    FILL = 5
    SKEW = 6  # policy: this side stands against the skew
    ENTRY = 7  # a layer of the fade
    TOXIC = 8  # z(Pi) above the gate, or unknown
    SPREAD = 9  # the spread exploded
    STALE = 10  # time in state ran out
    STOP = 11  # exit by taker: price went against us
    TIME = 12  # exit by taker: time stop
    LPI = 13  # exit by taker: the pressure is gone
    TARGET = 14  # exit by taker: markout target
    PERSON = 15  # a person's own order
    NO_BOOK = 16  # a taker found nothing to take; refused: the book is unknown
    LIMIT = 17  # refused: the limit of orders and cancels a second, or of orders at once
    GONE = 18  # refused: the order that was meant is not there any more
    NO_MARK = 19  # unpriced: no mark price was told with it, and none was heard at its time


QUOTE = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),
        ("order_id", "<i8"),
        ("px", "<i8"),
        ("qty", "<i8"),
        ("live_from", "<i8"),  # exchange µs; of a settlement that is UNPRICED, its time
        ("live_to", "<i8"),  # exchange µs; 0 while it rests
        ("side", "i1"),
        ("act", "u1"),  # QuoteAct
        ("why", "u1"),  # QuoteWhy
        ("strategy", "u1"),  # Strategy
        ("level", "u1"),  # of the ladder, 0 is nearest the touch
    ],
    align=True,
)


class Strategy(IntEnum):
    """Whose order it is."""

    MAKER = 0
    FADE = 1
    OWN = 2


class FillRule(IntEnum):
    """Why an order counts as filled."""

    THROUGH = 0  # a print strictly beyond our price
    QUEUE = 1  # what was ahead of us has printed
    TOUCH = 2  # a print at our price
    TAKER = 3  # we crossed the spread


FILL = np.dtype(
    [
        ("offset", "<i8"),
        ("ts", "<i8"),
        ("exch_ts", "<i8"),  # of the print; for a taker, when the order arrived
        ("seq", "<i8"),  # id of the print that filled us, 0 for a taker
        ("order_id", "<i8"),
        ("px", "<i8"),  # what we paid or got
        ("qty", "<i8"),
        ("print_px", "<i8"),  # of the print; for a taker the touch it met
        ("print_qty", "<i8"),  # of the print; for a taker the size displayed at `px`
        ("mid2", "<i8"),  # bid + ask in ticks at booking
        ("fee_e8", "<i8"),  # paid is positive
        ("slip2", "<i8"),  # slippage in half tick-lots: what walking beyond the touch cost, never positive
        ("inventory", "<i8"),  # of the strategy, after the fill
        ("ahead", "<f8"),  # lots ahead of us when the print came; valid bit AHEAD
        ("hazard", "<f8"),  # under the mapping in force; valid bit HAZARD
        ("side", "i1"),  # +1 we bought
        ("rule", "u1"),  # FillRule
        ("strategy", "u1"),
        ("state_sell", "u1"),  # Regime in force
        ("state_buy", "u1"),
        ("valid", "u1"),  # FillValid
    ],
    align=True,
)


class FillValid(IntFlag):
    """Which parts of a FILL row are known."""

    AHEAD = 1
    HAZARD = 2


class Marked(IntEnum):
    """What a markout is of."""

    LABEL = 0
    TRIGGER = 1
    FILL = 2


HORIZONS_US = (500_000, 1_000_000, 2_000_000, 5_000_000, 30_000_000, 120_000_000)
"""003 §5.3."""

MARKOUT = np.dtype(
    [
        ("offset", "<i8"),  # of the row that is marked
        ("ts", "<i8"),  # when it was
        ("ref2", "<i8"),  # twice the price it is measured from, ticks
        ("qty", "<i8"),
        ("order_id", "<i8"),  # of a fill, 0 otherwise
        ("mid2", "<i8", (6,)),  # bid + ask at each horizon, ticks; valid bit of that horizon
        ("side", "i1"),  # markout = side x (mid - ref): positive is good for that side
        ("what", "u1"),  # Marked
        ("strategy", "u1"),  # of a fill
        ("label", "u1"),  # Label of a marked trade, 0 otherwise
        ("valid", "u1"),  # bit h: horizon h
    ],
    align=True,
)

TABLES: dict[str, np.dtype] = {
    "labels": LABEL,
    "alpha": ALPHA,
    "triggers": TRIGGER,
    "quotes": QUOTE,
    "fills": FILL,
    "markouts": MARKOUT,
}
"""Output tables in the order in which `rows_sha256` covers them."""

_PACKED = {name: np.dtype([(f, dtype[f]) for f in dtype.names or ()]) for name, dtype in TABLES.items()}


def pack(name: str, rows: np.ndarray) -> bytes:
    """Return the rows of one table as bytes without padding: what digests and comparisons are made of."""
    return rows.astype(_PACKED[name]).tobytes()
