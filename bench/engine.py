"""The engine beside hftbacktest on the same tape, in one run: medians of rounds that take turns.

    python bench/engine.py [--data FOLDER] [--rows N] [--rounds N] [--json]

FOLDER holds the real recording (or LOBTERM_BENCH_DATA names it); without one the simulator's market is used and the output
says so. hftbacktest runs in an environment of its own, bench/.peers, that `make bench` builds. One warm-up, then every
round runs each part once, so that noise on the machine hits all alike. `ratio` is against hftbacktest's maker.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from engine_tape import make
from numba import njit

from lobterm.engine import book as bk
from lobterm.engine import carry, drive
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.events import Flag, Kind, empty
from lobterm.session.log import SessionLog
from lobterm.tape.importers.npz import export_npz

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers" / "bin" / "python"
CHUNK = 65_536
AGAINST = "hftbacktest, 1x1 maker every 200 ms"
ROI = 0.1
"""Share of mid that hftbacktest's price window and the bare array reach to each side."""
TICKS_TIMED = 20_000


DAY_S = 86_400
LOGGED = "output rows: filled in tables and drained, not kept"
_warm = {}


def parameters():
    """Return the full engine's parameters: both ladders, and z over a day."""
    values = pm.defaults()
    values[pm.WINDOW_S] = DAY_S
    return values


