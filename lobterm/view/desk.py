"""The maker's and the market's figures as labelled text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine.rows import Strategy
from lobterm.view import format as fmt
from lobterm.view import why
from lobterm.view.models import LedgerRow, OrderRow, OwnState, Tone, Value

if TYPE_CHECKING:
    from lobterm.engine.read import OwnOrder, Pnl, Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.history import History


def _unknown_or(text: str, tone: Tone = Tone.PLAIN) -> tuple[str, Tone]:
    return (text, Tone.UNKNOWN if text == fmt.NOTHING else tone)


def _quote(orders: tuple[OwnOrder, ...], side: int, instrument: Instrument) -> Value:
    """Return the best resting order of one side that is not being cancelled."""
    label = "bid" if side > 0 else "ask"
    prices = [order.px for order in orders if order.side == side and not order.leaving and not order.taker]
    if not prices:
        return Value(label, fmt.NOTHING, Tone.UNKNOWN)
    return Value(label, fmt.price(max(prices) if side > 0 else min(prices), instrument), side=side)


UNMARKED, UNPRICED = "unmarked", "unpriced"
"""What stands for a profit without a mid to mark it at, and for one without the mark price of a funding settlement."""


def unknown(pnl: Pnl) -> str:
    """Return why a total is not known that is not."""
    return UNPRICED if pnl.funding_e8 is None else UNMARKED


def _money(label: str, e8: int | None, *, toned: bool = False, why: str = UNMARKED) -> Value:
    if e8 is None:
        return Value(label, why, Tone.WARN)
    tone = Tone.GOOD if e8 > 0 else Tone.BAD
    return Value(label, fmt.money(e8), tone if toned and e8 else Tone.PLAIN)


def maker(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return what the maker believes, shows, holds and has earned: its own ledger and its own orders alone.

    PnL is the sum of the parts that stand beside it, in the quote coin: edge over the mid at each fill, what the mid
    then did to the position, what the exchange takes, what crossing the spread cost beyond the touch, and funding.
    """
    width = fmt.NOTHING if snapshot.width_ticks is None else f"{fmt.shortened(snapshot.width_ticks, 5)} ticks"
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


def own(snapshot: Snapshot, instrument: Instrument) -> tuple[Value, ...]:
    """Return what the person shows, holds and has earned by hand, as `maker` says it of the maker."""
    ledger = snapshot.ledgers[Strategy.OWN]
    quotes = tuple(order for order in snapshot.orders if order.strategy == Strategy.OWN)
    return (
        Value("holds", fmt.signed_size(ledger.position, instrument)),
        Value("orders", f"{len(quotes):,}"),
        _quote(quotes, 1, instrument),
        _quote(quotes, -1, instrument),
        Value("fills", f"{ledger.fills:,}"),
        *profit(ledger.pnl),
    )


def profit(pnl: Pnl) -> tuple[Value, ...]:
    """Return a profit and all of its parts, signed so that they add up to it."""
    return (
        _money("PnL", pnl.total_e8, toned=True, why=unknown(pnl)),
        _money("PnL spread", pnl.spread_e8),
        _money("PnL inventory", pnl.inventory_e8),
        _money("PnL fees", -pnl.fees_e8),
        _money("PnL slippage", pnl.slippage_e8),
        _money("PnL funding", pnl.funding_e8, why=UNPRICED),
    )


LEDGER = ("holds", "fills", "PnL", "spread", "moved", "fees", "slip", "funding")
STRATEGIES = ("maker", "fade", "own")


def ledgers(snapshot: Snapshot, instrument: Instrument) -> tuple[LedgerRow, ...]:
    """Return position, fills and profit with its parts: of each strategy, then of all together; in the quote coin."""
    columns = []
    everyone = [(ledger.position, ledger.fills, ledger.pnl) for ledger in snapshot.ledgers]
    for position, fills, pnl in (*everyone, (snapshot.inventory, snapshot.fills, snapshot.pnl)):
        held = Value("", fmt.signed_size(position, instrument))
        columns.append((held, Value("", f"{fills:,}"), *profit(pnl)))
    return tuple(LedgerRow(name, row) for name, row in zip(LEDGER, zip(*columns, strict=True), strict=True))


def orders(snapshot: Snapshot, instrument: Instrument, history: History | None = None) -> tuple[OrderRow, ...]:
    """Return our orders, those at market first, then from the highest price down: the queue ahead of each, and why it stands."""
    found = []
    for order in sorted(snapshot.orders, key=lambda order: (not order.taker, -order.px, order.order_id)):
        left = fmt.size(order.left, instrument)
        where = OwnState.LEAVING if order.leaving else OwnState.RESTING if order.arrived else OwnState.TRAVELLING
        found.append(
            OrderRow(
                whose=STRATEGIES[order.strategy],
                side=order.side,
                price="market" if order.taker else fmt.price(order.px, instrument),
                size=left if order.left == order.qty else f"{left} of {fmt.size(order.qty, instrument)}",
                ahead=fmt.NOTHING if order.ahead is None else fmt.size(round(order.ahead), instrument, 7),
                state=where,
                why=why.order(order, snapshot, history) if history else "",
            )
        )
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


FUNDING_STALE_US = 60_000_000
"""The exchange says it every few seconds at most."""


def funding(history: History, now: int) -> Value | None:
    """Return the predicted rate and how long until it is settled, or None while the exchange has not said it."""
    told = history.funding
    if told is None or not told.next_ts:
        return None
    left = fmt.age(told.next_ts - now) if told.next_ts > now else "due"
    old = now - told.ts > FUNDING_STALE_US
    said = f"{left}, old" if old else left
    return Value("fund", f"{fmt.fixed(100 * told.rate_e8, 8, 4)} % {said}", Tone.WARN if old else Tone.PLAIN)


def traded(history: History, instrument: Instrument) -> tuple[Value, ...]:
    """Return the average price by volume, and the lowest and highest, of the trades since the history begins."""
    since = f"since {fmt.clock(history.since_ts)[:5]}"
    figures = history.profile.figures()
    if figures is None:
        return tuple(Value(f"{name} {since}", fmt.NOTHING, Tone.UNKNOWN) for name in ("VWAP", "range"))
    vwap, low, high = figures
    return (
        Value(f"VWAP {since}", fmt.real_price(vwap, instrument)),
        Value(f"range {since}", f"{fmt.price(low, instrument)} to {fmt.price(high, instrument)}"),
    )


def delta(history: History, instrument: Instrument) -> Value:
    """Return the cumulative delta: what aggressors bought less what they sold since the history begins."""
    trades = history.trades.rows
    label = f"CVD since {fmt.clock(history.since_ts)[:5]}"
    if not len(trades):
        return Value(label, fmt.NOTHING, Tone.UNKNOWN)
    cvd = int(trades["cvd"][-1])
    return Value(label, fmt.signed_size(cvd, instrument), side=(cvd > 0) - (cvd < 0))
