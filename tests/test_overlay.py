"""Hands on a replay: what they did belongs to the session, is folded again at its place, logged once, and verified."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lobterm import replayed, runs, runtime, seeking, verify_session
from lobterm.engine import checkpoint, drive
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.params import BY_KEY
from lobterm.engine.rows import Strategy
from lobterm.errors import InputError
from lobterm.events import Flag, Kind
from lobterm.session import reader
from lobterm.session.log import SessionLog
from lobterm.tape import indexer, overlay, parquet
from tests.engine.tapes import CENTROIDS, PERP, ROLES, lively, values
from tests.engine.test_checkpoint import engine_of, held

PARAMS = values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0)
EVENTS = lively(1, 6_000, warm=True)
CONFIG = SimpleNamespace(params=lambda symbol: PARAMS, origin=lambda symbol, key: "defaults")


@pytest.fixture
def setup(tmp_path, monkeypatch):
    for module, name, value in (
        (parquet, "ROW_GROUP", 1_000), (indexer, "SPACING", 1_500), (indexer, "PIECE", 400), (indexer, "NEAR", 100),
        (seeking, "CLOSE", 1_600), (seeking, "LEAD", 300),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    model = SimpleNamespace(engine_arrays=lambda: (CENTROIDS, ROLES), sha256="m", training={}, to_json=lambda: {"x": 1})
    monkeypatch.setattr(replayed.msgspec, "convert", _converted(replayed.msgspec.convert, model))
    path = tmp_path / "lively.parquet"
    parquet.write_tape(path, (PERP,), [EVENTS], exch_ts_kind={0: "T"})
    with SessionLog(tmp_path / "log.sqlite") as log:
        yield runs.Setup(parquet.open_tape(path), CONFIG, model, log)


def _converted(convert, model):
    """Return msgspec's `convert` that knows the model of these tests."""
    return lambda value, kind: model if getattr(kind, "__name__", "") == "ClusterModel" else convert(value, kind)


@pytest.fixture
def replay(setup):
    replay = runtime.Replay(setup, warmed=lambda: None)
    replay.load()
    replay.seeker.indexer.wait(len(EVENTS))
    yield replay
    replay.close()


def woven_to(replay, row, items=None):
    """Return an engine that has folded the first `row` rows and the items before them, from the beginning."""
    engine = engine_of(PARAMS)
    found = replay.overlay.items if items is None else items
    for _ in overlay.fold(engine, 0, EVENTS[:row], found, 0):
        pass
    return engine


def same(replay, engine):
    """Say whether the replay stands to the bit where `engine` does."""
    assert replay.failure == ""
    mine, other = replay.engine.state, engine.state
    saved = [checkpoint.save(s, checkpoint.Samples()).tobytes() for s in (mine, other)]
    assert saved[0] == saved[1]
    assert held(mine) == held(other)
    return True


def act(replay, rng):
    """Do anything that a person may do."""
    what = rng.integers(6)
    side, px = int(rng.choice([1, -1])), int(rng.integers(9_900, 10_100))
    if what == 0:
        replay.set_param("maker.gamma", float(rng.integers(1, 9)))
    elif what == 1:
        replay.place(side, px, int(rng.integers(1, 50)))
    elif what == 2:
        replay.place(side, 0, int(rng.integers(1, 50)))
    elif what == 3:
        replay.cancel()
    elif what == 4:
        replay.flatten(Strategy(int(rng.integers(3))))
    else:
        replay.arm(Strategy.FADE, bool(rng.integers(2)))


