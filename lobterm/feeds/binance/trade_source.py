"""Which stream is the tape of trades: raw trades where they flow, aggregates where they do not, never both.

What: raw trades are undocumented and come about 150 ms ahead of their aggregate; an aggregate that comes when no raw trade
has come for LATE_US is one whose raw trades are missing. No clock, no socket. Source: binance.md §1.5, §1.6. Units: local µs.
"""

from __future__ import annotations

from typing import Literal

from lobterm.feeds.binance.addresses import SECOND_US

Source = Literal["trade", "aggTrade"]

LATE_US = SECOND_US
"""After a raw trade its aggregate is due in a fraction of it."""
PATIENCE_US = 3 * SECOND_US
"""Two sockets may stand apart this long."""
STEADY_US = 60 * SECOND_US
"""How long raw trades must flow again, none missing, before they are the tape again."""


class TradeSource:
    """Decides the source; the first decision is not made before something was heard."""

    def __init__(self) -> None:
        self.source: Source | None = None
        self._raw_us = 0  # when a raw trade last came
        self._flows_since_us = 0  # since when none was missing, 0: they do not flow
        self._missing_since_us = 0  # when the first aggregate came without raw trades, 0: none is missing

    def raw(self, now_us: int) -> None:
        """Take note of raw trades."""
        self._raw_us = now_us
        self._missing_since_us = 0
        self._flows_since_us = self._flows_since_us or now_us

    def aggregate(self, now_us: int) -> None:
        """Take note of aggregates."""
        if now_us - self._raw_us > LATE_US and not self._missing_since_us:
            self._missing_since_us = now_us

    def excuse(self) -> None:
        """Forget what is missing: the socket of the raw trades was down."""
        self._missing_since_us = 0

    def decide(self, now_us: int) -> Source | None:
        """Return the new source, or None while it stays as it is."""
        if self._missing_since_us and now_us - self._missing_since_us >= PATIENCE_US:
            self._flows_since_us = 0
            return self._change("aggTrade")
        if not self._flows_since_us:
            return None
        steady = now_us - self._flows_since_us >= STEADY_US and now_us - self._raw_us < PATIENCE_US
        return self._change("trade") if self.source is None or steady else None

    def _change(self, source: Source) -> Source | None:
        if source == self.source:
            return None
        self.source = source
        return source
