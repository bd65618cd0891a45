"""When a UTC day has begun: told once, however late one looks.

What: a session that sleeps over one midnight or over several is told of the newest day when it wakes, once; a clock that
stands still or falls back tells no day twice. No clock of its own: the caller tells the time. Units: µs since the epoch.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

DAY_US = 86_400_000_000


class Midnights:
    """The days that begin while somebody looks."""

    def __init__(self, now_us: int) -> None:
        self._day = now_us // DAY_US

    def passed(self, now_us: int) -> date | None:
        """Return the day that has begun since the last call, the newest of several; None if none has."""
        day = now_us // DAY_US
        if day <= self._day:
            return None
        self._day = day
        return datetime.fromtimestamp(day * DAY_US // 1_000_000, UTC).date()
