"""Markouts of fills, of the market's clusters, and of triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from lobterm.session.report import charts, earned
from lobterm.session.report.cells import (
    bps_text,
    count,
    estimated,
    line,
    tail,
)
from lobterm.session.report.charts import HORIZONS
from lobterm.session.report.marks import BPS, Clusters, Split, verdict
from lobterm.session.report.page import Section
from lobterm.session.report.samples import Curve
from lobterm.session.report.tape import TapeSays


def of_fills(splits: Sequence[Split], fills: pl.DataFrame) -> Section:
    """Return the fills' markouts by everything that may explain them."""
    section = Section("fills", "Markouts of fills")
    if not splits:
        section.text("There were no fills.")
        return section
    section.text(
        "Markout = our side x (mid some time after - our price), in bps of our price: positive is good for us. What "
        "is above zero at half a second and falls is adverse selection: the spread was earned and then given back. "
        "Fees are not in it."
    )
    whole, *rest = splits
    _all_fills(section, whole.curves[0], fills)
    section.drawing(charts.curves(whole))
    for split in rest:
        section.heading(f"by {split.title}", split.explained)
        if len(split.curves) > 1:
            section.drawing(charts.curves(split))
        section.table(["", "n", *HORIZONS], [line(one) for one in split.curves])
    section.heading("the bad end: 5th percentile", "by strategy and by state; none below twenty markouts")
    bad = [one for split in rest if split.title in ("strategy", "state at the fill") for one in split.curves]
    section.table(["", "n", *HORIZONS], [[one.group, count(one.n), *map(bps_text, one.tails)] for one in bad])
    return section


def _all_fills(section: Section, curve: Curve, fills: pl.DataFrame) -> None:
    """Add the markouts of all fills, split into what the fill gave at once and what came later."""
    side, mid2, px = (fills[name].to_numpy() for name in ("side", "mid_half_ticks", "px_ticks"))
    at_once = 1e4 * side * (mid2 - 2 * px) / (2 * px)
    later = [fills[bps].cast(pl.Float64).to_numpy() - at_once for bps in BPS]
    drift = [None if np.isnan(moved).all() else float(np.nanmean(moved)) for moved in later]
    section.heading(
        "all fills",
        "at the fill: half-spread earned at once; drift: what the mid did after it; together they are the markout",
    )
    section.table(
        ["", "n", "at the fill", *HORIZONS],
        [
            ["markout", count(curve.n), bps_text(float(at_once.mean())), *map(estimated, curve.means)],
            ["of that drift", "", "", *map(bps_text, drift)],
            ["5th percentile", "", bps_text(tail(at_once)), *map(bps_text, curve.tails)],
            ["median", "", bps_text(float(np.median(at_once))), *map(bps_text, curve.medians)],
        ],
    )
    fee_bps = earned.fee_bps(fills)
    if fee_bps is not None:
        section.text(
            f"Fees paid: {fee_bps:.2f} bps of what was traded; a markout below that does not pay for its fill.", "faint"
        )


def of_mapping(found: Clusters, about: dict[str, Any]) -> Section:
    """Return the market's trades by cluster, and which of the two mappings they speak for."""
    section = Section("mapping", "Which mapping is right today?")
    mapping = about["params"].get("signals.mapping", "not known")
    section.text(
        "The takers that the market follows should drive the skew, the others the hazard. inverted (001 Exp 8): "
        f"directional takers lead; traditional (000): opportunistic takers lead. It was run as {mapping}. Markouts "
        "here are the takers': side x (mid after - the trade's own price), so that they begin half a spread below "
        "zero; what counts is how far the clusters lie apart."
    )
    if not found.curves:
        section.text("The log holds no trades of the market.", "warn")
        return section
    named = [curve for curve in found.curves if curve.group in ("directional", "opportunistic")]
    if len(named) < 2:
        section.text("The model names no two clusters that could lead: the question has no answer here.", "warn")
    section.table(["cluster", "n", *HORIZONS], [line(curve) for curve in found.curves])
    section.heading("directional less opportunistic", "drawn from the same blocks of time")
    section.table(
        ["", "n of the smaller", *HORIZONS],
        [["difference", count(min((curve.n for curve in named), default=0) if len(named) > 1 else 0),
          *(estimated(e) for e in found.directional_over_opportunistic)]],
    )  # fmt: skip
    if len(named) > 1:
        for horizon, words in verdict(found, mapping):
            section.text(f"at {horizon}: {words}", "said" if "not known" not in words else "faint")
        section.drawing(charts.curves(Split("cluster", "", named)))
    section.heading("the bad end: 5th percentile")
    section.table(
        ["cluster", "n", *HORIZONS],
        [[c.group, count(c.n), *(bps_text(value) for value in c.tails)] for c in found.curves],
    )
    return section


def of_triggers(splits: Sequence[Split], triggers: pl.DataFrame, regime: pl.Series | None, said: TapeSays) -> Section:
    """Return the triggers' markouts by state and funding regime."""
    section = Section("triggers", "Markouts of triggers")
    section.text(
        "Told from the fade's side, measured from the mid at the trigger: positive means that the price came back after exhaustion."
    )
    if not splits:
        section.text("There were no triggers.", "warn")
        return section
    for split in splits:
        section.heading(f"by {split.title}", split.explained)
        if len(split.curves) > 1 or split is splits[0]:
            section.drawing(charts.curves(split))
        section.table(["", "n", *HORIZONS], [line(one) for one in split.curves])
    if regime is None:
        section.text(f"Funding is not known: {said.why_not or 'the tape tells none'}.", "faint")
    return section
