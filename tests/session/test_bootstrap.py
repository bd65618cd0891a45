"""Intervals by block bootstrap: the worked example, the exact distribution of a small one, and silence where little is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from arch.bootstrap import CircularBlockBootstrap

from lobterm.session import bootstrap
from lobterm.session.bootstrap import LEAST_BLOCKS, LEAST_N, Bins, block_length, difference, draws, estimates

X = np.array([0.5, 0.8, 0.3, -0.2, 0.1, 0.6, 0.9, 0.4, -0.1, 0.2, 0.7, 0.5])
BLOCK = 4


def resampled(starts):
    return [(start + i) % len(X) for start in starts for i in range(BLOCK)]


class Told(np.random.RandomState):
    """A generator that draws what it is told."""

    def randint(self, *_, **__):
        return np.array([7, 2, 10])


def test_the_oracle_of_a_resample():
    """Worked example: starts 7, 2, 10 of blocks of four among twelve, around the end."""
    drawing = CircularBlockBootstrap(BLOCK, X, seed=Told())
    assert drawing.update_indices().tolist() == [7, 8, 9, 10, 2, 3, 4, 5, 10, 11, 0, 1] == resampled([7, 2, 10])
    assert X[resampled([7, 2, 10])].mean() == pytest.approx(0.375, rel=1e-12)


def test_the_draws_have_the_exact_distribution():
    exact = np.array([X[resampled(starts)].mean() for starts in itertools.product(range(12), repeat=3)])
    drawn = draws(X[:, None], np.ones((12, 1)), BLOCK, 20_000)[:, 0]
    assert set(np.round(drawn, 9)) <= set(np.round(exact, 9))
    assert drawn.mean() == pytest.approx(exact.mean(), abs=0.005)
    for share in (2.5, 25, 50, 75, 97.5):
        assert np.percentile(drawn, share) == pytest.approx(np.percentile(exact, share), abs=0.02)


def test_the_same_rows_give_the_same_interval():
    rng = np.random.default_rng(1)
    sums, counts = rng.normal(size=(200, 2)), np.ones((200, 2))
    assert estimates(sums, counts, 2)[0] == estimates(sums, counts, 2)[0]


def test_an_interval_covers_the_truth_as_often_as_it_says():
    """Means of an autocorrelated series: independent draws would cover far too seldom."""
    rng, covered, trials = np.random.default_rng(7), 0, 60
    for _ in range(trials):
        noise = rng.normal(size=400)
        series = np.zeros(400)
        for i in range(1, 400):
            series[i] = 0.8 * series[i - 1] + noise[i]
        (one,), _ = estimates(series[100:, None], np.ones((300, 1)), 1)
        covered += one.low <= 0 <= one.high
    assert 0.85 <= covered / trials <= 0.99


def test_blocks_are_longer_where_neighbours_are_alike_and_never_shorter_than_asked():
    rng = np.random.default_rng(3)
    alone, alike = rng.normal(size=600), np.repeat(rng.normal(size=30), 20)
    ones = np.ones(600)
    assert block_length(alone, ones, 1) < 5 < block_length(alike, ones, 1)
    assert block_length(alone, ones, 40) == 48
    assert [block_length(np.full(600, 0.3), ones, least) for least in (1, 2, 3, 4, 5, 7, 9, 96, 97)] == [
        1, 2, 3, 4, 6, 8, 12, 96, 128
    ]  # fmt: skip


def test_means_are_over_observations_not_over_bins():
    sums, counts = np.array([[10.0], [1.0]] * 20), np.array([[10.0], [1.0]] * 20)
    sums[::2] *= 3
    (one,), _ = estimates(sums, counts, 1)
    assert one.mean == pytest.approx((30 * 20 + 20) / 220)
    assert one.n == 220


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (np.eye(1, 100).T, f"n < {LEAST_N}"),
        (np.array([[500.0]] + [[0.0]] * 99), f"1 blocks, {LEAST_BLOCKS} needed"),
        (np.zeros((100, 1)), "none"),
    ],
)
def test_little_gives_a_number_without_an_interval_and_nothing_gives_nothing(counts, said):
    (one,), _ = estimates(counts * 2.0, counts, 1)
    assert (one.low, one.high, one.why_not) == (None, None, said)
    assert one.mean == (2.0 if one.n else None)
    assert not one.is_sure_of_its_sign


def test_long_horizons_make_few_blocks_of_many_observations():
    """Ten minutes hold five independent stretches of two minutes, however many fills lie in them."""
    counts = np.full((600, 1), 10.0)
    (one,), _ = estimates(np.random.default_rng(1).normal(size=(600, 1)), counts, 120)
    assert (one.n, one.blocks, one.low) == (6_000, 5, None)


def test_a_difference_is_drawn_from_the_same_blocks():
    rng = np.random.default_rng(2)
    common = 5 * rng.normal(size=400)
    sums = np.stack([common + 1.0, common + 0.1 * rng.normal(size=400)], axis=1)
    (first, second), drawn = estimates(sums, np.ones((400, 2)), 1)
    apart = difference(first, second, drawn, 0, 1)
    assert apart.mean == pytest.approx(first.mean - second.mean)
    assert apart.is_sure_of_its_sign
    assert apart.high - apart.low < (first.high - first.low) / 5


def test_bins_are_a_second_or_a_thousandth_of_the_session():
    assert Bins.over(0, 60_000_000 - 1) == Bins(0, 1_000_000, 60)
    day = Bins.over(5, 5 + 86_400_000_000 - 1)
    assert (day.width_us, day.n) == (86_400_000, bootstrap.BINS)
    assert Bins.over(7, 7).n == 1
