"""An agent market written to disk, piece by piece: the tape, and its truth beside it.

What: memory stays flat however long the market lasts; both files appear only when they are whole.
Units: as events.EVENT says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lobterm import __version__
from lobterm.events import EventArray
from lobterm.simulator import agents
from lobterm.simulator.agents import Options, Run
from lobterm.simulator.scenarios import Scenario
from lobterm.simulator.truth import Stretch, TruthWriter, beside
from lobterm.tape.parquet import TapeMeta, write_tape


def provenance(scenario: Scenario, seed: int, seconds: int, options: Options) -> dict[str, Any]:
    """Return what a tape says about its making: enough to make it again."""
    return {
        "simulated": True,
        "generator": agents.NAME,
        "generator_version": agents.VERSION,
        "scenario": scenario.name,
        "seed": seed,
        "seconds": seconds,
        "options": options._asdict(),
        "lobterm": __version__,
    }


def record(
    path: Path,
    scenario: Scenario,
    seed: int,
    seconds: int,
    options: Options,
    progress: Callable[[int], None] | None = None,
) -> tuple[TapeMeta, list[Stretch]]:
    """Write a market's tape to `path` and its truth beside it."""
    run = Run(scenario, seed, seconds, options)
    writer = TruthWriter(beside(path))

    def chunks() -> Iterator[EventArray]:
        done = 0
        for piece in run.pieces():
            writer.add(piece)
            done += len(piece.rows)
            if progress:
                progress(done)
            yield piece.rows

    try:
        meta = write_tape(
            path,
            agents.INSTRUMENTS,
            chunks(),
            exch_ts_kind=agents.EXCH_TS_KIND,
            provenance=provenance(scenario, seed, seconds, options),
        )
        news = [(1_000 * int(start), 1_000 * int(end)) for start, end, _ in run.plan]
        return meta, writer.close(meta.sha256, news)
    finally:
        writer.discard()
