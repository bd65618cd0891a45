"""What a session leaves to the next one: its engine's paper account, as a file of its recording holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine import read, standing
from lobterm.engine import state as st
from lobterm.engine.rows import Strategy
from lobterm.tape.recording.account import Left, PulledOrder

if TYPE_CHECKING:
    from lobterm.instrument import Instrument


def left(state: st.State, perp: Instrument, session: str) -> Left:
    """Return what a session leaves that ends now."""
    now_us = int(state.clock[st.NOW])
    rows = standing.rows(state, now_us)
    known = rows["qty"] == standing.OF_CLOCK
    # where no settlement was ever told, none from before this end is owed on what is held at it
    rows["px"][known] = settled_us = int(state.clock[st.SETTLED]) or now_us
    resting = [order for order in read.orders(state) if order.strategy == Strategy.OWN and not order.taker]
    return Left(
        session, perp.symbol, f"{perp.tick_size:f}", f"{perp.lot_size:f}", now_us, settled_us,
        list(zip(rows["qty"].tolist(), rows["px"].tolist(), strict=True)),
        [PulledOrder(order.side, order.px, order.left) for order in resting],
    )  # fmt: skip
