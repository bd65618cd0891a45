"""What a live market has just been: its newest rows, and states of its engine from which they can be folded again.

Bounded by time and by memory: the oldest state goes, with the rows that only it could fold. One thread adds; what `frozen`
returns does not change afterwards and may be read in any.
Units: rows, µs, bytes.
"""

from __future__ import annotations

import mmap
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import zstandard

from lobterm.engine import checkpoint, markouts
from lobterm.engine import ordered as od
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.events import EVENT, EventArray, Flag
from lobterm.tape.ring import BYTES
from lobterm.view.tail import occupy

KEEP_US = 10 * 60 * 1_000_000
LIMIT_BYTES = 96_000_000
"""Rows, states and the samples they share; of all symbols of a session together."""
MARK_US = 60_000_000
"""Market time between two states: so much more than KEEP_US may be held."""
MARK_ROWS = 1 << 17
"""Rows between two states at most: what a busy minute takes to fold again is no longer than that."""
PAGE = 1 << 16
"""Rows that get their memory together."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Recent(checkpoint.Samples):
    """Samples of the engine's windows as they came, until they are forgotten; each piece is never written to again."""

    def __init__(self) -> None:
        self._pieces: list[deque[tuple[int, Floats, Ints]]] = [deque() for _ in range(pr.WINDOWS)]
        self._pushed = [0] * pr.WINDOWS

    @property
    def nbytes(self) -> int:
        """Return the memory taken."""
        return sum(values.nbytes + times.nbytes for pieces in self._pieces for _, values, times in pieces)

    def take(self, s: st.State) -> None:
        """Add what came since the last call, as far as the windows still hold it."""
        for k in range(pr.WINDOWS):
            head = s.window_ints[k]
            pushed = int(head[od.PUSHED])
            fresh = min(pushed - self._pushed[k], int(head[od.COUNT]))
            self._pushed[k] = pushed
            if fresh > 0:
                slots = (int(head[od.OLDEST]) - fresh + np.arange(fresh)) % int(head[od.CAPACITY])
                self._pieces[k].append((pushed - fresh, s.window_floats[k][slots], s.window_times[k][slots]))

    def of(self, k: int, start: int, stop: int) -> tuple[Floats, Ints]:
        """Return (values, times in µs) of samples `start` to `stop` of window `k`."""
        values, times = [np.zeros(0)], [np.zeros(0, np.int64)]
        for first, some, at in self._pieces[k]:
            low, high = max(start - first, 0), min(stop - first, len(some))
            if low < high:
                values.append(some[low:high])
                times.append(at[low:high])
        return np.concatenate(values), np.concatenate(times)

    def forget(self, k: int, start: int) -> None:
        """Let samples of window `k` go that came before sample `start`, in whole pieces."""
        pieces = self._pieces[k]
        while pieces and pieces[0][0] + len(pieces[0][1]) <= start:
            pieces.popleft()

    def copy(self) -> Recent:
        """Return the same samples, to be kept when these forget."""
        other = Recent()
        other._pieces, other._pushed = [pieces.copy() for pieces in self._pieces], self._pushed.copy()
        return other


