"""An agent market written to disk, piece by piece: the tape, and its truth beside it.

What: memory stays flat however long the market lasts; both files appear only when they are whole.
Units: as events.EVENT says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm import __version__
from lobterm.events import EventArray, empty
from lobterm.simulator import agents, warmth
from lobterm.simulator.agents import Options, Piece, Run
from lobterm.simulator.scenarios import Scenario
from lobterm.simulator.truth import Stretch, TruthWriter, beside
from lobterm.tape.parquet import TapeMeta, write_tape


class Warm(NamedTuple):
    """How many seconds of market before the tape leave their window samples in its head, and how they are computed."""

    seconds: int
    params: npt.NDArray[np.float64]


def provenance(scenario: Scenario, seed: int, seconds: int, options: Options, warm_s: int) -> dict[str, Any]:
    """Return what a tape says about its making: enough to make it again."""
    return {
        "simulated": True,
        "generator": agents.NAME,
        "generator_version": agents.VERSION,
        "scenario": scenario.name,
        "seed": seed,
        "seconds": seconds,
        "options": options._asdict(),
        "warm_s": warm_s,
        "lobterm": __version__,
    }


class Recorded(NamedTuple):
    """What was written, and how fast the market itself ran once it was compiled: without its first piece, or disk."""

    meta: TapeMeta
    stretches: list[Stretch]
    market_events_per_s: float | None


def record(
    path: Path,
    scenario: Scenario,
    seed: int,
    seconds: int,
    options: Options,
    *,
    warm: Warm | None = None,
    progress: Callable[[int], None] | None = None,
) -> Recorded:
    """Write a market's tape to `path` and its truth beside it."""
    run = Run(scenario, seed, seconds, options)
    head = warmth.head(scenario, seed, warm.seconds, options, warm.params) if warm else empty(0)
    writer = TruthWriter(beside(path))

    lived_s, lived_rows = 0.0, 0

    def chunks() -> Iterator[EventArray]:
        nonlocal lived_s, lived_rows
        writer.add(Piece(head, np.zeros(len(head), np.uint8)))
        yield head
        done = len(head)
        started = None
        for piece in run.pieces():
            if started is not None:
                lived_s += time.perf_counter() - started
                lived_rows += len(piece.rows)
            writer.add(piece)
            done += len(piece.rows)
            if progress:
                progress(done)
            yield piece.rows
            started = time.perf_counter()

    try:
        meta = write_tape(
            path,
            agents.INSTRUMENTS,
            chunks(),
            exch_ts_kind=agents.EXCH_TS_KIND,
            provenance=provenance(scenario, seed, seconds, options, warm.seconds if warm else 0),
        )
        news = [(1_000 * int(start), 1_000 * int(end)) for start, end, _ in run.plan]
        stretches = writer.close(meta.sha256, news)
        return Recorded(meta, stretches, lived_rows / lived_s if lived_s else None)
    finally:
        writer.discard()
