"""Rows out of columns: every field where it belongs, and nothing passes that no importer writes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from lobterm.events import EVENT, Kind, Market, empty
from lobterm.tape.unpack import LARGEST, WRONG, unpack

SIDED = (Kind.BOOK, Kind.TOUCH, Kind.TRADE)
NUMBER = some.sampled_from([-1, 0, 1, LARGEST, LARGEST + 1, -(1 << 63), (1 << 63) - 1])
ROW = some.tuples(
    some.integers(-1, 3), some.integers(), some.integers(), NUMBER, NUMBER,
    some.sampled_from([0, *map(int, Kind), max(Kind) + 1, 255]), some.sampled_from([-128, -2, -1, 0, 1, 2]),
    some.sampled_from([0, 1, max(Market) + 1]), some.integers(0, 255),
)  # fmt: skip


def columns(rows):
    made = [np.ascontiguousarray(rows[name]) for name in EVENT.names]
    for column in made:
        column.flags.writeable = False
    return made


def twin(rows, last: int) -> str:
    """Say row by row what is wrong."""
    found = 0
    for row in rows.tolist():
        ts, _, _, px, qty, kind, side, market, _ = row
        if ts < last:
            found = max(found, 3)
        last = ts
        if kind not in list(Kind) or side not in (-1, 0, 1) or market not in list(Market):
            found = max(found, 2)
        if kind in SIDED and (side == 0 or px < 0 or qty < 0 or px > LARGEST or qty > LARGEST):
            found = max(found, 1)
    return WRONG[found]


@given(some.lists(ROW, max_size=6), some.integers(-1, 2))
def test_it_says_what_the_plain_twin_says_and_every_field_is_where_it_was(told, last):
    given_rows = empty(len(told))
    for at, row in enumerate(told):
        given_rows[at] = tuple(
            value if name in ("px", "qty", "kind", "side", "market", "flags", "ts") else value % 1_000
            for name, value in zip(EVENT.names, row, strict=True)
        )
    rows = empty(len(told))
    assert WRONG[unpack(rows, last, *columns(given_rows))] == twin(given_rows, last)
    assert rows.tolist() == given_rows.tolist()


def test_a_rate_below_zero_is_no_size():
    rows = empty(1)
    rows["kind"], rows["px"] = Kind.FUNDING, -25_000
    assert not unpack(empty(1), 0, *columns(rows))
