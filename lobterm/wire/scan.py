"""Scan blocks of recorded lines into numbers, fast, or defer.

A line is `<local stamp> <json>` or `<seconds>: <json>`, with or without the combined envelope. The four shapes that make up
almost all of a recording (depthUpdate, trade, aggTrade, bookTicker) are read here, in any key order, unknown plain keys
tolerated; a line that holds anything else, or anything at all unusual, is left to `slow`, which is a real JSON parser.
Every byte is accounted for: what this scanner accepts, a JSON parser accepts too, with the same numbers.
Decimals become integers of 1e-8.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

MESSAGE = np.dtype(
    [
        ("start", "<i8"),  # the line, without its end
        ("stop", "<i8"),
        ("body", "<i8"),  # where the JSON begins
        ("local", "<i8"),  # µs, -1 if the line has no stamp
        ("E", "<i8"),
        ("T", "<i8"),
        ("U", "<i8"),
        ("u", "<i8"),
        ("pu", "<i8"),
        ("id", "<i8"),  # t or a
        ("p", "<i8"),
        ("q", "<i8"),
        ("nq", "<i8"),
        ("bid", "<i8"),
        ("bid_qty", "<i8"),
        ("ask", "<i8"),
        ("ask_qty", "<i8"),
        ("levels", "<i8"),  # first level of this message
        ("bids", "<i8"),
        ("asks", "<i8"),
        ("kind", "u1"),
        ("m", "u1"),
        ("rpi", "u1"),
        ("mine", "u1"),  # the asked symbol
        ("keys", "<u4"),
    ],
    align=True,
)

SLOW, DEPTH, TRADE, AGG, TOUCH, SKIP_COIN_M, SKIP_PARTIAL, NO_STAMP = range(8)

K_E, K_T, K_U, K_u, K_PU, K_ID, K_P, K_Q, K_NQ, K_b, K_B, K_a, K_A, K_M, K_S, K_EVENT, K_X, K_ST, K_LEVELS_B, K_LEVELS_A = (
    1 << i for i in range(20)
)

E_MAX = 92_233_720_368
"""Largest whole part whose 1e-8 fixed point fits 64 bits, less one."""

Bytes = npt.NDArray[np.uint8]


@njit(cache=True)
def _integer(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return (value, position after) of a plain JSON integer, or position -1."""
    start = at
    value = 0
    while at < end and 48 <= buf[at] <= 57:
        value = value * 10 + (buf[at] - 48)
        at += 1
    digits = at - start
    if digits == 0 or digits > 18 or (digits > 1 and buf[start] == 48):
        return 0, -1
    if at < end and (buf[at] == 46 or buf[at] == 101 or buf[at] == 69):
        return 0, -1
    return value, at


