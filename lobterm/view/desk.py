"""The maker's and the market's figures as labelled text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.view import format as fmt
from lobterm.view.models import OwnState, Tone, Value

if TYPE_CHECKING:
    from lobterm.engine.read import OwnOrder, Snapshot
    from lobterm.instrument import Instrument


def _unknown_or(text: str, tone: Tone = Tone.PLAIN) -> tuple[str, Tone]:
    return (text, Tone.UNKNOWN if text == fmt.NOTHING else tone)


def _quote(orders: tuple[OwnOrder, ...], side: int, instrument: Instrument) -> Value:
    """Return our best order of one side that is not being cancelled."""
    label = "bid" if side > 0 else "ask"
    prices = [order.px for order in orders if order.side == side and not order.leaving]
    if not prices:
        return Value(label, fmt.NOTHING, Tone.UNKNOWN)
    return Value(label, fmt.price(max(prices) if side > 0 else min(prices), instrument), side=side)


def _money(label: str, e8: int | None, *, toned: bool = False) -> Value:
    if e8 is None:
        return Value(label, "unmarked", Tone.WARN)
    tone = Tone.GOOD if e8 > 0 else Tone.BAD
    return Value(label, fmt.money(e8), tone if toned and e8 else Tone.PLAIN)


def maker(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return what the maker believes, shows, holds and has earned.

    PnL is spread + inventory + fees, in the quote coin: edge over the mid at each fill, what the mid then did to the
    position, and what the exchange takes.
    """
    width = (
        fmt.NOTHING
        if snapshot.width_ticks is None
        else f"{snapshot.width_ticks:,.{1 if snapshot.width_ticks < 1000 else 0}f} ticks"
    )
    pnl = snapshot.pnl
    return (
        Value("fair", *_unknown_or(fmt.real_price(snapshot.fair_px, instrument))),
        Value("width", *_unknown_or(width)),
        _quote(snapshot.orders, 1, instrument),
        _quote(snapshot.orders, -1, instrument),
        Value("inventory", fmt.signed_size(snapshot.inventory, instrument)),
        Value("fills", f"{snapshot.fills:,}"),
        _money("PnL", pnl.total_e8, toned=True),
        _money("PnL spread", pnl.spread_e8),
        _money("PnL inventory", pnl.inventory_e8),
        _money("PnL fees", -pnl.fees_e8),
    )


def orders(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return our orders from the highest price down: price, what is left of the size, and where the order is."""
    found = []
    for order in sorted(snapshot.orders, key=lambda order: (-order.px, order.order_id)):
        left = fmt.size(order.left, instrument)
        size = left if order.left == order.qty else f"{left} of {fmt.size(order.qty, instrument)}"
        where = OwnState.LEAVING if order.leaving else OwnState.RESTING if order.arrived else OwnState.TRAVELLING
        found.append(Value(fmt.price(order.px, instrument), f"{size} {where.value}", side=order.side))
    return tuple(found)


def market(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return the touch and what follows from it."""
    touch = snapshot.touch
    mid = fmt.NOTHING if snapshot.mid2 is None else fmt.half_price(snapshot.mid2, instrument)
    spread = fmt.NOTHING if touch is None else fmt.ticks(touch[2] - touch[0])
    sizes = fmt.NOTHING if touch is None else f"{fmt.size(touch[1], instrument)} / {fmt.size(touch[3], instrument)}"
    return (
        Value("mid", *_unknown_or(mid)),
        Value("microprice", *_unknown_or(fmt.real_price(snapshot.microprice, instrument))),
        Value("spread", *_unknown_or(spread)),
        Value("at touch", *_unknown_or(sizes)),
        Value("touch from", snapshot.touch_source),
        Value("trades", f"{snapshot.trades:,}"),
    )
