"""The order book: both sides on integer ticks.

What: every resting level of one market; set a level, read the touch, walk down the levels, all without searching.
Seeds: none; the ground that 000 to 003 stand on.
Units: prices in ticks, sizes in lots.

A side is a dense window of WINDOW ticks around its best price, with two layers of occupancy bits, and a hash table for
levels far away. When the best price leaves the window, the window moves and the levels change places: none is lost.
Both sides run the same code on keys: key = price for bids, -price for asks, so the best level is the greatest key.
When a side holds more levels than its table can, `set_level` says so and changes nothing; `grow` makes room.

The whole book is one flat array: kernels that pass one array are several times faster than kernels that pass eight.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

WINDOW = 16_384
WORD = 32
"""Bits per word: below 63, so that words stay positive in signed integers."""
BETTER = WINDOW // 4
"""Room left on the better side when the window is placed; the rest covers the depth behind the touch."""

NONE = -(1 << 62)
"""The key of a level that is not there."""

BASE, BEST, NEAR, FAR, MASK = range(5)
"""A side's head: key of window slot 0, best key, levels in the window, levels in the far table, its size less one."""
TOP = 8
BITS = TOP + WINDOW // WORD // WORD
QTY = BITS + WINDOW // WORD
TABLE = QTY + WINDOW
"""Where in a side's part lie: the upper occupancy bits, the lower ones, sizes by key - BASE, the far table's (key, size) pairs."""

Book = npt.NDArray[np.int64]
"""One flat array: the bids' part, then the asks' part."""


def new_book(capacity: int = 16_384) -> Book:
    """Return an empty book whose far table has `capacity` slots, a power of two."""
    book = np.zeros(2 * (TABLE + 2 * capacity), np.int64)
    for part in book.reshape(2, -1):
        part[BEST] = NONE
        part[MASK] = capacity - 1
        part[TABLE::2] = NONE
    return book


def grow(book: Book) -> Book:
    """Return a copy of `book` with a far table twice as large."""
    parts = book.reshape(2, -1)
    larger = new_book(2 * int(parts[0, MASK] + 1))
    half = len(larger) // 2
    for s, part in enumerate(parts):
        o = s * half
        larger[o + NEAR] = part[NEAR]
        larger[o + BASE : o + NEAR] = part[BASE:NEAR]
        larger[o + TOP : o + TABLE] = part[TOP:TABLE]
        for key, qty in part[TABLE:].reshape(-1, 2):
            if key != NONE:
                _far_put(larger, o, key, qty)
    return larger


@njit(cache=True)
def part_of(book: Book, side: int) -> int:
    """Return where a side's part begins."""
    return 0 if side > 0 else book.shape[0] // 2


@njit(cache=True)
def _high_bit(word: int) -> int:
    """Return the position of the highest set bit of a word in [1, 2**32)."""
    n = 0
    if word >= 1 << 16:
        word >>= 16
        n += 16
    if word >= 1 << 8:
        word >>= 8
        n += 8
    if word >= 1 << 4:
        word >>= 4
        n += 4
    if word >= 1 << 2:
        word >>= 2
        n += 2
    if word >= 2:
        n += 1
    return n


@njit(cache=True)
def _home(book: Book, o: int, key: int) -> int:
    return ((key * 2654435761) >> 7) & book[o + MASK]


@njit(cache=True)
def _slot(book: Book, o: int, key: int) -> int:
    """Return the index of the far pair of `key`, or of the free one where it would go."""
    mask = book[o + MASK]
    slot = _home(book, o, key)
    at = o + TABLE + 2 * slot
    while book[at] != NONE and book[at] != key:
        slot = (slot + 1) & mask
        at = o + TABLE + 2 * slot
    return at


@njit(cache=True)
def _far_put(book: Book, o: int, key: int, qty: int) -> None:
    at = _slot(book, o, key)
    if book[at] == NONE:
        book[at] = key
        book[o + FAR] += 1
    book[at + 1] = qty


