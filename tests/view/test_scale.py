from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.view.scale import full_scale


@pytest.mark.parametrize(
    ("least", "full"), [(0.4, 0.5), (0.5, 0.5), (1.0, 1.0), (1.01, 2.0), (7.0, 10.0), (0.0, 1.0), (math.nan, 1.0)]
)
def test_full_scale(least, full):
    assert full_scale(least) == pytest.approx(full)


@given(hs.floats(1e-9, 1e12))
def test_nothing_runs_off_the_scale_and_none_is_mostly_empty(least):
    assert least * (1 - 1e-9) <= full_scale(least) <= 2.5 * least * (1 + 1e-9)
