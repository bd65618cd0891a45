"""Read one flat JSON object into slots, one for each key that matters; other keys are skipped."""

from __future__ import annotations

import numpy as np
from numba import njit

from lobterm.wire.message import Bytes, Ints
from lobterm.wire.tokens import (
    CLOSE,
    CLOSE_LIST,
    COLON,
    COMMA,
    OPEN,
    OPEN_LIST,
    QUOTE,
    decimal,
    integer,
    scalar,
    space,
    string,
    value,
)

EVENT_KEY, SENT, SYMBOL, FIRST, LAST, BIDS, ASKS, TIME, ID, PX, QTY, MAKER, KIND, BID_QTY, ASK_QTY = range(15)
PREV, PLAIN, MARGIN, SLOTS = 15, 16, 17, 18
UNKNOWN = 255
KEYS = np.full(256, UNKNOWN, np.uint8)
KEYS[np.frombuffer(b"eEsUubaTtpqmXBA", np.uint8)] = np.arange(15)
"""Slot of each key of one letter; `pu`, `nq` and `st` are told by hand."""

INTEGER, DECIMAL, LEVELS, TEXT, BOOLEAN = range(1, 6)


@njit(cache=True)
def _levels(buf: Bytes, at: int, px: Ints, qty: Ints, n: int) -> tuple[int, int]:
    """Read `[["px","qty"],…]` into the level arrays from `n` on. Return (levels now, position after) or position -1."""
    at = space(buf, at + 1)
    if buf[at] == CLOSE_LIST:
        return n, at + 1
    while True:
        if buf[at] != OPEN_LIST or buf[at + 1] != QUOTE:
            return n, -1
        px[n], at = decimal(buf, at + 2)
        if at < 0 or buf[at] != COMMA:
            return n, -1
        at = space(buf, at + 1)
        if buf[at] != QUOTE:
            return n, -1
        qty[n], at = decimal(buf, at + 1)
        if at < 0 or buf[at] != CLOSE_LIST:
            return n, -1
        n += 1
        at += 1
        if buf[at] == CLOSE_LIST:
            return n, at + 1
        if buf[at] != COMMA:
            return n, -1
        at = space(buf, at + 1)


@njit(cache=True)
def _slot(buf: Bytes, at: int) -> tuple[int, int]:
    """Return (slot of a key, position after its closing quote) or position -1; `at` is after its first quote."""
    if buf[at + 1] == QUOTE:
        slot = KEYS[buf[at]]
        if slot != UNKNOWN:
            return slot, at + 2
    elif buf[at + 2] == QUOTE:
        c, d = buf[at], buf[at + 1]
        if c == 112 and d == 117:
            return PREV, at + 3
        if c == 110 and d == 113:
            return PLAIN, at + 3
        if c == 115 and d == 116:
            return MARGIN, at + 3
    return UNKNOWN, string(buf, at)


@njit(cache=True)
def read_object(
    buf: Bytes, at: int, types: Bytes, held: Ints, counts: Ints, px: Ints, qty: Ints, n: int
) -> tuple[int, int, int]:
    """Read one event into the slots. Return (slots seen, levels now, position after) or position -1 to defer."""
    seen = 0
    if buf[at] != OPEN:
        return seen, n, -1
    while True:
        at = space(buf, at + 1)
        if buf[at] != QUOTE:
            return seen, n, -1
        slot, at = _slot(buf, at + 1)
        if at < 0:
            return seen, n, -1
        at = space(buf, at)
        if buf[at] != COLON:
            return seen, n, -1
        at = space(buf, at + 1)
        if slot == UNKNOWN:
            at = value(buf, at)
        elif seen >> slot & 1:
            return seen, n, -1
        else:
            seen |= 1 << slot
            c = buf[at]
            if c == OPEN_LIST and (slot in (BIDS, ASKS)):
                types[slot] = LEVELS
                held[slot] = n
                n, at = _levels(buf, at, px, qty, n)
                counts[slot] = n - held[slot]
            elif c == QUOTE and (slot in (EVENT_KEY, SYMBOL, KIND)):
                types[slot] = TEXT
                held[slot] = at + 1
                at = string(buf, at + 1)
            elif c == QUOTE:
                types[slot] = DECIMAL
                held[slot], at = decimal(buf, at + 1)
            elif c == 116 or c == 102:
                types[slot] = BOOLEAN
                held[slot] = c == 116
                at = scalar(buf, at)
            else:
                types[slot] = INTEGER
                held[slot], at = integer(buf, at)
        if at < 0:
            return seen, n, -1
        at = space(buf, at)
        if buf[at] == CLOSE:
            return seen, n, at + 1
        if buf[at] != COMMA:
            return seen, n, -1
