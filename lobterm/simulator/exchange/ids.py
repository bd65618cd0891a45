"""Ids of the exchange's messages: those of the tape, made to grow where the tape has none or begins again.

What: `U`, `u` and `pu` of a book's messages. A tape keeps `u` alone: `U` is put a little behind `pu`, for futures ids
leap, but never behind a best price that was told by an id of its own. Spot ids are contiguous.
"""

from __future__ import annotations

from typing import NamedTuple

MOST_LEAP = 100
"""On a recorded day the median of U - pu was 138, of u - pu 3,125."""


class Ids(NamedTuple):
    """`U`, `u`, `pu`."""

    first: int
    last: int
    previous: int


class Growing:
    """Ids of one kind: a tape's own, shifted on every later lap so that they go on."""

    def __init__(self) -> None:
        self.highest = 0
        self._shift = 0
        self._lap_us = 0
        self._joined = True

    def of(self, seq: int, lap_us: int) -> int:
        """Return the id for a tape's `seq`; 0 where the tape has none."""
        if lap_us != self._lap_us:
            self._lap_us, self._joined = lap_us, False
        if not seq:
            return 0
        if not self._joined:
            self._joined, self._shift = True, self.highest + 1 - seq
        self.highest = max(self.highest, seq + self._shift)
        return seq + self._shift

    def ahead(self, seq: int) -> int:
        """Return the id that a `seq` further on in this lap will have."""
        return seq + self._shift if seq else 0


def leap(previous: int, last: int, lowest_touch: int | None) -> int:
    """Return `U` of a futures message behind `previous` that ends at `last`."""
    first = previous + 1 + min(MOST_LEAP, (last - previous) // 8)
    if lowest_touch is not None:
        first = min(first, lowest_touch - 1)
    return max(first, previous + 1)


class Chain:
    """Numbers the messages of one book."""

    def __init__(self, *, contiguous: bool) -> None:
        self.last = 0
        self._contiguous = contiguous
        self._lowest_touch: int | None = None
        self.growing = Growing()

    def begin(self, seq: int, lap_us: int) -> None:
        """Take the id of the first snapshot, which no message tells."""
        self.last = self.growing.of(seq, lap_us)

    def touch(self, seq: int, lap_us: int) -> int:
        """Return the id of a best price: its own, or the book's where it has none."""
        told = self.growing.of(seq, lap_us)
        if told > self.last:
            self._lowest_touch = told if self._lowest_touch is None else min(told, self._lowest_touch)
        return told or self.last

    def message(self, seq: int, lap_us: int, levels: int) -> Ids:
        """Return the ids of the book's next message."""
        told = self.growing.of(seq, lap_us)
        last = told if told > self.last else self.last + max(levels, 1)
        self.growing.highest = max(self.growing.highest, last)
        ids = Ids(self._first(last, self._lowest_touch), last, self.last)
        self.last, self._lowest_touch = last, None
        return ids

    def snapshot_id(self, next_seq: int | None, touches: list[int]) -> int:
        """Return the id of a snapshot taken now.

        A real one nearly always lies inside the next message. It may, if nothing has changed until there: `touches` are
        the ids told before that message, which ends at `next_seq`.
        """
        if self._contiguous or next_seq is None:
            return self.last
        last = self.growing.ahead(next_seq)
        told = [touch for touch in map(self.growing.ahead, touches) if touch > self.last]
        lowest = min(told + ([] if self._lowest_touch is None else [self._lowest_touch]), default=None)
        if last <= self.last or (lowest is not None and lowest <= self.last + 1):
            return self.last
        return self._first(last, lowest)

    def _first(self, last: int, lowest_touch: int | None) -> int:
        return self.last + 1 if self._contiguous else leap(self.last, last, lowest_touch)
