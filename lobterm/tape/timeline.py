"""What a whole tape looks like from afar: pressure, states, triggers and gaps over time, as far as it has been played through.

One thread adds, another looks; what it looks at does not change afterwards.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine.drive import Rows
from lobterm.engine.rows import TRIGGER, AlphaValid
from lobterm.events import EventArray, Kind, Scope

BUCKETS = 4_096
"""Parts of equal time into which a tape is cut: more than any screen has columns."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without alpha ticks, µs: nothing was known, from the last tick before (or the GAP row) to the first after."""

    start_ts: int
    end_ts: int | None  # None: no tick has come since


@dataclass(frozen=True, slots=True)
class Overview:
    """A tape in `columns` parts of equal time. What is not known yet, or never was, is masked by `known`, and 0."""

    first_ts: int
    last_ts: int
    indexed_ts: int  # how far it has been played through
    lpi_sell: Floats  # (columns,) greatest in each part
    lpi_buy: Floats
    known_sell: Flags  # the index of that side was known at some tick of the part
    known_buy: Flags
    state_sell: npt.NDArray[np.uint8]  # (columns,) rows.Regime, the highest
    state_buy: npt.NDArray[np.uint8]
    ticked: Flags  # (columns,) an alpha tick fell into it
    triggers: npt.NDArray[np.void]  # TRIGGER rows
    gaps: tuple[Stretch, ...]

    def column(self, ts: int) -> int:
        """Return the column of a time, clamped to the first and the last."""
        bucket = (ts - self.first_ts) * BUCKETS // (self.last_ts - self.first_ts + 1)
        columns = len(self.ticked)
        # the last column whose first bucket, column * BUCKETS // columns, is not beyond it
        return ((min(max(bucket, 0), BUCKETS - 1) + 1) * columns - 1) // BUCKETS


def _buckets(ts: npt.NDArray[np.int64], first_ts: int, last_ts: int) -> npt.NDArray[np.int64]:
    return np.clip((ts - first_ts) * BUCKETS // (last_ts - first_ts + 1), 0, BUCKETS - 1)


def _edges(columns: int) -> npt.NDArray[np.int64]:
    """Return the first bucket of each column."""
    return np.arange(columns) * BUCKETS // columns


class Mark(NamedTuple):
    """How far a timeline was: what came later can be taken back."""

    bucket: int  # the last one that anything was added to
    held: tuple[Floats, npt.NDArray[np.uint8], bool]  # what it held
    triggers: int
    gaps: int
    opened: int | None
    last_tick: int
    tick_us: int
    indexed_ts: int


class Timeline:
    """Collects an overview while a tape is folded from its beginning."""

    def __init__(self, first_ts: int, last_ts: int, market: int) -> None:
        self.first_ts, self.last_ts, self._market = first_ts, last_ts, market
        self._lock = threading.Lock()
        self._lpi = np.full((2, BUCKETS), -np.inf)
        self._states = np.zeros((2, BUCKETS), np.uint8)
        self._ticked = np.zeros(BUCKETS, np.bool_)
        self._triggers: list[npt.NDArray[np.void]] = []
        self._gaps: list[Stretch] = []
        self._opened: int | None = None  # since when a GAP row has left nothing known
        self._last_tick = self._tick_us = self._indexed_ts = 0
        self._bucket = 0

    def add(self, events: EventArray, rows: Rows, tick_us: int) -> None:
        """Take in rows of the tape and what the engine said to them; `tick_us` is the period of alpha ticks after them."""
        with self._lock:
            alpha = rows["alpha"]
            self._add_ticks(alpha)
            told = (events["kind"] == Kind.GAP) & (events["market"] == self._market)
            told &= (events["qty"] == Scope.BOOK) | (events["qty"] == Scope.ALL)
            self._add_gaps(events["ts"][told].tolist(), alpha["ts"].tolist(), max(tick_us, self._tick_us))
            self._tick_us = tick_us
            if len(rows["triggers"]):
                self._triggers.append(rows["triggers"])
            if len(events):
                self._indexed_ts = int(events["ts"][-1])

    def _add_ticks(self, alpha: npt.NDArray[np.void]) -> None:
        at = _buckets(alpha["ts"], self.first_ts, self.last_ts)
        self._ticked[at] = True
        self._bucket = int(at[-1]) if len(at) else self._bucket
        for side, (name, bit) in enumerate((("sell", AlphaValid.LPI_SELL), ("buy", AlphaValid.LPI_BUY))):
            known = (alpha["valid"] & bit) != 0
            np.maximum.at(self._lpi[side], at[known], alpha[f"lpi_{name}"][known])
            np.maximum.at(self._states[side], at, alpha[f"state_{name}"])

    def mark(self) -> Mark:
        """Return how far this is."""
        with self._lock:
            at = self._bucket
            held = self._lpi[:, at].copy(), self._states[:, at].copy(), bool(self._ticked[at])
            return Mark(
                at, held, len(self._triggers), len(self._gaps), self._opened, self._last_tick, self._tick_us,
                self._indexed_ts,
            )  # fmt: skip

    def go_back(self, mark: Mark) -> None:
        """Forget what was added since `mark`."""
        with self._lock:
            at = self._bucket = mark.bucket
            self._lpi[:, at + 1 :], self._states[:, at + 1 :], self._ticked[at + 1 :] = -np.inf, 0, False
            self._lpi[:, at], self._states[:, at], self._ticked[at] = mark.held
            del self._triggers[mark.triggers :], self._gaps[mark.gaps :]
            self._opened, self._last_tick = mark.opened, mark.last_tick
            self._tick_us, self._indexed_ts = mark.tick_us, mark.indexed_ts

    def _add_gaps(self, told: list[int], ticks: list[int], tick_us: int) -> None:
        """Add the times in which a tick was due and none came, and those that a GAP row opened."""
        for ts, ticked in sorted([(ts, False) for ts in told] + [(ts, True) for ts in ticks]):
            if not ticked:
                self._opened = self._opened or ts
                continue
            if self._opened:
                self._gaps.append(Stretch(self._opened, ts))
            elif self._last_tick and ts - self._last_tick > tick_us:
                self._gaps.append(Stretch(self._last_tick, ts))
            self._opened, self._last_tick = None, ts

    def overview(self, columns: int) -> Overview:
        """Return the picture in `columns` parts, BUCKETS at most."""
        edges = _edges(columns)
        with self._lock:
            gaps, opened = tuple(self._gaps), self._opened
            if not opened and self._last_tick and self._indexed_ts - self._last_tick > self._tick_us:
                opened = self._last_tick
            lpi = np.maximum.reduceat(self._lpi, edges, axis=1)
            known = np.isfinite(lpi)
            lpi[~known] = 0.0
            states = np.maximum.reduceat(self._states, edges, axis=1)
            return Overview(
                self.first_ts, self.last_ts, self._indexed_ts, lpi[0], lpi[1], known[0], known[1], states[0], states[1],
                np.maximum.reduceat(self._ticked, edges), self._all_triggers(),
                (*gaps, Stretch(opened, None)) if opened else gaps,
            )  # fmt: skip

    def triggers(self) -> npt.NDArray[np.void]:
        """Return the TRIGGER rows so far."""
        with self._lock:
            return self._all_triggers()

    def _all_triggers(self) -> npt.NDArray[np.void]:
        return np.concatenate(self._triggers) if self._triggers else np.zeros(0, TRIGGER)
