"""The exchange's procedure for a local book, event by event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobterm.wire.continuity import BookSync, Ids, Outcome, PerpRule, SpotRule, State, Verdict


def perp(keep=10_000):
    return BookSync(PerpRule(), keep=keep)


def spot():
    return BookSync(SpotRule())


def feed(sync, *events):
    return [sync.on_event(Ids(*event), lambda event=event: event) for event in events]


def test_the_worked_example():
    events = [(90, 95, 89), (96, 99, 95), (99, 104, 98), (105, 110, 104), (112, 115, 111)]
    sync = perp()
    assert feed(sync, *events) == [Verdict.BUFFER] * 5
    join = sync.on_snapshot(100)
    assert (join.outcome, join.apply, join.gap) == (Outcome.ACCEPTED, events[2:4], events[4])
    assert (sync.state, sync.waiting) == (State.BROKEN, 1)


def test_the_worked_example_with_the_snapshot_first():
    sync = perp()
    assert sync.on_snapshot(100).outcome is Outcome.ACCEPTED
    got = feed(sync, (90, 95, 89), (96, 99, 95), (99, 104, 98), (105, 110, 104), (112, 115, 111), (116, 120, 115))
    assert got == [Verdict.DROP, Verdict.DROP, Verdict.APPLY, Verdict.APPLY, Verdict.GAP, Verdict.BUFFER]


def test_perp_ids_leap_without_a_break():
    sync = perp()
    sync.on_snapshot(100)
    assert feed(sync, (95, 105, 90), (157, 160, 105), (900, 1000, 160)) == [Verdict.APPLY] * 3


def test_an_event_that_ends_at_the_snapshot_joins_it():
    sync = perp()
    sync.on_snapshot(100)
    assert feed(sync, (95, 100, 90), (107, 110, 100)) == [Verdict.APPLY] * 2


def test_an_event_after_the_snapshot_joins_if_nothing_lies_between():
    sync = perp()
    sync.on_snapshot(100)
    assert feed(sync, (90, 98, 80), (103, 110, 98)) == [Verdict.DROP, Verdict.APPLY]


def test_an_event_after_the_snapshot_does_not_join_if_one_is_missing():
    sync = perp()
    sync.on_snapshot(100)
    assert feed(sync, (103, 110, 102)) == [Verdict.GAP]


def test_an_event_that_comes_twice_is_dropped_without_a_gap():
    sync = perp()
    sync.on_snapshot(100)
    got = feed(sync, (95, 105, 90), (106, 110, 105), (106, 110, 105), (95, 105, 90), (111, 115, 110))
    assert got == [Verdict.APPLY, Verdict.APPLY, Verdict.DROP, Verdict.DROP, Verdict.APPLY]


def test_spot_ids_are_contiguous():
    sync = spot()
    sync.on_snapshot(100)
    got = feed(sync, (90, 100, -1), (95, 103, -1), (104, 104, -1), (102, 106, -1), (108, 109, -1))
    assert got == [Verdict.DROP, Verdict.APPLY, Verdict.APPLY, Verdict.APPLY, Verdict.GAP]


def test_spot_joins_right_behind_the_snapshot():
    sync = spot()
    sync.on_snapshot(100)
    assert feed(sync, (101, 103, -1)) == [Verdict.APPLY]


def test_spot_does_not_join_one_further():
    sync = spot()
    sync.on_snapshot(100)
    assert feed(sync, (102, 103, -1)) == [Verdict.GAP]


@pytest.mark.parametrize("make", [perp, spot])
def test_a_snapshot_older_than_all_that_waits_is_refused(make):
    sync = make()
    feed(sync, (200, 205, 199), (206, 210, 205))
    assert sync.on_snapshot(100).outcome is Outcome.NO_SEAM
    assert (sync.state, sync.waiting) == (State.UNSYNCED, 2)
    assert sync.on_snapshot(203).apply == [(200, 205, 199), (206, 210, 205)]


def test_a_snapshot_newer_than_all_that_waits_waits_for_more():
    sync = perp()
    feed(sync, (90, 95, 89))
    assert sync.on_snapshot(100).apply == []
    assert sync.state is State.JOINING
    assert feed(sync, (96, 105, 95)) == [Verdict.APPLY]


@pytest.mark.parametrize("snapshot_id", [100, 110])
def test_a_snapshot_that_the_book_is_ahead_of_changes_nothing(snapshot_id):
    sync = perp()
    sync.on_snapshot(100)
    feed(sync, (95, 110, 90))
    assert sync.on_snapshot(snapshot_id).outcome is Outcome.STALE
    assert feed(sync, (111, 112, 110)) == [Verdict.APPLY]


def test_a_newer_snapshot_takes_the_books_place():
    sync = perp()
    sync.on_snapshot(100)
    feed(sync, (95, 110, 90))
    assert sync.on_snapshot(150).outcome is Outcome.ACCEPTED
    assert feed(sync, (111, 140, 110), (141, 160, 140)) == [Verdict.DROP, Verdict.APPLY]


def test_after_a_break_only_a_snapshot_helps():
    sync = perp()
    sync.on_snapshot(100)
    got = feed(sync, (95, 105, 90), (111, 115, 110), (116, 120, 115))
    assert got == [Verdict.APPLY, Verdict.GAP, Verdict.BUFFER]
    assert sync.on_snapshot(90).outcome is Outcome.NO_SEAM
    assert sync.on_snapshot(113).apply == [(111, 115, 110), (116, 120, 115)]
    assert sync.state is State.SYNCED


def test_what_waits_is_bounded_and_what_fell_out_is_counted():
    sync = perp(keep=3)
    feed(sync, *[(k, k, k - 1) for k in range(10, 20)])
    assert (sync.waiting, sync.overflowed) == (3, 7)
    assert sync.on_snapshot(12).outcome is Outcome.NO_SEAM
    assert sync.on_snapshot(18).apply == [(18, 18, 17), (19, 19, 18)]


def test_a_lost_connection_forgets_the_book():
    sync = perp()
    sync.on_snapshot(100)
    sync.lose()
    assert feed(sync, (95, 105, 90)) == [Verdict.BUFFER]


@given(
    gaps=st.lists(st.integers(0, 5), min_size=2, max_size=30),
    lost=st.integers(1, 29),
    snapshot=st.integers(0, 200),
    is_spot=st.booleans(),
)
def test_no_lost_event_goes_unseen(gaps, lost, snapshot, is_spot):
    """Whatever is applied is a snapshot and the unbroken run of events behind it."""
    events, last = [], 0
    for gap in gaps:
        first = last + 1 + (0 if is_spot else gap)
        events.append((first, first + gap, -1 if is_spot else last))
        last = first + gap
    missing = events.pop(lost % len(events))
    sync = spot() if is_spot else perp()
    sync.on_snapshot(snapshot)
    verdicts = feed(sync, *events)
    applied = [event for event, verdict in zip(events, verdicts, strict=True) if verdict is Verdict.APPLY]
    contained = missing[1] <= snapshot
    if not contained:
        assert all(event[1] < missing[0] for event in applied)
    for before, after in zip(applied, applied[1:], strict=False):
        assert after[0] == before[1] + 1 if is_spot else after[2] == before[1]
