"""The tape's digest: of the fields alone, whatever the pieces."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from lobterm.events import EVENT
from lobterm.tape.digest import TapeDigest
from tests.tape.rows import START, rows, trade


def plain(values):
    """Say the same slowly: every field of every row, little endian, one after the other."""
    whole = b"".join(int(row[name]).to_bytes(EVENT[name].itemsize, "little", signed=EVENT[name].kind == "i")
                     for row in values for name in EVENT.names)  # fmt: skip
    return hashlib.sha256(whole).hexdigest()


def digest(*pieces):
    held = TapeDigest()
    for piece in pieces:
        held.add(piece)
    return held.hexdigest()


@given(st.lists(st.integers(-(2**62), 2**62), max_size=20), st.integers(0, 20))
def test_it_is_that_of_the_fields_in_order_and_cutting_changes_nothing(values, cut):
    held = rows(*(trade(START, px=px, side=-1) for px in values))
    assert digest(held) == digest(held[:cut], held[cut:]) == plain(held)


def test_padding_does_not_count():
    held = rows(trade(START))
    dirty = held.copy()
    dirty.view("u1").reshape(-1, EVENT.itemsize)[:, -EVENT.itemsize + sum(EVENT[n].itemsize for n in EVENT.names) :] = (
        0xAA
    )
    assert digest(dirty) == digest(held)


def test_rows_picked_with_gaps_count_as_they_are_read():
    held = rows(*(trade(START + i) for i in range(6)))
    assert digest(held[::2]) == digest(held[::2].copy())
