"""The transport: playing or not, how fast, where on the tape; of what is not played, how it comes in."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment

from widgets.blocks import LEFT_EIGHTHS, eighths
from widgets.line_widget import LineWidget, Styles, fit


class Transport(Struct, frozen=True, gc=False):
    """One row. `progress` is 0..1 of the tape, None where there is none; `trouble` is painted as the state is."""

    state: str
    state_paint: str
    speed: str
    clock: str
    end: str
    progress: float | None
    trouble: str = ""


def row_segments(transport: Transport, width: int, styles: Styles) -> list[Segment]:
    """Return state, speed, the progress bar and the clock, the bar taking what the words leave.

    Without a bar the clock gives way before the speed, and both before what is wrong.
    """
    if transport.progress is None:
        return _without_bar(transport, width, styles)
    head = f" {transport.state} "
    speed = f" {transport.speed} "
    tail = f" {transport.clock} / {transport.end} "
    cells = width - len(head) - len(speed) - len(tail)
    if cells < 8:
        tail = f" {transport.clock} "
        cells = max(0, width - len(head) - len(speed) - len(tail))
    full, part = eighths(transport.progress, cells)
    filled = "█" * full + (LEFT_EIGHTHS[part] if part else "")
    parts = [
        (head, styles[transport.state_paint]),
        (speed, styles["strong"]),
        (filled, styles["spread"]),
        (" " * (cells - len(filled)), styles["track"]),
        (tail, styles["text"]),
    ]
    return fit(parts, width, styles["text"])


def _without_bar(transport: Transport, width: int, styles: Styles) -> list[Segment]:
    head, clock = f" {transport.state} ", f" {transport.clock} "
    trouble = f" {transport.trouble} " if transport.trouble else ""
    speed = f" {transport.speed} " if len(head) + len(trouble) + len(transport.speed) + 2 <= width else ""
    room = width - len(head) - len(trouble) - len(speed)
    tail = clock.rjust(room) if room >= len(clock) else " " * max(0, room)
    parts = [
        (head, styles[transport.state_paint]),
        (trouble, styles[transport.state_paint]),
        (speed, styles["strong"]),
        (tail, styles["text"]),
    ]
    return fit(parts, width, styles["text"])


class TransportWidget(LineWidget[Transport]):
    """Draws a `Transport`."""

    transport: Transport | None = None

    def show(self, transport: Transport) -> None:
        """Take a new state and repaint if it differs."""
        self.transport = transport
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[Transport | None]:
        """Return the one row."""
        return [self.transport]

    def row_segments(self, key: Transport, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        return row_segments(key, width, styles)
