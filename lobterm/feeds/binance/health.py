"""How each stream is doing: frames, bad frames, age of the last, delay from the exchange to here, and who is too silent.

What: counters that a feed thread updates and a screen reads; delays are kept as counts of widening steps, so that
quantiles cost the same after a day as after a second. No clock: the caller tells the time.
Units: µs inside; milliseconds in what is reported. A delay may be negative: clocks stand apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

STEPS_US = [-(10**k) * n for k in (6, 5, 4, 3) for n in (5, 2, 1)] + [0] + [
    round(10 ** (3 + k / 20)) for k in range(20 * 4 + 1)
]  # fmt: skip
"""Upper ends of the steps: 12 % wide from 1 ms to 10 s, coarse below 0."""
UPPER_US = np.array(STEPS_US, np.int64)
RECENT = 0.05
"""Weight of what came last in the smoothed delay."""


class Delays:
    """The distribution of one stream's delays."""

    def __init__(self) -> None:
        self._counts = np.zeros(len(STEPS_US) + 1, np.int64)
        self.recent_us: float | None = None  # smoothed over the last messages

    def add(self, delays_us: npt.NDArray[np.int64]) -> None:
        """Count some, oldest first."""
        if len(delays_us):
            np.add.at(self._counts, np.searchsorted(UPPER_US, delays_us), 1)
            told_us = float(delays_us.mean())
            before_us = told_us if self.recent_us is None else self.recent_us
            self.recent_us = before_us + RECENT * (told_us - before_us)

    def quantile_ms(self, share: float) -> float | None:
        """Return the delay that `share` of the frames do not exceed, to a step; None without frames."""
        seen = np.cumsum(self._counts)
        if not seen[-1]:
            return None
        at = int(np.searchsorted(seen, max(share * seen[-1], 1)))
        return STEPS_US[min(at, len(STEPS_US) - 1)] / 1_000


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

    def heard(self, name: str, frames: int, bad_frames: int, last_us: int, delays_us: npt.NDArray[np.int64]) -> None:
        """Count what was read of a stream: good and bad frames, when the last good one came, how long they took."""
        stream = self.streams.get(name)
        if stream is None:
            self.nameless_bad_frames += bad_frames
            return
        stream.frames += frames
        stream.bad_frames += bad_frames
        stream.last_us = max(stream.last_us, last_us)
        stream.delays.add(delays_us)

    def bad_frame(self) -> None:
        """Count a frame of which nobody knows the stream."""
        self.nameless_bad_frames += 1

    def forgive(self, name: str) -> None:
        """Expect nothing more of a stream: nobody reads it."""
        self.streams[name].silence_us = 0

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
