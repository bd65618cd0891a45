"""What every importer ends in: one market's rows, in order, with what was left out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from lobterm.errors import FormatError
from lobterm.events import FIXED, EventArray
from lobterm.instrument import Instrument


@dataclass(slots=True)
class Recording:
    """One market of a recording as a stream of EVENT arrays.

    `chunks` are sorted by `ts` within and across; a message is never split between chunks. `skipped` grows while they
    are consumed and is complete once they are exhausted.
    """

    instrument: Instrument
    chunks: Iterator[EventArray]
    exch_ts_kind: str  # "T" matching time, "E" send time, "none"
    source: dict[str, Any]  # layout, file names, sizes: the provenance a tape keeps
    skipped: Counter[str] = field(default_factory=Counter)


def off_grid(what: str, value_e8: int, unit_e8: int, option: str, file: Path, place: str = "") -> FormatError:
    """Return the error for a price or size that ticks or lots cannot hold; it names the unit that could.

    Orders may rest at prices of an older, finer tick long after the exchange changed it.
    """
    value, unit, fits = (f"{Decimal(n) / FIXED:f}" for n in (value_e8, unit_e8, math.gcd(value_e8, unit_e8)))
    return FormatError(
        f"{what} {value} is not a multiple of {unit}", file=file, place=place, mend=f"pass {option} {fits}"
    )
