"""Recordings go oldest first, for a reason, and not when something speaks against it; what they leave behind is found."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from lobterm.events import EVENT, Flag, Kind, Market
from lobterm.tape.recording import locks, names, retention, warm
from lobterm.tape.recording.forecast import forecast

TODAY = date(2026, 11, 21)
NOW = 1_800_000_000_000_000


def make(folder, session, ages, size=1_000):
    for age in ages:
        for market in (Market.PERP, Market.SPOT):
            name = names.RecordingName("BTCUSDT", session, TODAY - timedelta(days=age), market)
            (folder / str(name)).write_bytes(b"x" * size)


def sessions(paths):
    return sorted({(names.parse(path).session, (TODAY - names.parse(path).day).days) for path in paths})


def needs(*kept):
    return lambda session: "its log is verified from it" if session in kept else ""


def test_by_age(tmp_path):
    make(tmp_path, "a", [30, 29, 3])
    make(tmp_path, "b", [2])
    plan = retention.plan(tmp_path, TODAY, needs(), most_days=28)
    assert sessions(plan.delete) == [("a", 29), ("a", 30)]
    assert (plan.freed_bytes, plan.left_bytes) == (4_000, 4_000)
    retention.prune(plan)
    assert len(names.files(tmp_path)) == 4


def test_by_size_the_oldest_first(tmp_path):
    make(tmp_path, "a", [5, 4])
    make(tmp_path, "b", [3])
    assert sessions(retention.plan(tmp_path, TODAY, needs(), most_bytes=3_000).delete) == [("a", 4), ("a", 5)]
    assert not retention.plan(tmp_path, TODAY, needs(), most_bytes=6_000).delete


def test_what_is_pinned_needed_or_being_written_stays_and_says_why(tmp_path):
    for session in ("busy", "needed", "pinned"):
        make(tmp_path, session, [9, 8])
    retention.pin(tmp_path, "pinned")
    lock = locks.Lock(tmp_path, "BTCUSDT", "busy", NOW)
    plan = retention.plan(tmp_path, TODAY, needs("needed"), most_bytes=0)
    assert sessions(plan.delete) == [("busy", 9)]
    assert {(kept.session, kept.reason) for kept in plan.kept} == {
        ("busy", "is being recorded"), ("needed", "its log is verified from it"), ("pinned", "is pinned"),
    }  # fmt: skip
    lock.release()
    retention.unpin(tmp_path, "pinned")
    assert sessions(retention.plan(tmp_path, TODAY, needs(), most_bytes=0).delete) == [
        (session, age) for session in ("busy", "needed", "pinned") for age in (8, 9)
    ]


def test_other_files_are_never_touched(tmp_path):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "BTCUSDT_perp_20269921_s.jsonl.zst").touch()
    assert not retention.plan(tmp_path, TODAY, needs(), most_days=0, most_bytes=0).delete


def test_the_forecast_is_the_usual_rate_until_there_is_one():
    assert forecast(9_000_000_000, 5_000, 1_000_000) == (900_000_000, 10.0, False)
    day = forecast(9_000_000_000, 1_250_000, 900_000_000)
    assert (round(day.bytes_a_day), round(day.days_left), day.is_measured) == (120_000_000, 75, True)


def samples(taken):
    rows = np.zeros(len(taken), EVENT)
    rows["exch_ts"], rows["qty"] = taken, np.arange(len(taken)) // 2
    rows["px"] = np.linspace(-1, 1, len(taken)).view(np.int64)
    return rows


def test_the_newest_session_s_samples_are_carried_over_but_not_those_of_another_day(tmp_path):
    assert len(warm.newest(tmp_path, "BTCUSDT", NOW)) == 0
    rows = samples([NOW - 2 * warm.OLDEST_US, NOW - 10, NOW - 5])
    warm.save(tmp_path, "BTCUSDT", "s1", rows)
    warm.save(tmp_path, "BTCUSDT_260626", "s2", samples([NOW - 1]))
    found = warm.newest(tmp_path, "BTCUSDT", NOW)
    assert found[["px", "qty", "exch_ts"]].tolist() == rows[["px", "qty", "exch_ts"]][1:].tolist()
    assert (found["kind"] == Kind.SAMPLE).all()
    assert (found["flags"] == Flag.WARM | Flag.SYNTHETIC | Flag.LAST).all()


def test_a_damaged_sample_file_is_passed_over(tmp_path):
    warm.save(tmp_path, "BTCUSDT", "s1", samples([NOW - 10]))
    (tmp_path / f"BTCUSDT_s2{warm.SUFFIX}").write_bytes(b"PAR1 no")
    bad = samples([NOW - 9])
    bad["px"] = np.array([np.nan]).view(np.int64)
    warm.save(tmp_path, "BTCUSDT", "s3", bad)
    assert warm.newest(tmp_path, "BTCUSDT", NOW)["exch_ts"].tolist() == [NOW - 10]
