"""What only the tape can tell the report: why the book was unknown, and what funding was.

What: GAP and FUNDING rows of the very tape that was run, told by its hash. A tape that is gone, was changed, or is too long to
be read through for this is said to be so; the report then tells what the log alone knows.
Units: µs; rates in 1e-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lobterm.errors import TapeError
from lobterm.events import EVENT, GapCause, Kind, Market, Scope
from lobterm.tape.parquet import Tape, open_tape

MOST_ROWS = 50_000_000
BASELINE_E8 = 10_000
"""The rate that the exchange's interest alone makes over eight hours: 0.01 %."""

GAPS = {"ts": pl.Int64, "cause": pl.String, "scope": pl.String, "market": pl.String}
RATES = {"ts": pl.Int64, "rate_e8": pl.Int64}


@dataclass(frozen=True, slots=True)
class TapeSays:
    """GAP rows and predicted funding rates in order, or why there are none to be had."""

    gaps: pl.DataFrame
    rates: pl.DataFrame
    rows: int | None
    why_not: str = ""


def tape_of(about: dict[str, Any]) -> Tape | str:
    """Return the tape that a session was run on, or why it cannot be had."""
    if not about["tape"]:
        return "the session was not run on a tape"
    path = Path(about["tape"])
    try:
        tape = open_tape(path)
    except TapeError as error:
        return str(error)
    if about["tape_sha256"] and tape.meta.sha256 != about["tape_sha256"]:
        return f"{path} holds other rows than were run"
    return tape


def read(about: dict[str, Any]) -> TapeSays:
    """Read through the tape, if it is there."""
    nothing = pl.DataFrame(schema=GAPS), pl.DataFrame(schema=RATES)
    tape = tape_of(about)
    if isinstance(tape, str):
        return TapeSays(*nothing, None, tape)
    if tape.meta.rows > MOST_ROWS:
        return TapeSays(
            *nothing, tape.meta.rows, f"the tape has {tape.meta.rows:,} rows, {MOST_ROWS:,} are read at most"
        )
    kept = []
    try:
        for events in tape.chunks():
            rare = events[(events["kind"] == Kind.GAP) | (events["kind"] == Kind.FUNDING)]
            if len(rare):
                kept.append(rare)
    except TapeError as error:
        return TapeSays(*nothing, tape.meta.rows, str(error))
    found = np.concatenate(kept) if kept else np.zeros(0, EVENT)
    gaps, rates = found[found["kind"] == Kind.GAP], found[found["kind"] == Kind.FUNDING]
    rates = rates[rates["market"] == Market.PERP]
    return TapeSays(
        pl.DataFrame(
            {
                "ts": gaps["ts"],
                "cause": [_name(GapCause, cause) for cause in gaps["px"]],
                "scope": [_name(Scope, scope) for scope in gaps["qty"]],
                "market": [_name(Market, market) for market in gaps["market"]],
            },
            schema=GAPS,
        ),
        pl.DataFrame({"ts": rates["ts"], "rate_e8": rates["px"]}, schema=RATES),
        tape.meta.rows,
    )


def _name(names: Any, number: int) -> str:
    try:
        return str(names(int(number)).name).lower().replace("_", " ")
    except ValueError:
        return f"unknown ({number})"


def funding_regime(ts: pl.Series, rates: pl.DataFrame) -> pl.Series | None:
    """Return how crowded the market was at each of these times by the rate predicted then; None if no rate is known at all."""
    if rates.is_empty():
        return None
    asked = pl.DataFrame({"ts": ts}).with_row_index("place").sort("ts")
    found = asked.join_asof(rates.sort("ts"), on="ts").sort("place")["rate_e8"]
    return pl.DataFrame({"rate": found}).select(
        pl.when(pl.col("rate") > BASELINE_E8).then(pl.lit("longs crowded: above 0.01 %"))
        .when(pl.col("rate") < 0).then(pl.lit("shorts crowded: below 0"))
        .when(pl.col("rate").is_not_null()).then(pl.lit("usual: 0 to 0.01 %"))
        .otherwise(pl.lit("not known"))
    ).to_series()  # fmt: skip
