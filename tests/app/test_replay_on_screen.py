"""The keys of the transport on a real replay: what the fake only notes is done here by the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lobterm import config, runs, runtime
from lobterm.app.app import LobtermApp
from lobterm.engine import read
from lobterm.models import model
from lobterm.tape import parquet
from tests.app.loading import loaded
from tests.app.test_monitor import screen_text

DEMO = Path(__file__).resolve().parents[2] / "replays" / "demo.parquet"
SECOND = 1_000_000


@pytest.fixture
def replay(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")
    setup = runs.Setup(parquet.open_tape(DEMO), config.load(), model.load(runs.model_beside(DEMO)))
    console = runtime.Replay(setup, warmed=lambda: None)
    yield console
    console.close()


async def arrived(pilot, replay) -> None:
    """Let frames go by until no seek waits."""
    pilot.app.tick()
    while replay.seeking:
        await pilot.pause(0.02)
        pilot.app.tick()
    await pilot.pause()
    assert not replay.failure


async def test_steps_back_jumps_triggers_and_clicks(replay):
    app = LobtermApp(replay, play=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("t", "t")
        there, picture = replay.position_rows, read.snapshot(replay.engine.state, 5)
        await pilot.press("t", "T")
        await arrived(pilot, replay)
        assert replay.position_rows == there
        assert read.snapshot(replay.engine.state, 5).rows == picture.rows

        now = replay.clock.now
        await pilot.press("greater_than_sign")
        await arrived(pilot, replay)
        assert replay.clock.now == now + 10 * SECOND

        await pilot.press("right_square_bracket")
        await arrived(pilot, replay)
        first = replay.position_rows
        assert read.snapshot(replay.engine.state, 1).pressure.triggers >= 1
        await pilot.press("right_square_bracket")
        await arrived(pilot, replay)
        assert replay.position_rows > first
        await pilot.press("left_square_bracket")
        await arrived(pilot, replay)
        assert replay.position_rows == first

        await pilot.click("#timeline", offset=(40, 0))
        await arrived(pilot, replay)
        app.paint()
        await pilot.pause()
        assert screen_text(pilot).splitlines()[-3][40] == "┃"
        assert (replay.clock.now - replay.first_ts) * 80 // (replay.last_ts - replay.first_ts) == 40


async def test_the_timeline_grows_with_the_index(replay):
    app = LobtermApp(replay, play=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        replay.seek(replay.last_ts)
        await arrived(pilot, replay)
        while replay.indexed_rows < replay.rows_total:
            await pilot.pause(0.02)
        app.paint()
        await pilot.pause()
        line = screen_text(pilot).splitlines()[-3]
        assert line.endswith("┃") and "╌" not in line and any(level in line for level in "▂▃▄▅▆▇█")
