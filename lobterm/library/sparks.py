"""What a tape's pressure looks like in a few columns: computed once in a process of its own, then kept.

`python -m lobterm.library.sparks [--config FILE] TAPE…` folds each tape, keeps its line and names the tape on stdout when it
is there. A line belongs to a tape's rows, the parameters and the sources of the engine: with others it is another file.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs

from lobterm import jit_cache
from lobterm.errors import LobtermError
from lobterm.view.timeline import Mark, Part, timeline

if TYPE_CHECKING:
    from lobterm.config import Config
    from lobterm.library.entries import Entry

COLUMNS = 24
MOST_KEPT = 2_000
LARGEST = 16_384
NICE = 10


class _Column(msgspec.Struct, array_like=True):
    share: Annotated[float, msgspec.Meta(ge=-1e6, le=1.0)] | None
    side: Annotated[int, msgspec.Meta(ge=-1, le=1)]
    panic: bool
    forced: Annotated[int, msgspec.Meta(ge=-1, le=1)]
    gap: bool
    mark: Mark


Spark = tuple[Part, ...]


def folder() -> Path:
    """Return where lines are kept."""
    return platformdirs.user_cache_path("lobterm", appauthor=False) / "sparks"


class Kept:
    """The lines that are kept under one configuration."""

    def __init__(self, settings: Config, where: Path | None = None) -> None:
        self._settings, self._folder, self._sources = settings, where or folder(), jit_cache.source_digest()

    def _path(self, sha256: str, symbol: str) -> Path:
        under = hashlib.sha256(self._settings.params(symbol).tobytes() + self._sources.encode())
        return self._folder / f"{hashlib.sha256(sha256.encode()).hexdigest()[:32]}-{under.hexdigest()[:16]}.json"

    def get(self, sha256: str, symbol: str) -> Spark | None:
        """Return the line of a tape; None while there is none, or if it is damaged."""
        try:
            with self._path(sha256, symbol).open("rb") as file:
                columns = msgspec.json.decode(file.read(LARGEST), type=list[_Column])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        if len(columns) != COLUMNS:
            return None
        return tuple(Part(c.share, c.side, c.panic, c.forced, c.gap, True, c.mark) for c in columns)

    def put(self, sha256: str, symbol: str, spark: Spark) -> None:
        """Keep a line, and the newest MOST_KEPT of all; a disk that will not have it costs the next start's time."""
        path = self._path(sha256, symbol)
        beside = path.with_suffix(f".{os.getpid()}.part")
        columns = [_Column(p.share, p.side, p.panic, p.forced, p.gap, p.mark) for p in spark]
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(msgspec.json.encode(columns))
            beside.replace(path)
            held = sorted(self._folder.glob("*.json"), key=lambda kept: kept.stat().st_mtime, reverse=True)
            for old in held[MOST_KEPT:]:
                old.unlink(missing_ok=True)


def compute(path: Path, settings: Config) -> Spark:
    """Fold a tape and return its line."""
    from lobterm.engine import drive
    from lobterm.engine import params as pm
    from lobterm.tape.parquet import open_tape
    from lobterm.tape.timeline import Timeline

    tape = open_tape(path)
    instrument, meta = tape.meta.instruments[0], tape.meta
    params = settings.params(instrument.symbol)
    params[pm.ENABLED] = 0.0  # nobody looks at its orders, and pressure knows nothing of them
    engine = drive.start(instrument, params)
    seen = Timeline(meta.first_ts_us, meta.last_ts_us, int(instrument.market))
    for events in tape.chunks():
        rest = events
        for rows in drive.fold(engine, events):
            seen.add(rest, rows, int(engine.state.params[pm.ALPHA_TICK_US]))
            rest = events[:0]
    return timeline(seen.overview(COLUMNS), float(params[pm.LPI_HI])).parts


class Worker:
    """The process that computes what is not kept yet."""

    def __init__(self, settings: Config, config: Path | None) -> None:
        self._kept, self._config = Kept(settings), config
        self._process: subprocess.Popen[str] | None = None
        self._closed = threading.Event()

    def lines(self, entries: Sequence[Entry]) -> Iterator[tuple[Path, Spark]]:
        """Yield tapes with their lines: the kept ones at once, others as they are done. Called in a thread."""
        tapes = {entry.tape: entry for entry in entries if entry.tape is not None and not entry.problem}
        for path, entry in tapes.items():
            if spark := self._kept.get(entry.sha256, entry.symbol):
                yield path, spark
        missing = [path for path, entry in tapes.items() if not self._kept.get(entry.sha256, entry.symbol)]
        if not missing or self._closed.is_set():
            return
        named = ["--config", str(self._config)] if self._config else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lobterm.library.sparks", *named, *map(str, missing)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with self._process as process:
            if self._closed.is_set():
                process.terminate()
            for line in process.stdout or ():
                path = Path(line.rstrip("\n"))
                done = tapes.get(path)
                if done is not None and (spark := self._kept.get(done.sha256, done.symbol)):
                    yield path, spark

    def close(self) -> None:
        """End the process; what it has done is kept."""
        self._closed.set()
        if self._process is not None:
            self._process.terminate()


def main(argv: Sequence[str] | None = None) -> int:
    """Compute and keep the lines of some tapes."""
    from lobterm import config
    from lobterm.tape.parquet import open_tape

    parser = argparse.ArgumentParser(prog="lobterm.library.sparks")
    parser.add_argument("--config", type=Path)
    parser.add_argument("tapes", nargs="+", type=Path)
    arguments = parser.parse_args(argv)
    settings = config.load(arguments.config)
    kept = Kept(settings)
    for path in arguments.tapes:
        with contextlib.suppress(LobtermError):  # the list says what is wrong with a tape
            meta = open_tape(path).meta
            kept.put(meta.sha256, meta.instruments[0].symbol, compute(path, settings))
            print(path, flush=True)
    return 0


if __name__ == "__main__":
    os.nice(NICE)  # a console that is opened meanwhile goes first
    sys.exit(main())
