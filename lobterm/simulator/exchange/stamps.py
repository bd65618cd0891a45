"""The emulated exchange's clock: tape time to wire time and back, by wall clock, speed and a deliberate error.

What: the tape begins at a wall time and runs `speed` times as fast, so that every stamp looks current; its exchange
times are first put on the tape's local clock, which may have stood apart. The error is added to all that is told.
Units: µs inside, milliseconds on the wire.
"""

from __future__ import annotations


class Stamps:
    """Turns times of a tape into times that a client sees."""

    def __init__(
        self,
        first_ts_us: int,
        *,
        began_us: int | None = None,
        speed: float = 1.0,
        offset_us: int = 0,
        error_us: int = 0,
    ) -> None:
        self.first_ts_us, self.speed = first_ts_us, speed
        self.offset_us, self.error_us = offset_us, error_us
        self.began_us = first_ts_us if began_us is None else began_us

    def begin(self, wall_us: int) -> None:
        """Let the tape begin at a wall time."""
        self.began_us = wall_us

    def wall_us(self, ts_us: int) -> int:
        """Return when a moment of the tape's local clock comes."""
        elapsed_us = ts_us - self.first_ts_us
        return self.began_us + (elapsed_us if self.speed == 1 else int(elapsed_us / self.speed))

    def tape_us(self, wall_us: int) -> int:
        """Return the moment of the tape that has come at a wall time."""
        elapsed_us = wall_us - self.began_us
        return self.first_ts_us + (elapsed_us if self.speed == 1 else int(elapsed_us * self.speed))

    def told_us(self, wall_us: int) -> int:
        """Return what the exchange says that the time is."""
        return wall_us + self.error_us

    def ms(self, exch_us: int) -> int:
        """Return the wire's stamp of a time on the tape's exchange clock."""
        return self.told_us(self.wall_us(exch_us - self.offset_us)) // 1_000
