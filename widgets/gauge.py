"""Gauges: a value between -1 and 1 about a zero in the middle, or one from 0 up past a threshold that is marked.

A value that is not known has no bar: a dashed line and the reason stand in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from widgets.blocks import LEFT_EIGHTHS, eighths
from widgets.line_widget import LineWidget, Styles, edge, fit, on, pad, title_row


class Gauge(NamedTuple):
    """One gauge. `fraction` is -1..1 about the middle if `bipolar`, else 0..1 from the left."""

    name: str
    value: str
    note: str = ""  # unit and what the value is compared with
    aside: str = ""  # said too where there is room
    fraction: float = 0.0
    bipolar: bool = False
    threshold: float | None = None  # 0..1, unipolar only
    paint: str = "text"
    unknown: str = ""  # why there is no value


class GaugeTitle(NamedTuple):
    """The first row."""

    title: str
    note: str = ""


class GaugeBar(NamedTuple):
    """The second row of a gauge."""

    gauge: Gauge


class Gauges(Struct, frozen=True):
    """What a panel of gauges shows."""

    title: GaugeTitle
    gauges: tuple[Gauge, ...] = ()


GaugeKey = GaugeTitle | Gauge | GaugeBar


def label_segments(gauge: Gauge, width: int, styles: Styles) -> list[Segment]:
    """Return name, value and notes, or name and the reason for having no value."""
    name = (f" {pad(gauge.name, 6)} ", styles["text"])
    if gauge.unknown:
        return fit([name, ("— ", styles["none"]), (gauge.unknown, styles["warn"])], width, styles["text"])
    note = pad(gauge.note, min(len(gauge.note), max(0, width - 15)))
    if gauge.aside and 14 + len(note) + 3 + len(gauge.aside) < width:
        note += " · " + gauge.aside
    return fit(
        [name, (pad(gauge.value, 5, ">"), styles[gauge.paint]), (" " + note, styles["dim"])], width, styles["text"]
    )


def _rightwards(fraction: float, cells: int, fill: Style, track: Style) -> list[tuple[str, Style]]:
    full, part = eighths(fraction, cells)
    ink = Style(color=fill.color, bgcolor=track.bgcolor)
    return [("█" * full + (LEFT_EIGHTHS[part] if part else ""), ink), (" " * (cells - full - bool(part)), track)]


def _leftwards(fraction: float, cells: int, fill: Style, track: Style) -> list[tuple[str, Style]]:
    full, part = eighths(fraction, cells)
    ground = Style(bgcolor=fill.color)
    block = [(LEFT_EIGHTHS[8 - part], edge(track, ground))] if part else []
    return [(" " * (cells - full - bool(part)), track), *block, (" " * full, ground)]


def _thresholded(gauge: Gauge, cells: int, styles: Styles) -> list[tuple[str, Style]]:
    track, fill = styles["track"], styles[gauge.paint]
    parts = _rightwards(gauge.fraction, cells, fill, track)
    if gauge.threshold is None:
        return parts
    at = min(cells - 1, max(0, int(gauge.threshold * cells)))
    text = "".join(part for part, _ in parts)
    inked = len(parts[0][0])
    ground = Style(bgcolor=fill.color) if text[at] == "█" else track
    tick = ("┃", on(styles["strong"], ground))
    ink = parts[0][1]
    if at < inked:
        return [(text[:at], ink), tick, (text[at + 1 : inked], ink), (text[inked:], track)]
    return [(text[:inked], ink), (text[inked:at], track), tick, (text[at + 1 :], track)]


def bar_segments(gauge: Gauge, width: int, styles: Styles) -> list[Segment]:
    """Return the bar between one cell of margin at each side."""
    margin, track = (" ", styles["text"]), styles["track"]
    cells = max(1, width - 2)
    if gauge.unknown:
        return fit([margin, ("╌" * cells, styles["hatch"])], width, styles["text"])
    if not gauge.bipolar:
        return fit([margin, *_thresholded(gauge, cells, styles)], width, styles["text"])
    half = max(0, (cells - 1) // 2)
    left = _leftwards(-min(gauge.fraction, 0.0), half, styles["ask"], track)
    right = _rightwards(max(gauge.fraction, 0.0), half, styles["bid"], track)
    zero = ("│", on(styles["strong"], track))
    return fit([margin, *left, zero, *right], width, styles["text"])


class GaugeWidget(LineWidget[GaugeKey]):
    """Draws `Gauges`, two rows each; the bars go first where height is short."""

    gauges = Gauges(GaugeTitle(""))

    def show(self, gauges: Gauges) -> None:
        """Take a new picture and repaint the rows that differ."""
        self.gauges = gauges
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[GaugeKey | None]:
        """Return the title, then a label and a bar for each gauge."""
        with_bars = height > 2 * len(self.gauges.gauges)
        spaced = height > 3 * len(self.gauges.gauges)
        keys: list[GaugeKey | None] = [self.gauges.title]
        for gauge in self.gauges.gauges:
            if spaced:
                keys.append(None)
            keys.append(gauge)
            if with_bars:
                keys.append(GaugeBar(gauge))
        return keys

    def topic(self, key: GaugeKey, x: int) -> str:
        """Return the name of the gauge."""
        if isinstance(key, GaugeBar):
            return key.gauge.name
        return key.name if isinstance(key, Gauge) else ""

    def row_segments(self, key: GaugeKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, Gauge):
            return label_segments(key, width, styles)
        if isinstance(key, GaugeBar):
            return bar_segments(key.gauge, width, styles)
        return title_row(key.title, key.note, width, styles)
