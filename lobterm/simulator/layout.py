"""What the agent market remembers: flat arrays and the names of their places.

What: one int64 array per order book, one of counters, one of floats, one table of leveraged accounts. Flat, because
handing a tuple of many arrays to every call costs more than the call's work.
Units: ticks and lots of each market, ms of exchange time, 1e-8 quote where a name ends in _E8.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PERP, SPOT = 0, 1
SPOT_TICKS, SPOT_LOTS = 10, 100
"""Spot ticks per perpetual tick (0.01 and 0.1), spot lots per perpetual lot (1e-5 and 1e-3)."""
TICK_E8 = 10_000_000

# one order book: a head, then rings of (lots, changed) by price, then the prices that changed
(
    BID,
    ASK,  # best prices; side s of a book is 0 for bids, 1 for asks
    UPDATE_ID,
    TRADE_ID,
    CHANGED,  # levels changed since the last depth message
    MASK,  # ring width - 1
    REACH,  # levels farther from the best are cancelled
    FAR_BID,
    FAR_ASK,  # no level lies beyond
    LEVELS_BID,
    LEVELS_ASK,
    TOLD_BID,
    TOLD_BID_LOTS,
    TOLD_ASK,
    TOLD_ASK_LOTS,
    TOUCH_DUE_MS,
    BOOK_DUE_MS,
    FAR_DUE_MS,
    MUTE,  # what of this market is not told: 0 nothing, ALL, or DEPTH alone
) = range(19)
HEAD = 32
ALL, DEPTH_ALONE = 1, 2
FEWEST = 64
"""Nobody takes or cancels the last levels of a side: a best price always exists."""

# counters
(
    SENT_PUBLIC,
    SENT_MARKET,
    SENT_SPOT,
    SENT_REST,  # arrival of the last message of each line, µs
    JAM_US,  # extra delay of the network now
    BOOK_EVERY_MS,
    TOUCH_EVERY_MS,
    FAR_EVERY_MS,
    THIN,
    TAKEN,
    TAKEN_VALUE,  # what the last order got: lots, lots x ticks
    POOL_TAKERS,
    POOL_RESTING,
    POOL_ARBITRAGE,  # net lots held by those without leverage here
    GROSS,  # sum of the absolute sizes of leveraged accounts
    OPENED_GROSS,  # what it was at the start
    FREE,
    ACTIVE,  # lengths of the lists of free slots and of accounts under liquidation
    LONG_EDGE_E8,
    SHORT_EDGE_E8,  # mark prices beyond which some account is due
    FORCED_LOTS,
    CLOSED_LOTS,  # traded by the liquidation engine; taken off the accounts by it
    TRADED_LOTS,
    NOTICE_LOTS,
    NOTICE_VALUE,
    NOTICE_SIDE,
    NOTICE_AT_MS,
    NOTICE_DUE_MS,  # the latest liquidation order and when it will be shown
    OI_DUE_MS,
    INDEX_E8,
    MARK_E8,
    BASIS_SUM_E8,
    BASIS_AT,
    PREMIUM_SUM,
    PREMIUM_COUNT,
    RATE_E8,
    LAST_RATE_E8,
    VOLUME_24H,
    VOLUME_MINUTE,
    LIVED_MS,
) = range(40)
COUNTERS = 40

# floats of one market, then floats of all
(
    BELIEF,  # where its makers think the price is, ticks
    VOL2,  # squared ticks a second
    FLOW,  # signed lots, decaying
    DEPTH,  # makers' depth to what is normal
    HALF,  # half spread that makers ask for beyond the smallest, ticks
    STRESS,
    LEAN,  # of the touch: positive, bids thick
    LAST_MID,
    FAST_BUY,
    FAST_SELL,
    SLOW_BUY,
    SLOW_SELL,  # excitement of takers' arrivals
    MOOD,  # of noise: positive, more buyers
) = range(13)
PER_MARKET = 13
VALUE, HEAT, DRIFT, PREMIUM, LEVERAGED_SHARE, CALM, SWAY, PULL_HOME = (2 * PER_MARKET + i for i in range(8))
"""True value (perp ticks), news about news, drift a ms, perp over spot, chance that noise is leveraged, pace,
how far the perpetual's flow has swayed everybody's opinion (ticks), share of its way home that the value goes a ms."""
FLOATS = 2 * PER_MARKET + 8

# one leveraged account
LOTS, ENTRY_E8, LIQUIDATION_E8, LEVERAGE, DUE_MS, SLICE_LOTS = range(6)
ACCOUNTS = 8_192
FREE_SLOTS, ACTIVE_SLOTS = 0, 1

START_TICKS = 616_600
BASIS_SAMPLES = 30
MINUTES_A_DAY = 1_440


class State(NamedTuple):
    """Everything; the kernels take its parts."""

    perp: Ints
    spot: Ints
    n: Ints
    x: Floats
    accounts: Ints  # (ACCOUNTS, 6)
    slots: Ints  # (2, ACCOUNTS): free, under liquidation
    basis_e8: Ints
    minutes: Ints  # lots traded in each minute of the last day
    leverages: Ints  # 64 to draw from, for accounts opened later
    dice: npt.NDArray[np.uint64]  # what happens
    wire: npt.NDArray[np.uint64]  # when it is told; of its own, so that how much is told changes nothing that happens


def new_book(width: int, reach: int, middle: int) -> Ints:
    """Return an empty book around `middle`; `width` is a power of two above twice the reach."""
    book = np.zeros(HEAD + 4 * width + 2 * width, np.int64)
    book[MASK], book[REACH] = width - 1, reach
    book[BID], book[ASK] = middle - reach, middle + 1 + reach
    book[FAR_BID], book[FAR_ASK] = book[BID], book[ASK]
    return book
