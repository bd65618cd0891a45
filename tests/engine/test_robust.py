"""Median and MAD of a sliding window: the oracles of group robust-z, and numpy on every kind of stream."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.engine import ordered, robust

NO_CLAMP = 1e300


def window_of(values, capacity=None):
    w = ordered.new_window(capacity or len(values))
    for value in values:
        ordered.push(w, float(value))
    return w


def exact(values):
    """Return (median, MAD, mean absolute deviation) as numpy has them."""
    held = np.array(values)
    m = np.median(held)
    return m, np.median(np.abs(held - m)), np.mean(np.abs(held - m))


def read(w):
    m = robust.median(w)
    return m, robust.mad(w, m), robust.mean_ad(w, m)


@pytest.mark.parametrize(
    ("values", "x", "median", "mad", "z"),
    [
        ([1, 2, 3, 4, 100], 100, 3.0, 1.0, 65.42560362510076),  # lpi.rz0
        ([1, 2, 3, 4], 4, 2.5, 1.0, 1.0117361385324861),  # lpi.rz1
    ],
)
def test_worked_examples(values, x, median, mad, z):
    w = window_of(values)
    assert read(w)[:2] == (median, mad)
    assert robust.z(w, float(x), 1, NO_CLAMP, 1e-9) == (pytest.approx(z, rel=1e-9), True)


def test_a_rare_event_is_measured_by_the_mean_deviation():  # rz.mad0
    w = window_of([0] * 45 + [1, 2, 3, 4, 40])
    assert read(w) == (0.0, 0.0, 1.0)
    assert robust.z(w, 40.0, 1, NO_CLAMP, 0.0) == (pytest.approx(31.915382432114622, rel=1e-9), True)


def test_more_than_half_alike_is_not_four_thousand_million_sigmas():  # lpi.rz2: the seed's eps alone would say 4e9
    w = window_of([5, 5, 5, 5, 9])
    assert read(w)[:2] == (5.0, 0.0)
    value, known = robust.z(w, 9.0, 1, NO_CLAMP, 1e-9)
    assert known
    assert value == pytest.approx(4 / (1.2533141373 * 0.8), rel=1e-6)


def test_the_window_forgets():  # median.p2: a sketch that cannot forget says 4.5 here
    rng = random.Random(7)
    values = [rng.gauss(0, 1) for _ in range(2000)] + [rng.gauss(10, 1) for _ in range(2000)]
    assert robust.median(window_of(values, 500)) == pytest.approx(10.013413252786492, rel=1e-6)
    assert robust.median(window_of(values)) == pytest.approx(4.776571037592722, rel=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7e5])
def test_a_constant_has_no_z(value):
    w = window_of([value] * 1_000)
    assert read(w) == (value, 0.0, 0.0)
    assert robust.z(w, value + 1.0, 1, 20.0, 1e-9) == (0.0, False)


def test_a_value_that_trembles_in_its_last_digit_stands_still():
    still, trembling = 0.0007000350017500877, 0.0007000350017500879
    w = window_of([still, trembling] * 20 + [still] * 30)
    assert robust.z(w, trembling, 1, 20.0, 0.0) == (0.0, False)
    for value in (0.0009, 0.0011):
        ordered.push(w, value)
    shock, known = robust.z(w, 0.0009, 1, 20.0, 0.0)
    assert known
    assert shock < 20.0, "a true change is measured by the mean deviation, not by the tremble"


def test_few_samples_have_no_z_and_a_large_one_is_clamped():
    w = window_of(range(119), 200)
    assert robust.z(w, 1e9, 120, 20.0, 1e-9) == (0.0, False)
    ordered.push(w, 119.0)
    assert robust.z(w, 1e9, 120, 20.0, 1e-9) == (20.0, True)
    assert robust.z(w, -1e9, 120, 20.0, 1e-9) == (-20.0, True)


VALUES = hs.floats(-1e6, 1e6) | hs.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5])


@given(values=hs.lists(VALUES, min_size=1, max_size=400), capacity=hs.integers(1, 60))
def test_every_step_is_what_numpy_says(values, capacity):
    w = ordered.new_window(capacity)
    for n, value in enumerate(values, 1):
        ordered.push(w, value)
        m, mad, mean_ad = exact(values[max(0, n - capacity) : n])
        assert read(w) == (m, mad, pytest.approx(mean_ad, rel=1e-9, abs=1e-7))


def streams(seed, n):
    """Return a stream that changes its nature every thousand values: normal, ties, rare events, a drift of heavy tails."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.normal(size=1000),
        rng.integers(0, 3, 1000).astype(float),
        np.where(rng.random(1000) < 0.97, 0.0, rng.lognormal(2, 2, 1000)),
        rng.standard_cauchy(1000) + np.arange(1000),
    ]
    return np.concatenate([parts[(k + seed) % 4] for k in range(n // 1000)])


@pytest.mark.parametrize(("capacity", "n"), [(300, 4_000), (5_000, 16_000), (40_000, 90_000)])
def test_large_windows_that_split_and_merge(capacity, n):
    values = streams(capacity, n)
    w = ordered.new_window(capacity)
    for k, value in enumerate(values, 1):
        ordered.push(w, value)
        if k % (n // 60) == 0:
            held = values[max(0, k - capacity) : k]
            m, mad, mean_ad = exact(held)
            assert read(w) == (m, mad, pytest.approx(mean_ad, rel=1e-9))
    ordered.restart(w)
    for value in values[:500]:
        ordered.push(w, value)
    assert read(w)[:2] == exact(values[:500][-capacity:])[:2]


def test_a_copied_window_goes_on_the_same():
    values = streams(1, 8_000)
    w = window_of(values[:5_000], 3_000)
    read(w)
    copy = ordered.Window(w.i.copy(), w.f.copy())
    for value in values[5_000:]:
        ordered.push(w, value)
        ordered.push(copy, value)
    assert read(w) == read(copy)
    assert w.f.tobytes() == copy.f.tobytes()
