"""What has been, for the screens that show time: trades, alpha ticks, depth, volume by price, liquidations, what happened.

It is fed with what the engine was fed and with the rows that it said, slice by slice, and is bounded. A seek tells it so:
what is later than the new moment is forgotten, and what counts from a beginning says since when.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine import rows
from lobterm.events import EventArray, Kind, Market
from lobterm.view.candles import Candles
from lobterm.view.depth import Depth
from lobterm.view.happened import Happened
from lobterm.view.profile import Profile
from lobterm.view.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Mapping

TRADE = np.dtype(
    [
        ("ts", "<i8"),
        ("exch_ts", "<i8"),
        ("px", "<i8"),
        ("qty", "<i8"),
        ("cvd", "<i8"),  # lots bought less lots sold by aggressors, since `since_ts`, this trade included
        ("side", "i1"),
        ("label", "u1"),
        ("why", "u1"),
        ("offset", "<i8"),  # of its last row on the tape, as of every row that the engine says
    ]
)
FROM_LABEL = ("offset", "ts", "exch_ts", "px", "qty", "side", "label", "why")
TICK_FIELDS = (
    "ts", "bid", "ask", "fsi_sell", "fsi_buy", "ldr_bid", "ldr_ask", "pi", "oi_flush", "z_fsi_sell", "z_fsi_buy", "z_ldr_bid",
    "z_ldr_ask", "z_pi", "z_oi", "lpi_sell", "lpi_buy", "state_sell", "state_buy", "pnl_e8", "inventory", "valid",
    "offset", "exhaustion_sell", "exhaustion_sell_known", "exhaustion_buy", "exhaustion_buy_known",
)  # fmt: skip
"""Of an ALPHA row: what is drawn over time."""
FILL_FIELDS = ("offset", "ts", "px", "qty", "side", "strategy")
QUOTE_FIELDS = ("offset", "ts", "order_id", "px", "qty", "side", "act", "why", "strategy")
TRIGGER_FIELDS = ("offset", "ts", "bid", "ask", "side", "direction", "why")
MARKOUT_FIELDS = ("ts", "order_id", "ref2", "qty", "mid2", "side", "strategy", "valid")
LIQUIDATION = np.dtype([("ts", "<i8"), ("px", "<i8"), ("qty", "<i8"), ("side", "i1"), ("offset", "<i8")])

READING = np.dtype([("ts", "<i8"), ("qty", "<i8"), ("offset", "<i8")])
"""Open interest: when it was told, lots."""

READINGS_KEPT = 1_000
TAILS = ("trades", "ticks", "fills", "quotes", "triggers", "liquidations", "interest")

TRADES_KEPT, TICKS_KEPT, ROWS_KEPT, LIQUIDATIONS_KEPT = 100_000, 28_800, 10_000, 10_000

Rows = npt.NDArray[np.void]

TRADES, PREDICTED, SETTLED, HEARTBEAT = map(int, (Kind.TRADE, Kind.FUNDING, Kind.FUNDING_SETTLED, Kind.HEARTBEAT))
REFERENCE, INDEX, OPEN_INTEREST, FORCED_OUT = map(
    int, (Kind.REFERENCE, Kind.INDEX, Kind.OPEN_INTEREST, Kind.LIQUIDATION)
)
PERP, MARKED_FILL = int(Market.PERP), int(rows.Marked.FILL)
"""Plain numbers: an array that is compared with an enum asks it for half a dozen things it has not."""


class Funding(NamedTuple):
    """What the exchange last said about funding: when (µs), the predicted rate (1e-8), when it will be settled (µs)."""

    ts: int
    rate_e8: int
    next_ts: int


class Index(NamedTuple):
    """What the exchange last said that the spot markets trade at: when (µs), the price (1e-8)."""

    ts: int
    price_e8: int


class History:
    """Everything of the past that a screen may ask for."""

    def __init__(self) -> None:
        def of(dtype: np.dtype[np.void], fields: tuple[str, ...]) -> np.dtype[np.void]:
            return np.dtype([(name, dtype[name]) for name in fields])

        self.trades = Tail(TRADE, TRADES_KEPT)
        self.ticks = Tail(of(rows.ALPHA, TICK_FIELDS), TICKS_KEPT)
        self.fills = Tail(of(rows.FILL, FILL_FIELDS), ROWS_KEPT)
        self.quotes = Tail(of(rows.QUOTE, QUOTE_FIELDS), ROWS_KEPT)
        self.triggers = Tail(of(rows.TRIGGER, TRIGGER_FIELDS), ROWS_KEPT)
        self.liquidations = Tail(LIQUIDATION, LIQUIDATIONS_KEPT)
        self.markouts = Tail(
            of(rows.MARKOUT, MARKOUT_FIELDS), ROWS_KEPT
        )  # of fills, in the order in which they were given out
        self.depth, self.profile, self.happened, self.candles = Depth(), Profile(), Happened(), Candles()
        self.since_ts = 0  # from when on volume by price and cumulative delta count
        self.until_ts = 0  # of the last row taken
        self._cvd = 0
        self.funding: Funding | None = None
        self.index: Index | None = None
        self.interest = Tail(READING, READINGS_KEPT)

    def events(self, events: EventArray, row: int) -> None:
        """Take rows that the engine is about to fold; `row`: how many it has folded, as its own rows' offsets count them."""
        if not len(events):
            return
        if not self.since_ts:
            self.since_ts = self.candles.since_ts = int(events["ts"][0])
        self.until_ts = int(events["ts"][-1])
        if len(self.trades):
            self.depth.follow(int(self.trades.rows["px"][-1]))
        self.depth.take(events)
        other = np.flatnonzero(events["kind"] > TRADES)
        if not len(other):
            return
        events, offsets = events[other], row + other
        kinds = events["kind"]
        rare = np.flatnonzero((kinds >= SETTLED) & (kinds != HEARTBEAT) & (kinds != REFERENCE))
        if len(rare):
            self.happened.events(events[rare], offsets[rare])
        told = np.flatnonzero((kinds == PREDICTED) & (events["market"] == PERP))
        if len(told):
            last = events[told[-1]]
            self.funding = Funding(int(last["ts"]), int(last["px"]), int(last["qty"]))
        marked = np.flatnonzero((kinds == INDEX) & (events["market"] == PERP))
        if len(marked):
            self.index = Index(int(events[marked[-1]]["ts"]), int(events[marked[-1]]["px"]))
        read = np.flatnonzero((kinds == OPEN_INTEREST) & (events["market"] == PERP))[-READINGS_KEPT:]
        if len(read):
            _append(self.interest, events[read], ("ts", "qty"))["offset"] = offsets[read]
        forced = np.flatnonzero((kinds == FORCED_OUT) & (events["market"] == PERP))[-LIQUIDATIONS_KEPT:]
        if len(forced):
            _append(self.liquidations, events[forced], ("ts", "px", "qty", "side"))["offset"] = offsets[forced]

    def rows(self, said: Mapping[str, Rows]) -> None:
        """Take rows that the engine said."""
        labels = said["labels"]
        if len(labels):
            self.profile.add(labels["px"], labels["qty"], labels["side"])
            self.candles.add(labels)
            cvd = self._cvd + np.cumsum(labels["qty"] * labels["side"])
            self._cvd = int(cvd[-1])
            kept = labels[-TRADES_KEPT:]
            room = _append(self.trades, kept, FROM_LABEL)
            room["cvd"] = cvd[-len(kept) :]
        self.happened.rows(said)
        self._marked(said["markouts"])
        for tail, name, fields in (
            (self.ticks, "alpha", TICK_FIELDS),
            (self.fills, "fills", FILL_FIELDS),
            (self.quotes, "quotes", QUOTE_FIELDS),
            (self.triggers, "triggers", TRIGGER_FIELDS),
        ):
            if len(said[name]):
                _append(tail, said[name][-tail.keep :], fields)

    def _marked(self, markouts: Rows) -> None:
        """Keep the markouts of fills, but for those that a seek back has the engine give out again."""
        ours = markouts[markouts["what"] == MARKED_FILL]
        if not len(ours):
            return
        known = self.markouts.rows
        if len(known) and ours["ts"].min() <= known["ts"].max():
            names = ["ts", "order_id", "ref2", "qty"]
            told = set(known[names].tolist())
            ours = ours[np.array([row.item() not in told for row in ours[names]])]
        _append(self.markouts, ours[-ROWS_KEPT:], MARKOUT_FIELDS)

    def seek(self, ts: int, bids: npt.NDArray[np.int64], asks: npt.NDArray[np.int64], row: int | None = None) -> None:
        """Stand at `ts` with this book, (n, 2) ticks and lots a side: after a seek, before the rows that follow it.

        `row`: how many rows of the tape the engine has folded there; of one time there may be rows before and after.

        Going back, what is later is forgotten; going on over rows that nobody folded, everything is.
        """
        newest = int(self.ticks.rows["ts"][-1]) if len(self.ticks) else 0
        if ts > max(newest, self.until_ts):
            self.__init__()  # type: ignore[misc]
        else:
            for tail in (getattr(self, name) for name in TAILS):
                tail.cut(int(np.searchsorted(tail.rows["ts"], ts, side="right")))
                if row is not None:
                    tail.cut(int(np.searchsorted(tail.rows["offset"], row)))
            self.happened.cut(ts, row, self.ticks.rows[-1:])
            # a markout is given out once its last horizon is over
            marked = self.markouts.rows[self.markouts.rows["ts"] + rows.HORIZONS_US[-1] <= ts].copy()
            self.markouts.cut(0)
            _append(self.markouts, marked[-ROWS_KEPT:], MARKOUT_FIELDS)
            self._recount()
            self.candles.cut(ts, self.trades.rows)
        self.funding = self.index = None  # the next message tells them again
        self.depth.cut(ts)
        self.depth.place(ts, bids, asks)
        self.since_ts, self.until_ts = self.since_ts or ts, ts
        self.candles.since_ts = self.candles.since_ts or ts

    def occupy(self) -> None:
        """Take all the memory that the past may ever need, now."""
        for tail in (*(getattr(self, name) for name in TAILS), self.markouts, self.depth.columns, self.depth.lots):
            tail.occupy()

    def copy(self, first_row: int = 0) -> History:
        """Return the same past, to be gone on with apart; rows of the tape are counted from `first_row` in it."""
        other = copy(self)
        for name in (*TAILS, "markouts", "depth", "profile", "candles"):
            setattr(other, name, getattr(self, name).copy())
        other.happened = self.happened.copy(first_row)
        for name in TAILS:
            getattr(other, name).rows["offset"] -= first_row
        return other

    def _recount(self) -> None:
        """Count volume by price anew from the trades that are left."""
        trades = self.trades.rows
        self.profile = Profile()
        self.profile.add(trades["px"], trades["qty"], trades["side"])
        self._cvd = int(trades["cvd"][-1]) if len(trades) else 0
        if len(trades):
            self.since_ts = max(self.since_ts, int(trades["ts"][0]))


def _append(tail: Tail, rows: Rows, fields: tuple[str, ...]) -> Rows:
    room = tail.room(len(rows))
    for name in fields:
        room[name] = rows[name]
    return room
