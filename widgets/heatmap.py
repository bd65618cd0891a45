"""A heat map in half blocks: two levels a cell, one above the other, with glyphs on top and scales at the edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from rich.segment import Segment

from widgets.line_widget import LineWidget, Styles, title_row
from widgets.raster import INDEX, Canvas, RasterRow, segments

Bytes = npt.NDArray[np.uint8]

UNKNOWN = 255
SCALE_CELLS = 11
DEEP = 4
"""From this level on a colour is too near to those of glyphs: theirs stand on the ground of nothing instead."""
HEAT = np.array([INDEX[f"heat-{level}"] for level in range(8)], np.uint8)


class HeatTitle(NamedTuple):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"
    full: str = ""  # what the deepest colour stands for; with it the colours stand in the title


class Layer(NamedTuple):
    """Glyphs by (row, column) of cells, blank where there is none, all of one paint."""

    glyphs: npt.NDArray[np.str_]
    paint: str


class Label(NamedTuple):
    """A text at a row of the scale, or at a column of the time axis."""

    at: int
    text: str
    paint: str = "dim"


class Heatmap(Struct, frozen=True):
    """What a heat map shows. `heat` is (2 x rows, columns) of levels 0..7, or UNKNOWN; row 0 is the top."""

    title: HeatTitle
    heat: Bytes
    layers: tuple[Layer, ...] = ()
    strip: tuple[Layer, ...] = ()  # (1, columns) each: the row above the picture
    prices: tuple[Label, ...] = ()
    times: tuple[Label, ...] = ()
    strip_name: str = ""  # beside the strip
    unknown: str = ""


EMPTY = Heatmap(HeatTitle(""), np.zeros((0, 0), np.uint8))


def draw(picture: Heatmap) -> list[RasterRow]:
    """Return strip, picture and time axis."""
    rows, columns = picture.heat.shape[0] // 2, picture.heat.shape[1]
    canvas = Canvas(columns + SCALE_CELLS, rows + 2)
    upper, lower = picture.heat[0::2], picture.heat[1::2]
    body = (slice(1, rows + 1), slice(0, columns))
    known = (upper != UNKNOWN) & (lower != UNKNOWN)
    ink, ground = HEAT[np.minimum(upper, 7)], HEAT[np.minimum(lower, 7)]
    canvas.text[body] = np.where(known, np.where(upper == lower, " ", "▀"), "╱")
    canvas.ink[body] = np.where(known, np.where(upper == lower, ground, ink), INDEX["hatch"])
    canvas.ground[body] = np.where(known, ground, INDEX["text"])
    for layer in picture.layers:
        _lay(canvas, layer, 1)
    if picture.layers:
        taken = np.any([layer.glyphs != " " for layer in picture.layers], axis=0)
        canvas.ground[body][taken & known & (lower >= DEEP)] = HEAT[0]
    for layer in picture.strip:
        _lay(canvas, layer, 0)
    canvas.write(columns, 0, f" {picture.strip_name}", "dim")
    for label in picture.prices:
        canvas.write(columns, 1 + label.at, " " + label.text, label.paint)
    for label in picture.times:
        canvas.write(label.at, rows + 1, "└" + label.text, label.paint)
    if picture.unknown and rows:
        canvas.write(max(0, (columns - len(picture.unknown)) // 2), rows // 2, picture.unknown, "warn")
    return canvas.rows()


def _lay(canvas: Canvas, layer: Layer, y: int) -> None:
    height, width = layer.glyphs.shape
    part = (slice(y, y + height), slice(0, width))
    there = layer.glyphs != " "
    canvas.text[part][there] = layer.glyphs[there]
    canvas.ink[part][there] = INDEX[layer.paint]


def titled(key: HeatTitle, width: int, styles: Styles) -> list[Segment]:
    """Return the first row, the colours from nothing to the deepest within it."""
    if not key.full:
        return title_row(key.title, key.note, width, styles, key.note_paint)
    name = f"{key.title}  0 "
    row = title_row(f"{name}{' ' * len(HEAT)} {key.full}", key.note, width, styles, key.note_paint)
    start = 1 + len(name)
    before, _, after = Segment.divide(row, [start, start + len(HEAT), width])
    return [*before, *(Segment(" ", styles[f"heat-{level}"]) for level in range(len(HEAT))), *after]


HeatKey = HeatTitle | RasterRow


class HeatmapWidget(LineWidget[HeatKey]):
    """Draws a `Heatmap`."""

    picture = EMPTY

    def room(self) -> tuple[int, int]:
        """Return (columns, rows) of cells that the picture itself has."""
        return max(0, self.size.width - SCALE_CELLS), max(0, self.size.height - 3)

    def show(self, picture: Heatmap) -> None:
        """Take a new picture and repaint the rows that differ."""
        self.picture = picture
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[HeatKey]:
        """Return the title and the picture's rows."""
        return [self.picture.title, *draw(self.picture)]

    def row_segments(self, key: HeatKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, RasterRow):
            return segments(key, width, styles)
        return titled(key, width, styles)
