from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.styles import STYLES, paint_of, text
from widgets.table import Cell, Table, TableTitle, TableWidget, row_segments, widths

ROWS = (
    (Cell("maker"), Cell("53,104.2", "bid"), Cell("0.010")),
    (Cell("fade"), Cell("9.1", "ask"), Cell("12")),
)


def laid(width: int, height: int = 10, grow: int = 0, rows=ROWS):
    widget = TableWidget()
    widget.table = Table(TableTitle("T"), rows, "<>>", grow, "none")
    return widget.row_keys(width, height)


@pytest.mark.parametrize("width", [1, 3, 8, 15, 20, 40, 100])
@pytest.mark.parametrize("grow", [0, 2])
def test_every_row_fills_its_width_exactly(width, grow):
    for key in laid(width, grow=grow)[1:]:
        assert cell_len(text(row_segments(key, width, STYLES))) == width


def test_columns_are_as_wide_as_their_widest_and_one_takes_the_rest():
    assert widths(ROWS, 0, 40) == (23, 8, 5)
    first, second = (text(row_segments(key, 40, STYLES)) for key in laid(40)[1:])
    assert first.endswith("53,104.2 0.010 ") and second.endswith("     9.1    12 ")
    assert paint_of(row_segments(laid(40)[1], 40, STYLES), "53,104.2") == "bid"


def test_the_growing_column_gives_way_first_then_the_last():
    assert widths(ROWS, 0, 18) == (1, 8, 5)
    assert widths(ROWS, 0, 14) == (0, 8, 2)


def test_no_more_rows_than_there_is_room_for_and_none_is_said():
    assert len(laid(40, height=2)) == 2
    assert laid(40, rows=())[1] == "none"


def test_markup_is_text():
    row = laid(60, rows=((Cell("[red]x[/]"), Cell(""), Cell("")),))[1]
    assert "[red]x[/]" in text(row_segments(row, 60, STYLES))
