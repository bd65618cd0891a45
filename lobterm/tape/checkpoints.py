"""Checkpoints of one run over one tape: where an engine stood at some rows, within a bounded memory.

One thread adds, another restores. A checkpoint is compressed (about 0.2 MB); the samples of the robust windows stand once for
all of them. When they outgrow their limit every second one goes, so a longer tape has them farther apart, never more memory.
"""

from __future__ import annotations

import mmap
import threading
from bisect import bisect_right

import numpy as np
import numpy.typing as npt
import zstandard

from lobterm.engine import checkpoint
from lobterm.engine import state as st
from lobterm.engine.rows import LABEL

LIMIT_BYTES = 900_000_000
"""All checkpoints and the samples they share."""
LABELS_KEPT = 256
"""Newest LABEL rows that a checkpoint remembers: what a list of trades shows after a seek."""

Labels = npt.NDArray[np.void]


def _apart(data: bytes) -> mmap.mmap:
    """Return `data` in memory pages of its own: what lives long among what comes and goes leaves holes behind it."""
    held = mmap.mmap(-1, len(data))
    held[:] = data
    return held


class Checkpoints:
    """Saved states by row: how many rows of the tape had been folded."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._samples = checkpoint.Samples()
        self._rows: list[int] = []
        self._kept: dict[int, tuple[mmap.mmap, mmap.mmap]] = {}
        self._bytes = 0
        self._lock = threading.Lock()
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def nbytes(self) -> int:
        """Return the memory that all of them take together."""
        return self._bytes + self._samples.nbytes

    @property
    def apart(self) -> int:
        """Return the greatest number of rows between two neighbours; 0 with fewer than two."""
        with self._lock:
            return int(np.diff(self._rows).max()) if len(self._rows) > 1 else 0

    def add(self, s: st.State, labels: Labels) -> None:
        """Keep where `s` stands; `labels` are the newest rows before it. Of one row only the first is kept."""
        row = int(s.clock[st.ROWS])
        with self._lock:
            if row in self._kept:
                return
            parts = checkpoint.save(s, self._samples), labels[-LABELS_KEPT:].view(np.uint8)
            state, tail = (_apart(self._compressor.compress(part.data)) for part in parts)
            self._rows.insert(bisect_right(self._rows, row), row)
            self._kept[row] = state, tail
            self._bytes += len(state) + len(tail)
            while self.nbytes > self._limit and len(self._rows) > 2:
                self._thin()

    def _thin(self) -> None:
        """Let every second one go, but never the first."""
        for row in self._rows[1::2]:
            self._bytes -= sum(len(part) for part in self._kept.pop(row))
        self._rows = self._rows[::2]

    def cut(self, row: int, taken: list[int]) -> None:
        """Forget what lies beyond `row`: the run goes on otherwise, and samples are taken anew after the first `taken`."""
        with self._lock:
            for gone in self._rows[bisect_right(self._rows, row) :]:
                self._bytes -= sum(len(part) for part in self._kept.pop(gone))
            self._rows = self._rows[: bisect_right(self._rows, row)]
            self._samples.retake(taken)

    def __contains__(self, row: int) -> bool:
        return row in self._kept

    def before(self, row: int) -> int | None:
        """Return the row of the last checkpoint at or before `row`, None if there is none."""
        with self._lock:
            at = bisect_right(self._rows, row)
            return self._rows[at - 1] if at else None

    def restore(self, row: int, s: st.State) -> tuple[st.State, Labels] | None:
        """Put `s`, a state of the same run, where it stood at the checkpoint of `row`; None if that was let go meanwhile.

        Return the state, which may hold another book array than `s`, and the newest LABEL rows before it.
        """
        with self._lock:
            kept = self._kept.get(row)
            if kept is None:
                return None
            state, tail = (self._decompressor.decompress(memoryview(part)) for part in kept)
            restored = checkpoint.restore(np.frombuffer(state, np.uint8), s, self._samples)
            return restored, np.frombuffer(tail, LABEL)
