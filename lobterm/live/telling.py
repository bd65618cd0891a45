"""A followed symbol as the status file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine.rows import Regime
from lobterm.live.status import Told
from lobterm.view import watch
from lobterm.view.pressure import STATES

if TYPE_CHECKING:
    from lobterm.live.market import LiveMarket

LONGEST = 300


def told(market: LiveMarket, now_us: int) -> Told:
    """Return how a symbol stands at `now_us`; what is not known while its book is not is None."""
    snapshot = market.snapshot(1)
    how = watch.health(market, snapshot, now_us)
    known = how in (watch.Health.OK, watch.Health.STALE, watch.Health.BEHIND)
    sells, buys, touch = snapshot.pressure.sells, snapshot.pressure.buys, snapshot.touch
    total = snapshot.pnl.total_e8
    return Told(
        symbol=market.symbol[:LONGEST],
        data=how.value,
        book_age_us=watch.age_us(market, snapshot, now_us),
        lpi_sell=sells.lpi if known else None,
        lpi_buy=buys.lpi if known else None,
        state_sell=STATES[Regime(sells.state)],
        state_buy=STATES[Regime(buys.state)],
        spread_ticks=touch[2] - touch[0] if known and touch else None,
        inventory_base=float(snapshot.inventory * market.instrument.lot_size),
        pnl_quote=None if total is None else total / 1e8,
        gaps=market.gaps,
        lag_us=market.lag_us,
        failure=market.failure[:LONGEST],
    )
