"""How fast a tape is folded, by what is in it and what is logged: medians of five, one core.

    python bench/replay.py TAPE [--model FILE] [--json]

Without a tape the bundled one is used, which is short: name a real one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lobterm import config, headless, runs, warm
from lobterm.engine import drive
from lobterm.events import Kind
from lobterm.models import model
from lobterm.session.log import SessionLog
from lobterm.tape import parquet

ROUNDS = 5
DEMO = Path(__file__).resolve().parents[1] / "replays" / "demo.parquet"


def median_s(work):
    """Return the median of ROUNDS timings after one that does not count."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tape", nargs="?", type=Path, default=DEMO)
    arguments.add_argument("--model", type=Path)
    arguments.add_argument("--repeat", type=int, default=10, help="how often the tape is laid end to end (default 10)")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    tape = parquet.open_tape(given.tape)
    path = given.model or runs.model_beside(given.tape)
    chosen = model.load(path) if path else None
    events = repeated(tape.read(), given.repeat)
    setup = runs.Setup(tape, config.load(), chosen)
    warm.load()

    def fold(rows):
        engine = setup.new_engine()
        for _ in drive.fold(engine, rows):
            pass

    def logged():
        with tempfile.TemporaryDirectory() as folder, SessionLog(Path(folder) / "s.sqlite") as log:
            headless.replay(runs.Setup(tape, setup.config, chosen, log), events)

    book = events[(events["kind"] == Kind.BOOK) | (events["kind"] == Kind.BOOK_CLEAR)]
    results = []
    for name, rows, work in (
        ("book rows alone", len(book), lambda: fold(book)),
        ("engine, all rows, nothing logged", len(events), lambda: fold(events)),
        ("headless, rows digested, nothing logged", len(events), lambda: headless.replay(setup, events)),
        ("headless, every row in SQLite (synchronous=FULL)", len(events), logged),
    ):
        seconds = median_s(work)
        results.append({"name": name, "rows": rows, "seconds": seconds, "events_per_s": rows / seconds})
    if given.json:
        json.dump({"tape": str(given.tape), "results": results}, sys.stdout)
        return
    for row in results:
        print(f"{row['name']:<52} {row['rows']:>10,} rows  {row['events_per_s'] / 1e6:6.2f} M/s")


def repeated(events, times):
    """Return the tape laid end to end, each time after the last."""
    import numpy as np

    span = int(events["ts"][-1] - events["ts"][0]) + 1_000_000
    parts = []
    for k in range(times):
        part = events.copy()
        part["ts"] += k * span
        part["exch_ts"][part["exch_ts"] > 0] += k * span
        parts.append(part)
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
