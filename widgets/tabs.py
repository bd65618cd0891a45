"""A line of tabs: names with a glyph each, the chosen one lit; a click says which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.events import Click
from textual.message import Message

from widgets.line_widget import LineWidget, Styles, fit, on

MORE = "…"


class Tab(NamedTuple):
    """One tab: a glyph, a name, a word beside it, and the paint of glyph and word."""

    glyph: str
    name: str
    word: str
    paint: str
    chosen: bool

    @property
    def cells(self) -> int:
        """Return how wide it is, with a cell of margin at each side."""
        return sum(cell_len(part) + 1 for part in (self.glyph, self.name, self.word) if part) + 1


class Row(NamedTuple):
    """The tabs that are seen, from the first that lets the chosen one be seen."""

    tabs: tuple[Tab, ...]
    first: int  # which of all tabs the first is
    more_after: bool


def laid_out(tabs: Sequence[Tab], width: int) -> Row:
    """Return the tabs that fit into `width` around the chosen one, whole."""
    chosen = next((at for at, tab in enumerate(tabs) if tab.chosen), 0)
    first = last = chosen
    room = width - 2 - (tabs[chosen].cells if tabs else 0)
    grows = True
    while grows:
        grows = False
        if last + 1 < len(tabs) and tabs[last + 1].cells <= room:
            last, room, grows = last + 1, room - tabs[last + 1].cells, True
        if first > 0 and tabs[first - 1].cells <= room:
            first, room, grows = first - 1, room - tabs[first - 1].cells, True
    return Row(tuple(tabs[first : last + 1]), first, last + 1 < len(tabs))


class TabsWidget(LineWidget[Row]):
    """Draws one row of tabs."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    tabs: tuple[Tab, ...] = ()

    def show(self, tabs: tuple[Tab, ...]) -> None:
        """Take new tabs and repaint the row if it differs."""
        self.tabs = tabs
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[Row]:
        """Return the one row."""
        return [laid_out(self.tabs, width)]

    def row_segments(self, key: Row, width: int, styles: Styles) -> list[Segment]:
        """Return the row."""
        plain = styles["title"]
        parts = [(MORE if key.first else " ", on(styles["dim"], plain))]
        for tab in key.tabs:
            ground = styles["text"] if tab.chosen else plain
            name = styles["strong" if tab.chosen else "dim"]
            parts += [
                (" ", ground),
                (tab.glyph, on(styles[tab.paint], ground)),
                (" ", ground),
                (tab.name, on(name, ground)),
            ]
            parts += [(f" {tab.word}", on(styles[tab.paint], ground))] if tab.word else []
            parts.append((" ", ground))
        return fit([*parts, (MORE if key.more_after else "", on(styles["dim"], plain))], width, plain)

    def on_click(self, event: Click) -> None:
        """Tell which tab it was."""
        row = laid_out(self.tabs, self.size.width)
        edge = 1
        for at, tab in enumerate(row.tabs, row.first):
            if edge <= event.x < edge + tab.cells:
                self.post_message(self.Chosen(at))
                return
            edge += tab.cells
