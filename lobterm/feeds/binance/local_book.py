"""One market's local book as the exchange wants it kept: buffered, joined to a snapshot, followed, doubted, begun again.

What: decides when a snapshot is asked for, which changes are applied, and when the book is not to be believed: before its
first snapshot, where the chain of ids breaks, when it is crossed, when it contradicts the exchange's own best prices, and
when connection or stream is gone. `known` is false from that moment until a snapshot has been joined. No socket, no clock.
Source: binance.md §3; the seams are wire.continuity's. Units: local µs; rows as events.EVENT.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Enum

import numpy as np
import numpy.typing as npt

from lobterm.engine import book as bk
from lobterm.events import ASK, BID, EventArray, GapCause, Market
from lobterm.feeds.binance.backoff import Backoff
from lobterm.feeds.binance.touch_check import Best, TouchCheck
from lobterm.tape.verify import BookCheck
from lobterm.wire.continuity import BookSync, Ids, Join, Outcome, PerpRule, SpotRule, State, Verdict

RECOVERIES = 1_000
APART_US = 1_000_000
"""Between two snapshots at least: each weighs 20 of 2,400 a minute on futures."""
NO_LEVEL = (0, 0)
WRONG_IN_A_ROW = {Market.PERP: 1, Market.SPOT: 2}
"""Books that must contradict the best prices told; spot's now and then leave one out."""


class Why(Enum):
    """Why the book is unknown, in a person's words."""

    NO_SNAPSHOT = "waiting for its first snapshot"
    CHAIN_BREAK = "an update is missing"
    CROSSED = "the book crossed"
    MISMATCH = "the best prices told are others"
    DISCONNECTED = "the connection is gone"
    SILENT = "the stream is silent"

    @property
    def cause(self) -> GapCause:
        """Return the cause that a GAP row gives."""
        return CAUSES[self]


CAUSES = {
    Why.NO_SNAPSHOT: GapCause.RESET,
    Why.CHAIN_BREAK: GapCause.CHAIN_BREAK,
    Why.CROSSED: GapCause.CROSSED,
    Why.MISMATCH: GapCause.CROSSED,
    Why.DISCONNECTED: GapCause.DISCONNECT,
    Why.SILENT: GapCause.SILENCE,
}


