"""Which cluster is which: the rule of 001 Exp 4, with a minimum separation.

What: score = z(depth_consumed) - z(depth_resting). The highest is opportunistic (phi 2), the lowest directional
(phi 1), what stands between is passive (phi 3). Two clusters whose scores nearly meet could as well be named the other
way round, so neither gets a name that hangs on their order.
Seeds: 001 Exp 4; methods §1.2, §1.8 #4, #5. Calling the consumed side `resting` swaps opportunistic and directional:
convention and mapping are one and the same bit.
Units: standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import FEATURES, Label

CONVENTION = (
    "score = z(depth_consumed) - z(depth_resting); consumed is the side that the aggressor hits; "
    "highest score opportunistic (phi 2), lowest directional (phi 1), between passive (phi 3)"
)
MIN_SEPARATION = 0.25
"""Ours: no seed gives one."""

_CONSUMED, _RESTING = FEATURES.index("depth_consumed"), FEATURES.index("depth_resting")


@dataclass(frozen=True, slots=True)
class Separation:
    """How far each end's score stands from the next one."""

    opportunistic: float
    directional: float


@dataclass(frozen=True, slots=True)
class Roles:
    """The role of each centroid, in their order, and the numbers behind it."""

    roles: tuple[Label, ...]
    scores: tuple[float, ...]
    separation: Separation


def roles(centroids: npt.NDArray[np.float64], min_separation: float = MIN_SEPARATION) -> Roles:
    """Name the centroids (k, 6); `unassigned` where a name's score does not stand `min_separation` from the next."""
    scores = centroids[:, _CONSUMED] - centroids[:, _RESTING]
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    low, high = float(ranked[1] - ranked[0]), float(ranked[-1] - ranked[-2])
    low_stands, high_stands = low >= min_separation, high >= min_separation
    named = [Label.PASSIVE] * len(scores)
    for at in order[1:-1]:
        # only its neighbours' names can be mistaken for a middle cluster's
        mistaken = scores[at] - ranked[0] < min_separation or ranked[-1] - scores[at] < min_separation
        named[at] = Label.UNASSIGNED if mistaken else Label.PASSIVE
    named[order[0]] = Label.DIRECTIONAL if low_stands else Label.UNASSIGNED
    named[order[-1]] = Label.OPPORTUNISTIC if high_stands else Label.UNASSIGNED
    return Roles(tuple(named), tuple(float(score) for score in scores), Separation(high, low))