@njit(cache=True)
def _decimal(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return (value in 1e-8, position after) of a quoted decimal that 64 bits hold exactly, or position -1."""
    if at >= end or buf[at] != 34:
        return 0, -1
    at += 1
    start = at
    whole = 0
    while at < end and 48 <= buf[at] <= 57:
        whole = whole * 10 + (buf[at] - 48)
        at += 1
        if whole >= E_MAX:
            return 0, -1
    if at == start:
        return 0, -1
    fraction = 0
    places = 0
    if at < end and buf[at] == 46:
        at += 1
        first = at
        while at < end and 48 <= buf[at] <= 57:
            if places < 8:
                fraction = fraction * 10 + (buf[at] - 48)
                places += 1
            elif buf[at] != 48:
                return 0, -1
            at += 1
        if at == first:
            return 0, -1
    while places < 8:
        fraction *= 10
        places += 1
    if at >= end or buf[at] != 34:
        return 0, -1
    return whole * 100_000_000 + fraction, at + 1


@njit(cache=True)
def _string(buf: Bytes, at: int, end: int) -> int:
    """Return the position of the closing quote of a string that begins after `at`'s quote, or -1 if it is not plain."""
    at += 1
    while at < end:
        c = buf[at]
        if c == 34:
            return at
        if c == 92 or c < 32 or c >= 128:
            return -1
        at += 1
    return -1


@njit(cache=True)
def _space(buf: Bytes, at: int, end: int) -> int:
    while at < end and buf[at] == 32:
        at += 1
    return at


@njit(cache=True)
def _same(buf: Bytes, at: int, stop: int, text: Bytes) -> bool:
    if stop - at != text.shape[0]:
        return False
    for i in range(text.shape[0]):
        if buf[at + i] != text[i]:
            return False
    return True


@njit(cache=True)
def _word(buf: Bytes, at: int, end: int) -> int:
    """Return the position after true, false or null, or -1."""
    if end - at >= 4:
        a, b, c, d = buf[at], buf[at + 1], buf[at + 2], buf[at + 3]
        if (a == 116 and b == 114 and c == 117 and d == 101) or (a == 110 and b == 117 and c == 108 and d == 108):
            return at + 4
        if end - at >= 5 and a == 102 and b == 97 and c == 108 and d == 115 and buf[at + 4] == 101:
            return at + 5
    return -1


@njit(cache=True)
def _levels(buf: Bytes, at: int, end: int, px: npt.NDArray[np.int64], qty: npt.NDArray[np.int64], n: int) -> tuple[int, int]:
    """Read [["px","qty"],…] into the level arrays from `n` on. Return (levels, position after), or position -1."""
    if at >= end or buf[at] != 91:
        return 0, -1
    at = _space(buf, at + 1, end)
    count = 0
    if at < end and buf[at] == 93:
        return 0, at + 1
    while at < end:
        if buf[at] != 91 or n + count >= px.shape[0]:
            return 0, -1
        value, at = _decimal(buf, _space(buf, at + 1, end), end)
        if at < 0:
            return 0, -1
        px[n + count] = value
        at = _space(buf, at, end)
        if at >= end or buf[at] != 44:
            return 0, -1
        value, at = _decimal(buf, _space(buf, at + 1, end), end)
        if at < 0:
            return 0, -1
        qty[n + count] = value
        count += 1
        at = _space(buf, at, end)
        if at >= end or buf[at] != 93:
            return 0, -1
        at = _space(buf, at + 1, end)
        if at >= end:
            return 0, -1
        if buf[at] == 93:
            return count, at + 1
        if buf[at] != 44:
            return 0, -1
        at = _space(buf, at + 1, end)
    return 0, -1


@njit(cache=True)
def _event_kind(buf: Bytes, at: int, stop: int) -> int:
    n = stop - at
    if n == 11 and buf[at] == 100 and buf[at + 5] == 85 and buf[at + 10] == 101:  # depthUpdate
        return DEPTH
    if n == 5 and buf[at] == 116 and buf[at + 1] == 114 and buf[at + 4] == 101:  # trade
        return TRADE
    if n == 8 and buf[at] == 97 and buf[at + 3] == 84 and buf[at + 7] == 101:  # aggTrade
        return AGG
    if n == 10 and buf[at] == 98 and buf[at + 4] == 84 and buf[at + 9] == 114:  # bookTicker
        return TOUCH
    return SLOW


@njit(cache=True)
def _payload(
    buf: Bytes, at: int, end: int, symbol: Bytes, m: np.void, px: npt.NDArray[np.int64], qty: npt.NDArray[np.int64], n: int
) -> tuple[int, int]:
    """Read one event object into `m`. Return (position after it, levels used), or position -1 to defer."""
    if at >= end or buf[at] != 123:
        return -1, n
    keys = 0
    kind = SLOW
    coin_m = False
    m.levels = n
    at = _space(buf, at + 1, end)
    while at < end and buf[at] == 34:
        quote = _string(buf, at, end)
        if quote < 0:
            return -1, n
        start, length = at + 1, quote - at - 1
        at = _space(buf, quote + 1, end)
        if at >= end or buf[at] != 58:
            return -1, n
        at = _space(buf, at + 1, end)
        if at >= end:
            return -1, n
        c = buf[start] if length else 0
        key = 0
        first = buf[at]
        if length == 1:
            if c == 69 or c == 84 or c == 85 or c == 117 or (c == 116 or (c == 97 and first != 34 and first != 91)):
                value, at = _integer(buf, at, end)
                if c == 69:
                    key = K_E
                    m.E = value
                elif c == 84:
                    key = K_T
                    m.T = value
                elif c == 85:
                    key = K_U
                    m.U = value
                elif c == 117:
                    key = K_u
                    m.u = value
                else:
                    key = K_ID
                    m.id = value
            elif (c == 98 or c == 97) and first == 91:
                count, at = _levels(buf, at, end, px, qty, n)
                n += count
                if c == 98:
                    key = K_LEVELS_B
                    m.bids = count
                    if keys & K_LEVELS_A:
                        return -1, n  # asks before bids: levels are kept bids first
                else:
                    key = K_LEVELS_A
                    m.asks = count
            elif first == 34 and (c == 112 or c == 113 or c == 98 or c == 66 or c == 97 or c == 65):
                value, at = _decimal(buf, at, end)
                if c == 112:
                    key = K_P
                    m.p = value
                elif c == 113:
                    key = K_Q
                    m.q = value
                elif c == 98:
                    key = K_b
                    m.bid = value
                elif c == 66:
                    key = K_B
                    m.bid_qty = value
                elif c == 97:
                    key = K_a
                    m.ask = value
                else:
                    key = K_A
                    m.ask_qty = value
            elif c == 109:
                stop = _word(buf, at, end)
                if stop < 0 or first == 110:
                    return -1, n
                m.m = 1 if first == 116 else 0
                key = K_M
                at = stop
            elif c == 101 or c == 115 or c == 88:
                if first != 34:
                    return -1, n
                stop = _string(buf, at, end)
                if stop < 0:
                    return -1, n
                if c == 101:
                    key = K_EVENT
                    kind = _event_kind(buf, at + 1, stop)
                    if kind == SLOW:
                        return -1, n
                elif c == 115:
                    key = K_S
                    m.mine = 1 if _same(buf, at + 1, stop, symbol) else 0
                else:
                    key = K_X
                    size = stop - at - 1
                    if size == 6 and buf[at + 1] == 77 and buf[at + 6] == 84:  # MARKET
                        m.rpi = 0
                    elif size == 3 and buf[at + 1] == 82 and buf[at + 2] == 80:  # RPI
                        m.rpi = 1
                    else:
                        return -1, n
                at = stop + 1
            elif first == 34:
                at = _string(buf, at, end) + 1
                if at == 0:
                    return -1, n
            elif 48 <= first <= 57:
                _, at = _integer(buf, at, end)
            else:
                at = _word(buf, at, end)
        elif length == 2 and c == 112 and buf[start + 1] == 117:
            m.pu, at = _integer(buf, at, end)
            key = K_PU
        elif length == 2 and c == 110 and buf[start + 1] == 113:
            m.nq, at = _decimal(buf, at, end)
            key = K_NQ
        elif length == 2 and c == 115 and buf[start + 1] == 116:
            value, at = _integer(buf, at, end)
            key = K_ST
            coin_m = value == 2
        elif first == 34:
            at = _string(buf, at, end) + 1
            if at == 0:
                return -1, n
        elif 48 <= first <= 57:
            _, at = _integer(buf, at, end)
        else:
            at = _word(buf, at, end)
        if at < 0 or (key and keys & key):
            return -1, n
        keys |= key
        at = _space(buf, at, end)
        if at >= end:
            return -1, n
        if buf[at] == 125:
            break
        if buf[at] != 44:
            return -1, n
        at = _space(buf, at + 1, end)
        if at >= end or buf[at] != 34:
            return -1, n
    if at >= end or buf[at] != 125:
        return -1, n
    if kind == SLOW and keys & K_EVENT == 0 and keys & (K_b | K_B | K_a | K_A) == (K_b | K_B | K_a | K_A):
        kind = TOUCH
    need = K_S
    if kind == DEPTH:
        need |= K_U | K_u | K_LEVELS_B | K_LEVELS_A | K_E
    elif kind == TRADE:
        need |= K_ID | K_P | K_Q | K_M | K_T
    elif kind == AGG:
        need |= K_ID | K_P | K_Q | K_M | K_T
    elif kind == TOUCH:
        need |= K_u | K_b | K_B | K_a | K_A
    else:
        return -1, n
    if keys & need != need:
        return -1, n
    m.kind = SKIP_COIN_M if coin_m else kind
    m.keys = keys
    return at + 1, n


@njit(cache=True)
def _stamp(buf: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return (local time in µs, position of the JSON), or position -1. Digits tell s, ms, µs or ns."""
    start = at
    value = 0
    while at < end and 48 <= buf[at] <= 57 and at - start < 19:
        value = value * 10 + (buf[at] - 48)
        at += 1
    digits = at - start
    if digits == 10:
        micros = 0
        places = 0
        if at < end and buf[at] == 46:
            at += 1
            while at < end and 48 <= buf[at] <= 57:
                if places < 6:
                    micros = micros * 10 + (buf[at] - 48)
                    places += 1
                at += 1
        while places < 6:
            micros *= 10
            places += 1
        value = value * 1_000_000 + micros
    elif digits == 13:
        value *= 1000
    elif digits == 19:
        value //= 1000
    elif digits != 16:
        return -1, -1
    if at < end and buf[at] == 58:
        at += 1
    if at >= end or buf[at] != 32:
        return -1, -1
    at = _space(buf, at, end)
    return value, at


@njit(cache=True)
def _is_partial(buf: Bytes, at: int, stop: int) -> bool:
    """Say whether a stream name is of a partial-depth stream (`@depth5`), whose frames look like diffs but are not."""
    while at < stop and buf[at] != 64:
        at += 1
    return (
        stop - at > 6
        and buf[at + 1] == 100
        and buf[at + 2] == 101
        and buf[at + 3] == 112
        and buf[at + 4] == 116
        and buf[at + 5] == 104
        and 48 <= buf[at + 6] <= 57
    )


@njit(cache=True)
def _line(
    buf: Bytes, at: int, end: int, symbol: Bytes, m: np.void, px: npt.NDArray[np.int64], qty: npt.NDArray[np.int64], n: int
) -> int:
    """Read one line into `m`; its kind stays SLOW where this scanner defers. Return the levels used so far."""
    m.start = at
    m.stop = end
    m.kind = SLOW
    m.local, at = _stamp(buf, at, end)
    m.body = at
    if at < 0:
        m.kind = NO_STAMP
        return n
    head = np.uint8(0)
    if at + 9 < end and buf[at] == 123 and buf[at + 1] == 34 and buf[at + 2] == 115 and buf[at + 3] == 116:
        head = buf[at + 4]
    if head == 114:  # {"stream":"…","data":{…}}
        name = at + 10
        if buf[at + 8] != 34 or buf[at + 9] != 58 or name >= end or buf[name] != 34:
            return n
        quote = _string(buf, name, end)
        if quote < 0 or quote + 8 >= end:
            return n
        d = quote + 1
        if not (
            buf[d] == 44 and buf[d + 1] == 34 and buf[d + 2] == 100 and buf[d + 3] == 97 and buf[d + 4] == 116
            and buf[d + 5] == 97 and buf[d + 6] == 34 and buf[d + 7] == 58
        ):  # fmt: skip
            return n
        stop, used = _payload(buf, d + 8, end, symbol, m, px, qty, n)
        if stop < 0 or stop + 1 != end or buf[stop] != 125:
            m.kind = SLOW
            return n
        if m.kind == DEPTH and _is_partial(buf, name + 1, quote):
            m.kind = SKIP_PARTIAL
            return n
        return used
    stop, used = _payload(buf, at, end, symbol, m, px, qty, n)
    if stop != end:
        m.kind = SLOW
        return n
    return used


@njit(cache=True)
def scan(
    buf: Bytes, symbol: Bytes, messages: npt.NDArray[np.void], px: npt.NDArray[np.int64], qty: npt.NDArray[np.int64]
) -> tuple[int, int, int]:
    """Scan whole lines of `buf`. Return (messages, levels, bytes consumed); a last line without its end is left over.

    `messages` must hold a row a line, `px` and `qty` a level for every nine bytes.
    """
    at = 0
    count = 0
    levels = 0
    size = buf.shape[0]
    while at < size and count < messages.shape[0]:
        end = at
        while end < size and buf[end] != 10:
            end += 1
        if end >= size:
            break
        stop = end
        if stop > at and buf[stop - 1] == 13:
            stop -= 1
        if stop > at:
            m = messages[count]
            m.keys = 0
            m.bids = 0
            m.asks = 0
            m.rpi = 0
            m.mine = 0
            levels = _line(buf, at, stop, symbol, m, px, qty, levels)
            count += 1
        at = end + 1
    return count, levels, at
