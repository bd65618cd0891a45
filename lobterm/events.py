"""The vocabulary: one event row, its kinds, sides, flags and causes.

Everything that the engine may ever know arrives as an array of EVENT rows: integer ticks, integer lots, microseconds.
Everyone may import this module; it imports numpy alone.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
import numpy.typing as npt

EVENT = np.dtype(
    [
        ("ts", "<i8"),  # local receive time, µs since the epoch, never decreasing within a tape
        ("exch_ts", "<i8"),  # exchange (matching) time, µs; 0 where there is none
        ("seq", "<i8"),  # update id `u`, trade id for TRADE, 0 if none
        ("px", "<i8"),  # ticks; 1e-8 fixed point for MARK, INDEX, FUNDING, LIQUIDATION; see `Kind`
        ("qty", "<i8"),  # lots; absolute level on BOOK (0 removes); see `Kind`
        ("kind", "u1"),
        ("side", "i1"),  # +1 bid / buyer is aggressor / short liquidated by a BUY; -1 the mirror; 0 neither
        ("market", "u1"),
        ("flags", "u1"),
    ],
    align=True,
)
"""48 bytes. The wire of the house: sources yield arrays of it, the engine folds them, tapes keep them."""

EventArray = npt.NDArray[np.void]

Record = Any
"""One row inside a compiled kernel, where fields are attributes; numpy's own type does not know them."""

FIXED = 100_000_000
"""Scale of fixed-point prices and rates that are off-tick by nature (MARK, INDEX, FUNDING, LIQUIDATION)."""


class Kind(IntEnum):
    """What a row says. The comment gives `px` and `qty` where they are not plain ticks and lots."""

    BOOK = 1
    BOOK_CLEAR = 2  # both sides emptied; px = qty = 0
    TOUCH = 3  # one side's best level; qty 0: that side is empty
    TRADE = 4
    LIQUIDATION = 5  # px average price 1e-8, qty filled lots
    OPEN_INTEREST = 6  # qty lots
    MARK = 7  # px 1e-8
    INDEX = 8  # px 1e-8
    FUNDING = 9  # px predicted rate 1e-8, qty next funding time µs
    FUNDING_INTERVAL = 10  # qty µs between settlements
    FUNDING_SETTLED = (
        11  # px settled rate 1e-8, qty mark price it was settled at 1e-8 (0: not said), exch_ts funding time
    )
    VOLUME_24H = 12  # qty lots
    CLOCK_OFFSET = 13  # qty µs: exchange clock minus local clock
    REFERENCE = 14  # touch of another symbol
    GAP = 15  # px a `GapCause`, qty a `Scope`: unknown from here until a snapshot
    HEARTBEAT = 16
    PARAM = 17  # px the value's f64 bits, qty the parameter's id
    MODEL = 18  # px row of the model table
    ORDER = 19  # a person's own paper order; seq an `OrderAct`, which says what px and qty are
    SAMPLE = 20  # a window sample carried over (flag WARM): px the value's f64 bits, qty which (engine.carry)
    ACCOUNT = 21  # what the paper account stands at (engine.standing): px a value, qty which; flag WARM: carried over


class OrderAct(IntEnum):
    """What an ORDER row asks for."""

    PLACE = 0  # px 0 takes at market; qty 0 cancels at px, or all where px is 0
    MOVE = 1  # cancels the own order whose id is qty, and sends what is left of it at px
    FLATTEN = 2  # cancels all orders of strategy qty (rows.Strategy) and takes what it holds out at market


class Market(IntEnum):
    """Which book of a tape a row belongs to."""

    PERP = 0
    SPOT = 1
    REFERENCE = 2


class Flag(IntFlag):
    """Marks on a row."""

    LAST = 1  # ends one exchange message: the book may be read
    SNAPSHOT = 2
    SYNTHETIC = 4  # not sent by the exchange: derived, generated or carried over
    AGG = 8  # aggregated trade
    RPI = 16  # part of a trade that filled against retail-price-improvement orders: queues ignore it
    WARM = 32  # a window sample carried over from an earlier recording


class Scope(IntEnum):
    """What a GAP makes unknown."""

    BOOK = 0
    TRADES = 1
    OI = 2
    ALL = 3


class GapCause(IntEnum):
    """Why something became unknown."""

    CHAIN_BREAK = 1  # an update id is missing
    DISCONNECT = 2
    SILENCE = 3  # a stream or the whole tape said nothing for too long
    CROSSED = 4  # the rebuilt book crossed
    RESET = 5  # the source restarted its book without saying why


BUY, SELL = 1, -1
BID, ASK = 1, -1


def empty(n: int) -> EventArray:
    """Return `n` zeroed EVENT rows."""
    return np.zeros(n, dtype=EVENT)
