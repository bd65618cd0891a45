"""One decoded message of the exchange, as a row of numbers that the scanner and the JSON parser both fill.

Times are µs, prices and sizes integers of 1e-8, an id that a message lacks is -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

MESSAGE = np.dtype(
    [
        ("body", "<i8"),  # where the line's JSON begins
        ("stop", "<i8"),  # the line's end, its newline left out
        ("line", "<i8"),  # from 1 within the block
        ("local_us", "<i8"),  # when it was received
        ("local_ns", "<i8"),  # the same, as fine as it was written down
        ("exch_us", "<i8"),  # T; E where a message has only that; 0 where it has neither
        ("sent_us", "<i8"),  # E; 0 where a message has none
        ("first_id", "<i8"),  # U
        ("last_id", "<i8"),  # u, lastUpdateId, trade id or aggregate id
        ("prev_id", "<i8"),  # pu
        ("px", "<i8"),  # trade, best bid, mark price, average price of a liquidation
        ("qty", "<i8"),  # trade, size at best bid, filled size of a liquidation, open interest
        ("px2", "<i8"),  # best ask, index price
        ("qty2", "<i8"),  # size at best ask; a trade's part that is not RPI; predicted funding rate
        ("next_us", "<i8"),  # next funding time
        ("bid0", "<i8"),  # first bid level
        ("bids", "<i8"),
        ("ask0", "<i8"),
        ("asks", "<i8"),
        ("kind", "u1"),
        ("stream", "u1"),  # speed of a diff stream: ids chain within one speed only
        ("side", "i1"),
        ("has", "u1"),  # which of mark, index and rate a MARK carries
    ],
    align=True,
)

Messages = npt.NDArray[np.void]
Row = Any
"""One row of a structured array as kernels see it: its fields are attributes, which numpy's types do not know."""
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Chosen = npt.NDArray[np.bool_]

SLOW = 0  # not read yet: left to the JSON parser
DEPTH, TRADE, AGG, TOUCH, SNAPSHOT, MARK, LIQUIDATION, OPEN_INTEREST = range(1, 9)
SKIPPED = 9  # left out and counted already
NO_STAMP, OTHER_SYMBOL, COIN_M = 10, 11, 12

REASONS = {NO_STAMP: "bad_stamp", OTHER_SYMBOL: "other_symbol", COIN_M: "coin_m"}
"""Kinds that are left out, and the name they are counted under."""

HAS_MARK, HAS_INDEX, HAS_RATE = 1, 2, 4

NO_STREAM, TRADE_STREAM, AGG_STREAM, TOUCH_STREAM = 0, 16, 17, 18
SPEEDS = {"": 1, "@100ms": 2, "@500ms": 3, "@0ms": 4, "@1000ms": 5, "@250ms": 6}
"""Diff streams of different speed number their messages apart: a book follows one of them."""

US_LEAST = 1_000_000_000_000_000
"""Exchange times below it are ms, from it on µs: both are sent, by the connection's choice."""

ID_MOST = 999_999_999_999_999_999
"""Largest integer that is read: eighteen digits."""
