"""How long the disk lasts at the rate at which a recording grows.

Units: bytes and µs; days of 86,400 s.
"""

from __future__ import annotations

from typing import NamedTuple

USUAL_BYTES_A_DAY = 900_000_000
"""A busy symbol with its spot market; used until a recording has a rate of its own."""
DAY_US = 86_400_000_000
MEASURED_US = 600_000_000
"""A rate is believed after ten minutes."""


class Forecast(NamedTuple):
    """What is to be expected."""

    bytes_a_day: float
    days_left: float
    is_measured: bool


def forecast(free_bytes: int, written_bytes: int, elapsed_us: int, symbols: int = 1) -> Forecast:
    """Return how much a day takes and how many days the free space lasts."""
    measured = elapsed_us >= MEASURED_US and written_bytes > 0
    rate = written_bytes / elapsed_us * DAY_US if measured else float(USUAL_BYTES_A_DAY * symbols)
    return Forecast(rate, free_bytes / rate, measured)
