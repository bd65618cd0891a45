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

from lobterm.engine.kernel import kernel

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


@kernel
def part_of(book: Book, side: int) -> int:
    """Return where a side's part begins."""
    return 0 if side > 0 else book.shape[0] // 2


@kernel
def _high_bit(word: int) -> int:
    """Return the position of the highest set bit of a word in [1, 2**32): the exponent of its float, without a branch."""
    return int((np.float64(word).view(np.int64) >> 52) - 1023)


@kernel
def _home(book: Book, o: int, key: int) -> int:
    return ((key * 2654435761) >> 7) & book[o + MASK]


@kernel
def _slot(book: Book, o: int, key: int) -> int:
    """Return the index of the far pair of `key`, or of the free one where it would go."""
    mask = book[o + MASK]
    slot = _home(book, o, key)
    at = o + TABLE + 2 * slot
    while book[at] != NONE and book[at] != key:
        slot = (slot + 1) & mask
        at = o + TABLE + 2 * slot
    return at


@kernel
def _far_put(book: Book, o: int, key: int, qty: int) -> None:
    at = _slot(book, o, key)
    if book[at] == NONE:
        book[at] = key
        book[o + FAR] += 1
    book[at + 1] = qty


@kernel
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


@kernel
def _far_best(book: Book, o: int, below: int) -> int:
    """Return the greatest far key under `below`."""
    found = NONE
    if book[o + FAR]:
        for at in range(o + TABLE, o + TABLE + 2 * (book[o + MASK] + 1), 2):
            key = book[at]
            if found < key < below:
                found = key
    return found


@kernel
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


