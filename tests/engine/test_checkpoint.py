"""A state taken down in few bytes and put into another engine goes on as if nothing had happened, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as hs

from lobterm.engine import checkpoint, drive, ordered, read, rebuild, robust
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.engine.rows import TABLES, pack
from lobterm.events import GapCause, Kind
from tests.engine.tapes import CENTROIDS, PERP, ROLES, assorted, drawn, lively, values

SEEDS = hs.integers(0, 10**9)
ANY = {"suppress_health_check": [HealthCheck.too_slow]}


def engine_of(params):
    return drive.start(PERP, params, CENTROIDS, ROLES, capacity=1)


def rows_of(engine, events):
    """Return the packed rows of every table after folding `events`."""
    parts = dict.fromkeys(TABLES, b"")
    for rows in drive.fold(engine, events):
        for name, table in rows.items():
            parts[name] += pack(name, table)
    return parts


def picture(engine):
    """Return what a screen would show, as one comparable value."""
    return repr(read.snapshot(engine.state, 20))


def held(s):
    """Return every sample of every window and when it was taken, in order."""
    found = []
    for k in range(pr.WINDOWS):
        head = s.window_ints[k]
        n = int(head[ordered.COUNT])
        slots = (int(head[ordered.OLDEST]) - n + np.arange(n)) % int(head[ordered.CAPACITY])
        found.append((s.window_floats[k][slots].tobytes(), s.window_times[k][slots].tobytes()))
    return found


def go(events, params, stops):
    """Play once with a save at each stop; then seek to the stops in random order with one other engine."""
    straight, samples = engine_of(params), checkpoint.Samples()
    at, saves, tails, looks, windows = 0, {}, {}, {}, {}
    for stop in sorted(stops):
        tails[at] = rows_of(straight, events[at:stop])
        saves[stop] = checkpoint.save(straight.state, samples)
        looks[stop], windows[stop] = picture(straight), held(straight.state)
        at = stop
    tails[at] = rows_of(straight, events[at:])
    end = checkpoint.save(straight.state, samples)
    order = np.random.default_rng(len(events)).permutation(sorted(saves))
    other = engine_of(params)
    rows_of(other, events)
    for stop in order:
        other.state = checkpoint.restore(saves[stop], other.state, samples)
        other.out.n[:] = 0
        assert picture(other) == looks[stop]
        assert held(other.state) == windows[stop]
        assert checkpoint.save(other.state, samples).tobytes() == saves[stop].tobytes()
        for start in sorted(tails):
            if start >= stop:
                following = min([s for s in saves if s > start], default=len(events))
                assert rows_of(other, events[start:following]) == tails[start]
        assert checkpoint.save(other.state, samples).tobytes() == end.tobytes()
    return straight


@settings(max_examples=12, **ANY)
@given(seed=SEEDS, shares=hs.lists(hs.floats(0.0, 1.0), min_size=1, max_size=4, unique=True))
def test_seeking_anywhere_is_the_same_as_having_played_there(seed, shares):
    events, params = assorted(seed, 700), drawn(seed)
    go(events, params, {int(share * len(events)) for share in shares})


def test_into_a_gap_a_panic_and_open_orders_with_warm_samples_in_the_head():
    events, params = lively(1, 3_000, warm=True), values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0)
    probe = engine_of(params)
    found = {}
    for at in range(0, len(events), 25):
        rows_of(probe, events[at : at + 25])
        s = probe.state
        for what, there in (
            ("gap", s.clock[st.GAP] == GapCause.CHAIN_BREAK and not s.clock[st.BOOK_KNOWN]),
            ("panic", s.fade[st.F_WORKING] == 1),
            ("orders", (s.orders[:, st.O_ID] > 0).sum() > 3),
            ("held", (s.acct[:, 0] != 0).any()),
        ):
            if there:
                found.setdefault(what, at + 25)
    assert set(found) == {"gap", "panic", "orders", "held"}, "the tape has it all"
    head = int(np.flatnonzero(events["kind"] == Kind.SAMPLE)[5])
    go(events, params, {0, head, *found.values()})


def test_the_book_may_have_grown_since_and_shrinks_back():
    events, params = lively(3, 300), values()
    engine, samples = engine_of(params), checkpoint.Samples()
    rows_of(engine, events[:500])
    kept = checkpoint.save(engine.state, samples)
    tail = rows_of(engine, events[500:])
    from lobterm.engine import book

    engine.state = engine.state._replace(book=book.grow(engine.state.book))
    engine.state = checkpoint.restore(kept, engine.state, samples)
    assert rows_of(engine, events[500:]) == tail


def stream(seed, n):
    """Return values of changing nature: the mean deviation, which sums leaf by leaf, is asked for most of the time."""
    rng = np.random.default_rng(seed)
    rare = np.where(rng.random(n) < 0.7, 0.0, rng.lognormal(0, 2, n))
    ties = rng.integers(0, 4, n) / 7
    wild = rng.standard_cauchy(n)
    return np.where(np.arange(n) // 700 % 3 == 0, rare, np.where(np.arange(n) // 700 % 3 == 1, ties, wild))


@pytest.mark.parametrize(("capacity", "n"), [(2, 50), (300, 3_000), (6_000, 30_000)])
def test_a_window_built_again_says_the_same_to_the_last_bit(capacity, n):
    x = stream(capacity, n)
    played = ordered.new_window(capacity)
    for value in x[: n // 2]:
        ordered.push(played, value)
    leaves, blocks = np.zeros(len(played.i), np.uint8), np.zeros(len(played.i), np.uint8)
    n_leaves, n_blocks = rebuild.cuts(played, leaves, blocks)
    built = ordered.new_window(capacity)
    for value in x[::-1]:  # it held something else before
        ordered.push(built, value)
    built.f[:capacity] = played.f[:capacity]
    for field in (ordered.OLDEST, ordered.FROM_LEFT, ordered.PUSHED):
        built.i[field] = played.i[field]
    now = np.sort(x[max(0, n // 2 - capacity) : n // 2])
    rebuild.build(built, now, leaves[:n_leaves], blocks[:n_blocks])
    for value in x[n // 2 :]:
        ordered.push(played, value)
        ordered.push(built, value)
        m = robust.median(played)
        assert (m, robust.mad(played, m), robust.mean_ad(played, m)) == (
            robust.median(built),
            robust.mad(built, m),
            robust.mean_ad(built, m),
        )
    for field in (ordered.COUNT, ordered.FREE_LEAVES, ordered.FREE_BLOCKS, ordered.ROOTS, ordered.FROM_LEFT):
        assert built.i[field] == played.i[field]


def test_samples_that_no_window_holds_any_more_are_not_needed():
    params = values(WINDOW_S=0.5)  # five ticks
    events = lively(5, 1_500)
    engine, samples = engine_of(params), checkpoint.Samples()
    rows_of(engine, events[:1_000])
    kept = checkpoint.save(engine.state, samples)
    tail = rows_of(engine, events[1_000:])
    engine.state = checkpoint.restore(kept, engine.state, samples)
    assert rows_of(engine, events[1_000:]) == tail
    assert tail["alpha"]
