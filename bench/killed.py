"""A whole live session, killed (SIGKILL) at random moments: what is left of its recording and of its log?

An emulated exchange plays the tape; `lobterm live --headless` follows, folds, logs and records it, in a process of its own for
each time. After every kill the recording is mended and read, nothing older than a second may be missing, the log must pass
SQLite's integrity check, and the session is run again from its recording: no row may differ. Run it from the root.

    python bench/killed.py TAPE [--times 200] [--seed 7]
"""

from __future__ import annotations

import argparse
import contextlib
import io
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

from lobterm import cli, verify_session, warm
from lobterm.errors import LobtermError
from lobterm.feeds.binance.replayed import read_recording
from lobterm.tape.recording import names
from lobterm.tape.recording.repair import repair

LONGEST_S = 4.0


def live(folder, model, ws, rest):
    """Follow the market until killed; never returns."""
    command = ["live", "BTCUSDT", "--ws", ws, "--rest", rest, "--headless", "--json", "--model", model]
    with contextlib.redirect_stdout(io.StringIO()):
        cli.main([*command, "--recordings", str(folder), "--sessions", str(folder / "log.sqlite")])
    os._exit(0)


def left(folder, killed_s):
    """Return (whether something had to be cut, s missing, rows compared, rows differing, rows not logged) of a session."""
    paths = list(names.files(folder).values())
    mended = repair(paths)
    last_us = 0
    for chunk in read_recording(paths).chunks:
        last_us = int(chunk["ts"][-1]) if len(chunk) else last_us
    with sqlite3.connect(folder / "log.sqlite") as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    found = verify_session.verify(folder / "log.sqlite", "last")
    cut = any(done.cut_bytes for done in mended)
    lost_s = killed_s - last_us / 1e6 if last_us else 0.0
    return cut, lost_s, found["rows_compared"], found["rows_differing"], found["rows_not_logged"]


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
    lost, cuts, compared, differing, behind, broken, empty = [], 0, 0, 0, [], [], 0
    try:
        for k in range(arguments.times):
            with tempfile.TemporaryDirectory(prefix="lobterm-killed-") as name:
                folder = Path(name)
                pid = os.fork()
                if pid == 0:
                    live(folder, arguments.model, ws, rest)
                until = time.monotonic() + 60
                while not any(folder.glob("*.zst")) and time.monotonic() < until:
                    time.sleep(0.01)
                time.sleep(dice.uniform(0.0, LONGEST_S))
                os.kill(pid, signal.SIGKILL)
                killed_s = time.time()
                os.waitpid(pid, 0)
                try:
                    cut, missing_s, rows, wrong, not_logged = left(folder, killed_s)
                except (LobtermError, AssertionError, sqlite3.Error) as error:
                    broken.append(f"{k}: {type(error).__name__}: {error}")
                    continue
                cuts, compared, differing = cuts + cut, compared + rows, differing + wrong
                empty += missing_s == 0.0
                lost.append(missing_s)
                behind.append(not_logged)
                if wrong:
                    broken.append(f"{k}: {wrong} rows differ")
    finally:
        exchange.send_signal(signal.SIGINT)
        exchange.wait(30)
    print(f"{arguments.times} kills, {len(broken)} broken, {cuts} torn and mended, {empty} before the first row")
    print(f"lost s: median {statistics.median(lost):.2f}, most {max(lost):.2f}")
    print(f"rows compared {compared:,}, differing {differing}; not logged yet: median {statistics.median(behind):.0f}")
    print(*broken, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
