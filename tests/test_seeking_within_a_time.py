"""Rows of one and the same time: a seek or a step that stops between them counts none of them twice, and leaves none out."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from lobterm import runs, runtime
from lobterm.engine import checkpoint
from lobterm.events import Flag, Kind
from lobterm.tape import indexer, parquet
from lobterm.view.history import TAILS
from tests.engine.tapes import PERP, lively, values
from tests.engine.test_checkpoint import engine_of, held, rows_of
from tests.test_seeking import MODEL

PARAMS = values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0)
CONFIG = SimpleNamespace(params=lambda symbol: PARAMS, origin=lambda symbol, key: "defaults")
GRAIN_US = 100_000


def grainy():
    """Return a tape whose receiver's clock is so coarse that many messages have one time."""
    events = lively(1, 4_000, often={"liquidation": 60, "interest": 60}).copy()
    events["ts"] = events["ts"] // GRAIN_US * GRAIN_US
    return events


EVENTS = grainy()
ENDS = np.flatnonzero(EVENTS["flags"] & Flag.LAST) + 1
WITHIN = [row for row in ENDS[1:-1].tolist() if EVENTS["ts"][row] == EVENTS["ts"][row - 1]]
"""Rows that stand between two messages of one time."""


@pytest.fixture
def replay(tmp_path, monkeypatch):
    monkeypatch.setattr(indexer, "SPACING", 700)
    monkeypatch.setattr(indexer, "PIECE", 200)
    monkeypatch.setattr(indexer, "NEAR", 50)
    path = tmp_path / "grainy.parquet"
    parquet.write_tape(path, (PERP,), [EVENTS], exch_ts_kind={0: "T"})
    replay = runtime.Replay(runs.Setup(parquet.open_tape(path), CONFIG, MODEL), warmed=lambda: None)
    replay.load()
    replay.seeker.indexer.wait(len(EVENTS))
    yield replay
    replay.close()


def past(replay):
    """Return all that the screens know of what has been."""
    history = replay.history
    known = {name: getattr(history, name).rows.tolist() for name in TAILS}
    known["notes"] = sorted(map(repr, history.happened.notes))
    known["candles"] = history.candles.tail.rows.tolist()
    known["volume"] = history.profile.at(0, 20_000).tolist()
    return known


def stood(engine):
    """Return an engine's state as bytes, windows and all."""
    return checkpoint.save(engine.state, checkpoint.Samples()).tobytes(), held(engine.state)


def test_after_a_seek_to_between_rows_of_one_time_everything_is_as_if_played_there(replay):
    rows = WITHIN[:: len(WITHIN) // 60]
    assert len(rows) >= 60
    there = [np.flatnonzero(EVENTS["ts"] == EVENTS["ts"][row]) for row in rows]
    for kind in (Kind.LIQUIDATION, Kind.OPEN_INTEREST, Kind.TRADE, Kind.PARAM):
        assert any((EVENTS["kind"][at] == kind).any() for at in there), "it would prove nothing"
    engine, at, played = engine_of(PARAMS), 0, {}
    for row in rows:
        while replay.position_rows < row and not replay.failure:
            replay.step("event")
        played[row] = past(replay)
    replay.clock.speed = math.inf
    replay.clock.play()
    while not replay.finished:
        replay.pump(0, 1_000_000_000)
    replay.clock.pause()
    for row in reversed(rows):
        replay.seek_row(row)
        assert replay.position_rows == row and not replay.failure
        now = past(replay)
        for name, known in played[row].items():
            assert now[name] == known, (row, name, len(now[name]), len(known))
    for row in rows:
        rows_of(engine, EVENTS[at:row])
        at = row
        replay.seek_row(row)
        assert stood(replay.engine) == stood(engine), row
