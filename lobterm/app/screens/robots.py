"""The robots' desk: each ladder armed or paused, what it holds and earned; keys act on the one that is lit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from lobterm.app import keys, present_desk
from lobterm.engine.rows import Strategy
from lobterm.errors import InputError
from lobterm.view import format as fmt
from lobterm.view import log
from lobterm.view.robots import SWITCHES, armed, robots
from widgets.keys_line import KeysLine
from widgets.table import TableWidget

if TYPE_CHECKING:
    from lobterm.view.console import Console

EVERY_S = 0.25
LINES = 5


class RobotsScreen(ModalScreen[None], inherit_bindings=False):
    """Lies over a screen; the market goes on beneath it."""

    BINDINGS: ClassVar[list[BindingType]] = list(keys.ROBOTS)
    AUTO_FOCUS = None

    def __init__(self, market: Console) -> None:
        super().__init__()
        self.market, self.chosen = market, 0
        self.sure: Strategy | None = None  # whose reset the next press confirms

    def compose(self) -> ComposeResult:
        """Lay out the ladders, what was last done, and the keys."""
        with Vertical(classes="desk"):
            yield TableWidget(id="robots")
            yield Static("", id="done", markup=False)
            yield TableWidget(id="robot-log")
            yield KeysLine()

    def on_mount(self) -> None:
        """Look again a few times a second."""
        self.look()
        self.set_interval(EVERY_S, self.look)

    def look(self) -> None:
        """Show the desk as it is."""
        if not self.market.ready:
            return
        found = robots(self.market.snapshot(1), self.market.instrument)
        coin = fmt.quote_coin(self.market.symbol)
        self.query_one("#robots", TableWidget).show(present_desk.robots(found, self.chosen, coin))
        notes = reversed(self.market.history.happened.notes)
        lines = log.lines(notes, self.market.instrument, LINES, log.FILTERS[-1][1] | log.FILTERS[2][1])
        self.query_one("#robot-log", TableWidget).show(present_desk.last(lines))

    @property
    def strategy(self) -> Strategy:
        """Return the ladder that is lit."""
        return Strategy(self.chosen)

    def _do(self, words: str, act: Callable[[], None]) -> None:
        self.sure = None
        try:
            act()
        except InputError as error:
            words = f"{error.what}; {error.mend}" if error.mend else error.what
        self.query_one("#done", Static).update(words)
        self.look()

    def action_choose(self, step: int) -> None:
        """Light another one."""
        self.chosen, self.sure = (self.chosen + step) % len(Strategy), None
        self.look()

    def action_arm(self) -> None:
        """Arm the ladder, or pause it."""
        strategy, name = self.strategy, self.strategy.name.lower()
        if strategy not in SWITCHES:
            self._do("your own orders need no arming: e on the monitor sends them", lambda: None)
            return
        on = not armed(self.market.snapshot(1), strategy)
        words = (
            f"asked to arm the {name}"
            if on
            else f"asked to pause the {name}: it pulls its orders and keeps what it holds"
        )
        self._do(words, lambda: self.market.arm(strategy, on))

    def action_flatten(self) -> None:
        """Take out what the ladder holds."""
        strategy = self.strategy
        words = f"asked to flatten: {strategy.name.lower()}"
        if strategy == Strategy.MAKER and armed(self.market.snapshot(1), strategy):
            words += "; it is armed and quotes on (a pauses it)"
        self._do(words, lambda: self.market.flatten(strategy))

    def action_reset(self) -> None:
        """Let the ladder's ledger begin anew, at the second press."""
        strategy, name = self.strategy, self.strategy.name.lower()
        if self.sure != strategy:
            self._do(f"reset {name}? Z again: its position and profit are then gone from the ledger", lambda: None)
            self.sure = strategy
            return
        self._do(f"asked to reset the ledger: {name}", lambda: self.market.reset(strategy))
