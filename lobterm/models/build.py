"""From tapes to a model: collect, fit, align, seal."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from lobterm import __version__
from lobterm.models import align, collect, train
from lobterm.models.model import FEATURE_DEFINITIONS, VERSION, Z_DEFINITION, ClusterModel

if TYPE_CHECKING:
    from lobterm.tape.parquet import Tape


def build(
    tapes: Sequence[Tape],
    *,
    k: int = 3,
    n_init: int = 10,
    seed: int = 7,
    min_separation: float = align.MIN_SEPARATION,
) -> ClusterModel:
    """Train a model on the trades of `tapes`."""
    z, training = collect.all_rows(tapes)
    fit = train.fit(z, k=k, n_init=n_init, seed=seed)
    aligned = align.roles(fit.centroids, min_separation)
    return ClusterModel(
        version=VERSION,
        centroids=tuple(tuple(float(value) for value in row) for row in fit.centroids),
        roles=tuple(role.name.lower() for role in aligned.roles),  # type: ignore[misc]
        scores=aligned.scores,
        separation=aligned.separation,
        min_separation=float(min_separation),
        counts=fit.counts,
        shares=tuple(count / len(z) for count in fit.counts),
        inertia_by_start=fit.inertia_by_start,
        features=FEATURE_DEFINITIONS,
        z=Z_DEFINITION,
        convention=align.CONVENTION,
        training=training,
        seed=seed,
        n_init=n_init,
        versions={
            "lobterm": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "numba", "scikit-learn")},
        },
    ).sealed()


def folder(setting: str = "") -> Path:
    """Return where models are kept: the config's `paths.models`, or the user's data folder."""
    return Path(setting).expanduser() if setting else platformdirs.user_data_path("lobterm", appauthor=False) / "models"
