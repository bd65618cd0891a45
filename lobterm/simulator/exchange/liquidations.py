"""Liquidation orders as the exchange shows them: a second late, the latest only, at most one a second.

Source: captured frames (E lies 1.008 to 1.012 s after T) and the documents. What comes off a real recording is late and
thinned already and passes as it is.
Units: µs of the tape's local clock, average price in 1e-8, lots.
"""

from __future__ import annotations

from typing import NamedTuple

from lobterm.simulator.exchange.steps import NEVER

LATE_US = 1_000_000
APART_US = 1_000_000


class Liquidation(NamedTuple):
    """One liquidation order, filled."""

    exch_us: int
    average_e8: int
    lots: int
    side: int


class Thinner:
    """Holds the latest liquidation until one may be shown."""

    def __init__(self) -> None:
        self.due_us = NEVER  # when the order that waits is shown
        self._latest: Liquidation | None = None
        self._shown_us = -APART_US

    def add(self, ts_us: int, local_us: int, order: Liquidation) -> None:
        """Take an order that was known at `ts_us` and happened at `local_us`; it takes the place of one that waits."""
        if self._latest is None:
            self.due_us = max(ts_us, local_us + LATE_US, self._shown_us + APART_US)
        self._latest = order

    def pop(self) -> Liquidation:
        """Return the order that is due."""
        assert self._latest is not None
        order, self._latest = self._latest, None
        self._shown_us, self.due_us = self.due_us, NEVER
        return order
