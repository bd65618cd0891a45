"""A tape's mid, whenever it moved: the touch in force, rebuilt from the tape alone.

What: the touch stream or the rebuilt book, whichever is newer, at the end of every message; nothing while the book is unknown
(before the first snapshot, in a gap, in a silence longer than engine.max_silence_us, while it crosses). Markouts made of this
are an account of their own beside the engine's: the book is the same code, what is looked up when is not.
Units: µs, half ticks (bid + ask).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import polars as pl

from lobterm.engine import book as bk
from lobterm.engine import params as pm
from lobterm.engine import touch as tc
from lobterm.engine.kernel import kernel
from lobterm.events import EventArray, Flag, Kind, Scope

BOOK, BOOK_CLEAR, TOUCH, GAP, PARAM, HEARTBEAT = (
    int(kind) for kind in (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TOUCH, Kind.GAP, Kind.PARAM, Kind.HEARTBEAT)
)
LAST, SNAPSHOT, SYNTHETIC = int(Flag.LAST), int(Flag.SNAPSHOT), int(Flag.SYNTHETIC)
SCOPE_BOOK, SCOPE_ALL = int(Scope.BOOK), int(Scope.ALL)
SILENCE_ID = int(pm.MAX_SILENCE_US)

HAS_SNAPSHOT, HAS_BOOK, KNOWN, MID2, SINCE, LAST_REAL, SILENCE_US, N, ENDED = range(9)
"""Fields of what is carried from event to event; SINCE: when the book last became known."""
CARRIED = 9

DONE, FULL, GROW = 0, 1, 2

Ints = npt.NDArray[np.int64]


@kernel
def _note(carried: Ints, moves: Ints, ts: int, mid2: int) -> None:
    row = carried[N]
    moves[row, 0] = ts
    moves[row, 1] = mid2
    moves[row, 2] = carried[SINCE]
    carried[N] += 1


@kernel
def _lose(carried: Ints, feeds: Ints, moves: Ints, ts: int) -> None:
    """Let the book be unknown from `ts` on."""
    carried[KNOWN] = 0
    carried[HAS_SNAPSHOT] = 0
    carried[MID2] = 0
    feeds[tc.T_SEEN] = 0
    feeds[tc.B_SEEN] = 0
    _note(carried, moves, ts, 0)


@kernel
def _follow(
    book: bk.Book,
    feeds: Ints,
    view: Ints,
    carried: Ints,
    events: npt.NDArray[np.void],
    start: int,
    market: int,
    moves: Ints,
) -> tuple[int, int]:
    """Follow `events` from `start`. Return (index of the first row not followed, why)."""
    for i in range(start, events.shape[0]):
        if carried[N] + 2 > moves.shape[0]:
            return i, FULL
        event = events[i]
        ts, kind = event.ts, event.kind
        silent_at = carried[LAST_REAL] + carried[SILENCE_US]
        if carried[KNOWN] and silent_at < ts:
            _lose(carried, feeds, moves, silent_at)
        if event.market == market:
            ended = False
            if kind == BOOK or kind == BOOK_CLEAR:
                if kind == BOOK:
                    if not bk.set_level(book, event.side, event.px, event.qty):
                        return i, GROW
                else:
                    bk.clear(book)
                    carried[HAS_SNAPSHOT] = 0
                feeds[tc.B_CHANGED] = 1
                carried[HAS_BOOK] = 1
                if event.flags & LAST:
                    ended = True
                    if event.flags & SNAPSHOT:
                        carried[HAS_SNAPSHOT] = 1
                    feeds[tc.B_SEQ] = event.seq
                    feeds[tc.B_EXCH] = event.exch_ts
                    feeds[tc.B_SEEN] = 1
            elif kind == TOUCH and event.exch_ts != 0:
                at = tc.T_BID if event.side > 0 else tc.T_ASK
                feeds[at] = event.px
                feeds[at + 1] = event.qty
                if event.flags & LAST:
                    ended = True
                    feeds[tc.T_SEQ] = event.seq
                    feeds[tc.T_EXCH] = event.exch_ts
                    feeds[tc.T_SEEN] = 1
            elif kind == GAP and (event.qty == SCOPE_BOOK or event.qty == SCOPE_ALL):
                _lose(carried, feeds, moves, ts)
            if ended and (carried[HAS_SNAPSHOT] or carried[HAS_BOOK] == 0):
                valid = tc.look(book, feeds, carried[HAS_SNAPSHOT] == 1, view)
                mid2 = view[tc.BID] + view[tc.ASK] if valid else 0
                if carried[KNOWN] == 0:
                    carried[KNOWN] = 1
                    carried[SINCE] = ts
                    carried[LAST_REAL] = ts
                    carried[MID2] = -1
                if mid2 != carried[MID2]:
                    carried[MID2] = mid2
                    _note(carried, moves, ts, mid2)
            if kind != HEARTBEAT and event.flags & SYNTHETIC == 0:
                carried[LAST_REAL] = ts
        if kind == PARAM and event.qty == SILENCE_ID:
            value = np.int64(event.px).view(np.float64)
            if pm.LOW[SILENCE_ID] <= value <= pm.HIGH[SILENCE_ID]:
                carried[SILENCE_US] = np.int64(value)
        carried[ENDED] = ts
    return events.shape[0], DONE


def mids(chunks: Iterable[EventArray], market: int, max_silence_us: int) -> tuple[pl.DataFrame, int]:
    """Return (the mid whenever it moved, local time of the last row).

    Columns: `ts`; `mid2`, null while there is none; `known_since`, when the book last became known.
    """
    book, feeds, view = bk.new_book(), np.zeros(tc.FEEDS_SIZE, np.int64), np.zeros(tc.VIEW_SIZE, np.int64)
    feeds[tc.BEHIND :: 2] = tc.NOWHERE
    carried = np.zeros(CARRIED, np.int64)
    carried[SILENCE_US] = max_silence_us
    moves, kept = np.zeros((65_536, 3), np.int64), []
    for events in chunks:
        at = 0
        while at < len(events):
            at, why = _follow(book, feeds, view, carried, events, at, market, moves)
            if why == GROW:
                book = bk.grow(book)
            kept.append(moves[: carried[N]].copy())
            carried[N] = 0
    found = np.concatenate(kept) if kept else np.zeros((0, 3), np.int64)
    frame = pl.DataFrame({"ts": found[:, 0], "mid2": found[:, 1], "known_since": found[:, 2]})
    return frame.with_columns(pl.when(pl.col("mid2") > 0).then(pl.col("mid2"))), int(carried[ENDED])
