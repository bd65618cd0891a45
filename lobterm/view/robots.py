"""The ladders as a desk: which is armed, what it holds, what it has out, what it has earned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from lobterm.engine import params as pm
from lobterm.engine.rows import Strategy
from lobterm.view import desk
from lobterm.view import format as fmt

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot
    from lobterm.instrument import Instrument

SWITCHES = {Strategy.MAKER: pm.ENABLED, Strategy.FADE: pm.FADE_ENABLED}


class Robot(Struct, frozen=True):
    """One ladder, or one's own orders."""

    strategy: Strategy
    name: str
    armed: bool | None  # None: there is nothing to arm
    state: str
    holds: str
    is_flat: bool
    orders: int  # that may still fill
    fills: str
    pnl: str
    pnl_sign: int  # 0 too where it is not known


def armed(snapshot: Snapshot, strategy: Strategy) -> bool:
    """Say whether a ladder is armed."""
    return bool(snapshot.params[SWITCHES[strategy]])


def robots(snapshot: Snapshot, instrument: Instrument) -> tuple[Robot, ...]:
    """Return the desk."""
    found = []
    for strategy in Strategy:
        ledger = snapshot.ledgers[strategy]
        mine = sum(order.strategy == strategy for order in snapshot.orders)
        on = armed(snapshot, strategy) if strategy in SWITCHES else None
        total = ledger.pnl.total_e8
        found.append(
            Robot(
                strategy, strategy.name.lower(), on, _state(snapshot, strategy, on, mine),
                fmt.signed_size(ledger.position, instrument), not ledger.position, mine, f"{ledger.fills:,}",
                desk.unknown(ledger.pnl) if total is None else fmt.money(total), 0 if total is None else (total > 0) - (total < 0),
            )
        )  # fmt: skip
    return tuple(found)


def _state(snapshot: Snapshot, strategy: Strategy, on: bool | None, orders: int) -> str:
    if on is None:
        return "by hand"
    if not on:
        return "PAUSED" + (", pulling its orders" if orders else "")
    if strategy == Strategy.MAKER:
        return "armed, " + ("quoting" if snapshot.quoting else snapshot.quote_why_not or "not quoting")
    return "armed, " + ("in a trade" if orders or snapshot.ledgers[strategy].position else "waits for a trigger")