@kernel
def _near_put(book: Book, o: int, at: int, qty: int) -> None:
    if book[o + QTY + at] == 0:
        book[o + NEAR] += 1
        word = at // WORD
        book[o + BITS + word] |= 1 << (at % WORD)
        book[o + TOP + word // WORD] |= 1 << (word % WORD)
    book[o + QTY + at] = qty


@kernel
def _near_drop(book: Book, o: int, at: int) -> None:
    if book[o + QTY + at] == 0:
        return
    book[o + QTY + at] = 0
    book[o + NEAR] -= 1
    word = at // WORD
    book[o + BITS + word] &= ~(1 << (at % WORD))
    if book[o + BITS + word] == 0:
        book[o + TOP + word // WORD] &= ~(1 << (word % WORD))


@kernel
def _place_window(book: Book, o: int, key: int) -> None:
    """Move the window so that `key` lies in it with room on both sides: all levels go far, and those within come back."""
    at = _near_below(book, o, WINDOW)
    while at >= 0:
        _far_put(book, o, book[o + BASE] + at, book[o + QTY + at])
        _near_drop(book, o, at)
        at = _near_below(book, o, at)
    base = key - (WINDOW - BETTER)
    book[o + BASE] = base
    pair = o + TABLE
    while pair < o + TABLE + 2 * (book[o + MASK] + 1):
        far = book[pair]
        if far != NONE and 0 <= far - base < WINDOW:
            _near_put(book, o, far - base, book[pair + 1])
            _far_drop(book, o, far)  # another level of its probe chain may take its place: look again
        else:
            pair += 2


@kernel
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


@kernel
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


@kernel
def set_plain(book: Book, rows: npt.NDArray[np.void], like: int, stop: int, low: int, high: int) -> int:
    """Set the levels of the plain rows after `rows[like]`; return the first row that was not set.

    Plain is a row of the same kind, side, market, flags and instant as `rows[like]`, within the window, without moving
    the best level and outside [`low`, `high`], where our own orders rest: what such rows share is read once, and nothing
    needs to be asked or told about them. The rest is for `set_level`.
    """
    first = rows[like]
    ts, kind, side, market, flags = first.ts, first.kind, first.side, first.market, first.flags
    o = part_of(book, side)
    base, best_key, near = book[o + BASE], book[o + BEST], book[o + NEAR]
    most = book[o + MASK] // 2 - book[o + FAR]
    i = like + 1
    while i < stop and near <= most:
        row = rows[i]
        if row.ts != ts or row.kind != kind or row.side != side or row.market != market or row.flags != flags:
            break
        px = row.px
        if low <= px <= high:
            break
        qty = max(row.qty, 0)
        key = px if side > 0 else -px
        at = key - base
        if at < 0 or key > best_key or (key == best_key and qty == 0):
            break
        book[o + QTY + at] = qty
        word = at // WORD
        place = at % WORD
        before = book[o + BITS + word]
        # written whether it changes or not: which levels come and go is what a processor cannot guess
        has = np.int64(qty > 0)
        after = (before & ~(1 << place)) | (has << place)
        book[o + BITS + word] = after
        near += has - (before >> place & 1)
        if (before == 0) != (after == 0):
            book[o + TOP + word // WORD] ^= 1 << (word % WORD)
        i += 1
    book[o + NEAR] = near
    return i


@kernel
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


@kernel
def best(book: Book, side: int) -> int:
    """Return the best key of a side, or NONE. Keys are prices for bids, negated prices for asks."""
    return book[part_of(book, side) + BEST]


@kernel
def level_qty(book: Book, side: int, px: int) -> int:
    """Return the size resting at a price."""
    o = part_of(book, side)
    key = px if side > 0 else -px
    at = key - book[o + BASE]
    if 0 <= at < WINDOW:
        return book[o + QTY + at]
    at = _slot(book, o, key)
    return book[at + 1] if book[at] == key else 0


@kernel
def next_key(book: Book, side: int, key: int) -> int:
    """Return the best key strictly worse than `key`, or NONE."""
    o = part_of(book, side)
    at = _near_below(book, o, min(key - book[o + BASE], WINDOW))
    if at >= 0:
        return book[o + BASE] + at
    return _far_best(book, o, key)


@kernel
def band(book: Book, side: int, key: int, worst: int) -> int:
    """Return the size of all levels strictly worse than `key`, down to `worst`, in lots."""
    o = part_of(book, side)
    base = book[o + BASE]
    total = 0
    low, high = max(worst - base, 0), min(key - base, WINDOW)
    if low < high:
        near = book[o + QTY + low : o + QTY + high]  # counted from 0, so that the processor adds eight at a time
        for at in range(near.shape[0]):
            total += near[at]
    if worst < base and book[o + FAR]:
        for at in range(o + TABLE, o + TABLE + 2 * (book[o + MASK] + 1), 2):
            if book[at] != NONE and worst <= book[at] < key:
                total += book[at + 1]
    return total


@kernel
def depth(book: Book, side: int, key: int, n: int) -> int:
    """Return the size of the `n` best levels strictly worse than `key`, in lots."""
    o = part_of(book, side)
    total = 0
    at = min(key - book[o + BASE], WINDOW) - 1
    if at >= 0:
        word = at // WORD
        rest = book[o + BITS + word] & ((1 << (at % WORD + 1)) - 1)
        while n > 0:
            while rest == 0 and word > 0:
                word -= 1
                rest = book[o + BITS + word]
            if rest == 0:
                break
            bit = _high_bit(rest)
            rest ^= 1 << bit
            key = book[o + BASE] + word * WORD + bit
            total += book[o + QTY + word * WORD + bit]
            n -= 1
    while n > 0:
        key = _far_best(book, o, key)
        if key == NONE:
            break
        total += level_qty(book, side, key if side > 0 else -key)
        n -= 1
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


def levels(book: Book, side: int) -> npt.NDArray[np.int64]:
    """Return all levels of a side as (price, size) rows, best first; quick where `top` would look for each far one anew."""
    part = book.reshape(2, -1)[0 if side > 0 else 1]
    near = np.flatnonzero(part[QTY:TABLE])
    far = part[TABLE:].reshape(-1, 2)
    far = far[far[:, 0] != NONE]
    keys = np.concatenate([part[BASE] + near, far[:, 0]])
    sizes = np.concatenate([part[QTY:TABLE][near], far[:, 1]])
    order = np.argsort(-keys)
    return np.stack([side * keys[order], sizes[order]], axis=1)
