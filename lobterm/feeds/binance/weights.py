"""What may still be asked of one REST host this minute, and until when nothing may.

What: the exchange counts weights by minute and address and says in each answer how much is used, whoever used it; polls stay
below POLL_SHARE so that a book's snapshot always has room. No clock. Source: binance.md §2. Units: µs, request weight.
"""

from __future__ import annotations

MINUTE_US = 60_000_000
URGENT_SHARE, POLL_SHARE = 0.8, 0.4
"""Of the limit: others may ask from the same address."""


class Weights:
    """One host's budget."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._minute = -1
        self._held_until_us = 0

    def wait_us(self, weight: int, now_us: int, *, urgent: bool) -> int:
        """Return how long to wait before asking, 0 if it may be asked now."""
        if now_us < self._held_until_us:
            return self._held_until_us - now_us
        self._turn(now_us)
        share = URGENT_SHARE if urgent else POLL_SHARE
        return MINUTE_US - now_us % MINUTE_US if self.used + weight > share * self.limit else 0

    def asked(self, weight: int, now_us: int) -> None:
        """Count a request."""
        self._turn(now_us)
        self.used += weight

    def told(self, used: str, now_us: int) -> None:
        """Take the exchange's own count from a header."""
        self._turn(now_us)
        if used.isascii() and used.isdigit() and len(used) < 8:
            self.used = max(self.used, int(used))

    def hold(self, wait_us: int, now_us: int) -> None:
        """Ask nothing for a while: we were told to wait."""
        self._held_until_us = max(self._held_until_us, now_us + wait_us)

    def _turn(self, now_us: int) -> None:
        minute = now_us // MINUTE_US
        if minute != self._minute:
            self._minute, self.used = minute, 0
