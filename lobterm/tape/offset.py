"""The exchange's clock against ours, from what has arrived so far and nothing later.

A message cannot arrive before it was sent, so exchange time minus receive time never exceeds the clocks' difference:
its running maximum is the best estimate that looks at the past alone. Every rise of a millisecond or more becomes a
CLOCK_OFFSET row before the message that showed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from lobterm.events import EVENT, EventArray, Flag, Kind

STEP_US = 1_000
TIMED = (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE)


def with_offsets(chunks: Iterable[EventArray], market: int) -> Iterator[EventArray]:
    """Yield the rows with CLOCK_OFFSET rows put in; from a recording's own such row on, its own alone."""
    told: int | None = None
    own = False
    for rows in chunks:
        brought = np.logical_or.accumulate(rows["kind"] == Kind.CLOCK_OFFSET) | own
        wanted = (rows["market"] == market) & (rows["exch_ts"] > 0) & np.isin(rows["kind"], TIMED) & ~brought
        own = own or bool(brought[-1:].any())
        timed = np.flatnonzero(wanted)
        if not len(timed):
            yield rows
            continue
        ahead = np.maximum.accumulate(rows["exch_ts"][timed] - rows["ts"][timed])
        places, offsets = [], []
        for at in np.flatnonzero(np.concatenate([[True], np.diff(ahead) > 0])):
            if told is None or ahead[at] >= told + STEP_US:
                told = int(ahead[at])
                places.append(_message_start(rows, int(timed[at])))
                offsets.append(told)
        if not places:
            yield rows
            continue
        extra = np.zeros(len(places), EVENT)
        extra["ts"], extra["qty"] = rows["ts"][places], offsets
        extra["kind"], extra["market"], extra["flags"] = Kind.CLOCK_OFFSET, market, Flag.SYNTHETIC | Flag.LAST
        yield np.insert(rows, places, extra)


def _message_start(rows: EventArray, at: int) -> int:
    """Return the first row of the message that row `at` belongs to."""
    while at > 0 and not rows["flags"][at - 1] & Flag.LAST:
        at -= 1
    return at
