"""Means with their intervals at named places: a whisker and a letter for each group, side by side, on scales side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct
from rich.segment import Segment

from widgets.line_widget import LineWidget, Styles, title_row
from widgets.raster import Canvas, RasterRow, segments

LABEL_CELLS = 8
FOOT_ROWS = 2
"""What the places are called, and how many observations stand there."""


class Mark(NamedTuple):
    """One mean. Without `low` and `high` there is no interval; without `mean` nothing is drawn."""

    letter: str
    mean: float | None
    low: float | None
    high: float | None
    paint: str = "dim"
    strong: bool = False


class Place(NamedTuple):
    """One place of the x-axis."""

    name: str
    below: str  # in the second row under the picture
    marks: tuple[Mark, ...] = ()


class Scale(NamedTuple):
    """Places that share a scale."""

    low: float
    high: float
    places: tuple[Place, ...]


class CurvesTitle(NamedTuple):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"


class Curves(Struct, frozen=True):
    """What the widget shows. `level` is drawn on every scale that reaches it."""

    title: CurvesTitle
    scales: tuple[Scale, ...] = ()
    level: tuple[float, str] | None = None
    unknown: str = ""


def draw(curves: Curves, width: int, height: int) -> list[RasterRow]:
    """Return the picture without its title."""
    canvas = Canvas(width, height)
    if curves.unknown:
        canvas.write(max(0, (width - len(curves.unknown)) // 2), height // 2, curves.unknown, "none")
        return canvas.rows()
    rows, places = height - FOOT_ROWS, sum(len(scale.places) for scale in curves.scales)
    cell = (width - LABEL_CELLS * len(curves.scales)) // places if places else 0
    if rows < 3 or cell < 4:
        return canvas.rows()
    x = 0
    for scale in curves.scales:
        _scale(canvas, scale, curves.level, x, rows, cell)
        x += LABEL_CELLS + cell * len(scale.places)
    return canvas.rows()


def _scale(canvas: Canvas, scale: Scale, level: tuple[float, str] | None, x: int, rows: int, cell: int) -> None:
    span = scale.high - scale.low

    def row(value: float) -> int:
        return min(rows - 1, max(0, int((scale.high - value) / span * (rows - 1) + 0.5)))

    left, across = x + LABEL_CELLS, cell * len(scale.places)

    def label(y: int, text: str, paint: str) -> None:
        canvas.write(x, y, text[: LABEL_CELLS - 1].rjust(LABEL_CELLS - 1), paint)

    label(0, f"{scale.high:+.3g}", "dim")
    label(rows - 1, f"{scale.low:+.3g}", "dim")
    for value, name, paint in ((0.0, "0", "text"), *(((level[0], level[1], "warn"),) if level else ())):
        if scale.low <= value <= scale.high:
            canvas.write(left, row(value), "╌" * across, "hatch" if not value else paint)
            label(row(value), name, paint)
    for at, place in enumerate(scale.places):
        start = left + at * cell
        _place(canvas, place, start, cell, row)
        canvas.write(start, rows, place.name[:cell].center(cell), "dim")
        canvas.write(start, rows + 1, place.below[: cell - 1].center(cell), "text")


def _place(canvas: Canvas, place: Place, start: int, cell: int, row: Callable[[float], int]) -> None:
    marks = place.marks
    if len(marks) > cell - 1:  # no room side by side: the one in front, and what fits around it
        front = next((at for at, mark in enumerate(marks) if mark.strong), 0)
        first = min(max(0, front - (cell - 1) // 2), len(marks) - (cell - 1))
        marks = marks[first : first + cell - 1]
    step = max(1, min(4, (cell - 1) // max(1, len(marks))))
    x = start + max(0, cell - step * (len(marks) - 1) - 1) // 2
    for at, mark in enumerate(marks):
        _mark(canvas, mark, x + at * step, row)


def _mark(canvas: Canvas, mark: Mark, x: int, row: Callable[[float], int]) -> None:
    if mark.mean is None:
        return
    if mark.low is not None and mark.high is not None:
        top, bottom = row(mark.high), row(mark.low)
        for y in range(top, bottom + 1):
            canvas.write(
                x, y, "┬" if y == top and top < bottom else "┴" if y == bottom and top < bottom else "│", mark.paint
            )
    canvas.write(x, row(mark.mean), mark.letter, mark.paint if mark.low is not None or mark.strong else "none")


CurvesKey = CurvesTitle | RasterRow


class CurvesWidget(LineWidget[CurvesKey]):
    """Draws `Curves`."""

    curves = Curves(CurvesTitle(""))

    def show(self, curves: Curves) -> None:
        """Take new curves and repaint the rows that differ."""
        self.curves = curves
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[CurvesKey]:
        """Return the title and the picture's rows."""
        return [self.curves.title, *draw(self.curves, width, max(0, height - 1))]

    def topic(self, key: CurvesKey, x: int) -> str:
        """Return what the picture is of."""
        return "markout"

    def row_segments(self, key: CurvesKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, RasterRow):
            return segments(key, width, styles)
        return title_row(key.title, key.note, width, styles, key.note_paint)
