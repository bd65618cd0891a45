from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from tests.widgets.styles import STYLES, text
from widgets.transport import Transport, row_segments

ROW = Transport("▶ PLAYING", "good", "10x", "11:44:12.125", "11:50:00", 0.5)


@pytest.mark.parametrize("width", [1, 10, 40, 56, 80, 200])
def test_fills_its_width_exactly(width):
    assert cell_len(text(row_segments(ROW, width, STYLES))) == width


LIVE = Transport("● LIVE", "bad", "412 rows/s · lag 0.0s", "11:44:12.125", "", None, "book UNKNOWN, last 12.3s ago")


@pytest.mark.parametrize("width", [1, 10, 40, 56, 80, 200])
def test_what_is_not_played_has_no_bar_and_fills_its_width_exactly(width):
    line = text(row_segments(LIVE, width, STYLES))
    assert cell_len(line) == width and "█" not in line


def test_the_clock_and_the_speed_give_way_before_what_is_wrong():
    wide, narrow, least = (text(row_segments(LIVE, width, STYLES)) for width in (80, 65, 40))
    assert all("● LIVE" in line and "book UNKNOWN, last 12.3s ago" in line for line in (wide, narrow, least))
    assert "lag" in wide and "11:44:12.125" in wide
    assert "lag" in narrow and "11:44" not in narrow
    assert "lag" not in least


def test_the_bar_shows_how_far():
    half, full = (text(row_segments(replace(ROW, progress=p), 80, STYLES)).count("█") for p in (0.5, 1.0))
    assert full == 80 - len(" ▶ PLAYING ") - len(" 10x ") - len(" 11:44:12.125 / 11:50:00 ")
    assert half == full // 2


def test_the_end_gives_way_before_the_clock():
    line = text(row_segments(ROW, 42, STYLES))
    assert "11:44:12.125" in line and "11:50:00" not in line
