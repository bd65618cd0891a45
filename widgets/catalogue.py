"""A catalogue: items in columns under headings, a strip of cells or a note behind each, one of them lit, scrolled to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from widgets.line_widget import LineWidget, Styles, fit, on, pad, title_row
from widgets.table import Cell
from widgets.timeline import Cell as StripCell

WHEEL = 3


class Heading(NamedTuple):
    """A heading with a note at its right."""

    title: str
    note: str = ""


class Item(NamedTuple):
    """One item: its columns, then a strip of single cells, or a note where it has none."""

    cells: tuple[Cell, ...]
    strip: tuple[StripCell, ...] = ()
    note: Cell = Cell("")


class ItemRow(NamedTuple):
    """An item as laid out."""

    item: Item
    widths: tuple[int, ...]
    aligns: str
    lit: bool


class Catalogue(Struct, frozen=True):
    """What a catalogue shows. `lit` counts items alone; `widths` are cells of each column, the rest is the strip's."""

    rows: tuple[Heading | Item, ...] = ()
    widths: tuple[int, ...] = ()
    aligns: str = ""
    lit: int | None = None
    empty: str = ""


Key = Heading | ItemRow | str


def row_segments(row: ItemRow, width: int, styles: Styles) -> list[Segment]:
    """Return one item: its columns a cell apart, then its strip or its note."""
    ground = styles["spread" if row.lit else "text"]
    parts: list[tuple[str, Style]] = [("▸" if row.lit else " ", on(styles["own"], ground))]
    for cell, cells, align in zip(row.item.cells, row.widths, row.aligns, strict=True):
        parts += [(pad(cell.text, cells, align), on(styles[cell.paint], ground)), (" ", ground)]
    if row.item.strip:
        parts += [(cell.glyph, on(styles[cell.paint], styles[cell.ground])) for cell in row.item.strip]
    elif row.item.note.text:
        room = width - sum(cell_len(text) for text, _ in parts) - 1
        parts.append((pad(row.item.note.text, max(0, room)), on(styles[row.item.note.paint], ground)))
    return fit(parts, width, ground)


class CatalogueWidget(LineWidget[Key]):
    """Draws a `Catalogue`; a click lights an item, a click on the lit one takes it."""

    class Pointed(Message):
        """An item was clicked, counted without headings."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    class Scrolled(Message):
        """The wheel was turned by so many items."""

        def __init__(self, items: int) -> None:
            super().__init__()
            self.items = items

    catalogue = Catalogue()
    top = 0

    def show(self, catalogue: Catalogue) -> None:
        """Take a new catalogue and repaint the rows that differ."""
        self.catalogue = catalogue
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[Key]:
        """Return the rows that are seen: the lit one is, and the heading above it where there is room."""
        shown: list[Key] = []
        at = lit_row = 0
        for row in self.catalogue.rows:
            if isinstance(row, Heading):
                shown.append(row)
                continue
            is_lit = at == self.catalogue.lit
            lit_row = len(shown) if is_lit else lit_row
            shown.append(ItemRow(row, self.catalogue.widths, self.catalogue.aligns, is_lit))
            at += 1
        if not shown:
            return [self.catalogue.empty]
        self.top = min(max(self.top, lit_row - height + 1), max(0, lit_row - 1), max(0, len(shown) - height))
        return shown[self.top : self.top + height]

    def row_segments(self, key: Key, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, ItemRow):
            return row_segments(key, width, styles)
        if isinstance(key, Heading):
            return title_row(key.title, key.note, width, styles)
        return fit([(" " + key, styles["dim"])], width, styles["text"])

    def on_click(self, event: Click) -> None:
        """Tell which item it was."""
        row = self.top + event.y
        rows = self.catalogue.rows
        if row < len(rows) and isinstance(rows[row], Item):
            self.post_message(self.Pointed(sum(isinstance(before, Item) for before in rows[:row])))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Go up."""
        self.post_message(self.Scrolled(-WHEEL))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Go down."""
        self.post_message(self.Scrolled(WHEEL))
