"""How fast something counts up, over the last second or so."""

from __future__ import annotations

from collections import deque

SPAN_US = 1_000_000


class RateMeter:
    """Counts per second of wall time, from samples (wall µs, count)."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque()

    def add(self, wall_us: int, count: int) -> float | None:
        """Take a sample and return the rate over the last second; None before there is a span to measure over."""
        samples = self._samples
        samples.append((wall_us, count))
        while len(samples) > 2 and wall_us - samples[1][0] >= SPAN_US:
            samples.popleft()
        elapsed_us = wall_us - samples[0][0]
        return (count - samples[0][1]) * 1e6 / elapsed_us if elapsed_us > 0 else None
