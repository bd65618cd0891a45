"""One SHA-256 over the rows of a tape, whatever the chunks they came in."""

from __future__ import annotations

import hashlib

import numpy as np

from lobterm.events import EVENT, EventArray

PACKED = np.dtype([(name, EVENT[name]) for name in EVENT.names or ()])


class TapeDigest:
    """Collects EVENT rows; padding does not count."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add(self, rows: EventArray) -> None:
        """Take in the next rows."""
        self._sha.update(rows.astype(PACKED).tobytes())

    def hexdigest(self) -> str:
        """Return the digest of everything so far."""
        return self._sha.hexdigest()
