"""A reader that is late reads on from disk, and misses nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lobterm.events import empty
from lobterm.tape.spill import SpillingRing


def numbered(first, n):
    rows = empty(n)
    rows["seq"] = np.arange(first, first + n)
    return rows


@given(steps=st.lists(st.tuples(st.integers(0, 64), st.integers(0, 90)), max_size=60))
def test_every_row_comes_once_and_in_order_however_late_the_reader_is(steps):
    ring, told, heard = SpillingRing(64), 0, []
    for rows, read in steps:
        ring.append(numbered(told, rows))
        told += rows
        heard += ring.read(read)["seq"].tolist()
        assert ring.behind == told - len(heard)
    while ring.behind:
        heard += ring.read(17)["seq"].tolist()
    assert heard == list(range(told))
    ring.close()


def test_no_file_is_made_for_a_reader_that_keeps_up(tmp_path):
    ring = SpillingRing(64, tmp_path / "missing")
    for k in range(100):
        ring.append(numbered(64 * k, 64))
        assert len(ring.read(64)) == 64
    assert ring.spilled == 0


def test_the_file_begins_anew_once_the_reader_has_caught_up(tmp_path):
    import os

    ring = SpillingRing(64, tmp_path)
    for _ in range(5):
        for _ in range(4):
            ring.append(numbered(ring.written, 64))
        while ring.behind:
            ring.read(1_000)
    assert ring.spilled == 5 * 192
    assert os.fstat(ring._file).st_size == 192 * 48
    assert list(tmp_path.iterdir()) == []
    ring.close()
