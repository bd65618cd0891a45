"""Seeking in a day: what it takes to stand anywhere on a tape of 150 million events.

    python bench/seek.py [TAPE] [--seeks N] [--set KEY=VALUE] [--json]

Without TAPE a market of 24 hours is simulated, which takes minutes and about a gigabyte of disk. The index is built as the
console builds it, in a thread beside the engine that is moved. Then: random seeks over the whole tape; steps back of every
kind from random places; for a few seeks, everything about the state, and every output row of what follows, held against an
engine that has played there from the beginning. A calm market triggers nothing: `--set exhaustion.lpi_hi=1` and others make it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from lobterm import config, runs, runtime, warm
from lobterm.engine import checkpoint, drive, ordered
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.engine.digest import RowsDigest
from lobterm.models import model
from lobterm.tape import parquet
from lobterm.tape.pages import Pages

DAY_S = 86_400
FOLLOW = 200_000
"""Rows that are played on after a seek and held against a straight run."""
CHECKED = 5
PLACES, STEPS = 12, 12
MODEL = Path(__file__).resolve().parents[1] / "replays" / "demo.model.json"


def say(text):
    print(text, file=sys.stderr, flush=True)


def simulated(path):
    """Write a day of the simulator's market with a bad line."""
    say("simulating a day (minutes)")
    command = ["tape", "simulate", "--scenario", "gap-and-reconnect", "--seed", "5", "--seconds", str(DAY_S)]
    subprocess.run(
        [sys.executable, "-m", "lobterm", *command, "--far-ms", "300", "--out", str(path), "--json"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def timed(work, *given):
    """Return (wall, processor) time in ms: on a machine that others use, the second says what the first would be without."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*given)
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def spread(ms):
    wall, cpu = np.array(ms).T
    return {
        "p50": float(np.percentile(wall, 50)),
        "p99": float(np.percentile(wall, 99)),
        "max": float(wall.max()),
        "cpu_p50": float(np.percentile(cpu, 50)),
        "cpu_p99": float(np.percentile(cpu, 99)),
        "n": len(ms),
    }


def fingerprint(s):
    """Return a digest of everything that a later row can depend on."""
    digest = hashlib.sha256(checkpoint.save(s, checkpoint.Samples()).tobytes())
    for k in range(pr.WINDOWS):
        head = s.window_ints[k]
        n = int(head[ordered.COUNT])
        slots = (int(head[ordered.OLDEST]) - n + np.arange(n)) % int(head[ordered.CAPACITY])
        digest.update(s.window_floats[k][slots].tobytes() + s.window_times[k][slots].tobytes())
    return digest.hexdigest()


def followed(engine, pages, row):
    """Return a digest of every output row of what follows `row`."""
    digest, stop = RowsDigest(), min(row + FOLLOW, pages.total)
    while row < stop:
        events = pages.rows(row, stop)
        for rows in drive.fold(engine, events):
            digest.add(rows)
        row += len(events)
    return digest.hexdigest()


def straight(setup, rows):
    """Play the tape once, from its beginning, and return (state, what follows) by row for the ascending `rows`."""
    engine, pages, found, at = setup.new_engine(), Pages(setup.tape.again(), 0), {}, 0
    for row in rows:
        while at < row:
            events = pages.rows(at, row)
            for _ in drive.fold(engine, events):
                pass
            at += len(events)
        other = drive.Engine(st.copy(engine.state))
        found[row] = fingerprint(engine.state), followed(other, pages, row)
    return found


def identical(setup, replay, rng):
    """Say for how many random seeks state and following rows are those of a straight run."""
    rows = sorted(rng.integers(1, replay.rows_total, CHECKED).tolist())
    expected, pages, same = straight(setup, rows), Pages(setup.tape.again(), 0), 0
    for row in rng.permutation(rows).tolist():
        replay.seek_row(row)
        mine = fingerprint(replay.engine.state), followed(replay.engine, pages, row)
        same += mine == expected[row]
        # the engine has been played on behind the replay's back: let it start the next seek from afar
        replay.source.move_to(replay.rows_total, replay.last_ts)
    return {"checked": len(rows), "same": same}


def steps_back(replay, rng, unit):
    ms = []
    for row in rng.integers(replay.rows_total // 50, replay.rows_total, PLACES).tolist():
        replay.seek_row(row)
        ms += [timed(replay.step_back, unit) for _ in range(STEPS)]
    return ms


def triggers_back(replay):
    replay.seek_row(replay.rows_total)
    return [timed(replay.prev_trigger) for _ in range(min(100, len(replay.seeker.indexer.landings)))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tape", type=Path, nargs="?")
    arguments.add_argument("--seeks", type=int, default=200)
    arguments.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter: lpi.window_s=86400 for a day's windows",
    )
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.tape or Path(folder) / "day.parquet"
        if given.tape is None:
            simulated(path)
        result = measure(path, given.seeks, given.set)
    if given.json:
        json.dump(result, sys.stdout)
        return
    for name, value in result.items():
        if isinstance(value, dict):
            value = "  ".join(
                f"{key} {part:,.1f}" if isinstance(part, float) else f"{key} {part:,}" for key, part in value.items()
            )  # noqa: E501, PLW2901
        print(f"{name:<28}{value:,}" if isinstance(value, int) else f"{name:<28}{value}")


def measure(path, seeks, turned):
    settings = config.load()
    for text in turned:
        settings = settings.with_override(text)
    setup = runs.Setup(parquet.open_tape(path), settings, model.load(MODEL))
    warm.load()
    replay, rng = runtime.Replay(setup), np.random.default_rng(1)
    load_ms, _ = timed(replay.load)
    say("indexing")
    indexed_ms, index_cpu_ms = timed(replay.seeker.indexer.wait, replay.rows_total)
    kept = replay.seeker.checkpoints
    say("seeking")
    times = rng.integers(replay.first_ts, replay.last_ts, seeks).tolist()
    result = {
        "events": replay.rows_total,
        "load_ms": load_ms,
        "index_s": {"wall": indexed_ms / 1e3, "cpu": index_cpu_ms / 1e3},
        "checkpoints": {"n": len(kept), "rows_apart": kept.apart, "mb": kept.nbytes / 1e6},
        "triggers": len(replay.seeker.indexer.landings),
        "gaps": len(replay.overview(100).gaps),
        "seek_ms": spread([timed(replay.seek, ts) for ts in times]),
    }
    for unit in ("event", "trade", "alpha"):
        result[f"back_{unit}_ms"] = spread(steps_back(replay, rng, unit))
    if result["triggers"]:
        result["back_trigger_ms"] = spread(triggers_back(replay))
    result["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    say("holding seeks against a straight run")
    result["identical"] = identical(setup, replay, rng)
    if replay.failure or result["identical"]["same"] != result["identical"]["checked"]:
        say(f"NOT THE SAME: do not believe these figures {replay.failure}")
    replay.close()
    return result


if __name__ == "__main__":
    main()
