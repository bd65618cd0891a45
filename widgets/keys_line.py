"""One line of keys and what they do, as they are bound where it stands; a click presses the key.

Textual's Footer makes a widget of each key and each word, some forty of them, and all of them anew whenever a key changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.segment import Segment
from textual.events import Leave, MouseDown, MouseMove

from widgets.line_widget import LineWidget, Styles, cells_of, fit, on

if TYPE_CHECKING:
    from textual.screen import Screen

MORE = "…"
NOTHING = -1


class Cap(NamedTuple):
    """One key: its name, what is shown for it, whether it does something now, and what."""

    key: str
    shown: str
    active: bool
    tip: str


class Entry(NamedTuple):
    """Keys that share a word."""

    caps: tuple[Cap, ...]
    words: str

    @property
    def cells(self) -> int:
        """Return how wide it is."""
        return cells_of("".join(cap.shown for cap in self.caps)) + 1 + cells_of(self.words)


class Row(NamedTuple):
    """The entries that are seen, the cells between two, whether some are left out, and which cap the mouse points at."""

    entries: tuple[Entry, ...]
    gap: int
    more: bool
    pointed: int = NOTHING


def laid_out(entries: Sequence[Entry], width: int) -> Row:
    """Return the entries that fit into `width`, whole: nearer to each other rather than fewer, the first rather than the last."""
    cells = sum(entry.cells for entry in entries)
    for gap in (2, 1):
        if cells + gap * (len(entries) - 1) <= width:
            return Row(tuple(entries), gap, False)
    kept, room = 0, width - cells_of(MORE)
    while kept < len(entries) and entries[kept].cells + 1 <= room:
        room -= entries[kept].cells + 1
        kept += 1
    return Row(tuple(entries[:kept]), 1, True)


def cap_at(row: Row, x: int) -> int:
    """Return which of the row's caps column `x` belongs to, a word to the last before it, or NOTHING."""
    edge = at = 0
    for entry in row.entries:
        for cap in entry.caps:
            edge += cells_of(cap.shown)
            if x < edge:
                return at
            at += 1
        edge += 1 + cells_of(entry.words)
        if x < edge:
            # a word of several keys is none of them
            return at - 1 if len(entry.caps) == 1 else NOTHING
        edge += row.gap
        if x < edge:
            return NOTHING
    return NOTHING


def bound(screen: Screen[Any]) -> tuple[Entry, ...]:
    """Return the keys of a screen that are to be seen, those of a group under its word."""
    actions: dict[str, Any] = {}
    for active in screen.active_bindings.values():
        if active.binding.show:
            actions.setdefault(active.binding.action, active)
    entries: list[Entry] = []
    for group, members in groupby(actions.values(), lambda active: active.binding.group):
        together = list(members)
        caps = [
            Cap(
                active.binding.key,
                screen.app.get_key_display(active.binding),
                active.enabled,
                active.tooltip or active.binding.description,
            )
            for active in together
        ]
        if group is not None and len(caps) > 1:
            entries.append(Entry(tuple(caps), group.description))
        else:
            entries += [Entry((cap,), active.binding.description) for cap, active in zip(caps, together, strict=True)]
    return tuple(entries)


class KeysLine(LineWidget[Row]):
    """Draws the line and follows the bindings of its screen."""

    DEFAULT_CSS = "KeysLine { height: 1; }"

    entries: tuple[Entry, ...] = ()
    lit = NOTHING

    def on_mount(self) -> None:
        """Show the keys, and again whenever they change."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)
        self._look(self.screen)

    def _look(self, screen: Screen[Any]) -> None:
        # while another window has the keyboard nothing has the focus, and its keys would be missing
        if self.app.app_focus and screen is self.screen:
            self._light(NOTHING, None)
            self.entries = bound(screen)
            self.changed()

    def row_keys(self, width: int, height: int) -> Sequence[Row]:
        """Return the one row."""
        return [laid_out(self.entries, width)._replace(pointed=self.lit)]

    def row_segments(self, key: Row, width: int, styles: Styles) -> list[Segment]:
        """Return the row."""
        parts, at = [], 0
        for entry in key.entries:
            alone, words = len(entry.caps) == 1, "dim" if any(cap.active for cap in entry.caps) else "faint"
            for cap in entry.caps:
                paint = styles["own" if cap.active else "faint"]
                if at == key.pointed:
                    paint = on(paint, styles["title"])
                    words = "title" if alone else words
                parts.append((f"{cap.shown} " if alone else cap.shown, paint))
                at += 1
            parts += [
                ("" if alone else " ", styles["text"]),
                (entry.words, styles[words]),
                (" " * key.gap, styles["text"]),
            ]
        if key.more:
            parts.append((MORE, styles["dim"]))
        return fit(parts, width, styles["text"])

    def _cap(self, x: int) -> tuple[int, Cap | None]:
        row = laid_out(self.entries, self.size.width)
        at = cap_at(row, x)
        return at, None if at == NOTHING else [cap for entry in row.entries for cap in entry.caps][at]

    def on_mouse_move(self, event: MouseMove) -> None:
        """Light the key that the mouse points at, and say what it does."""
        self._light(*self._cap(event.x))

    def on_leave(self, event: Leave) -> None:
        """Light none."""
        self._light(NOTHING, None)

    def _light(self, at: int, cap: Cap | None) -> None:
        if at != self.lit:
            self.lit = at
            self.tooltip = cap.tip if cap else None
            self.changed()

    def on_mouse_down(self, event: MouseDown) -> None:
        """Press the key."""
        cap = self._cap(event.x)[1]
        if cap and cap.active:
            self.app.simulate_key(cap.key)
        elif cap:
            self.app.bell()
