"""Scan blocks of recorded lines into messages, fast, or defer.

A line is `<local stamp> <json>` or `<seconds>: <json>`, with or without the combined envelope. The four events that
make up almost all of a recording (depthUpdate, trade, aggTrade, bookTicker) are read here, keys in any order, unknown
ones skipped. A line that holds anything else, or anything at all unusual, is left to `slow`, which is a real JSON
parser: what this scanner accepts, that parser reads as the same numbers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lobterm.wire.fields import (
    ASK_QTY,
    ASKS,
    BID_QTY,
    BIDS,
    BOOLEAN,
    DECIMAL,
    EVENT_KEY,
    FIRST,
    ID,
    INTEGER,
    KIND,
    LAST,
    LEVELS,
    MAKER,
    MARGIN,
    PLAIN,
    PREV,
    PX,
    QTY,
    SENT,
    SLOTS,
    SYMBOL,
    TEXT,
    TIME,
    read_object,
)
from lobterm.wire.message import (
    AGG,
    AGG_STREAM,
    COIN_M,
    DEPTH,
    NO_STAMP,
    NO_STREAM,
    OTHER_SYMBOL,
    SLOW,
    SPEEDS,
    TOUCH,
    TOUCH_STREAM,
    TRADE,
    TRADE_STREAM,
    US_LEAST,
    Bytes,
    Ints,
    Messages,
    Row,
)
from lobterm.wire.tokens import CLOSE, COLON, NEWLINE, QUOTE, same, string


def _bytes(text: str) -> Bytes:
    return np.frombuffer(text.encode(), np.uint8)


EVENT_NAMES = (_bytes('depthUpdate"'), _bytes('trade"'), _bytes('aggTrade"'), _bytes('bookTicker"'))
TOUCH_KEYS = 1 << LAST | 1 << BIDS | 1 << ASKS | 1 << BID_QTY | 1 << ASK_QTY
"""What tells a bookTicker that does not say its name, as spot's does not."""
ENVELOPE, DATA = _bytes('{"stream":"'), _bytes(',"data":')
DIFF = _bytes("depth")
S_DEPTH_NAMES = tuple(_bytes(name + '"') for name in SPEEDS)
S_DEPTH_CODES = tuple(SPEEDS.values())
MARKET_TEXT, RPI_TEXT = _bytes('MARKET"'), _bytes('RPI"')


@njit(cache=True)
def _is(types: Bytes, seen: int, slot: int, wanted: int) -> bool:
    return seen >> slot & 1 == 1 and types[slot] == wanted


@njit(cache=True)
def _micros(time: int) -> int:
    return time if time >= US_LEAST else time * 1000


@njit(cache=True)
def _event(buf: Bytes, types: Bytes, seen: int, held: Ints, stream: int) -> int:
    """Return which of the four events the slots hold, or SLOW; name and stream must agree."""
    if not _is(types, seen, SYMBOL, TEXT):
        return SLOW
    if seen >> EVENT_KEY & 1 == 0:
        if seen & TOUCH_KEYS != TOUCH_KEYS:
            return SLOW
        return TOUCH if stream in (NO_STREAM, TOUCH_STREAM) else SLOW
    if types[EVENT_KEY] != TEXT:
        return SLOW
    at = held[EVENT_KEY]
    if same(buf, at, EVENT_NAMES[0]):
        return DEPTH if stream < TRADE_STREAM else SLOW
    if same(buf, at, EVENT_NAMES[1]):
        return TRADE if stream in (NO_STREAM, TRADE_STREAM) else SLOW
    if same(buf, at, EVENT_NAMES[2]):
        return AGG if stream in (NO_STREAM, AGG_STREAM) else SLOW
    if same(buf, at, EVENT_NAMES[3]):
        return TOUCH if stream in (NO_STREAM, TOUCH_STREAM) else SLOW
    return SLOW


