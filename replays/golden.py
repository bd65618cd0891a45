"""Write golden.json: for each bundled tape the digest of its rows and, for this platform, of all that the engine says of them.

Run by `make replays`, and by hand after a change of the engine that is meant to change its output.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path

from lobterm import config, headless, runs
from lobterm.models import model
from lobterm.tape import parquet

HERE = Path(__file__).resolve().parent
TAPES = ("long-cascade", "short-squeeze", "informed-selloff", "quiet-night", "gap-and-reconnect")


def said(name: str) -> str:
    """Return the digest of the engine's rows for a tape of this folder, with the model and the parameters that ship."""
    tape = parquet.open_tape(HERE / f"{name}.parquet")
    beside = runs.model_beside(tape.path)
    setup = runs.Setup(tape, config.Config(()), model.load(beside) if beside else None)
    return str(headless.replay(setup, tape.read())["rows_sha256"])


def write() -> None:
    """Write the file; digests of other platforms are kept where the tape is the same."""
    path = HERE / "golden.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    found = {}
    for name in TAPES:
        rows = parquet.open_tape(HERE / f"{name}.parquet").meta.sha256
        before = known.get(name, {})
        others = before.get("engine", {}) if before.get("rows") == rows else {}
        found[name] = {"rows": rows, "engine": others | {platform.machine(): said(name)}}
    path.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    write()
