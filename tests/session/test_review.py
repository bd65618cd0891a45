"""The review reads what the report reads, bounded, beside a writer."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from lobterm import config, headless, runs
from lobterm.errors import LobtermError
from lobterm.models import model
from lobterm.session import beside, review
from lobterm.session.bootstrap import Bins
from lobterm.session.log import SessionLog
from lobterm.session.opening import open_session
from lobterm.session.report import earned, marks
from lobterm.tape import parquet

REPLAYS = Path(__file__).resolve().parents[2] / "replays"
LIVELY = (
    "lpi.z_clamp=1000000", "exhaustion.rollover_ticks=1", "exhaustion.divergence_s=30", "state.z_oi=20",
    "maker.w_base_bps=0.5",
)  # fmt: skip


@pytest.fixture(scope="module", params=[False, True], ids=["sqlite", "parts"])
def path(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("review") / "s.sqlite"
    settings = config.Config(())
    for change in LIVELY:
        settings = settings.with_override(change)
    source = REPLAYS / "demo.parquet"
    with SessionLog(path, columnar=request.param) as log:
        setup = runs.Setup(parquet.open_tape(source), settings, model.load(runs.model_beside(source)), log)
        headless.replay(setup, setup.tape.read())
    return path


def test_it_gives_the_numbers_of_the_report(path):
    found, session = review.read(path, "last"), open_session("last", path)
    times, fills = session.raw("alpha", ["ts"])["ts"], session.fills()
    bins = Bins.over(times.min(), times.max())
    whole = [(split.title, tuple(split.curves)) for split in marks.fill_splits(fills, bins)]
    assert [(split.title, split.curves) for what, split in found.splits if what == "fills"] == whole
    market = next(split for what, split in found.splits if what == "trades")
    assert market.curves == tuple(marks.clusters(session, bins).curves)
    assert found.fills_read == found.fills_all == len(fills) > 10
    assert found.as_of_us == times.max() and found.maker_fee_bps == 2.0
    assert [fill.ts_us for fill in found.fills] == fills["ts_us"].sort(descending=True).to_list()
    assert found.sessions[0].session_id == found.listed.session_id == session.session_id


def test_the_minutes_add_up_to_the_profit_and_its_parts(path):
    found, session = review.read(path, "last"), open_session("last", path)
    line = earned.earned(session, session.fills(), session.about())[-1]
    assert sum(minute.fills for minute in found.minutes) == line.fills
    for name in ("spread", "fees", "slippage"):
        assert sum(getattr(minute, name) for minute in found.minutes) == pytest.approx(getattr(line, name), abs=1e-6)
    assert sum(minute.total for minute in found.minutes) == pytest.approx(line.total, abs=1e-6)
    assert found.minutes[-1].pnl == pytest.approx(line.total, abs=1e-6)


def test_no_more_than_the_newest_rows_are_read(path, monkeypatch):
    whole = review.read(path, "last")
    monkeypatch.setattr(review, "NEWEST", 500)
    found = review.read(path, "last")
    assert whole.trades_read == whole.trades_all
    # a part file is read whole, and here is but one
    assert found.trades_read < whole.trades_read or list(path.parent.rglob("*.parquet"))
    assert found.as_of_us == whole.as_of_us
    # written last are also those that were met last: their clusters alone may lie beyond what was read
    assert [replace(f, cluster="") for f in found.fills] == [
        replace(f, cluster="") for f in whole.fills[: len(found.fills)]
    ]


def test_minutes_by_hand():
    s = 1_000_000
    ticks = pl.DataFrame({
        "ts_us": [10 * s, 50 * s, 70 * s, 200 * s], "pnl_e8": [100, 300, 1_000, 50], "pnl_quote": [1e-6, 3e-6, 1e-5, 5e-7],
        "inventory_base": [0.0, 0.1, 0.2, 0.0],
    })  # fmt: skip
    fills = pl.DataFrame({
        "ts_us": [5 * s, 20 * s, 130 * s], "side": [1, 1, -1], "mid_half_ticks": [21, 21, 19], "px_ticks": [10, 10, 10],
        "print_px_ticks": [10, 10, 9], "px_price": [1.0, 1.0, 1.0], "qty_base": [2.0, 2.0, 4.0], "slip_quote": [0.0, 0.0, -0.1],
        "fee_e8": [7, 5, 3], "rule": ["queue", "queue", "taker"],
    })  # fmt: skip
    rows = earned.by_minute(ticks, fills).to_dicts()
    assert [row["minute"] // (60 * s) for row in rows] == [0, 1, 3]
    assert [row["minutes"] for row in rows] == [1, 1, 2]
    assert [round(row["total"] * 1e8) for row in rows] == [200, 700, -950]
    # the fill before the first tick does not count; the one of a minute without a tick shows in the next
    assert [row["fills"] for row in rows] == [1, 0, 1]
    assert rows[0]["spread"] == pytest.approx(1 * (21 - 20) * 0.1 * 2 / 2)
    assert rows[2]["spread"] == pytest.approx(-1 * (19 - 18) * 0.1 * 4 / 2) and rows[2]["slippage"] == -0.1
    assert all(
        row["rest"] == pytest.approx(row["total"] - row["spread"] - row["slippage"] + row["fees"]) for row in rows
    )


def test_a_session_of_which_nothing_was_logged_yet_can_be_read(tmp_path):
    tape = parquet.open_tape(REPLAYS / "demo.parquet")
    with SessionLog(tmp_path / "s.sqlite") as log:
        log.begin(runs.Setup(tape, config.Config(()), None, log).provenance())
        found = review.read(tmp_path / "s.sqlite", "last")
    assert found.as_of_us is None and not found.splits and not found.fills and not found.minutes
    assert not found.listed.ended


def test_another_process_reads_the_same_and_tells_how_far_it_is(path):
    told: list[int] = []
    found = beside.read(path, "last", told.append)
    assert replace(found, took_s=0) == replace(review.read(path, "last"), took_s=0)
    assert max(told) == found.trades_read


def test_what_the_other_process_cannot_read_is_said_in_its_words(path, tmp_path):
    with pytest.raises(LobtermError, match="no session 'nobody'"):
        beside.read(path, "nobody", lambda done: None)
    (tmp_path / "s.sqlite").write_bytes(b"no log" * 1000)
    with pytest.raises(LobtermError, match="s.sqlite"):
        beside.read(tmp_path / "s.sqlite", "last", lambda done: None)


def test_a_reader_that_ends_without_a_word_is_said_so(path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(LobtermError, match="its reader ended"):
        beside.read(path, "last", lambda done: None)


def test_a_reading_that_is_given_up_leaves_no_process_behind(path, monkeypatch):
    children = []
    start = subprocess.Popen

    def popen(*arguments, **options):
        children.append(start(*arguments, **options))
        return children[-1]

    def give_up(done):
        raise InterruptedError

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(InterruptedError):
        beside.read(path, "last", give_up)
    assert children[0].returncode is not None
