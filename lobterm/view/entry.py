"""The size that order entry would send: typed, or the next round one; in the coin, and what that is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lobterm.view import format as fmt

if TYPE_CHECKING:
    from lobterm.instrument import Instrument

LONGEST = 12
ROUND = (1, 2, 5)


class Size:
    """A size in lots. While it is being typed it may be none: then it is 0, and nothing can be sent."""

    def __init__(self, lot: float, lots: int) -> None:
        self.lot, self.lots = Decimal(str(lot)), lots
        self.typed = ""

    def type(self, sign: str) -> None:
        """Take a digit or a point, or (nothing) take the last one back."""
        text = self.typed[:-1] if not sign else self.typed + sign
        if text.count(".") > 1 or len(text) > LONGEST:
            return
        self.typed = text
        lots = Decimal(f"0{text}" if not text.endswith(".") else f"0{text}0") / self.lot
        self.lots = int(lots) if lots == lots.to_integral_value() else 0

    def step(self, direction: int) -> None:
        """Go to the next larger or smaller of 1, 2, 5, 10, 20, 50 ... lots."""
        self.typed = ""
        sizes = [digit * 10**power for power in range(10) for digit in ROUND]
        larger = [size for size in sizes if size > self.lots]
        smaller = [size for size in sizes if size < self.lots]
        if direction > 0:
            self.lots = larger[0] if larger else self.lots
        else:
            self.lots = smaller[-1] if smaller else sizes[0]

    def text(self, instrument: Instrument) -> str:
        """Return the size as it stands, what is being typed with a cursor."""
        if not self.typed:
            return fmt.size(self.lots, instrument)
        return f"{self.typed}_" if self.lots else f"{self.typed}_ (no whole lot)"


def worth(lots: int, px: int, instrument: Instrument) -> str:
    """Return what a size is worth at a price, in the quote coin."""
    e8 = lots * px * instrument.tick_e8 * instrument.lot_e8 // 10**8
    return fmt.fixed(e8, 8, 2 if e8 < 10**11 else 0)
