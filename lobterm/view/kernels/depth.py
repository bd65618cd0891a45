"""Levels row by row: a band of lots by tick, what lies in each bin of it, and a column at the end of each second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine.kernel import kernel
from lobterm.events import Flag, Kind, Market, Scope

BOOK, CLEAR, GAP, PERP = int(Kind.BOOK), int(Kind.BOOK_CLEAR), int(Kind.GAP), int(Market.PERP)
SNAPSHOT, SCOPE_BOOK, SCOPE_ALL = int(Flag.SNAPSHOT), int(Scope.BOOK), int(Scope.ALL)

Lots = npt.NDArray[np.float32]
Sums = npt.NDArray[np.float64]


@kernel
def sum_bins(sides: Lots, window: int, width: int, sums: Sums) -> None:
    """Sum the lots of both `sides` (2, ticks) in each bin of `width` ticks, from place `window` on."""
    for at in range(sums.shape[0]):
        start, total = window + at * width, 0.0
        for place in range(start, start + width):
            total += np.float64(sides[0, place]) + np.float64(sides[1, place])  # whole lots, exactly
        sums[at] = total


@kernel
def fold(
    events: npt.NDArray[np.void],
    known: bool,
    due: int,
    sides: Lots,
    base: int,
    window: int,
    width: int,
    sums: Sums,
    columns: npt.NDArray[np.void],
    lots: Lots,
    place: int,
    second_us: int,
) -> bool:
    """Fold rows into `sides`, whose first place is tick `base`, and fill `columns`; return whether the book is known at last.

    `sums` are those of the bins before, and are kept up: whole lots come and go without a rest up to 2^53 of them in a bin.
    The first column is of the second that ends at `due`, and is put into `lots` (a ring) at `place`; as many seconds as there
    are `columns` end by the last row.
    """
    ticks, bins = sides.shape[1], sums.shape[0]
    reach, per_tick, done = bins * width, 1.0 / width, 0
    for i in range(events.shape[0]):
        event = events[i]
        while done < columns.shape[0] and event.ts >= due:
            column = columns[done]
            column.ts, column.base, column.known = due, base + window, known
            row = lots[(place + done) % lots.shape[0]]
            for at in range(bins):
                row[at] = sums[at]
            due += second_us
            done += 1
        kind = event.kind
        if event.market != PERP or (kind > CLEAR and kind != GAP):
            continue
        if kind == BOOK:
            known = known or event.flags & SNAPSHOT != 0
            at = event.px - base
            if 0 <= at < ticks:
                side, lots_now = 0 if event.side > 0 else 1, np.float32(event.qty)
                inside = at - window
                if 0 <= inside < reach:
                    # no product of these comes near a whole number, so this is the division, without its cost
                    sums[np.int64((inside + 0.5) * per_tick)] += np.float64(lots_now) - np.float64(sides[side, at])
                sides[side, at] = lots_now
        elif kind == CLEAR:
            sides[:] = 0
            sums[:] = 0
        elif event.qty == SCOPE_BOOK or event.qty == SCOPE_ALL:
            known = False
    return known
