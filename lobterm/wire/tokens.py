"""Read single JSON tokens from bytes.

Each reader gets the position of a token and returns the position after it, or -1 where a real JSON parser should
decide. A newline ends every block and is part of no token, so none of them can run past the line.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lobterm.wire.message import Bytes

QUOTE, COMMA, COLON, BACKSLASH, NEWLINE = 34, 44, 58, 92, 10
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = 123, 125, 91, 93
TRUE, FALSE, NULL = (np.frombuffer(word, np.uint8) for word in (b"true", b"false", b"null"))

WHOLE_DIGITS, PLACES = 10, 8
SCALE = np.array([10**n for n in range(PLACES, -1, -1)], np.int64)
"""What lifts a decimal of n places to 1e-8."""


@njit(cache=True)
def space(buf: Bytes, at: int) -> int:
    """Return the position of the next byte that is not a space."""
    while buf[at] == 32:
        at += 1
    return at


@njit(cache=True)
def integer(buf: Bytes, at: int) -> tuple[int, int]:
    """Return (value, position after) of an integer of at most 18 digits."""
    start = at
    value = 0
    digit = int(buf[at]) - 48
    while 0 <= digit <= 9:
        value = value * 10 + digit
        at += 1
        digit = int(buf[at]) - 48
    size = at - start
    if size == 0 or size > 18 or (size > 1 and buf[start] == 48):
        return 0, -1
    c = buf[at]
    if c == 46 or c == 69 or c == 101:  # a float
        return 0, -1
    return value, at


@njit(cache=True)
def decimal(buf: Bytes, at: int) -> tuple[int, int]:
    """Return (value in 1e-8, position after) of a quoted decimal of at most 10 + 8 digits; `at` is in the quotes."""
    start = at
    value = 0
    digit = int(buf[at]) - 48
    while 0 <= digit <= 9:
        value = value * 10 + digit
        at += 1
        digit = int(buf[at]) - 48
    size = at - start
    if size == 0 or size > WHOLE_DIGITS:
        return 0, -1
    places = 0
    if buf[at] == 46:
        at += 1
        start = at
        digit = int(buf[at]) - 48
        while 0 <= digit <= 9:
            value = value * 10 + digit
            at += 1
            digit = int(buf[at]) - 48
        places = at - start
        if places == 0 or places > PLACES:
            return 0, -1
    if buf[at] != QUOTE:
        return 0, -1
    return value * SCALE[places], at + 1


@njit(cache=True)
def string(buf: Bytes, at: int) -> int:
    """Return the position after the closing quote of a plain ASCII string; `at` is after its first quote."""
    while True:
        c = buf[at]
        if c == QUOTE:
            return at + 1
        if c == BACKSLASH or c < 32 or c > 126:
            return -1
        at += 1


@njit(cache=True)
def same(buf: Bytes, at: int, text: Bytes) -> bool:
    """Say whether `text` stands at this position."""
    for i in range(len(text)):  # noqa: SIM110  (compiled: a generator would not be)
        if buf[at + i] != text[i]:
            return False
    return True


@njit(cache=True)
def scalar(buf: Bytes, at: int) -> int:
    """Return the position after a plain string, a number or a literal."""
    c = buf[at]
    if c == QUOTE:
        return string(buf, at + 1)
    if c == 116:
        return at + 4 if same(buf, at, TRUE) else -1
    if c == 102:
        return at + 5 if same(buf, at, FALSE) else -1
    if c == 110:
        return at + 4 if same(buf, at, NULL) else -1
    _, at = integer(buf, at)
    return at


@njit(cache=True)
def value(buf: Bytes, at: int) -> int:
    """Return the position after any JSON value: what nobody asked for is skipped, but not unread."""
    depth = 0
    objects = 0  # one bit a level: is it an object?
    while True:
        c = buf[at]
        if c in (OPEN, OPEN_LIST):
            if depth == 60:
                return -1
            depth += 1
            objects = objects << 1 | (c == OPEN)
            at = space(buf, at + 1)
            if buf[at] != (CLOSE if c == OPEN else CLOSE_LIST):
                if c == OPEN:
                    at = _key(buf, at)
                    if at < 0:
                        return -1
                continue
        else:
            at = scalar(buf, at)
            if at < 0 or depth == 0:
                return at
            at = space(buf, at)
        while depth and buf[at] == (CLOSE if objects & 1 else CLOSE_LIST):
            depth -= 1
            objects >>= 1
            at += 1
            if depth == 0:
                return at
            at = space(buf, at)
        if buf[at] != COMMA:
            return -1
        at = space(buf, at + 1)
        if objects & 1:
            at = _key(buf, at)
            if at < 0:
                return -1


@njit(cache=True)
def _key(buf: Bytes, at: int) -> int:
    """Return the position of the value that follows a plain key."""
    if buf[at] != QUOTE:
        return -1
    at = string(buf, at + 1)
    if at < 0:
        return -1
    at = space(buf, at)
    return space(buf, at + 1) if buf[at] == COLON else -1
