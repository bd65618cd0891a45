"""The agent market's order book: rings of levels by price, both sides in one flat array.

What: set a level, read one, cancel what lies too far away. A price finds its place by its low bits, so the book may
wander without end and nothing moves in memory.
Units: ticks, lots; side s is 0 for bids, 1 for asks.
"""

from __future__ import annotations

from numba import njit

from lobterm.simulator.layout import (
    BID,
    CHANGED,
    FAR_BID,
    FEWEST,
    HEAD,
    LEVELS_BID,
    MASK,
    REACH,
    UPDATE_ID,
    Ints,
)


@njit(cache=True)
def set_level(book: Ints, s: int, px: int, lots: int) -> None:
    """Set a level and keep the best price, the farthest and the count."""
    at = HEAD + 2 * (2 * (px & book[MASK]) + s)
    old = book[at]
    if old == lots:
        return
    book[at] = lots
    book[UPDATE_ID] += 1
    if book[at + 1] == 0:
        book[at + 1] = 1
        book[HEAD + 4 * (book[MASK] + 1) + book[CHANGED]] = 2 * px + s
        book[CHANGED] += 1
    step = 2 * s - 1
    if old == 0:
        book[LEVELS_BID + s] += 1
        if (book[BID + s] - px) * step > 0:
            book[BID + s] = px
        if (px - book[FAR_BID + s]) * step > 0:
            book[FAR_BID + s] = px
    elif lots == 0:
        book[LEVELS_BID + s] -= 1
        if px == book[BID + s]:
            px += step
            while book[HEAD + 2 * (2 * (px & book[MASK]) + s)] == 0:
                px += step
            book[BID + s] = px


@njit(cache=True)
def cancel(book: Ints, s: int, px: int) -> None:
    """Take a level away, unless it is one of the last."""
    if book[LEVELS_BID + s] > FEWEST:
        set_level(book, s, px, 0)


@njit(cache=True)
def prune(book: Ints) -> None:
    """Cancel levels beyond reach of the best: orders that the market has left behind."""
    for s in range(2):
        step = 2 * s - 1
        until = book[BID + s] + step * book[REACH]
        far = book[FAR_BID + s]
        while (far - until) * step > 0 and book[LEVELS_BID + s] > FEWEST:
            set_level(book, s, far, 0)
            far -= step
        book[FAR_BID + s] = far
