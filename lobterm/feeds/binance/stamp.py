"""When a frame was received: wall time, read once, and from there a clock that nobody sets.

What: strictly increasing nanoseconds for all lines of one symbol, so that two files merge exactly. A wall clock that is set in
mid-session would make time jump; a machine that slept has let time pass, where the system can tell.
Units: ns since the epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def _elapsed_ns() -> int:
    """Return a clock that is never set and, where the system has one, goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


class Stamp:
    """Hands out stamps; each is later than the one before."""

    def __init__(self, wall_ns: Callable[[], int] = time.time_ns, elapsed_ns: Callable[[], int] = _elapsed_ns) -> None:
        self._elapsed_ns = elapsed_ns
        self._anchor_ns = wall_ns() - elapsed_ns()
        self._last_ns = 0

    def __call__(self) -> int:
        """Return the next stamp."""
        self._last_ns = max(self._anchor_ns + self._elapsed_ns(), self._last_ns + 1)
        return self._last_ns
