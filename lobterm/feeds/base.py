"""How a source of events is doing, live or replayed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a source is doing. Times in local µs."""

    running: bool
    rows: int  # rows handed over so far
    last_ts: int  # of the newest row, 0 before the first
    finished: bool  # there is nothing more to come
    failure: str = ""  # why it stopped, "" if it did not fail
