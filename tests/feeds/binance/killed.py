"""Kill a recording session at random moments, again and again, and see what is left.

    python -m tests.feeds.binance.killed [--times 200] [--seed 7]

A child records two markets at some 1,000 or 10,000 messages a second, one in two over a UTC midnight, and reports after
every flush how many rows its ring was handed and their digest. It is killed (SIGKILL); then its files must open as they are,
be mended, and read back to a beginning of what it reported, of which nothing older than a second may be missing.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np

from lobterm.errors import InputError
from lobterm.events import EVENT, Market
from lobterm.feeds.binance import replayed
from lobterm.feeds.binance.inbox import DAY_NS, Inbox
from lobterm.feeds.binance.stamp import Stamp
from lobterm.tape.digest import TapeDigest
from lobterm.tape.recording import names
from lobterm.tape.recording.recorder import Recorder
from lobterm.tape.recording.repair import repair
from lobterm.tape.ring import Ring
from lobterm.wire import control
from tests.feeds.binance import feeding as fd

FLUSH_S = 0.005
BORDER_NS = (fd.NS // DAY_NS + 1) * DAY_NS


def record(folder, seed, reports):
    """Record until killed."""
    dice = Random(seed)
    start_ns = BORDER_NS - dice.randrange(3 * 10**9) if seed % 2 else fd.NS
    elapsed_ns = time.monotonic_ns()
    stamp = Stamp(wall_ns=lambda: start_ns, elapsed_ns=lambda: time.monotonic_ns() - elapsed_ns)
    recorder = Recorder(folder, "BTCUSDT", "s", (Market.PERP, Market.SPOT))
    inbox = Inbox(fd.decoder(), Ring(1 << 16), recorder, stamp)
    inbox.begin("s", {"lobterm": "1"})
    inbox.control(control.TradeSource("trade"))
    markets = [fd.Exchange(Market.PERP, dice), fd.Exchange(Market.SPOT, dice)]
    for at in markets:
        inbox.wire(at.market, at.move())
        inbox.wire(at.market, at.snapshot())
    digest, read, busy = TapeDigest(), 0, dice.choice([2, 30])
    while True:
        for _ in range(busy):
            at = dice.choice(markets)
            inbox.wire(at.market, at.move())
            inbox.wire(at.market, at.touch() if dice.random() < 0.9 else dice.choice(fd.GARBAGE[:-1]))
            if dice.random() < 0.2:
                inbox.wire(at.market, at.snapshot())
            inbox.wire(at.market, at.trade())
        handed_ns = time.monotonic_ns()
        inbox.flush()
        rows = inbox.ring.copy(read, inbox.ring.written)
        read = inbox.ring.written
        digest.add(rows)
        os.write(reports, f"{handed_ns} {read} {digest.hexdigest()}\n".encode())
        time.sleep(FLUSH_S)


def reread(paths):
    return np.concatenate([np.zeros(0, EVENT), *replayed.read_recording(paths).chunks])


def prefixes(rows, counts):
    """Return the digests of the first n rows, for rising n."""
    digest, at, found = TapeDigest(), 0, {}
    for count in counts:
        digest.add(rows[at:count])
        at = count
        found[count] = digest.hexdigest()
    return found


def judge(folder, told, killed_ns):
    """Return (seconds lost, bytes cut) of one killed session; raise AssertionError where a promise is broken."""
    paths = [path for path in names.files(folder).values() if path.stat().st_size]
    younger = killed_ns - told[0][0] < 10**9
    try:
        before = len(reread(paths)) if paths else 0
    except InputError:
        assert younger, "does not open before it is mended"
        before = 0
    cut = sum(done.cut_bytes for path in paths[:1] + paths[-1:] for done in repair([path]))
    left = [path for path in names.files(folder).values() if path.stat().st_size]
    rows = reread(left) if len(left) >= 2 else np.zeros(0, EVENT)
    assert len(rows) or younger, "nothing is left"
    counts = sorted({count for _, count, _ in told if count <= len(rows)})
    held = prefixes(rows, counts)
    assert all(held[count] == sha for _, count, sha in told if count in held), "other rows than were handed over"
    assert len(rows) - (counts[-1] if counts else 0) < 4_000, "rows that nobody was handed"
    missing = [handed_ns for handed_ns, count, _ in told if count > len(rows)]
    assert before >= len(rows) or younger
    assert not any(done.cut_bytes for path in left for done in repair([path])), "mended twice"
    return (killed_ns - missing[0]) / 1e9 if missing else 0.0, cut


def kill_once(seed, dice):
    """Run one child and kill it; return (seconds lost, bytes cut)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                record(folder, seed, writing)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as reports:
            first = reports.readline()
            time.sleep(dice.uniform(0.0, 3.5))
            killed_ns = time.monotonic_ns()
            os.kill(child, signal.SIGKILL)
            text = first + reports.read()
        os.waitpid(child, 0)
        told = [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return judge(folder, [(int(ns), int(count), sha) for ns, count, sha in told], killed_ns)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    dice = Random(arguments.seed)
    fd.read(fd.session(1))  # compiled code is loaded once, the children inherit it
    lost, cut, broken = [], [], []
    for k in range(arguments.times):
        try:
            seconds, size = kill_once(arguments.seed + k, dice)
            lost.append(seconds)
            cut.append(size)
        except AssertionError as error:
            broken.append(f"kill {k}: {error}")
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{k + 1} of {arguments.times}")
    print(
        json.dumps(
            {
                "kills": arguments.times,
                "broken": broken,
                "lost_s_median": statistics.median(lost),
                "lost_s_max": max(lost),
                "over_a_second": sum(seconds > 1.0 for seconds in lost),
                "torn": sum(size > 0 for size in cut),
            }
        )
    )
    return 1 if broken or max(lost) > 1.0 else 0


if __name__ == "__main__":
    sys.exit(main())
