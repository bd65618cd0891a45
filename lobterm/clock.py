"""What time it is on the tape: wall time in, event time out, with speed and pause.

The clock reads no clock of its own: whoever drives it passes monotonic microseconds, a test as well as a screen.
"""

from __future__ import annotations

import math

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, math.inf)
"""Steps of the speed keys; infinity is `max`: as fast as the engine folds."""

MAX_STEP_US = 250_000
"""Most wall time that one call turns into event time: a suspended laptop resumes where it slept, it does not jump."""


class ReplayClock:
    """Event time of a replay, in µs, between the first and the last row of a tape."""

    def __init__(self, first_ts: int, last_ts: int, speed: float = 1.0) -> None:
        self.first_ts, self.last_ts = first_ts, last_ts
        self.now = first_ts
        self.paused = True
        self._speed = 1.0
        self._wall_us: int | None = None
        self._rest_us = 0.0  # part of a µs that the last step could not hand out
        self.speed = speed

    @property
    def speed(self) -> float:
        """Return event seconds per wall second; infinity is `max`."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        """Set any speed from the slowest to the fastest of SPEEDS, or `max`."""
        if not SPEEDS[0] <= value <= SPEEDS[-2] and value != math.inf:
            raise ValueError(f"speed {value} is not between {SPEEDS[0]} and {SPEEDS[-2]:g}, nor max")
        self._speed = value

    def play(self) -> None:
        """Run from here; wall time that passed while paused does not count."""
        if self.paused:
            self.paused, self._wall_us = False, None

    def pause(self) -> None:
        """Stand still."""
        self.paused = True

    def toggle(self) -> None:
        """Play if paused, pause if playing."""
        if self.paused:
            self.play()
        else:
            self.pause()

    def faster(self) -> None:
        """Go to the next higher of SPEEDS."""
        self.speed = next((speed for speed in SPEEDS if speed > self._speed), math.inf)

    def slower(self) -> None:
        """Go to the next lower of SPEEDS."""
        self.speed = next((speed for speed in reversed(SPEEDS) if speed < self._speed), SPEEDS[0])

    def jump(self, ts: int) -> None:
        """Stand at `ts`: after a seek, a step, or where the engine got to at `max`."""
        self.now, self._rest_us = min(max(ts, self.first_ts), self.last_ts), 0.0

    def advance(self, wall_us: int) -> float:
        """Return the event time up to which rows are due at `wall_us`: infinity at `max`, where `jump` moves `now`."""
        elapsed_us = 0 if self._wall_us is None else min(max(wall_us - self._wall_us, 0), MAX_STEP_US)
        self._wall_us = wall_us
        if self.paused:
            return self.now
        if math.isinf(self._speed):
            return math.inf
        due_us = elapsed_us * self._speed + self._rest_us
        whole_us = math.floor(due_us)
        self.now = min(self.now + whole_us, self.last_ts)
        self._rest_us = due_us - whole_us
        return self.now


class LiveClock(ReplayClock):
    """The time of a market that is happening: it follows what it is told, and cannot be stopped, hurried or moved."""

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.paused = False

    @property
    def speed(self) -> float:
        """Return one: a second is a second."""
        return 1.0

    @speed.setter
    def speed(self, value: float) -> None:
        """Leave it as it is."""

    def pause(self) -> None:
        """Go on: what happens does not wait."""

    def toggle(self) -> None:
        """Go on."""

    def jump(self, ts: int) -> None:
        """Stand at the time that the market has come to."""
        self.now = max(self.now, ts)
        self.last_ts = self.now
