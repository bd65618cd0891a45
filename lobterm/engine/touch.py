"""The best bid and ask in force: the newer of the touch stream and the rebuilt book.

What: bookTicker runs tens of milliseconds ahead of the depth stream (methods 4.3), so the touch comes from it while it is
newer; levels of the book that it contradicts are shadowed until the book's own id catches up.
Seeds: DESIGN §3 (as-of rule).
Units: ticks, lots; depth is the size of the five best levels a side in lots.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import book as bk
from lobterm.engine.kernel import kernel

LEVELS = 5
"""Levels a side whose size a trade sees (001 Exp 1, code)."""

T_SEQ, T_EXCH, T_BID, T_BID_QTY, T_ASK, T_ASK_QTY, T_SEEN, B_SEQ, B_EXCH, B_SEEN, B_CHANGED, BEHIND = range(12)
"""Fields of the `feeds` vector: last touch message; id and time of the last book message, 1 if the book changed since the
last look; from BEHIND, per side, the price last looked behind and the size found there."""
FEEDS_SIZE = 15

BID, BID_QTY, ASK, ASK_QTY, BID_DEPTH, ASK_DEPTH = range(6)
"""Fields of a view. A side that is empty has price 0 and size 0."""
VIEW_SIZE = 6

NOWHERE = -(1 << 62)
"""No price: nothing was looked behind since the book changed."""

Ints = npt.NDArray[np.int64]


@kernel
def touch_is_newer(feeds: Ints) -> bool:
    """Say whether the touch stream is ahead of the book: by update id where both have one, else by matching time."""
    if not feeds[T_SEEN]:
        return False
    if not feeds[B_SEEN]:
        return True
    if feeds[T_SEQ] and feeds[B_SEQ]:
        return feeds[T_SEQ] > feeds[B_SEQ]
    return feeds[T_EXCH] >= feeds[B_EXCH]


@kernel
def _behind(book: bk.Book, feeds: Ints, s: int, px: int) -> int:
    """Return the size of the levels behind the touch at `px`; it holds until the book changes or the touch moves."""
    at = BEHIND + 2 * s
    if feeds[B_CHANGED] or feeds[at] != px:
        side = -1 if s else 1
        feeds[at] = px
        feeds[at + 1] = bk.depth(book, side, side * px, LEVELS - 1)
    return feeds[at + 1]


@kernel
def look(book: bk.Book, feeds: Ints, has_depth: bool, view: Ints) -> bool:
    """Write touch and depth in force into `view` (VIEW_SIZE,). Return True if both sides are there and do not cross."""
    if touch_is_newer(feeds):
        for s in range(2):
            px = feeds[T_ASK] if s else feeds[T_BID]
            qty = feeds[T_ASK_QTY] if s else feeds[T_BID_QTY]
            view[2 * s] = px if qty > 0 else 0
            view[2 * s + 1] = qty
            view[4 + s] = qty
            if has_depth and qty > 0:
                view[4 + s] += _behind(book, feeds, s, px)
            elif feeds[B_CHANGED]:
                feeds[BEHIND + 2 * s] = NOWHERE
        feeds[B_CHANGED] = 0
    else:
        for s in range(2):
            side = -1 if s else 1
            key = bk.best(book, side)
            if key == bk.NONE:
                view[2 * s] = 0
                view[2 * s + 1] = 0
                view[4 + s] = 0
            else:
                qty = bk.level_qty(book, side, side * key)
                view[2 * s] = side * key
                view[2 * s + 1] = qty
                view[4 + s] = qty + bk.depth(book, side, key, LEVELS - 1)
    return view[BID_QTY] > 0 and view[ASK_QTY] > 0 and view[BID] < view[ASK]
