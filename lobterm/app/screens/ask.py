"""Dialogues that ask one thing: a line of text, or one of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lobterm.errors import InputError


class AskScreen(ModalScreen[None], inherit_bindings=False):
    """Asks for a line; `take` gets it and may refuse it with an InputError, whose words are then shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Close", id="close-ask", tooltip="Leave it"),
        Binding("ctrl+c", "app.quit", "Quit", id="quit-ask", tooltip="End the session", show=False),
    ]

    def __init__(self, question: str, hint: str, take: Callable[[str], None], longest: int) -> None:
        super().__init__()
        self.question, self.hint, self.take, self.longest = question, hint, take, longest

    def compose(self) -> ComposeResult:
        """Lay out the question, the line and room for a refusal."""
        with Vertical(classes="ask"):
            yield Static(self.question, markup=False)
            yield Input(placeholder=self.hint, max_length=self.longest, id="answer", compact=True)
            yield Static("", id="refused", markup=False)

    def on_mount(self) -> None:
        """Begin to type at once."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line over, and say so if it is refused."""
        try:
            self.take(event.value.strip())
        except InputError as error:
            self.query_one("#refused", Static).update(f"{error.what}; {error.mend}" if error.mend else error.what)
            return
        self.dismiss()


SHORT = 58
"""Longer lines have a wider dialogue."""
CLOSES: list[BindingType] = [
    Binding("escape,q", "app.pop_screen", "Close", id="close-list", tooltip="Leave it"),
    Binding("ctrl+c", "app.quit", "Quit", id="quit-list", tooltip="End the session", show=False),
]


class PickScreen(ModalScreen[None], inherit_bindings=False):
    """Shows lines; Enter takes the one that is lit."""

    BINDINGS: ClassVar[list[BindingType]] = CLOSES

    def __init__(self, title: str, lines: list[str], take: Callable[[int], None]) -> None:
        super().__init__()
        self.title_text, self.lines, self.take = title, lines, take

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        with Vertical(classes="ask -wide" if max(map(len, self.lines), default=0) > SHORT else "ask"):
            yield Static(self.title_text, markup=False)
            yield OptionList(*(Option(Text(line)) for line in self.lines), id="lines", markup=False, compact=True)

    def on_mount(self) -> None:
        """Light the first."""
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the line."""
        self.take(event.option_index)
        self.dismiss()


class ChooseScreen(PickScreen, inherit_bindings=False):
    """Shows lines; Enter takes the one that is lit, Delete removes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *CLOSES,
        Binding("delete,x", "remove", "Remove", id="remove-line", tooltip="Remove the line"),
    ]

    def __init__(
        self, title: str, lines: list[str], take: Callable[[int], None], remove: Callable[[int], None]
    ) -> None:
        super().__init__(title, lines, take)
        self.remove_line = remove

    def action_remove(self) -> None:
        """Remove the line that is lit, here and where it comes from."""
        lit = self.query_one(OptionList).highlighted
        if lit is not None:
            self.remove_line(lit)
            self.query_one(OptionList).remove_option_at_index(lit)