@njit(cache=True)
def _far_drop(book: Book, o: int, key: int) -> None:
    """Remove a far level, closing the probe chain behind it."""
    mask = book[o + MASK]
    table = o + TABLE
    at = _slot(book, o, key)
    if book[at] == NONE:
        return
    book[o + FAR] -= 1
    hole = (at - table) // 2
    slot = hole
    while True:
        slot = (slot + 1) & mask
        other = book[table + 2 * slot]
        if other == NONE:
            break
        home = _home(book, o, other)
        if ((slot - home) & mask) >= ((slot - hole) & mask):
            book[table + 2 * hole] = other
            book[table + 2 * hole + 1] = book[table + 2 * slot + 1]
            hole = slot
    book[table + 2 * hole] = NONE


@njit(cache=True)
def _far_best(book: Book, o: int, below: int) -> int:
    """Return the greatest far key under `below`."""
    found = NONE
    if book[o + FAR]:
        for at in range(o + TABLE, o + TABLE + 2 * (book[o + MASK] + 1), 2):
            key = book[at]
            if found < key < below:
                found = key
    return found


@njit(cache=True)
def _near_below(book: Book, o: int, at: int) -> int:
    """Return the greatest occupied window slot under `at`, or -1."""
    if at <= 0:
        return -1
    at -= 1
    word = at // WORD
    rest = book[o + BITS + word] & ((1 << (at % WORD + 1)) - 1)
    if rest:
        return word * WORD + _high_bit(rest)
    top = word // WORD
    rest = book[o + TOP + top] & ((1 << (word % WORD)) - 1)
    while rest == 0:
        top -= 1
        if top < 0:
            return -1
        rest = book[o + TOP + top]
    word = top * WORD + _high_bit(rest)
    return word * WORD + _high_bit(book[o + BITS + word])