@pytest.mark.parametrize("seed", range(3))
def test_seeks_steps_and_pieces_lead_where_tape_and_overlay_lead(replay, seed):
    rng = np.random.default_rng(seed)
    for _ in range(12):
        replay.seek_row(int(rng.integers(1, len(EVENTS) - 100)))
        replay.step("event")
        act(replay, rng)
        assert EVENTS["flags"][replay.position_rows - 1] & Flag.LAST, "between two messages"
        for _ in range(int(rng.integers(4))):
            replay.step(str(rng.choice(["event", "trade", "alpha"])))
    items = replay.overlay.items
    assert len(items) == 12
    assert list(items) == sorted(items, key=lambda item: (item.offset, item.ts))
    for item in items:
        assert EVENTS["ts"][item.offset - 1] <= item.ts <= EVENTS["ts"][item.offset]
    replay.seeker.indexer.wait(len(EVENTS))
    rows = [int(row) for row in rng.integers(1, len(EVENTS), 8)]
    for row in [*rows, len(EVENTS), *(item.offset - 1 for item in items[::3])]:
        replay.seek_row(row)
        reference = woven_to(replay, row)
        for at in range(replay.overlay.before(row), replay._done):
            list(drive.fold_beside(reference, replay.overlay.event(at)))
        assert same(replay, reference)


def test_the_index_is_the_one_of_tape_and_overlay(replay, setup):
    replay.seek_row(4_000)
    replay.set_param("exhaustion.lpi_hi", 0.2)
    replay.set_param("fade.enabled", 0.0)
    replay.seek_row(2_500)
    replay.place(1, 9_000, 3)
    replay.seeker.indexer.wait(len(EVENTS))
    plain = seeking.Seeker(setup.tape, 0, setup.new_engine, 1)
    plain.indexer._overlay = replay.overlay.items, 0
    plain.indexer.start()
    plain.indexer.wait(len(EVENTS))
    assert replay.seeker.indexer.landings == plain.indexer.landings
    assert replay.seeker.indexer.landings != []
    mine, other = replay.overview(300), plain.overview(300)
    for name in ("lpi_sell", "known_buy", "state_sell", "ticked", "triggers"):
        assert getattr(mine, name).tolist() == getattr(other, name).tolist(), name
    assert (mine.gaps, mine.indexed_ts) == (other.gaps, other.indexed_ts)
    plain.indexer.stop()


def stands(replay):
    """Say whether the order at 9,000 is out."""
    return any((order.strategy, order.px) == (Strategy.OWN, 9_000) for order in replay.snapshot(1).orders)


def test_back_before_an_order_it_is_not_there_and_played_again_it_is(replay):
    replay.seek_row(3_000)
    replay.clock.jump(int(EVENTS["ts"][replay.position_rows - 1]))
    replay.step("event")
    row, ts = replay.position_rows, replay.clock.now
    replay.place(1, 9_000, 3)
    assert stands(replay)
    replay.step("event")
    replay.step_back("event")
    replay.seek_row(row - 1)
    assert not stands(replay)
    assert replay.later_items == 1
    replay.seek(ts)
    assert stands(replay)
    replay.seek_row(row - 1)
    assert replay.drop_later() == 1
    replay.seek(ts)
    assert not stands(replay)
    assert replay.overlay.items == ()


def test_back_within_the_pause_in_which_an_order_was_given(replay):
    """The clock stood between two rows: at the first moment of that pause the order had not been given yet."""
    gaps = np.diff(EVENTS["ts"])
    row = int(np.flatnonzero(gaps[3_000:] > 100_000)[0]) + 3_001
    early, late = int(EVENTS["ts"][row - 1]) + 10, int(EVENTS["ts"][row - 1]) + 60_000
    replay.seek(late)
    assert replay.position_rows == row
    replay.place(1, 9_000, 3)
    assert replay.overlay.items[0].ts == late
    replay.seek(early)
    assert (replay.position_rows, replay.later_items) == (row, 1)
    assert same(replay, woven_to(replay, row))
    replay.seek(late)
    assert replay.later_items == 0
    replay.clock.play()
    replay.seek(early)
    replay.pump(0, 1_000_000)
    replay.pump(59_980, 1_000_000)
    assert replay.later_items == 1
    replay.pump(60_100, 1_000_000)
    assert (replay.position_rows, replay.later_items) == (row, 0), "playing folds it when its time has come"


def verified(replay, setup, wanted="last"):
    setup.log.flush()
    return verify_session.verify(setup.log.path, wanted)


