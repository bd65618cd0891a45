"""When a local book may be believed: the exchange's own procedure for each market, without sockets.

Futures: the first event applied to a snapshot must reach over its id, from then on every `pu` must equal the last `u`.
Spot: the first event must reach over the id's successor, from then on every `U` must follow the last `u`.
A break makes the book unknown; events are kept until a snapshot arrives that they can be joined to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, TypeVar


class State(Enum):
    """What is known of the book."""

    UNSYNCED = "unsynced"  # no snapshot yet
    JOINING = "joining"  # the snapshot stands, no event has followed it yet
    SYNCED = "synced"
    BROKEN = "broken"  # something is missing: unknown until a snapshot


class Verdict(Enum):
    """What to do with a depth event."""

    APPLY = "apply"
    DROP = "drop"  # the book contains it already
    BUFFER = "buffer"  # kept until a snapshot comes
    GAP = "gap"  # something before it is missing: the book is unknown from here; kept as well


class Outcome(Enum):
    """What became of a snapshot."""

    ACCEPTED = "accepted"
    STALE = "stale_snapshot"  # the book is newer
    NO_SEAM = "snapshot_no_seam"  # older than all that was kept: something between them is missing
    CROSSED = "snapshot_crossed"  # no book at all


class Ids(NamedTuple):
    """The ids of an event: `U`, `u` and, on futures, `pu` (else -1)."""

    first: int
    last: int
    previous: int


@dataclass(frozen=True, slots=True)
class PerpRule:
    """Futures: ids leap, `pu` names the event before."""

    def is_old(self, ids: Ids, snapshot_id: int) -> bool:
        """Say whether a snapshot contains this event wholly."""
        return ids.last < snapshot_id

    def joins(self, ids: Ids, snapshot_id: int) -> bool:
        """Say whether this event may be the first after a snapshot.

        An event that begins later still joins if `pu` lies at or before the snapshot: nothing happened between the two.
        """
        return ids.first <= snapshot_id <= ids.last or 0 <= ids.previous <= snapshot_id < ids.first

    def follows(self, ids: Ids, last: int) -> bool:
        """Say whether nothing is missing between the book and this event."""
        return ids.previous == last


@dataclass(frozen=True, slots=True)
class SpotRule:
    """Spot: ids are contiguous."""

    def is_old(self, ids: Ids, snapshot_id: int) -> bool:
        """Say whether a snapshot contains this event wholly."""
        return ids.last <= snapshot_id

    def joins(self, ids: Ids, snapshot_id: int) -> bool:
        """Say whether this event may be the first after a snapshot."""
        return ids.first <= snapshot_id + 1 <= ids.last

    def follows(self, ids: Ids, last: int) -> bool:
        """Say whether nothing is missing between the book and this event; sizes are absolute, so it may overlap."""
        return ids.first <= last + 1


T = TypeVar("T")


@dataclass(slots=True)
class Join(Generic[T]):
    """What a snapshot led to: kept events to apply on it in order, then perhaps a break before the event `gap`."""

    outcome: Outcome
    apply: list[T]
    gap: T | None = None


class BookSync(Generic[T]):
    """Follows the ids of one book. `T` is what the caller wants back for an event that had to wait."""

    def __init__(self, rule: PerpRule | SpotRule, *, keep: int = 10_000) -> None:
        self.rule = rule
        self.state = State.UNSYNCED
        self.overflowed = 0
        self._last = -1  # u of the newest event in the book, or the snapshot's id
        self._kept: deque[tuple[Ids, T]] = deque(maxlen=keep)

    @property
    def waiting(self) -> int:
        """Events that are kept for a snapshot."""
        return len(self._kept)

    def on_event(self, ids: Ids, event: Callable[[], T]) -> Verdict:
        """Return what to do with the stream's next event; `event` is called only if it must wait."""
        if self.state is State.UNSYNCED or self.state is State.BROKEN:
            self._keep(ids, event())
            return Verdict.BUFFER
        verdict = self._judge(ids)
        if verdict is Verdict.GAP:
            self._keep(ids, event())
        return verdict

    def on_snapshot(self, snapshot_id: int) -> Join[T]:
        """Return what a snapshot leads to; unless it is accepted, nothing changes."""
        believed = self.state is State.JOINING or self.state is State.SYNCED
        if believed and snapshot_id <= self._last:
            return Join(Outcome.STALE, [])
        waiting = list(self._kept)
        fresh = [index for index, (ids, _) in enumerate(waiting) if not self.rule.is_old(ids, snapshot_id)]
        if fresh and not self.rule.joins(waiting[fresh[0]][0], snapshot_id):
            return Join(Outcome.NO_SEAM, [])
        self._kept.clear()
        self.state, self._last = State.JOINING, snapshot_id
        join: Join[T] = Join(Outcome.ACCEPTED, [])
        for ids, event in waiting:
            if join.gap is not None:
                self._keep(ids, event)
                continue
            verdict = self._judge(ids)
            if verdict is Verdict.APPLY:
                join.apply.append(event)
            elif verdict is Verdict.GAP:
                join.gap = event
                self._keep(ids, event)
        return join

    def lose(self) -> None:
        """Forget the book and what waits: the connection went, what comes next is another chain."""
        self.state = State.BROKEN
        self._kept.clear()

    def _judge(self, ids: Ids) -> Verdict:
        joining = self.state is State.JOINING
        if self.rule.is_old(ids, self._last) if joining else ids.last <= self._last:
            return Verdict.DROP
        if self.rule.joins(ids, self._last) if joining else self.rule.follows(ids, self._last):
            self.state, self._last = State.SYNCED, ids.last
            return Verdict.APPLY
        self.state = State.BROKEN
        return Verdict.GAP

    def _keep(self, ids: Ids, event: T) -> None:
        self.overflowed += len(self._kept) == self._kept.maxlen
        self._kept.append((ids, event))
