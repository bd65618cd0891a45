"""What the column importers share: receive times that never run back, and rows that end messages."""

from __future__ import annotations

from collections import Counter

import numpy as np

from lobterm.events import EVENT, EventArray, Flag, GapCause, Kind, Scope
from lobterm.instrument import Instrument
from lobterm.tape.importers.files import I8


class LocalClock:
    """Receive times of one recording: a stamp that runs back is held at the last one, and counted."""

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped, self._now = skipped, 0

    def held(self, stamps: I8) -> I8:
        """Return `stamps` made non-decreasing, across calls too."""
        if not len(stamps):
            return stamps
        ts = np.maximum.accumulate(np.maximum(stamps, self._now))
        back = int(np.count_nonzero(ts != stamps))
        if back:
            self._skipped["clock_back"] += back
        self._now = int(ts[-1])
        return ts


def filled(kind: Kind, instrument: Instrument, ts: I8, exch_ts: I8, flags: int = Flag.LAST) -> EventArray:
    """Return one row per stamp, whole in itself unless `flags` says otherwise."""
    rows = np.zeros(len(ts), EVENT)
    rows["ts"], rows["exch_ts"] = ts, exch_ts
    rows["kind"], rows["market"], rows["flags"] = kind, instrument.market, flags
    return rows


def touches(instrument: Instrument, ts: I8, exch_ts: I8, seq: I8, bid: tuple[I8, I8], ask: tuple[I8, I8]) -> EventArray:
    """Return two TOUCH rows per stamp, bid first; `bid` and `ask` are (ticks, lots)."""
    rows = np.zeros(2 * len(ts), EVENT)
    for at, side, (px, qty), flags in ((0, 1, bid, 0), (1, -1, ask, Flag.LAST)):
        mine = filled(Kind.TOUCH, instrument, ts, exch_ts, flags)
        mine["seq"], mine["px"], mine["qty"], mine["side"] = seq, px, qty, side
        rows[at::2] = mine
    return rows


def opening_gap(snapshot: np.void) -> EventArray:
    """Return the GAP that precedes a snapshot for which nobody gave a reason: the book was unknown until it."""
    rows = np.zeros(1, EVENT)
    for name in ("ts", "exch_ts", "seq", "market"):
        rows[name] = snapshot[name]
    rows["kind"], rows["flags"] = Kind.GAP, Flag.SYNTHETIC | Flag.LAST
    rows["px"], rows["qty"] = GapCause.RESET, Scope.BOOK
    return rows
