"""What is traded: symbol, tick and lot, as exact decimals.

The vocabulary's other half: events carry integers, an instrument says what one tick and one lot are worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from lobterm.errors import InputError
from lobterm.events import FIXED, Market


@dataclass(frozen=True, slots=True)
class Instrument:
    """One market of a tape. `tick_size` is quote per tick, `lot_size` base per lot, `multiplier` base per contract."""

    market: Market
    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    multiplier: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        """Refuse sizes that a fixed-point scale of 1e-8 cannot hold."""
        for name in ("tick_size", "lot_size", "multiplier"):
            value: Decimal = getattr(self, name)
            scaled = value * FIXED
            if not value.is_finite() or value <= 0 or scaled != int(scaled):
                raise InputError(
                    f"{name} {value} of {self.symbol}",
                    mend="a positive decimal with at most eight places is needed",
                )

    @property
    def tick_e8(self) -> int:
        """Quote per tick in 1e-8."""
        return int(self.tick_size * FIXED)

    @property
    def lot_e8(self) -> int:
        """Base per lot in 1e-8."""
        return int(self.lot_size * FIXED)

    @property
    def tick(self) -> float:
        """Quote per tick."""
        return float(self.tick_size)

    @property
    def lot(self) -> float:
        """Base per lot."""
        return float(self.lot_size)

    @property
    def price_decimals(self) -> int:
        """Decimals that print any price of this instrument exactly."""
        return max(0, -int(self.tick_size.normalize().as_tuple().exponent))

    @property
    def qty_decimals(self) -> int:
        """Decimals that print any size of this instrument exactly."""
        return max(0, -int(self.lot_size.normalize().as_tuple().exponent))

    def to_json(self) -> dict[str, Any]:
        """Return the form that tapes and sessions keep."""
        return {
            "market": int(self.market),
            "symbol": self.symbol,
            "tick_size": str(self.tick_size),
            "lot_size": str(self.lot_size),
            "multiplier": str(self.multiplier),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Instrument:
        """Rebuild from `to_json`; raise InputError on anything else."""
        try:
            return cls(
                Market(data["market"]),
                str(data["symbol"]),
                Decimal(data["tick_size"]),
                Decimal(data["lot_size"]),
                Decimal(data["multiplier"]),
            )
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise InputError(f"not an instrument: {data!r}") from error
