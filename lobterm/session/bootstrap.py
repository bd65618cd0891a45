"""How sure a mean of markouts is: circular block bootstrap over time, because fills of one cascade are one observation.

What: a session is cut into equal bins of time; blocks of neighbouring bins are drawn, all groups and their differences from
the same draws; a group's mean is its sum over its count in the draw. A block is as long as Politis and White's rule says, and
never shorter than the horizon, within which markouts overlap. Too few blocks give no interval: nothing is invented.
Source: methods §3.12; `arch` does the drawing and the block length.
Units: µs; values as they come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

REPEATS = 2_000
SEED = 20_241_107
BINS = 1_000
FINEST_US = 1_000_000
LEAST_N, LEAST_BLOCKS = 20, 8
"""Fewer observations, or fewer blocks that hold any, give no interval."""
COVERED = (2.5, 97.5)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with what it stands on. `low` and `high` are None where there are too few blocks: `why_not` says so."""

    mean: float | None
    low: float | None
    high: float | None
    n: int
    blocks: int
    why_not: str = ""

    @property
    def is_sure_of_its_sign(self) -> bool:
        """Say whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal stretches of a session's time."""

    first_us: int
    width_us: int
    n: int

    @classmethod
    def over(cls, first_us: int, last_us: int) -> Bins:
        """Cut a session into BINS bins, or fewer where they would be finer than a second."""
        width = max(FINEST_US, math.ceil((last_us - first_us + 1) / BINS))
        return cls(first_us, width, max(1, math.ceil((last_us - first_us + 1) / width)))


def block_length(sums: Floats, counts: Floats, least: int) -> int:
    """Return bins a block for one group's (bins,) sums and counts: by Politis and White, `least` at least.

    The rule is given what each bin adds to the error of the mean, not the values themselves, for bins differ in their counts.
    """
    from arch.bootstrap import optimal_block_length

    total = counts.sum()
    if len(sums) < 2 * LEAST_BLOCKS or not total:
        return _shared(least)
    told = sums - counts * (sums.sum() / total)
    if not told.std():
        return _shared(least)
    found = float(optimal_block_length(told)["circular"].iloc[0])
    return _shared(max(least, math.ceil(found)) if math.isfinite(found) else least)


def _shared(length: int) -> int:
    """Round a length up to a power of two or one and a half of it: what is drawn for one group then serves many."""
    power = 1 << (length - 1).bit_length()
    return power * 3 // 4 if length <= power * 3 // 4 else power


@lru_cache(maxsize=16)
def weights(bins: int, block: int, repeats: int) -> npt.NDArray[np.uint16]:
    """Return how often each bin is drawn in each resample, (repeats, bins)."""
    from arch.bootstrap import CircularBlockBootstrap

    drawing = CircularBlockBootstrap(block, np.arange(bins), seed=np.random.default_rng(SEED))
    return np.stack([np.bincount(drawing.update_indices(), minlength=bins) for _ in range(repeats)]).astype(np.uint16)


def draws(sums: Floats, counts: Floats, block: int, repeats: int = REPEATS) -> Floats:
    """Return the mean of each group in each draw, (repeats, groups), NaN where a draw holds none of a group."""
    drawn = weights(len(sums), block, repeats).astype(np.float64)
    counted = drawn @ counts
    means: Floats = np.divide(drawn @ sums, counted, out=np.full(counted.shape, np.nan), where=counted > 0)
    return means


def estimates(sums: Floats, counts: Floats, least_block: int) -> tuple[list[Estimate], Floats]:
    """Return an estimate a group for (bins, groups) sums and counts, and the draws that differences can be made of."""
    everything = counts.sum()
    block = min(block_length(sums.sum(axis=1), counts.sum(axis=1), least_block), len(sums)) if everything else 1
    drawn = draws(sums, counts, block) if everything else np.full((1, sums.shape[1]), np.nan)
    return [_estimate(sums[:, k], counts[:, k], drawn[:, k], block) for k in range(sums.shape[1])], drawn


def _estimate(sums: Floats, counts: Floats, drawn: Floats, block: int) -> Estimate:
    n = int(counts.sum())
    blocks = occupied(counts, block)
    if not n:
        return Estimate(None, None, None, 0, 0, "none")
    mean = float(sums.sum() / n)
    why_not = doubt(n, blocks)
    if why_not or np.isnan(drawn).any():
        return Estimate(mean, None, None, n, blocks, why_not or "too few blocks")
    low, high = np.percentile(drawn, COVERED)
    return Estimate(mean, float(low), float(high), n, blocks)


def difference(first: Estimate, second: Estimate, drawn: Floats, a: int, b: int) -> Estimate:
    """Return how much group `a` lies above group `b`, from the same draws."""
    n, blocks = min(first.n, second.n), min(first.blocks, second.blocks)
    if first.mean is None or second.mean is None:
        return Estimate(None, None, None, n, blocks, "none of one")
    mean = first.mean - second.mean
    if first.low is None or second.low is None:
        return Estimate(mean, None, None, n, blocks, first.why_not or second.why_not)
    low, high = np.percentile(drawn[:, a] - drawn[:, b], COVERED)
    return Estimate(mean, float(low), float(high), n, blocks)


def occupied(counts: Floats, block: int) -> int:
    """Return how many blocks, laid side by side, hold an observation."""
    return len(np.unique(np.flatnonzero(counts) // block))


def doubt(n: int, blocks: int) -> str:
    """Say why a sample gives no interval, or nothing."""
    if n < LEAST_N:
        return f"n < {LEAST_N}"
    return f"{blocks} blocks, {LEAST_BLOCKS} needed" if blocks < LEAST_BLOCKS else ""
