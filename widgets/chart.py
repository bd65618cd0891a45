"""Lines over time in braille: two columns of dots a cell, four rows of them, thresholds and bands behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field
from rich.cells import cell_len
from rich.segment import Segment

from widgets.line_widget import PART, LineWidget, Styles, fit, on, title_row
from widgets.raster import INDEX, Canvas, RasterRow, segments

Floats = npt.NDArray[np.float64]

BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.int64)
"""Of a braille character: by row of dots and column of dots."""
BLANK = 0x2800
LABEL_CELLS = 8
AXIS_FROM_HEIGHT = 4
"""A lower chart has no row to spare for times."""


STROKES = {
    "solid": ((1,), "⠤⠤"),
    "dashed": ((1, 1, 1, 1, 0, 0), "⠤⠤ ⠤"),
    "dotted": ((1, 0), "⠄⠄"),
    "sparse": ((1, 0, 0, 0), "⠄ ⠄"),
}
"""By what lines are told apart where paints are not: which columns of dots are drawn, and what that looks like."""


class Series(NamedTuple):
    """One line: a value for each column of dots, NaN where there is none; with a name it stands in the legend."""

    values: Floats
    paint: str
    name: str = ""
    stroke: str = "solid"


class Level(NamedTuple):
    """A threshold."""

    value: float
    label: str
    paint: str = "warn"


class Event(NamedTuple):
    """A mark above the lines, at a column of cells."""

    column: int
    glyph: str
    paint: str


class ChartTitle(NamedTuple):
    """The first row: what it is, the lines' names in their paints, and a note."""

    title: str
    note: str = ""
    note_paint: str = "note"
    names: tuple[tuple[str, str], ...] = ()


class Chart(Struct, frozen=True):
    """What a chart shows. `low` to `high` is its scale; a column of `band` that is set has the band's ground."""

    title: ChartTitle
    series: tuple[Series, ...] = ()
    low: float = 0.0
    high: float = 1.0
    high_label: str = ""
    low_label: str = ""
    levels: tuple[Level, ...] = ()
    events: tuple[Event, ...] = ()
    bands: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)  # ground paint: columns of cells
    times: tuple[tuple[int, str], ...] = ()  # column of cells, label: with them the last row is the time axis
    unknown: str = ""
    band_glyphs: dict[str, tuple[str, str]] = field(default_factory=dict)  # ground paint: glyph atop, its paint


def dots(values: Floats, low: float, high: float, height: int) -> npt.NDArray[np.bool_]:
    """Return (4 x height, columns) dots of a line, each point joined to the one before it by a stroke."""
    rows = 4 * height
    with np.errstate(invalid="ignore"):
        y = np.round((high - np.clip(values, low, high)) / (high - low) * (rows - 1))
    before = np.concatenate([y[:1], y[:-1]])
    before = np.where(np.isnan(before), y, before)
    at = np.arange(rows)[:, None]
    with np.errstate(invalid="ignore"):
        on: npt.NDArray[np.bool_] = (at >= np.minimum(y, before)) & (at <= np.maximum(y, before))
    return on


def stroked(grid: npt.NDArray[np.bool_], stroke: str) -> npt.NDArray[np.bool_]:
    """Return the dots that a stroke leaves: it thins out what is level, and no rise or fall, which may be one column wide."""
    pattern = np.array(STROKES[stroke][0], np.bool_)
    drawn = np.resize(pattern, grid.shape[1])
    result: npt.NDArray[np.bool_] = grid & (drawn | (grid.sum(axis=0) > 1))
    return result


def legend(chart: Chart) -> str:
    """Return what each line looks like and is called; nothing for a line alone."""
    named = [series for series in chart.series if series.name]
    return " ".join(f"{STROKES[series.stroke][1]}{series.name}" for series in named) if len(named) > 1 else ""


def titled(chart: Chart) -> ChartTitle:
    """Return the title with the legend in its note, behind the part that must be read first."""
    key, (first, *others) = legend(chart), chart.title.note.split(PART)
    return chart.title._replace(note=PART.join(part for part in (first, key, *others) if part)) if key else chart.title


def _codes(series: Series, chart: Chart, columns: int, height: int) -> npt.NDArray[np.int64]:
    """Return the dots of each cell as bits, (height, columns), the newest value in the last column."""
    padded = np.full(2 * columns, np.nan)
    shown = series.values[-2 * columns :]
    padded[2 * columns - len(shown) :] = shown
    grid = stroked(dots(padded, chart.low, chart.high, height), series.stroke).reshape(height, 4, columns, 2)
    codes: npt.NDArray[np.int64] = np.einsum("hrcd,rd->hc", grid.astype(np.int64), BITS)
    return codes


