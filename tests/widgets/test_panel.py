from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.widgets.styles import STYLES, text
from widgets.panel import Item, Panel, PanelRow, PanelTitle, PanelWidget

ITEMS = tuple(Item(f"PnL item {i}", f"{i},000.5", short=f"it{i}") for i in range(6))


def widget(items=ITEMS) -> PanelWidget:
    made = PanelWidget()
    made.panel = Panel(PanelTitle("MAKER", "quoting"), items)
    return made


@pytest.mark.parametrize("width", [2, 10, 36, 53])
@pytest.mark.parametrize("height", [4, 8])
def test_every_row_fills_its_width_exactly(width, height):
    panel = widget((*ITEMS, Item("passive", "12 40%", share=0.4)))
    for key in panel.row_keys(width, height):
        assert cell_len(text(panel.row_segments(key, width, STYLES))) == width


def test_two_columns_where_height_is_short():
    assert [len(key.items) for key in widget().row_keys(36, 4) if isinstance(key, PanelRow)] == [2, 2, 2]
    assert [len(key.items) for key in widget().row_keys(36, 7) if isinstance(key, PanelRow)] == [1] * 6


def test_labels_are_short_where_room_is():
    panel = widget()
    narrow = text(panel.row_segments(panel.row_keys(36, 4)[1], 36, STYLES))
    wide = text(panel.row_segments(panel.row_keys(53, 7)[1], 53, STYLES))
    assert "it0" in narrow and "0,000.5" in narrow and "it1" in narrow
    assert "PnL item 0" in wide


def test_a_share_draws_a_bar():
    panel = widget((Item("passive", "12", share=0.5),))
    assert "██" in text(panel.row_segments(panel.row_keys(60, 4)[1], 60, STYLES))
