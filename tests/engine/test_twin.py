"""The core and its plain twin say the same, on random tapes with gaps, crossings, one-sided books and clock jumps."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as hs

from lobterm.engine import drive
from lobterm.engine import params as pm
from lobterm.events import EVENT, Flag, GapCause, Kind, Market, Scope
from lobterm.instrument import Instrument
from tests.engine import twin as tw

PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
CENTROIDS = np.array([[0, 0, 0, 0, 1, 0], [0, -1, 1, 0, 0, 0], [0, 1, -1, 0, 0, 0]], dtype=np.float64)
ROLES = np.array([0, 1, 2], dtype=np.uint8)
START = 1_700_000_000_000_000


def lively(seed: int, n: int, *, offset: int = 0, trouble: bool = True) -> np.ndarray:
    """Return a tape of `n` messages: a wandering book, a touch stream, trades near and through it, and trouble."""
    rng = np.random.default_rng(seed)
    rows, ts, mid, seq = [], START, 10_000, 1
    rows.append((ts, 0, 0, 0, offset, Kind.CLOCK_OFFSET, 0, 0, Flag.SYNTHETIC | Flag.LAST))

    book = {1: {}, -1: {}}

    def snapshot():
        book.update({1: {}, -1: {}})
        rows.append((ts, ts + offset, seq, 0, 0, Kind.BOOK_CLEAR, 0, 0, Flag.SNAPSHOT))
        for side in (1, -1):
            book[side] = {mid - side * k: int(rng.integers(1, 50)) for k in range(1, 9)}
            rows.extend(
                (ts, ts + offset, seq, px, qty, Kind.BOOK, side, 0, Flag.SNAPSHOT) for px, qty in book[side].items()
            )
        rows[-1] = (*rows[-1][:8], Flag.SNAPSHOT | Flag.LAST)

    snapshot()
    for _ in range(n):
        ts += int(rng.choice([0, 1_000, 5_000, 40_000, 300_000], p=[0.2, 0.3, 0.3, 0.15, 0.05]))
        seq += 1
        lag = int(rng.integers(0, 60_000))
        draw = rng.random()
        if draw < 0.35:
            mid += int(rng.integers(-2, 3))
            changes = {(s, px): 0 for s in (1, -1) for px in book[s] if s * px >= s * mid}
            for _ in range(int(rng.integers(1, 4))):
                side, depth = int(rng.choice([1, -1])), int(rng.integers(1, 12))
                if trouble and rng.random() < 0.01:
                    depth = -depth
                changes[side, mid - side * depth] = int(rng.choice([0, 1, 7, 40]))
            for (side, px), qty in changes.items():
                book[side][px] = qty
                rows.append((ts, ts + offset - lag, seq, px, qty, Kind.BOOK, side, 0, 0))
            rows[-1] = (*rows[-1][:8], Flag.LAST)
        elif draw < 0.6:
            gap = 0 if trouble and rng.random() < 0.01 else int(rng.integers(1, 4))
            for side, flag in ((1, 0), (-1, Flag.LAST)):
                qty = int(rng.choice([0, 3, 20], p=[0.05, 0.45, 0.5])) if trouble else 5
                rows.append((ts, ts + offset - 500, seq, mid - side * gap, qty, Kind.TOUCH, side, 0, flag))
        elif draw < 0.97:
            side = int(rng.choice([1, -1]))
            matched = ts + offset - lag
            for _ in range(int(rng.integers(1, 4))):
                px = mid + side * int(rng.integers(-2, 30 if rng.random() < 0.1 else 6))
                flags = Flag.LAST if rng.random() < 0.9 else Flag.LAST | Flag.RPI
                rows.append((ts, matched, seq, px, int(rng.integers(1, 30)), Kind.TRADE, side, 0, flags))
        elif draw < 0.972 and trouble:
            scope = int(rng.choice([Scope.BOOK, Scope.TRADES, Scope.ALL, Scope.OI]))
            rows.append((ts, ts + offset, seq, GapCause.CHAIN_BREAK, scope, Kind.GAP, 0, 0, Flag.SYNTHETIC | Flag.LAST))
            if rng.random() < 0.8:
                ts += 200_000
                snapshot()
        elif draw < 0.973 and trouble:
            ts += int(rng.choice([70_000_000, 3_600_000_000]))
            rows.append((ts, 0, 0, 0, 0, Kind.HEARTBEAT, 0, 0, Flag.SYNTHETIC | Flag.LAST))
            snapshot()
        elif draw < 0.99:
            rows.append((ts, 0, 0, 0, 0, Kind.HEARTBEAT, 0, 0, Flag.SYNTHETIC | Flag.LAST))
        else:
            changes = [(pm.GAMMA, 2.5), (pm.MAPPING, 1.0), (pm.THETA_MODE, 1.0), (pm.DECAY, 1.0), (pm.GAMMA, np.nan)]
            key, value = changes[rng.integers(5)]
            bits = int(np.float64(value).view(np.int64))
            rows.append((ts, 0, 0, bits, key, Kind.PARAM, 0, 0, Flag.SYNTHETIC | Flag.LAST))
    return np.array([tuple(int(v) for v in row) for row in rows], dtype=EVENT)


def values() -> np.ndarray:
    """Parameters that make something happen on a few thousand rows."""
    vector = pm.defaults()
    vector[pm.NORM_WARM], vector[pm.W_BASE_BPS], vector[pm.BETA_TICKS] = 50, 1.0, 3.0
    vector[pm.ORDER_LATENCY_US] = vector[pm.CANCEL_LATENCY_US] = 30_000
    vector[pm.MAX_INVENTORY] = 0.08
    return vector


def run(events, params, *, capacity=65_536, pieces=1, model=True):
    engine = drive.start(PERP, params, *((CENTROIDS, ROLES) if model else (None, None)), capacity=capacity)
    tables = {}
    for piece in np.array_split(events, pieces):
        for rows in drive.fold(engine, piece):
            for name, table in rows.items():
                tables.setdefault(name, []).append(table)
    return engine, {name: np.concatenate(parts) for name, parts in tables.items()}


def as_tuples(table):
    def plain(value):
        return tuple(value.tolist()) if isinstance(value, np.ndarray) else value

    return [tuple(plain(value) for value in row) for row in table.tolist()]


def assert_same(events, params, model=True):
    _, rows = run(events, params, model=model)
    twin = tw.run(PERP, params, events, *((CENTROIDS.tolist(), ROLES.tolist()) if model else (None, None)))
    for name, table in rows.items():
        got = as_tuples(table)
        assert len(got) == len(twin.rows[name]), name
        for mine, theirs in zip(got, twin.rows[name], strict=True):
            assert mine == theirs, (name, mine, theirs)
    return rows


def test_a_long_lively_tape_fills_labels_and_gaps():
    rows = assert_same(lively(1, 6_000, offset=1_270_000), values())
    assert len(rows["fills"]) > 20
    assert len(np.unique(rows["labels"]["label"])) >= 4
    assert len(np.unique(rows["quotes"]["act"])) == 4


def test_without_a_model_nothing_is_labelled_or_quoted():
    rows = assert_same(lively(2, 2_000), values(), model=False)
    assert (rows["labels"]["label"] == 4).all()
    assert len(rows["quotes"]) == 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(seed=hs.integers(0, 10**9), n=hs.integers(1, 400), offset=hs.sampled_from([0, 1_270_000, -40_000]))
def test_core_equals_twin(seed, n, offset):
    assert_same(lively(seed, n, offset=offset), values())


@pytest.mark.long
@settings(max_examples=3_000, suppress_health_check=[HealthCheck.too_slow])
@given(seed=hs.integers(0, 10**12), n=hs.integers(1, 900), offset=hs.sampled_from([0, 1_270_000, -40_000]))
def test_core_equals_twin_at_length(seed, n, offset):
    assert_same(lively(seed, n, offset=offset), values())
