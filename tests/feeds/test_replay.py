"""A recorded tape as a feed: rows enter the ring up to where they were asked for, once, in order, from anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.events import EVENT, Flag, Kind
from lobterm.feeds.replay import ReplayFeed
from lobterm.tape import parquet
from lobterm.tape.pages import Pages
from lobterm.tape.ring import Cursor, Ring
from tests.tape.rows import PERP


def tape():
    rows = np.zeros(9, EVENT)
    rows["ts"] = [10, 10, 20, 30, 30, 30, 40, 50, 60]
    rows["flags"] = [0, Flag.LAST, Flag.LAST, 0, 0, Flag.LAST, Flag.LAST, Flag.LAST, Flag.LAST]
    rows["kind"] = [Kind.BOOK] * 2 + [Kind.TRADE] + [Kind.BOOK] * 3 + [Kind.TRADE, Kind.TRADE, Kind.BOOK]
    rows["market"][6] = 1
    rows["side"] = 1
    return rows


@pytest.fixture(params=[2, 4, 100])
def fed(request, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP", request.param)
    parquet.write_tape(tmp_path / "t.parquet", (PERP,), [tape()], exch_ts_kind={0: "T"})
    source, ring = ReplayFeed(Pages(parquet.open_tape(tmp_path / "t.parquet"), 0)), Ring(16)
    cursor = Cursor(ring)
    source.start(ring)
    return source, cursor


def test_rows_are_handed_over_once_and_in_order(fed):
    source, cursor = fed
    assert source.hand_over(source.row_at(30), 4) == 4
    assert source.hand_over(source.row_at(30), 4) == 2
    assert source.hand_over(source.row_at(30), 4) == 0
    assert cursor.read(100)["ts"].tolist() == [10, 10, 20, 30, 30, 30]
    assert (source.status().rows, source.status().last_ts, source.status().finished) == (6, 30, False)
    assert source.hand_over(99, 99) == 3
    assert source.status().finished


def test_steps_end_on_whole_messages_and_on_trades_of_the_traded_market(fed):
    source, _ = fed
    assert source.after_message() == 2
    assert source.after_trade() == 3
    source.hand_over(3, 99)
    assert source.after_message() == 6
    assert source.after_trade() == 8, "the trade of another market is passed over"
    assert source.after_time(30) == 7
    assert source.after_time(1_000) == 9
    source.hand_over(9, 99)
    assert source.after_message() == source.after_trade() == 9


def test_steps_back_end_where_steps_end(fed):
    source, _ = fed
    source.hand_over(9, 99)
    for row in (8, 7, 6, 3, 2, 0):
        assert source.before_message() == row
        source.move_to(row, 0)
    source.move_to(9, 60)
    assert source.before_trade() == 8
    source.move_to(8, 50)
    assert source.before_trade() == 3
    source.move_to(3, 20)
    assert source.before_trade() == 0


def test_a_step_of_a_tick_back_ends_where_a_step_of_a_tick_had_begun(fed):
    source, _ = fed
    stops = [source.after_time(tick) for tick in (10, 20, 30, 40, 50)]
    assert stops == [3, 6, 7, 8, 9]
    source.hand_over(9, 99)
    for stop in (8, 7, 6, 3, 2, 0):
        assert source.before_tick(10) == stop
        source.move_to(stop, 0)


def test_moved_anywhere_it_goes_on_from_there(fed):
    source, cursor = fed
    source.hand_over(7, 99)
    cursor.read(99)
    source.move_to(2, 10)
    assert (source.status().rows, source.status().last_ts) == (2, 10)
    source.hand_over(6, 99)
    assert cursor.read(99)["ts"].tolist() == [20, 30, 30, 30]


def test_a_stopped_feed_hands_over_nothing(fed):
    source, cursor = fed
    source.stop()
    assert source.hand_over(9, 99) == 0
    assert not source.status().running
    assert len(cursor.read(10)) == 0
