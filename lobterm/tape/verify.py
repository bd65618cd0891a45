"""What a tape holds, counted from its rows: nothing is believed that its metadata says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.engine import book as bk
from lobterm.events import EventArray, Flag, Kind, Scope
from lobterm.tape.digest import TapeDigest
from lobterm.tape.parquet import Tape

BOOK, BOOK_CLEAR, GAP = int(Kind.BOOK), int(Kind.BOOK_CLEAR), int(Kind.GAP)
SNAPSHOT, LAST = int(Flag.SNAPSHOT), int(Flag.LAST)
SCOPE_BOOK, SCOPE_ALL = int(Scope.BOOK), int(Scope.ALL)
KNOWN, CROSSED = 0, 1
DONE = -1


@njit(cache=True)
def _fold(book: bk.Book, market: int, seen: npt.NDArray[np.int64], rows: npt.NDArray[np.void], start: int) -> int:
    """Fold the book rows of one market; return DONE, or the row before which the book must grow."""
    for i in range(start, rows.shape[0]):
        row = rows[i]
        if row.market != market:
            continue
        if row.kind == GAP:
            if row.qty == SCOPE_BOOK or row.qty == SCOPE_ALL:
                seen[KNOWN] = 0
            continue
        if row.kind == BOOK:
            if not bk.set_level(book, row.side, row.px, row.qty):
                return i
        elif row.kind == BOOK_CLEAR:
            bk.clear(book)
            seen[KNOWN] = 0
        else:
            continue
        if row.flags & LAST:
            if row.flags & SNAPSHOT:
                seen[KNOWN] = 1
            bid, ask = bk.best(book, 1), bk.best(book, -1)
            if seen[KNOWN] and bid != bk.NONE and ask != bk.NONE and bid >= -ask:
                seen[CROSSED] += 1
    return DONE


class BookCheck:
    """Rebuilds one market's book from a tape's rows."""

    def __init__(self, market: int) -> None:
        self.market = market
        self.book = bk.new_book()
        self._seen = np.zeros(2, np.int64)

    def add(self, rows: EventArray) -> None:
        """Fold the next rows."""
        at = 0
        while (at := _fold(self.book, self.market, self._seen, rows, at)) != DONE:
            self.book = bk.grow(self.book)

    @property
    def crossed(self) -> int:
        """Return after how many messages the known book was crossed."""
        return int(self._seen[CROSSED])

    @property
    def known(self) -> bool:
        """Say whether the book is known at the end."""
        return bool(self._seen[KNOWN])

    def levels(self, side: int) -> npt.NDArray[np.int64]:
        """Return all levels of a side as (price, size), best first; none while the book is unknown."""
        if not self.known:
            return np.zeros((0, 2), np.int64)
        o = bk.part_of(self.book, side)
        return bk.top(self.book, side, int(self.book[o + bk.NEAR] + self.book[o + bk.FAR]))


def final_book(chunks: Iterable[EventArray], market: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return (bids, asks) at the end of a tape, level for level."""
    check = BookCheck(market)
    for rows in chunks:
        check.add(rows)
    return check.levels(1), check.levels(-1)


def verify(tape: Tape) -> dict[str, Any]:
    """Return the keys of DESIGN §7 for a tape, recounted; `problems` names what does not hold."""
    meta = tape.meta
    checks = {int(i.market): BookCheck(int(i.market)) for i in meta.instruments}
    digest = TapeDigest()
    counts = dict.fromkeys(("events", "trades", "book_rows", "gaps", "first_ts_us", "last_ts_us"), 0)
    for rows in tape.chunks():
        if not len(rows):
            continue
        digest.add(rows)
        kinds, last = rows["kind"], (rows["flags"] & Flag.LAST) != 0
        counts["first_ts_us"] = counts["first_ts_us"] or int(rows["ts"][0])
        counts["last_ts_us"] = int(rows["ts"][-1])
        counts["events"] += len(rows)
        counts["trades"] += int(np.count_nonzero((kinds == Kind.TRADE) & last))
        counts["book_rows"] += int(np.count_nonzero((kinds == Kind.BOOK) | (kinds == Kind.BOOK_CLEAR)))
        counts["gaps"] += int(np.count_nonzero(kinds == Kind.GAP))
        for check in checks.values():
            check.add(rows)
    crossed = sum(check.crossed for check in checks.values())
    first = meta.instruments[0]
    finals = {}
    for side, name in ((1, "final_bid"), (-1, "final_ask")):
        levels = checks[int(first.market)].levels(side)
        finals[name] = float(first.tick_size * int(levels[0, 0])) if len(levels) else None
    sha256 = digest.hexdigest()
    problems = []
    if sha256 != meta.sha256:
        problems.append("the rows are not those that were written (sha256 differs)")
    if crossed:
        problems.append(f"the book is crossed after {crossed} messages outside gaps")
    return {
        "path": str(tape.path),
        "instruments": [i.to_json() for i in meta.instruments],
        **counts,
        "crossed_rows": crossed,
        "skipped": meta.skipped,
        **finals,
        "sha256": sha256,
        "touch_source": {str(k): v for k, v in meta.touch_source.items()},
        "trade_source": {str(k): v for k, v in meta.trade_source.items()},
        "problems": problems,
    }
