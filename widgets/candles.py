"""Candles, one a column: hollow where the price rose, full where it fell, a line of dots for the average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from rich.segment import Segment

from widgets.line_widget import LineWidget, Styles, title_row
from widgets.raster import Canvas, RasterRow, segments

LABEL_CELLS = 11


class Candle(NamedTuple):
    """One candle: shares of the scale, 0 at its foot."""

    open: float
    high: float
    low: float
    close: float
    average: float


class CandlesTitle(NamedTuple):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"


class CandleChart(Struct, frozen=True):
    """What the widget shows, the newest candle last; None is a place without one."""

    title: CandlesTitle
    candles: tuple[Candle | None, ...] = ()
    times: tuple[tuple[int, str], ...] = ()  # place, label below it
    top: str = ""
    bottom: str = ""
    last: tuple[float, str] | None = None
    unknown: str = ""


def draw(chart: CandleChart, width: int, height: int) -> list[RasterRow]:
    """Return the rows: prices at the left, candles up to the right edge, times in the last row."""
    canvas = Canvas(width, height)
    columns, rows = width - LABEL_CELLS, height - 1
    if columns <= 0 or rows < 2:
        return canvas.rows()
    if chart.unknown:
        canvas.write(max(0, (width - len(chart.unknown)) // 2), height // 2, chart.unknown, "none")
        return canvas.rows()

    def row(share: float) -> int:
        return min(rows - 1, max(0, int((1.0 - share) * (rows - 1) + 0.5)))

    shown = chart.candles[-columns:]
    skipped = len(chart.candles) - len(shown)
    step = 2 if 2 * len(shown) <= columns else 1
    left = width - step * len(shown)
    for at, candle in enumerate(shown):
        if candle is None:
            continue
        rose = candle.close >= candle.open
        paint = "bid" if rose else "ask"
        x = left + at * step
        top, bottom = sorted((row(candle.open), row(candle.close)))
        for y in range(row(candle.high), row(candle.low) + 1):
            canvas.write(x, y, "│" if not top <= y <= bottom else "┃" if rose else "▊", paint)
        y = row(candle.average)
        if not row(candle.high) <= y <= row(candle.low):
            canvas.write(x, y, "·", "own")
    for y, label in ((0, chart.top), (rows - 1, chart.bottom)):
        canvas.write(0, y, label[: LABEL_CELLS - 1].rjust(LABEL_CELLS - 1), "dim")
    if chart.last:
        canvas.write(0, row(chart.last[0]), chart.last[1][: LABEL_CELLS - 1].rjust(LABEL_CELLS - 1), "strong")
    for place, label in chart.times:
        x = left + step * (place - skipped)
        if x >= LABEL_CELLS and x + len(label) <= width:
            canvas.write(x, rows, label, "dim")
    return canvas.rows()


CandlesKey = CandlesTitle | RasterRow


class CandlesWidget(LineWidget[CandlesKey]):
    """Draws a `CandleChart`."""

    chart = CandleChart(CandlesTitle(""))

    def columns(self) -> int:
        """Return how many candles there is room for."""
        return max(0, self.size.width - LABEL_CELLS)

    def show(self, chart: CandleChart) -> None:
        """Take new candles and repaint the rows that differ."""
        self.chart = chart
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[CandlesKey]:
        """Return the title and the picture's rows."""
        return [self.chart.title, *draw(self.chart, width, max(0, height - 1))]

    def topic(self, key: CandlesKey, x: int) -> str:
        """Return what the picture is of."""
        return self.chart.title.title

    def row_segments(self, key: CandlesKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, RasterRow):
            return segments(key, width, styles)
        return title_row(key.title, key.note, width, styles, key.note_paint)
