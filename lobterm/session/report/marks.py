"""Which markouts the report looks at, and by what: fills, triggers, and every trade of the market by its cluster.

Units: bps of the reference price; positive is good for us (fills, triggers), for the taker (trades).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lobterm.engine.rows import HORIZONS_US, Label, Marked
from lobterm.session.bootstrap import Bins, Estimate
from lobterm.session.meaning import horizon_names
from lobterm.session.opening import Session
from lobterm.session.readable import markout_bps
from lobterm.session.report.samples import Codes, Curve, Samples, terciles

MIDS = [f"mid2_{name}" for name in horizon_names()]
BPS = [f"markout_{name}_bps" for name in horizon_names()]
CLUSTERS = tuple(label.name.lower() for label in Label)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """Curves by one property."""

    title: str
    explained: str
    curves: list[Curve]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The market's trades by cluster, and how far the two that may lead lie apart."""

    curves: list[Curve]
    directional_over_opportunistic: list[Estimate]


def fill_splits(fills: pl.DataFrame, bins: Bins) -> list[Split]:
    """Return the fills' markouts by everything that may explain them, all together first."""
    if fills.is_empty():
        return []
    ts, bps = fills["ts_us"].to_numpy(), _matrix(fills)

    def split(title: str, explained: str, names: list[str], codes: Codes) -> Split:
        samples = Samples(names, bins)
        samples.add(ts, codes, bps)
        return Split(title, explained, samples.curves())

    by_words: tuple[tuple[str, str, pl.Series], ...] = (
        ("strategy", "whose order it was", _words(fills, "strategy")),
        ("side", "ours", fills["side"].replace_strict({1: "we bought", -1: "we sold"}, return_dtype=pl.String)),
        ("reason of the fill", "through: a print beyond our price; queue: our turn; taker: we crossed", _words(fills, "rule")),
        ("cluster at the fill", "of the trade that filled us", _cluster(fills)),
        ("state at the fill", "of the side that hit us: sellers where we bought, buyers where we sold", _state(fills)),
    )  # fmt: skip
    found = [split("all fills", "", ["all"], np.zeros(len(fills), np.uint8))]
    for title, explained, words in by_words:
        names = sorted(words.fill_null("not known").unique())
        codes = words.fill_null("not known").replace_strict(names, range(len(names)), return_dtype=pl.UInt8)
        found.append(split(title, explained, names, codes.to_numpy()))
    names, codes_ = terciles(fills["hazard"].cast(pl.Float64).to_numpy(), "")
    found.append(split("hazard at the fill", "under the mapping in force, in three equal parts", names, codes_))
    names, codes_ = _queue(fills)
    found.append(split("queue position", "size displayed ahead of us when the print came, base coin", names, codes_))
    return found


def _words(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows[name].cast(pl.String).str.replace_all("_", " ", literal=True)


def _cluster(fills: pl.DataFrame) -> pl.Series:
    taker = pl.when(pl.col("rule").cast(pl.String) == "taker").then(pl.lit("none (taker)"))
    return fills.select(taker.otherwise(pl.col("cluster").cast(pl.String))).to_series()


def _state(fills: pl.DataFrame) -> pl.Series:
    hit_us = pl.when(pl.col("side") > 0).then(pl.col("state_sell")).otherwise(pl.col("state_buy"))
    return fills.select(hit_us.cast(pl.String)).to_series()


def _queue(fills: pl.DataFrame) -> tuple[list[str], Codes]:
    ahead = fills["ahead_base"].cast(pl.Float64).to_numpy()
    waiting = np.where(ahead > 0, ahead, np.nan)
    some = waiting[~np.isnan(waiting)]
    middle = float(np.median(some)) if len(some) else 0.0
    codes = np.select([np.isnan(ahead), ahead <= 0, ahead <= middle], [3, 0, 1], 2).astype(np.uint8)
    return ["nothing ahead", f"up to {middle:.3g} ahead", f"more than {middle:.3g} ahead", "not known (taker)"], codes


def trigger_splits(triggers: pl.DataFrame, funding: pl.Series | None, bins: Bins) -> list[Split]:
    """Return the triggers' markouts by state, by panic side, and by funding regime where that is known."""
    if triggers.is_empty():
        return []
    by_words = [
        ("state at the trigger", "FORCED is faded, INFORMED is not", _words(triggers, "state")),
        ("panic side", "sells: the fade buys", triggers["side"].replace_strict({-1: "sells", 1: "buys"}, return_dtype=pl.String)),
        ("what the fade did", "or why it did nothing", _words(triggers, "why").replace("none", "faded")),
    ]  # fmt: skip
    if funding is not None:
        by_words.append(("funding regime", "the rate predicted at the trigger", funding))
    found = []
    for title, explained, words in by_words:
        names = sorted(words.fill_null("not known").unique())
        codes = words.fill_null("not known").replace_strict(names, range(len(names)), return_dtype=pl.UInt8)
        samples = Samples(names, bins)
        samples.add(triggers["ts_us"].to_numpy(), codes.to_numpy(), _matrix(triggers))
        found.append(Split(title, explained, samples.curves()))
    return found


def clusters(session: Session, bins: Bins, progress: Callable[[int], None] | None = None) -> Clusters:
    """Return the markouts of every trade of the market by its cluster, read in chunks."""
    samples, done = Samples(CLUSTERS, bins), 0
    for chunk in session.raw_chunks("markouts", ["ts", "ref2", "side", "label", *MIDS], f"what = {int(Marked.LABEL)}"):
        bps = chunk.select(markout_bps(pl.col(mid)).cast(pl.Float64).alias(mid) for mid in MIDS)
        values = np.stack([bps[mid].to_numpy() for mid in MIDS], axis=1)
        samples.add(chunk["ts"].to_numpy(), chunk["label"].cast(pl.UInt8).to_numpy(), values)
        done += len(chunk)
        if progress:
            progress(done)
    return Clusters(samples.curves(), samples.apart("directional", "opportunistic"))


def _matrix(rows: pl.DataFrame) -> Floats:
    return np.stack([rows[name].cast(pl.Float64).to_numpy() for name in BPS], axis=1)


def verdict(found: Clusters, mapping: str) -> list[tuple[str, str]]:
    """Return, for each horizon, what the clusters' markouts say about the mapping, in words."""
    said = []
    for horizon_us, apart in zip(HORIZONS_US, found.directional_over_opportunistic, strict=True):
        at = f"{horizon_us / 1e6:g} s"
        if not apart.is_sure_of_its_sign:
            why = apart.why_not or "the interval holds zero"
            said.append((at, f"not known today ({why})"))
        else:
            leads = "inverted" if (apart.mean or 0.0) > 0 else "traditional"
            takers = "directional" if leads == "inverted" else "opportunistic"
            said.append((at, f"{leads}: {takers} takers lead ({'as' if leads == mapping else 'not as'} it was run)"))
    return said
