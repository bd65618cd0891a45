"""Minute bars of what was traded, and the longer bars that klines asks for.

Units: wire time in ms, ticks, lots; quote value in 1e-8. Only what has been told so far; the oldest bars are forgotten.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MINUTE_MS = 60_000
KEPT = 1_500 * 5
INTERVALS_MS = {
    "1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1h": 3_600_000, "2h": 7_200_000,
    "4h": 14_400_000, "6h": 21_600_000, "8h": 28_800_000, "12h": 43_200_000, "1d": 86_400_000,
}  # fmt: skip


@dataclass(slots=True)
class Bar:
    """One bar; `bought` is what takers bought."""

    open_ms: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    lots: int = 0
    value_e8: int = 0
    trades: int = 0
    bought_lots: int = 0
    bought_e8: int = 0


class Bars:
    """The minutes of one market."""

    def __init__(self) -> None:
        self._minutes: deque[Bar] = deque(maxlen=KEPT)

    def add(self, at_ms: int, ticks: int, lots: int, value_e8: int, side: int) -> None:
        """Take one trade; one that comes late counts in the newest minute."""
        open_ms = at_ms - at_ms % MINUTE_MS
        bar = self._minutes[-1] if self._minutes else None
        if bar is None or open_ms > bar.open_ms:
            bar = Bar(open_ms, ticks, ticks, ticks, ticks)
            self._minutes.append(bar)
        bar.high_ticks, bar.low_ticks = max(bar.high_ticks, ticks), min(bar.low_ticks, ticks)
        bar.close_ticks = ticks
        bar.lots += lots
        bar.value_e8 += value_e8
        bar.trades += 1
        if side > 0:
            bar.bought_lots += lots
            bar.bought_e8 += value_e8

    def of(self, interval_ms: int) -> list[Bar]:
        """Return the bars of an interval, oldest first."""
        bars: list[Bar] = []
        for minute in self._minutes:
            open_ms = minute.open_ms - minute.open_ms % interval_ms
            if not bars or bars[-1].open_ms != open_ms:
                bars.append(Bar(open_ms, minute.open_ticks, minute.high_ticks, minute.low_ticks, minute.close_ticks))
            bar = bars[-1]
            bar.high_ticks, bar.low_ticks = max(bar.high_ticks, minute.high_ticks), min(bar.low_ticks, minute.low_ticks)
            bar.close_ticks = minute.close_ticks
            bar.lots += minute.lots
            bar.value_e8 += minute.value_e8
            bar.trades += minute.trades
            bar.bought_lots += minute.bought_lots
            bar.bought_e8 += minute.bought_e8
        return bars
