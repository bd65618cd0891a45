"""A trade tape: newest first, side by glyph, the trade's class in full where there is room for it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from widgets.blocks import bar
from widgets.line_widget import LineWidget, Styles, fit, on, pad, title_row

GLYPHS = {1: "▲", -1: "▼"}
BAR_CELLS = 10
SWEEP_CELLS = 4
NAME_CELLS = 16


class TapeRow(Struct, frozen=True, gc=False, cache_hash=True):
    """One trade. `price` and `size` come padded to the same width in every row of a picture."""

    time: str  # HH:MM:SS.mmm; what does not fit is dropped from the left
    side: int
    price: str
    size: str
    size_bar: float  # 0..1
    name: str  # the class in full, with the reason where there is none
    tag: str  # the class in six cells or fewer
    name_paint: str
    sweep: str = ""  # how many prints the row is, in four cells or fewer
    large: bool = False


class TapeTitle(Struct, frozen=True, gc=False):
    """The first row."""

    title: str
    note: str = ""
    note_paint: str = "note"


class Tape(Struct, frozen=True):
    """What a tape shows, newest trade first."""

    title: TapeTitle
    rows: tuple[TapeRow, ...] = ()
    empty: str = ""  # said where there is no trade


TapeKey = TapeTitle | TapeRow | str


def row_segments(row: TapeRow, width: int, styles: Styles) -> list[Segment]:
    """Return one trade's row."""
    bar_name = "bid" if row.side > 0 else "ask"
    side = styles[bar_name]
    core = 2 + 1 + len(row.price) + 1 + len(row.size) + 1
    room = width - 1 - core
    sweep_cells = SWEEP_CELLS if room >= 8 + 1 + 6 + SWEEP_CELLS else 0
    room -= sweep_cells
    full_name = room >= 12 + 1 + NAME_CELLS
    name_cells = NAME_CELLS if full_name else 6
    name = row.name if full_name else row.tag
    time_cells = next((cells for cells in (12, 9, 8) if room - name_cells >= cells + 1), 0)
    time = "" if not time_cells else row.time[:8] + " " if time_cells == 8 else row.time[12 - time_cells :] + " "
    parts: list[tuple[str, Style]] = [
        (" ", side),
        (time, styles["dim"]),
        (GLYPHS.get(row.side, "?"), side),
        (" " + row.price, side),
        (" " + row.size + " ", on(styles["strong"], styles[f"{bar_name}-bar"]) if row.large else styles["text"]),
        (pad(row.sweep, sweep_cells), styles["dim"]),
    ]
    if room >= 12 + 1 + NAME_CELLS + BAR_CELLS + 1:
        parts.append((bar(row.size_bar, BAR_CELLS) + " ", side))
    parts.append((pad(name, name_cells), styles[row.name_paint]))
    return fit(parts, width, styles["text"])


class TapeWidget(LineWidget[TapeKey]):
    """Draws a `Tape`."""

    tape = Tape(TapeTitle(""))

    def show(self, tape: Tape) -> None:
        """Take a new picture and repaint the rows that differ."""
        self.tape = tape
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[TapeKey]:
        """Return the title and a row a trade."""
        return [self.tape.title, *(self.tape.rows or ([self.tape.empty] if self.tape.empty else []))]

    def topic(self, key: TapeKey, x: int) -> str:
        """Return the title."""
        return key.title if isinstance(key, TapeTitle) else ""

    def row_segments(self, key: TapeKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, TapeRow):
            return row_segments(key, width, styles)
        if isinstance(key, str):
            return fit([(" " + key, styles["dim"])], width, styles["text"])
        return title_row(key.title, key.note, width, styles, key.note_paint)
