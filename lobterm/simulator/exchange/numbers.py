"""Ticks and lots as the exchange writes them: decimal text of a fixed number of places.

What: one table of texts per unit, filled as numbers come by; most prices and sizes come by again and again.
Source: captured frames. Futures write sizes to the lot's places and prices to a number of places of the symbol's own,
which may be one more than its tick has (BTCUSDT: tick 0.1, "84551.10"); spot writes eight places for both.
"""

from __future__ import annotations

from lobterm.events import FIXED, Market
from lobterm.instrument import Instrument

PERP_PRICE_PLACES = {"BTCUSDT": 2}
"""Places of futures prices where they are more than the tick's own."""
SPOT_PLACES = 8
REMEMBERED = 200_000


def decimal_text(value_e8: int, places: int) -> str:
    """Return a value of 1e-8 with exactly `places` places, half away from zero where it has more."""
    unit = 10 ** (8 - places)
    scaled = (abs(value_e8) + unit // 2) // unit
    sign = "-" if value_e8 < 0 and scaled else ""
    if not places:
        return f"{sign}{scaled}"
    whole, part = divmod(scaled, 10**places)
    return f"{sign}{whole}.{part:0{places}d}"


class Texts(dict[int, str]):
    """The text of each number of one unit; forgets all when it remembers too many."""

    def __init__(self, unit_e8: int, places: int) -> None:
        super().__init__()
        self.unit_e8, self.places = unit_e8, places

    def __missing__(self, count: int) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        text = self[count] = decimal_text(count * self.unit_e8, self.places)
        return text


def price_places(instrument: Instrument) -> int:
    """Return how many places the exchange writes this instrument's prices with."""
    if instrument.market == Market.SPOT:
        return SPOT_PLACES
    return max(instrument.price_decimals, PERP_PRICE_PLACES.get(instrument.symbol, 0))


def price_texts(instrument: Instrument) -> Texts:
    """Return the texts of prices, by ticks."""
    return Texts(instrument.tick_e8, price_places(instrument))


def size_texts(instrument: Instrument) -> Texts:
    """Return the texts of sizes, by lots."""
    places = SPOT_PLACES if instrument.market == Market.SPOT else instrument.qty_decimals
    return Texts(instrument.lot_e8, places)


def value_e8(instrument: Instrument, ticks: int, lots: int) -> int:
    """Return the quote value of a trade in 1e-8."""
    return ticks * instrument.tick_e8 * lots * instrument.lot_e8 // FIXED
