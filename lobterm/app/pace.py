"""How often a part of the screen is painted while the market runs."""

from __future__ import annotations


class Pace:
    """Lets through what is asked no oftener than once in `period_us`."""

    def __init__(self, period_us: int) -> None:
        self._period_us = period_us
        self._from_us: int | None = None

    def due(self, now_us: int) -> bool:
        """Say whether it is time again; if so, the next period begins."""
        if self._from_us is not None and now_us - self._from_us < self._period_us:
            return False
        self.begin(now_us)
        return True

    def begin(self, now_us: int) -> None:
        """Begin a period."""
        self._from_us = now_us
