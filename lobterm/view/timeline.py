"""The whole tape on one line: pressure in parts of equal time, FORCED behind it, what happened and what was marked on it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from lobterm.engine.rows import Regime
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lobterm.tape.timeline import Overview

MOST_COLUMNS = 4_096


class Mark(Enum):
    """What stands in a column besides the pressure; of several the weightiest, the last of these, is shown, and over all HERE."""

    NONE = ""
    TRIGGER_SELLS = "trigger of sells"
    TRIGGER_BUYS = "trigger of buys"
    LOOP = "end of the loop"
    BOOKMARK = "bookmark"
    HERE = "here"  # of no part: it moves while they stand


class Part(Struct, frozen=True, gc=False):
    """One column. `share` is of the full scale, below 0 where the index is; None where there is none."""

    share: float | None = None
    side: int = 0  # whose pressure is the higher
    panic: bool = False
    forced: int = 0  # side whose flow is FORCED at some time of it
    gap: bool = False
    indexed: bool = False
    mark: Mark = Mark.NONE


class TimelineView(Struct, frozen=True):
    """The tape from its first to its last µs in parts of equal time."""

    first_ts: int
    last_ts: int
    parts: tuple[Part, ...]

    def moment(self, column: int) -> int:
        """Return the time in the middle of a column, clamped to the tape's."""
        column = min(max(column, 0), len(self.parts) - 1)
        return self.first_ts + (2 * column + 1) * (self.last_ts - self.first_ts) // (2 * len(self.parts))


def timeline(seen: Overview, panic: float, loop: Iterable[int] = (), bookmarks: Iterable[int] = ()) -> TimelineView:
    """Return the tape as far as it is indexed, with the ends of the loop and the bookmarks (all µs) marked."""
    sells_higher = seen.known_sell & (~seen.known_buy | (seen.lpi_sell >= seen.lpi_buy))
    lpi = np.where(sells_higher, seen.lpi_sell, seen.lpi_buy)
    known = seen.known_sell | seen.known_buy
    high = full_scale(max(1.5 * panic, float(lpi[known].max()) if known.any() else 0.0))
    sides = np.where(sells_higher, -1, 1)
    forced = np.where(seen.state_sell == Regime.FORCED, -1, np.where(seen.state_buy == Regime.FORCED, 1, 0))
    columns = len(lpi)
    indexed = np.arange(columns) <= (seen.column(seen.indexed_ts) if seen.indexed_ts else -1)
    gap = np.zeros(columns, np.bool_)
    for stretch in seen.gaps:
        gap[seen.column(stretch.start_ts) : seen.column(stretch.end_ts or seen.indexed_ts) + 1] = True
    marks = [Mark.NONE] * columns
    for row in seen.triggers:
        marks[seen.column(int(row["ts"]))] = Mark.TRIGGER_SELLS if row["side"] < 0 else Mark.TRIGGER_BUYS
    for mark, times in ((Mark.LOOP, loop), (Mark.BOOKMARK, bookmarks)):
        for ts in times:
            marks[seen.column(ts)] = mark
    parts = tuple(
        Part(float(lpi[i]) / high if known[i] else None, int(sides[i]) if known[i] else 0,
             bool(known[i] and lpi[i] > panic), int(forced[i]), bool(gap[i] and indexed[i]), bool(indexed[i]), marks[i])
        for i in range(columns)
    )  # fmt: skip
    return TimelineView(seen.first_ts, seen.last_ts, parts)
