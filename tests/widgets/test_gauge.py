from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.styles import STYLES, text
from widgets.gauge import Gauge, GaugeBar, Gauges, GaugeTitle, GaugeWidget, bar_segments, label_segments

SKEW = Gauge("skew", "+0.42", "tanh", fraction=0.42, bipolar=True, paint="bid")
HAZARD = Gauge("hazard", "0.31", "k_tol 0.2", fraction=0.62, threshold=0.4, paint="warn")


def cells(gauge: Gauge, width: int = 43) -> list[tuple[str, object]]:
    return [(char, segment.style) for segment in bar_segments(gauge, width, STYLES) for char in segment.text]


def inked(gauge: Gauge, width: int = 43) -> list[int]:
    """Return the columns that carry colour: a block, or a cell on a background that is not the track's."""
    quiet = {STYLES["track"].bgcolor, STYLES["text"].bgcolor}
    return [
        x for x, (char, style) in enumerate(cells(gauge, width)) if char in "█▉▊▋▌▍▎▏" or style.bgcolor not in quiet
    ]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 10, 37, 53])
@pytest.mark.parametrize("fraction", [-1.0, -0.3, 0.0, 0.01, 1.0])
def test_every_row_fills_its_width_exactly(width, fraction):
    for gauge in (
        SKEW._replace(fraction=fraction),
        HAZARD._replace(fraction=abs(fraction)),
        SKEW._replace(unknown="no model"),
    ):
        assert cell_len(text(bar_segments(gauge, width, STYLES))) == width
        assert cell_len(text(label_segments(gauge, width, STYLES))) == width


def test_skew_grows_from_the_middle():
    middle = text(bar_segments(SKEW, 43, STYLES)).index("│")
    assert middle == 21
    assert min(inked(SKEW)) == middle + 1
    assert max(inked(SKEW._replace(fraction=-0.42))) == middle - 1
    assert inked(SKEW._replace(fraction=0.0)) == []


def test_skew_of_both_signs_is_equally_long():
    assert len(inked(SKEW)) == len(inked(SKEW._replace(fraction=-0.42)))
    assert len(inked(SKEW._replace(fraction=1.0))) == 20


def test_the_threshold_is_marked_on_either_side_of_the_value():
    for fraction in (0.1, 0.62, 1.0):
        line = text(bar_segments(HAZARD._replace(fraction=fraction), 42, STYLES))
        assert line.index("┃") == 1 + int(0.4 * 40)


def test_an_unknown_gauge_has_no_bar_and_says_why():
    gauge = HAZARD._replace(unknown="warming 312/1,000 trades", fraction=0.9)
    assert "█" not in text(bar_segments(gauge, 40, STYLES)) and "╌╌╌" in text(bar_segments(gauge, 40, STYLES))
    assert "warming 312/1,000 trades" in text(label_segments(gauge, 40, STYLES))
    assert "0.31" not in text(label_segments(gauge, 40, STYLES))


def test_the_aside_is_whole_or_absent():
    gauge = SKEW._replace(aside="directional takers")
    assert text(label_segments(gauge, 60, STYLES)).rstrip().endswith("directional takers")
    assert "direct" not in text(label_segments(gauge, 37, STYLES))


def test_bars_go_first_where_height_is_short():
    widget = GaugeWidget()
    widget.gauges = Gauges(GaugeTitle("SIGNALS"), (SKEW, HAZARD))
    assert [type(key) for key in widget.row_keys(40, 3)] == [GaugeTitle, Gauge, Gauge]
    assert [type(key) for key in widget.row_keys(40, 5)] == [GaugeTitle, Gauge, GaugeBar, Gauge, GaugeBar]
