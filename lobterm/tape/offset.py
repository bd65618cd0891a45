"""The exchange's clock against ours, from what has arrived so far and nothing later.

A message cannot arrive before it was sent, so exchange time minus receive time never exceeds the clocks' difference:
its running maximum is the best estimate that looks at the past alone. Every rise of a millisecond or more becomes a
CLOCK_OFFSET row before the message that showed it. Chunks may be cut between any two messages: the rows are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from lobterm.events import EVENT, EventArray, Flag, Kind

STEP_US = 1_000
LAST = int(Flag.LAST)
BYTES = f"V{EVENT.itemsize}"
"""A row as bytes: numpy moves records with padding field by field, ten times slower."""
TIMED = np.isin(np.arange(256), (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.TRADE))


class Offsets:
    """Puts CLOCK_OFFSET rows into one market's stream of rows; from its own such row on, its own alone."""

    def __init__(self, market: int) -> None:
        self._market = market
        self._told: int | None = None
        self._own = False

    def add(self, rows: EventArray) -> EventArray:
        """Return the next rows, whole messages, with the CLOCK_OFFSET rows put in."""
        if self._own or not len(rows):
            return rows
        wanted = TIMED[rows["kind"]] & (rows["market"] == self._market) & (rows["exch_ts"] > 0)
        brought = np.flatnonzero(rows["kind"] == Kind.CLOCK_OFFSET)
        if len(brought):
            self._own = True
            wanted[brought[0] :] = False
        timed = np.flatnonzero(wanted)
        if not len(timed):
            return rows
        ahead = rows["exch_ts"][timed] - rows["ts"][timed]
        if self._told is not None and int(ahead.max()) < self._told + STEP_US:
            return rows
        return self._with(rows, timed, np.maximum.accumulate(ahead))

    def _with(self, rows: EventArray, timed: np.ndarray, ahead: np.ndarray) -> EventArray:
        places, offsets = [], []
        for at in np.flatnonzero(np.concatenate([[True], np.diff(ahead) > 0])):
            if self._told is None or ahead[at] >= self._told + STEP_US:
                self._told = int(ahead[at])
                places.append(_message_start(rows, int(timed[at])))
                offsets.append(self._told)
        if not places:
            return rows
        extra = np.zeros(len(places), EVENT)
        extra["ts"], extra["qty"] = rows["ts"][places], offsets
        extra["kind"], extra["market"], extra["flags"] = Kind.CLOCK_OFFSET, self._market, Flag.SYNTHETIC | Flag.LAST
        whole: EventArray = np.insert(rows.view(BYTES), places, extra.view(BYTES)).view(EVENT)
        return whole


def with_offsets(chunks: Iterable[EventArray], market: int) -> Iterator[EventArray]:
    """Yield the rows with CLOCK_OFFSET rows put in."""
    offsets = Offsets(market)
    for rows in chunks:
        yield offsets.add(rows)


def _message_start(rows: EventArray, at: int) -> int:
    """Return the first row of the message that row `at` belongs to."""
    flags = rows["flags"]
    while at > 0 and not flags[at - 1] & LAST:
        at -= 1
    return at
