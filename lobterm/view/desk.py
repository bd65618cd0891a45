"""The maker's and the market's figures as labelled text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine.rows import Strategy
from lobterm.view import format as fmt
from lobterm.view.models import OwnState, Tone, Value

if TYPE_CHECKING:
    from lobterm.engine.read import OwnOrder, Pnl, Snapshot
    from lobterm.instrument import Instrument


def _unknown_or(text: str, tone: Tone = Tone.PLAIN) -> tuple[str, Tone]:
    return (text, Tone.UNKNOWN if text == fmt.NOTHING else tone)


def _quote(orders: tuple[OwnOrder, ...], side: int, instrument: Instrument) -> Value:
    """Return the best resting order of one side that is not being cancelled."""
    label = "bid" if side > 0 else "ask"
    prices = [order.px for order in orders if order.side == side and not order.leaving and not order.taker]
    if not prices:
        return Value(label, fmt.NOTHING, Tone.UNKNOWN)
    return Value(label, fmt.price(max(prices) if side > 0 else min(prices), instrument), side=side)


def _money(label: str, e8: int | None, *, toned: bool = False) -> Value:
    if e8 is None:
        return Value(label, "unmarked", Tone.WARN)
    tone = Tone.GOOD if e8 > 0 else Tone.BAD
    return Value(label, fmt.money(e8), tone if toned and e8 else Tone.PLAIN)


def maker(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return what the maker believes, shows, holds and has earned: its own ledger and its own orders alone.

    PnL is the sum of the parts that stand beside it, in the quote coin: edge over the mid at each fill, what the mid
    then did to the position, what the exchange takes, what crossing the spread cost beyond the touch, and funding.
    """
    width = (
        fmt.NOTHING
        if snapshot.width_ticks is None
        else f"{snapshot.width_ticks:,.{1 if snapshot.width_ticks < 1000 else 0}f} ticks"
    )
    ledger = snapshot.ledgers[Strategy.MAKER]
    quotes = tuple(order for order in snapshot.orders if order.strategy == Strategy.MAKER)
    return (
        Value("fair", *_unknown_or(fmt.real_price(snapshot.fair_px, instrument))),
        Value("width", *_unknown_or(width)),
        _quote(quotes, 1, instrument),
        _quote(quotes, -1, instrument),
        Value("inventory", fmt.signed_size(ledger.position, instrument)),
        Value("fills", f"{ledger.fills:,}"),
        *profit(ledger.pnl),
    )


def profit(pnl: Pnl) -> tuple[Value, ...]:
    """Return a profit and all of its parts, signed so that they add up to it."""
    return (
        _money("PnL", pnl.total_e8, toned=True),
        _money("PnL spread", pnl.spread_e8),
        _money("PnL inventory", pnl.inventory_e8),
        _money("PnL fees", -pnl.fees_e8),
        _money("PnL slippage", pnl.slippage_e8),
        _money("PnL funding", pnl.funding_e8),
    )


def ledgers(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return position and profit of each strategy, and of all together, in the quote coin."""
    rows = []
    for who in Strategy:
        ledger = snapshot.ledgers[who]
        rows.append(Value(f"{who.name.lower()} holds", fmt.signed_size(ledger.position, instrument)))
        rows.append(_money(f"{who.name.lower()} PnL", ledger.pnl.total_e8, toned=True))
    rows.append(Value("all hold", fmt.signed_size(snapshot.inventory, instrument)))
    rows.append(_money("all PnL", snapshot.pnl.total_e8, toned=True))
    return tuple(rows)


def orders(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return our orders, those at market first, then from the highest price down: whose, what is left, and where."""
    found = []
    for order in sorted(snapshot.orders, key=lambda order: (not order.taker, -order.px, order.order_id)):
        left = fmt.size(order.left, instrument)
        size = left if order.left == order.qty else f"{left} of {fmt.size(order.qty, instrument)}"
        where = OwnState.LEAVING if order.leaving else OwnState.RESTING if order.arrived else OwnState.TRAVELLING
        price = "market" if order.taker else fmt.price(order.px, instrument)
        whose = Strategy(order.strategy).name.lower()
        found.append(Value(f"{whose} {price}", f"{size} {where.value}", side=order.side))
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
