"""Two lines of profit beside each other: as the session began, and as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from lobterm.engine.params import BY_KEY
from lobterm.view import format as fmt

if TYPE_CHECKING:
    from lobterm.instrument import Instrument

Floats = npt.NDArray[np.float64]

HORIZONS_US: tuple[int | None, ...] = (None, 60_000_000, 600_000_000, 3_600_000_000)
"""How far to play on, by key; None to the end."""


class Line(Protocol):
    """What one engine came to."""

    @property
    def pnl_e8(self) -> Floats:
        """Return profit by part of time, NaN where it was not known."""

    @property
    def end_e8(self) -> int | None:
        """Return profit at the end, None where it could not be marked."""

    @property
    def fills(self) -> int:
        """Return how many fills there were."""

    @property
    def fees_e8(self) -> int:
        """Return what they cost."""

    @property
    def inventory_max(self) -> int:
        """Return the largest position, lots."""

    @property
    def inventory_end(self) -> int:
        """Return the last position, lots."""


class Result(Protocol):
    """Both lines, and over what."""

    @property
    def as_begun(self) -> Line:
        """Return the line with the parameters of the session's start."""

    @property
    def as_now(self) -> Line:
        """Return the line with those in force."""

    @property
    def from_ts(self) -> int:
        """Return where both begin."""

    @property
    def to_ts(self) -> int:
        """Return where both end."""

    @property
    def rows(self) -> int:
        """Return how many rows were played."""

    @property
    def of_rows(self) -> int:
        """Return how many were asked for."""


class Playing(Protocol):
    """Two runs under way."""

    progress: float
    failure: str

    @property
    def differs(self) -> tuple[tuple[str, float, float], ...]:
        """Return (parameter, value at the session's start, value now)."""

    @property
    def result(self) -> Result | None:
        """Return what came of it; None until then."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Give up."""


class Compared(Struct, frozen=True):
    """What a screen shows."""

    note: str
    lines: tuple[Floats, Floats]  # by column of dots, quote coin
    low: float
    high: float
    rows: tuple[tuple[str, str, str, str], ...]  # figure, as begun, as now, difference


def value_text(key: str, value: float) -> str:
    """Return a parameter's value as the configuration writes it."""
    choices = BY_KEY[key].choices
    return choices[int(value)] if choices else f"{value:.10g}"


def differences(found: tuple[tuple[str, float, float], ...]) -> str:
    """Return what differs, in a line."""
    return " · ".join(f"{key} {value_text(key, a)} → {value_text(key, b)}" for key, a, b in found)


def compared(result: Result, instrument: Instrument, quote_coin: str, columns: int) -> Compared:
    """Return both lines in `columns` columns of dots, and the figures beside each other."""
    a, b = result.as_begun, result.as_now
    drawn = tuple(_drawn(line.pnl_e8 / 1e8, columns) for line in (a, b))
    known = np.concatenate(drawn)[np.isfinite(np.concatenate(drawn))]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = 0.05 * (high - low) or 1.0
    note = f"{fmt.clock(result.from_ts)[:8]} to {fmt.clock(result.to_ts)[:8]} · {quote_coin}"
    if result.rows < result.of_rows:
        note += f" · cut short at {result.rows:,} of {result.of_rows:,} rows"
    rows = (
        ("PnL at the end", *_money(a.end_e8, b.end_e8)),
        ("fills", f"{a.fills:,}", f"{b.fills:,}", f"{b.fills - a.fills:+,}"),
        ("fees paid", *_money(a.fees_e8, b.fees_e8)),
        ("largest position", *_sizes(a.inventory_max, b.inventory_max, instrument)),
        ("position at the end", *_sizes(a.inventory_end, b.inventory_end, instrument)),
    )
    return Compared(note, (drawn[0], drawn[1]), low - room, high + room, rows)


def _drawn(values: Floats, columns: int) -> Floats:
    """Return the last known value in each of `columns` parts, NaN where there is none."""
    edges = np.arange(columns + 1) * len(values) // max(columns, 1)
    found = np.full(columns, np.nan)
    for column in range(columns):
        part = values[edges[column] : max(edges[column + 1], edges[column] + 1)]
        part = part[np.isfinite(part)]
        if len(part):
            found[column] = part[-1]
    return found


def _money(a: int | None, b: int | None) -> tuple[str, str, str]:
    def text(e8: int | None) -> str:
        return "unknown" if e8 is None else fmt.money(e8)

    return text(a), text(b), fmt.NOTHING if a is None or b is None else fmt.money(b - a)


def _sizes(a: int, b: int, instrument: Instrument) -> tuple[str, str, str]:
    return (
        fmt.signed_size(a, instrument), fmt.signed_size(b, instrument), fmt.signed_size(b - a, instrument)
    )  # fmt: skip
