"""The ladder's picture: which prices stand in which row, and what rests there.

Every tick has a row while the spread leaves room for it; a spread too wide for that shows the levels alone. The window
stands still until the mid leaves its middle third. An order of ours outside the window is pinned to its edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.events import GapCause
from lobterm.view import format as fmt
from lobterm.view.models import LadderRow, LadderView, Own, OwnState, Ui, Zone
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from lobterm.engine.read import OwnOrder, Snapshot
    from lobterm.instrument import Instrument

SIZE_CELLS = 9
OWN_CELLS = 6
STALE_US = 3_000_000
"""A book that said nothing for longer is shown as stale; busy ones speak every 100 ms."""

CAUSES = {
    GapCause.CHAIN_BREAK: "chain break",
    GapCause.DISCONNECT: "disconnected",
    GapCause.SILENCE: "the stream fell silent",
    GapCause.CROSSED: "the rebuilt book crossed",
    GapCause.RESET: "the source started its book anew",
}

Sizes = dict[int, int]
"""Lots by price in ticks."""


class Book:
    """Both sides as the touch in force lets them stand, and our orders on them."""

    def __init__(self, snapshot: Snapshot, instrument: Instrument) -> None:
        self.instrument = instrument
        self.bids: Sizes = dict(snapshot.bids.tolist())
        self.asks: Sizes = dict(snapshot.asks.tolist())
        self.low = min(self.bids, default=None)
        self.high = max(self.asks, default=None)
        if snapshot.touch is not None:
            bid, bid_lots, ask, ask_lots = snapshot.touch
            # a touch newer than the depth takes precedence: better levels are gone, its own may not be in the depth yet
            self.bids = {px: lots for px, lots in self.bids.items() if px < bid} | {bid: bid_lots}
            self.asks = {px: lots for px, lots in self.asks.items() if px > ask} | {ask: ask_lots}
        self.bid, self.ask = max(self.bids, default=None), min(self.asks, default=None)
        self.own: dict[tuple[int, int], list[OwnOrder]] = {}
        for order in snapshot.orders:
            if order.taker:
                continue  # it has no price to stand at
            self.own.setdefault((order.side, order.px), []).append(order)

    def own_at(self, side: int, px: int) -> Own | None:
        """Return our orders of one side at one price as one mark."""
        orders = self.own.get((side, px))
        if not orders:
            return None
        state = OwnState.LEAVING if all(order.leaving for order in orders) else OwnState.RESTING
        if state is OwnState.RESTING and not any(order.arrived for order in orders if not order.leaving):
            state = OwnState.TRAVELLING
        return Own(fmt.size(sum(order.left for order in orders), self.instrument, OWN_CELLS), state)

    def zone(self, px: int) -> Zone:
        """Say where a price lies."""
        if px == self.bid:
            return Zone.BID_TOUCH
        if px == self.ask:
            return Zone.ASK_TOUCH
        if self.bid is not None and px < self.bid:
            return Zone.BID if self.low is not None and px >= self.low else Zone.BEYOND
        if self.ask is not None and px > self.ask:
            return Zone.ASK if self.high is not None and px <= self.high else Zone.BEYOND
        return Zone.SPREAD if self.bid is not None and self.ask is not None else Zone.BEYOND


def ladder(snapshot: Snapshot, instrument: Instrument, ui: Ui, last_trade: tuple[int, int], age_us: int) -> LadderView:
    """Return the ladder in `ui.ladder_rows` rows. `last_trade` is (price, side), side 0 if there was none."""
    unknown = why_unknown(snapshot, age_us)
    if unknown:
        return LadderView((), "no book", "", ui.centre, unknown=unknown)
    book = Book(snapshot, instrument)
    stale = fmt.age(age_us) if age_us > STALE_US else ""
    mid2 = _middle2(book)
    spread_ticks = book.ask - book.bid if book.ask is not None and book.bid is not None else None
    spread = "one side only" if spread_ticks is None else f"spread {fmt.ticks(spread_ticks)}"
    prices: list[int | None]
    levels_only = ui.levels_only or (spread_ticks is not None and spread_ticks > ui.ladder_rows - 4)
    if levels_only:
        prices, centre = _level_prices(book, ui.ladder_rows), ui.centre
    else:
        centre = recentred(mid2, ui.centre, ui.ladder_rows)
        top = centre + ui.ladder_rows // 2
        prices = [*range(top, top - ui.ladder_rows, -1)]
    pinned = _pin(prices, book)
    lot = instrument.lot
    full_base = full_scale(max((book.bids.get(px, 0) + book.asks.get(px, 0) for px in prices if px), default=0) * lot)
    rows = _rows(prices, pinned, book, full_base / lot, last_trade)
    scale = "levels only" if levels_only else "every tick"
    return LadderView(rows, scale, spread, centre, bar=f"bar {full_base:,.10g}", stale=stale)


def why_unknown(snapshot: Snapshot, age_us: int) -> tuple[str, ...]:
    """Return the lines that stand in place of a book that is not known; none if it is."""
    if snapshot.crossed:
        return ("BOOK CROSSED", "the best bid is not below the best ask")
    if snapshot.book_known and (snapshot.touch is not None or len(snapshot.bids) or len(snapshot.asks)):
        return ()
    if not snapshot.book_ts:
        return ("BOOK UNKNOWN", "no snapshot yet")
    cause = CAUSES.get(GapCause(snapshot.gap_cause)) if snapshot.gap_cause else None
    return ("BOOK UNKNOWN", cause or "no level on either side", f"last known {fmt.age(age_us)} ago")


def recentred(mid2: int, centre: int | None, rows: int) -> int:
    """Return the tick for the middle row: the old one while the mid stays within the middle third."""
    if centre is not None and abs(mid2 - 2 * centre) * 3 <= rows:
        return centre
    return mid2 // 2


def _middle2(book: Book) -> int:
    bid, ask = book.bid, book.ask
    if bid is None or ask is None:
        alone = bid if bid is not None else ask
        return 2 * (alone or 0)
    return bid + ask


def _level_prices(book: Book, rows: int) -> list[int | None]:
    """Return the nearest levels of both sides about a row for the spread; None is that row, or one without a price."""
    half = (rows - 1) // 2
    own = {side: {px for s, px in book.own if s == side} for side in (1, -1)}
    asks: list[int | None] = list(reversed(sorted(set(book.asks) | own[-1])[:half]))
    bids: list[int | None] = list(sorted(set(book.bids) | own[1], reverse=True)[: rows - 1 - half])
    return [None] * (half - len(asks)) + asks + [None] + bids + [None] * (rows - 1 - half - len(bids))


def _pin(prices: list[int | None], book: Book) -> set[int]:
    """Put our nearest order beyond each end of the window into its last row; return those prices.

    An order that is leaving is shown so only if no other lies beyond that end.
    """
    shown = [px for px in prices if px is not None]
    if not shown or len(prices) < 8:
        return set()
    beyond = [(all(order.leaving for order in orders), px) for (_, px), orders in book.own.items()]
    above = min(((leaving, px) for leaving, px in beyond if px > shown[0]), default=(False, None))[1]
    below = min(((leaving, -px, px) for leaving, px in beyond if px < shown[-1]), default=(False, 0, None))[2]
    if above is not None:
        prices[0] = above
    if below is not None:
        prices[-1] = below
    return {px for px in (above, below) if px is not None}


def _rows(
    prices: list[int | None], pinned: set[int], book: Book, full: float, last_trade: tuple[int, int]
) -> tuple[LadderRow, ...]:
    price, size = fmt.prices(book.instrument), fmt.sizes(book.instrument, SIZE_CELLS)
    texts = ["" if px is None else price(px) for px in prices]
    cells = max(map(len, texts), default=0)
    blank = LadderRow(" " * cells, Zone.BLANK)
    rows = []
    for px, text in zip(prices, texts, strict=True):
        if px is None:
            rows.append(blank)
            continue
        bid_lots, ask_lots = book.bids.get(px, 0), book.asks.get(px, 0)
        rows.append(
            LadderRow(
                price=text.rjust(cells),
                zone=book.zone(px),
                bid=size(bid_lots) if bid_lots else "",
                bid_share=bid_lots / full,
                ask=size(ask_lots) if ask_lots else "",
                ask_share=ask_lots / full,
                own_bid=book.own_at(1, px),
                own_ask=book.own_at(-1, px),
                last_side=last_trade[1] if last_trade[0] == px else 0,
                pinned=px in pinned,
            )
        )
    return tuple(rows)
