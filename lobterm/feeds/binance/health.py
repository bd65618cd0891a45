"""How each stream is doing: frames, bad frames, age of the last, delay from the exchange to here, and who is too silent.

What: counters that a feed thread updates and a screen reads; delays are kept as counts of widening steps, so that
quantiles cost the same after a day as after a second. No clock: the caller tells the time.
Units: µs inside; milliseconds in what is reported. A delay may be negative: clocks stand apart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

STEPS_US = [-(10**k) * n for k in (6, 5, 4, 3) for n in (5, 2, 1)] + [0] + [
    round(10 ** (3 + k / 20)) for k in range(20 * 4 + 1)
]  # fmt: skip
"""Upper ends of the steps: 12 % wide from 1 ms to 10 s, coarse below 0."""


class Delays:
    """The distribution of one stream's delays."""

    def __init__(self) -> None:
        self._counts = [0] * (len(STEPS_US) + 1)
        self._total = 0

    def add(self, delay_us: int) -> None:
        """Count one."""
        self._counts[bisect_left(STEPS_US, delay_us)] += 1
        self._total += 1

    def quantile_ms(self, share: float) -> float | None:
        """Return the delay that `share` of the frames do not exceed, to a step; None without frames."""
        if not self._total:
            return None
        need, seen = share * self._total, 0
        for at, count in enumerate(self._counts):
            seen += count
            if count and seen >= need:
                return STEPS_US[min(at, len(STEPS_US) - 1)] / 1_000
        return STEPS_US[-1] / 1_000


class StreamHealth:
    """One stream."""

    def __init__(self, silence_us: int) -> None:
        self.frames = self.bad_frames = 0
        self.delays = Delays()
        self.silence_us = silence_us  # that it may be silent; 0: as long as it likes
        self.asked_us = 0  # when it was subscribed to
        self.last_us = 0  # when it last said something good; 0: never

    def is_silent(self, now_us: int) -> bool:
        """Say whether it owes a frame: the first one since it was asked for, or the next."""
        return self.silence_us > 0 and now_us - max(self.asked_us, self.last_us) > self.silence_us


class Health:
    """The streams of one socket."""

    def __init__(self, silences: Mapping[str, int], now_us: int) -> None:
        self.streams = {name: StreamHealth(silence_us) for name, silence_us in silences.items()}
        self.nameless_bad_frames = 0
        for stream in self.streams.values():
            stream.asked_us = now_us

    def asked(self, name: str, now_us: int) -> None:
        """Give a stream that was asked for again its time."""
        self.streams[name].asked_us = now_us

    def frame(self, name: str, now_us: int, sent_us: int) -> None:
        """Count a good frame; `sent_us` is the exchange's time on the local clock, 0 where a frame has none."""
        stream = self.streams.get(name)
        if stream is None:
            return
        stream.frames += 1
        stream.last_us = now_us
        if sent_us:
            stream.delays.add(now_us - sent_us)

    def bad_frame(self, name: str | None) -> None:
        """Count a frame that could not be read; its stream may not be known."""
        stream = self.streams.get(name) if name is not None else None
        if stream is None:
            self.nameless_bad_frames += 1
        else:
            stream.bad_frames += 1

    def silent(self, now_us: int) -> list[str]:
        """Return the streams that owe a frame."""
        return [name for name, stream in self.streams.items() if stream.is_silent(now_us)]

    def report(self, now_us: int) -> dict[str, dict[str, Any]]:
        """Return what `--json` says of each stream."""
        return {
            name: {
                "frames": stream.frames,
                "bad_frames": stream.bad_frames,
                "last_age_ms": (now_us - stream.last_us) / 1_000 if stream.last_us else None,
                "delay_ms_p50": stream.delays.quantile_ms(0.5),
                "delay_ms_p99": stream.delays.quantile_ms(0.99),
            }
            for name, stream in self.streams.items()
        }
