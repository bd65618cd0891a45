"""Markouts gathered by group and by bin of time: what means, intervals and tails are made of.

What: rows may come in any number of chunks; kept are the sums and counts a bin (for means and their intervals) and the values
themselves as 32-bit floats (for tails), so that ten million rows need a few hundred megabytes.
Units: µs; bps of the reference price.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import HORIZONS_US
from lobterm.session.bootstrap import Bins, Estimate, difference, estimates

TAIL = 5.0
"""Percentile that stands for the bad end (003 §5.3)."""

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Curve:
    """One group's markouts: an estimate and the tail and the median of the values for each horizon."""

    group: str
    n: int
    means: tuple[Estimate, ...]
    tails: tuple[float | None, ...]
    medians: tuple[float | None, ...]


class Samples:
    """Markouts of one kind of thing, by one way to group them."""

    def __init__(self, groups: Sequence[str], bins: Bins) -> None:
        self.groups, self._bins = tuple(groups), bins
        shape = (len(HORIZONS_US), bins.n, len(groups))
        self._sums, self._counts = np.zeros(shape), np.zeros(shape)
        self._rows = np.zeros(len(groups), np.int64)
        self._values: list[list[npt.NDArray[np.float32]]] = [[] for _ in HORIZONS_US]
        self._codes: list[list[Codes]] = [[] for _ in HORIZONS_US]

    def add(self, ts: npt.NDArray[np.int64], codes: Codes, bps: Floats) -> None:
        """Take in rows: times, the index of each one's group, and (rows, horizons) markouts, NaN where not known."""
        self._rows += np.bincount(codes, minlength=len(self.groups))
        places = np.clip((ts - self._bins.first_us) // self._bins.width_us, 0, self._bins.n - 1)
        cells = places * len(self.groups) + codes
        shape = self._sums.shape[1:]
        for h in range(len(HORIZONS_US)):
            known = ~np.isnan(bps[:, h])
            values, at = bps[known, h], cells[known]
            self._sums[h] += np.bincount(at, weights=values, minlength=math.prod(shape)).reshape(shape)
            self._counts[h] += np.bincount(at, minlength=math.prod(shape)).reshape(shape)
            self._values[h].append(values.astype(np.float32))
            self._codes[h].append(codes[known])

    def curves(self) -> list[Curve]:
        """Return one curve a group that has any rows."""
        means = [self._estimates(h)[0] for h in range(len(HORIZONS_US))]
        tails = [self._quantiles(h) for h in range(len(HORIZONS_US))]
        return [
            Curve(
                name,
                int(self._rows[g]),
                tuple(at[g] for at in means),
                tuple(at[g][0] for at in tails),
                tuple(at[g][1] for at in tails),
            )
            for g, name in enumerate(self.groups)
            if self._rows[g]
        ]

    def apart(self, first: str, second: str) -> list[Estimate]:
        """Return how far one group's mean lies above another's, for each horizon, drawn from the same blocks."""
        a, b = self.groups.index(first), self.groups.index(second)
        found = []
        for h in range(len(HORIZONS_US)):
            means, drawn = self._estimates(h)
            found.append(difference(means[a], means[b], drawn, a, b))
        return found

    def _estimates(self, h: int) -> tuple[list[Estimate], Floats]:
        least = math.ceil(HORIZONS_US[h] / self._bins.width_us)
        return estimates(self._sums[h], self._counts[h], least)

    def _quantiles(self, h: int) -> list[tuple[float | None, float | None]]:
        values = np.concatenate(self._values[h]) if self._values[h] else np.zeros(0, np.float32)
        codes = np.concatenate(self._codes[h]) if self._codes[h] else np.zeros(0, np.uint8)
        found: list[tuple[float | None, float | None]] = []
        for g in range(len(self.groups)):
            mine = values[codes == g]
            if not len(mine):
                found.append((None, None))
                continue
            tail, median = np.percentile(mine, (TAIL, 50.0))
            # below twenty values the 5th percentile is no more than the smallest of them
            found.append((float(tail) if len(mine) >= 100 / TAIL else None, float(median)))
        return found


def terciles(values: Floats, unit: str) -> tuple[list[str], Codes]:
    """Return names and codes of three equal parts of the known values; NaN is a group of its own, the last."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ["not known"], np.zeros(len(values), np.uint8)
    low, high = np.percentile(known, (100 / 3, 200 / 3))
    codes = np.where(np.isnan(values), 3, (values > low).astype(int) + (values > high)).astype(np.uint8)
    return [f"low: to {low:.3g}{unit}", f"middle: to {high:.3g}{unit}", "high: above", "not known"], codes
