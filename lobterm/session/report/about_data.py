"""The page's head, and how good the data was."""

from __future__ import annotations

from typing import Any

import polars as pl

from lobterm.session.bootstrap import LEAST_BLOCKS, LEAST_N, REPEATS
from lobterm.session.report.cells import (
    NONE,
    count,
    known_share,
    seconds,
    share_of,
    utc,
    words,
)
from lobterm.session.report.charts import HORIZONS
from lobterm.session.report.marks import BPS, Clusters
from lobterm.session.report.page import Section
from lobterm.session.report.quality import Quality
from lobterm.session.report.tape import TapeSays

FOOT = (
    "Paper only: fills are simulated against recorded prints, and nobody reacted to our orders. Intervals are 95 % "
    f"by circular block bootstrap over time ({REPEATS:,} draws, blocks by Politis and White, never shorter than the "
    f"horizon). None is given below {LEAST_N} observations or {LEAST_BLOCKS} blocks that hold any. Many groups are "
    "compared: about one interval in twenty leaves zero out by chance alone."
)
GAPS_LISTED = 40


def headed(about: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the page's title and the lines below it."""
    provenance, versions = about["provenance"], about["provenance"].get("versions") or {}
    changed = {key: about["params"].get(key) for key in provenance.get("origins") or {}}
    clock = about.get("clock_offset_us")
    lines = [
        f"{about['mode'] or 'session'} · {about['session_id']} · {_span(about)}",
        f"tape {about['tape'] or NONE} (SHA-256 {(about['tape_sha256'] or NONE)[:16]}) · cluster model "
        f"{(about['model_sha256'] or 'none')[:16]} · fill rule {about['fill_rule'] or NONE}",
        "parameters that are not the defaults: "
        + (", ".join(f"{key} = {value}" for key, value in changed.items()) or "none"),
        f"lobterm {versions.get('lobterm', NONE)}, Python {versions.get('python', NONE)}, numpy "
        f"{versions.get('numpy', NONE)}, numba {versions.get('numba', NONE)} · this machine's clock: "
        + ("offset not known" if clock is None else f"{clock:+,} µs, wrong by {about['clock_error_us']:,} µs at most"),
    ]
    if about["ended_us"] is None:
        lines.append("The session has not ended, or was cut off: everything here is of what was logged.")
    return f"{about['symbol'] or 'Session'}: what the session says", lines


def _span(about: dict[str, Any]) -> str:
    if not about["first_ts_us"]:
        return f"started {utc(about['started_us'])}"
    return f"market time {utc(about['first_ts_us'])} to {utc(about['last_ts_us'])} UTC"


def data_quality(
    found: Quality,
    said: TapeSays,
    about: dict[str, Any],
    clusters: Clusters,
    fills: pl.DataFrame,
    triggers: pl.DataFrame,
) -> Section:
    """Return what a reader must know before any other number."""
    section = Section("quality", "Data quality and gaps")
    share = found.unknown_us / found.span_us if found.span_us else 0.0
    told = (
        f"The book was not known for {seconds(found.unknown_us)} of {seconds(found.span_us)} ({share:.1%}), in "
        f"{len(found.unknown)} stretches: nothing was labelled, quoted or filled in them, and no markout reaches "
        "across one."
        if found.unknown
        else f"The book was known throughout the {seconds(found.span_us)} of the session."
    )
    section.text(told, "warn" if share > 0.01 else "said")
    if found.played is not None:
        part, rows = found.played
        section.text(
            f"Of the tape's {rows:,} rows {part:,} were played ({part / rows:.1%}): a time without a known book may be one "
            "that was passed over, and positions and profit go on across it as they stood.",
            "warn",
        )
    if about["kept"] == "fills":
        section.text(
            "The log kept no labels (--log fills): whatever needs the market's trades is missing below.", "warn"
        )
    unclassified = found.labels["unclassified"]
    section.table(
        ["", "n", "share", ""],
        [
            ["rows of the tape", count(said.rows), "", words("" if said.rows is not None else said.why_not)],
            ["alpha ticks (four a second while the book is known)", count(found.ticks), "", ""],
            ["trades of the market", count(found.trades), "", words(_ages(found))],
            [
                "trades without a cluster",
                count(unclassified),
                share_of(unclassified, found.trades),
                words(_reasons(found)),
            ],
            ["ticks with a liquidation pressure index", "", known_share(found.lpi_known), ""],
            ["ticks with open interest", "", known_share(found.oi_known), ""],
        ],
    )
    section.heading(
        "markouts that are known", "unknown: the session ended before, a gap lay between, or too many waited at once"
    )
    of_trades = [sum(curve.means[h].n for curve in clusters.curves) for h in range(len(HORIZONS))]
    lines = [("trades", sum(curve.n for curve in clusters.curves), of_trades)]
    lines += [
        (name, len(rows), [len(rows) - rows[bps].null_count() for bps in BPS])
        for name, rows in (("triggers", triggers), ("fills", fills))
    ]
    section.table(
        ["of", "n", *HORIZONS], [[name, count(n), *(share_of(known, n) for known in at)] for name, n, at in lines]
    )
    _gaps(section, found, said)
    return section


def _ages(found: Quality) -> str:
    if found.book_age_us is None:
        return "the age of the book that judges them is not known"
    median, high = found.book_age_us
    return f"judged by a book {median / 1e3:,.1f} ms old (median; 99th percentile {high / 1e3:,.1f} ms)"


def _reasons(found: Quality) -> str:
    return ", ".join(f"{why} {n:,}" for why, n in found.why.most_common())


def _gaps(section: Section, found: Quality, said: TapeSays) -> None:
    if found.unknown:
        section.heading("stretches without a known book", "as the alpha ticks around them tell, to half a second")
        rows = [
            [utc(s.from_us), utc(s.to_us, "%H:%M:%S"), seconds(s.to_us - s.from_us)]
            for s in found.unknown[:GAPS_LISTED]
        ]
        section.table(["from (UTC)", "to", "for"], rows)
        if len(found.unknown) > GAPS_LISTED:
            section.text(f"and {len(found.unknown) - GAPS_LISTED} more", "faint")
    if said.why_not:
        section.text(f"Why they happened is not known: {said.why_not}.", "faint")
    elif len(said.gaps):
        counted = said.gaps.group_by("market", "scope", "cause").agg(
            pl.len().alias("n"), pl.col("ts").min().alias("first")
        ).sort("n", descending=True)  # fmt: skip
        section.heading(
            "gaps that the tape tells", "a longer silence of the traded market is a gap as well, and stands on no tape"
        )
        section.table(
            ["market", "scope", "cause", "n", "first (UTC)"],
            [
                [row["market"], row["scope"], row["cause"], count(row["n"]), utc(row["first"])]
                for row in counted.iter_rows(named=True)
            ],
        )
