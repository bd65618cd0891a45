"""Anywhere on a tape, by seek, step or loop: the same state, to the bit, as having played there, and every row logged once."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from lobterm import runs, runtime, seeking
from lobterm.engine import checkpoint, drive
from lobterm.engine import state as st
from lobterm.engine.digest import RowsDigest
from lobterm.engine.rows import TABLES, pack
from lobterm.events import Flag, Kind
from lobterm.tape import checkpoints, indexer, parquet
from tests.engine.tapes import CENTROIDS, PERP, ROLES, lively, values
from tests.engine.test_checkpoint import engine_of, held, picture, rows_of

PARAMS = values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0)
EVENTS = lively(1, 6_000, warm=True)
MODEL = SimpleNamespace(engine_arrays=lambda: (CENTROIDS, ROLES), sha256="m", training={}, to_json=dict)
CONFIG = SimpleNamespace(params=lambda symbol: PARAMS, origin=lambda symbol, key: "defaults")


class Collected:
    """A log that keeps the rows in memory."""

    def __init__(self):
        self.digest, self.tables, self.ended = RowsDigest(), dict.fromkeys(TABLES, b""), None

    def begin(self, provenance):
        return "collected"

    def write(self, rows):
        self.digest.add(rows)
        for name, table in rows.items():
            self.tables[name] += pack(name, table)

    def end(self, summary):
        self.ended = summary


@pytest.fixture
def setup(tmp_path, monkeypatch):
    for module, name, value in (
        (parquet, "ROW_GROUP", 1_000), (indexer, "SPACING", 1_500), (indexer, "PIECE", 400), (indexer, "NEAR", 100),
        (seeking, "CLOSE", 1_600), (seeking, "LEAD", 300),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(parquet.Tape, "read", lambda self: pytest.fail("a replay never reads a tape whole"))
    path = tmp_path / "lively.parquet"
    parquet.write_tape(path, (PERP,), [EVENTS], exch_ts_kind={0: "T"})
    return runs.Setup(parquet.open_tape(path), CONFIG, MODEL, Collected())


def opened(setup, **kind):
    replay = runtime.Replay(setup, warmed=lambda: None, **kind)
    replay.load()
    return replay


@pytest.fixture
def replay(setup):
    """Return a replay whose whole tape is indexed."""
    replay = opened(setup)
    replay.seeker.indexer.wait(len(EVENTS))
    yield replay
    replay.close()


@pytest.fixture
def slow(setup, monkeypatch):
    """Return a replay whose index goes on only when it is told to."""
    monkeypatch.setattr(indexer.Indexer, "start", lambda self: None)
    replay = opened(setup)
    yield replay
    replay.close()


def played_to(row):
    """Return an engine that has folded the first `row` rows, from the beginning."""
    engine = engine_of(PARAMS)
    rows_of(engine, EVENTS[:row])
    return engine


def same(replay, row):
    """Say whether the replay stands, to the bit, where playing the first `row` rows leads."""
    assert replay.failure == ""
    assert replay.position_rows == row
    reference = played_to(row).state
    mine = replay.engine.state
    assert (
        checkpoint.save(mine, checkpoint.Samples()).tobytes()
        == checkpoint.save(reference, checkpoint.Samples()).tobytes()
    )
    assert held(mine) == held(reference)
    assert replay.engine.out.n.sum() == 0
    return True


def straight(start, stop):
    """Return the packed rows of a straight run for tape rows [start, stop)."""
    engine = engine_of(PARAMS)
    rows_of(engine, EVENTS[:start])
    return rows_of(engine, EVENTS[start:stop])


def message_ends():
    return np.flatnonzero(EVENTS["flags"] & Flag.LAST) + 1


def landings():
    """Return where a step to each trigger must stop."""
    engine, found = engine_of(PARAMS), []
    for rows in drive.fold(engine, EVENTS):
        found += rows["triggers"]["offset"].tolist()
    ends = message_ends()
    return sorted({int(ends[np.searchsorted(ends, row, side="right")]) for row in found})


def test_random_seeks_land_where_playing_leads(replay):
    rng = np.random.default_rng(0)
    for row in [1, len(EVENTS), *rng.integers(1, len(EVENTS), 25).tolist()]:
        replay.seek_row(int(row))
        assert replay.seeking is None
        assert same(replay, row)
        assert replay.clock.now == EVENTS["ts"][row - 1]


def test_a_seek_to_a_time_stands_at_that_time_with_all_that_came_by_then(replay):
    for ts in (
        int(EVENTS["ts"][0]) - 5,
        int(EVENTS["ts"][3_000]),
        int(EVENTS["ts"][9_000]) + 1,
        int(EVENTS["ts"][-1]) + 5,
    ):
        replay.seek(ts)
        ts = min(max(ts, replay.first_ts), replay.last_ts)
        assert same(replay, int(np.searchsorted(EVENTS["ts"], ts, side="right")))
        assert replay.clock.now == ts
        assert replay.lag_us == 0


def test_into_a_gap_a_panic_and_open_orders(replay):
    engine, found = engine_of(PARAMS), {}
    for at in range(0, len(EVENTS), 20):
        rows_of(engine, EVENTS[at : at + 20])
        s = engine.state
        for what, there in (
            ("gap", s.clock[st.GAP] and not s.clock[st.BOOK_KNOWN]),
            ("panic", s.fade[st.F_WORKING]),
            ("orders", (s.orders[:, st.O_ID] > 0).sum() > 3),
        ):
            if there:
                found.setdefault(what, []).append(at + 20)
    assert set(found) == {"gap", "panic", "orders"}
    warm_head = int(np.flatnonzero(EVENTS["kind"] == Kind.SAMPLE)[9])
    for row in (found["panic"][-1], warm_head, found["gap"][0], found["orders"][5]):
        replay.seek_row(row)
        assert same(replay, row)
        assert replay.snapshot(5) is not None
        assert picture(replay.engine) == picture(played_to(row))


def test_what_is_played_after_a_seek_says_what_a_straight_run_says(setup, replay):
    log = setup.log
    for start in (9_000, 4_200, 700):
        replay.seek_row(start)
        before = {name: len(table) for name, table in log.tables.items()}
        stop = start + 1_900
        replay._fold_to(stop)
        assert same(replay, stop)
        assert {name: table[before[name] :] for name, table in log.tables.items()} == straight(start, stop)


def test_every_row_is_logged_once_and_what_a_seek_passes_is_not(setup, replay):
    for seek, play_to in ((None, 3_000), (1_000, 4_500), (8_000, 8_500), (2_000, 5_000), (8_100, 9_000)):
        if seek:
            replay.seek_row(seek)
        replay._fold_to(play_to)
    replay.close()
    assert setup.log.ended["stretches"] == [[0, 5_000], [8_000, 9_000]]
    digest, expected = RowsDigest(), dict.fromkeys(TABLES, b"")
    for start, stop in ((0, 3_000), (3_000, 4_500), (8_000, 8_500), (4_500, 5_000), (8_500, 9_000)):
        engine = played_to(start)
        for rows in drive.fold(engine, EVENTS[start:stop]):
            digest.add(rows)
            for name, table in rows.items():
                expected[name] += pack(name, table)
    finish(engine, digest, expected)
    assert setup.log.tables == expected
    assert setup.log.ended["rows_sha256"] == digest.hexdigest()


def finish(engine, digest, expected):
    """Add what the end of a session gives out."""
    for rows in drive.finish(engine):
        digest.add(rows)
        for name, table in rows.items():
            expected[name] += pack(name, table)


def test_closed_where_it_has_been_before_no_markout_is_told_twice(setup, replay):
    replay._fold_to(9_000)
    before = dict(setup.log.tables)
    replay.seek_row(6_000)
    replay.close()
    assert setup.log.tables == before
    assert setup.log.ended["stretches"] == [[0, 9_000]]


def test_going_back_and_forth_and_then_to_the_end_logs_a_straight_run(setup, replay):
    for back, on in ((500, 2_000), (100, 5_000), (len(EVENTS), len(EVENTS))):
        replay._fold_to(replay.position_rows + on if on < len(EVENTS) else on)
        replay.seek_row(back)
    replay.close()
    digest, engine = RowsDigest(), engine_of(PARAMS)
    for rows in drive.fold(engine, EVENTS):
        digest.add(rows)
    finish(engine, digest, dict.fromkeys(TABLES, b""))
    assert setup.log.ended["stretches"] == [[0, len(EVENTS)]]
    assert setup.log.ended["rows_sha256"] == digest.hexdigest()


@pytest.mark.parametrize("unit", ["event", "trade", "alpha"])
def test_steps_back_stop_where_steps_had_stopped(replay, unit):
    replay.seek_row(int(message_ends()[np.searchsorted(message_ends(), 6_500)]))
    replay.step(unit)
    stops = []
    for _ in range(40):
        stops.append(replay.position_rows)
        replay.step(unit)
    for row in reversed(stops):
        replay.step_back(unit)
        assert replay.position_rows == row
        assert replay.clock.paused
    assert same(replay, stops[0])


def test_a_step_stops_between_messages_of_the_same_microsecond(replay):
    ends, ts = message_ends(), EVENTS["ts"]
    first = next(int(a) for a, b in zip(ends, ends[1:], strict=False) if a > 5_000 and ts[a - 1] == ts[b - 1])
    replay.seek_row(first - 1)
    replay.step("event")
    replay.pump(0, 1_000)
    assert same(replay, first)
    replay.clock.play()
    replay.pump(1, 1_000)
    assert replay.position_rows > first


def test_a_step_back_at_the_beginning_stays_at_the_first_message(replay):
    for unit in ("event", "trade", "alpha", "trigger"):
        replay.step_back(unit)
        assert same(replay, 1)


def test_triggers_forwards_and_backwards(replay):
    expected = landings()
    assert len(expected) > 3
    for n, row in enumerate(expected, 1):
        replay.step("trigger")
        assert replay.position_rows == row
        assert replay.engine.state.clock[st.TRIGGERED] >= n
    assert same(replay, expected[-1])
    replay.next_trigger()
    assert (replay.position_rows, replay.seek_note) == (expected[-1], "no trigger after here")
    for row in expected[-2::-1]:
        replay.step_back("trigger")
        assert replay.position_rows == row
        assert replay.seek_note == ""
    assert same(replay, expected[0])
    replay.prev_trigger()
    assert (replay.position_rows, replay.seek_note) == (expected[0], "no trigger before here")


def test_the_last_trades_are_there_after_a_seek(replay):
    labels = [rows["labels"] for rows in drive.fold(engine_of(PARAMS), EVENTS[:7_000])]
    replay.seek_row(7_000)
    assert pack("labels", replay.labels(100)) == pack("labels", np.concatenate(labels)[-100:])
    replay.step_back("trade")
    assert replay.labels(1)["offset"][0] == replay.position_rows - 1


def test_playing_on_is_no_move_and_a_seek_back_is_one(replay):
    replay._fold_to(2_000)
    replay.seek_row(2_200)
    assert replay.moves == 0, "so near that it was folded on"
    replay.seek_row(900)
    assert replay.moves == 1


def test_beyond_the_index_a_seek_waits_says_how_far_it_is_and_can_be_cancelled(slow):
    target, index = 9_000, slow.seeker.indexer
    slow.clock.play()
    slow.seek_row(target)
    assert (slow.seeking.done_rows, slow.seeking.of_rows, slow.seeking.what) == (0, target, "time")
    wall, before = 0, slow.clock.now
    while slow.seeking:
        assert slow.position_rows == 1
        assert slow.clock.now == before, "the clock waits too"
        assert slow.seeking.done_rows == index.rows
        index.advance()
        wall += 50_000
        slow.pump(wall, 1_000)
    assert target - seeking.CLOSE <= index.rows < len(EVENTS), "as soon as it is close"
    assert slow.seeking is None
    assert not slow.clock.paused
    assert same(slow, target)
    slow.seek_row(len(EVENTS))
    assert slow.seeking
    slow.cancel_seek()
    assert slow.seeking is None
    slow.clock.pause()
    slow.pump(wall + 50_000, 1_000)
    assert same(slow, target)


def test_a_trigger_that_is_not_found_yet_is_awaited(slow):
    first, index = landings()[0], slow.seeker.indexer
    slow.next_trigger()
    assert slow.seeking.of_rows == len(EVENTS)
    while slow.seeking:
        index.advance()
        slow.pump(0, 1_000)
    assert same(slow, first)
    assert index.rows < len(EVENTS)


def test_an_index_that_fails_ends_the_seek_and_says_why(slow, monkeypatch):
    monkeypatch.setattr(slow.seeker.indexer, "advance", lambda: 1 / 0)
    slow.seek_row(9_000)
    slow.seeker.indexer._run()
    slow.pump(0, 1_000)
    assert slow.seeking is None
    assert slow.seek_note == "ZeroDivisionError: division by zero"
    slow.step("event")
    assert slow.position_rows == 2


def test_a_damaged_page_stops_the_replay_where_it_is_and_not_the_screen(setup, monkeypatch):
    path, group = setup.tape.path, 4
    data = bytearray(path.read_bytes())
    at = setup.tape._file.metadata.row_group(group).column(3).data_page_offset
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)
    replay = opened(runs.Setup(parquet.open_tape(path), CONFIG, MODEL, None))
    replay.seeker.indexer.wait(len(EVENTS))
    replay.seek_row(9_000)
    assert (replay.seeking, replay.position_rows) == (None, 1)
    assert "row group 4" in replay.seek_note
    replay.seek(int(EVENTS["ts"][4_200]))  # the time itself stands in that page
    assert "row group 4" in replay.failure
    for act in (replay.pump, replay.seek_row, replay.step, replay.step_back, replay.next_trigger, replay.prev_trigger):
        act(*{"pump": (1, 1), "seek_row": (9,), "step": ("event",), "step_back": ("trade",)}.get(act.__name__, ()))
    assert replay.lag_us == 0
    replay.close()


def test_opened_at_a_time_it_goes_there_when_the_index_has_come_by(setup):
    at = int(EVENTS["ts"][5_000])
    later = opened(setup, at=at)
    later.seeker.indexer.wait(len(EVENTS))
    later.pump(0, 1_000)
    assert same(later, int(np.searchsorted(EVENTS["ts"], at, side="right")))
    assert later.clock.now == at
    later.close()


def test_a_loop_goes_round_and_ends_when_it_is_cleared(replay):
    a, b = int(EVENTS["ts"][3_000]), int(EVENTS["ts"][3_400])
    replay.set_loop(b, a)
    assert replay.loop == (a, b)
    replay.seek(a)
    replay.clock.speed = float("inf")
    replay.clock.play()
    for n in range(3):
        replay.pump(50_000 * n, 10_000_000)
        assert same(replay, replay.source.row_at(a))
        assert replay.clock.now == a
        assert not replay.clock.paused
    replay.clock.speed = 10.0
    rounds, wall = 0, 1_000_000
    for _ in range(600):
        before = replay.clock.now
        wall += 50_000
        replay.pump(wall, 10_000_000)
        rounds += replay.clock.now < before
        assert a <= replay.clock.now <= b
    assert rounds > 1
    replay.clear_loop()
    replay.clock.speed = float("inf")
    replay.pump(wall, 10_000_000)
    assert replay.finished
    with pytest.raises(ValueError, match="two different"):
        replay.set_loop(a, a)


def test_a_loop_far_behind_does_not_call_back_who_plays_beyond_it(replay):
    replay.set_loop(int(EVENTS["ts"][100]), int(EVENTS["ts"][200]))
    replay.seek_row(5_000)
    replay.clock.speed = float("inf")
    replay.clock.play()
    replay.pump(0, 10_000_000)
    assert replay.finished


def test_checkpoints_stay_within_their_limit_and_seeks_still_land(setup, monkeypatch):
    tight = checkpoints.Checkpoints.__init__
    monkeypatch.setattr(checkpoints.Checkpoints, "__init__", lambda self: tight(self, 700_000))
    replay = opened(setup)
    replay.seeker.indexer.wait(len(EVENTS))
    kept = replay.seeker.checkpoints
    assert kept.nbytes <= 700_000
    assert kept.apart > indexer.SPACING
    assert 2 <= len(kept) < len(EVENTS) // indexer.SPACING
    for row in (9_500, 300, 6_000):
        replay.seek_row(row)
        assert same(replay, row)
    replay.close()


def test_the_index_of_a_tape_is_the_same_however_the_thread_was_scheduled(replay, slow):
    while not slow.seeker.indexer.finished:
        slow.seeker.indexer.advance()
    assert slow.seeker.indexer.landings == replay.seeker.indexer.landings == landings()
    mine, theirs = slow.overview(50), replay.overview(50)
    assert mine.lpi_sell.tolist() == theirs.lpi_sell.tolist()
    assert mine.gaps == theirs.gaps


def test_what_a_screen_remembers_follows_a_seek(replay):
    replay.seek_row(len(EVENTS) * 3 // 4)
    replay.pump(0, 10**9)
    assert len(replay.history.ticks)
    assert len(replay.history.trades)
    replay.seek_row(len(EVENTS) // 3)
    replay.pump(0, 10**9)
    now = int(replay.engine.state.clock[st.NOW])
    for tail in (replay.history.ticks, replay.history.trades, replay.history.quotes):
        assert (tail.rows["ts"] <= now).all(), "nothing of what is yet to come"
    replay.step("alpha")
    assert replay.history.ticks.rows["ts"][-1] > now, "and it goes on from there"


class Gate(threading.Event):
    """Tells when somebody waits at it."""

    def __init__(self):
        super().__init__()
        self.reached = threading.Event()

    def wait(self, timeout=None):
        if not self.is_set():
            self.reached.set()
        return super().wait(timeout)


def test_the_index_rests_while_the_market_is_played_flat_out_but_not_where_a_seek_waits_for_it(setup):
    replay = runtime.Replay(setup, warmed=lambda: None)
    begin = indexer.Indexer.start

    def started(index):
        index._awake = gate
        begin(index)

    gate = Gate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexer.Indexer, "start", started)
        replay.load()  # the gate is shut: one piece is indexed, as if the market had been played flat out from the beginning
    index = replay.seeker.indexer
    assert gate.reached.wait(30)
    assert 0 < index.rows < replay.rows_total
    replay.clock.speed = float("inf")
    replay.clock.play()
    replay.pump(0, 0)
    assert not gate.is_set()
    replay.seek_row(replay.rows_total - 10)
    replay.pump(0, 10**6)
    assert gate.is_set()
    index.wait(replay.rows_total)
    assert index.finished
    replay.close()
