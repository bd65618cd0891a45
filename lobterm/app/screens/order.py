"""Order entry on the ladder: a cursor on a price, keys for what to do there. While it is on, no other key does anything."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Literal, cast

from msgspec.structs import replace
from textual.events import Click

from lobterm.app import keys
from lobterm.app.screens.monitor import MonitorScreen
from lobterm.engine import params as pm
from lobterm.engine.rows import Strategy
from lobterm.errors import InputError
from lobterm.view import format as fmt
from lobterm.view import log
from lobterm.view.book import unit_of
from lobterm.view.entry import Size, worth

if TYPE_CHECKING:
    from lobterm.app.shell import Shell
    from lobterm.engine.read import OwnOrder, Snapshot
    from lobterm.view.models import Ui

Side = Literal[1, -1]


class OrderScreen(MonitorScreen, inherit_bindings=False):
    """The monitor with a cursor; esc leads back to it."""

    BINDINGS = list(keys.ENTRY)

    def __init__(self, shell: Shell, choice: Ui) -> None:
        super().__init__(shell)
        self.choice = choice
        picture = self.market.snapshot(1)
        lot = self.market.instrument.lot
        self.size_ = Size(lot, max(1, round(float(picture.params[pm.SIZE_BASE]) / lot)))
        self.cursor = _middle(picture)
        self.picked: OwnOrder | None = None
        self._heard = self.market.history.happened.told

    def show_symbol(self, at: int) -> None:
        """Stay with the symbol: cursor and size are its own."""
        self.say("Order entry stays with its symbol: esc leaves it first.")

    def paint_body(self, snapshot: Snapshot | None) -> None:
        """Paint the monitor with the cursor on it, and say what became of orders."""
        self._hear()
        if self.cursor is None and snapshot is not None:
            self.cursor = _middle(snapshot)
        self.choice = _with(self.choice, cursor=self.cursor, entry=self._entry())
        super().paint_body(snapshot)

    def _entry(self) -> str:
        """Return what would be sent."""
        instrument = self.market.instrument
        at = "no price" if self.cursor is None else fmt.price(self.cursor, instrument)
        if self.picked is not None:
            return f"MOVE {fmt.size(self.picked.left, instrument)} to {at}"
        money = "" if self.cursor is None else f" = {worth(self.size_.lots, self.cursor, instrument)}"
        coin = fmt.quote_coin(self.market.symbol)
        return f"{self.size_.text(instrument)} @ {at} · {money.removeprefix(' = ')} {coin}"

    def _hear(self) -> None:
        """Say what the engine has answered since the last look."""
        happened = self.market.history.happened
        new, self._heard = happened.told - self._heard, happened.told
        if new <= 0:
            return
        mine = [note for note in islice(reversed(happened.notes), new) if log.is_own(note)]
        if mine:
            self.say("; ".join(log.line(note, self.market.instrument).text for note in reversed(mine[:4])))

    def _do(self, words: str, act: Callable[[], None]) -> None:
        """Do something, and say that it was asked for or why it cannot be."""
        try:
            act()
        except InputError as error:
            self.say(f"{error.what}; {error.mend}" if error.mend else error.what)
        else:
            self.say(words)
        self._hear()
        self.repaint()

    # --- what is sent ---

    def _sized(self, side: Side, px: int) -> None:
        instrument = self.market.instrument
        lots = self.size_.lots
        price = fmt.price(px, instrument) if px else "market"
        words = f"asked to {'buy' if side > 0 else 'sell'} {fmt.size(lots, instrument)} at {price}"
        self._do(words, lambda: self.market.place(side, px, lots))

    def action_send(self, side: int) -> None:
        """Send an order at the cursor."""
        if self.cursor is None:
            self.say("the book is unknown: there is no price to stand at")
        else:
            self._sized(cast("Side", side), self.cursor)

    def action_take(self, side: int) -> None:
        """Take at market."""
        self._sized(cast("Side", side), 0)

    def _mine(self) -> list[OwnOrder]:
        """Return one's own orders at the cursor that are not leaving yet."""
        if self.cursor is None:
            return []
        group = self.choice.group
        return [
            order
            for order in self.market.snapshot(1).orders
            if order.strategy == Strategy.OWN and not order.taker and not order.leaving
            and unit_of(order.px, order.side, group) == self.cursor // group
        ]  # fmt: skip

    def action_pull(self) -> None:
        """Cancel one's own orders at the cursor."""
        mine = self._mine()
        if not mine:
            self.say("no order of yours at the cursor")
            return

        def pull() -> None:
            for side, px in sorted({(order.side, order.px) for order in mine}):
                self.market.cancel(cast("Side", side), px)

        self._do(f"asked to cancel {len(mine)} at the cursor", pull)

    def action_pull_all(self) -> None:
        """Cancel all of one's own orders."""
        self._do("asked to cancel all of your orders", self.market.cancel)

    def action_move(self) -> None:
        """Pick the order at the cursor, or put the picked one there."""
        picked, to = self.picked, self.cursor
        if picked is not None and to is not None:
            self.picked = None
            price = fmt.price(to, self.market.instrument)
            self._do(f"asked to move it to {price}", lambda: self.market.move(picked.order_id, to))
            return
        mine = self._mine()
        if mine:
            self.picked = mine[0]
            self.say("picked: move the cursor, m puts it there, esc leaves it")
        else:
            self.say("no order of yours at the cursor")
        self.repaint()

    def action_flatten(self) -> None:
        """Cancel one's own orders and take out what one holds."""
        self._do("asked to flatten your own position", lambda: self.market.flatten(Strategy.OWN))

    # --- cursor and size ---

    def action_cursor(self, rows: int) -> None:
        """Move the cursor by rows; the ladder follows where it would leave it."""
        if self.cursor is None or self.last_frame is None:
            return
        prices = [row.px for row in self.last_frame.ladder.rows if row.px is not None]
        group = self.choice.group
        here = self.cursor // group * group
        if self.last_frame.ladder.scale.endswith("levels only") and here in prices:
            at = min(max(prices.index(here) - rows, 0), len(prices) - 1)
            self.cursor = prices[at]
        else:
            self.cursor = max(group, here + rows * group)
            if prices and not min(prices) <= self.cursor <= max(prices):
                self.choice = _with(self.choice, centre=self.cursor // group, locked=True)
        self.repaint()

    def action_cursor_home(self) -> None:
        """Go to the mid, and let the ladder follow it again."""
        self.cursor = _middle(self.market.snapshot(1))
        self._choose(centre=None, locked=False)

    def on_click(self, event: Click) -> None:
        """Point at the price that was clicked; nothing is sent by a click alone."""
        row = int(event.screen_y) - self._book.region.y - 1
        ladder = self.last_frame.ladder.rows if self.last_frame else ()
        over = self._book.region.contains(int(event.screen_x), int(event.screen_y))
        if over and 0 <= row < len(ladder) and ladder[row].px is not None:
            self.cursor = ladder[row].px
            self.repaint()

    def action_digit(self, sign: str) -> None:
        """Type the size."""
        self.size_.type(sign)
        self.repaint()

    def action_preset(self, step: int) -> None:
        """Take the next round size."""
        self.size_.step(step)
        self.repaint()

    def action_leave(self) -> None:
        """Put back what was picked, else go back to the monitor."""
        if self.picked is not None:
            self.picked = None
            self.repaint()
        else:
            self.dismiss()


def _middle(picture: Snapshot) -> int | None:
    """Return the best bid, or what there is of a touch."""
    if picture.touch is not None:
        return picture.touch[0]
    levels = picture.bids if len(picture.bids) else picture.asks
    return int(levels[0, 0]) if len(levels) else None


def _with(choice: Ui, **changes: object) -> Ui:
    return replace(choice, **changes)
