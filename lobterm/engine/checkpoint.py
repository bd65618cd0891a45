"""The whole state in few bytes, and back: what a seek stands on.

What: `save` takes down all that any later row can depend on; `restore` puts it into an engine, whatever that did before, so
that every later row and every later save is the same to the bit. The robust windows are the bulk of a state, and two moments
of a tape share most of their samples: those stand once, in the order in which they came, in `Samples`; a checkpoint holds
which of them its windows reach over and how their trees are cut (see rebuild). Not kept, because nothing reads it any more:
slots of the markout queue whose rows were given out, and which storage a leaf of a tree lies in. The table of models is not
part of it either: it belongs to the run.
Seeds: DESIGN §4 (a checkpoint is a copy and a seek is a restore plus a short run).
Units: none of its own.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lobterm.engine import markouts, rebuild
from lobterm.engine import ordered as od
from lobterm.engine import pressure as pr
from lobterm.engine import state as st

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", np.float64, np.int64)

PUSHED, COUNT, OLDEST, FROM_LEFT, LEAVES, BLOCKS = range(6)
"""What is kept of a window: samples ever, samples held, ring slot of the oldest, where MAD split last, leaves, blocks."""

assert st.CORE.fields is not None
_WAITING_FROM = int(st.CORE.fields["waiting"][1])
_WAITING_TO = _WAITING_FROM + st.CORE["waiting"].itemsize


class Samples:
    """Every sample that the windows of one run took in, by window, in order; many checkpoints share it."""

    def __init__(self) -> None:
        self._values = [np.zeros(0) for _ in range(pr.WINDOWS)]
        self._times = [np.zeros(0, np.int64) for _ in range(pr.WINDOWS)]
        self._taken = [0] * pr.WINDOWS

    @property
    def nbytes(self) -> int:
        """Return the memory taken."""
        return sum(column.nbytes for column in (*self._values, *self._times))

    def take(self, s: st.State) -> None:
        """Add what came since the last call, as far as the windows still hold it: nobody can need the rest."""
        for k in range(pr.WINDOWS):
            head = s.window_ints[k]
            pushed, taken = int(head[od.PUSHED]), self._taken[k]
            if pushed <= taken:
                continue
            fresh = min(pushed - taken, int(head[od.COUNT]))
            slots = _slots(head, fresh)
            self._values[k] = _with_room(self._values[k], pushed)
            self._times[k] = _with_room(self._times[k], pushed)
            self._values[k][pushed - fresh : pushed] = s.window_floats[k][slots]
            self._times[k][pushed - fresh : pushed] = s.window_times[k][slots]
            self._taken[k] = pushed

    def retake(self, taken: list[int]) -> None:
        """Take what comes after the first `taken` samples of each window anew: from there on the run is another one."""
        self._taken = [min(pair) for pair in zip(self._taken, taken, strict=True)]

    def of(self, k: int, start: int, stop: int) -> tuple[Floats, Ints]:
        """Return (values, times in µs) of samples `start` to `stop` of window `k`."""
        return self._values[k][start:stop], self._times[k][start:stop]


def _slots(head: Ints, n: int) -> Ints:
    """Return the ring slots of the `n` newest samples, oldest first."""
    return (int(head[od.OLDEST]) - n + np.arange(n)) % int(head[od.CAPACITY])


def _with_room(column: npt.NDArray[Number], n: int) -> npt.NDArray[Number]:
    if n <= len(column):
        return column
    larger = np.zeros(max(n, len(column) + len(column) // 2, 1024), column.dtype)
    larger[: len(column)] = column
    return larger


def pushed(s: st.State) -> list[int]:
    """Return how many samples each window has ever taken in."""
    return [int(head[od.PUSHED]) for head in s.window_ints]


def save(s: st.State, samples: Samples) -> Bytes:
    """Return everything about `s` but its windows' samples, which go into `samples`."""
    samples.take(s)
    windows, cut = np.zeros((pr.WINDOWS, 6), np.int64), []
    for k in range(pr.WINDOWS):
        head = s.window_ints[k]
        leaves = np.zeros(int(head[od.BLOCK_STACK] - head[od.LEAF_STACK]), np.uint8)
        blocks = np.zeros(len(head) - int(head[od.BLOCK_STACK]), np.uint8)
        n = rebuild.cuts(od.Window(head, s.window_floats[k]), leaves, blocks)
        windows[k] = head[od.PUSHED], head[od.COUNT], head[od.OLDEST], head[od.FROM_LEFT], *n
        cut += [leaves[: n[0]], blocks[: n[1]]]
    waiting = s.waiting[_waiting_slots(s.waiting_cursor)]
    core = s.core.view(np.uint8)
    sizes = np.array([len(s.book), len(waiting)], np.int64)
    parts = [sizes, windows, s.book, waiting]
    return np.concatenate(
        [*(part.reshape(-1).view(np.uint8) for part in parts), core[:_WAITING_FROM], core[_WAITING_TO:], *cut]
    )


def _waiting_slots(cursor: Ints) -> Ints:
    """Return the places of the rows that still wait for a markout."""
    return np.arange(int(cursor[markouts.TAIL]), int(cursor[markouts.HEAD])) & (markouts.WAITING - 1)


class _Reader:
    """Hands out one part of a save after the other."""

    def __init__(self, saved: Bytes) -> None:
        self._rest = saved

    def bytes(self, n: int) -> Bytes:
        part, self._rest = self._rest[:n], self._rest[n:]
        return part

    def ints(self, *shape: int) -> Ints:
        return self.bytes(8 * int(np.prod(shape))).view(np.int64).reshape(shape)


def restore(saved: Bytes, s: st.State, samples: Samples) -> st.State:
    """Put `s` where it stood when `saved` was taken, in place, and return it: the book may be another array.

    `s` must be a state of the same run: the same parameters at its start, the same table of models.
    """
    read = _Reader(saved)
    book_size, n_waiting = (int(n) for n in read.ints(2))
    windows = read.ints(pr.WINDOWS, 6)
    book, waiting = read.ints(book_size), read.ints(n_waiting, markouts.WAITING_SIZE)
    if len(s.book) == book_size:
        s.book[:] = book
    else:
        s = s._replace(book=book.copy())
    core = s.core.view(np.uint8)
    core[:_WAITING_FROM] = read.bytes(_WAITING_FROM)
    core[_WAITING_TO:] = read.bytes(len(core) - _WAITING_TO)
    s.waiting[_waiting_slots(s.waiting_cursor)] = waiting
    for k, window in enumerate(windows):
        leaves, blocks = read.bytes(int(window[LEAVES])), read.bytes(int(window[BLOCKS]))
        _restore_window(s, k, window, leaves, blocks, samples)
    return s


def _restore_window(s: st.State, k: int, window: Ints, leaves: Bytes, blocks: Bytes, samples: Samples) -> None:
    head, floats = s.window_ints[k], s.window_floats[k]
    pushed, count = int(window[PUSHED]), int(window[COUNT])
    head[od.PUSHED], head[od.OLDEST], head[od.FROM_LEFT] = pushed, window[OLDEST], window[FROM_LEFT]
    values, times = samples.of(k, pushed - count, pushed)
    first, capacity = (int(window[OLDEST]) - count) % int(head[od.CAPACITY]), int(head[od.CAPACITY])
    before_end = min(count, capacity - first)
    for ring, column in ((floats, values), (s.window_times[k], times)):
        ring[first : first + before_end] = column[:before_end]
        ring[: count - before_end] = column[before_end:]
    rebuild.build(od.Window(head, floats), np.sort(values), leaves, blocks)
