"""Window samples that one recording leaves to the next: on disk beside it, and in the next one's head.

What: SAMPLE rows (engine.carry). `save` is called when a session ends and every few minutes before, `newest` when the next one
begins; in its head they stand as `sample` control lines, and `hello` names the SHA-256 over them. A file that is damaged is
passed over: an older one, or none, only means a later z.
Units: as engine.carry's; times in µs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lobterm.events import EVENT, EventArray, Flag, Kind
from lobterm.tape.recording.names import checked, stem
from lobterm.wire import control

SUFFIX = ".warm.parquet"
OLDEST_US = 86_400_000_000
"""The longest window: what was sampled before says nothing of the next hour."""
MOST = 8_000_000

PARTS = ("qty", "exch_ts", "px")
"""Which window, when it was taken, the value's bits: what a sample is."""


class WarmDigest:
    """Collects SAMPLE rows."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.samples = 0

    def add(self, rows: EventArray) -> None:
        """Take in the next rows."""
        self.samples += len(rows)
        self._sha.update(np.stack([rows[name] for name in PARTS], axis=1).tobytes())

    def hexdigest(self) -> str:
        """Return the digest of everything so far."""
        return self._sha.hexdigest()


def warmth(rows: EventArray) -> control.Warmth | None:
    """Return what `hello` says of the samples; None if there are none."""
    digest = WarmDigest()
    digest.add(rows)
    return control.Warmth(digest.samples, digest.hexdigest()) if digest.samples else None


def lines(rows: EventArray) -> Iterator[control.Sample]:
    """Yield the control lines that carry the samples, in their order."""
    borders = np.flatnonzero(np.diff(rows["qty"])) + 1
    for window in np.split(rows, borders):
        for start in range(0, len(window), control.MOST_SAMPLES):
            part = window[start : start + control.MOST_SAMPLES]
            values = np.ascontiguousarray(part["px"]).view(np.float64)
            yield control.Sample(int(part["qty"][0]), part["exch_ts"].tolist(), values.tolist())


def save(folder: Path, symbol: str, session: str, rows: EventArray) -> None:
    """Write what a session leaves to the next; the file is whole or the one before."""
    path = folder / f"{stem(symbol)}_{checked(session)}{SUFFIX}"
    table = pa.table({name: np.ascontiguousarray(rows[name]) for name in PARTS})
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        pq.write_table(table, part, compression="zstd")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def newest(folder: Path, symbol: str, now_us: int) -> EventArray:
    """Return the samples that the newest session of a symbol has left, those of the last day; none if there are none."""
    found = [
        path for path in folder.glob(f"*{SUFFIX}") if path.name.removesuffix(SUFFIX).rpartition("_")[0] == stem(symbol)
    ]
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        rows = _read(path)
        if rows is not None:
            return rows[(rows["exch_ts"] > now_us - OLDEST_US) & (rows["exch_ts"] <= now_us)]
    return np.zeros(0, EVENT)


def _read(path: Path) -> EventArray | None:
    """Return a file's rows, None if it is damaged."""
    try:
        table = pq.read_table(path, columns=list(PARTS))
        columns = {name: table.column(name).to_numpy() for name in PARTS}
    except (pa.ArrowException, OSError, KeyError):
        return None
    if table.num_rows > MOST or any(column.dtype != np.int64 for column in columns.values()):
        return None
    values = np.ascontiguousarray(columns["px"]).view(np.float64)
    whole = (columns["qty"] >= 0) & (columns["qty"] < 256) & np.isfinite(values) & (columns["exch_ts"] >= 0)
    if not whole.all() or (np.diff(columns["qty"]) < 0).any():
        return None
    rows = np.zeros(table.num_rows, EVENT)
    for name, column in columns.items():
        rows[name] = column
    rows["kind"], rows["flags"] = Kind.SAMPLE, Flag.WARM | Flag.SYNTHETIC | Flag.LAST
    return rows
