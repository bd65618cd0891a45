"""What the simple market remembers, as one named tuple of arrays.

What: names, shapes and the empty start; nothing here moves.
Units: ticks (as index into the book: price = index + BASE), lots, ms of exchange time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.simulator import dice

WIDTH = 65_536
START_TICKS = 600_000
BASE = START_TICKS - WIDTH // 2
MOST_AWAY = 30_000
"""How far fair value may wander from its start: the book's array must hold every price."""

(
    BID,
    ASK,  # best levels, as index
    UPDATE_ID,
    TRADE_ID,
    CHANGED,  # levels changed since the last book message
    MID_MOVED_MS,
    MID2,
    BOOK_DUE_MS,
    FORCED_QTY,  # lots liquidated since the last liquidation message, and their value in ticks x lots
    FORCED_VALUE,
    FORCED_SIDE,
) = range(11)
NUMBERS = 11
FAIR, LEAN, DEPTH = range(3)
"""Fair value (index, with a fraction), lean of the book (positive: asks thick, bids thin), depth to what is normal."""


TRADES, TOUCHES, BOOKS, INFO = range(4)
"""Streams: each keeps its own order, as one socket does."""
STREAMS = 4


class Market(NamedTuple):
    """Everything that the market remembers."""

    qty: npt.NDArray[np.int64]  # (2, WIDTH): bids, asks
    dirty: npt.NDArray[np.uint8]  # (2, WIDTH): changed since the last book message
    changes: npt.NDArray[np.int64]  # (n, 2): side and index of the dirty ones, in order
    n: npt.NDArray[np.int64]  # NUMBERS
    x: npt.NDArray[np.float64]  # FAIR, LEAN, DEPTH
    touch: npt.NDArray[np.int64]  # bid, its size, ask, its size, as last sent
    sent: npt.NDArray[np.int64]  # arrival of the last message of each stream
    dice: npt.NDArray[np.uint64]


def new(seed: int, first_ms: int) -> Market:
    """Return a market without any order in it."""
    numbers = np.zeros(NUMBERS, np.int64)
    numbers[BOOK_DUE_MS] = numbers[MID_MOVED_MS] = first_ms
    numbers[BID], numbers[ASK] = 0, WIDTH - 1
    return Market(
        qty=np.zeros((2, WIDTH), np.int64),
        dirty=np.zeros((2, WIDTH), np.uint8),
        changes=np.zeros((2 * WIDTH, 2), np.int64),
        n=numbers,
        x=np.array([WIDTH // 2 + 0.5, 0.0, 1.0]),
        touch=np.zeros(4, np.int64),
        sent=np.zeros(STREAMS, np.int64),
        dice=dice.new(seed),
    )
