"""How good the data was: how long the book was known, how many trades could be judged, and how many markouts there are.

Units: µs, shares of one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lobterm.engine.rows import Label, Why
from lobterm.session.opening import Session

MISSED_TICKS = 2
"""Alpha ticks come only while the book is known: where more than one in a row is missing, it was not."""
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without a known book, as the alpha ticks around it tell: shorter by two ticks at most."""

    from_us: int
    to_us: int


@dataclass(slots=True)
class Quality:
    """What a reader must know before any number below."""

    first_us: int
    last_us: int
    ticks: int
    unknown: list[Stretch]
    trades: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    book_age_us: tuple[float, float] | None = None  # median and 99th percentile
    oi_known: float | None = None  # share of ticks
    played: tuple[int, int] | None = (
        None  # rows that were played, of all rows of the tape, where it was not all of them
    )
    lpi_known: float | None = None

    @property
    def unknown_us(self) -> int:
        """Return how long the book was not known within the session's span."""
        return sum(stretch.to_us - stretch.from_us for stretch in self.unknown)

    @property
    def span_us(self) -> int:
        """Return the session's span in market time."""
        return self.last_us - self.first_us


def look(session: Session, about: dict[str, Any]) -> Quality:
    """Read alpha ticks and labels."""
    config = about["params"]
    tick_us = int(config.get("engine.alpha_tick_us", 250_000))
    ticks = session.raw("alpha", ["ts", "oi", "lpi_sell"]).sort("ts")
    played = _played(about["summary"] or {})
    whole = played is None and about["ended_us"] is not None
    first = (whole and about["first_ts_us"]) or (int(ticks["ts"][0]) if len(ticks) else about["first_ts_us"] or 0)
    last = (whole and about["last_ts_us"]) or (int(ticks["ts"][-1]) if len(ticks) else first)
    found = Quality(first, last, len(ticks), _unknown(ticks["ts"].to_numpy(), first, last, tick_us), played=played)
    if len(ticks):
        found.oi_known = 1 - ticks["oi"].null_count() / len(ticks)
        found.lpi_known = 1 - ticks["lpi_sell"].null_count() / len(ticks)
    _look_at_labels(session, found)
    return found


def _played(summary: dict[str, Any]) -> tuple[int, int] | None:
    """Return how many rows of the tape were played, of how many, unless it was all of them: a console goes to and fro."""
    stretches, rows = summary.get("stretches"), summary.get("events")
    if stretches is None or rows is None:
        return None
    played = sum(stop - start for start, stop in stretches)
    return None if played >= rows else (played, rows)


def _unknown(ts: Any, first: int, last: int, tick_us: int) -> list[Stretch]:
    edges = np.concatenate([[first], ts, [last]])
    wide = np.flatnonzero(np.diff(edges) > MISSED_TICKS * tick_us)
    return [Stretch(int(edges[i]), int(edges[i + 1])) for i in wide]


def _look_at_labels(session: Session, found: Quality) -> None:
    ages = []
    for chunk in session.raw_chunks("labels", ["label", "why", "book_age_us"]):
        found.trades += len(chunk)
        for label, n in chunk["label"].value_counts().iter_rows():
            found.labels[Label(label).name.lower()] += n
        for why, n in chunk["why"].value_counts().iter_rows():
            if why:
                found.why[Why(why).name.lower().replace("_", " ")] += n
        ages.append(chunk["book_age_us"].drop_nulls().to_numpy().astype(np.float32))
    known = np.concatenate(ages) if ages else np.zeros(0, np.float32)
    if len(known):
        found.book_age_us = float(np.percentile(known, 50)), float(np.percentile(known, 99))
