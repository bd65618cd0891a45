"""K-means on the z-scores of trades: several starts, each on the record, the best one kept.

Seeds: 000 §3.1, 001 Exp 1; methods §3.14: single starts land in different optima, so there are ten, and their inertia
is kept for whoever wants to know how sure the partition is.
Units: z in standard deviations; inertia is a sum of squared distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import FEATURES
from lobterm.errors import InputError

LEAST_ROWS = 1_000
"""Fewer trades than this say nothing about clusters (the public code's own guard)."""
MOST_CLUSTERS = 16

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """Centroids (k, 6) of the best start, largest cluster first, and how every start ended."""

    centroids: Floats
    counts: tuple[int, ...]
    inertia_by_start: tuple[float, ...]
    labels: npt.NDArray[np.int64]  # cluster of each row


def fit(z: Floats, *, k: int = 3, n_init: int = 10, seed: int = 7) -> Fit:
    """Partition the rows of `z` (n, 6) into `k` clusters; the same rows, seed and versions give the same bits."""
    # sklearn takes a second to import, and only training needs it
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    _check(z, k, n_init, seed)
    seeds = np.random.RandomState(seed).randint(0, 2**31 - 1, n_init)
    # one thread: sums of several would come in any order
    with threadpool_limits(limits=1):
        starts = [
            KMeans(k, init="k-means++", n_init=1, algorithm="lloyd", random_state=int(start)).fit(z) for start in seeds
        ]
    inertia = tuple(float(start.inertia_) for start in starts)
    best = starts[int(np.argmin(inertia))]
    counts = np.bincount(best.labels_, minlength=k)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(k, np.int64)
    rank[order] = np.arange(k)
    return Fit(
        np.ascontiguousarray(best.cluster_centers_[order], np.float64),
        tuple(int(count) for count in counts[order]),
        inertia,
        rank[best.labels_],
    )


def _check(z: Floats, k: int, n_init: int, seed: int) -> None:
    if z.ndim != 2 or z.shape[1] != len(FEATURES):
        raise InputError(f"z-scores of shape {z.shape}", mend=f"rows of {len(FEATURES)} features are needed")
    if not np.isfinite(z).all():
        raise InputError("a z-score is not finite", mend="leave out trades whose z is undefined")
    if not 2 <= k <= MOST_CLUSTERS or n_init < 1:
        raise InputError(f"k {k}, n_init {n_init}", mend=f"2 to {MOST_CLUSTERS} clusters and one start are needed")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed}", mend="a whole number from 0 to 2^32 - 1 is needed")
    if len(z) < LEAST_ROWS:
        raise InputError(
            f"{len(z)} trades with a defined z-score", mend=f"at least {LEAST_ROWS} are needed: train on a longer tape"
        )
