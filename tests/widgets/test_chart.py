from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from tests.widgets.styles import STYLES, text
from widgets.chart import (
    LABEL_CELLS,
    STROKES,
    Chart,
    ChartTitle,
    ChartWidget,
    Event,
    Level,
    Series,
    dots,
    draw,
    stroked,
    titled,
)
from widgets.line_widget import PAINTS
from widgets.raster import segments

WIDTH = 40 + LABEL_CELLS


def chart(*series: Series, **changes) -> Chart:
    return Chart(ChartTitle("T"), series, **({"low": 0.0, "high": 1.0} | changes))


def rising(paint: str = "bid") -> Series:
    return Series(np.linspace(0.0, 1.0, 80), paint)


def inks(row) -> list[str]:
    return [PAINTS[ink] for ink in row.ink]


def test_a_line_rises_from_the_bottom_left_to_the_top_right():
    rows = draw(chart(rising()), WIDTH, 5)
    assert rows[-1].text[LABEL_CELLS] != " " and rows[0].text[-1] != " "
    assert rows[0].text[LABEL_CELLS] == " " and rows[-1].text[-1] == " "


def test_points_are_joined_and_a_missing_one_breaks_the_line():
    jump = dots(np.array([0.0, 1.0]), 0.0, 1.0, 2)
    assert jump[:, 1].all() and jump[:, 0].sum() == 1
    hole = dots(np.array([0.0, np.nan, 1.0]), 0.0, 1.0, 2)
    assert hole[:, 1].sum() == 0 and hole[:, 2].sum() == 1


def test_values_beyond_the_scale_stay_at_its_edge():
    grid = dots(np.array([-5.0, 5.0]), 0.0, 1.0, 2)
    assert grid[-1, 0] and grid[0, 1]


def test_cells_that_two_lines_share_have_the_paint_of_neither():
    flat = np.full(80, 0.5)
    apart = draw(chart(Series(flat, "bid"), Series(flat * 0, "ask")), WIDTH, 4)
    shared = draw(chart(Series(flat, "bid"), Series(flat, "ask")), WIDTH, 4)
    assert {ink for row in apart for ink in inks(row)[LABEL_CELLS:]} == {"text", "bid", "ask"}
    assert not {"bid", "ask"} & {ink for row in shared for ink in inks(row)}
    assert any(cell >= "⠁" for cell in shared[1].text + shared[2].text)


def test_lines_are_told_apart_without_any_paint_and_the_legend_shows_how():
    flat = np.full(80, 0.5)
    both = chart(Series(flat, "ask", "▼"), Series(flat * 0, "bid", "▲", "dotted"))
    drawn = [row.text[LABEL_CELLS:] for row in draw(both, WIDTH, 4)]
    solid, dotted = (set(line) for line in drawn if line.strip())
    assert len(solid) == len(dotted) == 1 and solid != dotted
    for series, shape in zip(both.series, (solid, dotted), strict=True):
        dots_of = bin(ord(STROKES[series.stroke][1][0])).count("1"), bin(ord(shape.pop())).count("1")
        assert dots_of[0] == dots_of[1], "a cell of the legend is as full as one of the line"
    assert titled(both).note == "⠤⠤▼ ⠄⠄▲"
    assert titled(replace(both, title=ChartTitle("T", "now · across"))).note == "now · ⠤⠤▼ ⠄⠄▲ · across"
    assert titled(chart(Series(flat, "ask", "▼"))).note == "", "a line alone needs none"
    assert len({key for _, key in STROKES.values()}) == len(STROKES)


@pytest.mark.parametrize("stroke", list(STROKES))
def test_no_stroke_hides_a_move(stroke):
    values = np.zeros(80)
    for at in (11, 12, 40, 61, 63):
        values[at] = 1.0
        grid = dots(values, 0.0, 1.0, 3)
        assert (stroked(grid, stroke)[:, at] == grid[:, at]).all() and grid[:, at].sum() == 12
        values[at] = 0.0


def test_a_threshold_is_a_line_with_its_value_and_never_hides_a_curve():
    rows = draw(chart(rising(), levels=(Level(0.5, "2.5"),)), WIDTH, 5)
    assert rows[2].text.startswith("    2.5") and "╌" in rows[2].text
    assert any(ink == "bid" for ink in inks(rows[2]))
    assert not any("╌" in row.text for row in draw(chart(rising(), levels=(Level(7.0, "7"),)), WIDTH, 5))


def test_a_band_is_the_ground_of_its_columns():
    band = np.zeros(40, np.bool_)
    band[-3:] = True
    row = draw(chart(rising(), bands={"band": band}), WIDTH, 3)[1]
    assert [PAINTS[ground] for ground in row.ground][-4:] == ["text", "band", "band", "band"]


def test_a_band_with_a_glyph_is_seen_without_colour_and_hides_no_curve():
    band = np.zeros(40, np.bool_)
    band[:3] = band[-1:] = True
    rows = draw(chart(rising(), bands={"band": band}, band_glyphs={"band": ("▾", "ask")}), WIDTH, 3)
    assert rows[0].text[LABEL_CELLS : LABEL_CELLS + 4] == "▾▾▾ " and inks(rows[0])[LABEL_CELLS] == "ask"
    assert rows[0].text[-1] not in " ▾", "the curve is there"
    assert "▾" not in rows[1].text


def test_events_and_unknown_are_written_over():
    row = draw(chart(rising(), events=(Event(5, "▼", "own"), Event(99, "▼", "own"))), WIDTH, 3)[0]
    assert row.text.count("▼") == 1 and row.text[LABEL_CELLS + 5] == "▼"
    assert "no LPI yet" in draw(chart(unknown="no LPI yet"), WIDTH, 3)[1].text


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8, 2), (33, 1), (200, 0), (10, 10)])
def test_any_room(width, height):
    rows = draw(chart(rising(), levels=(Level(0.5, "0.5"),)), width, height)
    assert len(rows) == height
    assert all(len(text(segments(row, width, STYLES))) == width for row in rows)


def test_with_times_the_last_row_is_the_axis_and_without_room_there_is_none():
    times = ((0, "11:00"), (20, "11:10"), (37, "11:20"))
    rows = draw(chart(rising(), times=times), WIDTH, 5)
    assert rows[-1].text == " " * LABEL_CELLS + "└11:00".ljust(20) + "└11:10".ljust(20)
    assert rows[-2].text[LABEL_CELLS] != " " and rows[0].text[-1] != " "
    assert all("└" not in row.text for row in draw(chart(rising(), times=times), WIDTH, 3))


def test_lines_are_named_in_their_paints_and_what_has_no_room_goes_whole():
    widget = ChartWidget()
    title = ChartTitle("PnL", "07:52 to 07:56", names=(("total +1.00", "strong"), ("fees -2.00", "ask")))
    wide, narrow, least = (widget.row_segments(title, width, STYLES) for width in (60, 34, 20))
    assert text(wide) == " PnL  total +1.00  fees -2.00".ljust(45) + "07:52 to 07:56 "
    assert next(part.style.color for part in wide if "fees" in part.text) == STYLES["ask"].color
    assert text(narrow).rstrip() == " PnL  total +1.00  fees -2.00"
    assert text(least).rstrip() == " PnL  total +1.00"
