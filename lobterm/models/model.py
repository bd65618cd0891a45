"""The cluster model as a file: everything that was known when it was trained, under one hash.

A model is read whole or not at all: a changed digit, another version or a missing field is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import FEATURES, Label
from lobterm.errors import InputError
from lobterm.models.align import Separation

VERSION = 1
RETRAIN = "train it again: lobterm model train TAPE"

Role = Literal["passive", "opportunistic", "directional", "unassigned"]

FEATURE_DEFINITIONS = {
    "v_rel": "trade size / (best bid size + best ask size)",
    "depth_consumed": "ln(1 + base units on the five best levels of the side that the aggressor hits)",
    "depth_resting": "ln(1 + base units on the five best levels of the other side)",
    "spread_ticks": "best ask - best bid, ticks",
    "t_m_us": "exchange time since the mid last moved, us",
    "t_age_us": "exchange time since the best price of the side hit last moved, us",
}
Z_DEFINITION = "rolling over 100 trades, this one included, sample standard deviation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterModel:
    """Centroids in z space with their roles, and where they come from. Lists run over clusters, in one order."""

    version: int
    centroids: tuple[tuple[float, ...], ...]
    roles: tuple[Role, ...]
    scores: tuple[float, ...]
    separation: Separation
    min_separation: float
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    inertia_by_start: tuple[float, ...]
    features: dict[str, str]  # name and definition, in the order of the centroids' columns
    z: str
    convention: str
    training: dict[str, Any]  # symbol, sources, span, counts, and the tapes by name and SHA-256
    seed: int
    n_init: int
    versions: dict[str, str]
    sha256: str = ""  # of the canonical JSON of all the rest

    def engine_arrays(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
        """Return centroids (k, 6) and roles (k,) as the engine takes them."""
        roles = np.array([Label[role.upper()] for role in self.roles], np.uint8)
        return np.array(self.centroids, np.float64), roles

    def sealed(self) -> ClusterModel:
        """Return this model under its hash."""
        return replace(self, sha256=digest(self.to_json()))

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, numbers and words."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise InputError("cannot be written", file=path, mend=str(error.strerror or error)) from error
        finally:
            temporary.unlink(missing_ok=True)


def digest(plain: dict[str, Any]) -> str:
    """Return the SHA-256 of a model's canonical JSON, its own hash left out."""
    rest = {key: value for key, value in plain.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load(path: Path) -> ClusterModel:
    """Read a model; raise InputError where anything is off."""
    try:
        plain = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise InputError(reason, file=path, mend=RETRAIN) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError("is not a cluster model", file=path, mend=RETRAIN) from error
    if not isinstance(plain, dict) or "version" not in plain:
        raise InputError("is not a cluster model", file=path, mend=RETRAIN)
    if plain["version"] != VERSION:
        what = f"model version {plain['version']}, this lobterm reads version {VERSION}"
        raise InputError(what, file=path, mend=RETRAIN)
    try:
        model = msgspec.convert(plain, ClusterModel)
    except msgspec.ValidationError as error:
        raise InputError(str(error), file=path, mend=RETRAIN) from error
    if digest(plain) != model.sha256:
        raise InputError("contents do not match their hash", file=path, place="sha256", mend=RETRAIN)
    _check(model, path)
    return model


def _check(model: ClusterModel, path: Path) -> None:
    """Refuse a model that the engine cannot use as it stands."""
    k = len(model.centroids)
    wide = all(len(row) == len(FEATURES) for row in model.centroids)
    each = all(len(part) == k for part in (model.roles, model.scores, model.counts, model.shares))
    if tuple(model.features) != FEATURES:
        raise InputError(f"features {', '.join(model.features)}", file=path, place="features", mend=RETRAIN)
    if k < 2 or not wide or not each:
        raise InputError("clusters do not add up", file=path, place="centroids", mend=RETRAIN)
    if not all(math.isfinite(value) for row in model.centroids for value in row):
        raise InputError("a centroid is not finite", file=path, place="centroids", mend=RETRAIN)
