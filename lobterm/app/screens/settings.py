"""The parameters: a list to look through, and one of them edited in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lobterm.app import keys, present_desk
from lobterm.engine.params import BY_KEY
from lobterm.errors import InputError
from lobterm.view import settings as view
from lobterm.view.console import seekable
from lobterm.view.what_if import value_text
from widgets.keys_line import KeysLine
from widgets.table import TableWidget

if TYPE_CHECKING:
    from lobterm.view.console import Console

EVERY_S = 0.5
LONGEST = 40
NARROW = 100
"""Cells of the list below which it leaves out what the line beneath tells anyway."""


class SettingsScreen(ModalScreen[None], inherit_bindings=False):
    """Lies over a screen; the market goes on beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.SETTINGS)
    AUTO_FOCUS = None

    def __init__(self, market: Console) -> None:
        super().__init__()
        self.market, self.wanted = market, ""
        self.chosen = self.first = 0
        self.found: tuple[view.Setting, ...] = ()
        self.editing = ""  # the parameter in the line, or nothing

    def compose(self) -> ComposeResult:
        """Lay out the list, what is to be said about the one that is lit, and the line."""
        with Vertical(classes="desk", id="settings"):
            yield TableWidget(id="settings-list")
            yield Static("", id="about", markup=False)
            yield Input(id="line", max_length=LONGEST, compact=True, disabled=True)
            yield Static("", id="done", markup=False)
            yield KeysLine()

    def on_mount(self) -> None:
        """Show the list once it has its size, then now and again: what is turned live comes a moment later."""
        self.call_after_refresh(self.look)
        self.set_interval(EVERY_S, self.look)

    def on_resize(self) -> None:
        """Show what fits."""
        self.call_after_refresh(self.look)

    @property
    def lit(self) -> view.Setting | None:
        """Return the parameter that is lit."""
        return self.found[self.chosen] if self.chosen < len(self.found) else None

    def look(self) -> None:
        """Show the parameters as they are."""
        if not self.market.ready:
            return
        values = self.market.snapshot(1).params
        self.found = view.settings(values, self.market, self.wanted)
        table = self.query_one("#settings-list", TableWidget)
        rows = max(1, table.size.height - 2)
        self.chosen = min(self.chosen, max(0, len(self.found) - 1))
        self.first = min(max(self.first, self.chosen - rows + 1), self.chosen)
        changed = sum(value != was for value, was in zip(values, self.market.start_params, strict=True))
        tape = seekable(self.market)
        notes = [f"{len(self.found)} of {len(BY_KEY)}", f"{changed} turned"]
        notes += [f"{tape.later_items} later than here"] if tape and tape.later_items else []
        narrow = table.size.width < NARROW
        table.show(present_desk.settings(self.found, self.first, self.chosen, rows, " · ".join(notes), narrow))
        lit = self.lit
        self.query_one("#about", Static).update(_about(lit) if lit else "")

    def say(self, words: str) -> None:
        """Say what came of the last key."""
        self.query_one("#done", Static).update(words)

    def _turn(self, key: str, value: float) -> None:
        def turn() -> None:
            fixed = view.AT_START.get(BY_KEY[key].id)
            if fixed:
                raise InputError(
                    f"{key} is read when the engine begins: {fixed}", mend="start with --set, or the config"
                )
            self.market.set_param(key, value)

        self._do(f"asked for {key} = {value_text(key, value)} from here on", turn)

    def _do(self, words: str, act: Callable[[], None]) -> None:
        try:
            act()
        except InputError as error:
            words = f"{error.what}; {error.mend}" if error.mend else error.what
        self.say(words)
        self.look()

    def action_choose(self, step: int) -> None:
        """Light another one."""
        self.chosen = min(max(self.chosen + step, 0), max(0, len(self.found) - 1))
        self.look()

    def _open(self, editing: str, text: str, hint: str) -> None:
        self.editing = editing
        line = self.query_one(Input)
        line.disabled, line.value, line.placeholder = False, text, hint
        self.set_focus(line)
        line.cursor_position = len(text)

    def _close(self) -> None:
        line = self.query_one(Input)
        self.set_focus(None)
        line.disabled, line.value, line.placeholder, self.editing = True, "", "", ""

    def action_search(self) -> None:
        """Ask for words."""
        self._open("", self.wanted, "words of a name, unit or source; * for what was turned")

    def action_edit(self) -> None:
        """Edit the one that is lit: a choice goes on to its next."""
        lit = self.lit
        if lit is None:
            return
        if BY_KEY[lit.key].choices:
            self.action_cycle(1)
        else:
            self._open(lit.key, lit.value, f"{lit.key}: {lit.allowed} {lit.unit}")

    def action_cycle(self, step: int) -> None:
        """Take the next choice of the one that is lit."""
        lit = self.lit
        if lit is not None and BY_KEY[lit.key].choices:
            self._turn(lit.key, view.turned(lit.key, view.parsed(lit.key, lit.value), step))

    def action_put_back(self) -> None:
        """Give the one that is lit the value that the session began with."""
        lit = self.lit
        if lit is not None and lit.was:
            self._turn(lit.key, float(self.market.start_params[BY_KEY[lit.key].id]))

    def action_drop_later(self) -> None:
        """Take what lies behind here out of the session."""
        tape = seekable(self.market)
        if tape is None or not tape.later_items:
            self.say("nothing was done by hand later than here")
            return
        dropped: list[int] = []
        self._do("", lambda: dropped.append(tape.drop_later()))
        if dropped:
            self.say(f"{dropped[0]} changes and orders later than here are out of the session")

    def action_leave(self) -> None:
        """Leave the line, else the list."""
        if self.query_one(Input).disabled:
            self.dismiss()
        else:
            self._close()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what has the words, while they are typed."""
        if not self.editing and not event.input.disabled:
            self.wanted, self.chosen, self.first = event.value, 0, 0
            self.look()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Turn the parameter, or keep the words."""
        key, text = self.editing, event.value.strip()
        if not key:
            self._close()
            return
        try:
            value = view.parsed(key, text)
        except InputError as error:
            self.say(f"{error.what}; {error.mend}" if error.mend else error.what)
            return
        self._close()
        self._turn(key, value)


def _about(lit: view.Setting) -> str:
    words = [f"allowed: {lit.allowed} {lit.unit}".rstrip(), f"source: {lit.source}", f"from: {lit.layer}"]
    if lit.was:
        words.append(f"began as {lit.was} (backspace puts it back)")
    if lit.fixed:
        words.append(f"read when the engine begins: {lit.fixed}")
    return f"{lit.key} · " + " · ".join(words)
