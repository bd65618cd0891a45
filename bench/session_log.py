"""The session log under ten million label rows: written, exported, reported; and what logging costs a replay.

    python bench/session_log.py [--rows 10000000] [--folder DIR] [--json]

Written: the log's own writer against raw sqlite3 executemany of ready tuples, each once beside an engine that folds the bundled
tape again and again in another thread; turns are taken, and the ratio is what counts. Both commit as often and bring every
commit to disk. Exported and reported from SQLite, and from part files.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from replay import repeated

from lobterm import config, headless, runs, warm
from lobterm.engine import drive
from lobterm.engine.rows import LabelValid, Marked
from lobterm.models import model
from lobterm.session import records, schema
from lobterm.session.log import AT_A_TIME, SessionLog
from lobterm.tape import parquet

DEMO = Path(__file__).resolve().parents[1] / "replays" / "long-cascade.parquet"
PIECE = 4_000
TURNS = 5
TURN_ROWS = 200_000
REPEATED = 5


def setup(log=None):
    """Return the bundled tape with its model."""
    return runs.Setup(parquet.open_tape(DEMO), config.Config(()), model.load(runs.model_beside(DEMO)), log)


def real_rows():
    """Return the label and markout rows that the engine gives for the bundled tape."""
    replay = setup()
    engine, events = replay.new_engine(), replay.tape.read()
    drains = [*drive.fold(engine, events), *drive.finish(engine)]
    return {
        table: np.concatenate([rows[table] for rows in drains]) for table in ("labels", "markouts", "alpha", "fills")
    }


class Beside:
    """An engine that folds all the while."""

    def __init__(self):
        self._replay = setup()
        self._events = self._replay.tape.read()
        self._stop = False
        self.rows = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop:
            engine = self._replay.new_engine()
            for start in range(0, len(self._events), 16_384):
                for _ in drive.fold(engine, self._events[start : start + 16_384]):
                    pass
                self.rows += min(16_384, len(self._events) - start)
                if self._stop:
                    return

    def close(self):
        self._stop = True
        self._thread.join()


def raw(path, labels):
    """Write ready tuples with plain executemany, committed as often as the log commits; return rows a second."""
    connection = sqlite3.connect(path, isolation_level=None)
    schema.create(connection)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    tuples = list(records.values("labels", labels, 1))
    started = time.perf_counter()
    for start in range(0, len(tuples), AT_A_TIME):
        connection.execute("begin")
        connection.executemany(schema.insert_sql("labels"), tuples[start : start + AT_A_TIME])
        connection.execute("commit")
    seconds = time.perf_counter() - started
    connection.close()
    return len(labels) / seconds


def ours(path, labels, **how):
    """Write the engine's records through the log; return rows a second."""
    with SessionLog(path, **how) as log:
        log.begin({})
        started = time.perf_counter()
        for start in range(0, len(labels), PIECE):
            log.write({"labels": labels[start : start + PIECE]})
        log.flush()
        return len(labels) / (time.perf_counter() - started)


def turns(folder, labels):
    """Return medians and the ratio of writers that take turns beside a running engine."""
    beside, found = Beside(), {"raw executemany": [], "the log": [], "part files": []}
    for turn in range(TURNS):
        found["raw executemany"].append(raw(folder / f"raw{turn}.sqlite", labels))
        found["the log"].append(ours(folder / f"log{turn}.sqlite", labels))
        found["part files"].append(ours(folder / f"parts{turn}.sqlite", labels, columnar=True))
    beside.close()
    ratios = [log / plain for log, plain in zip(found["the log"], found["raw executemany"], strict=True)]
    return {name: statistics.median(rates) for name, rates in found.items()} | {"ratio": statistics.median(ratios)}


def large(path, rows, n, *, columnar):
    """Write a session of `n` trades: labels and their markouts, alpha ticks, the bundled tape's over and over."""
    labels, markouts = rows["labels"], rows["markouts"][rows["markouts"]["what"] == Marked.LABEL]
    span = int(labels["ts"][-1] - labels["ts"][0]) + 1_000_000
    times = -(-n // len(labels))
    with SessionLog(path, columnar=columnar) as log:
        log.begin(setup().provenance() | {"tape": None, "last_ts_us": int(labels["ts"][0]) + times * span})
        started, left = time.perf_counter(), n
        for k in range(times):
            parts = {
                "labels": labels[:left],
                "markouts": markouts[:left],
                "alpha": rows["alpha"],
                "fills": rows["fills"],
            }
            for table, part in parts.items():
                moved = part.copy()
                moved["ts"] += k * span
                parts[table] = moved
            left -= len(parts["labels"])
            log.write(parts)
        log.flush()
        log.end({})
        return n / (time.perf_counter() - started)


CHILD = """
import json, sys, time
from pathlib import Path
from lobterm import session
opened, out = session.open(log=sys.argv[2]), Path(sys.argv[3])
started = time.perf_counter()
if sys.argv[1] == "export":
    from lobterm.session.export import export
    export(opened, out, "parquet")
elif sys.argv[1] == "labels":
    import polars as pl
    from lobterm.session.export import _parquet, _plain
    _parquet((_plain(chunk) for chunk in opened.chunks("labels")), "labels", opened, out)
else:
    from lobterm.session.report.build import report
    report(opened, out, "not asked for")
seconds = time.perf_counter() - started
most = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "rss_mb": int(most.split()[1]) / 1e3}))
"""


def child(what, log, out):
    """Do one thing in a process of its own; return its seconds and its largest memory."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, what, str(log), str(out)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def replays(folder):
    """Return what logging costs a headless replay: medians of turns, and the processor time that engine and writer took."""
    warm.load()
    events = repeated(setup().tape.read(), REPEATED)
    ways = {"none": None, "fills": {"keep": "fills", "columnar": True}, "full": {"columnar": True}, "full, SQLite": {}}
    found = {name: [] for name in ways}
    for turn in range(TURNS):
        for name, how in ways.items():
            log = None if how is None else SessionLog(folder / f"{name}{turn}.sqlite", **how)
            mine, whole = time.thread_time(), time.process_time()
            rate = headless.replay(setup(log), events)["events_per_s"]
            mine, whole = time.thread_time() - mine, time.process_time() - whole
            found[name].append((rate, mine, whole - mine))
            if log:
                log.close()
    keys = ("events_per_s", "engine_thread_s", "writer_thread_s")
    return {
        name: dict(zip(keys, map(statistics.median, zip(*turns, strict=True)), strict=True))
        for name, turns in found.items()
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder, rows = Path(name), real_rows()
        labels = np.tile(rows["labels"], -(-TURN_ROWS // len(rows["labels"])))[:TURN_ROWS]
        said = {
            "known z": float(((labels["valid"] & LabelValid.Z) != 0).mean()),
            "log_rows_per_s": turns(folder, labels),
        }
        said["replay_events_per_s"] = replays(folder)
        for where, columnar in (("SQLite", False), ("part files", True)):
            path = folder / f"large-{columnar}.sqlite"
            rate = large(path, rows, given.rows, columnar=columnar)
            said[f"{given.rows:,} trades in {where}"] = {
                "trades written a second": rate,
                "labels to Parquet": child("labels", path, folder / f"labels-{columnar}.parquet"),
                "whole session exported": child("export", path, folder / f"export-{columnar}"),
                "report": child("report", path, folder / f"{columnar}.html"),
            }
    if given.json:
        json.dump(said, sys.stdout)
        return
    for what, value in said.items():
        print(f"{what}: {json.dumps(value, indent=2) if isinstance(value, dict) else value}")


if __name__ == "__main__":
    main()
