"""Break-even: what a fee tier costs, what the quoted width would earn, and what fills have been worth so far.

Units: bps of the mid or of the fill's price; quote coin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lobterm.engine import params as pm
from lobterm.engine.rows import HORIZONS_US, Strategy
from lobterm.view import desk
from lobterm.view import format as fmt
from lobterm.view.models import Tone, Value

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.history import History

HORIZONS = tuple(f"{horizon_us / 1e6:g} s" for horizon_us in HORIZONS_US)


def round_trip(snapshot: Snapshot) -> tuple[float, float, int] | None:
    """Return (bps, ticks, lots) that our innermost resting bid and ask would earn after fees, both filled; None without both.

    ticks: of one lot; lots: the smaller of the two orders.
    """
    best = {}
    for side in (1, -1):
        mine = [
            o
            for o in snapshot.orders
            if o.strategy == Strategy.MAKER and o.side == side and o.arrived and not o.leaving
        ]
        if not mine:
            return None
        best[side] = max(mine, key=lambda o: side * o.px)
    bid, ask = best[1].px, best[-1].px
    fee = float(snapshot.params[pm.MAKER_FEE_BPS]) * 1e-4
    earned = ask - bid - fee * (ask + bid)
    return 2e4 * earned / (ask + bid), earned, min(best[1].left, best[-1].left)


def markout(history: History, horizon: int) -> tuple[float, int] | None:
    """Return (mean in bps, n) of the maker's markouts at a horizon since the history begins; None without any."""
    rows = history.markouts.rows
    rows = rows[((rows["valid"] >> horizon) & 1 != 0) & (rows["strategy"] == int(Strategy.MAKER))]
    if not len(rows):
        return None
    bps = 1e4 * rows["side"] * (rows["mid2"][:, horizon] - rows["ref2"]) / rows["ref2"]
    return float(np.mean(bps)), len(rows)


def funding(history: History, now: int) -> Value:
    """Return the predicted rate and the time left until it is settled."""
    told = desk.funding(history, now)
    return Value("funding", "not told yet", Tone.UNKNOWN) if told is None else Value("funding", told.text, told.tone)


def lines(snapshot: Snapshot, history: History, instrument: Instrument, horizon: int, coin: str) -> tuple[Value, ...]:
    """Return the tier, what the quotes would earn, and what fills were worth against it."""
    maker, taker = (float(snapshot.params[key]) for key in (pm.MAKER_FEE_BPS, pm.TAKER_FEE_BPS))
    found, earns = markout(history, horizon), round_trip(snapshot)
    tier = Value("fees", f"maker {maker:g} taker {taker:g}, even {2 * maker:g} bps of width")
    if earns is None:
        quoted = Value("quoted", "undefined: not on both sides", Tone.UNKNOWN)
    else:
        bps, ticks, lots = earns
        worth = ticks * instrument.tick * lots * instrument.lot
        text = f"{bps:+.2f} bps {worth:+.4f} {coin} net, both fill {fmt.size(lots, instrument)}"
        quoted = Value("quoted", text, Tone.GOOD if bps > 0 else Tone.BAD)
    name = f"at {HORIZONS[horizon]}"
    since = f"since {fmt.clock(history.since_ts)[:5]}"
    if found is None:
        fills = snapshot.ledgers[Strategy.MAKER].fills
        why = f"{fills} fills, none {HORIZONS[-1]} old" if fills else "no fill"
        return tier, quoted, Value(name, f"undefined: {why} {since}", Tone.UNKNOWN)
    mean, n = found
    text = f"{mean:+.2f} bps, {mean - maker:+.2f} net, n {n:,} {since}"
    return tier, quoted, Value(name, text, Tone.GOOD if mean > maker else Tone.BAD)
