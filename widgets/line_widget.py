"""The base of everything drawn at frame rate: rows with keys, Strips kept by key, repainted where the key changed.

A row's key is the row: a hashable value that says all that is drawn. Equal key and width mean equal cells, so the Strip
is reused and the line is not sent again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.events import MouseMove
from textual.filter import LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.direct import DirectRows, Turns, ansi

PAINTS = (
    "text", "strong", "dim", "faint", "title", "note",
    "bid", "bid-strong", "bid-bar", "ask", "ask-strong", "ask-bar", "spread",
    "own", "own-away", "good", "warn", "bad", "hatch", "track", "badge", "badge-live", "badge-past",
    "opp", "dir", "pas", "none", "band", "band-mirror",
    "heat-0", "heat-1", "heat-2", "heat-3", "heat-4", "heat-5", "heat-6", "heat-7",
)  # fmt: skip
"""Names that a row may ask for; the style sheet gives each its look as the class `paint--<name>` within a LineWidget."""

Styles = Mapping[str, Style]
"""A Rich style for each of PAINTS."""

STRIPS_KEPT = 256
"""By each widget, of the newest: some screens of rows. What is kept is what a full garbage collection walks."""
PART = " · "


_looked_up = lru_cache(maxsize=4096)(cell_len)
_new = tuple.__new__
"""A named tuple's own maker takes three times as long, and a frame makes some hundred segments."""


def cells_of(text: str) -> int:
    """Return how many cells a text takes; most of what is painted is ASCII, and need not be looked up."""
    return len(text) if text.isascii() else _looked_up(text)


def pad(text: str, width: int, align: str = "<") -> str:
    """Return `text` in exactly `width` cells; an ellipsis ends what does not fit: a cut number is seen to be cut."""
    cells = cells_of(text)
    if cells > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    space = " " * (width - cells)
    return space + text if align == ">" else text + space


def fit(parts: Iterable[tuple[str, Style]], width: int, fill: Style) -> list[Segment]:
    """Return segments of exactly `width` cells: neighbours of one style joined, cut or filled at the right."""
    segments: list[Segment] = []
    left = width
    run, run_style = "", fill
    for text, style in parts:
        cells = len(text) if text.isascii() else _looked_up(text)
        if cells > left:
            text, cells = set_cell_size(text, left), left
        left -= cells
        if style is run_style:
            run += text
        elif text:
            if run:
                segments.append(_new(Segment, (run, run_style, None)))
            run, run_style = text, style
    if left > 0 and run_style is fill:
        run += " " * left
    if run:
        segments.append(_new(Segment, (run, run_style, None)))
    if left > 0 and run_style is not fill:
        segments.append(Segment(" " * left, fill))
    return segments


def title_row(title: str, note: str, width: int, styles: Styles, note_paint: str = "note") -> list[Segment]:
    """Return a panel's first row: its name at the left, a note at the right, on the ground of the title's paint.

    Parts of the note, set apart by a dot, are left out whole from its end where they do not fit.
    """
    ground = styles["title"]
    while cells_of(note) > width - cells_of(title) - 3 and PART in note:
        note = note.rpartition(PART)[0]
    note = pad(note, min(cells_of(note), max(0, width - cells_of(title) - 3)))
    gap = " " * max(1, width - cells_of(title) - cells_of(note) - 2)
    return fit([(" " + title + gap, ground), (note, on(styles[note_paint], ground))], width, ground)


class Look(Style):
    """A style that is itself alone: a row looks up a dozen by what they are, and Rich would compare all that they say."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__


@lru_cache(maxsize=1024)
def _look_like(style: Style) -> Look:
    """Return the one look that says what a style says."""
    names = ("color", "bgcolor", "bold", "dim", "italic", "underline", "reverse", "strike")
    return Look(**{name: getattr(style, name) for name in names})


@lru_cache(maxsize=512)
def on(text: Style, ground: Style) -> Style:
    """Return the colour and weight of `text` on the background of `ground`."""
    return _look_like(text + Style(bgcolor=ground.bgcolor))


@lru_cache(maxsize=256)
def edge(left: Style, right: Style) -> Style:
    """Return the style in which a left block shows `left`'s background, and the rest of the cell `right`'s."""
    return _look_like(Style(color=left.bgcolor, bgcolor=right.bgcolor))


def runs_of(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Return ascending row numbers as runs (first, how many): fewer dirty regions, less to merge for the compositor."""
    runs: list[tuple[int, int]] = []
    for y in rows:
        if runs and sum(runs[-1]) == y:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((y, 1))
    return runs


