"""Meters: a value on a bar from 0 with its thresholds marked, what it is taken for beside it, and lines of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from widgets.blocks import LEFT_EIGHTHS, eighths
from widgets.line_widget import LineWidget, Styles, fit, on, pad, title_row
from widgets.status_line import Word

VALUE_CELLS = 6


class Meter(NamedTuple):
    """One value. `fraction` and `marks` are 0..1 of the bar; a value below its start has no bar."""

    name: str
    value: str
    fraction: float = 0.0
    marks: tuple[float, ...] = ()
    paint: str = "text"
    name_paint: str = "text"
    tail: str = ""
    tail_paint: str = "dim"
    unknown: str = ""  # why there is no value


class MeterTitle(NamedTuple):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"


class Words(NamedTuple):
    """A row of words."""

    words: tuple[Word, ...]


class Meters(Struct, frozen=True):
    """What a panel of meters shows."""

    title: MeterTitle
    rows: tuple[Meter | Words, ...] = ()


MeterKey = MeterTitle | Meter | Words


def bar_parts(meter: Meter, cells: int, styles: Styles) -> list[tuple[str, Style]]:
    """Return the bar, a tick at each mark."""
    if cells <= 0:
        return []
    track, fill = styles["track"], styles[meter.paint]
    if meter.unknown:
        return [("╌" * cells, styles["hatch"])]
    full, part = eighths(min(1.0, meter.fraction), cells)
    text = ("█" * full + (LEFT_EIGHTHS[part] if part else "")).ljust(cells)
    ink = on(fill, track)
    parts: list[tuple[str, Style]] = []
    at = 0
    for cell in sorted({min(cells - 1, max(0, int(mark * cells))) for mark in meter.marks}):
        ground = Style(bgcolor=fill.color) if text[cell] == "█" else track
        parts += [(text[at:cell], ink), ("┃", on(styles["strong"], ground))]
        at = cell + 1
    parts.append((text[at:], ink))
    return parts


def meter_segments(meter: Meter, width: int, styles: Styles) -> list[Segment]:
    """Return name, value, bar and what it is taken for."""
    name = f" {meter.name} "
    used = cell_len(name) + VALUE_CELLS + 2
    tail_cells = min(cell_len(meter.tail), max(0, width - used))
    cells = max(0, width - used - tail_cells)
    value = "—" if meter.unknown else meter.value
    tail, tail_paint = (meter.unknown, "warn") if meter.unknown else (meter.tail, meter.tail_paint)
    parts = [
        (name, styles[meter.name_paint]),
        (pad(value, VALUE_CELLS, ">") + " ", styles["none" if meter.unknown else meter.paint]),
        *bar_parts(meter, cells, styles),
        (" " + pad(tail, tail_cells), styles[tail_paint]),
    ]
    return fit(parts, width, styles["text"])


class MeterWidget(LineWidget[MeterKey]):
    """Draws `Meters`."""

    meters = Meters(MeterTitle(""))

    def show(self, meters: Meters) -> None:
        """Take a new picture and repaint the rows that differ."""
        self.meters = meters
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[MeterKey]:
        """Return the title and the rows."""
        return [self.meters.title, *self.meters.rows]

    def topic(self, key: MeterKey, x: int) -> str:
        """Return the name of the meter, or the title."""
        return key.title if isinstance(key, MeterTitle) else key.name if isinstance(key, Meter) else ""

    def row_segments(self, key: MeterKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, Meter):
            return meter_segments(key, width, styles)
        if isinstance(key, Words):
            parts = [(" ", styles["text"])]
            for text, paint in key.words:
                parts += [(text, styles[paint]), (" ", styles["text"])]
            return fit(parts, width, styles["text"])
        return title_row(key.title, key.note, width, styles, key.note_paint)
