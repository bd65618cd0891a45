"""The fit is k-means, the same one every time; the seeds' oracles hold for the library that it rests on."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans, MiniBatchKMeans, kmeans_plusplus

from lobterm.errors import InputError
from lobterm.models import train

POINTS = np.array([[0, 0], [0, 1], [1, 0], [10, 10], [10, 11], [11, 10]], float)


def lloyd_step(points, centers):
    """One plain iteration: nearest centre, ties to the lowest; then the mean of each."""
    labels = [min(range(len(centers)), key=lambda c: (sum((p - centers[c]) ** 2), c)) for p in points]
    means = [np.mean([p for p, at in zip(points, labels, strict=True) if at == c], axis=0) for c in range(len(centers))]
    return labels, np.array(means)


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(5)
    centers = np.array([[3, 0, 0, 0, 0, 0], [-3, 0, 0, 0, 2, 0], [0, 4, 0, -2, 0, 0]], float)
    sizes = (900, 500, 200)
    return np.concatenate([rng.normal(c, 1.0, (n, 6)) for c, n in zip(centers, sizes, strict=True)]), centers


def test_oracle_lloyd():
    trace, centers = [], np.array([[0.0, 0.0], [1.0, 0.0]])
    for _ in range(3):
        labels, centers = lloyd_step(POINTS, centers)
        trace.append(labels)
    assert trace == [[0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1]]
    fitted = KMeans(2, init=np.array([[0.0, 0.0], [1.0, 0.0]]), n_init=1).fit(POINTS)
    assert fitted.cluster_centers_ == pytest.approx(centers, abs=1e-12)
    assert centers == pytest.approx(np.array([[1 / 3, 1 / 3], [31 / 3, 31 / 3]]), abs=1e-12)
    assert fitted.inertia_ == pytest.approx(2.666666666666667, abs=1e-12)


def test_oracle_plus_plus_draws_by_squared_distance():
    seen = np.zeros(len(POINTS))
    for seed in range(3_000):
        _, (first, second) = kmeans_plusplus(POINTS, 2, random_state=seed, n_local_trials=1)
        if first == 0:
            seen[second] += 1
    expected = [0.0, 0.00155279503, 0.00155279503, 0.31055900621, 0.34316770186, 0.34316770186]
    assert seen[0] == 0
    assert seen / seen.sum() == pytest.approx(expected, abs=0.06)


def test_oracle_mini_batch_moves_a_centre_by_one_over_its_count():
    model = MiniBatchKMeans(2, init=np.array([[0.0, 0.0], [10.0, 10.0]]), n_init=1, reassignment_ratio=0.0)
    expected = [[[1, 1], [10, 10]], [[1, 1], [9, 11]], [[0.5, 1.5], [9, 11]], [[1, 1], [9, 11]]]
    for point, centers in zip([[1, 1], [9, 11], [0, 2], [2, 0]], expected, strict=True):
        # the library wants as many rows as centres: the second weighs nothing
        model.partial_fit(np.array([point, point], float), sample_weight=[1.0, 0.0])
        assert model.cluster_centers_ == pytest.approx(np.array(centers), abs=1e-12)


def test_oracle_table_shares_and_weighted_mean():
    counts = np.array([11.99, 5.25, 10.4])
    table = np.array([[0.0, -0.12, 1.66], [1.35, -1.25, -0.6], [-0.75, 0.81, -0.89]])
    shares = counts / counts.sum()
    assert counts.sum() == pytest.approx(27.64)
    assert 100 * shares == pytest.approx([43.37916063675832, 18.99421128798842, 37.62662807525325], rel=1e-9)
    mean = [-0.02577785817655573, 0.015293053545586134, 0.27125180897250356]
    assert shares @ table == pytest.approx(mean, rel=1e-9)


def test_the_fit_finds_the_clusters_and_stands_still(blobs):
    z, centers = blobs
    fit = train.fit(z)
    assert fit.counts == tuple(np.bincount(fit.labels))
    assert list(fit.counts) == sorted(fit.counts, reverse=True)
    assert fit.centroids == pytest.approx(centers, abs=0.25)
    labels, means = lloyd_step(z, fit.centroids)
    assert labels == fit.labels.tolist()
    assert means == pytest.approx(fit.centroids, abs=1e-3)
    inertia = ((z - fit.centroids[fit.labels]) ** 2).sum()
    assert min(fit.inertia_by_start) == pytest.approx(inertia)
    assert len(fit.inertia_by_start) == 10
    # of any k-means: the centroids, weighted by their counts, are the mean of all
    assert np.array(fit.counts) @ fit.centroids / len(z) == pytest.approx(z.mean(axis=0), abs=1e-3)


def test_the_same_rows_and_seed_give_the_same_bits(blobs):
    z, _ = blobs
    first, second, other = train.fit(z, seed=3), train.fit(z, seed=3), train.fit(z, seed=4)
    assert first.centroids.tobytes() == second.centroids.tobytes()
    assert first.inertia_by_start == second.inertia_by_start
    assert first.inertia_by_start != other.inertia_by_start


@pytest.mark.parametrize(
    "z", [np.zeros((10, 6)), np.zeros((2_000, 5)), np.full((2_000, 6), np.nan), np.full((2_000, 6), np.inf)]
)
def test_what_cannot_be_trained_on_is_refused(z):
    with pytest.raises(InputError):
        train.fit(z)


@pytest.mark.parametrize("wrong", [{"k": 1}, {"k": 2_000}, {"n_init": 0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(blobs, wrong):
    with pytest.raises(InputError):
        train.fit(blobs[0], **wrong)
