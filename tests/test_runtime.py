"""A replay as the console drives it: steps land where they say, and driving it changes no row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lobterm import config, headless, runs, runtime
from lobterm.engine.digest import RowsDigest
from lobterm.engine.rows import TABLES
from lobterm.events import Flag, Kind
from lobterm.models import model
from lobterm.session.log import SessionLog
from lobterm.session.reader import session
from lobterm.tape import parquet

DEMO = Path(__file__).resolve().parents[1] / "replays" / "demo.parquet"


@pytest.fixture(autouse=True)
def no_user_file(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")


class Collected:
    """A log that keeps the rows in memory."""

    def __init__(self):
        self.digest, self.ended = RowsDigest(), None

    def begin(self, provenance):
        return "collected"

    def write(self, rows):
        self.digest.add(rows)

    def flush(self):
        pass

    def end(self, summary):
        self.ended = summary


@pytest.fixture
def setup():
    tape = parquet.open_tape(DEMO)
    return runs.Setup(tape, config.load(), model.load(runs.model_beside(DEMO)), Collected())


@pytest.fixture
def replay(setup):
    console = runtime.Replay(setup, warmed=lambda: None)
    console.load()
    return console


def test_it_opens_at_the_first_message_and_says_where_its_numbers_come_from(replay):
    assert replay.ready
    assert replay.position_rows == 1
    assert replay.source_note == "touch: touch · trades: trade · simulated"
    assert not replay.finished


def test_a_step_is_one_whole_message_and_pauses(replay):
    events = replay.setup.tape.read()
    replay.clock.play()
    for _ in range(50):
        replay.step("event")
        assert events["flags"][replay.position_rows - 1] & Flag.LAST
    assert replay.clock.paused
    assert replay.position_rows == np.flatnonzero(events["flags"] & Flag.LAST)[50] + 1


def test_a_trade_step_ends_on_a_trade(replay):
    events = replay.setup.tape.read()
    for n in range(1, 6):
        replay.step("trade")
        assert events["kind"][replay.position_rows - 1] == Kind.TRADE
        assert replay.snapshot(1).trades == n
    assert len(replay.labels(100)) == 5


def test_an_alpha_step_passes_exactly_one_tick(replay):
    for n in range(1, 6):
        replay.step("alpha")
        assert replay.engine.state.counts[6] == n


def test_playing_stepping_and_running_at_max_say_the_same_rows_as_one_piece(setup, replay):
    whole = headless.replay(runs.Setup(setup.tape, setup.config, setup.model), setup.tape.read())["rows_sha256"]
    wall = 0
    replay.clock.speed = 100.0
    replay.clock.play()
    for _ in range(20):
        wall += 50_000
        replay.pump(wall, 1_000_000)
    assert replay.position_rows == replay.source.row_at(replay.clock.now)
    assert replay.lag_us == 0
    replay.step("trade")
    replay.step("alpha")
    replay.clock.speed = float("inf")
    replay.clock.play()
    while not replay.finished:
        wall += 50_000
        replay.pump(wall, 2_000)
    replay.close()
    assert replay.failure == ""
    assert setup.log.digest.hexdigest() == whole
    assert setup.log.ended["rows"] == setup.tape.meta.rows


def test_starting_later_is_the_same_as_having_played_there(setup, replay):
    at = setup.tape.meta.first_ts_us + 120_000_000
    later = runtime.Replay(setup, at=at, warmed=lambda: None)
    later.load()
    later.seeker.indexer.wait(setup.tape.meta.rows)
    later.pump(0, 1_000)
    assert later.clock.now == at
    replay.clock.speed = float("inf")
    replay._fold_to(replay.source.row_at(at))
    for mine, theirs in zip(later.engine.state, replay.engine.state, strict=True):
        assert mine.tobytes() == theirs.tobytes()


def test_an_engine_that_fails_stops_and_says_why(replay, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(replay._drive, "fold", broken)
    replay.step("event")
    assert replay.failure == "ZeroDivisionError: by nothing"
    before = replay.position_rows
    replay.step("event")
    assert replay.position_rows == before


@pytest.mark.parametrize("seed", [1, 2])
def test_headless_in_random_pieces_gives_the_same_digest(setup, seed):
    bare = runs.Setup(setup.tape, setup.config, setup.model)
    events = setup.tape.read()
    assert headless.replay(bare, events)["rows_sha256"] == headless.replay(bare, events, cut_seed=seed)["rows_sha256"]


def test_the_summary_is_what_was_logged(setup, tmp_path):
    path = tmp_path / "s.sqlite"
    with SessionLog(path) as log:
        result = headless.replay(runs.Setup(setup.tape, setup.config, setup.model, log), setup.tape.read())
    kept = session(path, result["session_id"])
    assert kept["rows"]["labels"] == result["trades"] == sum(result["labels"].values())
    assert kept["rows"]["fills"] == result["fills"]
    assert kept["rows"]["alpha"] == result["alpha_ticks"]
    assert kept["summary"]["rows_sha256"] == result["rows_sha256"]


def test_pnl_parts_add_up(setup):
    result = headless.replay(runs.Setup(setup.tape, setup.config, setup.model), setup.tape.read())
    pnl = result["pnl_usdt"]
    parts = pnl["spread"] + pnl["inventory"] + pnl["slippage"] - pnl["fees"] + pnl["funding"]
    assert pnl["total"] == pytest.approx(parts, abs=1e-8)
    assert sum(result["fills_by_strategy"].values()) == result["fills"]


def test_without_a_model_it_says_so_and_its_maker_does_not_quote(setup):
    config = setup.config.with_override("fade.enabled=no")
    result = headless.replay(runs.Setup(setup.tape, config, None), setup.tape.read())
    assert "no cluster model" in result["warning"]
    assert (result["orders"], result["labels"]["unclassified"]) == (0, result["trades"])


def test_tables_cover_every_output_row():
    assert tuple(TABLES) == ("labels", "alpha", "triggers", "quotes", "fills", "markouts")