@dataclass(frozen=True, slots=True)
class Mark:
    """A state of the engine after `row` rows of the session, at `ts`; its windows begin with the samples `first`."""

    row: int
    ts: int
    saved: Future[bytes]  # compressed, by and by
    first: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Return the memory taken; what is being compressed takes it for a moment only."""
        return len(self.saved.result()) if self.saved.done() else 0


@dataclass(frozen=True, slots=True)
class Frozen:
    """Rows [first, stop) of a session, and states at the first and at the newest mark among them."""

    oldest: Mark
    newest: Mark
    stop: int
    pages: tuple[EventArray, ...]
    """The rows, in pieces; only views, and none of them is written to any more."""
    samples: Recent

    def begin(self, s: st.State, mark: Mark) -> st.State:
        """Put `s`, a state of the same run, where it stood at a mark, its rows counted from the oldest one; return it."""
        saved = np.frombuffer(zstandard.ZstdDecompressor().decompress(mark.saved.result()), np.uint8)
        restored = checkpoint.restore(saved, s, self.samples)
        restored.clock[st.ROWS] -= self.oldest.row
        restored.waiting[:, markouts.OFFSET] -= self.oldest.row
        return restored


def _page() -> npt.NDArray[np.void]:
    # in memory of its own: what lives long among what comes and goes leaves holes behind it
    return np.frombuffer(mmap.mmap(-1, PAGE * EVENT.itemsize), BYTES, PAGE)


def _packed(saved: checkpoint.Bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(saved.data)


class Held:
    """The newest rows of one engine's run."""

    def __init__(self, state: st.State, *, keep_us: int = KEEP_US, limit_bytes: int = LIMIT_BYTES) -> None:
        """`state`: before the first row that is taken."""
        self._keep_us, self._limit = keep_us, limit_bytes
        self._samples = Recent()
        self._packer = ThreadPoolExecutor(1, "held")
        self._marks: deque[Mark] = deque()
        self._pages: deque[tuple[int, npt.NDArray[np.void]]] = deque()  # row at which each begins, its memory
        self._spare: deque[npt.NDArray[np.void]] = deque()
        self._filled = 0  # rows of the newest page
        self.stop = 0
        self._mark(state)

    @property
    def first(self) -> int:
        """Return the first row that is held."""
        return self._marks[0].row

    @property
    def since_ts(self) -> int:
        """Return from when on rows are held, µs; 0 before the first."""
        return self._marks[0].ts or self._first_ts

    @property
    def nbytes(self) -> int:
        """Return the memory that what is held takes."""
        states = sum(mark.nbytes for mark in self._marks)
        return states + self._samples.nbytes + len(self._pages) * PAGE * EVENT.itemsize

    @property
    def _first_ts(self) -> int:
        return int(self._pages[0][1].view(EVENT)["ts"][0]) if self._pages else 0

    def occupy(self) -> None:
        """Take the memory that the limit allows now: rows come into it first, and what they leave goes back."""
        while (len(self._pages) + len(self._spare) + 1) * PAGE * EVENT.itemsize <= self._limit:
            self._spare.append(_page())
            occupy(self._spare[-1])

    def close(self) -> None:
        """Take nothing more."""
        self._packer.shutdown(wait=False)

    def take(self, events: EventArray, state: st.State) -> None:
        """Take rows that were just folded, and where the engine stands after them."""
        self._append(events)
        newest, now = self._marks[-1], int(state.clock[st.NOW])
        whole = bool(events[-1]["flags"] & Flag.LAST)
        if whole and (now - newest.ts >= MARK_US or self.stop - newest.row >= MARK_ROWS):
            self._mark(state)
            self._let_go(now)

    def _append(self, events: EventArray) -> None:
        raw, at = events.view(BYTES), 0
        while at < len(raw):
            if not self._pages or self._filled == PAGE:
                self._pages.append((self.stop, self._spare.popleft() if self._spare else _page()))
                self._filled = 0
            n = min(len(raw) - at, PAGE - self._filled)
            self._pages[-1][1][self._filled : self._filled + n] = raw[at : at + n]
            self._filled += n
            self.stop += n
            at += n

    def _mark(self, state: st.State) -> None:
        # the live engine waits for the copy alone, a millisecond; to compress it takes some more, and no interpreter lock
        saved = self._packer.submit(_packed, checkpoint.save(state, self._samples))
        heads = state.window_ints
        first = tuple(int(heads[k][od.PUSHED] - heads[k][od.COUNT]) for k in range(pr.WINDOWS))
        self._marks.append(Mark(self.stop, int(state.clock[st.NOW]), saved, first))

    def _let_go(self, now: int) -> None:
        gone = False
        while len(self._marks) > 2 and (self._marks[1].ts <= now - self._keep_us or self.nbytes > self._limit):
            self._marks.popleft()
            gone = True
            while len(self._pages) > 1 and self._pages[1][0] <= self._marks[0].row:
                self._pages.popleft()
        if gone:
            for k, start in enumerate(self._marks[0].first):
                self._samples.forget(k, start)

    def frozen(self) -> Frozen | None:
        """Return what is held as of now, None if that is nothing."""
        if self.stop == self.first:
            return None
        pages = []
        for start, memory in self._pages:
            low, high = max(self.first - start, 0), min(self.stop - start, PAGE)
            if low < high:
                pages.append(memory[low:high].view(EVENT))
        newest = self._marks[-1]
        return Frozen(self._marks[0], newest, self.stop, tuple(pages), self._samples.copy())
