"""The ladder's picture: which prices stand in which row, and what rests there.

Every tick has a row while the spread leaves room for it; a spread too wide for that shows the levels alone. The window
stands still until the mid leaves its middle third. An order of ours outside the window is pinned to its edge.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from lobterm.events import GapCause
from lobterm.view import format as fmt
from lobterm.view.book import Book, Sizes, large, unit_of
from lobterm.view.models import LadderRow, LadderView, Own, Ui, Zone
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from collections.abc import Callable

    from lobterm.engine.read import Glance
    from lobterm.instrument import Instrument
    from lobterm.view.history import History
    from lobterm.view.profile import Profile

SIZE_CELLS = 8
"""With the mark of a large one beside it, a size fills the column of the narrowest book."""
TRADED_CELLS = 7
GROUPS = (1, 5, 10, 50, 100)
"""Ticks a row, by key."""
MOST_UNITS = 4096
NONE_TRADED = (0, 0)
STALE_US = 3_000_000
"""A book that said nothing for longer is shown as stale; busy ones speak every 100 ms."""

CAUSES = {
    GapCause.CHAIN_BREAK: "chain break",
    GapCause.DISCONNECT: "disconnected",
    GapCause.SILENCE: "the stream fell silent",
    GapCause.CROSSED: "the rebuilt book crossed",
    GapCause.RESET: "the source started its book anew",
}


def ladder(
    snapshot: Glance,
    instrument: Instrument,
    ui: Ui,
    last_trade: tuple[int, int],
    age_us: int,
    history: History | None = None,
) -> LadderView:
    """Return the ladder in `ui.ladder_rows` rows. `last_trade` is (price, side), side 0 if there was none."""
    unknown = why_unknown(snapshot, age_us)
    if unknown:
        return LadderView((), "no book", "", ui.centre, unknown=unknown, entry=ui.entry)
    book = Book(snapshot, instrument, ui.group, ui.depth)
    stale = fmt.age(age_us) if age_us > STALE_US else ""
    touch = snapshot.touch
    spread = "one side only" if touch is None else f"spread {fmt.ticks(touch[2] - touch[0])}"
    spread_units = book.ask - book.bid if book.ask is not None and book.bid is not None else None
    units: list[int | None]
    levels_only = ui.levels_only or (spread_units is not None and spread_units > ui.ladder_rows - 4)
    if levels_only:
        units, centre = _levels(book, ui.ladder_rows), ui.centre
    else:
        locked = ui.locked and ui.centre is not None
        centre = ui.centre if locked and ui.centre is not None else recentred(book.middle2(), ui.centre, ui.ladder_rows)
        top = centre + ui.ladder_rows // 2
        units = [*range(top, top - ui.ladder_rows, -1)]
    away = _away(units, book) if ui.locked else ""
    pinned = _pin(units, book)
    rows, bar = _rows(units, pinned, book, last_trade, ui, history.profile if history else None)
    scale = "levels only" if levels_only else "every tick" if ui.group == 1 else f"{ui.group} ticks a row"
    if ui.locked:
        scale = f"LOCKED{away} · {scale}"
    traded = f"sold and bought since {fmt.clock(history.since_ts)[:5]}" if history and history.since_ts else ""
    unit = fmt.quote_coin(instrument.symbol) if ui.in_quote else ""
    return LadderView(
        rows, scale, spread, centre, bar=bar, stale=stale, cumulative=ui.cumulative, unit=unit, traded=traded, entry=ui.entry,
    )  # fmt: skip


def _away(units: list[int | None], book: Book) -> str:
    """Say where the touch lies if a ladder that is held shows nothing of it."""
    shown = [unit for unit in units if unit is not None]
    if not shown or book.bid is None or book.ask is None:
        return ""
    return ", touch ▼" if book.ask < shown[-1] else ", touch ▲" if book.bid > shown[0] else ""


def why_unknown(snapshot: Glance, age_us: int) -> tuple[str, ...]:
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


def _levels(book: Book, rows: int) -> list[int | None]:
    """Return the nearest levels of both sides about a row for the spread; None is that row, or one without a price."""
    half = (rows - 1) // 2
    own = {side: {unit for s, unit in book.own if s == side} for side in (1, -1)}
    asks: list[int | None] = list(reversed(sorted(set(book.asks) | own[-1])[:half]))
    bids: list[int | None] = list(sorted(set(book.bids) | own[1], reverse=True)[: rows - 1 - half])
    return [None] * (half - len(asks)) + asks + [None] + bids + [None] * (rows - 1 - half - len(bids))


def _pin(units: list[int | None], book: Book) -> set[int]:
    """Put our nearest order beyond each end of the window into its last row; return those prices.

    An order that is leaving is shown so only if no other lies beyond that end.
    """
    shown = [unit for unit in units if unit is not None]
    if not shown or len(units) < 8:
        return set()
    beyond = [(all(order.leaving for order in orders), unit) for (_, unit), orders in book.own.items()]
    above = min(((leaving, unit) for leaving, unit in beyond if unit > shown[0]), default=(False, None))[1]
    below = min(((leaving, -unit, unit) for leaving, unit in beyond if unit < shown[-1]), default=(False, 0, None))[2]
    if above is not None:
        units[0] = above
    if below is not None:
        units[-1] = below
    return {unit for unit in (above, below) if unit is not None}


def _cumulative(sizes: Sizes) -> Sizes:
    """Return the sum from the touch up to each level; `sizes` starts at the touch."""
    total, sums = 0, {}
    for unit, lots in sizes.items():
        total += lots
        sums[unit] = total
    return sums


def _traded(units: list[int | None], group: int, profile: Profile) -> dict[int, tuple[int, int]]:
    """Return (lots sold, lots bought) by unit: a seller hits a bid, so the sold fall as bids do, the bought as asks."""
    asked = [unit for unit in units if unit is not None]
    if not asked:
        return {}
    low, high = min(asked), max(asked)
    if high - low > 8 * len(units):  # our orders pinned from afar
        inner = sorted(asked)[1:-1] or asked
        low, high = min(inner), max(inner)
        if high - low > MOST_UNITS:
            return {}
    rows = high - low + 1
    sold = profile.at(low * group, (high + 1) * group)[0].reshape(rows, group).sum(axis=1)
    bought = profile.at((low - 1) * group + 1, high * group + 1)[1].reshape(rows, group).sum(axis=1)
    inside = [unit for unit in asked if low <= unit <= high]
    at = np.array(inside) - low
    return dict(zip(inside, zip(sold[at].tolist(), bought[at].tolist(), strict=True), strict=True))


@lru_cache(maxsize=8)
def _teller(
    instrument: Instrument, group: int, in_quote: bool, full: float, most_traded: float
) -> Callable[..., LadderRow]:
    """Return what tells a row, and knows those it has told: from one frame to the next most say the same."""
    price = fmt.prices(instrument)
    worth = instrument.lot * (instrument.tick * group if in_quote else 1.0)
    size, traded_size = fmt.sizes(instrument, SIZE_CELLS), fmt.sizes(instrument, TRADED_CELLS)

    @lru_cache(maxsize=1024)
    def row(
        unit: int, cells: int, zone: Zone, bid: int, ask: int, sold: int, bought: int,
        own_bid: Own | None, own_ask: Own | None, last_side: int, pinned: bool, large: bool, cursor: bool,
    ) -> LadderRow:  # fmt: skip
        coins = worth * (unit if in_quote else 1)

        def told(lots: int, plain: fmt.Text, cells: int) -> str:
            return "" if not lots else fmt.worth(lots * coins, cells) if in_quote else plain(lots)

        return LadderRow(
            price(unit * group).rjust(cells), zone, told(bid, size, SIZE_CELLS), bid * coins / full, told(ask, size, SIZE_CELLS),
            ask * coins / full, own_bid, own_ask, last_side, pinned, large, told(sold, traded_size, TRADED_CELLS),
            told(bought, traded_size, TRADED_CELLS), (sold + bought) / most_traded, (bought > sold) - (bought < sold), unit * group,
            cursor,
        )  # fmt: skip

    return row


def _rows(
    units: list[int | None], pinned: set[int], book: Book, last_trade: tuple[int, int], ui: Ui, profile: Profile | None
) -> tuple[tuple[LadderRow, ...], str]:
    """Return the rows, and what a full bar is worth."""
    instrument, group = book.instrument, book.group
    price = fmt.prices(instrument)
    shown = [unit for unit in units if unit is not None]
    lots = plain = [(book.bids.get(unit, 0), book.asks.get(unit, 0)) for unit in shown]
    if ui.cumulative:
        bids, asks = _cumulative(book.bids), _cumulative(book.asks)
        lots = [(bids.get(unit, 0), asks.get(unit, 0)) for unit in shown]
    worth = instrument.lot * (instrument.tick * group if ui.in_quote else 1.0)
    ends = (min(shown), max(shown)) if shown else ()
    cells = max((len(price(unit * group)) for unit in ends), default=0)
    sums = [bid + ask for bid, ask in lots]
    if ui.in_quote:
        sums = [unit * both for unit, both in zip(shown, sums, strict=True)]
    full = full_scale(max(sums, default=0) * worth)
    from_lots = large(chain.from_iterable(plain))
    traded = _traded(units, group, profile) if profile is not None else {}
    most_traded = full_scale(max(map(sum, traded.values()), default=0))
    last = unit_of(last_trade[0], -last_trade[1], group) if last_trade[1] else None
    cursor = None if ui.cursor is None else ui.cursor // group
    own_bids, own_asks = book.marks(1), book.marks(-1)
    row = _teller(instrument, group, ui.in_quote, full, most_traded)
    told = {
        unit: row(
            unit,
            cells,
            book.zone(unit),
            *levels,
            *traded.get(unit, NONE_TRADED),
            own_bids.get(unit),
            own_asks.get(unit),
            last_trade[1] if last == unit else 0,
            unit in pinned,
            max(unsummed) >= from_lots,
            unit == cursor,
        )
        for unit, levels, unsummed in zip(shown, lots, plain, strict=True)
    }
    blank = LadderRow(" " * cells, Zone.BLANK)
    rows = tuple(blank if unit is None else told[unit] for unit in units)
    return rows, f"bar {fmt.worth(full, 7) if ui.in_quote else f'{full:,.10g}'}"
