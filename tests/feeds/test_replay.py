"""A tape as a feed: rows enter the ring up to where they were asked for, once, in order."""

from __future__ import annotations

import numpy as np

from lobterm.events import EVENT, Flag, Kind
from lobterm.feeds.replay import ReplayFeed
from lobterm.tape.ring import Cursor, Ring


def tape():
    rows = np.zeros(9, EVENT)
    rows["ts"] = [10, 10, 20, 30, 30, 30, 40, 50, 60]
    rows["flags"] = [0, Flag.LAST, Flag.LAST, 0, 0, Flag.LAST, Flag.LAST, Flag.LAST, Flag.LAST]
    rows["kind"] = [Kind.BOOK] * 2 + [Kind.TRADE] + [Kind.BOOK] * 3 + [Kind.TRADE, Kind.TRADE, Kind.BOOK]
    rows["market"][6] = 1
    return rows


def feed():
    source, ring = ReplayFeed(tape(), 0), Ring(16)
    cursor = Cursor(ring)
    source.start(ring)
    return source, cursor


def test_rows_are_handed_over_once_and_in_order():
    source, cursor = feed()
    assert source.hand_over(source.row_at(30), 4) == 4
    assert source.hand_over(source.row_at(30), 4) == 2
    assert source.hand_over(source.row_at(30), 4) == 0
    assert cursor.read(100)["ts"].tolist() == [10, 10, 20, 30, 30, 30]
    assert (source.status().rows, source.status().last_ts, source.status().finished) == (6, 30, False)
    assert source.hand_over(99, 99) == 3
    assert source.status().finished


def test_steps_end_on_whole_messages_and_on_trades_of_the_traded_market():
    source, _ = feed()
    assert source.after_message() == 2
    assert source.after_trade() == 3
    source.hand_over(3, 99)
    assert source.after_message() == 6
    assert source.after_trade() == 8, "the trade of another market is passed over"
    assert source.after_time(30) == 7
    assert source.after_time(1_000) == 9
    source.hand_over(9, 99)
    assert source.after_message() == source.after_trade() == 9


def test_a_stopped_feed_hands_over_nothing():
    source, cursor = feed()
    source.stop()
    assert source.hand_over(9, 99) == 0
    assert not source.status().running
    assert len(cursor.read(10)) == 0
