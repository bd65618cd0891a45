"""An hour at real rates: does a live session's memory grow? RSS every five seconds into a CSV, and as a plot beside it.

The emulated exchange plays the tape at speed 1, over and over; `lobterm live --headless` follows, folds, logs and records it.
Growth is the difference between the medians of the last and of the second tenth (the first one loads and warms). Run it from
the root.

    python bench/soak.py TAPE [--seconds 3600] [--out soak.csv]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVERY_S = 5.0
PAGE = os.sysconf("SC_PAGE_SIZE")
WIDTH, HEIGHT, EDGE = 800, 240, 40


def rss_mb(pid):
    """Return a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


def plot(samples, path):
    """Write the curve as SVG: memory in MB over minutes, from zero."""
    most_s, most_mb = max(samples[-1][0], 1.0), max(mb for _, mb in samples) * 1.1

    def at(seconds, mb):
        x = EDGE + (WIDTH - 2 * EDGE) * seconds / most_s
        return f"{x:.1f},{HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * mb / most_mb:.1f}"

    points = " ".join(at(*sample) for sample in samples)
    axes = " ".join((at(0, most_mb), at(0, 0), at(most_s, 0)))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<polyline points="{axes}" fill="none" stroke="#888"/>'
        f'<polyline points="{points}" fill="none" stroke="#0072b2" stroke-width="1.5"/>'
        f'<text x="4" y="{EDGE - 10}">{most_mb:.0f} MB</text>'
        f'<text x="{WIDTH - EDGE - 20}" y="{HEIGHT - 12}">{most_s / 60:.0f} min</text></svg>\n'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--out", type=Path, default=Path("soak.csv"))
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lobterm-soak-"))
    lobterm = [sys.executable, "-m", "lobterm"]
    exchange = subprocess.Popen(
        [*lobterm, "emulate", str(arguments.tape), "--loop"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    ws, rest = (exchange.stderr.readline().split()[1] for _ in range(2))
    command = [*lobterm, "live", "BTCUSDT", "--ws", ws, "--rest", rest, "--headless", "--json"]
    command += [
        "--model",
        "replays/demo.model.json",
        "--recordings",
        str(folder / "r"),
        "--sessions",
        str(folder / "log"),
    ]
    live = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    samples, began = [], time.monotonic()
    with arguments.out.open("w") as file:
        file.write("seconds,rss_mb\n")
        while time.monotonic() - began < arguments.seconds and live.poll() is None:
            time.sleep(EVERY_S)
            samples.append((time.monotonic() - began, rss_mb(live.pid)))
            file.write(f"{samples[-1][0]:.1f},{samples[-1][1]:.3f}\n")
            file.flush()
    live.send_signal(signal.SIGINT)
    report = json.loads(live.communicate()[0])
    exchange.send_signal(signal.SIGINT)
    exchange.wait()
    plot(samples, arguments.out.with_suffix(".svg"))
    verify = [*lobterm, "session", "verify", "last", "--log", str(folder / "log"), "--json"]
    verified = json.loads(subprocess.run(verify, capture_output=True, text=True, check=False).stdout)
    tenth = max(1, len(samples) // 10)
    second, last = (statistics.median(mb for _, mb in part) for part in (samples[tenth : 2 * tenth], samples[-tenth:]))
    result = {
        "seconds": samples[-1][0], "rss_mb_second_tenth": second, "rss_mb_last_tenth": last, "growth_mb": last - second,
        "rows": report["symbols"]["BTCUSDT"]["rows"], "frames": sum(s["frames"] for s in report["streams"].values()),
        **{key: report[key] for key in ("gaps", "resyncs", "reconnects", "queue_max", "lost_frames", "loop_lag_ms_p99")},
        **{key: verified[key] for key in ("rows_compared", "rows_differing")},
        "recording_mb": sum(path.stat().st_size for path in (folder / "r").glob("*.zst")) / 1e6,
    }  # fmt: skip
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
