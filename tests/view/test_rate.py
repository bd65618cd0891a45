from __future__ import annotations

import pytest

from lobterm.view.rate import RateMeter


def test_no_rate_before_there_is_a_span():
    meter = RateMeter()
    assert meter.add(5, 100) is None
    assert meter.add(5, 100) is None


def test_rate_follows_within_a_second():
    meter = RateMeter()
    for frame in range(40):
        meter.add(frame * 50_000, frame * 500)
    assert meter.add(2_000_000, 20_000) == pytest.approx(10_000)
    for frame in range(41, 62):
        rate = meter.add(frame * 50_000, 20_000)
    assert rate == 0.0
