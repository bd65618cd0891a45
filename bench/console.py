"""What the console costs, in a real pseudo-terminal of 200x60.

    python bench/console.py TAPE [--model FILE] [--seconds 12] [--screen 1] [--only NAME] [--json]

A child runs the console on TAPE; the parent is the terminal: it drains the output (all of it, or so many bytes a second),
answers the query for synchronised output, and presses `k`, whose effect is the word LOCKED. CPU is of one core, of the whole
process, the engine included. A frame is what the app builds and then what Textual composes for it, each in CPU time of the
thread that does it: on a shared machine the wall says more about the neighbours.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

WIDTH, HEIGHT = 200, 60
CASES = {
    "20 Hz, 10x": {"fps": 20, "speed": 10.0},
    "60 Hz, 10x": {"fps": 60, "speed": 10.0},
    "20 Hz, 10x, terminal at 0.2 MB/s": {"fps": 20, "speed": 10.0, "drain": 200_000},
    "paused": {"fps": 20, "speed": 10.0, "paused": True},
    "paused, no key": {"fps": 20, "speed": 10.0, "paused": True, "keys": False},
    "max": {"fps": 20, "speed": float("inf")},
}


def child(given: argparse.Namespace, case: dict, report: Path) -> None:
    """Run the console and write what its frames took."""
    os.environ["TEXTUAL_FPS"] = "120"
    from textual.screen import Screen

    from lobterm import config, runs, runtime
    from lobterm.app.app import LobtermApp
    from lobterm.models import model
    from lobterm.session.log import SessionLog
    from lobterm.tape import parquet

    tape = parquet.open_tape(given.tape)
    path = given.model or runs.model_beside(given.tape)
    log = SessionLog(report.with_suffix(".sqlite")) if given.log else None
    setup = runs.Setup(tape, config.load(), model.load(path) if path else None, log)
    at = tape.meta.first_ts_us + int(given.at * 1e6)
    console = runtime.Replay(setup, at=None if case["speed"] == float("inf") else at)
    console.clock.speed = case["speed"]
    builds: list[float] = []
    composed: list[float] = []
    folded: list[tuple[float, int]] = []

    paint, update = LobtermApp.paint, Screen._on_timer_update

    def timed_paint(self: LobtermApp) -> None:
        start = time.thread_time()
        paint(self)
        if console.ready:
            builds.append(time.thread_time() - start)
            folded.append((time.perf_counter(), console.position_rows))

    def timed_update(self: Screen) -> None:
        start = time.thread_time()
        update(self)
        spent = time.thread_time() - start
        if spent > 1e-4 and console.ready:
            composed.append(spent)

    LobtermApp.paint, Screen._on_timer_update = timed_paint, timed_update
    app = LobtermApp(console, play=not case.get("paused"), fps=case["fps"])
    app.run()
    report.write_text(
        json.dumps({"builds": builds, "composed": composed, "folded": folded, "rows": console.rows_total})
    )
    os._exit(0)


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Terminal:
    """The parent's end: reads at a rate, and knows what was seen when."""

    def __init__(self, fd: int, rate: int | None) -> None:
        self.fd, self.rate, self.seen = fd, rate, 0
        self.tail = self.recent = b""
        self.allowance, self.last = 0.0, time.perf_counter()

    def drain(self, seconds: float, until: bytes | None = None) -> float | None:
        """Read for so long, or until some bytes come; return when they came."""
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            if self.rate is not None:
                self.allowance = min(4096.0, self.allowance + (now - self.last) * self.rate)
                self.last = now
                if self.allowance < 512:
                    time.sleep(0.001)
                    continue
            if not select.select([self.fd], [], [], min(0.01, end - now))[0]:
                continue
            try:
                data = os.read(self.fd, 65_536 if self.rate is None else int(self.allowance))
            except OSError:  # the child has closed its end
                return None
            self.allowance -= len(data)
            self.seen += len(data)
            self.tail = self.tail[-64:] + data
            self.recent = (self.recent + data)[-200_000:]
            if b"\x1b[?2026$p" in self.tail:
                os.write(self.fd, b"\x1b[?2026;1$y")
            if until is not None and until in self.tail:
                return time.perf_counter()
        return None


