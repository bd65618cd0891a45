"""Styles without an app: a background of its own for each paint, so that a test can tell them apart."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style

from widgets.line_widget import PAINTS

STYLES = {
    name: Style(color=Color.from_rgb(10 + i, 0, 0), bgcolor=Color.from_rgb(0, 10 + i, 0))
    for i, name in enumerate(PAINTS)
}


def text(segments) -> str:
    """Return what stands in a row."""
    return "".join(segment.text for segment in segments)


def grounds(segments) -> list[str]:
    """Return the paint of each cell's background; reverse look-up by its colour."""
    names = {style.bgcolor: name for name, style in STYLES.items()} | {
        style.color: name for name, style in STYLES.items()
    }
    return [names[segment.style.bgcolor] for segment in segments for _ in segment.text]


def paint_of(segments, part: str) -> str:
    """Return the paint of the foreground of the segment that holds `part`."""
    names = {style.color: name for name, style in STYLES.items()}
    return next(names.get(segment.style.color, "?") for segment in segments if part in segment.text)
