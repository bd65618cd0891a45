"""The report: the log read once, measured, drawn, and put on a page in the order in which a careful reader asks.

What: data quality and gaps, profit and its parts, markouts of fills, which mapping is right today, triggers, and what other
fill rules and latencies would have given. n stands beside every number; where there are too few blocks there is no interval.
Source: DESIGN §5; methods §3.7, §3.12.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lobterm.errors import InputError
from lobterm.session.bootstrap import Bins
from lobterm.session.opening import Session
from lobterm.session.report import about_data, about_marks, about_profit, earned, marks, quality, tape
from lobterm.session.report.page import page


@dataclass(frozen=True, slots=True)
class Scenario:
    """The session's tape, run again with one thing changed: what it came to. Markouts in bps by horizon, None: not known."""

    kind: str  # "fill rule" or "latency"
    name: str
    as_run: bool
    summary: dict[str, Any]
    markouts_bps: tuple[float | None, ...]


def report(
    session: Session,
    out: Path,
    scenarios: Sequence[Scenario] | str,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Write the page; `scenarios` are the tape's other runs, or why there are none. Return what was written."""
    started = time.perf_counter()
    about = session.about()
    total = about["rows"]["markouts"] or 1
    said = tape.read(about)
    found = quality.look(session, about)
    bins = Bins.over(found.first_us, found.last_us)
    fills, triggers = session.fills(), session.triggers()
    regime = tape.funding_regime(triggers["ts_us"], said.rates)
    clusters = marks.clusters(session, bins, None if progress is None else lambda done: progress(done, total))
    parts = [
        about_data.data_quality(found, said, about, clusters, fills, triggers),
        about_profit.profit(earned.earned(session, fills, about), earned.course(session), found, about),
        about_marks.of_fills(marks.fill_splits(fills, bins), fills),
        about_marks.of_mapping(clusters, about),
        about_marks.of_triggers(marks.trigger_splits(triggers, regime, bins), triggers, regime, said),
        about_profit.of_scenarios(scenarios, about),
    ]
    text = page(*about_data.headed(about), parts, about_data.FOOT)
    _write(out, text)
    return {
        "path": str(out),
        "session_id": session.session_id,
        "fills": len(fills),
        "triggers": len(triggers),
        "trades": found.trades,
        "bytes": len(text.encode()),
        "elapsed_s": time.perf_counter() - started,
    }


def _write(out: Path, text: str) -> None:
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_text(text)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError("cannot be written", file=out, mend=str(error.strerror or error)) from error
