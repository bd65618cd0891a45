"""An order-book ladder: one row a price, bids left of it, asks right of it, our own orders in the outer gutters."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style

from widgets.blocks import LEFT_EIGHTHS, bar, eighths
from widgets.line_widget import LineWidget, Styles, edge, fit, on, pad, title_row

GUTTER_FROM_WIDTH = 38
"""Narrower ladders drop the sizes of our own orders and keep their glyphs."""
TRADED_FROM_WIDTH, TRADED_CELLS = 56, 24
"""Wider ladders show what was sold and bought at each price, and the profile of it."""


class LadderRow(Struct, frozen=True, gc=False, cache_hash=True):
    """One price. Texts come padded to the same width in every row of a picture; an empty text is an empty cell."""

    price: str
    bid: str = ""
    bid_bar: float = 0.0  # 0..1
    ask: str = ""
    ask_bar: float = 0.0
    own_bid: str = ""
    own_bid_glyph: str = " "
    own_bid_paint: str = "own"
    own_ask: str = ""
    own_ask_glyph: str = " "
    own_ask_paint: str = "own"
    price_paint: str = "text"
    bid_paint: str = "bid"
    ask_paint: str = "ask"
    ground: str = "text"  # paint whose background the row has
    mark: str = " "  # one cell before the price
    mark_paint: str = "text"
    sold: str = ""
    bought: str = ""
    traded_bar: float = 0.0  # 0..1
    traded_paint: str = "dim"


class LadderTitle(Struct, frozen=True, gc=False):
    """The first row: what the ladder shows, and a note that may warn."""

    title: str
    note: str = ""
    note_paint: str = "note"


class Hatched(Struct, frozen=True, gc=False):
    """A row of which nothing is known, with a word about why on some of them."""

    text: str = ""


class Ladder(Struct, frozen=True):
    """What a ladder shows; with `unknown` lines it shows those instead of any price."""

    title: LadderTitle
    rows: tuple[LadderRow, ...] = ()
    unknown: tuple[str, ...] = ()


LadderKey = LadderTitle | LadderRow | Hatched
Parts = list[tuple[str, Style]]


def bid_cell(text: str, fraction: float, width: int, paint: Style, ground: Style, fill: Style) -> Parts:
    """Return a size with its bar growing leftwards from the price."""
    if not text and not fraction:
        return [(" " * width, ground)]
    full, part = eighths(fraction, width)
    text = pad(text, width, ">")
    start = width - full
    plain = on(paint, ground)
    if part and text[start - 1] == " ":
        block = (LEFT_EIGHTHS[8 - part], edge(ground, fill))
        return [(text[: start - 1], plain), block, (text[start:], on(paint, fill))]
    start -= part >= 4
    return [(text[:start], plain), (text[start:], on(paint, fill))]


def ask_cell(text: str, fraction: float, width: int, paint: Style, ground: Style, fill: Style) -> Parts:
    """Return a size with its bar growing rightwards from the price."""
    if not text and not fraction:
        return [(" " * width, ground)]
    full, part = eighths(fraction, width)
    text = pad(text, width)
    plain = on(paint, ground)
    if part and text[full] == " ":
        block = (LEFT_EIGHTHS[part], edge(fill, ground))
        return [(text[:full], on(paint, fill)), block, (text[full + 1 :], plain)]
    full += part >= 4
    return [(text[:full], on(paint, fill)), (text[full:], plain)]


def row_segments(row: LadderRow, width: int, styles: Styles) -> list[Segment]:
    """Return one price's row."""
    ground = styles[row.ground]
    traded = TRADED_CELLS if width >= TRADED_FROM_WIDTH else 0
    gutter = 0 if width < GUTTER_FROM_WIDTH else 6 if width < 66 else 9
    price_cells = len(row.price) + 2
    cell = max(0, (width - traded - 2 * gutter - price_cells - 2) // 2)
    own_bid = on(styles[row.own_bid_paint], ground) if row.own_bid_glyph != " " else ground
    own_ask = on(styles[row.own_ask_paint], ground) if row.own_ask_glyph != " " else ground
    parts = [(pad(row.own_bid, gutter, ">"), own_bid)]
    parts += bid_cell(row.bid, row.bid_bar, cell, styles[row.bid_paint], ground, styles["bid-bar"])
    parts += [
        (row.own_bid_glyph, own_bid),
        (row.mark, on(styles[row.mark_paint], ground) if row.mark != " " else ground),
        (row.price, on(styles[row.price_paint], ground)),
        (" ", ground),
        (row.own_ask_glyph, own_ask),
    ]
    parts += ask_cell(row.ask, row.ask_bar, cell, styles[row.ask_paint], ground, styles["ask-bar"])
    parts.append((pad(row.own_ask, gutter), own_ask))
    if traded:
        cells = width - 2 * (gutter + cell) - price_cells - 2 - 16
        if row.sold or row.bought:
            parts += [
                (pad(row.sold, 7, ">") + " ", on(styles["ask"], ground)),
                (pad(row.bought, 7, ">") + " ", on(styles["bid"], ground)),
                (bar(row.traded_bar, max(0, cells)), on(styles[row.traded_paint], ground)),
            ]
    return fit(parts, width, ground)


def hatched(text: str, width: int, styles: Styles) -> list[Segment]:
    """Return a row of hatching with `text` in its middle."""
    if not text:
        return fit([("╱ " * (width // 2 + 1), styles["hatch"])], width, styles["hatch"])
    text = f" {pad(text, min(len(text), max(0, width - 2)))} "
    before = max(0, width - len(text)) // 2
    lines = "╱ " * (width // 2 + 1)
    after = lines[before + len(text) :]
    return fit(
        [(lines[:before], styles["hatch"]), (text, styles["warn"]), (after, styles["hatch"])], width, styles["hatch"]
    )


class LadderWidget(LineWidget[LadderKey]):
    """Draws a `Ladder`."""

    ladder = Ladder(LadderTitle(""))

    def show(self, ladder: Ladder) -> None:
        """Take a new picture and repaint the rows that differ."""
        self.ladder = ladder
        self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[LadderKey]:
        """Return the title and a row a price, or hatching with the reason in its middle."""
        if not self.ladder.unknown:
            return [self.ladder.title, *self.ladder.rows]
        rows = [Hatched()] * max(0, height - 1)
        first = max(0, (len(rows) - len(self.ladder.unknown)) // 2)
        for at, text in enumerate(self.ladder.unknown[: len(rows)]):
            rows[first + at] = Hatched(text)
        return [self.ladder.title, *rows]

    def row_segments(self, key: LadderKey, width: int, styles: Styles) -> list[Segment]:
        """Return one row."""
        if isinstance(key, LadderRow):
            return row_segments(key, width, styles)
        if isinstance(key, Hatched):
            return hatched(key.text, width, styles)
        return title_row(key.title, key.note, width, styles, key.note_paint)
