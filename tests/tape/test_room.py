"""Memory for pages: it serves again once nobody can see it any more, and never before."""

from __future__ import annotations

from lobterm.tape.room import Room


def address(rows):
    return rows.__array_interface__["data"][0]


def test_what_somebody_still_sees_is_not_written_over():
    room = Room()
    rows = room.rows(100)
    rows["px"] = 7
    part, place = rows[10:20][2:], address(rows)
    del rows
    other = room.rows(100)
    other["px"] = 8
    assert part["px"].tolist() == [7] * 8
    del part
    assert address(room.rows(90)) == place, "the last view is gone: it serves again"


def test_too_small_a_block_is_not_taken_for_more_rows():
    room = Room()
    room.rows(10)
    rows = room.rows(5_000)
    rows["qty"] = 3
    assert len(rows) == 5_000 and rows["qty"].sum() == 15_000


def test_after_its_end_it_keeps_nothing():
    room = Room()
    rows = room.rows(10)
    room.rows(10)
    room.close()
    del rows
    assert not room._free
