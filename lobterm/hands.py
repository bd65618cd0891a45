"""What a person may do to a market by hand: turn parameters, send and pull paper orders, arm, pause and flatten the ladders.

What: one set of methods for a tape and for a live market. Each checks what is asked for, says in words why it cannot be, and
hands on one row (`act`); what the engine makes of the row stands in its output rows.
Units: prices in ticks, sizes in lots; parameters in their own unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from lobterm.engine.params import BY_KEY
from lobterm.engine.rows import Strategy
from lobterm.errors import InputError
from lobterm.events import Kind, OrderAct

if TYPE_CHECKING:
    from lobterm.instrument import Instrument

MOST_QUOTE = 1e12
"""Worth of one paper order, in the quote coin: beyond it sums would leave their integers."""
ARMED = {Strategy.MAKER: "maker.enabled", Strategy.FADE: "fade.enabled"}
"""The parameter that switches a ladder on and off."""


class Hands:
    """Whoever has `act` and `may_act` gets the rest."""

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded."""
        raise NotImplementedError

    def act(self, kind: Kind, *, side: int = 0, px: int = 0, qty: int = 0, seq: int = 0) -> None:
        """Bring a row of one's own to the engine; raise InputError where that cannot be."""
        raise NotImplementedError

    def may_act(self) -> None:
        """Raise InputError while hands can do nothing."""
        raise NotImplementedError

    def set_param(self, key: str, value: float) -> None:
        """Turn a parameter from here on; a choice's value is its number."""
        param = BY_KEY.get(key)
        if param is None:
            raise InputError(f"no parameter is named {key!r}")
        if not param.low <= value <= param.high or (param.choices and value != int(value)):
            raise InputError(
                f"{key} = {value:g}", mend=f"allowed: {param.low:g} to {param.high:g} {param.unit}".rstrip()
            )
        self.act(Kind.PARAM, px=int(np.float64(value).view(np.int64)), qty=param.id)

    def place(self, side: Literal[1, -1], px_ticks: int, qty_lots: int) -> None:
        """Send a paper order; price 0 takes at market, any other rests or is refused when it arrives (post-only)."""
        if side not in (1, -1) or px_ticks < 0:
            raise InputError("an order needs a side and a price")
        if qty_lots <= 0:
            raise InputError("size 0: nothing would be sent", mend="choose a size first")
        if qty_lots * self.instrument.lot * max(px_ticks, 1) * self.instrument.tick > MOST_QUOTE:
            raise InputError(f"an order is worth {MOST_QUOTE:,.0f} at most")
        self.act(Kind.ORDER, side=side, px=px_ticks, qty=qty_lots, seq=OrderAct.PLACE)

    def cancel(self, side: Literal[1, 0, -1] = 0, px_ticks: int = 0) -> None:
        """Pull one's own orders: at a price, or all where it is 0; of one side, or of both where that is 0."""
        self.act(Kind.ORDER, side=side, px=max(px_ticks, 0), seq=OrderAct.PLACE)

    def move(self, order_id: int, px_ticks: int) -> None:
        """Cancel one of one's own orders and send what is left of it at another price."""
        if px_ticks <= 0 or order_id <= 0:
            raise InputError("an order moves to a price")
        self.act(Kind.ORDER, px=px_ticks, qty=order_id, seq=OrderAct.MOVE)

    def flatten(self, strategy: Strategy) -> None:
        """Pull a strategy's orders and take out at market what it holds when the engine gets there."""
        self.act(Kind.ORDER, qty=int(strategy), seq=OrderAct.FLATTEN)

    def arm(self, strategy: Strategy, on: bool) -> None:
        """Let a ladder quote from here on, or pull its orders and let it rest; what it holds stays."""
        key = ARMED.get(strategy)
        if key is None:
            raise InputError("one's own orders need no arming")
        self.set_param(key, float(on))
