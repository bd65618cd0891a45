from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from tests.widgets.styles import STYLES, paint_of, text
from widgets.tape import TapeRow, row_segments

ROW = TapeRow("11:44:12.125", 1, "53,104.3", "   0.407", 0.3, "? warm-up", "?warm", "none")


@pytest.mark.parametrize("width", [1, 8, 20, 36, 44, 60, 73, 120])
def test_a_row_fills_its_width_exactly(width):
    assert cell_len(text(row_segments(ROW, width, STYLES))) == width


@pytest.mark.parametrize(
    ("width", "shown", "hidden"),
    [
        (37, ("11:44:12 ", "▲", "53,104.3", "0.407", "?warm"), (".125", "? warm-up")),
        (38, ("44:12.125", "?warm"), ("11:44",)),
        (60, ("11:44:12.125", "? warm-up"), ()),
    ],
)
def test_what_gives_way_first(width, shown, hidden):
    line = text(row_segments(ROW, width, STYLES))
    assert all(part in line for part in shown), line
    assert not any(part in line for part in hidden), line


def test_side_is_told_by_glyph_and_colour():
    sell = row_segments(replace(ROW, side=-1), 60, STYLES)
    assert "▼" in text(sell) and paint_of(sell, "▼") == "ask"
    assert paint_of(row_segments(ROW, 60, STYLES), "▲") == "bid"


def test_a_wide_tape_draws_the_size():
    assert "███" in text(row_segments(ROW, 73, STYLES))