def warm_state(tape):
    """Return the state before the tape with every window of a day full: the tape's own samples, over and over."""
    if not _warm:
        engine = drive.start(tape.instrument, parameters(), *tape.model, capacity=CHUNK // 4)
        folded(tape, tape.rows[: min(len(tape.rows), 2_000_000)], engine)
        rows = carry.samples(engine.state, int(tape.rows["ts"][0]))
        full = round(DAY_S * 1e6 / pm.defaults()[pm.ALPHA_TICK_US])
        parts = [rows[rows["qty"] == which] for which in np.unique(rows["qty"])]
        parts = [np.resize(part, full) if len(part) > 1 else part for part in parts]
        engine = drive.start(tape.instrument, parameters(), *tape.model, capacity=CHUNK // 4)
        folded(tape, np.concatenate(parts), engine)
        _warm["state"] = engine.state
    return _warm["state"]


def new_engine(tape):
    """Return the full engine as the bench runs it: parameters, model, windows warm over a day."""
    return drive.Engine(st.copy(warm_state(tape)), CHUNK // 4)


def state_bytes(tape):
    """Return what the state takes in memory, windows of a day at 250 ms included."""
    return sum(array.nbytes for array in warm_state(tape))


def folded(tape, rows, engine=None):
    """Fold all rows; return seconds and how many output rows there were."""
    engine = engine or new_engine(tape)
    out, started = 0, time.perf_counter()
    for at in range(0, len(rows), CHUNK):
        for tables in drive.fold(engine, rows[at : at + CHUNK]):
            out += sum(map(len, tables.values()))
    return time.perf_counter() - started, out


def logged(tape, rows):
    """Fold all rows with every output row in the session log; return seconds, the last commit included, and the rows."""
    engine, out = new_engine(tape), 0
    with tempfile.TemporaryDirectory() as folder, SessionLog(Path(folder) / "s.sqlite") as log:
        log.begin({"tape": "bench", "params": [], "versions": {}})
        started = time.perf_counter()
        for at in range(0, len(rows), CHUNK):
            for tables in drive.fold(engine, rows[at : at + CHUNK]):
                out += sum(map(len, tables.values()))
                log.write(tables)
        log.flush()
        return time.perf_counter() - started, out


@njit
def bare(rows, base, levels):
    """Set the size of every level in a dense array, and nothing else."""
    for i in range(rows.shape[0]):
        row = rows[i]
        if row.kind == 1:
            at = row.px - base
            if 0 <= at < levels.shape[1]:
                levels[0 if row.side > 0 else 1, at] = row.qty


def bare_seconds(rows, low, high):
    levels = np.zeros((2, high - low), np.int64)
    started = time.perf_counter()
    bare(rows, low, levels)
    return time.perf_counter() - started, 0


def alpha_tick_us(tape):
    """Return µs of one alpha tick: a warm engine is led through a lull, in which nothing else is due."""
    engine = new_engine(tape)
    folded(tape, tape.rows[: min(len(tape.rows), 1_000_000)], engine)
    params = engine.state.params
    period = int(params[pm.ALPHA_TICK_US])
    params[pm.MAX_SILENCE_US], params[pm.REQUOTE_US] = pm.HIGH[pm.MAX_SILENCE_US], pm.HIGH[pm.REQUOTE_US]
    beats = empty(TICKS_TIMED)
    beats["kind"], beats["flags"] = Kind.HEARTBEAT, Flag.LAST
    beats["ts"] = engine.state.clock[st.NOW] + period * np.arange(1, TICKS_TIMED + 1)
    before = int(engine.state.counts[st.ALPHA_TICKS])
    seconds, _ = folded(tape, beats, engine)
    return 1e6 * seconds / (int(engine.state.counts[st.ALPHA_TICKS]) - before)


class Peers:
    """hftbacktest in its own process; it sleeps while ours runs. `touch` is the best bid and ask it ended with."""

    def __init__(self, tape, folder):
        self.npz, setup = folder / "tape.npz", folder / "setup.json"
        self.given = export_npz(tape.shared, tape.instrument, self.npz)
        low, high = window(tape)
        p, i = pm.defaults(), tape.instrument
        setup.write_text(
            json.dumps(
                {
                    "tick": i.tick,
                    "lot": i.lot,
                    "low": low * i.tick,
                    "high": high * i.tick,
                    "latency_ns": int(p[pm.ORDER_LATENCY_US]) * 1000,
                    "fee": p[pm.MAKER_FEE_BPS] * 1e-4,
                    "half_spread": p[pm.W_BASE_BPS] * 1e-4 / 2,
                    "size": p[pm.SIZE_BASE],
                    "most": p[pm.MAX_INVENTORY],
                }
            )
        )
        command = [PEERS, HERE / "peers.py", self.npz, setup]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench/peers.py: hftbacktest died; its own words stand above")
        return json.loads(line)

    def run(self, name):
        """Return seconds and the number of fills."""
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.touch = answer["bid"], answer["ask"]
        return answer["seconds"], answer["fills"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def window(tape):
    """Return the ticks between which dense arrays keep levels."""
    mid = int(np.median(tape.rows["px"][tape.rows["kind"] == Kind.TRADE]))
    return int(mid * (1 - ROI)), int(mid * (1 + ROI))


def same_book(tape, touch):
    """Say whether the engine's own book ends at hftbacktest's touch: both were given the same levels."""
    engine = new_engine(tape)
    folded(tape, tape.shared, engine)
    mine = bk.best(engine.state.book, 1), -bk.best(engine.state.book, -1)
    return mine == tuple(round(px / tape.instrument.tick) for px in touch)


def say(words):
    print(words, file=sys.stderr, flush=True)


def measure(tape, rounds):
    """Return the result rows and the remarks that belong beside them."""
    shared, (low, high) = tape.shared, window(tape)
    with tempfile.TemporaryDirectory() as folder:
        peers = Peers(tape, Path(folder))
        parts = [
            ("lobterm, full engine", tape.rows, LOGGED, lambda: folded(tape, tape.rows)),
            ("lobterm, full engine, only the rows hftbacktest gets", shared, LOGGED, lambda: folded(tape, shared)),
            (
                "lobterm, full engine and session log",
                tape.rows,
                "output rows: in SQLite, synchronous=FULL, by a second thread",
                lambda: logged(tape, tape.rows),
            ),
            ("hftbacktest, no strategy, elapse 100 ms", shared, "nothing; fills", lambda: peers.run("idle")),
            (AGAINST, shared, "nothing; fills", lambda: peers.run("maker")),
            ("bare loop: levels into an array", shared, "nothing", lambda: bare_seconds(shared, low, high)),
        ]
        times = {name: [] for name, *_ in parts}
        made = {}
        for turn in range(rounds + 1):
            for name, rows, _, work in parts:
                seconds, made[name] = work()
                say(f"{'warm-up' if turn == 0 else f'round {turn}'}: {name}: {len(rows) / seconds / 1e6:.2f} M/s")
                if turn:
                    times[name].append(seconds)
        peers.close()
    middle = {name: statistics.median(seconds) for name, seconds in times.items()}
    speed = {name: len(rows) / middle[name] for name, rows, *_ in parts}
    results = [
        {
            "name": name,
            "events_per_s": speed[name],
            "ratio": speed[name] / speed[AGAINST],
            "rows": len(rows),
            "seconds": middle[name],
            "ns_per_row": 1e9 / speed[name],
            "market_s_per_s": tape.seconds / middle[name],
            "logged": log,
            "made": made[name],
        }
        for name, rows, log, _ in parts
    ]
    return results, remarks(tape, peers)


def remarks(tape, peers):
    """Return what a reader must know to compare the rows."""
    rows, shared = tape.rows, tape.shared
    low, high = window(tape)
    book = rows[rows["kind"] == Kind.BOOK]
    outside = float(((book["px"] < low) | (book["px"] >= high)).mean())
    counted = {kind.name: int((rows["kind"] == kind).sum()) for kind in Kind}
    kinds = ", ".join(f"{n:,} {name}" for name, n in counted.items() if n)
    return [
        f"tape: {tape.source}; {len(rows):,} rows, {tape.seconds:,.0f} s of market, {len(rows) / tape.seconds:,.0f} rows/s, "
        f"{100 * counted['TRADE'] / len(rows):.1f} % trades ({kinds})",
        f"hftbacktest gets the {len(shared):,} book and trade rows; it has no events for the rest",
        f"its array has {peers.given:,} events: {peers.given - len(shared):,} that arrived behind a younger one stand twice, "
        "once for its exchange and once for its local book; speed counts each row once",
        f"levels kept by it and by the bare loop: within {ROI:.0%} of mid, {outside:.1%} of book rows lie outside; "
        "the engine keeps all",
        f"both books end at the same touch: {'yes' if same_book(tape, peers.touch) else 'NO, do not believe these figures'}",
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, help="folder of real recordings (or LOBTERM_BENCH_DATA)")
    arguments.add_argument("--rows", type=int, default=5_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    if not PEERS.is_file():
        sys.exit("bench/.peers: hftbacktest's environment is missing; build it with `make bench/.peers/.ready`")
    data = given.data or (Path(os.environ["LOBTERM_BENCH_DATA"]) if os.environ.get("LOBTERM_BENCH_DATA") else None)
    say("making the tape")
    tape = make(data, given.rows)
    results, notes = measure(tape, given.rounds)
    tick_us = alpha_tick_us(tape)
    if given.json:
        json.dump([*results, {"name": "alpha tick", "us": tick_us, "state_bytes": state_bytes(tape)}], sys.stdout)
        print("\n".join(notes), file=sys.stderr)
        return
    print("\n".join(notes))
    print(f"\n{'what':<54}{'rows':>11}{'M rows/s':>10}{'ratio':>7}{'ns/row':>8}  logged")
    for r in results:
        print(
            f"{r['name']:<54}{r['rows']:>11,}{r['events_per_s'] / 1e6:>10.2f}{r['ratio']:>7.2f}{r['ns_per_row']:>8.1f}  "
            f"{r['logged']} ({r['made']:,})"
        )
    print(f"\nalpha tick, quiet book, windows of a day: {tick_us:.2f} µs; state: {state_bytes(tape) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
