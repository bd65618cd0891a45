"""A terminal that goes away, or a process that is asked to end: the session ends in order and everything is kept."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lobterm.app.terminal import Output, hung_up

ROOT = Path(__file__).resolve().parents[2]
FAKE = """
import gc
import sys
from pathlib import Path
from lobterm import app
from tests.app.fake import FakeConsole

class Kept(FakeConsole):
    def close(self):
        Path(sys.argv[1]).write_text("kept")

code = app.run(Kept(), play=len(sys.argv) == 2)
sys.exit("what the console was made of stays in memory" if gc.get_freeze_count() else code)
"""
LIMIT_S = 120
"""Only so that a failure ends: nothing here hangs on how fast anything is."""


class Terminal:
    """One end of a pseudo-terminal, a process at the other; without a controlling terminal no signal tells of a hang-up."""

    def __init__(self, command: list[str]) -> None:
        self.fd, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, cwd=ROOT, env=environment, start_new_session=True
        )
        os.close(other)

    def read_until(self, word: bytes) -> bytes:
        seen = b""
        while word not in seen:
            seen += os.read(self.fd, 65_536)
        return seen

    def rest(self) -> bytes:
        seen = b""
        with suppress(OSError):  # the other end is closed
            while data := os.read(self.fd, 65_536):
                seen += data
        return seen


@pytest.fixture
def started() -> Iterator:
    open_terminals = []

    def start(*command: str) -> Terminal:
        open_terminals.append(Terminal([sys.executable, *command]))
        return open_terminals[-1]

    yield start
    for terminal in open_terminals:
        terminal.process.kill()
        terminal.process.wait()
        with suppress(OSError):
            os.close(terminal.fd)


@pytest.mark.parametrize(("word", "arguments"), [(b"PLAYING", []), (b"PAUSED", ["paused"])])
def test_a_terminal_that_hangs_up_ends_the_session(started, tmp_path, word, arguments):
    terminal = started("-c", FAKE, str(tmp_path / "closed"), *arguments)
    terminal.read_until(word)
    os.close(terminal.fd)
    assert terminal.process.wait(LIMIT_S) == 130
    assert (tmp_path / "closed").read_text() == "kept"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_process_that_is_asked_to_end_gives_the_terminal_back(started, tmp_path, number):
    terminal = started("-c", FAKE, str(tmp_path / "closed"))
    terminal.read_until(b"PLAYING")
    terminal.process.send_signal(number)
    assert b"\x1b[?1049l" in terminal.rest()
    assert terminal.process.wait(LIMIT_S) == 130
    assert (tmp_path / "closed").read_text() == "kept"


def test_what_was_logged_before_the_terminal_hung_up_is_kept(started, tmp_path):
    log = tmp_path / "sessions.sqlite"
    demo = str(ROOT / "replays" / "demo.parquet")
    terminal = started("-m", "lobterm", "replay", demo, "--sessions", str(log), "--speed", "max")
    terminal.read_until(b"END OF TAPE")
    os.close(terminal.fd)
    assert terminal.process.wait(LIMIT_S) == 130
    listed = subprocess.run(
        [sys.executable, "-m", "lobterm", "session", "list", "--log", str(log), "--json"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    told = json.loads(listed.stdout)
    session = told["sessions"][0]
    assert session["ended_us"] and session["summary"]["stretches"] == [[0, session["summary"]["events"]]]


def test_a_writer_goes_on_into_the_void_and_only_there(tmp_path):
    class Broken:
        def __init__(self, number: int) -> None:
            self.number, self.calls = number, 0

        def write(self, text: str) -> int:
            self.calls += 1
            raise OSError(self.number, "")

    stream = Broken(errno.EIO)
    output = Output(stream)
    assert (output.write("ab"), output.write("c")) == (2, 1)
    output.flush()
    assert output.gone and stream.calls == 1
    with pytest.raises(OSError):
        Output(Broken(errno.ENOSPC)).write("x")


def test_a_file_is_no_terminal_that_hung_up(tmp_path):
    with (tmp_path / "file").open("w") as file:
        assert not hung_up(file.fileno())
    ours, other = pty.openpty()
    assert not hung_up(other)
    os.close(ours)
    assert hung_up(other)
    os.close(other)
