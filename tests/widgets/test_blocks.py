from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from widgets.blocks import bar, eighths


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "    "), (1.0, "████"), (0.5, "██  "), (0.625, "██▌ "), (2.0, "████"), (-1.0, "    ")],
)
def test_bar(fraction, text):
    assert bar(fraction, 4) == text


def test_the_smallest_value_is_seen():
    assert bar(1e-9, 10).rstrip() == "▏"


@given(hs.floats(0, 1), hs.integers(0, 80))
def test_never_longer_than_its_cells(fraction, cells):
    full, part = eighths(fraction, cells)
    assert 0 <= full * 8 + part <= cells * 8
    assert len(bar(fraction, cells)) == cells


@given(hs.floats(0, 1), hs.floats(0, 1))
def test_more_is_never_shorter(a, b):
    low, high = sorted((a, b))
    assert eighths(low, 20) <= eighths(high, 20)
