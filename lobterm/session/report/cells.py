"""How the report writes its numbers: signed, with n and interval beside them, a dash where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from lobterm.session.bootstrap import Estimate
from lobterm.session.report.page import Cell
from lobterm.session.report.samples import TAIL, Curve

NONE = "–"


def line(curve: Curve) -> list[Cell | str]:
    """Return one group as a line: its name, n, and an estimate for each horizon."""
    return [curve.group, count(curve.n), *(estimated(estimate) for estimate in curve.means)]


def estimated(estimate: Estimate) -> Cell:
    """Return a mean with its interval and n below, or with why there is none."""
    if estimate.mean is None:
        return Cell(NONE)
    if estimate.low is None or estimate.high is None:
        return Cell(bps_text(estimate.mean), f"n {estimate.n:,}; {estimate.why_not}", is_doubt=True)
    return Cell(bps_text(estimate.mean), f"{bps_text(estimate.low)} to {bps_text(estimate.high)}, n {estimate.n:,}")


def tail(values: npt.NDArray[np.float64]) -> float | None:
    """Return the 5th percentile; None below twenty values."""
    return float(np.percentile(values, TAIL)) if len(values) >= 100 / TAIL else None


def bps_text(value: float | None) -> str:
    """Return a number of bps, signed."""
    return NONE if value is None else f"{round(value, 2) + 0.0:+.2f}"


def money(value: float | None) -> str:
    """Return an amount of coins."""
    return NONE if value is None else f"{value:,.2f}"


def number(value: Any) -> str:
    """Return a plain number."""
    return NONE if value is None else f"{value:,.6g}"


def count(n: int | None) -> str:
    """Return a count."""
    return NONE if n is None else f"{n:,}"


def share_of(n: int, of: int) -> str:
    """Return a share as a percentage."""
    return f"{n / of:.1%}" if of else NONE


def known_share(share: float | None) -> str:
    """Return a share that may not be known."""
    return NONE if share is None else f"{share:.1%}"


def words(text: str) -> Cell:
    """Return a cell of words."""
    return Cell(text, is_words=True)


def seconds(us: int) -> str:
    """Return a time span."""
    seconds = us / 1e6
    return f"{seconds:,.1f} s" if seconds < 600 else f"{seconds / 60:,.1f} min"


def utc(us: int, what: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a moment, UTC."""
    return f"{datetime.fromtimestamp(us / 1e6, UTC):{what}}"