def run(given: argparse.Namespace, name: str) -> dict:
    """Run one case and return its figures."""
    case = CASES[name]
    report = Path(tempfile.mkdtemp()) / "frames.json"
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        child(given, case, report)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    terminal = Terminal(fd, case.get("drain"))
    terminal.drain(90.0, b"rows/s")  # the header says it once the engine is loaded
    terminal.drain(3.0)
    if given.screen != "1":
        os.write(fd, given.screen.encode())
        terminal.drain(2.0)
    start_cpu, start, start_bytes = cpu_s(pid), time.perf_counter(), terminal.seen
    windows: list[float] = []
    keys: list[float] = []
    lock = True
    while time.perf_counter() - start < given.seconds:
        before, then = cpu_s(pid), time.perf_counter()
        if given.screen == "1" and case.get("keys", True):
            pressed = time.perf_counter()
            os.write(fd, b"k")
            if lock:
                came = terminal.drain(3.0, b"LOCKED")
                keys += [came - pressed] if came else []
            lock = not lock
        terminal.drain(0.47)
        windows.append((cpu_s(pid) - before) / (time.perf_counter() - then))
    used, wall = cpu_s(pid) - start_cpu, time.perf_counter() - start
    sent = terminal.seen - start_bytes
    os.write(fd, b"q")
    terminal.rate = None
    terminal.drain(3.0)
    os.waitpid(pid, 0)
    told = json.loads(report.read_text())
    steady = len(told["builds"]) // 3
    builds, composed = sorted(told["builds"][steady:]), sorted(told["composed"][len(told["composed"]) // 3 :])
    folded = told["folded"]
    playing = [(t, rows) for t, rows in folded if rows < told["rows"]]
    rate = (playing[-1][1] - playing[0][1]) / (playing[-1][0] - playing[0][0]) if len(playing) > 2 else None

    def at(values: list[float], share: float) -> float | None:
        return round(1e3 * values[min(len(values) - 1, int(share * len(values)))], 2) if values else None

    return {
        "case": name,
        "cpu_percent": round(100 * used / wall, 1),
        "cpu_percent_worst_half_second": round(100 * max(windows), 1),
        "frames_per_s": round(len(folded) / (folded[-1][0] - folded[0][0]), 1) if len(folded) > 1 else None,
        "build_ms_p50": at(builds, 0.5), "build_ms_p99": at(builds, 0.99),
        "compose_ms_p50": at(composed, 0.5), "compose_ms_p99": at(composed, 0.99),
        "key_to_paint_ms_p50": at(sorted(keys), 0.5), "key_to_paint_ms_p90": at(sorted(keys), 0.9), "keys": len(keys),
        "kb_per_s": round(sent / wall / 1e3, 1),
        "rows_per_s": round(rate) if rate else None,
        "half_seconds": len(windows), "median_half_second_cpu_percent": round(100 * statistics.median(windows), 1),
        "worst_ten_seconds_cpu_percent": over(windows, 10, max), "median_minute_cpu_percent": over(windows, 60, statistics.median),
    }  # fmt: skip


def over(windows: list[float], seconds: int, pick: Callable[[list[float]], float]) -> float | None:
    """Return the one that `pick` picks of the means over all stretches of so many seconds; None if there is none that long."""
    n = 2 * seconds
    means = [statistics.fmean(windows[i : i + n]) for i in range(len(windows) - n + 1)]
    return round(100 * pick(means), 1) if means else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--at", type=float, default=480.0, help="seconds into the tape (default 480)")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--screen", default="1", choices=("1", "2", "3", "6"))
    parser.add_argument("--log", action="store_true", help="with the full session log")
    parser.add_argument("--only", choices=tuple(CASES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for name in [given.only] if given.only else CASES:
        figures = run(given, name)
        sys.stdout.write(
            json.dumps(figures) + "\n" if given.json else "\n".join(f"{k:32} {v}" for k, v in figures.items()) + "\n\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
