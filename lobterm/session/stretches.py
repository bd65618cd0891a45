"""Which rows of a tape a session has played and logged: each of them once, however often it goes back."""

from __future__ import annotations

from bisect import bisect_right


class Stretches:
    """Disjoint, ascending stretches of rows [start, stop)."""

    def __init__(self) -> None:
        self._held: list[list[int]] = []

    def run(self, row: int, limit: int) -> tuple[int, bool]:
        """Return (where the rows from `row` change between new and known, `limit` at most; whether they are new)."""
        at = bisect_right(self._held, row, key=lambda held: held[0])
        if at and row < self._held[at - 1][1]:
            return min(limit, self._held[at - 1][1]), False
        return (min(limit, self._held[at][0]) if at < len(self._held) else limit), True

    def add(self, start: int, stop: int) -> None:
        """Take in new rows; they touch no known ones."""
        at = bisect_right(self._held, start, key=lambda held: held[0])
        self._held.insert(at, [start, stop])
        if at + 1 < len(self._held) and self._held[at + 1][0] == stop:
            self._held[at][1] = self._held.pop(at + 1)[1]
        if at and self._held[at - 1][1] == start:
            self._held[at - 1][1] = self._held.pop(at)[1]

    def ends_at(self, row: int) -> bool:
        """Say whether a stretch ends at `row`."""
        return any(stop == row for _, stop in self._held)

    @property
    def end(self) -> int:
        """Return where the last one ends, 0 if there is none."""
        return self._held[-1][1] if self._held else 0

    def to_json(self) -> list[list[int]]:
        """Return the stretches as [start, stop] pairs."""
        return [list(held) for held in self._held]
