"""How long until `lobterm replay` shows something, and until the market moves? Medians of several starts, JIT cache warm.

The command runs in a pseudo-terminal of 200x60. First paint: the first output that names the symbol; moving: the second time that
a clock of the tape is painted with other digits. Beside it, in the same turns, how long Python takes to start and to
import Textual alone, which no console in Textual can be faster than. Run it from the root.

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
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from console import HEIGHT, WIDTH, Terminal

CLOCK = re.compile(rb"\d\d:\d\d:\d\d\.\d{3}")
BARE = "from textual.app import App; from textual.widget import Widget; from textual.widgets import Footer"


class Watch(Terminal):
    """A terminal that notes when the symbol was first seen, and when the tape's clock first changed."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd, None)
        self.begun = time.perf_counter()
        self.first: float | None = None
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
                self.first = now
            self._clocks.update(CLOCK.findall(self.recent))
            if len(self._clocks) > 1:
                self.moving = now


def start(command: list[str]) -> tuple[float | None, float | None]:
    """Run the console until it moves; return seconds to the first paint and to the first movement."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(sys.executable, command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    terminal = Watch(fd)
    terminal.look(60.0)
    os.write(fd, b"q")
    terminal.drain(10.0)
    os.waitpid(pid, 0)
    return terminal.first, terminal.moving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    log = Path(tempfile.mkdtemp(prefix="lobterm-start-")) / "log.sqlite"
    changes = [word for change in given.set for word in ("--set", change)]
    command = [sys.executable, "-m", "lobterm", "replay", str(given.tape), "--sessions", str(log), *changes]
    start(command)
    bare, first, moving = [], [], []
    for _ in range(given.rounds):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", BARE], check=True)
        bare.append(time.perf_counter() - begun)
        painted, moved = start(command)
        first.append(painted or float("inf"))
        moving.append(moved or float("inf"))
    figures = {"bare_textual_s": bare, "first_paint_s": first, "moving_s": moving}
    print(json.dumps({name: round(statistics.median(values), 3) for name, values in figures.items()}))


if __name__ == "__main__":
    main()
