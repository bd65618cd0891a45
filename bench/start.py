"""How long until `lobterm replay` shows something, and until the market moves? Medians of several starts, JIT cache warm.

The command runs in a pseudo-terminal of 200x60. First paint: the first output that names the symbol; moving: the second time that
a clock of the tape is painted with other digits. Beside it, in the same turns, how long Python takes to start and to
import Textual alone, which no console in Textual can be faster than. Modules are compiled before, as an installer or a first
start leaves them, in a folder of the bench's own. `*_cpu_s` is processor time of the whole process: for `moving` that of its
life, from the command to the end of a console that is left as soon as it moves. Run it from the root.

    python bench/start.py TAPE [--rounds 9] [--set KEY=VALUE]
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

from console import HEIGHT, WIDTH, Terminal

CLOCK = re.compile(rb"\d\d:\d\d:\d\d\.\d{3}")
ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
BARE = "from textual.app import App; from textual.widget import Widget; from textual.widgets import Footer"


class Watch(Terminal):
    """A terminal that notes when the symbol was first seen, and when the tape's clock first changed."""

    def __init__(self, fd: int, pid: int) -> None:
        super().__init__(fd, None)
        self.begun, self.pid = time.perf_counter(), pid
        self.first: float | None = None
        self.first_cpu = float("inf")
        self.moving: float | None = None
        self._clocks: set[bytes] = set()

    def look(self, seconds: float) -> None:
        """Read until the market moves, or for so long."""
        while self.moving is None and time.perf_counter() - self.begun < seconds:
            before = self.seen
            self.drain(0.002)
            if self.seen == before:
                continue
            now = time.perf_counter() - self.begun
            if self.first is None and b"BTCUSDT" in self.recent:
                self.first, self.first_cpu = now, used_s(self.pid)
            self._clocks.update(CLOCK.findall(self.recent))
            if len(self._clocks) > 1:
                self.moving = now


def used_s(pid: int) -> float:
    """Return the processor time that a process has used so far, to the nanosecond: `stat` counts hundredths."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def start(command: list[str]) -> tuple[float | None, float, float | None, float]:
    """Run the console until it moves; return seconds to the first paint, until then of processor time, to the first
    movement, and of processor time in all."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(ENVIRONMENT)
        os.execv(sys.executable, command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    terminal = Watch(fd, pid)
    terminal.look(60.0)
    os.write(fd, b"q")
    terminal.drain(10.0)
    used = os.wait4(pid, 0)[2]
    return terminal.first, terminal.first_cpu, terminal.moving, used.ru_utime + used.ru_stime


def bare() -> tuple[float, float]:
    """Import Textual; return seconds and seconds of processor time."""
    begun = time.perf_counter()
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", BARE], os.environ)
    used = os.wait4(pid, 0)[2]
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    log = Path(tempfile.mkdtemp(prefix="lobterm-start-")) / "log.sqlite"
    changes = [word for change in given.set for word in ("--set", change)]
    command = [sys.executable, "-m", "lobterm", "replay", str(given.tape), "--sessions", str(log), *changes]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="lobterm-start-modules-")
    start(command)
    bare()
    names = ("bare_textual_s", "bare_textual_cpu_s", "first_paint_s", "first_paint_cpu_s", "moving_s", "moving_cpu_s")
    figures: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(given.rounds):
        for name, value in zip(names, (*bare(), *start(command)), strict=True):
            figures[name].append(float("inf") if value is None else value)
    for name in ("first_paint", "moving"):
        for unit in ("s", "cpu_s"):
            pairs = zip(figures[f"{name}_{unit}"], figures[f"bare_textual_{unit}"], strict=True)
            figures[f"{name}_{unit}_to_bare"] = [value / beside for value, beside in pairs]
    print(json.dumps({name: round(statistics.median(values), 3) for name, values in figures.items()}))


if __name__ == "__main__":
    main()
