"""What was earned and what it was made of: spread captured, inventory, slippage, fees, funding; and how it went.

What: spread, slippage and fees are sums over the fills; funding is what the run itself said at its end; the inventory's part
is what is left of the total. Sums are exact integers until the last step. What cannot be known is None.
Units: quote coin; base coin for positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from lobterm.session.opening import Session

POINTS = 1_200
"""Points that a curve is drawn with at most."""
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Earned:
    """One strategy's, or everybody's, profit and its parts. total = spread + inventory + slippage - fees + funding."""

    who: str
    fills: int
    volume: float | None
    spread: float | None
    slippage: float | None
    fees: float | None
    inventory: float | None = None
    funding: float | None = None
    total: float | None = None


def earned(session: Session, fills: pl.DataFrame, about: dict[str, Any]) -> list[Earned]:
    """Return a line for each strategy that filled, and one for all of them together."""
    said = (about["summary"] or {}).get("pnl_usdt") or {}
    lines = [_of(str(who[0]), rows) for who, rows in fills.group_by("strategy", maintain_order=True)]
    whole = _of("all", fills)
    ticks = session.pnl()
    total = said.get("total", ticks["pnl_quote"][-1] if len(ticks) else None)
    funding = said.get("funding")
    inventory = said.get("inventory")
    if inventory is None and total is not None and funding is not None and whole.spread is not None:
        inventory = total - funding - whole.spread - (whole.slippage or 0.0) + (whole.fees or 0.0)
    return [
        *lines,
        Earned("all", whole.fills, whole.volume, whole.spread, whole.slippage, whole.fees, inventory, funding, total),
    ]


def _of(who: str, fills: pl.DataFrame) -> Earned:
    # in quote coin: half ticks times lots times the worth of a half tick and a lot, summed as integers first
    parts = fills.select(
        spread=(pl.col("side") * (pl.col("mid_half_ticks") - 2 * _touch()) * pl.col("qty_lots")).sum(),
        price=pl.col("px_price").last() / pl.col("px_ticks").last(),
        lot=pl.col("qty_base").last() / pl.col("qty_lots").last(),
        volume=(pl.col("px_price") * pl.col("qty_base")).sum(),
        slippage=pl.col("slip_quote").sum(),
        fees=pl.col("fee_e8").sum(),
    ).row(0, named=True)
    if fills.is_empty():
        return Earned(who, 0, 0.0, 0.0, 0.0, 0.0)
    known = parts["price"] is not None and parts["lot"] is not None
    spread = parts["spread"] * parts["price"] * parts["lot"] / 2 if known else None
    slippage = parts["slippage"] if known else None
    return Earned(who, len(fills), parts["volume"] if known else None, spread, slippage, parts["fees"] / 1e8)


def fee_bps(fills: pl.DataFrame) -> float | None:
    """Return the fees paid in bps of what was traded; None where nothing was."""
    traded = float((fills["px_price"] * fills["qty_base"]).sum())
    return 1e4 * float(fills["fee_quote"].sum()) / traded if traded else None


def by_minute(ticks: pl.DataFrame, fills: pl.DataFrame) -> pl.DataFrame:
    """Return what each minute with a known profit changed of it, and what of: spread, slippage, fees, and the rest.

    `ticks` as `Session.pnl` gives them; what was earned before the first of them does not count. The rest is what the mid did to
    the position, with funding, which the log does not keep apart. Columns: minute (µs), minutes (since the one before, more than
    1 across a gap), total, spread, slippage, fees, rest (quote coin), fills, pnl_quote and inventory_base at its end.
    """
    ends = ticks.sort("ts_us").group_by(minute=_minute(), maintain_order=True).agg(
        pl.col("pnl_e8", "pnl_quote", "inventory_base").last()
    )  # fmt: skip
    before = int(ticks["pnl_e8"][0]) if len(ticks) else 0
    first_us = int(ticks["ts_us"][0]) if len(ticks) else 0
    worth = pl.col("px_price") / pl.col("px_ticks") * pl.col("qty_base") / 2
    ours = (
        fills.filter(pl.col("ts_us") > first_us)
        .with_columns(minute=_minute())
        .sort("minute")
        # a fill of a minute without a tick shows in the profit of the next that has one
        .join_asof(ends.select("minute", end="minute"), on="minute", strategy="forward")
        .group_by("end")
        .agg(
            spread=(pl.col("side") * (pl.col("mid_half_ticks") - 2 * _touch()) * worth).sum(),
            slippage=pl.col("slip_quote").sum(),
            fees=pl.col("fee_e8").sum() / 1e8,
            fills=pl.len(),
        )
    )
    return (
        ends.join(ours, left_on="minute", right_on="end", how="left", maintain_order="left")
        .with_columns(
            minutes=((pl.col("minute") - pl.col("minute").shift(1)) // MINUTE_US).fill_null(1),
            total=(pl.col("pnl_e8") - pl.col("pnl_e8").shift(1).fill_null(before)) / 1e8,
        )
        .with_columns(pl.col("spread", "slippage", "fees").fill_null(0.0), pl.col("fills").fill_null(0))
        .with_columns(rest=pl.col("total") - pl.col("spread") - pl.col("slippage") + pl.col("fees"))
        .drop("pnl_e8")
    )


def _minute() -> pl.Expr:
    return pl.col("ts_us") // MINUTE_US * MINUTE_US


def _touch() -> pl.Expr:
    """Return the price whose distance to the mid is spread: a taker's is the touch it met, the rest is slippage."""
    return pl.when(pl.col("rule") == "taker").then(pl.col("print_px_ticks")).otherwise(pl.col("px_ticks"))


def course(session: Session) -> pl.DataFrame:
    """Return profit and inventory over time, thinned to the last value of each of POINTS equal parts."""
    ticks = session.pnl()
    if len(ticks) <= POINTS:
        return ticks
    first, last = int(ticks["ts_us"][0]), int(ticks["ts_us"][-1])
    part = (pl.col("ts_us") - first) * POINTS // (last - first + 1)
    return ticks.group_by(part.alias("part"), maintain_order=True).last().drop("part")
