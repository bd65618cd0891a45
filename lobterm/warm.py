"""Compile the engine into the cache, in a process of its own so that no screen waits for it: `python -m lobterm.warm`."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

from lobterm import jit_cache


def is_warm() -> bool:
    """Say whether the compiled engine of these sources is in the cache."""
    return any(jit_cache.directory().glob("**/fold.fold-*.nbi"))


def in_subprocess() -> None:
    """Compile in a child process, unless the cache is warm."""
    if not is_warm():
        subprocess.run(
            [sys.executable, "-m", "lobterm.warm"], check=False, stdin=subprocess.DEVNULL, capture_output=True
        )


def load() -> None:
    """Fold a heartbeat and read a picture: that compiles or loads every kernel that a replay needs."""
    from lobterm.engine import checkpoint, drive, params, read
    from lobterm.events import Flag, Kind, Market, empty
    from lobterm.instrument import Instrument

    engine = drive.start(Instrument(Market.PERP, "WARM", Decimal("0.1"), Decimal("0.001")), params.defaults())
    beat = empty(1)
    beat["kind"], beat["flags"], beat["ts"] = Kind.HEARTBEAT, Flag.LAST, 1
    list(drive.fold(engine, beat))
    read.snapshot(engine.state, 1)
    samples = checkpoint.Samples()
    checkpoint.restore(checkpoint.save(engine.state, samples), engine.state, samples)


if __name__ == "__main__":
    load()
