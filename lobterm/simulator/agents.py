"""The agent market, run: from a scenario and a seed to rows in the order of their arrival, piece by piece.

What: `Run` lives through the market and yields sorted pieces, however long it lasts; memory stays flat. Beside each
row stands who traded, which goes to the truth's table and never onto the tape.
Units: as events.EVENT says; the exchange's clock and ours are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm import events
from lobterm.errors import InputError
from lobterm.events import EventArray, Flag, Kind, Market
from lobterm.instrument import Instrument
from lobterm.simulator import calibration, leverage, live, making, marks, tell
from lobterm.simulator import dice as dc
from lobterm.simulator import layout as lo
from lobterm.simulator.scenarios import Scenario

NAME = "agent market"
VERSION = 1
"""Raised whenever the rows of a seed change."""

INSTRUMENTS = (
    Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001")),
    Instrument(Market.SPOT, "BTCUSDT", Decimal("0.01"), Decimal("0.00001")),
)
EXCH_TS_KIND = {int(Market.PERP): "T", int(Market.SPOT): "E"}
START_TS = 1_764_575_100_000_000
"""2025-12-01 07:45 UTC: a quarter of an hour before a settlement of funding."""
RANGE_S = 240
"""Before planned news the true value keeps to its range: it forgets where it wandered within this time."""
DAY_LOTS = 180_000_000
PIECE_MS = 1_000
WIRE_SEED = 1 << 32
_ROOM = 4 * live.ROOM_OF_A_MS


class Options(NamedTuple):
    """How much of the market is told; what happens in it stays the same.

    `touch_ms` 0: every change of the touch; `far_ms`: levels far from the touch no oftener; `thin`: no depth at all.
    """

    book_ms: int = 100
    touch_ms: int = 0
    far_ms: int = 0
    thin: bool = False


class Piece(NamedTuple):
    """Rows in order of `ts`, and who sent the order behind each (0 where the row is no trade)."""

    rows: EventArray
    agents: npt.NDArray[np.uint8]


class Run:
    """One market, from its first snapshot to its last depth message."""

    def __init__(self, scenario: Scenario, seed: int, seconds: int, options: Options | None = None) -> None:
        if seconds < 1:
            raise InputError(f"{seconds} seconds", mend="at least one second is needed")
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed}", mend="a whole number from 0 to 2^32 - 1 is needed")
        options = options or Options()
        if options.book_ms < 10 or min(options.touch_ms, options.far_ms) < 0:
            raise InputError("depth or touch too often", mend="--book-ms 10 or more, --touch-ms and --far-ms 0 or more")
        self.scenario, self.seconds = scenario, seconds
        self.first_ms = START_TS // 1_000
        self._out = events.empty(_ROOM)
        self._who = np.zeros(_ROOM, np.uint8)
        self.state = _new_state(scenario, seed, self.first_ms, options)
        self.plan = _plan(scenario, self.state, self.first_ms)
        self._downs = np.array(
            [
                [self.first_ms + 1_000 * down.start_s, self.first_ms + 1_000 * (down.start_s + down.lasts_s)]
                + [int(down.market), int(down.cause), int(down.scope)]
                for down in scenario.downs
            ],
            np.int64,
        ).reshape(-1, 5)

    def pieces(self, piece_ms: int = PIECE_MS) -> Iterator[Piece]:
        """Yield the market's rows; their sequence does not depend on `piece_ms`."""
        held = [self._opening()]
        at, end = self.first_ms + 1, self.first_ms + 1_000 * self.seconds
        while at <= end:
            held.append(self._live(at, min(piece_ms, end + 1 - at)))
            at = int(self.state.n[lo.LIVED_MS]) + 1
            ready, rest = _settled(held, at * 1_000)
            yield ready
            held = [rest]
        held.append(self._closing(end))
        yield _settled(held, np.iinfo(np.int64).max)[0]

    def levels(self, market: Market, s: int) -> npt.NDArray[np.int64]:
        """Return the market's own book: (ticks, lots) of side `s` (0 bids, 1 asks), best first."""
        book = self.state.perp if market == Market.PERP else self.state.spot
        step = 2 * s - 1
        prices = np.arange(book[lo.BID + s], book[lo.FAR_BID + s] + step, step)
        lots = book[lo.HEAD + 2 * (2 * (prices & book[lo.MASK]) + s)]
        held: npt.NDArray[np.int64] = np.stack([prices, lots], axis=1)[lots > 0]
        return held

    def _opening(self) -> Piece:
        s, out = self.state, self._out
        out[0] = out[1] = np.zeros((), events.EVENT)
        out["ts"][:2] = self.first_ms * 1_000
        out["kind"][0], out["flags"][0] = Kind.CLOCK_OFFSET, Flag.SYNTHETIC | Flag.LAST
        out["kind"][1], out["flags"][1] = Kind.FUNDING_INTERVAL, Flag.LAST
        out["qty"][1] = marks.FUNDING_EVERY_US
        filled = tell.snapshot(s.perp, s.n, out, 2, lo.PERP, self.first_ms)
        return self._copy(tell.snapshot(s.spot, s.n, out, filled, lo.SPOT, self.first_ms))

    def _live(self, first_ms: int, count: int) -> Piece:
        s = self.state
        return self._copy(
            live.live(
                *(s.perp, s.spot, s.n, s.x, s.accounts, s.slots, s.basis_e8, s.minutes, s.leverages, s.dice, s.wire),
                *(calibration.TABLES, calibration.RATES, calibration.FILLED, self.plan, self._downs),
                *(self._out, self._who, first_ms, count),
            )
        )

    def _closing(self, ms: int) -> Piece:
        s = self.state
        filled = tell.depth(s.perp, s.n, s.wire, self._out, 0, lo.PERP, ms, True)
        return self._copy(tell.depth(s.spot, s.n, s.wire, self._out, filled, lo.SPOT, ms, True))

    def _copy(self, filled: int) -> Piece:
        piece = Piece(self._out[:filled].copy(), self._who[:filled].copy())
        self._who[:filled] = 0
        return piece