class LocalBook:
    """A book that is right or unknown."""

    def __init__(self, market: Market, backoff: Backoff, now_us: int) -> None:
        rule = SpotRule() if market == Market.SPOT else PerpRule()
        self.why: Why | None = Why.NO_SNAPSHOT
        self.since_us = now_us
        self.ident = 0  # update id that the book stands at
        self.exch_us = 0  # the exchange's time of that
        self.resyncs = 0
        self.losses: Counter[Why] = Counter()
        self.recoveries_us: deque[int] = deque(maxlen=RECOVERIES)
        self.check = TouchCheck(WRONG_IN_A_ROW[market])
        self.applied: list[EventArray] = []  # the rows that the last event or snapshot has brought into the book
        self._market, self._backoff = int(market), backoff
        self._sync: BookSync[tuple[Ids, EventArray]] = BookSync(rule)
        self._book = BookCheck(self._market)
        self._asked, self._next_us = False, 0

    @property
    def known(self) -> bool:
        """Say whether the book may be believed."""
        return self.why is None

    @property
    def asking(self) -> bool:
        """Say whether a snapshot is on its way."""
        return self._asked

    @property
    def follows(self) -> bool:
        """Say whether an event has followed the snapshot: one that is older now comes twice or too late."""
        return self._sync.state is State.SYNCED

    def depth(self, ids: Ids, rows: EventArray, now_us: int) -> Verdict:
        """Take the next event of the stream. `applied` says what the book took in; a book that it spoils took in nothing."""
        self.applied = []
        verdict = self._sync.on_event(ids, lambda: (ids, rows))
        if verdict is Verdict.APPLY:
            self._apply(ids, rows, now_us)
        elif verdict is Verdict.GAP:
            self._lost(Why.CHAIN_BREAK, now_us)
        return verdict

    def touch(self, best: Best, now_us: int) -> None:
        """Take best prices that the exchange told by themselves."""
        self._doubt(self.check.touch(best), now_us)

    def lose(self, why: Why, now_us: int) -> None:
        """Let go of the book: what comes next is another chain."""
        self._sync.lose()
        self._lost(why, now_us)

    def wants_snapshot(self, now_us: int) -> bool:
        """Say whether a snapshot is to be asked for now: events wait for one, none is on its way."""
        waits = self._sync.state in (State.UNSYNCED, State.BROKEN) and self._sync.waiting > 0
        return waits and not self._asked and now_us >= self._next_us

    def asked(self) -> None:
        """Take note that a snapshot was asked for."""
        self._asked = True

    def snapshot_failed(self, now_us: int, ordered_us: int = 0) -> None:
        """Take note that none came; `ordered_us` is how long the exchange told us to wait."""
        self._asked = False
        self._next_us = now_us + self._backoff.failed(ordered_us)

    def snapshot(self, snapshot_id: int, rows: EventArray, now_us: int) -> Outcome:
        """Take a snapshot; unless it is accepted, nothing changes but that another one is asked for later.

        One that nothing waits for was asked for over another connection: no stream would follow it. Whether it was asked
        for at all says nothing: the same frames give the same book.
        """
        self.applied = []
        if not self.known and not self._sync.waiting:
            self.snapshot_failed(now_us)
            return Outcome.NO_SEAM
        fresh = BookCheck(self._market)
        fresh.add(rows)
        if fresh.crossed:
            self.snapshot_failed(now_us)
            return Outcome.CROSSED
        join = self._sync.on_snapshot(snapshot_id)
        if join.outcome is not Outcome.ACCEPTED:
            self.snapshot_failed(now_us)
            return join.outcome
        self._take(snapshot_id, rows, fresh, join, now_us)
        return join.outcome

    def carry_over(self, ident: int, rows: EventArray, now_us: int) -> None:
        """Take the book as an earlier part of the recording left it."""
        self.applied = []
        book = BookCheck(self._market)
        book.add(rows)
        join = self._sync.on_snapshot(ident)
        if join.outcome is Outcome.ACCEPTED and not book.crossed:
            self._take(ident, rows, book, join, now_us)

    def _take(
        self, ident: int, rows: EventArray, book: BookCheck, join: Join[tuple[Ids, EventArray]], now_us: int
    ) -> None:
        self._asked = False
        self.resyncs += 1
        self._found(now_us)
        self.check.forget()
        self._book = book
        self.ident, self.exch_us = ident, _exch_us(rows)
        self.applied.append(rows)
        for ids, changes in join.apply:
            self._apply(ids, changes, now_us)
        if join.gap is not None:
            self._lost(Why.CHAIN_BREAK, now_us)

    def best(self) -> Best:
        """Return the book's best prices and the id it stands at."""
        return Best(self.ident, *self._top(BID), *self._top(ASK))

    def levels(self, side: int) -> npt.NDArray[np.int64]:
        """Return all levels of a side as (ticks, lots), best first; none while the book is unknown."""
        return self._book.levels(side) if self.known else np.zeros((0, 2), np.int64)

    def _top(self, side: int) -> tuple[int, int]:
        key = int(bk.best(self._book.book, side))
        if key == bk.NONE:
            return NO_LEVEL
        px = key * side
        return px, int(bk.level_qty(self._book.book, side, px))

    def _apply(self, ids: Ids, rows: EventArray, now_us: int) -> None:
        if not self.known:
            return
        crossed = self._book.crossed
        self._book.add(rows)
        self.ident, self.exch_us = ids.last, max(self.exch_us, _exch_us(rows))
        if self._book.crossed > crossed:
            self.lose(Why.CROSSED, now_us)
            return
        self._doubt(self.check.book(self.best()), now_us)
        if self.known:
            self.applied.append(rows)

    def _doubt(self, wrong: Best | None, now_us: int) -> None:
        if wrong is not None and self.known:
            self.lose(Why.MISMATCH, now_us)

    def _lost(self, why: Why, now_us: int) -> None:
        self.losses[why] += 1
        if self.known:
            self.since_us = now_us
        self.why = why
        self.check.forget()

    def _found(self, now_us: int) -> None:
        self.recoveries_us.append(now_us - self.since_us)
        self.why = None
        self._next_us = now_us + APART_US
        self._backoff.succeeded()


def _exch_us(rows: EventArray) -> int:
    return int(rows["exch_ts"][-1]) if len(rows) else 0
