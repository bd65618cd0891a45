"""Markouts by as-of joins: what the mid was some time after each row, and what of it was there at once.

What: the mid in force at ts + horizon, backward; null where the book was unknown then, where it was unknown at any moment
between, or where the tape ends before. The same numbers as the engine's own, by another way.
Seeds: 003 §5.3; methods §3.7.
Units: µs, half ticks; bps of the reference price.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lobterm.engine.rows import HORIZONS_US
from lobterm.session.readable import markout_bps


def mid_after(
    marked: pl.DataFrame, mids: pl.DataFrame, end_ts: int, horizons_us: Sequence[int] = HORIZONS_US
) -> pl.DataFrame:
    """Return `marked` (with `ts`) and a column `mid2_<ms>ms` a horizon; `mids` as `session.mids.mids` gives them."""
    # of the moves of one moment the last is in force
    moves = mids.unique("ts", keep="last", maintain_order=True).rename({"ts": "moved"}).set_sorted("moved")
    rows = marked.with_row_index("place").sort("ts")
    for horizon_us in horizons_us:
        found = (
            rows.select("place", "ts", due=pl.col("ts") + horizon_us)
            .join_asof(moves, left_on="due", right_on="moved", strategy="backward")
            .filter(pl.col("known_since") <= pl.col("ts"), pl.col("due") <= end_ts)
            .select("place", pl.col("mid2").alias(f"mid2_{horizon_us // 1_000}ms"))
        )
        rows = rows.join(found, on="place", how="left", maintain_order="left")
    return rows.sort("place").drop("place")


def with_bps(marked: pl.DataFrame, horizons_us: Sequence[int] = HORIZONS_US) -> pl.DataFrame:
    """Add a column `markout_<ms>ms_bps` a horizon to rows with `side`, `ref2` and the mids: positive is good for the side."""
    names = [f"{horizon_us // 1_000}ms" for horizon_us in horizons_us]
    return marked.with_columns(markout_bps(pl.col(f"mid2_{name}")).alias(f"markout_{name}_bps") for name in names)


def decomposed(fills: pl.DataFrame, horizons_us: Sequence[int] = HORIZONS_US) -> pl.DataFrame:
    """Split the markouts of fills (`side`, `ref2`, `mid2` at the fill, the mids) into what was earned at once and the rest.

    `half_spread_bps` = side x (mid at the fill - price); `drift_<ms>ms_bps` = side x (mid later - mid at the fill); both in
    bps of the fill's price, so that they add up to the markout.
    """
    at_once = 1e4 * pl.col("side") * (pl.col("mid2") - pl.col("ref2")) / pl.col("ref2")
    drifts = [
        (1e4 * pl.col("side") * (pl.col(f"mid2_{name}") - pl.col("mid2")) / pl.col("ref2")).alias(f"drift_{name}_bps")
        for name in (f"{horizon_us // 1_000}ms" for horizon_us in horizons_us)
    ]
    return with_bps(fills, horizons_us).with_columns(at_once.alias("half_spread_bps"), *drifts)
