"""The picker: what a person may open, found by typing, with the pressure of each tape behind its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from lobterm.app import present_picker
from lobterm.app.sheet import Sheet
from lobterm.app.terminal import TerminalDriver
from lobterm.app.themes import DARK, THEMES
from lobterm.errors import LobtermError
from lobterm.library import entries as library
from lobterm.library.entries import Entry, Group
from lobterm.view import format as fmt
from widgets.catalogue import CatalogueWidget
from widgets.keys_line import KeysLine

if TYPE_CHECKING:
    from lobterm.library.sparks import Spark

TICK_S = 0.1
PAGE = 10
LONGEST = 120
SYMBOL = re.compile(r"[A-Z0-9]{5,20}")
TITLE = "lobterm · paper only · type to find, enter opens, esc leaves"


class Source(Protocol):
    """Where entries and their lines come from; both are asked for in threads."""

    def entries(self) -> list[Entry]:
        """Return everything that may be opened."""

    def lines(self, entries: Sequence[Entry]) -> Iterator[tuple[Path, Spark]]:
        """Yield the pressure of tapes as it becomes known."""

    def close(self) -> None:
        """End what still computes."""


def matching(entries: Iterable[Entry], text: str) -> list[Entry]:
    """Return entries that have every word of `text` somewhere; where it may be symbols, following them too."""
    words = text.lower().split()
    found = []
    for entry in entries:
        when = "" if entry.when_us is None or not 0 <= entry.when_us < 1 << 57 else fmt.date(entry.when_us)
        told = f"{entry.group.value} {entry.name} {entry.symbol} {entry.note} {when}".lower()
        if all(word in told for word in words):
            found.append(entry)
    symbols = [word.upper() for word in words if word.isascii()]
    known = {entry.words for entry in found}
    if (
        words
        and len(symbols) == len(words)
        and all(SYMBOL.fullmatch(symbol) for symbol in symbols)
        and len(set(symbols)) == len(symbols)
    ):
        typed = library.live(symbols)
        if typed.words not in known:
            at = sum(entry.group is Group.LIVE for entry in found)
            found.insert(at, typed)
    return found


class PickerApp(App[Entry], inherit_bindings=False):
    """Returns the entry to open, or None."""

    TITLE = "lobterm"
    CSS_PATH = "lobterm.tcss"
    ALLOW_SELECT = False
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "light(-1)", "Up", priority=True, show=False, id="pick-up"),
        Binding("down", "light(1)", "Down", priority=True, show=False, id="pick-down"),
        Binding("pageup", f"light({-PAGE})", "Page up", priority=True, show=False, id="pick-page-up"),
        Binding("pagedown", f"light({PAGE})", "Page down", priority=True, show=False, id="pick-page-down"),
        Binding("f2", "next_theme", "Colours", priority=True, id="pick-theme"),
        Binding("escape", "away", "Clear, or leave", key_display="esc", priority=True, id="pick-away"),
        Binding("ctrl+c,ctrl+q", "app.quit", "Leave", priority=True, show=False, id="pick-quit"),
    ]

    def __init__(self, source: Source, note: str = "") -> None:
        super().__init__()
        self.source, self.note = source, fmt.printable(note)
        self.all: list[Entry] | None = None  # None: not read yet
        self.seen: list[Entry] = []
        self.sparks: dict[Path, Spark] = {}
        self.lit = 0
        self.failure = ""
        self.asked_to_leave = False
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name
        self.stylesheet = Sheet(variables=self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme the names that the style sheet uses."""
        return dict(DARK.variables)

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's choice, but on a terminal one that notices when that goes away."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def compose(self) -> ComposeResult:
        """Lay out what is said, what is typed, the list, and what enter would do."""
        yield Static(self.note or TITLE, id="pick-title", markup=False, classes="-warn" if self.note else "")
        yield Input(
            placeholder="tape, symbol, date … or symbols to follow: BTCUSDT ETHUSDT",
            max_length=LONGEST,
            id="find",
            compact=True,
        )
        yield CatalogueWidget(id="catalogue")
        yield Static("", id="pick-about", markup=False)
        yield KeysLine()

    def on_mount(self) -> None:
        """Read what there is behind the first paint."""
        self._list, self._about = self.query_one(CatalogueWidget), self.query_one("#pick-about", Static)
        typed = self.query_one(Input)
        typed.cursor_blink = False
        typed.focus()
        self.paint()
        self.run_worker(self.source.entries, name="entries", thread=True, exit_on_error=False)
        self.set_interval(TICK_S, self._tick)

    def _tick(self) -> None:
        driver = self._driver
        if self.asked_to_leave or (isinstance(driver, TerminalDriver) and driver.gone):
            self.exit(None)

    def leave(self) -> None:
        """Ask for an end at the next tick; a signal may call it."""
        self.asked_to_leave = True

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take the list when it is read, and have the lines computed."""
        if event.worker.name != "entries":
            return
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self.failure = str(error) if isinstance(error, LobtermError) else f"{type(error).__name__}: {error}"
            self.all = []
        elif event.state is WorkerState.SUCCESS:
            self.all = event.worker.result or []
            self.run_worker(self._follow_lines, name="lines", thread=True, exit_on_error=False)
        self.find(self.query_one(Input).value)

    def _follow_lines(self) -> None:
        for path, spark in self.source.lines(self.all or []):
            if not self.is_running:
                return
            self.call_from_thread(self._take_line, path, spark)

    def _take_line(self, path: Path, spark: Spark) -> None:
        self.sparks[path] = spark
        self.paint()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        self.find(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Open what is lit for the text as it is now: keys may come faster than they are painted."""
        self.find(event.value)
        self.action_take()

    def find(self, text: str) -> None:
        """Show the entries that match, the first of them lit."""
        self.seen, self.lit = matching(self.all or [], text), 0
        self.paint()

    def paint(self) -> None:
        """Show the list as it is now."""
        empty = self.failure or (
            "reading what there is" if self.all is None else "nothing here: a tape comes of lobterm tape import"
        )
        lit = self.lit if self.seen else None
        self._list.show(present_picker.catalogue_of(self.seen, lit, self.sparks, self.size.width, fmt.printable(empty)))
        self._about.update(present_picker.about(self.seen[self.lit] if self.seen else None))

    def on_resize(self, event: Resize) -> None:
        """Lay the columns out anew, once the list knows its size."""
        self.call_after_refresh(self.paint)

    def action_light(self, items: int) -> None:
        """Light another entry."""
        self.lit = min(max(self.lit + items, 0), max(0, len(self.seen) - 1))
        self.paint()

    def on_catalogue_widget_pointed(self, event: CatalogueWidget.Pointed) -> None:
        """Light the entry that was clicked; open the one that is lit."""
        if event.at == self.lit:
            self.action_take()
        else:
            self.action_light(event.at - self.lit)

    def on_catalogue_widget_scrolled(self, event: CatalogueWidget.Scrolled) -> None:
        """Follow the wheel."""
        self.action_light(event.items)

    def action_take(self) -> None:
        """Open the lit entry, unless it says why that cannot be."""
        if self.seen and not self.seen[self.lit].problem:
            self.exit(self.seen[self.lit])

    def action_away(self) -> None:
        """Clear what was typed, or leave."""
        typed = self.query_one(Input)
        if typed.value:
            typed.value = ""
        else:
            self.exit(None)

    def action_next_theme(self) -> None:
        """Go to the next colour theme."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
