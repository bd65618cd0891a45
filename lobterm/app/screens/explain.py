"""What the numbers are: a list of them, and what is to be said about the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from lobterm.view import glossary

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot


class ExplainScreen(ModalScreen[None], inherit_bindings=False):
    """Lies over a screen; the market goes on beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "app.pop_screen", "Close", id="close", tooltip="Back to the screen"),
        Binding("ctrl+c", "app.quit", "Quit", id="quit-here", tooltip="End the session", show=False),
    ]

    def __init__(self, snapshot: Snapshot | None, topic: str = "") -> None:
        super().__init__()
        self.picture = snapshot
        found = glossary.entry(topic)
        self.first = glossary.ENTRIES.index(found) if found else 0

    def compose(self) -> ComposeResult:
        """Lay out the list and the text."""
        with Horizontal(id="explain"):
            yield OptionList(
                *(Option(entry.name, id=entry.name) for entry in glossary.ENTRIES), id="numbers", markup=False
            )
            with VerticalScroll():
                yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        """Begin at the number that was pointed at."""
        numbers = self.query_one(OptionList)
        numbers.focus()
        numbers.highlighted = self.first

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what the number is."""
        found = glossary.ENTRIES[event.option_index]
        self.query_one("#said", Static).update("\n\n".join(_paragraphs(glossary.lines(found, self.picture))))


def _paragraphs(lines: tuple[str, ...]) -> list[str]:
    """Return the words, then the labelled lines as one block."""
    return [lines[0], "\n".join(lines[1:])]
