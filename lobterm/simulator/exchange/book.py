"""The exchange's own book: exact at every update id, with a hash that a client can compute from its own.

Units: integer ticks and lots. Levels that a message removes have size 0; removing what is not there is normal.
The hash covers the best HASHED levels of each side, because a client that began with a snapshot of 1,000 a side cannot
know what rests beyond it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import chain
from struct import pack

HASHED = 100
BUY = 1

Level = tuple[int, int]
"""Ticks and lots."""


def book_hash(bids: Sequence[Sequence[int]], asks: Sequence[Sequence[int]]) -> str:
    """Return the hash of a book from its levels (ticks, lots), best first.

    SHA-256, in hex, of little-endian 64-bit integers: the number of bids hashed, the number of asks hashed, then ticks
    and lots of each bid, then of each ask. No more than the best HASHED levels of a side count.
    """
    bids, asks = bids[:HASHED], asks[:HASHED]
    values = (len(bids), len(asks), *chain.from_iterable(bids), *chain.from_iterable(asks))
    return sha256(pack(f"<{len(values)}q", *values)).hexdigest()


class Book:
    """Both sides of one market."""

    def __init__(self) -> None:
        self._lots: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._ticks: tuple[list[int], list[int]] = ([], [])  # rising

    def set(self, side: int, ticks: int, lots: int) -> None:
        """Set one level's size; 0 removes it."""
        at = 0 if side == BUY else 1
        held, order = self._lots[at], self._ticks[at]
        if lots:
            if ticks not in held:
                insort(order, ticks)
            held[ticks] = lots
        elif held.pop(ticks, 0):
            del order[bisect_left(order, ticks)]

    def changes_to(self, levels: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
        """Return the changes (side, ticks, lots) that make this book the one of `levels`."""
        wanted: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for side, ticks, lots in levels:
            if lots:
                wanted[0 if side == BUY else 1][ticks] = lots
        changes = []
        for side, held, new in zip((1, -1), self._lots, wanted, strict=True):
            changes += [(side, ticks, 0) for ticks in held if ticks not in new]
            changes += [(side, ticks, lots) for ticks, lots in new.items() if held.get(ticks) != lots]
        return changes

    def top(self, side: int, count: int) -> list[Level]:
        """Return the best levels of a side, best first."""
        held, order = (self._lots[0], self._ticks[0]) if side == BUY else (self._lots[1], self._ticks[1])
        best = order[: -count - 1 : -1] if side == BUY else order[:count]
        return [(ticks, held[ticks]) for ticks in best]

    def hash(self) -> str:
        """Return `book_hash` of this book."""
        return book_hash(self.top(1, HASHED), self.top(-1, HASHED))
