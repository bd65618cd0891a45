"""What every importer ends in: one market's rows, in order, with what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lobterm.events import EventArray
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