@njit(cache=True)
def _fill(buf: Bytes, m: Row, kind: int, types: Bytes, seen: int, held: Ints, counts: Ints) -> int:
    """Move the slots of a wanted event into its message. Return its kind, or SLOW if something is missing."""
    timed = _is(types, seen, TIME, INTEGER)
    if seen >> TIME & 1 and not timed:
        return SLOW
    m.sent_us = _micros(held[SENT]) if _is(types, seen, SENT, INTEGER) else 0
    if kind == DEPTH:
        sent = _is(types, seen, SENT, INTEGER)
        chained = _is(types, seen, PREV, INTEGER)
        if not (_is(types, seen, FIRST, INTEGER) and _is(types, seen, LAST, INTEGER) and sent):
            return SLOW
        if not (_is(types, seen, BIDS, LEVELS) and _is(types, seen, ASKS, LEVELS)) or seen >> PREV & 1 != chained:
            return SLOW
        m.exch_us = _micros(held[TIME] if timed else held[SENT])
        m.first_id, m.last_id, m.prev_id = held[FIRST], held[LAST], held[PREV] if chained else -1
        m.bid0, m.bids, m.ask0, m.asks = held[BIDS], counts[BIDS], held[ASKS], counts[ASKS]
        return DEPTH
    if kind == TOUCH:
        decimals = _is(types, seen, BIDS, DECIMAL) and _is(types, seen, ASKS, DECIMAL)
        sizes = _is(types, seen, BID_QTY, DECIMAL) and _is(types, seen, ASK_QTY, DECIMAL)
        if not (decimals and sizes and _is(types, seen, LAST, INTEGER)):
            return SLOW
        m.exch_us = _micros(held[TIME]) if timed else 0
        m.last_id = held[LAST]
        m.px, m.qty, m.px2, m.qty2 = held[BIDS], held[BID_QTY], held[ASKS], held[ASK_QTY]
        return TOUCH
    slot = ID if kind == TRADE else ASKS
    if not (timed and _is(types, seen, slot, INTEGER) and _is(types, seen, MAKER, BOOLEAN)):
        return SLOW
    if not (_is(types, seen, PX, DECIMAL) and _is(types, seen, QTY, DECIMAL)):
        return SLOW
    m.exch_us = _micros(held[TIME])
    m.last_id, m.px, m.qty, m.qty2 = held[slot], held[PX], held[QTY], held[QTY]
    m.side = -1 if held[MAKER] else 1
    if kind == TRADE and seen >> KIND & 1:
        if types[KIND] != TEXT:
            return SLOW
        if same(buf, held[KIND], RPI_TEXT):
            m.qty2 = 0
        elif not same(buf, held[KIND], MARKET_TEXT):
            return SLOW
    if kind == AGG and seen >> PLAIN & 1:
        if types[PLAIN] != DECIMAL or held[PLAIN] > held[QTY]:
            return SLOW
        m.qty2 = held[PLAIN]
    return kind


@njit(cache=True)
def _stream(buf: Bytes, at: int) -> tuple[int, int]:
    """Return (code of a stream's name, position after its closing quote) or position -1; `at` is in the quotes."""
    after = string(buf, at)
    if after < 0:
        return 0, -1
    while at < after and buf[at] != 64:
        at += 1
    if at == after:
        return 0, -1
    at += 1
    if same(buf, at, EVENT_NAMES[1]):
        return TRADE_STREAM, after
    if same(buf, at, EVENT_NAMES[2]):
        return AGG_STREAM, after
    if same(buf, at, EVENT_NAMES[3]):
        return TOUCH_STREAM, after
    if same(buf, at, DIFF):
        for i in range(len(S_DEPTH_NAMES)):
            if same(buf, at + len(DIFF), S_DEPTH_NAMES[i]):
                return S_DEPTH_CODES[i], after
    return 0, -1


@njit(cache=True)
def _ends(buf: Bytes, at: int) -> bool:
    return bool(buf[at] == NEWLINE or (buf[at] == 13 and buf[at + 1] == NEWLINE))


