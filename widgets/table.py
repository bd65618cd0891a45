"""A table: cells in columns as wide as their widest text, one column taking what is left."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from widgets.line_widget import LineWidget, Styles, fit, on, pad, title_row


class Cell(Struct, frozen=True, gc=False):
    """One text and the name of its paint."""

    text: str
    paint: str = "text"


class TableTitle(Struct, frozen=True, gc=False):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"


class TableRow(Struct, frozen=True, gc=False):
    """One row as laid out: widths and alignment are those of the whole table."""

    cells: tuple[Cell, ...]
    widths: tuple[int, ...]
    aligns: str
    ground: str = "text"


class Table(Struct, frozen=True):
    """What a table shows. `aligns` has < or > for each column; column `grow` takes spare room and gives way first."""

    title: TableTitle
    rows: tuple[tuple[Cell, ...], ...] = ()
    aligns: str = ""
    grow: int = 0
    empty: str = ""  # said where there is no row
    chosen: int | None = None  # the row under the cursor


TableKey = TableTitle | TableRow | str


def widths(rows: Sequence[tuple[Cell, ...]], grow: int, width: int) -> tuple[int, ...]:
    """Return the cells of each column so that they and one cell between fill `width`; columns from the end go first."""
    found = [max(cell_len(cell.text) for cell in column) for column in zip(*rows, strict=True)]
    room = width - 2 - (len(found) - 1)
    found[grow] = max(0, found[grow] + room - sum(found))
    for column in reversed(range(len(found))):
        excess = sum(found) - room
        if excess > 0 and column != grow:
            found[column] = max(0, found[column] - excess)
    return tuple(found)


def row_segments(row: TableRow, width: int, styles: Styles) -> list[Segment]:
    """Return one row, a cell of margin at each side."""
    ground = styles[row.ground]
    parts: list[tuple[str, Style]] = [(" ", ground)]
    for cell, cells, align in zip(row.cells, row.widths, row.aligns, strict=True):
        parts += [(pad(cell.text, cells, align), on(styles[cell.paint], ground)), (" ", ground)]
    return fit(parts, width, ground)


class TableWidget(LineWidget[TableKey]):
    """Draws a `Table`; more rows than there is room for are cut at the end."""

    table = Table(TableTitle(""))

    def show(self, table: Table) -> None:
        """Take a new table and repaint the rows that differ."""
        self.table = table
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[TableKey]:
        """Return the title and the rows."""
        table = self.table
        if not table.rows:
            return [table.title, table.empty]
        cells = widths(table.rows, table.grow, width)
        return [
            table.title,
            *(
                TableRow(row, cells, table.aligns, "spread" if at == table.chosen else "text")
                for at, row in enumerate(table.rows[: max(0, height - 1)])
            ),
        ]

    def topic(self, key: TableKey, x: int) -> str:
        """Return the first cell of the row."""
        return key.title if isinstance(key, TableTitle) else key.cells[0].text if isinstance(key, TableRow) else ""

    def row_segments(self, key: TableKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, TableRow):
            return row_segments(key, width, styles)
        if isinstance(key, TableTitle):
            return title_row(key.title, key.note, width, styles, key.note_paint)
        return fit([(" " + key, styles["dim"])], width, styles["text"])
