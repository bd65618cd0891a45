"""Window samples that one recording leaves to the next: their digest, and their place in the next one's head.

What: SAMPLE rows (engine.carry) as `sample` control lines, and the SHA-256 over them that `hello` names.
Units: as engine.carry's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from lobterm.events import EventArray
from lobterm.wire import control

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
