from __future__ import annotations

import numpy as np

from tests.widgets.styles import STYLES, text
from widgets.heatmap import SCALE_CELLS, UNKNOWN, Heatmap, HeatTitle, Label, Layer, draw, titled
from widgets.line_widget import PAINTS
from widgets.raster import segments


def picture(heat, **changes) -> Heatmap:
    return Heatmap(HeatTitle("T"), np.array(heat, np.uint8), **changes)


def paints(row, which: str) -> list[str]:
    return [PAINTS[at] for at in getattr(row, which)]


def test_a_cell_shows_two_levels_one_above_the_other():
    row = draw(picture([[7, 3], [0, 3]]))[1]
    assert row.text[0] == "▀" and (paints(row, "ink")[0], paints(row, "ground")[0]) == ("heat-7", "heat-0")
    assert row.text[1] == " " and paints(row, "ground")[1] == "heat-3"


def test_what_is_not_known_is_hatched_and_has_no_heat():
    row = draw(picture([[UNKNOWN, 2], [2, 2]]))[1]
    assert row.text[0] == "╱" and paints(row, "ground")[0] == "text"


def test_glyphs_stand_on_the_heat_and_later_ones_over_earlier():
    dots, fills = np.array([["●", "●"]]), np.array([["◆", " "]])
    row = draw(picture([[3, 3], [3, 3]], layers=(Layer(dots, "bid-strong"), Layer(fills, "own"))))[1]
    assert row.text[:2] == "◆●" and paints(row, "ink")[:2] == ["own", "bid-strong"]
    assert paints(row, "ground")[:2] == ["heat-3", "heat-3"]


def test_strip_above_scale_beside_and_time_below():
    heat = np.zeros((4, 20), np.uint8)
    strip = (Layer(np.full((1, 20), "▬"), "ask"),)
    rows = draw(
        picture(heat, strip=strip, prices=(Label(1, "60,988.0"),), times=(Label(3, "07:45:00"), Label(15, "07:46:00")))
    )
    assert len(rows) == 4 and rows[0].text.startswith("▬" * 20)
    assert rows[2].text[20:].strip() == "60,988.0"
    assert rows[3].text[3:12] == "└07:45:00" and rows[3].text[15:24] == "└07:46:00"
    assert all(len(text(segments(row, 20 + SCALE_CELLS, STYLES))) == 20 + SCALE_CELLS for row in rows)


def test_an_unknown_market_says_so():
    assert "no depth" in "".join(row.text for row in draw(picture(np.full((4, 30), UNKNOWN), unknown="no depth")))


def test_runs_of_one_look_are_one_segment():
    row = draw(picture(np.full((2, 50), 3)))[1]
    assert len(segments(row, 50 + SCALE_CELLS, STYLES)) == 2


def test_the_title_says_what_the_colours_stand_for():
    row = titled(HeatTitle("HEATMAP", "1 s x 2 ticks", full="20 BTC"), 60, STYLES)
    assert text(row) == " HEATMAP  0          20 BTC".ljust(46) + "1 s x 2 ticks "
    grounds = [part.style.bgcolor for part in row if part.style and part.style.bgcolor]
    assert [STYLES[f"heat-{level}"].bgcolor for level in range(8)] == grounds[1:9]


def test_a_glyph_on_deep_heat_has_a_ground_that_it_can_be_read_on():
    dots = np.array([["●", " ", "●"]])
    row = draw(picture([[7, 7, UNKNOWN], [7, 7, 7]], layers=(Layer(dots, "own"),)))[1]
    assert paints(row, "ground")[:3] == ["heat-0", "heat-7", "text"]