def _settled(held: list[Piece], until_us: int) -> tuple[Piece, Piece]:
    """Return what arrives before `until_us`, in order, and what still travels: no later row can precede the former."""
    rows = np.concatenate([piece.rows for piece in held])
    agents = np.concatenate([piece.agents for piece in held])
    order = np.argsort(rows["ts"], kind="stable")
    cut = int(np.searchsorted(rows["ts"][order], until_us))
    now, later = order[:cut], np.sort(order[cut:])
    return Piece(rows[now], agents[now]), Piece(rows[later], agents[later])


def _new_state(scenario: Scenario, seed: int, first_ms: int, options: Options) -> lo.State:
    """Return the market before its first millisecond: full books, the scenario's accounts."""
    dice = dc.new(seed)
    n, x = np.zeros(lo.COUNTERS, np.int64), np.zeros(lo.FLOATS)
    premium = lo.START_TICKS * scenario.premium_bps // 10_000
    perp = lo.new_book(1 << 16, 18_000, lo.START_TICKS + premium)
    spot = lo.new_book(1 << 18, 40_000, lo.START_TICKS * lo.SPOT_TICKS)
    x[lo.VALUE], x[lo.PREMIUM] = lo.START_TICKS + 0.5, premium
    x[lo.PULL_HOME] = 1.0 / (1_000 * RANGE_S) if scenario.news else 0.0
    x[lo.CALM], x[lo.LEVERAGED_SHARE] = scenario.calm, scenario.leveraged_share
    for m, (book, middle) in enumerate(
        ((perp, lo.START_TICKS + premium), (spot, lo.START_TICKS * lo.SPOT_TICKS + lo.SPOT_TICKS // 2))
    ):
        o = m * lo.PER_MARKET
        making.seed_book(book, x, calibration.TABLES, calibration.FILLED, dice, m, middle)
        x[o + lo.BELIEF] = x[o + lo.LAST_MID] = middle + 0.5
        x[o + lo.DEPTH], x[o + lo.VOL2] = 1.0, calibration.RATES[m, calibration.SIGMA] ** 2
        book[lo.BOOK_DUE_MS] = first_ms + 50 + 30 * m
    n[lo.BOOK_EVERY_MS], n[lo.TOUCH_EVERY_MS] = options.book_ms, options.touch_ms
    n[lo.FAR_EVERY_MS], n[lo.THIN] = options.far_ms, options.thin
    n[lo.INDEX_E8], n[lo.SHORT_EDGE_E8] = lo.START_TICKS * lo.TICK_E8, leverage.NEVER_E8
    n[lo.OI_DUE_MS] = first_ms + 1_000
    basis_e8 = np.full(lo.BASIS_SAMPLES, premium * lo.TICK_E8, np.int64)
    n[lo.BASIS_SUM_E8] = basis_e8.sum()
    n[lo.MARK_E8] = n[lo.INDEX_E8] + premium * lo.TICK_E8
    n[lo.VOLUME_24H] = DAY_LOTS // lo.MINUTES_A_DAY * lo.MINUTES_A_DAY
    n[lo.VOLUME_MINUTE] = first_ms // 60_000 % lo.MINUTES_A_DAY
    minutes = np.full(lo.MINUTES_A_DAY, DAY_LOTS // lo.MINUTES_A_DAY, np.int64)
    accounts = np.zeros((lo.ACCOUNTS, 6), np.int64)
    slots = np.zeros((2, lo.ACCOUNTS), np.int64)
    slots[lo.FREE_SLOTS] = np.arange(lo.ACCOUNTS)[::-1]
    n[lo.FREE] = lo.ACCOUNTS
    _open_crowds(scenario, n, accounts, slots, dice)
    leverages = np.resize(np.array(scenario.leverages, np.int64), 64)
    return lo.State(perp, spot, n, x, accounts, slots, basis_e8, minutes, leverages, dice, dc.new(seed + WIRE_SEED))


def _open_crowds(scenario: Scenario, n: lo.Ints, accounts: lo.Ints, slots: lo.Ints, dice: tell.Dice) -> None:
    """Open every crowd's accounts; those whose orders rest hold the other side of the net."""
    sizes = calibration.TABLES[calibration.POSITION_LOTS]
    for crowd in scenario.crowds:
        for _ in range(crowd.accounts):
            n[lo.FREE] -= 1
            lots = crowd.side * crowd.size * int(sizes[dc.between(dice, 0, calibration.ENTRIES)])
            bps_e2 = dc.between(dice, 100 * crowd.entry_bps[0], 100 * crowd.entry_bps[1] + 1)
            entry_e8 = lo.START_TICKS * lo.TICK_E8 // 1_000_000 * (1_000_000 + bps_e2)
            factor = crowd.leverages[dc.between(dice, 0, len(crowd.leverages))]
            leverage.enter(n, accounts, int(slots[lo.FREE_SLOTS, n[lo.FREE]]), lots, entry_e8, factor)
            n[lo.POOL_RESTING] -= lots
    n[lo.OPENED_GROSS] = n[lo.GROSS]


def _plan(scenario: Scenario, state: lo.State, first_ms: int) -> lo.Ints:
    """Return the scenario's news as rows of (first ms, last ms, ticks where the true value goes)."""

    def drawn(span: tuple[int, int]) -> int:
        return dc.between(state.dice, span[0], span[1] + 1)

    rows = []
    for news in scenario.news:
        start = first_ms + 1_000 * drawn(news.start_s)
        rows.append(
            [start, start + 1_000 * drawn(news.lasts_s), lo.START_TICKS * (10_000 + drawn(news.to_bps)) // 10_000]
        )
    return np.array(rows, np.int64).reshape(-1, 3)
