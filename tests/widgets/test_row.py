"""A row that was painted goes away by itself, without the garbage collector."""

from __future__ import annotations

import weakref

from rich.segment import Segment
from textual.strip import Strip

from widgets.line_widget import Row


class Watched(Row):
    __slots__ = ("__weakref__",)


def row():
    return Watched([Segment("12"), Segment("345")], 5)


def test_a_row_that_is_not_cut_does_not_hold_itself():
    painted = row()
    assert painted.divide([5]) == [painted]
    assert painted.divide([9, 5]) == [painted], "what lies beyond its end is no cut"
    gone = weakref.ref(painted)
    del painted
    assert gone() is None


def test_a_row_is_cut_as_any_strip_is():
    assert [part.text for part in row().divide([1, 4, 5])] == ["1", "234", "5"]
    assert row().divide([1, 4, 5]) == Strip([Segment("12"), Segment("345")], 5).divide([1, 4, 5])
