"""A key pressed in the console while 20,000 messages a second come in: how long until the screen shows it?

`bench/flood.py`'s sender writes pre-encoded frames; `lobterm live` runs its console in a pseudo-terminal of 200x60, folds, logs
and records; `k` is pressed twice a second, whose effect is the word LOCKED. Afterwards what was sent is counted in the
recording and the session is verified. Run it from the root.

    python bench/flood_console.py TAPE [--rate 20000] [--seconds 60]
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from console import HEIGHT, WIDTH, Terminal, cpu_s
from flood import recorded, usage

FLOOD = Path(__file__).with_name("flood.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    own = [str(arguments.tape), "--rate", str(arguments.rate), "--seconds", str(arguments.seconds)]
    sender = subprocess.Popen([sys.executable, FLOOD, *own, "--send"], stdout=subprocess.PIPE, text=True)
    began = json.loads(sender.stdout.readline())
    os.set_blocking(sender.stdout.fileno(), False)
    folder = Path(tempfile.mkdtemp(prefix="lobterm-flood-"))
    where = ["--ws", f"ws://127.0.0.1:{began['port']}", "--rest", f"http://127.0.0.1:{began['port']}"]
    kept = ["--recordings", str(folder / "r"), "--sessions", str(folder / "log.sqlite")]
    command = [
        sys.executable,
        "-m",
        "lobterm",
        "live",
        "BTCUSDT",
        *where,
        *kept,
        "--model",
        "replays/starter.model.json",
    ]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(sys.executable, command)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    terminal = Terminal(fd, None)
    terminal.drain(90.0, b"rows/s")
    keys, samples, said, lock = [], [], "", True
    while not said:
        pressed = time.perf_counter()
        os.write(fd, b"k")
        if lock:
            came = terminal.drain(3.0, b"LOCKED")
            keys.append(came - pressed if came else 3.0)
        lock = not lock
        terminal.drain(0.5)
        samples.append((time.perf_counter(), cpu_s(pid), usage(pid)[1]))
        said = sender.stdout.readline()
    sent = json.loads(said)
    terminal.drain(1.0)
    os.write(fd, b"q")
    terminal.drain(20.0)
    os.waitpid(pid, 0)
    sender.wait()
    verify = ["-m", "lobterm", "session", "verify", "last", "--log", str(folder / "log.sqlite"), "--json"]
    verified = json.loads(subprocess.run([sys.executable, *verify], capture_output=True, check=False).stdout)
    have = recorded(folder / "r")
    keys.sort()
    flooded = samples[len(samples) // 4 :]
    result = {
        "messages": sum(sent["sent"].values()),
        "seconds": sent["seconds"],
        "sender_cpu_share": sent["cpu_s"] / sent["seconds"],
        "sender_late_ms_p99": sent["late_ms_p99"],
        "lost_from_recording": {
            name: n - have.get(name, 0) for name, n in sent["sent"].items() if have.get(name, 0) != n
        },
        "keys": len(keys),
        "key_to_paint_ms_p50": 1e3 * keys[len(keys) // 2],
        "key_to_paint_ms_p90": 1e3 * keys[len(keys) * 9 // 10],
        "live_cpu_share": (flooded[-1][1] - flooded[0][1]) / (flooded[-1][0] - flooded[0][0]),
        "rss_mb": [round(sample[2] / 1e6) for sample in flooded[:: max(1, len(flooded) // 10)]],
        "verified": {key: verified[key] for key in ("rows_compared", "rows_differing", "rows_not_logged")},
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