class Row(Strip):
    """A row's strip, which does not hold itself.

    Textual remembers what a strip was divided into, and one that stays whole is its own part: a cycle for each row painted, of
    which the garbage collector makes a pause of a tenth of a second every two seconds.
    """

    __slots__ = ()

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Return the strips between cells; the row itself where there is nothing to cut."""
        within = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if within == [self.cell_length] else super().divide(within)


_Ground = tuple[Style, Color, tuple[LineFilter, ...]]
"""What the look of a paint hangs on beside the style sheet: what it stands on, and how colours are shown."""
_mixed: WeakKeyDictionary[Stylesheet, tuple[list[RuleSet], dict[_Ground, dict[str, Style]]]] = WeakKeyDictionary()


class Paints(dict[str, Style]):
    """Looks of paints on a widget's ground, each mixed when it is first asked for, once for all widgets that stand on the same.

    As component classes of each widget they would be looked up again at every pass of the style sheet, half of the start.
    """

    def __init__(self, widget: Widget, ground: _Ground, mixed: dict[str, Style]) -> None:
        super().__init__()
        self._widget, self._ground, self._mixed = widget, ground, mixed

    def __missing__(self, name: str) -> Style:
        """Take what another widget has mixed, or mix it; raise KeyError for a name that no paint has."""
        if name not in PAINTS:
            raise KeyError(name)
        look = self._mixed.get(name)
        if look is None:
            look = self._mixed[name] = _look(self._widget, name, *self._ground[1:])
        self[name] = look
        return look


def _paints_on(widget: Widget) -> Paints:
    """Return the looks of paints on a widget's ground."""
    sheet, filters = widget.app.stylesheet, tuple(widget.get_line_filters())
    ground = (widget.rich_style, widget.background_colors[1], filters)
    rules, mixed = _mixed.get(sheet, ([], {}))
    if rules is not sheet.rules:  # another list after each reading: another theme, say
        rules, mixed = _mixed[sheet] = (sheet.rules, {})
    return Paints(widget, ground, mixed.setdefault(ground, {}))


def _look(widget: Widget, name: str, background: Color, filters: tuple[LineFilter, ...]) -> Style:
    """Return a paint as the app's line filters leave it: colourless, or true colours for named ones.

    They go by colour, so to filter each paint once is the same as to filter every row, and costs a third less.
    """
    node = DOMNode(classes=f"paint--{name}")
    node._attach(widget)
    widget.app.stylesheet.apply(node)
    strip = Strip([Segment(" ", node.rich_style)], 1)
    for line_filter in filters:
        strip = strip.apply_filter(line_filter, background)
    return _look_like(next(iter(strip)).style or Style())


Key = TypeVar("Key", bound=Hashable)
"""What one kind of widget calls a row."""


