"""The session log read in a process of its own: what reading and drawing of samples cost never holds up a screen or an engine.

A thread would not do: loading the statistics alone holds Python's lock for a third of a second.
"""

from __future__ import annotations

import selectors
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from lobterm.errors import LobtermError
from lobterm.session.reading import Reading

LOOK_S = 0.2
MOST = 1 << 26
"""Bytes that a reading has at most; a real one has a few hundred thousand."""


def read(path: Path, wanted: str, progress: Callable[[int], None]) -> Reading:
    """Read one session by id. `progress` is told a few times a second how many trades were read, and may raise to give up."""
    command = [sys.executable, "-m", "lobterm.session.review", str(path), wanted]
    done = 0
    with (
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        ) as child,
        selectors.DefaultSelector() as ready,
    ):
        assert child.stdout is not None and child.stderr is not None
        ready.register(child.stdout, selectors.EVENT_READ)
        try:
            while True:
                while not ready.select(LOOK_S):
                    progress(done)
                told = msgspec.msgpack.decode(_message(child.stdout, child.stderr), type=int | str | Reading)
                if isinstance(told, Reading):
                    return told
                if isinstance(told, str):
                    raise LobtermError(told)
                done = told
                progress(done)
        finally:
            child.kill()


def _message(out: IO[bytes], err: IO[bytes]) -> bytes:
    """Return one message; raise LobtermError with the child's last words if it ended without one."""
    size = int.from_bytes(_whole(out, 4), "little")
    text = _whole(out, size) if 0 < size <= MOST else b""
    if not text:
        words = err.read().decode(errors="replace").strip().splitlines()
        raise LobtermError(f"the session log could not be read: {words[-1] if words else 'its reader ended'}")
    return text


def _whole(out: IO[bytes], size: int) -> bytes:
    found = b""
    while len(found) < size and (part := out.read(size - len(found))):
        found += part
    return found if len(found) == size else b""
