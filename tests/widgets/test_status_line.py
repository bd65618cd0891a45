from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.styles import STYLES, text
from widgets.status_line import StatusRow, row_segments

ROW = StatusRow(
    (("BTCUSDT", "strong"), ("PAPER", "badge"), ("12:00", "text")), (("touch: book", "dim"), ("trades: agg", "dim"))
)


@pytest.mark.parametrize("width", range(1, 70, 3))
def test_fills_its_width_exactly(width):
    assert cell_len(text(row_segments(ROW, width, STYLES))) == width


def test_right_words_give_way_whole_before_left_ones():
    assert "touch: book  trades: agg" in text(row_segments(ROW, 60, STYLES))
    line = text(row_segments(ROW, 42, STYLES))
    assert "touch" not in line and line.rstrip().endswith("trades: agg")
    assert text(row_segments(ROW, 25, STYLES)).split() == ["BTCUSDT", "PAPER", "12:00"]
    assert text(row_segments(ROW, 18, STYLES)).split() == ["BTCUSDT", "PAPER"]


def test_markup_in_a_word_is_text():
    assert "[red]X[/]" in text(row_segments(StatusRow((("[red]X[/]", "strong"),)), 40, STYLES))


def test_a_word_that_is_cut_is_seen_to_be_cut():
    told = StatusRow((("STOPPED: the tape is torn; import it again", "bad"),))
    assert text(row_segments(told, 30, STYLES)) == " STOPPED: the tape is torn; i…"
    assert "…" not in text(row_segments(told, 50, STYLES))