class LineWidget(Widget, Generic[Key], can_focus=False):
    """A borderless widget of rows. Subclasses turn what they show into keys, and a key into segments."""

    DEFAULT_CSS = """
    LineWidget {
        & > .paint--strong, & > .paint--title { text-style: bold; }
        & > .paint--dim, & > .paint--note { color: $text-muted; }
        & > .paint--faint, & > .paint--hatch, & > .paint--track, & > .paint--none { color: $text-disabled; }
        & > .paint--bid, & > .paint--bid-strong { color: $primary; }
        & > .paint--ask, & > .paint--ask-strong { color: $error; }
        & > .paint--bid-bar { background: $primary 35%; }
        & > .paint--ask-bar { background: $error 35%; }
        & > .paint--good { color: $success; }
        & > .paint--warn { color: $warning; }
        & > .paint--bad { color: $error; text-style: bold; }
        & > .paint--badge, & > .paint--badge-live, & > .paint--badge-past { text-style: bold reverse; }
    }
    """

    class Pointed(Message):
        """The mouse points at another label; an empty one is none."""

        def __init__(self, widget: Widget, topic: str) -> None:
            super().__init__()
            self.widget, self.topic = widget, topic

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.pointed = ""
        self._keys: list[Key | None] = []
        self._paints: Paints | None = None
        self._width = 0
        self._strips: dict[Key | None, Strip] = {}
        self._texts: dict[Key | None, str] = {}
        self._direct: DirectRows | None = None

    def row_keys(self, width: int, height: int) -> Sequence[Key | None]:
        """Return one key a row; None and missing rows are blank."""
        raise NotImplementedError

    def row_segments(self, key: Key, width: int, styles: Styles) -> list[Segment]:
        """Return the segments of exactly `width` cells that `key` stands for."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Find out whether the screen lets rows go straight to the terminal."""
        self._direct = getattr(self.screen, "direct_rows", None)

    def topic(self, key: Key, x: int) -> str:
        """Return the label of what a row shows at column `x`, or nothing."""
        return ""

    def on_mouse_move(self, event: MouseMove) -> None:
        """Tell what the mouse points at, when that changes."""
        key = self._keys[event.y] if 0 <= event.y < len(self._keys) else None
        topic = self.topic(key, event.x) if key is not None else ""
        if topic != self.pointed:
            self.pointed = topic
            self.post_message(self.Pointed(self, topic))

    def changed(self) -> None:
        """Repaint the rows whose keys differ from what stands on the screen."""
        # there is no border and no padding: the same as `size`, which goes through the layout for it
        size = self.outer_size
        if not size:
            return
        old, new = self._keys, self._laid_out(size.width, size.height)
        if len(old) != len(new):
            self._keys = new
            self.refresh()
            return
        rows = [y for y, key in enumerate(new) if key is not (was := old[y]) and key != was]
        if not rows:
            return
        self._keys = new
        direct = self._direct
        place = direct.place(self) if direct else None
        if direct and place:
            for y in rows:
                direct.write(place[0], place[1] + y, self._text(new[y], size.width, direct.turns))
        else:
            self.refresh(*(Region(0, y, size.width, count) for y, count in runs_of(rows)))

    def _laid_out(self, width: int, height: int) -> list[Key | None]:
        keys: list[Key | None] = list(self.row_keys(width, height))[:height]
        keys.extend([None] * (height - len(keys)))
        return keys

    def on_resize(self) -> None:
        """Lay the rows out anew: how many there are, and what they hold, hangs on the size."""
        self._keys = self._laid_out(*self.size)
        self.refresh()

    def notify_style_update(self) -> None:
        """Drop what was painted in the old style."""
        super().notify_style_update()
        if self._paints is not None:
            self.refresh()
        self._paints = None
        self._forget(self._width)

    def _styles(self) -> Paints:
        if self._paints is None:
            self._paints = _paints_on(self)
        return self._paints

    def _segments(self, key: Key | None, width: int) -> list[Segment]:
        styles = self._styles()
        return [Segment(" " * width, styles["text"])] if key is None else self.row_segments(key, width, styles)

    def _strip(self, y: int, width: int) -> Strip:
        key = self._keys[y] if y < len(self._keys) else None
        if width != self._width:
            self._forget(width)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = Row(self._segments(key, width), width)
            if len(self._strips) > STRIPS_KEPT:
                del self._strips[next(iter(self._strips))]
        return strip

    def _text(self, key: Key | None, width: int, turns: Turns) -> str:
        if width != self._width:
            self._forget(width)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = ansi(self._segments(key, width), turns)
            if len(self._texts) > STRIPS_KEPT:
                del self._texts[next(iter(self._texts))]
        return text

    def _forget(self, width: int) -> None:
        """Drop what was painted; from here on it is painted this wide."""
        self._width = width
        self._strips.clear()
        self._texts.clear()

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        return self._strip(y, self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows of `crop` straight from the cache: there is no border or padding to compose."""
        width = self.size.width
        strips = [self._strip(y, width) for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.width == width:
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]
