"""What a source of events promises, live or replayed: start, stop, status. Rows go into the ring, nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lobterm.tape.ring import Ring


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a source is doing. Times in local µs."""

    running: bool
    rows: int  # rows handed to the ring so far
    last_ts: int  # of the newest row, 0 before the first
    finished: bool  # there is nothing more to come
    failure: str = ""  # why it stopped, "" if it did not fail


class Feed(Protocol):
    """A source of EVENT rows."""

    def start(self, ring: Ring) -> None:
        """Begin to hand rows to `ring`."""

    def stop(self) -> None:
        """Hand over nothing more; release what is held."""

    def status(self) -> FeedStatus:
        """Return how the source is doing."""
