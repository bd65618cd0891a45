"""Rows that go straight to the terminal.

Textual's compositor finds out anew at every frame what lies over what, cuts every row where any widget ends and joins them again:
half of what a frame costs, for rows of which most stand alone on the screen and whole. Those are written where they stand, at
once; all else goes Textual's way, which also paints everything anew whenever the layout changes.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.screen import Screen

NO_LOOK = Style()
MOST_TURNS = 4096
SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""Between these a terminal that knows them shows nothing half done."""


class DirectRows:
    """Where a screen's rows stand, and what is to be written there; used as a context, within which rows are taken."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._layout: object = None
        self._places: dict[Widget, tuple[int, int]] = {}
        self._texts: list[str] = []
        self._taking = False
        self.turns = Turns(ColorSystem.TRUECOLOR)

    def __enter__(self) -> None:
        """Take rows from here on, if what is on the terminal is this screen alone as it was laid out last."""
        # Textual keeps what stands where private; another version that keeps it otherwise fails the tests, not a session's picture
        screen, app = self._screen, self._screen.app
        driver = app._driver
        self._taking = bool(
            driver is not None
            and not driver.is_headless
            and not driver.is_inline
            and screen.is_current
            and not app._batch_count
            and not screen._layout_required
            and not screen._repaint_required
        )
        if self._taking:
            system = app.console._color_system or ColorSystem.TRUECOLOR
            if system is not self.turns.system:
                self.turns = Turns(system)
            visible = screen._compositor.visible_widgets
            if visible is not self._layout:
                self._layout, self._places = visible, free_places(visible, screen.size.region)

    def place(self, widget: Widget) -> tuple[int, int] | None:
        """Return the column and row of a widget whose rows may be written as they are; None where Textual has to."""
        return self._places.get(widget) if self._taking else None

    def write(self, x: int, y: int, text: str) -> None:
        """Take what stands at a place from now on."""
        self._texts.append(f"\x1b[{y + 1};{x + 1}H{text}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was taken, in one piece."""
        self._taking = False
        texts, self._texts = self._texts, []
        driver = self._screen.app._driver
        if texts and driver is not None:
            text = "".join(texts)
            driver.write(f"{SYNC_START}{text}{SYNC_END}" if self._screen.app._sync_available else text)
            driver.flush()


def free_places(visible: dict[Widget, tuple[Any, Any]], whole: Any) -> dict[Widget, tuple[int, int]]:
    """Return where each widget stands over which nothing lies and of which nothing is cut off; `visible` is front to back."""
    places: dict[Widget, tuple[int, int]] = {}
    before: list[Any] = []
    for widget, (region, clip) in visible.items():
        seen = region.intersection(clip)
        if (
            seen == region
            and region.size == widget.size
            and region in whole
            and not any(region.overlaps(other) for other in before)
        ):
            places[widget] = (region.x, region.y)
        if seen:
            before.append(seen)
    return places


def _shape(style: Style) -> tuple[bool | None, ...]:
    """Return what a style has beside colours and weight."""
    return style.dim, style.italic, style.underline, style.reverse, style.strike


def turn(before: Style, after: Style, system: ColorSystem) -> str:
    """Return what a terminal is told when one look follows another: what differs, or everything."""
    if _shape(before) != _shape(after):
        return "\x1b[0m" + after.render("x", color_system=system).removesuffix("\x1b[0m").removesuffix("x")
    codes = [] if bool(before.bold) == bool(after.bold) else ["1" if after.bold else "22"]
    for front, was, colour in ((True, before.color, after.color), (False, before.bgcolor, after.bgcolor)):
        if colour != was:
            codes += (colour or Color.default()).downgrade(system).get_ansi_codes(foreground=front)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def blank_alike(one: Style, other: Style) -> bool:
    """Say whether a space looks the same in both."""
    return one.bgcolor == other.bgcolor and not any(_shape(one)) and not any(_shape(other))


class Turns(dict[tuple[Style, Style], tuple[str, str]]):
    """From one look to another: what is told before a text, and before blanks, which need less. For one kind of terminal."""

    def __init__(self, system: ColorSystem) -> None:
        super().__init__()
        self.system = system

    def __missing__(self, key: tuple[Style, Style]) -> tuple[str, str]:
        """Find out, and remember."""
        if len(self) >= MOST_TURNS:
            self.clear()
        before, after = key
        told = turn(before, after, self.system)
        found = self[key] = (told, "" if blank_alike(before, after) else told)
        return found


def ansi(segments: list[Segment], turns: Turns) -> str:
    """Return segments as a terminal reads them."""
    parts, before = [], NO_LOOK
    for text, style, _ in segments:
        after = NO_LOOK if style is None else style
        if after is not before:
            for_text, for_blank = turns[before, after]
            if for_text is for_blank or not text.isspace():
                parts.append(for_text)
                before = after
        parts.append(text)
    parts.append("\x1b[0m")
    return "".join(parts)
