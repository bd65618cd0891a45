"""A panel of labelled values, in one column, or in two where height is short."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from widgets.blocks import bar
from widgets.line_widget import LineWidget, Styles, fit, pad, title_row

LABEL_CELLS = 18
NARROW_LABEL_CELLS = 6
SHARE_LABEL_CELLS = 14


class Item(Struct, frozen=True, gc=False):
    """One value. A `share` adds a bar after it."""

    label: str
    value: str
    paint: str = "text"
    share: float | None = None
    short: str = ""  # the label where room is short


class PanelTitle(Struct, frozen=True, gc=False):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"


class PanelRow(Struct, frozen=True, gc=False):
    """The items that stand side by side in one row."""

    items: tuple[Item, ...]


class Panel(Struct, frozen=True):
    """What a panel shows."""

    title: PanelTitle
    items: tuple[Item, ...] = ()


PanelKey = PanelTitle | PanelRow


def item_parts(item: Item, width: int, styles: Styles) -> list[tuple[str, Style]]:
    """Return one value in exactly `width` cells: label at the left, value at the right, bar between if it has one."""
    label_cells = SHARE_LABEL_CELLS if item.share is not None else LABEL_CELLS if width >= 32 else NARROW_LABEL_CELLS
    label = item.short if item.short and label_cells < len(item.label) else item.label
    value_cells = max(0, width - label_cells - 1)
    if item.share is None:
        return [(" " + pad(label, label_cells), styles["dim"]), (pad(item.value, value_cells, ">"), styles[item.paint])]
    bar_cells = max(0, value_cells - 20)
    return [
        (" " + pad(item.label, label_cells), styles[item.paint]),
        (bar(item.share, bar_cells), styles[item.paint]),
        (pad(item.value, value_cells - bar_cells, ">"), styles["text"]),
    ]


class PanelWidget(LineWidget[PanelKey]):
    """Draws a `Panel`."""

    panel = Panel(PanelTitle(""))

    def show(self, panel: Panel) -> None:
        """Take a new picture and repaint the rows that differ."""
        self.panel = panel
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[PanelKey]:
        """Return the title and the rows, one item each if they fit, else two."""
        items = self.panel.items
        columns = 1 if len(items) < height else 2
        rows = [PanelRow(items[at : at + columns]) for at in range(0, len(items), columns)]
        return [self.panel.title, *rows]

    def topic(self, key: PanelKey, x: int) -> str:
        """Return the label of the value at column `x`."""
        if isinstance(key, PanelTitle):
            return key.title
        return key.items[min(len(key.items) - 1, x * len(key.items) // max(1, self.size.width))].label

    def row_segments(self, key: PanelKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, PanelTitle):
            return title_row(key.title, key.note, width, styles, key.note_paint)
        first = (width - 1) // len(key.items)
        parts = [part for item in key.items for part in item_parts(item, first, styles)]
        return fit(parts, width, styles["text"])
