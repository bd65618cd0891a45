"""When a local book may be believed: the exchange's own procedure for each market, without sockets.

Futures: the first event after a snapshot must straddle its id, then every `pu` must equal the last `u`.
Spot: the first event must straddle the id's successor, then every `U` must follow the last `u`.
A break makes the book unknown; events are kept until a snapshot arrives that they can be joined to.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar


class Verdict(Enum):
    """What to do with one depth event."""

    APPLY = "apply"
    DROP = "drop"  # the book already contains it
    KEEP = "keep"  # no snapshot yet: it may be needed once one comes
    GAP = "gap"  # something is missing: the book is unknown from here; the event itself is kept


class Joined(Enum):
    """What became of a snapshot."""

    ACCEPTED = "accepted"
    STALE = "stale_snapshot"  # the book is synchronised and newer
    NO_SEAM = "snapshot_no_seam"  # older than all that was kept: nothing joins them


@dataclass(frozen=True, slots=True)
class Ids:
    """The update ids of one depth event. `pu` is None where the market has none (spot)."""

    first: int
    last: int
    previous: int | None = None


T = TypeVar("T")


class BookSync(Generic[T]):
    """Follows one book's update ids. `T` is whatever the caller wants back once kept events may be applied."""

    def __init__(self, *, spot: bool, keep: int = 20_000) -> None:
        self.spot = spot
        self.synced = False
        self._last = -1  # u of the newest event in the book, or the snapshot's id
        self._joined = True  # an event was applied since the snapshot
        self._kept: deque[tuple[Ids, T]] = deque(maxlen=keep)

    def on_event(self, ids: Ids, event: T) -> Verdict:
        """Return what to do with the next event of the stream."""
        if not self.synced:
            self._kept.append((ids, event))
            return Verdict.KEEP
        verdict = self._check(ids)
        if verdict is Verdict.APPLY:
            self._last, self._joined = ids.last, True
        elif verdict is Verdict.GAP:
            self.lose()
            self._kept.append((ids, event))
        return verdict

    def _check(self, ids: Ids) -> Verdict:
        if self.spot:
            if ids.last <= self._last:
                return Verdict.DROP
            return Verdict.APPLY if ids.first <= self._last + 1 else Verdict.GAP
        if not self._joined:
            if ids.last < self._last:
                return Verdict.DROP
            # pu <= id < U joins as well: nothing happened to this symbol between pu and U
            straddles = ids.first <= self._last or (ids.previous is not None and ids.previous <= self._last)
            return Verdict.APPLY if straddles else Verdict.GAP
        if ids.last <= self._last:
            return Verdict.DROP
        return Verdict.APPLY if ids.previous == self._last else Verdict.GAP

    def replace_last(self, event: T) -> None:
        """Set what is handed back for the newest kept event."""
        ids, _ = self._kept.pop()
        self._kept.append((ids, event))

    def lose(self) -> None:
        """Forget the book: a gap, or the connection went."""
        self.synced = False
        self._kept.clear()

    def on_snapshot(self, last_update_id: int) -> tuple[Joined, list[T]]:
        """Return what became of a snapshot and, if it was accepted, the kept events to apply on it, in order."""
        if self.synced and last_update_id <= self._last:
            return Joined.STALE, []
        trial = BookSync[T](spot=self.spot, keep=1)
        trial.synced, trial._last, trial._joined = True, last_update_id, False
        applied: list[T] = []
        for ids, event in self._kept:
            verdict = trial.on_event(ids, event)
            if verdict is Verdict.GAP:
                return Joined.NO_SEAM, []
            if verdict is Verdict.APPLY:
                applied.append(event)
        self.synced, self._last, self._joined = True, trial._last, trial._joined
        self._kept.clear()
        return Joined.ACCEPTED, applied