@njit(cache=True)
def _line(
    buf: Bytes, symbol: Bytes, m: Row, types: Bytes, held: Ints, counts: Ints, px: Ints, qty: Ints, n: int
) -> tuple[int, int]:
    """Read the JSON of one line. Return (kind, levels now), SLOW where this scanner defers; sets `stop` at its end."""
    at = m.body
    stream = NO_STREAM
    wrapped = same(buf, at, ENVELOPE)
    if wrapped:
        stream, at = _stream(buf, at + len(ENVELOPE))
        if at < 0 or not same(buf, at, DATA):
            return SLOW, n
        at += len(DATA)
    seen, now, at = read_object(buf, at, types, held, counts, px, qty, n)
    if at < 0:
        return SLOW, n
    if wrapped:
        if buf[at] != CLOSE:
            return SLOW, n
        at += 1
    if not _ends(buf, at):
        return SLOW, n
    m.stop = at
    kind = _event(buf, types, seen, held, stream)
    if kind == SLOW:
        return SLOW, n
    if seen >> MARGIN & 1:
        if types[MARGIN] != INTEGER:
            return SLOW, n
        if held[MARGIN] == 2:
            return COIN_M, n
    name = held[SYMBOL]
    if not same(buf, name, symbol) or buf[name + len(symbol)] != QUOTE:
        return OTHER_SYMBOL, n
    m.stream = stream
    kind = _fill(buf, m, kind, types, seen, held, counts)
    return kind, now if kind == DEPTH else n


@njit(cache=True)
def _stamp(buf: Bytes, at: int) -> tuple[int, int]:
    """Return (local time in ns, position of the JSON) or position -1. Digits tell s, ms, µs or ns."""
    start = at
    time = 0
    while 48 <= buf[at] <= 57 and at - start < 19:
        time = time * 10 + (int(buf[at]) - 48)
        at += 1
    digits = at - start
    if digits == 10:
        places = 0
        if buf[at] == 46:
            at += 1
            while 48 <= buf[at] <= 57:
                if places < 6:
                    time = time * 10 + (int(buf[at]) - 48)
                    places += 1
                at += 1
        for _ in range(places, 9):
            time *= 10
    elif digits == 13:
        time *= 1_000_000
    elif digits == 16:
        time *= 1000
    elif digits != 19 or time < 0:  # beyond 2262 the ns do not fit
        return 0, -1
    if buf[at] == COLON:
        at += 1
    return (time, at + 1) if buf[at] == 32 else (0, -1)


@njit(cache=True)
def scan(buf: Bytes, symbol: Bytes, messages: Messages, px: Ints, qty: Ints) -> tuple[int, int, int]:
    """Scan whole lines. Return (lines, messages, levels); lines is -1 if `messages` is too short for them.

    Blank lines are counted and become nothing. `px` and `qty` must hold a level for every nine bytes.
    """
    types = np.zeros(SLOTS, np.uint8)
    held = np.zeros(SLOTS, np.int64)
    counts = np.zeros(SLOTS, np.int64)
    at = 0
    count = 0
    levels = 0
    line = 0
    size = len(buf)
    while at < size:
        line += 1
        if _ends(buf, at):
            at += 1 + (buf[at] == 13)
            continue
        if count == len(messages):
            return -1, 0, 0
        m = messages[count]
        count += 1
        m.line = line
        m.local_ns, m.body = _stamp(buf, at)
        m.local_us = m.local_ns // 1000
        m.stop = -1
        m.kind = NO_STAMP
        if m.body >= 0:
            m.kind, levels = _line(buf, symbol, m, types, held, counts, px, qty, levels)
        if m.stop < 0:
            while not _ends(buf, at):
                at += 1
            m.stop = at
        at = m.stop + 1 + (buf[m.stop] == 13)
    return line, count, levels
