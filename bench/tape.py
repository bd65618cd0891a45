"""How fast tapes are written, read, merged and verified, and how large they are.

    python bench/tape.py [TAPE] [--rows N] [--json]

Without TAPE the rows come from the simulator. Best and median of three; rows a second on one core.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from lobterm.tape import parquet
from lobterm.tape.merge import merge
from lobterm.tape.verify import verify

RUNS = 3


def rates(rows, work):
    """Return (best, median) rows a second."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return {"best_rows_per_s": rows / min(seconds), "median_rows_per_s": rows / statistics.median(seconds)}


def repeated(rows, wanted):
    """Return `wanted` rows: the tape again and again, later each time."""
    span = int(rows["ts"][-1] - rows["ts"][0]) + 1
    parts = []
    for i in range(-(-wanted // len(rows))):
        part = rows.copy()
        part["ts"] += i * span
        part["exch_ts"] = np.where(part["exch_ts"] > 0, part["exch_ts"] + i * span, 0)
        parts.append(part)
    return np.concatenate(parts)[:wanted]


def source(path):
    """Return a tape's rows and instruments, or simulated ones."""
    if path:
        tape = parquet.open_tape(path)
        return tape.read(), tape.meta.instruments
    from lobterm.simulator.simple import PERP, simulate

    return simulate(seed=7, seconds=300), (PERP,)


def measure(path, wanted):
    """Return all figures."""
    rows, instruments = source(path)
    rows = repeated(rows, wanted)
    kinds = {int(i.market): "T" for i in instruments}
    chunks = [rows[at : at + 65_536] for at in range(0, len(rows), 65_536)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bench.parquet"
        write = rates(len(rows), lambda: parquet.write_tape(out, instruments, chunks, exch_ts_kind=kinds))
        tape = parquet.open_tape(out)
        verify(tape)
        return {
            "rows": len(rows),
            "bytes_per_row": out.stat().st_size / len(rows),
            "write": write,
            "read": rates(len(rows), tape.read),
            "verify": rates(len(rows), lambda: verify(tape)),
            "merge_two": rates(2 * len(rows), lambda: [len(part) for part in merge([chunks, chunks])]),
        }


def main():
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", nargs="?", type=Path)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = measure(arguments.tape, arguments.rows)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{result['rows']:,} rows, {result['bytes_per_row']:.2f} bytes a row")
    for name in ("write", "read", "verify", "merge_two"):
        figures = result[name]
        print(
            f"{name:10} best {figures['best_rows_per_s']:>14,.0f} rows/s"
            f"   median {figures['median_rows_per_s']:>14,.0f} rows/s"
        )


if __name__ == "__main__":
    main()
