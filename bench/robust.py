"""How long one update and read of the robust z takes, by window: median of five, µs.

python bench/robust.py [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

import numpy as np
from numba import njit

from lobterm.engine import ordered, robust

STEPS = 200_000
ROUNDS = 5
WINDOWS = {"10 min at 250 ms": 2_400, "2 h at 250 ms": 28_800, "24 h at 250 ms": 345_600, "24 h at 100 ms": 864_000}


@njit
def steps(w, values):
    total = 0.0
    for k in range(values.shape[0]):
        ordered.push(w, values[k])
        z, _ = robust.z(w, values[k], 120, 20.0, 1e-9)
        total += z
    return total


@njit
def fill(w, values):
    for k in range(values.shape[0]):
        ordered.push(w, values[k])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", action="store_true")
    as_json = arguments.parse_args().json
    rng = np.random.default_rng(1)
    rare = np.where(rng.random(STEPS) < 0.995, 0.0, rng.lognormal(2, 2, STEPS))
    rows = []
    for name, capacity in WINDOWS.items():
        for kind, stream in (("heavy tails", rng.standard_t(3, STEPS)), ("99.5 % zeros", rare)):
            w = ordered.new_window(capacity)
            fill(w, np.resize(stream, capacity))
            steps(w, stream[:10])
            times = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                steps(w, stream)
                times.append((time.perf_counter() - start) / STEPS * 1e6)
            megabytes = (w.i.nbytes + w.f.nbytes) / 1e6
            rows.append({"name": f"{name}, {kind}", "us_per_step": statistics.median(times), "state_mb": megabytes})
    if as_json:
        json.dump(rows, sys.stdout)
        return
    for row in rows:
        print(f"{row['name']:<36} {row['us_per_step']:8.2f} us  {row['state_mb']:6.1f} MB")


if __name__ == "__main__":
    main()
