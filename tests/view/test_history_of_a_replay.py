"""What the history keeps of a real run is what the engine said, and its depth is the engine's book."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from lobterm import config, runs, runtime
from lobterm.engine import read
from lobterm.models import model
from lobterm.tape import parquet

DEMO = Path(__file__).resolve().parents[2] / "replays" / "demo.parquet"


@pytest.fixture
def replay(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")
    setup = runs.Setup(parquet.open_tape(DEMO), config.load(), model.load(runs.model_beside(DEMO)))
    console = runtime.Replay(setup, warmed=lambda: None)
    console.load()
    console.clock.speed = math.inf
    console.clock.play()
    while not console.finished:
        console.pump(0, 1_000_000_000)
    yield console
    console.close()


def test_the_depth_is_the_engine_s_book(replay):
    picture = read.snapshot(replay.engine.state, 20_000)
    depth = replay.history.depth
    _, base, lots = depth.running()
    for side in (picture.bids, picture.asks):
        bins = (side[:, 0] - base) // depth.bin
        told = np.zeros(len(lots))
        inside = (bins >= 0) & (bins < len(lots))
        assert inside.sum() > 20
        np.add.at(told, bins[inside], side[inside, 1])
        mine = np.unique(bins[inside])
        other = picture.asks if side is picture.bids else picture.bids
        shared = np.isin(mine, (other[:, 0] - base) // depth.bin)
        assert lots[mine[~shared]].tolist() == told[mine[~shared]].tolist()
    assert len(depth.columns) >= 99 and depth.columns.rows["known"].all()


def test_volume_and_delta_are_those_of_the_trades(replay):
    picture, trades = read.snapshot(replay.engine.state, 1), replay.history.trades.rows
    assert picture.trades == len(trades)
    assert trades["cvd"][-1] == (trades["qty"] * trades["side"]).sum()
    low, high = int(trades["px"].min()), int(trades["px"].max())
    assert replay.history.profile.at(low, high + 1).sum() == trades["qty"].sum()
