"""Raw trades to aggregates, as the futures stream tells them: one run of fills at one price and side, some time late.

Source: captured frames and the bulk files. Raw ids of an aggregate are one run, and the runs follow each other without a
hole; fills within 100 ms go together; E lies about 150 ms after T, the time of the first fill.
Units: µs of the tape, ticks, lots.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from lobterm.simulator.exchange.steps import NEVER

WINDOW_US = 100_000
DELAY_US = 150_000


@dataclass(slots=True)
class Aggregate:
    """Fills that the stream tells as one. `plain_lots` leaves out what filled against RPI orders."""

    due_us: int
    exch_us: int
    ticks: int
    side: int
    lots: int
    plain_lots: int
    first_id: int
    last_id: int
    lap_us: int


class Aggregator:
    """Gathers trades into aggregates and holds them until they are due."""

    def __init__(self) -> None:
        self._waiting: deque[Aggregate] = deque()

    def add(self, fill: Aggregate) -> None:
        """Take one raw trade, told as an aggregate of itself."""
        run = self._waiting[-1] if self._waiting else None
        if run is not None and self._goes_with(run, fill):
            run.lots += fill.lots
            run.plain_lots += fill.plain_lots
            run.last_id = fill.last_id
        else:
            fill.due_us += DELAY_US
            self._waiting.append(fill)

    @property
    def due_us(self) -> int:
        """Return when the next aggregate is told."""
        return self._waiting[0].due_us if self._waiting else NEVER

    def pop(self) -> Aggregate:
        """Return the aggregate that is due."""
        return self._waiting.popleft()

    @staticmethod
    def _goes_with(run: Aggregate, fill: Aggregate) -> bool:
        same = run.ticks == fill.ticks and run.side == fill.side and run.lap_us == fill.lap_us
        return same and fill.exch_us - run.exch_us < WINDOW_US and fill.due_us < run.due_us
