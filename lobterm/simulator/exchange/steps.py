"""A tape as the exchange lived it: one step a message, laps joined without a seam.

What: rows to steps, in the order of their receive times. What only a recorder knows (gaps, heartbeats, parameters,
samples carried over) is no message of the exchange and is left out; so is the reference market.
Units: tape time in µs; on a later lap, time and ids go on where the lap before ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from lobterm.events import EventArray, Flag, Kind, Market

SLICE = 8_192
BETWEEN_LAPS_US = 100_000
NEVER = (1 << 63) - 1
"""Later than any tape."""
OFFSET_KINDS = (Kind.BOOK, Kind.TOUCH, Kind.TRADE)
WIRE_KINDS = (
    Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE, Kind.LIQUIDATION, Kind.OPEN_INTEREST, Kind.MARK, Kind.INDEX,
    Kind.FUNDING, Kind.FUNDING_SETTLED,
)  # fmt: skip
TS, EXCH_TS, SEQ, PX, QTY, KIND, SIDE, MARKET, FLAGS = range(9)
LAST = int(Flag.LAST)

Row = tuple[Any, ...]
"""One EVENT row as plain integers, fields in the order of the names above."""


class Step(NamedTuple):
    """One message of the tape. `ts_us`: when it was received, laps added up; `lap` shifts ids and times of its rows."""

    ts_us: int
    market: int
    kind: int
    rows: list[Row]
    lap_us: int


def clock_offset_us(rows: EventArray) -> int:
    """Return how far the exchange's clock stands ahead of the tape's at least: nothing arrives before it was sent."""
    timed = np.isin(rows["kind"], OFFSET_KINDS) & (rows["exch_ts"] > 0)
    ahead = rows["exch_ts"][timed] - rows["ts"][timed]
    return max(0, int(ahead.max())) if len(ahead) else 0


def touching(rows: EventArray) -> set[int]:
    """Return the markets whose best prices these rows tell by themselves."""
    return set(rows["market"][rows["kind"] == Kind.TOUCH].tolist())


def steps(chunks: Iterable[EventArray], lap_us: int = 0) -> Iterator[Step]:
    """Yield the messages of one lap, every time of it later by `lap_us`."""
    held: dict[int, list[Row]] = {int(Market.PERP): [], int(Market.SPOT): []}
    for rows in chunks:
        wanted = np.isin(rows["kind"], WIRE_KINDS) & np.isin(rows["market"], list(held))
        wanted &= (rows["flags"] & Flag.WARM) == 0
        for at in range(0, len(rows), SLICE):
            piece = slice(at, at + SLICE)
            for row in rows[piece][wanted[piece]].tolist():
                message = held[row[MARKET]]
                message.append(row)
                if row[FLAGS] & LAST:
                    held[row[MARKET]] = []
                    yield Step(message[0][TS] + lap_us, row[MARKET], message[0][KIND], message, lap_us)


def laps(open_chunks: Callable[[], Iterable[EventArray]], length_us: int, *, loop: bool) -> Iterator[Step]:
    """Yield a tape's messages, over and over if asked."""
    lap_us = 0
    told = True
    while told:
        told = False
        for step in steps(open_chunks(), lap_us):
            told = loop
            yield step
        lap_us += length_us + BETWEEN_LAPS_US