def test_a_session_with_an_overlay_verifies_to_no_difference(replay, setup):
    rng = np.random.default_rng(7)
    for on in (1_500, 1_200, 700):
        replay._fold_to(replay.position_rows + on)
        replay.step("event")
        act(replay, rng)
    replay._fold_to(5_000)
    replay.seek_row(8_000)
    replay._fold_to(9_000)
    replay.seek_row(4_800)
    replay._fold_to(6_000)
    replay.close()
    said = verified(replay, setup)
    assert (said["rows_differing"], said["first_difference"], said["rows_not_logged"]) == (0, None, 0)
    assert (said["overlay"], said["rows_compared"] > 1_000) == (3, True)
    setup.log._put(lambda db: db.execute("update overlay set ts = ts + 1 where number = 1"), wait=True)
    setup.log._put(lambda db: db.execute("update quotes set px = px + 1 where rowid = 5"), wait=True)
    assert verified(replay, setup)["rows_differing"] >= 1


def test_a_change_before_what_is_logged_begins_another_session(replay, setup):
    replay._fold_to(3_000)
    first = replay.session_id
    replay.step("event")
    replay.place(1, 9_000, 3)
    assert replay.session_id == first, "nothing later is logged"
    replay._fold_to(6_000)
    replay.seek_row(2_000)
    replay.set_param("maker.gamma", 2.0)
    second = replay.session_id
    assert second != first
    replay._fold_to(5_000)
    replay.close()
    for session in (first, second):
        said = verified(replay, setup, session)
        assert (said["rows_differing"], said["rows_not_logged"]) == (0, 0)
    entries = {entry["session_id"]: entry for entry in reader.sessions(setup.log.path)}
    assert entries[first]["summary"]["stretches"] == [[0, 6_001]], "the order is counted"
    (stretch,) = entries[second]["summary"]["stretches"]
    assert stretch[0] == 2_000
    whole = reader.session(setup.log.path, second)["provenance"]
    assert (whole["branch_of"], whole["branch_row"]) == (first, 2_000)


def test_an_overlay_that_was_tampered_with_is_refused(replay, setup):
    replay._fold_to(3_000)
    replay.step("event")
    replay.place(1, 9_000, 3)
    replay.close()
    setup.log._put(lambda db: db.execute("update overlay set kind = 4"), wait=True)
    with pytest.raises(InputError, match="overlay: item 0"):
        verified(replay, setup)


def test_what_cannot_be_done_is_refused_in_words(replay):
    for refused, words in (
        (lambda: replay.place(1, 9_000, 0), "size 0"),
        (lambda: replay.place(1, 9_000, 10**16), "worth"),
        (lambda: replay.set_param("maker.gamma", -1.0), "allowed: 0 to"),
        (lambda: replay.set_param("maker.gamma", float("nan")), "allowed"),
        (lambda: replay.set_param("matching.rule", 0.5), "allowed"),
        (lambda: replay.set_param("no.such", 1.0), "no parameter"),
        (lambda: replay.arm(Strategy.OWN, True), "no arming"),
    ):
        with pytest.raises(InputError, match=words):
            refused()
    assert len(replay.overlay) == 0
    replay.seek_row(len(EVENTS))
    with pytest.raises(InputError, match="at its end"):
        replay.place(1, 9_000, 1)


def test_a_parameter_is_in_force_from_where_it_was_turned(replay):
    replay.seek_row(4_000)
    replay.set_param("maker.gamma", 2.5)
    assert replay.snapshot(1).params[pm.GAMMA] == 2.5
    assert any(note.x == 2.5 and note.a == BY_KEY["maker.gamma"].id for note in replay.history.happened.notes)
    replay.seek_row(3_000)
    assert replay.snapshot(1).params[pm.GAMMA] == PARAMS[pm.GAMMA]
    assert int(replay.engine.state.clock[st.ROWS]) == 3_000
    assert Kind.PARAM in [item.kind for item in replay.overlay.items]
