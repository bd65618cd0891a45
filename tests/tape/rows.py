"""Rows for tests, written as short as they can be read."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from lobterm.events import EVENT, EventArray, Flag, Kind, Market
from lobterm.instrument import Instrument

PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
SPOT = Instrument(Market.SPOT, "BTCUSDT", Decimal("0.01"), Decimal("0.00001"))

START = 1_700_000_000_000_000
LAST = int(Flag.LAST)
SNAPSHOT = int(Flag.SNAPSHOT)


def rows(*values: tuple[int, ...]) -> EventArray:
    """Return EVENT rows from (ts, exch_ts, seq, px, qty, kind, side, market, flags)."""
    return np.array(list(values), EVENT)


def book(ts, px, qty, side, flags=LAST, *, exch=0, seq=0, market=0):
    return (ts, exch, seq, px, qty, int(Kind.BOOK), side, market, flags)


def clear(ts, flags=SNAPSHOT, *, market=0):
    return (ts, 0, 0, 0, 0, int(Kind.BOOK_CLEAR), 0, market, flags)


def trade(ts, px=100, qty=1, side=1, flags=LAST, *, exch=0, seq=0, market=0):
    return (ts, exch, seq, px, qty, int(Kind.TRADE), side, market, flags)


def snapshot(ts, bids, asks, market=0):
    levels = [(px, qty, 1) for px, qty in bids] + [(px, qty, -1) for px, qty in asks]
    out = [clear(ts, market=market)]
    for i, (px, qty, side) in enumerate(levels):
        out.append(book(ts, px, qty, side, SNAPSHOT | (LAST if i == len(levels) - 1 else 0), market=market))
    return out


@st.composite
def streams(draw, market=0):
    """Draw one market's messages of one to four rows, and cut them into chunks between messages."""
    ts, chunks, chunk, n = START, [], [], 0
    for size in draw(st.lists(st.integers(1, 4), max_size=30)):
        ts += draw(st.sampled_from([0, 0, 1, 2, 1000]))
        for i in range(size):
            n += 1
            chunk.append(book(ts, 1000 + n, n, 1, LAST if i == size - 1 else 0, seq=n, market=market))
        if draw(st.booleans()):
            chunks.append(rows(*chunk))
            chunk = []
    if chunk:
        chunks.append(rows(*chunk))
    return chunks