@njit(cache=True)
def _near_put(book: Book, o: int, at: int, qty: int) -> None:
    if book[o + QTY + at] == 0:
        book[o + NEAR] += 1
        word = at // WORD
        book[o + BITS + word] |= 1 << (at % WORD)
        book[o + TOP + word // WORD] |= 1 << (word % WORD)
    book[o + QTY + at] = qty


@njit(cache=True)
def _near_drop(book: Book, o: int, at: int) -> None:
    if book[o + QTY + at] == 0:
        return
    book[o + QTY + at] = 0
    book[o + NEAR] -= 1
    word = at // WORD
    book[o + BITS + word] &= ~(1 << (at % WORD))
    if book[o + BITS + word] == 0:
        book[o + TOP + word // WORD] &= ~(1 << (word % WORD))


@njit(cache=True)
def _place_window(book: Book, o: int, key: int) -> None:
    """Move the window so that `key` lies in it with room on both sides."""
    moved = np.empty((book[o + NEAR] + book[o + FAR], 2), np.int64)
    n = 0
    at = _near_below(book, o, WINDOW)
    while at >= 0:
        moved[n, 0] = book[o + BASE] + at
        moved[n, 1] = book[o + QTY + at]
        n += 1
        _near_drop(book, o, at)
        at = _near_below(book, o, at)
    for pair in range(o + TABLE, o + TABLE + 2 * (book[o + MASK] + 1), 2):
        if book[pair] != NONE:
            moved[n, 0] = book[pair]
            moved[n, 1] = book[pair + 1]
            n += 1
            book[pair] = NONE
    book[o + FAR] = 0
    base = key - (WINDOW - BETTER)
    book[o + BASE] = base
    for i in range(n):
        at = moved[i, 0] - base
        if 0 <= at < WINDOW:
            _near_put(book, o, at, moved[i, 1])
        else:
            _far_put(book, o, moved[i, 0], moved[i, 1])


@njit(cache=True)
def _find_best(book: Book, o: int, below: int) -> None:
    """Set the best key to the greatest one under `below`, moving the window there if it lies far."""
    at = _near_below(book, o, below - book[o + BASE])
    if at >= 0:
        book[o + BEST] = book[o + BASE] + at
        return
    key = _far_best(book, o, below)
    book[o + BEST] = key
    if key != NONE:
        _place_window(book, o, key)


@njit(cache=True)
def set_level(book: Book, side: int, px: int, qty: int) -> bool:
    """Set the absolute size of a level, 0 removes it. Return False, unchanged, if the far table must grow first."""
    o = part_of(book, side)
    key = px if side > 0 else -px
    best_key = book[o + BEST]
    at = key - book[o + BASE]
    if qty > 0:
        if 2 * (book[o + NEAR] + book[o + FAR]) > book[o + MASK]:
            return False
        if best_key == NONE or at >= WINDOW:
            _place_window(book, o, key)
            at = key - book[o + BASE]
        if at >= 0:
            _near_put(book, o, at, qty)
        else:
            _far_put(book, o, key, qty)
        if key > best_key:
            book[o + BEST] = key
        return True
    if 0 <= at < WINDOW:
        _near_drop(book, o, at)
    elif at < 0:
        _far_drop(book, o, key)
    if key == best_key:
        _find_best(book, o, key)
    return True


@njit(cache=True)
def clear(book: Book) -> None:
    """Empty both sides."""
    for s in range(2):
        o = s * (book.shape[0] // 2)
        book[o + TOP : o + TABLE] = 0
        for at in range(o + TABLE, o + TABLE + 2 * (book[o + MASK] + 1), 2):
            book[at] = NONE
        book[o + NEAR] = 0
        book[o + FAR] = 0
        book[o + BEST] = NONE


@njit(cache=True)
def best(book: Book, side: int) -> int:
    """Return the best key of a side, or NONE. Keys are prices for bids, negated prices for asks."""
    return book[part_of(book, side) + BEST]


@njit(cache=True)
def level_qty(book: Book, side: int, px: int) -> int:
    """Return the size resting at a price."""
    o = part_of(book, side)
    key = px if side > 0 else -px
    at = key - book[o + BASE]
    if 0 <= at < WINDOW:
        return book[o + QTY + at]
    at = _slot(book, o, key)
    return book[at + 1] if book[at] == key else 0


@njit(cache=True)
def next_key(book: Book, side: int, key: int) -> int:
    """Return the best key strictly worse than `key`, or NONE."""
    o = part_of(book, side)
    at = _near_below(book, o, min(key - book[o + BASE], WINDOW))
    if at >= 0:
        return book[o + BASE] + at
    return _far_best(book, o, key)


@njit(cache=True)
def depth(book: Book, side: int, key: int, n: int) -> int:
    """Return the size of the `n` best levels strictly worse than `key`, in lots."""
    total = 0
    for _ in range(n):
        key = next_key(book, side, key)
        if key == NONE:
            break
        total += level_qty(book, side, key if side > 0 else -key)
    return total


@njit(cache=True)
def band(book: Book, side: int, key: int, worst: int) -> int:
    """Return the size of all levels strictly worse than `key`, down to `worst`, in lots."""
    o = part_of(book, side)
    base = book[o + BASE]
    total = 0
    for at in range(max(worst - base, 0), min(key - base, WINDOW)):
        total += book[o + QTY + at]
    if worst < base and book[o + FAR]:
        for at in range(o + TABLE, o + TABLE + 2 * (book[o + MASK] + 1), 2):
            if book[at] != NONE and worst <= book[at] < key:
                total += book[at + 1]
    return total


@njit(cache=True)
def top(book: Book, side: int, n: int) -> npt.NDArray[np.int64]:
    """Return the best `n` levels of a side as (price, size) rows, best first; fewer if there are fewer."""
    out = np.empty((n, 2), np.int64)
    key = best(book, side)
    count = 0
    while count < n and key != NONE:
        px = key if side > 0 else -key
        out[count, 0] = px
        out[count, 1] = level_qty(book, side, px)
        count += 1
        key = next_key(book, side, key)
    return out[:count]
