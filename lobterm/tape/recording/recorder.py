"""The recorder: lines to compressed files, safe on disk every second, in a thread of its own that nobody waits for.

What: one file a market and UTC day. A beat ends a compressed frame in each file and brings it to disk, so that whatever
happens, all but the last second can be read. If the disk is full, fails, or falls too far behind, recording stops with a
word (`status().failure`), what was written stays whole, and the caller goes on.
Source: DESIGN §5. Units: bytes; wall and monotonic µs where named.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import zstandard

from lobterm.errors import InputError
from lobterm.events import Market
from lobterm.tape.recording import locks
from lobterm.tape.recording.names import RecordingName, checked

LEVEL = 3
MOST_WAITING = 256 << 20
"""Bytes that may wait for a slow disk: about a minute of the busiest market."""
LONGEST_S = 1.0
"""What was taken is written after so long, beat or not."""


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """How the recording is doing."""

    running: bool
    failure: str  # why it stopped by itself, "" if it did not
    files: tuple[Path, ...]  # in the order in which they were opened
    taken_bytes: int  # lines
    written_bytes: int  # on disk
    waiting_bytes: int
    safe_us: int  # wall time of the last moment at which all that was taken had come to disk


class _File:
    """One market's file of one day."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self._packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._frame = self._packer.compressobj()
        self._is_open = False  # has the frame begun?
        self._whole_to = 0  # where the last whole frame ends
        self.written = 0

    def add(self, lines: bytes) -> None:
        """Take lines into the frame."""
        self._is_open = True
        self._write(self._frame.compress(lines))

    def end_frame(self) -> None:
        """Write out all that was taken."""
        if self._is_open:
            self._write(self._frame.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
            self._frame, self._is_open = self._packer.compressobj(), False
            self._whole_to = self.written

    def sync(self) -> None:
        """Return once all that was written is safe."""
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file; a frame that was not ended is cut off."""
        with suppress(OSError):
            if self.written > self._whole_to:
                os.ftruncate(self._file, self._whole_to)
                self.written = self._whole_to
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            done = os.write(self._file, view)
            self.written += done
            view = view[done:]


class Recorder:
    """Records one symbol of one session. Who else records it is in `others` from the start."""

    def __init__(
        self, folder: Path, symbol: str, session: str, markets: Sequence[Market], *, most_waiting: int = MOST_WAITING
    ) -> None:
        self._folder, self._symbol, self._session = folder, symbol, checked(session)
        self._markets = tuple(markets)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.others = locks.others(folder, symbol)
            self._lock = locks.Lock(folder, symbol, session, time.time_ns() // 1_000)
        except OSError as error:
            raise InputError("cannot be recorded to", file=folder, mend=str(error.strerror or error)) from error
        self._open: dict[Market, _File] = {}
        self._paths: list[Path] = []
        self._jobs: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._closing = self._due = False
        self._failure = ""
        self._most_waiting = most_waiting
        self._waiting = self._taken = self._finished_bytes = self._safe_us = 0
        self._thread = threading.Thread(target=self._run, name=f"record {symbol}", daemon=True)
        self._thread.start()

    def rotate(self, day: date) -> None:
        """Go on in the files of another UTC day."""
        self._put(lambda: self._rotate(day))

    def append(self, market: Market, lines: bytes) -> None:
        """Take whole lines of one market. Never waits, never raises."""
        self._put(lambda: self._add(market, lines), len(lines))

    def beat(self) -> None:
        """Bring to disk what was taken so far."""
        self._put(self._beat)

    def close(self) -> None:
        """Write what is left, and return once it is safe."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def status(self) -> RecorderStatus:
        """Return how it is doing."""
        with self._wake:
            written = self._finished_bytes + sum(file.written for file in list(self._open.values()))
            running = self._thread.is_alive() and not self._closing
            return RecorderStatus(
                running, self._failure, tuple(self._paths), self._taken, written, self._waiting, self._safe_us
            )

    def _put(self, job: Callable[[], None], size: int = 0) -> None:
        with self._wake:
            if self._closing:
                return
            if self._waiting + size > self._most_waiting:
                self._failure = f"{self._folder}: the disk is too slow, {self._waiting >> 20} MiB waited to be written"
                self._closing = True  # what waits is still written
            else:
                self._jobs.append(job)
                self._waiting += size
                self._taken += size
            self._wake.notify()

    # --- the writer's thread ---

    def _run(self) -> None:
        try:
            while self._next():
                pass
            self._end_frames()
            self._sync()
        except (OSError, zstandard.ZstdError) as error:
            self._fail(error)
        finally:
            for file in self._open.values():
                file.close()
            self._lock.release()

    def _next(self) -> bool:
        """Do what waits, then see to its safety. Return False once closed and done."""
        with self._wake:
            if not self._jobs and not self._closing:
                rang = self._wake.wait(LONGEST_S)
                if not rang:
                    self._jobs.append(self._beat)
            jobs, self._jobs = self._jobs, deque()
            taken_us = time.time_ns() // 1_000
            going = bool(jobs) or not self._closing
        for job in jobs:
            job()
        if self._due:
            self._sync()
            self._safe_us = taken_us
        return going

    def _add(self, market: Market, lines: bytes) -> None:
        self._open[market].add(lines)
        with self._wake:
            self._waiting -= len(lines)

    def _beat(self) -> None:
        self._end_frames()
        self._due = True

    def _end_frames(self) -> None:
        for file in self._open.values():
            file.end_frame()

    def _sync(self) -> None:
        for file in self._open.values():
            file.sync()
        self._due = False

    def _rotate(self, day: date) -> None:
        self._end_frames()
        self._sync()
        for file in self._open.values():
            self._finished_bytes += file.written
            file.close()
        self._open = {}
        for market in self._markets:
            path = self._folder / str(RecordingName(self._symbol, self._session, day, market))
            self._open[market] = _File(path)
            self._paths.append(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the names, too
        finally:
            os.close(folder)

    def _fail(self, error: Exception) -> None:
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        said = "the disk is full" if is_full else getattr(error, "strerror", None) or str(error)
        with self._wake:
            self._failure = f"{self._folder}: recording stopped: {said}"
            self._closing = True
            self._jobs.clear()
            self._waiting = 0
