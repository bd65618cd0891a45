"""The three fill rules side by side on one tape: for one fixed list of resting orders, and with the ladders' feedback.

    python bench/fills.py TAPE [--model MODEL] [--orders N] [--width BPS]

A fixed list shows what a rule is worth by itself: fills(through) must lie within fills(queue), and those within
fills(touch), order by order. With feedback every fill changes the inventory and so the next quote.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lobterm.engine import drive, read
from lobterm.engine import params as pm
from lobterm.events import Flag, Kind, empty
from lobterm.models import model
from lobterm.tape import parquet

RULES = pm.BY_KEY["matching.rule"].choices
MODELS = pm.BY_KEY["matching.queue_model"].choices
LOTS = 20
LAST_MARK_S = 10


def resting(events, n):
    """Return `n` own orders near the prints of `events`, as a person would have sent them."""
    trades = events[(events["kind"] == Kind.TRADE) & (events["market"] == events["market"].min())]
    dice = np.random.default_rng(3)
    at = np.sort(dice.choice(len(trades), n, replace=False))
    orders = empty(n)
    orders["kind"], orders["flags"], orders["qty"] = Kind.ORDER, Flag.LAST | Flag.SYNTHETIC, LOTS
    orders["ts"], orders["side"] = trades["ts"][at], dice.choice([1, -1], n)
    orders["px"] = trades["px"][at] - orders["side"] * dice.integers(2, 60, n)
    return orders


def folded(instrument, params, events, chosen=None):
    """Return the engine after `events`, and its FILL rows."""
    engine = drive.start(instrument, params, *(chosen.engine_arrays() if chosen else (None, None)))
    return engine, np.concatenate([rows["fills"] for rows in drive.fold(engine, events)])


def by_order(fills):
    """Return lots filled by order id."""
    ids, where = np.unique(fills["order_id"], return_inverse=True)
    return dict(zip(ids.tolist(), np.bincount(where, fills["qty"]).astype(int).tolist(), strict=True))


def within(less, more):
    return all(more.get(ident, 0) >= lots for ident, lots in less.items())


def fixed(instrument, events, n):
    """Print what each rule and queue model makes of one list of orders."""
    both = np.concatenate([events, resting(events, n)])
    both = both[np.argsort(both["ts"], kind="stable")]

    def filled(rule, queue_model):
        params = pm.defaults()
        params[[pm.ENABLED, pm.FADE_ENABLED]] = 0
        params[pm.FILL_RULE], params[pm.QUEUE_MODEL] = rule, queue_model
        return by_order(folded(instrument, params, both)[1])

    through, touch = filled(0, 0), filled(2, 0)
    print(f"{n} resting orders: through {sum(through.values())} lots, touch {sum(touch.values())}")
    for at, name in enumerate(MODELS):
        queue = filled(1, at)
        holds = within(through, queue) and within(queue, touch)
        print(f"  queue, {name:<14}{sum(queue.values()):>6} lots; through within queue within touch: {holds}")


def with_feedback(instrument, events, chosen, width_bps):
    """Print what the ladders come to under each rule."""
    trades = events[(events["kind"] == Kind.TRADE) & (events["market"] == int(instrument.market))]
    known = events[events["ts"] <= trades["ts"][-1] + LAST_MARK_S * 1_000_000]
    for at, rule in enumerate(RULES):
        params = pm.defaults()
        params[pm.FILL_RULE], params[pm.W_BASE_BPS] = at, width_bps
        engine, fills = folded(instrument, params, known, chosen)
        pnl = read.pnl(engine.state)
        total, inventory = ("unmarked" if e8 is None else f"{e8 / 1e8:+.2f}" for e8 in (pnl.total_e8, pnl.inventory_e8))
        print(
            f"  {rule:<8}{len(fills):>5} fills, total {total}, spread {pnl.spread_e8 / 1e8:+.2f}, inventory {inventory}, "
            f"fees {-pnl.fees_e8 / 1e8:+.2f}"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tape", type=Path)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--orders", type=int, default=400)
    arguments.add_argument("--width", type=float, default=0.2, help="full width of the maker's quote in bps")
    given = arguments.parse_args()
    tape = parquet.open_tape(given.tape)
    instrument, events = tape.meta.instruments[0], tape.read()
    fixed(instrument, events, given.orders)
    if given.model:
        print(f"with feedback, quotes {given.width:g} bps wide:")
        with_feedback(instrument, events, model.load(given.model), given.width)


if __name__ == "__main__":
    main()
