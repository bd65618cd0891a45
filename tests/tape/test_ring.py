"""The ring: everything in order, or a plain word about what was missed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobterm.tape.ring import Cursor, Lapped, Ring
from tests.tape.rows import rows, trade


def numbered(first, count):
    return rows(*(trade(first + i, seq=first + i) for i in range(count)))


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=40))
def test_a_cursor_that_keeps_up_reads_every_row_once_in_order(steps):
    ring = Ring(16)
    cursor = Cursor(ring)
    read, written = [], 0
    for write, limit in steps:
        write = min(write, ring.capacity - cursor.behind)
        ring.append(numbered(written, write)) if write else None
        written += write
        read += cursor.read(limit)["seq"].tolist()
        assert cursor.behind == written - len(read)
    read += cursor.read(100)["seq"].tolist()
    assert read == list(range(written))


def test_a_lapped_cursor_is_told_how_much_it_missed_and_can_go_on_from_disk():
    ring = Ring(8)
    cursor = Cursor(ring)
    for start in (0, 5, 10):
        ring.append(numbered(start, 5))
    with pytest.raises(Lapped) as caught:
        cursor.read(100)
    assert caught.value.missed == 7
    assert cursor.position == 0
    cursor.skip_to(7)
    assert cursor.read(100)["seq"].tolist() == list(range(7, 15))


def test_rows_that_were_read_are_not_overwritten_under_the_reader():
    ring = Ring(4)
    cursor = Cursor(ring)
    ring.append(numbered(0, 4))
    read = cursor.read(4)
    ring.append(numbered(4, 4))
    assert read["seq"].tolist() == [0, 1, 2, 3]


def test_cursors_do_not_move_each_other():
    ring = Ring(8)
    first, second = Cursor(ring), Cursor(ring)
    ring.append(numbered(0, 3))
    first.read(2)
    assert (first.behind, second.behind) == (1, 3)


@pytest.mark.parametrize("capacity", [0, -8, 12])
def test_a_capacity_must_be_a_power_of_two(capacity):
    with pytest.raises(ValueError, match="power of two"):
        Ring(capacity)


def test_more_rows_than_the_ring_holds_are_refused_whole():
    ring = Ring(4)
    with pytest.raises(ValueError, match="5 rows"):
        ring.append(numbered(0, 5))
    assert ring.written == 0
    ring.append(np.concatenate([numbered(0, 4)]))
    assert ring.written == 4
