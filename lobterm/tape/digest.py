"""One SHA-256 over the rows of a tape, whatever the chunks they came in."""

from __future__ import annotations

import hashlib

import numpy as np

from lobterm.events import EVENT, EventArray

PACKED_BYTES = sum(EVENT[name].itemsize for name in EVENT.names or ())
"""The fields stand first and without holes; what follows them up to the row's end is padding."""


class TapeDigest:
    """Collects EVENT rows; padding does not count."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add(self, rows: EventArray) -> None:
        """Take in the next rows."""
        raw = np.ascontiguousarray(rows).view(np.uint8).reshape(-1, EVENT.itemsize)
        self._sha.update(np.ascontiguousarray(raw[:, :PACKED_BYTES]).data)

    def hexdigest(self) -> str:
        """Return the digest of everything so far."""
        return self._sha.hexdigest()
