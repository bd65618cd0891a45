from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.styles import STYLES, paint_of, text
from widgets.meter import Meter, Meters, MeterTitle, MeterWidget, Words, meter_segments

METER = Meter("▼", "+3.41", 0.5, (0.25, 0.75), "ask", "ask", "FORCED liq 4.7s", "warn")


@pytest.mark.parametrize("width", [1, 2, 5, 12, 20, 37, 66, 120])
@pytest.mark.parametrize("meter", [METER, METER._replace(unknown="warming 12/120"), METER._replace(fraction=-0.2)])
def test_a_meter_fills_its_width_exactly(width, meter):
    assert cell_len(text(meter_segments(meter, width, STYLES))) == width


def test_thresholds_are_marked_inside_and_outside_the_bar():
    line = text(meter_segments(METER, 64, STYLES))
    bar = line[line.index("█") : line.index(" FORCED")]
    assert [at / len(bar) for at, cell in enumerate(bar) if cell == "┃"] == pytest.approx([0.25, 0.75], abs=0.03)
    assert bar.count("█") == pytest.approx(len(bar) / 2, abs=2)


@pytest.mark.parametrize("fraction", [0.0, -0.5])
def test_nothing_and_less_have_no_bar(fraction):
    assert "█" not in text(meter_segments(METER._replace(fraction=fraction), 64, STYLES))


def test_more_than_the_scale_fills_it_and_no_more():
    line = text(meter_segments(METER._replace(fraction=7.0, marks=()), 64, STYLES))
    assert "█ FORCED" in line


def test_a_value_that_is_not_known_has_neither_bar_nor_number():
    segments = meter_segments(METER._replace(unknown="warming 12/120"), 64, STYLES)
    assert "█" not in text(segments) and "3.41" not in text(segments)
    assert paint_of(segments, "warming 12/120") == "warn"


def test_words_keep_their_paints():
    widget = MeterWidget()
    widget.meters = Meters(MeterTitle("P"), (Words((("pan✓", "good"), ("roll✗", "dim"))),))
    segments = widget.row_segments(widget.row_keys(40, 5)[1], 40, STYLES)
    assert text(segments).startswith(" pan✓ roll✗") and paint_of(segments, "pan") == "good"
