"""Merging: by time, whole messages, and the same rows however they were cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lobterm.events import EVENT, Flag
from lobterm.tape.merge import merge
from tests.tape.rows import START, book, rows, streams, trade


def joined(chunks):
    return np.concatenate([np.zeros(0, EVENT), *chunks])


@given(st.data(), st.integers(1, 4))
def test_the_result_is_the_sorted_whole_with_ties_in_the_order_of_the_streams(data, count):
    parts = [data.draw(streams(market=m)) for m in range(count)]
    result = joined(merge(parts))
    everything = [row for part in parts for row in joined(part).tolist()]
    assert result.tolist() == sorted(everything, key=lambda row: (row[0], row[7]))


@given(st.data())
def test_no_message_is_torn_within_or_between_chunks(data):
    open_market = None
    for chunk in merge([data.draw(streams(market=m)) for m in range(3)]):
        for row in chunk:
            assert open_market in (None, row["market"])
            open_market = None if row["flags"] & Flag.LAST else row["market"]
    assert open_market is None


def test_a_stream_that_starts_late_or_is_empty_holds_nothing_up():
    early = [rows(trade(START + i)) for i in range(5)]
    late = [rows(book(START + 1000, 5, 5, 1, market=1))]
    result = joined(merge([early, [], late]))
    assert result["ts"].tolist() == [START + i for i in range(5)] + [START + 1000]


def test_memory_stays_bounded_by_the_chunks_not_the_length():
    pulled = 0

    def stream(market):
        nonlocal pulled
        for i in range(1000):
            pulled += 1
            yield rows(*(trade(START + 10 * i + j, market=market) for j in range(10)))

    merged = merge([stream(0), stream(1)])
    for _ in range(5):
        next(merged)
    assert pulled < 40
