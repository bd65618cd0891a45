"""The local book's best prices against those that the exchange tells by themselves, at ids where both must agree.

What: a best price told with id t holds until the next one, told with id n. A book at id u with t <= u < n must therefore
show it. The two streams overtake each other: a book waits until a best price beyond its id has come, best prices are
remembered for books that come late. No price is compared across ids that say nothing of each other.
Measured: in 345 recorded seconds of BTCUSDT's perpetual 6,545 books were compared, all there were, and none differed. In 651
of its spot market 2 of 6,492 did, each alone: spot leaves out a best price that is back within milliseconds. There it takes
two books in a row to contradict.
Units: ticks and lots; ids of one market's update counter.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.wire.message import TOUCH, Chosen, Messages

Ints = npt.NDArray[np.int64]

KEPT = 4_096
"""Best prices remembered, and books that wait: some seconds of a busy market."""
TOLD, FIRST, WAITING, COMPARED, IN_A_ROW, NEEDED, COUNTS = range(7)
IDENT = 0


class Best(NamedTuple):
    """Best prices and sizes of both sides at an update id; ticks and lots 0 for an empty side."""

    ident: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int


@njit(cache=True)
def _is_wrong(book: Ints, told: Ints, n: Ints) -> bool:
    """Say whether a book contradicts what was told at or before its id, last; one that nothing was told for does not."""
    low, high = 0, n[TOLD]
    while low < high:
        middle = (low + high) // 2
        if told[middle, IDENT] <= book[IDENT]:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return False
    n[COMPARED] += 1
    for k in range(1, 5):
        if book[k] != told[low - 1, k]:
            n[IN_A_ROW] += 1
            return bool(n[IN_A_ROW] >= n[NEEDED])
    n[IN_A_ROW] = 0
    return False


@njit(cache=True)
def _book(best: Ints, told: Ints, waiting: Ints, n: Ints) -> bool:
    """Take a book's best prices. Return whether they are wrong as far as is known."""
    if n[TOLD] and best[IDENT] < told[n[TOLD] - 1, IDENT]:
        return _is_wrong(best, told, n)
    if n[WAITING] == KEPT:
        n[FIRST] = (n[FIRST] + 1) % KEPT
        n[WAITING] -= 1
    at = (n[FIRST] + n[WAITING]) % KEPT
    for k in range(5):
        waiting[at, k] = best[k]
    n[WAITING] += 1
    return False


@njit(cache=True)
def _touch(best: Ints, told: Ints, waiting: Ints, n: Ints) -> int:
    """Take best prices that were told. Return the place of the last waiting book that they show to be wrong, or -1."""
    if n[TOLD] and best[IDENT] <= told[n[TOLD] - 1, IDENT]:
        return -1  # late or told twice: it ends nothing
    if n[TOLD] == 2 * KEPT:
        for i in range(KEPT):
            for k in range(5):
                told[i, k] = told[KEPT + i, k]
        n[TOLD] = KEPT
    for k in range(5):
        told[n[TOLD], k] = best[k]
    n[TOLD] += 1
    wrong = -1
    while n[WAITING] and waiting[n[FIRST], IDENT] < best[IDENT]:
        if _is_wrong(waiting[n[FIRST]], told, n):
            wrong = n[FIRST]
        n[FIRST] = (n[FIRST] + 1) % KEPT
        n[WAITING] -= 1
    return wrong


@njit(cache=True)
def _touches(
    messages: Messages, chosen: Chosen, start: int, stop: int, tick: int, lot: int, told: Ints, waiting: Ints, n: Ints
) -> int:
    """Take the chosen best prices of messages[start:stop]. Return the first message that contradicts a book, or -1."""
    best = np.zeros(5, np.int64)
    for i in range(start, stop):
        m = messages[i]
        if m.kind != TOUCH or not chosen[i]:
            continue
        best[0], best[1], best[2], best[3], best[4] = (
            m.last_id,
            m.px // tick,
            m.qty // lot,
            m.px2 // tick,
            m.qty2 // lot,
        )
        if _touch(best, told, waiting, n) >= 0:
            return i
    return -1


class TouchCheck:
    """Compares one market's two stories of the best prices; what it returns is a book that contradicts them."""

    def __init__(self, needed: int = 1) -> None:
        self._told = np.zeros((2 * KEPT, 5), np.int64)  # ids rise
        self._waiting = np.zeros((KEPT, 5), np.int64)
        self._n = np.zeros(COUNTS, np.int64)
        self._n[NEEDED] = needed  # books in a row

    @property
    def compared(self) -> int:
        """Return how many books were compared."""
        return int(self._n[COMPARED])

    def forget(self) -> None:
        """Begin afresh: the book or the connection is another."""
        self._n[TOLD] = self._n[FIRST] = self._n[WAITING] = self._n[IN_A_ROW] = 0

    def book(self, best: Best) -> Best | None:
        """Take the book's best prices after a message."""
        return best if _book(np.array(best), self._told, self._waiting, self._n) else None

    def touch(self, best: Best) -> Best | None:
        """Take best prices that the exchange told."""
        wrong = _touch(np.array(best), self._told, self._waiting, self._n)
        return Best(*self._waiting[wrong].tolist()) if wrong >= 0 else None

    def touches(self, messages: Messages, chosen: Chosen, start: int, stop: int, units: tuple[int, int]) -> int:
        """Take a run of the exchange's best prices at once; `units` are tick and lot in 1e-8.

        Return the first message that contradicts a book, or -1; those behind it have not been taken.
        """
        found: Any = _touches(messages, chosen, start, stop, *units, self._told, self._waiting, self._n)
        return int(found)
