"""A simple seeded market of one perpetual: something to look at, and to try the console on, without a recording.

What: `simulate` gives the rows that a recorder would have kept, in the order of their arrival. It is no model of any
real market; its kinds of takers differ by construction, so a cluster model trained on it proves nothing.
Units: as events.EVENT says; the exchange's clock and ours are one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm import events
from lobterm.errors import InputError
from lobterm.events import EventArray, Flag, Kind, Market
from lobterm.instrument import Instrument
from lobterm.simulator import simple_market as market
from lobterm.simulator import simple_regimes as regimes
from lobterm.simulator import simple_state as state
from lobterm.simulator import simple_stream as stream

NAME = "simple market"
VERSION = 1
"""Raised whenever the rows of a seed change."""

PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
START_TS = 1_764_547_200_000_000
"""2025-12-01 00:00 UTC."""
LONGEST_S = 21_600

_PIECE_MS = 1_000
_ROOM = 100_000
"""Rows that one piece may need: a second's touches, trades and changed levels are a few thousand."""


class Run(NamedTuple):
    """The rows, and the book that they must add up to: (price in ticks, lots), best first."""

    rows: EventArray
    bids: npt.NDArray[np.int64]
    asks: npt.NDArray[np.int64]


def simulate(seed: int, seconds: int, start_ts: int = START_TS) -> EventArray:
    """Return `seconds` of the market that `seed` decides, beginning at `start_ts` µs (rounded up to a millisecond)."""
    return run(seed, seconds, start_ts).rows


def run(seed: int, seconds: int, start_ts: int = START_TS) -> Run:
    """Return the rows and the market's own last book."""
    if not 0 < seconds <= LONGEST_S:
        raise InputError(f"{seconds} seconds", mend=f"between 1 and {LONGEST_S} can be simulated")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed}", mend="a whole number from 0 to 2^32 - 1 is needed")
    first_ms = -(-start_ts // 1_000)
    plan = regimes.schedule(np.random.RandomState(seed), seconds * 1_000)
    m = state.new(seed, first_ms)
    out = events.empty(_ROOM)
    market.seed_book(m)
    pieces = [_clock_row(first_ms), out[: stream.snapshot(m, out, 0, first_ms)].copy()]
    for at in range(0, len(plan), _PIECE_MS):
        filled = market.live(m, out, first_ms + 1 + at, plan[at : at + _PIECE_MS], regimes.TABLE)
        pieces.append(out[:filled].copy())
    pieces.append(out[: stream.book(m, out, 0, first_ms + len(plan))].copy())
    rows = np.concatenate(pieces)
    return Run(rows[np.argsort(rows["ts"], kind="stable")], _levels(m, 0), _levels(m, 1))


def _clock_row(first_ms: int) -> EventArray:
    """Return the row that says what is true here by construction: both clocks agree."""
    row = events.empty(1)
    row["ts"] = first_ms * 1_000
    row["kind"] = Kind.CLOCK_OFFSET
    row["flags"] = Flag.SYNTHETIC | Flag.LAST
    return row


def _levels(m: state.Market, s: int) -> npt.NDArray[np.int64]:
    at = np.flatnonzero(m.qty[s])
    levels = np.stack([at + state.BASE, m.qty[s][at]], axis=1)
    return levels[::-1] if s == 0 else levels
