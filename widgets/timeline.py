"""A timeline: one cell a part of time, in one row or two, where a click says which part."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment
from textual.events import Click
from textual.message import Message

from widgets.line_widget import LineWidget, Styles, fit, on


class Cell(Struct, frozen=True, gc=False):
    """One cell: a glyph, its paint, and the paint whose ground it stands on."""

    glyph: str
    paint: str
    ground: str = "text"


Row = tuple[Cell, ...]


def row_segments(row: Row, width: int, styles: Styles) -> list[Segment]:
    """Return the cells of a row."""
    return fit([(cell.glyph, on(styles[cell.paint], styles[cell.ground])) for cell in row], width, styles["text"])


class TimelineWidget(LineWidget[Row]):
    """Draws rows of cells; the whole of it may be clicked."""

    class Sought(Message):
        """A column was clicked."""

        def __init__(self, column: int) -> None:
            super().__init__()
            self.column = column

    rows: tuple[Row, ...] = ()

    def show(self, rows: tuple[Row, ...]) -> None:
        """Take new rows and repaint those that differ."""
        self.rows = rows
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[Row]:
        """Return the rows as they are."""
        return self.rows

    def row_segments(self, key: Row, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        return row_segments(key, width, styles)

    def on_click(self, event: Click) -> None:
        """Tell which column it was."""
        self.post_message(self.Sought(event.x))
