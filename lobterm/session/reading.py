"""What one look at the session log gives a screen: plain numbers, light to load and to send from process to process.

Units: in the names; bps of the reference price, quote coin.
"""

from __future__ import annotations

from dataclasses import dataclass

from lobterm.session.report.samples import Curve


@dataclass(frozen=True, slots=True)
class Grouped:
    """Curves by one property."""

    title: str
    explained: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """One fill. Prices in ticks, sizes in lots; None: not known."""

    ts_us: int
    strategy: str
    side: int
    px_ticks: int
    qty_lots: int
    ahead_base: float | None
    fee_quote: float
    rule: str
    cluster: str
    state: str  # of the side that hit us
    at_once_bps: float
    markouts_bps: tuple[float | None, ...]  # by horizon


@dataclass(frozen=True, slots=True)
class Minute:
    """What one minute brought, quote coin: total = spread + slippage - fees + rest."""

    ts_us: int
    minutes: int  # since the one before: more than 1 where nothing was known between
    total: float
    spread: float
    slippage: float
    fees: float
    rest: float
    fills: int
    pnl: float  # at its end
    inventory_base: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A session that may be chosen."""

    session_id: str
    symbol: str
    mode: str
    started_us: int
    ended: bool
    first_us: int | None
    last_us: int | None
    fills: int | None
    total: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the log gave."""

    listed: Listed
    tick_e8: int | None
    lot_e8: int | None
    as_of_us: int | None  # market time of the newest row; None without any
    fills: tuple[Filled, ...]  # newest first, LISTED at most
    fills_read: int
    fills_all: int  # in the log; more than were read where they are many
    trades_read: int  # of the market, with markouts
    trades_all: int
    splits: tuple[tuple[str, Grouped], ...]  # of what, and the curves
    minutes: tuple[Minute, ...]
    fee_bps: float | None  # paid, of what was traded
    maker_fee_bps: float | None  # the tier that was run
    sessions: tuple[Listed, ...]
    took_s: float
