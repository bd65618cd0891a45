"""Rows of status: words at the left, the weightiest first, and words at the right that give way to them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment

from widgets.line_widget import LineWidget, Styles, fit, pad

Word = tuple[str, str]
"""A text and the name of its paint."""


class StatusRow(Struct, frozen=True, gc=False):
    """One row. Words that do not fit are left out whole: the right ones first, then the left ones from their end."""

    left: tuple[Word, ...]
    right: tuple[Word, ...] = ()


def row_segments(row: StatusRow, width: int, styles: Styles) -> list[Segment]:
    """Return left words from the left edge and right words up to the right edge, two cells apart at least."""
    left, right = list(row.left), list(row.right)

    def cells(words: Sequence[Word]) -> int:
        return sum(cell_len(text) + 2 for text, _ in words)

    while right and cells(left) + cells(right) > width:
        right.pop(0)
    while len(left) > 1 and cells(left) + cells(right) > width:
        left.pop()
    if len(left) == 1 and cell_len(left[0][0]) > width - 1:
        left = [(pad(left[0][0], width - 1), left[0][1])]
    plain = styles["text"]
    parts = [(" ", plain)]
    for text, paint in left:
        parts += [(text, styles[paint]), ("  ", plain)]
    tail = [part for text, paint in right for part in (("  ", plain), (text, styles[paint]))]
    used = sum(cell_len(text) for text, _ in parts) + sum(cell_len(text) for text, _ in tail)
    parts.append((" " * max(0, width - 1 - used), plain))
    return fit(parts + tail, width, plain)


class StatusLine(LineWidget[StatusRow]):
    """Draws rows of status words."""

    rows: tuple[StatusRow, ...] = ()

    def show(self, rows: tuple[StatusRow, ...]) -> None:
        """Take new rows and repaint those that differ."""
        self.rows = rows
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[StatusRow]:
        """Return the rows as they are."""
        return self.rows

    def row_segments(self, key: StatusRow, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        return row_segments(key, width, styles)
