"""Columns of a row group made into rows, and looked at while they pass: no row reaches the engine that no importer writes.

One pass without the interpreter's lock: reading runs beside a screen and an engine, and each return to the lock is a wait.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine.kernel import kernel
from lobterm.events import EventArray, Kind, Market
from lobterm.tape.parquet import LARGEST

FIRST, LAST, LAST_MARKET = int(min(Kind)), int(max(Kind)), int(max(Market))
BOOK, TOUCH, TRADE = int(Kind.BOOK), int(Kind.TOUCH), int(Kind.TRADE)

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


WRONG = (
    "",
    "holds book or trade rows without a side, negative or beyond all measure",
    "holds rows of an unknown kind, side or market",
    "time runs back",
)
"""By severity: of several things the last is told."""
NUMBERS, KINDS, TIMES = 1, 2, 3


@kernel
def unpack(
    rows: EventArray,
    last: int,
    ts: Ints,
    exch_ts: Ints,
    seq: Ints,
    px: Ints,
    qty: Ints,
    kinds: Bytes,
    sides: npt.NDArray[np.int8],
    markets: Bytes,
    flags: Bytes,
) -> int:
    """Write the columns into `rows`; return the number of what is WRONG, or 0. `last`: a time that none may precede."""
    wrong = 0
    for i in range(rows.shape[0]):
        row, kind, side = rows[i], kinds[i], sides[i]
        if ts[i] < last:
            wrong = max(wrong, TIMES)
        last = ts[i]
        if not (FIRST <= kind <= LAST and -1 <= side <= 1 and markets[i] <= LAST_MARKET):
            wrong = max(wrong, KINDS)
        sided = kind == BOOK or kind == TOUCH or kind == TRADE
        if sided and (side == 0 or not (0 <= px[i] <= LARGEST and 0 <= qty[i] <= LARGEST)):
            wrong = max(wrong, NUMBERS)
        row.ts, row.exch_ts, row.seq, row.px, row.qty = last, exch_ts[i], seq[i], px[i], qty[i]
        row.kind, row.side, row.market, row.flags = kind, side, markets[i], flags[i]
    return wrong
