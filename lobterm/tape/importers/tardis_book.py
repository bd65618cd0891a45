"""Books of Tardis: level changes with snapshots among them, and whole pictures of the best levels."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from lobterm.events import EVENT, EventArray, Flag, Kind
from lobterm.instrument import Instrument
from lobterm.tape.importers.files import I8, Mask
from lobterm.tape.importers.rows import opening_gap

SLICE = 4_096
LAST = np.uint8(Flag.LAST)


class DiffBook:
    """Cuts level rows into messages: one receive time and one exchange time are one message, a snapshot is one."""

    def __init__(self, instrument: Instrument, skipped: Counter[str]) -> None:
        self._instrument, self._skipped = instrument, skipped
        self._held = np.zeros(0, EVENT)
        self._known = False
        self._snapshot_ts = -1
        self._file_began = True

    def open_file(self) -> None:
        """Let a snapshot at the file's beginning be no break: every file opens with the book as it was."""
        self._file_began = True

    def add(self, rows: EventArray) -> EventArray:
        """Take level rows, SNAPSHOT flagged or not; return the messages that are complete."""
        rows = np.concatenate([self._held, rows])
        starts = _message_starts(rows)
        if not len(starts):
            return rows
        self._held = rows[starts[-1] :]
        return self._messages(rows[: starts[-1]], starts[:-1])

    def flush(self) -> EventArray:
        """Return the last message."""
        rows, self._held = self._held, np.zeros(0, EVENT)
        return self._messages(rows, _message_starts(rows))

    def _messages(self, rows: EventArray, starts: I8) -> EventArray:
        if not len(rows):
            return rows
        rows = rows.copy()
        ends = np.append(starts[1:], len(rows)) - 1
        rows["flags"][ends] |= LAST
        snapshot = (rows["flags"] & Flag.SNAPSHOT) != 0
        parts: list[EventArray] = []
        at = 0
        for start in starts[snapshot[starts]].tolist():
            ts = int(rows["ts"][start])
            if ts == self._snapshot_ts:
                continue
            parts += [self._believed(rows[at:start]), self._opening(rows[start])]
            at, self._known, self._snapshot_ts = start, True, ts
        parts.append(self._believed(rows[at:]))
        self._file_began = False
        return np.concatenate(parts)

    def _believed(self, rows: EventArray) -> EventArray:
        """Return `rows`, or nothing while no snapshot was seen."""
        if len(rows):
            self._file_began = False
        if self._known or not len(rows):
            return rows
        self._skipped["book_before_snapshot"] += len(rows)
        return rows[:0]

    def _opening(self, first: np.void) -> EventArray:
        """Return what precedes a snapshot: the clearing, and the break if the book was known and nobody said why."""
        clear = np.zeros(1, EVENT)
        for name in ("ts", "exch_ts", "seq", "market"):
            clear[name] = first[name]
        clear["kind"], clear["flags"] = Kind.BOOK_CLEAR, Flag.SNAPSHOT
        return np.concatenate([opening_gap(first), clear]) if self._known and not self._file_began else clear


def _message_starts(rows: EventArray) -> I8:
    """Return where messages begin; a snapshot's parts belong together whatever their exchange times."""
    if not len(rows):
        return np.zeros(0, np.int64)
    snapshot = (rows["flags"] & Flag.SNAPSHOT) != 0
    changed = (np.diff(rows["ts"]) != 0) | (snapshot[1:] != snapshot[:-1])
    changed |= (np.diff(rows["exch_ts"]) != 0) & ~snapshot[1:]
    return np.concatenate([[0], np.flatnonzero(changed) + 1])


class SnapshotBook:
    """Turns pictures of the best levels into what each changes in the one before; the first is a snapshot."""

    def __init__(self, instrument: Instrument, skipped: Counter[str]) -> None:
        self._instrument, self._skipped = instrument, skipped
        self._before: I8 | None = None

    def add(self, ts: I8, exch_ts: I8, levels: I8) -> EventArray:
        """Take pictures: `levels` is [picture, level, ask or bid, ticks or lots]; lots 0 is no level."""
        parts = [np.zeros(0, EVENT)]
        at = 0
        if self._before is None and len(ts):
            parts.append(self._first(int(ts[0]), int(exch_ts[0]), levels[0]))
            self._before, at = levels[0], 1
        for start in range(at, len(ts), SLICE):
            piece = slice(start, start + SLICE)
            parts.append(self._changes(ts[piece], exch_ts[piece], levels[piece]))
            self._before = levels[piece][-1]
        return np.concatenate(parts)

    def _first(self, ts: int, exch_ts: int, levels: I8) -> EventArray:
        sides = [levels[:, s][levels[:, s, 1] > 0] for s in (1, 0)]
        rows = np.zeros(1 + sum(map(len, sides)), EVENT)
        rows["ts"], rows["exch_ts"], rows["market"] = ts, exch_ts, self._instrument.market
        rows["kind"], rows["flags"] = Kind.BOOK, Flag.SNAPSHOT
        rows["kind"][0] = Kind.BOOK_CLEAR
        rows["side"][1:] = np.repeat([1, -1], [len(side) for side in sides])
        rows["px"][1:], rows["qty"][1:] = np.concatenate(sides).T
        rows["flags"][-1] |= LAST
        return rows

    def _changes(self, ts: I8, exch_ts: I8, levels: I8) -> EventArray:
        assert self._before is not None
        pictures = np.concatenate([self._before[None], levels])
        where, px, qty, side = [], [], [], []
        for s, sign in ((1, 1), (0, -1)):
            now, before = pictures[1:, :, s], pictures[:-1, :, s]
            gone, set_ = _differences(before, now)
            for mask, source, size in ((gone, before, 0), (set_, now, 1)):
                picture, level = np.nonzero(mask)
                where.append(picture)
                px.append(source[picture, level, 0])
                qty.append(source[picture, level, 1] * size)
                side.append(np.full(len(picture), sign))
        picture = np.concatenate(where)
        order = np.argsort(picture, kind="stable")
        picture = picture[order]
        rows = np.zeros(len(order), EVENT)
        rows["ts"], rows["exch_ts"], rows["market"] = ts[picture], exch_ts[picture], self._instrument.market
        rows["kind"] = Kind.BOOK
        for name, column in (("px", px), ("qty", qty), ("side", side)):
            rows[name] = np.concatenate(column)[order]
        if len(rows):
            rows["flags"][np.append(np.flatnonzero(np.diff(picture)), len(rows) - 1)] = Flag.LAST
        same = len(ts) - len(np.unique(picture))
        if same:
            self._skipped["book_unchanged"] += same
        return rows


def _differences(before: I8, now: I8) -> tuple[Mask, Mask]:
    """Return which levels of `before` are gone, and which of `now` are new or of another size."""
    is_now, was = now[:, :, 1] > 0, before[:, :, 1] > 0
    same_px: npt.NDArray[np.bool_] = (
        (now[:, :, None, 0] == before[:, None, :, 0]) & is_now[:, :, None] & was[:, None, :]
    )
    same = same_px & (now[:, :, None, 1] == before[:, None, :, 1])
    return was & ~same_px.any(axis=1), is_now & ~same.any(axis=2)
