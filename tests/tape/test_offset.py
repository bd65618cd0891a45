"""The clocks' difference: known from the past alone, told before the message that showed it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lobterm.events import EVENT, Flag, Kind
from lobterm.tape.offset import with_offsets
from tests.tape.rows import START, book, rows, trade


def told(chunks, market=0):
    return np.concatenate([np.zeros(0, EVENT), *with_offsets(chunks, market)])


def offsets(result):
    return [(int(r["ts"]) - START, int(r["qty"])) for r in result if r["kind"] == Kind.CLOCK_OFFSET]


def timed(*pairs, market=0):
    return rows(*(trade(START + at, exch=START + at + ahead, market=market) for at, ahead in pairs))


def test_the_first_stamp_and_every_rise_of_a_millisecond_are_told():
    result = told([timed((0, -5000), (10, -4001), (20, -4000), (30, -9000), (40, -3500), (50, -3000))])
    assert offsets(result) == [(0, -5000), (20, -4000), (50, -3000)]


def test_it_stands_before_the_whole_message_that_raised_it():
    message = rows(
        book(START, 100, 1, 1, 0, exch=0),
        book(START, 101, 1, -1, LAST := int(Flag.LAST), exch=START + 7),
        trade(START + 1, exch=START + 2000),
    )
    assert LAST == 1
    kinds = told([message])["kind"].tolist()
    assert kinds == [Kind.CLOCK_OFFSET, Kind.BOOK, Kind.BOOK, Kind.CLOCK_OFFSET, Kind.TRADE]


def test_rows_without_exchange_time_and_other_markets_say_nothing():
    assert offsets(told([rows(trade(START)), timed((5, 10), market=1)])) == []


def test_a_recording_that_brings_its_own_keeps_those_alone():
    own = (START, 0, 0, 0, 77, int(Kind.CLOCK_OFFSET), 0, 0, int(Flag.LAST | Flag.SYNTHETIC))
    assert offsets(told([rows(own, trade(START, exch=START + 9)), timed((5, 5000))])) == [(0, 77)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-9000, 9000)), max_size=40), st.data())
def test_cutting_changes_nothing_and_the_future_does_not_reach_back(steps, data):
    at, pairs = 0, []
    for gap, ahead in steps:
        at += gap
        pairs.append((at, ahead))
    whole = told([timed(*pairs)]) if pairs else told([])
    cut = data.draw(st.integers(0, len(pairs)))
    pieces = [timed(*part) for part in (pairs[:cut], pairs[cut:]) if part]
    assert told(pieces).tolist() == whole.tolist()
    past = told([timed(*pairs[:cut])]) if cut else told([])
    assert whole[: len(past)].tolist() == past.tolist()
