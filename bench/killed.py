"""A whole live session, killed (SIGKILL) at random moments: what is left of its recording and of its log?

An emulated exchange plays the tape; `lobterm live --headless` follows, folds, logs and records it, in a process of its own for
each time. After every kill the log must pass SQLite's integrity check, `lobterm session repair` mends the recording and brings
both to their last common point, nothing older than a second may be missing, and the session is run again from its recording:
no row may differ or be missing. Run it from the root.

    python bench/killed.py TAPE [--times 200] [--seed 7]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from lobterm import cli, warm
from lobterm.errors import LobtermError

LONGEST_S = 4.0


def live(folder, model, ws, rest):
    """Follow the market until killed; never returns."""
    command = ["live", "BTCUSDT", "--ws", ws, "--rest", rest, "--headless", "--json", "--model", model]
    with contextlib.redirect_stdout(io.StringIO()):
        cli.main([*command, "--recordings", str(folder), "--sessions", str(folder / "log.sqlite")])
    os._exit(0)


def said(*command):
    """Run a command of ours in this process; return its exit code and its object."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = cli.main([*command, "--json"])
    return code, json.loads(out.getvalue())


def left(folder, began_s, killed_s):
    """Return (whether something had to be cut, s missing, rows compared, rows added to the log, rows removed from it)."""
    log = str(folder / "log.sqlite")
    with sqlite3.connect(log) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    code, repaired = said("session", "repair", "--log", log)
    assert code == 0, repaired
    (one,) = repaired["cut_off"].values()
    code, verified = said("session", "verify", "last", "--log", log)
    assert code == 0 and verified["rows_differing"] == verified["rows_not_logged"] == 0, verified
    lost_s = killed_s - (one["last_ts_us"] / 1e6 or began_s)
    return one["recording_cut_bytes"] > 0, lost_s, verified["rows_compared"], one["rows_added"], one["rows_removed"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--model", default="replays/starter.model.json")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    dice = Random(arguments.seed)
    warm.load()
    warm.load_decoder()
    exchange = subprocess.Popen(
        [sys.executable, "-m", "lobterm", "emulate", str(arguments.tape), "--loop"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    ws, rest = (exchange.stderr.readline().split()[1] for _ in range(2))
    lost, cuts, compared, added, removed, broken = [], 0, 0, [], [], []
    try:
        for k in range(arguments.times):
            with tempfile.TemporaryDirectory(prefix="lobterm-killed-") as name:
                folder = Path(name)
                pid = os.fork()
                if pid == 0:
                    live(folder, arguments.model, ws, rest)
                until = time.monotonic() + 60
                while not any(path.stat().st_size for path in folder.glob("*.zst")) and time.monotonic() < until:
                    time.sleep(0.01)
                began_s = time.time()
                time.sleep(dice.uniform(0.0, LONGEST_S))
                os.kill(pid, signal.SIGKILL)
                killed_s = time.time()
                os.waitpid(pid, 0)
                try:
                    cut, missing_s, rows, more, fewer = left(folder, began_s, killed_s)
                except (LobtermError, AssertionError, sqlite3.Error) as error:
                    broken.append(f"{k}: {type(error).__name__}: {error}")
                    continue
                cuts, compared = cuts + cut, compared + rows
                lost.append(missing_s)
                added.append(more)
                removed.append(fewer)
    finally:
        exchange.send_signal(signal.SIGINT)
        exchange.wait(30)
    print(f"{arguments.times} kills, {len(broken)} broken, {cuts} recordings torn and mended")
    print(f"lost s: median {statistics.median(lost):.2f}, most {max(lost):.2f}")
    print(f"log rows compared {compared:,}; added {sum(added):,}, removed {sum(removed):,} to meet the recording")
    print(*broken, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
