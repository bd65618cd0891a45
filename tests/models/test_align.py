"""Roles follow the rule, each end on its own separation."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine.rows import FEATURES, Label
from lobterm.models import align

TABLE = [[0.0, -0.12, 1.66], [1.35, -1.25, -0.6], [-0.75, 0.81, -0.89]]
"""Published centroids over (z_SBS, z_OBS, z_Tm): oracle km.align."""
CONSUMED, RESTING, T_M = (FEATURES.index(name) for name in ("depth_consumed", "depth_resting", "t_m_us"))


def six(rows):
    centroids = np.zeros((len(rows), 6))
    centroids[:, [CONSUMED, RESTING, T_M]] = rows
    return centroids


def scored(*scores):
    return six([[score, 0.0, 0.0] for score in scores])


def test_oracle_align():
    found = align.roles(six(TABLE))
    assert found.scores == pytest.approx((0.12, 2.6, -1.56), abs=1e-12)
    assert found.roles == (Label.PASSIVE, Label.OPPORTUNISTIC, Label.DIRECTIONAL)
    assert found.separation.opportunistic == pytest.approx(2.48)
    assert found.separation.directional == pytest.approx(1.68)


def test_swapping_the_depths_exchanges_opportunistic_and_directional():
    swapped = align.roles(six([[obs, sbs, t_m] for sbs, obs, t_m in TABLE]))
    assert swapped.roles == (Label.PASSIVE, Label.DIRECTIONAL, Label.OPPORTUNISTIC)


PAS, OPP, DIR, UN = Label.PASSIVE, Label.OPPORTUNISTIC, Label.DIRECTIONAL, Label.UNASSIGNED


@pytest.mark.parametrize(
    ("scores", "roles"),
    [
        ((0.0, 1.0, -1.0), (PAS, OPP, DIR)),
        ((0.9, 1.0, -1.0), (UN, UN, DIR)),
        ((-0.9, 1.0, -1.0), (UN, OPP, UN)),
        ((0.0, 0.1, -0.1), (UN, UN, UN)),
        ((0.25, 0.5, 0.0), (PAS, OPP, DIR)),
        ((0.0, 0.5), (DIR, OPP)),
        ((0.0, 0.1, 2.0, -2.0), (PAS, PAS, OPP, DIR)),
    ],
)
def test_a_role_is_given_only_where_its_score_stands_apart(scores, roles):
    assert align.roles(scored(*scores), 0.25).roles == roles


def test_the_order_of_clusters_does_not_matter():
    scores = np.array([0.3, 2.0, -1.0, 0.1])
    straight = align.roles(scored(*scores)).roles
    assert align.roles(scored(*scores[::-1])).roles == straight[::-1]
