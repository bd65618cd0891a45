"""What was earned, what of, and how it went; and what it would have been otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from lobterm.engine.rows import HORIZONS_US
from lobterm.session.report import charts
from lobterm.session.report.cells import (
    NONE,
    bps_text,
    count,
    money,
    number,
)
from lobterm.session.report.charts import HORIZONS
from lobterm.session.report.earned import Earned
from lobterm.session.report.page import Section
from lobterm.session.report.quality import Quality

if TYPE_CHECKING:
    from lobterm.session.report.build import Scenario


SHOWN = [HORIZONS_US.index(horizon_us) for horizon_us in (1_000_000, 30_000_000)]


def profit(lines: Sequence[Earned], ticks: pl.DataFrame, found: Quality, about: dict[str, Any]) -> Section:
    """Return what was earned, what of, and how it went."""
    section = Section("profit", "Profit and its parts")
    quote, base = "quote coin", "base coin"
    section.text(
        "total = spread + inventory + slippage - fees + funding. Spread is what the fill's distance to the mid gave "
        "at once; inventory is what the mid did to the position afterwards: a session whose profit is inventory was "
        "a bet, whichever way it went."
    )
    section.table(
        ["", "fills", "volume", "spread", "inventory", "slippage", "fees", "funding", "total"],
        [
            [line.who, count(line.fills), money(line.volume), money(line.spread), money(line.inventory), money(line.slippage),
             money(None if line.fees is None else -line.fees), money(line.funding), money(line.total)]
            for line in lines
        ],
    )  # fmt: skip
    if any(line.inventory is None for line in lines):
        section.text(
            f"{NONE}: the log keeps inventory, funding and total for all strategies together only, or the run did not end.",
            "faint",
        )
    if len(ticks):
        section.drawing(charts.course(ticks, found.unknown, quote, base))
        held = ticks["inventory_base"]
        section.text(
            f"{len(ticks):,} points of {found.ticks:,} ticks. Position between {number(held.min())} and "
            f"{number(held.max())} {base}, {number(held[-1])} at the end. Grey: no known book.",
            "faint",
        )
    else:
        section.text("No alpha tick with a known profit was logged.", "warn")
    return section


def of_scenarios(found: Sequence[Scenario] | str, about: dict[str, Any]) -> Section:
    """Return what other fill rules and latencies would have given."""
    section = Section("scenarios", "Fill rules side by side, and latency")
    if isinstance(found, str):
        section.text(f"Not run: {found}.", "warn")
        return section
    section.text(
        "The tape was run again from its beginning, with one thing changed and everything else as it was. More "
        "fills are not better fills: the rule that is right is the one whose markouts you believe. A verdict should "
        "not hang on it."
    )
    for kind in ("fill rule", "latency"):
        mine = [scenario for scenario in found if scenario.kind == kind]
        if not mine:
            continue
        names = [f"{scenario.name} (as run)" if scenario.as_run else scenario.name for scenario in mine]
        totals = [(scenario.summary["pnl_usdt"] or {}).get("total") for scenario in mine]
        section.heading(
            f"by {kind}", "of orders and cancels alike" if kind == "latency" else "through within queue within touch"
        )
        section.drawing(charts.scenarios(names, totals, f"total profit by {kind}", "quote coin"))
        parts = ("spread", "inventory", "slippage", "fees", "funding", "total")
        section.table(
            [kind, "orders", "fills", *parts, "largest position", *(f"markout {HORIZONS[h]}" for h in SHOWN)],
            [
                [name, count(one.summary["orders"]), count(one.summary["fills"]),
                 *(money(_signed(one.summary["pnl_usdt"], part)) for part in parts),
                 number(one.summary["inventory_max"]), *(bps_text(one.markouts_bps[h]) for h in SHOWN)]
                for name, one in zip(names, mine, strict=True)
            ],
        )  # fmt: skip
    return section


def _signed(pnl: dict[str, Any], part: str) -> float | None:
    value = pnl.get(part)
    return None if value is None else -value if part == "fees" else float(value)
