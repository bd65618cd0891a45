from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.clock import MAX_STEP_US, SPEEDS, ReplayClock

FIRST, LAST = 1_000_000_000, 1_600_000_000


def playing(speed: float) -> ReplayClock:
    clock = ReplayClock(FIRST, LAST, speed)
    clock.play()
    clock.advance(50_000)
    return clock


@pytest.mark.parametrize(("speed", "moved"), [(1.0, 100_000), (0.1, 10_000), (20.0, 2_000_000)])
def test_event_time_runs_at_speed(speed, moved):
    assert playing(speed).advance(150_000) == FIRST + moved


def test_time_spent_paused_does_not_count():
    clock = playing(10.0)
    clock.pause()
    assert clock.advance(100_000) == FIRST
    clock.play()
    assert clock.advance(90_000_000) == FIRST
    assert clock.advance(90_010_000) == FIRST + 100_000


def test_a_suspended_machine_does_not_jump():
    clock = playing(2.0)
    assert clock.advance(3_600_000_000) == FIRST + 2 * MAX_STEP_US


def test_wall_time_running_back_stands_still():
    clock = playing(1.0)
    assert clock.advance(10) == FIRST


def test_stops_at_the_end():
    clock = playing(1000.0)
    clock.jump(LAST - 5)
    assert clock.advance(100_000) == LAST
    assert clock.now == clock.last_ts


def test_max_owes_everything_and_goes_where_the_engine_got_to():
    clock = playing(math.inf)
    assert clock.advance(60_000) == math.inf
    assert clock.now == FIRST
    clock.jump(FIRST + 77)
    clock.speed = 1.0
    assert clock.advance(70_000) == FIRST + 77 + 10_000


def test_jump_stays_on_the_tape():
    clock = ReplayClock(FIRST, LAST)
    clock.jump(LAST + 1)
    assert clock.now == LAST
    clock.jump(0)
    assert clock.now == FIRST


def test_speed_keys_walk_every_step_and_stop_at_the_ends():
    clock = ReplayClock(FIRST, LAST, SPEEDS[0])
    clock.slower()
    seen = [clock.speed]
    for _ in range(len(SPEEDS)):
        clock.faster()
        seen.append(clock.speed)
    assert tuple(seen) == (*SPEEDS, math.inf)
    clock.slower()
    assert clock.speed == 1000.0


def test_a_speed_between_the_steps_goes_to_its_neighbours():
    clock = ReplayClock(FIRST, LAST, 30.0)
    clock.faster()
    assert clock.speed == 50.0
    clock.speed = 30.0
    clock.slower()
    assert clock.speed == 20.0


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.09, 1001.0, math.nan])
def test_other_speeds_are_refused(speed):
    with pytest.raises(ValueError, match="speed"):
        ReplayClock(FIRST, LAST, speed)


@given(hs.lists(hs.integers(1, MAX_STEP_US), min_size=1, max_size=50), hs.sampled_from(SPEEDS[:5]))
def test_how_the_wall_time_is_cut_changes_nothing(steps, speed):
    """Parts of a µs are carried, so many short frames go as far as few long ones, to the µs."""
    clock = ReplayClock(FIRST, LAST, speed)
    clock.play()
    clock.advance(0)
    wall = 0
    for step in steps:
        wall += step
        clock.advance(wall)
    assert abs(clock.now - (FIRST + wall * speed)) <= 1