def draw(chart: Chart, width: int, height: int) -> list[RasterRow]:
    """Return the rows of a chart over `width` cells: labels of the scale at the left, the lines right of them."""
    canvas = Canvas(width, height)
    left = LABEL_CELLS if width > 4 * LABEL_CELLS else 0
    columns = width - left
    if height <= 0 or columns <= 0:
        return canvas.rows()
    if chart.times and height >= AXIS_FROM_HEIGHT:
        height -= 1
        for column, label in chart.times:
            if column + 1 + len(label) <= columns:
                canvas.write(left + column, height, "└" + label, "dim")
    for ground, band in chart.bands.items():
        shown = band[-columns:]
        canvas.ground[:height, width - len(shown) :][:, shown] = INDEX[ground]
        if ground in chart.band_glyphs:
            glyph, paint = chart.band_glyphs[ground]
            canvas.text[0, width - len(shown) :][shown] = glyph
            canvas.ink[0, width - len(shown) :][shown] = INDEX[paint]
    span = chart.high - chart.low
    for level in chart.levels:
        if chart.low < level.value < chart.high and height > 1:
            y = min(height - 1, int((chart.high - level.value) / span * (height - 1) + 0.5))
            canvas.write(left, y, "╌" * columns, "hatch")
            canvas.write(0, y, level.label[: left - 1].rjust(max(0, left - 1)), level.paint)
    together = np.zeros((height, columns), np.int64)
    for series in chart.series:
        codes = _codes(series, chart, columns, height)
        inked = codes > 0
        ink = canvas.ink[:height, left:]
        ink[inked] = np.where(together[inked] > 0, INDEX["text"], INDEX[series.paint])
        together |= codes
    inked = together > 0
    canvas.text[:height, left:][inked] = (together[inked] + BLANK).astype("<u4").view("<U1")
    if left and height > 1:
        for y, label in ((0, chart.high_label), (height - 1, chart.low_label)):
            if label:  # without one, a level's own may stand there
                canvas.write(0, y, label.rjust(left - 1), "dim")
    for event in chart.events:
        if 0 <= event.column < columns:
            canvas.write(left + event.column, 0, event.glyph, event.paint)
    if chart.unknown:
        canvas.write(left + max(0, (columns - len(chart.unknown)) // 2), height // 2, chart.unknown, "warn")
    return canvas.rows()


ChartKey = ChartTitle | RasterRow


def _named(key: ChartTitle, width: int, styles: Styles) -> list[Segment]:
    """Return the title with the lines' names after it; the note goes first, then names from the end, where room is short."""
    ground, names = styles["title"], list(key.names)
    room = width - 2 - cell_len(key.title)
    while names and sum(cell_len(text) + 2 for text, _ in names) > room:
        names.pop()
    parts = [(f" {key.title}", ground)]
    for text, paint in names:
        parts += [("  ", ground), (text, on(styles[paint], ground))]
    left = width - 1 - sum(cell_len(text) for text, _ in parts)
    note = key.note
    while PART in note and cell_len(note) + 2 > left:
        note = note.rpartition(PART)[0]
    if note and cell_len(note) + 2 <= left:
        parts.append((" " * (left - cell_len(note)) + note, on(styles[key.note_paint], ground)))
    return fit(parts, width, ground)


class ChartWidget(LineWidget[ChartKey]):
    """Draws a `Chart`."""

    chart = Chart(ChartTitle(""))

    def columns(self) -> int:
        """Return how many columns of cells the lines have."""
        width = self.size.width
        return max(0, width - (LABEL_CELLS if width > 4 * LABEL_CELLS else 0))

    def show(self, chart: Chart) -> None:
        """Take a new chart and repaint the rows that differ."""
        self.chart = chart
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[ChartKey]:
        """Return the title and the picture's rows."""
        return [titled(self.chart), *draw(self.chart, width, max(0, height - 1))]

    def topic(self, key: ChartKey, x: int) -> str:
        """Return what the chart is of."""
        return self.chart.title.title

    def row_segments(self, key: ChartKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, RasterRow):
            return segments(key, width, styles)
        return (
            _named(key, width, styles) if key.names else title_row(key.title, key.note, width, styles, key.note_paint)
        )
