"""A recorded tape as a feed: rows come up to where they were asked for, once, in order, from anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.events import EVENT, Flag, Kind
from lobterm.feeds.replay import ReplayFeed
from lobterm.tape import parquet
from lobterm.tape.pages import Pages
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
    return ReplayFeed(Pages(parquet.open_tape(tmp_path / "t.parquet"), 0))


def handed(source, row, limit):
    """Return the times of the rows up to `row`; no piece is longer than `limit`."""
    found = []
    while len(rows := source.hand_over(row, limit)):
        assert len(rows) <= limit
        found += rows["ts"].tolist()
    return found


def test_rows_are_handed_over_once_and_in_order(fed):
    assert handed(fed, fed.row_at(30), 4) == [10, 10, 20, 30, 30, 30]
    assert handed(fed, fed.row_at(30), 4) == []
    assert (fed.status().rows, fed.status().last_ts, fed.status().finished) == (6, 30, False)
    assert handed(fed, 99, 99) == [40, 50, 60]
    assert fed.status().finished


def test_steps_end_on_whole_messages_and_on_trades_of_the_traded_market(fed):
    assert fed.after_message() == 2
    assert fed.after_trade() == 3
    handed(fed, 3, 99)
    assert fed.after_message() == 6
    assert fed.after_trade() == 8, "the trade of another market is passed over"
    assert fed.after_time(30) == 7
    assert fed.after_time(1_000) == 9
    handed(fed, 9, 99)
    assert fed.after_message() == fed.after_trade() == 9


def test_steps_back_end_where_steps_end(fed):
    handed(fed, 9, 99)
    for row in (8, 7, 6, 3, 2, 0):
        assert fed.before_message() == row
        fed.move_to(row, 0)
    fed.move_to(9, 60)
    assert fed.before_trade() == 8
    fed.move_to(8, 50)
    assert fed.before_trade() == 3
    fed.move_to(3, 20)
    assert fed.before_trade() == 0


def test_a_step_of_a_tick_back_ends_where_a_step_of_a_tick_had_begun(fed):
    stops = [fed.after_time(tick) for tick in (10, 20, 30, 40, 50)]
    assert stops == [3, 6, 7, 8, 9]
    handed(fed, 9, 99)
    for stop in (8, 7, 6, 3, 2, 0):
        assert fed.before_tick(10) == stop
        fed.move_to(stop, 0)


def test_moved_anywhere_it_goes_on_from_there(fed):
    handed(fed, 7, 99)
    fed.move_to(2, 10)
    assert (fed.status().rows, fed.status().last_ts) == (2, 10)
    assert handed(fed, 6, 99) == [20, 30, 30, 30]


def test_a_stopped_feed_hands_over_nothing(fed):
    fed.stop()
    assert handed(fed, 9, 99) == []
    assert not fed.status().running
