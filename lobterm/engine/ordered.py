"""The last so many values of a stream, kept in order.

What: a sliding window as a counted tree of three levels: leaves of values, blocks of leaves, a root of blocks, with running
counts, so that a rank is found by two binary searches. A change moves at most one leaf's values. Nothing is allocated after
the start, and everything lies in two flat arrays, because kernels that pass two arrays are several times faster than kernels
that pass twelve.
Seeds: none; what `robust` stands on (003 §2.3; methods §3.3).
Units: those of the values.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine.kernel import kernel

LEAF = 128
"""Values a leaf holds at most."""
BLOCK = 128
"""Leaves a block holds at most."""
RUN = BLOCK + 1
"""Running counts of a block: values before each leaf, and in all."""

COUNT, OLDEST, ROOTS, FREE_LEAVES, FREE_BLOCKS, FROM_LEFT, CAPACITY, PUSHED = range(8)
"""Head of the integers: values held, ring slot of the oldest, blocks in use, sizes of both stacks, where MAD split last, ring
slots, values ever added."""
ROOT, BEFORE, LEAVES, RUNS, N_LEAVES, OLD_SUM, LEAF_STACK, BLOCK_STACK, VALUE, LOWS, SUMS = range(8, 19)
"""Then where the parts begin: blocks in order, values before each, leaves by block, running counts by block, leaves in each
block, leaf sums out of date, both stacks; and among the floats, after the ring: leaf values, least value and sum of leaves."""
HEAD = 19

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Window(NamedTuple):
    """A sliding window of float64 values."""

    i: Ints
    f: Floats


def new_window(capacity: int) -> Window:
    """Return an empty window of the last `capacity` values."""
    # two neighbouring leaves of a block together stay above half a leaf, and a block is split only when it is full
    leaves = 4 * (capacity // LEAF) + 64
    blocks = 4 * (leaves // BLOCK) + 64
    sizes = {
        ROOT: blocks, BEFORE: blocks + 1, LEAVES: blocks * BLOCK, RUNS: blocks * RUN, N_LEAVES: blocks,
        OLD_SUM: blocks * RUN, LEAF_STACK: leaves, BLOCK_STACK: blocks,
    }  # fmt: skip
    starts, at = {}, HEAD
    for part, size in sizes.items():
        starts[part], at = at, at + size
    ints = np.zeros(at, np.int64)
    for part, start in starts.items():
        ints[part] = start
    ints[VALUE] = capacity
    ints[LOWS] = ints[VALUE] + leaves * LEAF
    ints[SUMS] = ints[LOWS] + blocks * BLOCK
    ints[FREE_LEAVES], ints[FREE_BLOCKS], ints[CAPACITY] = leaves, blocks, capacity
    ints[starts[LEAF_STACK] : starts[LEAF_STACK] + leaves] = np.arange(leaves)[::-1]
    ints[starts[BLOCK_STACK] : starts[BLOCK_STACK] + blocks] = np.arange(blocks)[::-1]
    return Window(ints, np.zeros(int(ints[SUMS]) + blocks * RUN))


@kernel
def root_place(i: Ints, f: Floats, x: float) -> int:
    """Return the place in the root of the last block whose least value is not above `x`, or 0."""
    low, high = 0, i[ROOTS]
    while high - low > 1:
        middle = (low + high) // 2
        if f[i[LOWS] + i[i[ROOT] + middle] * BLOCK] <= x:
            low = middle
        else:
            high = middle
    return low


@kernel
def _not_above(f: Floats, start: int, n: int, x: float) -> int:
    """Return how many of `n` ascending values from `start` are not above `x`.

    Counted, not searched: a search waits for memory at every step, a count asks for all of it at once.
    """
    part = f[start : start + n]
    found = 0
    for j in range(part.shape[0]):
        found += 1 if part[j] <= x else 0
    return found


@kernel
def _leaf_place(i: Ints, f: Floats, b: int, x: float) -> int:
    """Return the place in block `b` of the last leaf whose least value is not above `x`, or 0."""
    place: int = _not_above(f, i[LOWS] + b * BLOCK, i[i[N_LEAVES] + b], x) - 1
    return max(place, 0)


@kernel
def start_of(i: Ints, b: int, k: int) -> int:
    """Return where the values of leaf `k` of block `b` begin."""
    return i[VALUE] + i[i[LEAVES] + b * BLOCK + k] * LEAF


@kernel
def size_of(i: Ints, b: int, k: int) -> int:
    """Return how many values leaf `k` of block `b` holds."""
    runs = i[RUNS] + b * RUN + k
    return i[runs + 1] - i[runs]


@kernel
def _touch(i: Ints, f: Floats, b: int, k: int) -> None:
    """Note that a leaf's values changed."""
    f[i[LOWS] + b * BLOCK + k] = f[start_of(i, b, k)]
    i[i[OLD_SUM] + b * RUN + k] = 1
    i[i[OLD_SUM] + b * RUN + BLOCK] = 1


@kernel
def _count_on(i: Ints, at: int, b: int, k: int, change: int) -> None:
    """Add `change` to every running count behind leaf `k` of the block at root place `at`."""
    runs = i[RUNS] + b * RUN
    for j in range(runs + k + 1, runs + i[i[N_LEAVES] + b] + 1):
        i[j] += change
    for j in range(i[BEFORE] + at + 1, i[BEFORE] + i[ROOTS] + 1):
        i[j] += change
    i[COUNT] += change


@kernel
def _move_leaf(i: Ints, f: Floats, b: int, k: int, to_b: int, to_k: int) -> None:
    """Move what is noted of one leaf to another place."""
    i[i[LEAVES] + to_b * BLOCK + to_k] = i[i[LEAVES] + b * BLOCK + k]
    i[i[OLD_SUM] + to_b * RUN + to_k] = i[i[OLD_SUM] + b * RUN + k]
    f[i[LOWS] + to_b * BLOCK + to_k] = f[i[LOWS] + b * BLOCK + k]
    f[i[SUMS] + to_b * RUN + to_k] = f[i[SUMS] + b * RUN + k]


@kernel
def _shift(i: Ints, f: Floats, b: int, source: int, target: int, n: int) -> None:
    """Move `n` leaf entries of block `b`, and their running counts, by place."""
    back = target > source
    for step in range(n):
        j = n - 1 - step if back else step
        _move_leaf(i, f, b, source + j, b, target + j)
    runs = i[RUNS] + b * RUN
    for step in range(n + 1):
        j = n - step if back else step
        i[runs + target + j] = i[runs + source + j]


@kernel
def _split_leaf(i: Ints, f: Floats, b: int, k: int) -> None:
    """Move the upper half of a full leaf to a new one behind it."""
    n = i[i[N_LEAVES] + b]
    _shift(i, f, b, k + 1, k + 2, n - k - 1)
    i[FREE_LEAVES] -= 1
    i[i[LEAVES] + b * BLOCK + k + 1] = i[i[LEAF_STACK] + i[FREE_LEAVES]]
    i[i[N_LEAVES] + b] = n + 1
    half = LEAF // 2
    runs = i[RUNS] + b * RUN
    i[runs + k + 1] = i[runs + k] + half
    source, target = start_of(i, b, k), start_of(i, b, k + 1)
    for j in range(LEAF - half):
        f[target + j] = f[source + half + j]
    _touch(i, f, b, k)
    _touch(i, f, b, k + 1)


@kernel
def _open_block(i: Ints, at: int) -> int:
    """Put a fresh, empty block at place `at` of the root; return it."""
    for j in range(i[ROOTS], at, -1):
        i[i[ROOT] + j] = i[i[ROOT] + j - 1]
    for j in range(i[ROOTS] + 1, at, -1):
        i[i[BEFORE] + j] = i[i[BEFORE] + j - 1]
    i[FREE_BLOCKS] -= 1
    b = i[i[BLOCK_STACK] + i[FREE_BLOCKS]]
    i[i[ROOT] + at] = b
    i[i[N_LEAVES] + b] = 0
    i[i[RUNS] + b * RUN] = 0
    i[ROOTS] += 1
    return b


@kernel
def _split_block(i: Ints, f: Floats, at: int) -> None:
    """Move the upper half of a full block's leaves to a new one behind it."""
    b = i[i[ROOT] + at]
    other = _open_block(i, at + 1)
    half = BLOCK // 2
    base = i[i[RUNS] + b * RUN + half]
    for j in range(BLOCK - half):
        _move_leaf(i, f, b, half + j, other, j)
        i[i[RUNS] + other * RUN + j + 1] = i[i[RUNS] + b * RUN + half + j + 1] - base
    i[i[N_LEAVES] + other] = BLOCK - half
    i[i[N_LEAVES] + b] = half
    i[i[OLD_SUM] + other * RUN + BLOCK] = 1
    i[i[OLD_SUM] + b * RUN + BLOCK] = 1
    i[i[BEFORE] + at + 1] = i[i[BEFORE] + at] + base


@kernel
def _close_leaf(i: Ints, f: Floats, at: int, b: int, k: int) -> None:
    """Take the empty leaf `k` out of the block at root place `at`, and the block too if it was the last."""
    i[i[LEAF_STACK] + i[FREE_LEAVES]] = i[i[LEAVES] + b * BLOCK + k]
    i[FREE_LEAVES] += 1
    _shift(i, f, b, k + 1, k, i[i[N_LEAVES] + b] - k - 1)
    i[i[N_LEAVES] + b] -= 1
    i[i[OLD_SUM] + b * RUN + BLOCK] = 1
    if i[i[N_LEAVES] + b] == 0:
        i[i[BLOCK_STACK] + i[FREE_BLOCKS]] = b
        i[FREE_BLOCKS] += 1
        i[ROOTS] -= 1
        for j in range(at, i[ROOTS]):
            i[i[ROOT] + j] = i[i[ROOT] + j + 1]
        for j in range(at, i[ROOTS] + 1):
            i[i[BEFORE] + j] = i[i[BEFORE] + j + 1]


@kernel
def _merge(i: Ints, f: Floats, at: int, b: int, k: int) -> None:
    """Join a leaf with the next one where both together fill half a leaf at most."""
    n, more = size_of(i, b, k), size_of(i, b, k + 1)
    if n + more > LEAF // 2:
        return
    target, source = start_of(i, b, k), start_of(i, b, k + 1)
    for j in range(more):
        f[target + n + j] = f[source + j]
    i[i[RUNS] + b * RUN + k + 1] += more
    _touch(i, f, b, k)
    _close_leaf(i, f, at, b, k + 1)


@kernel
def _insert(i: Ints, f: Floats, x: float) -> None:
    if i[ROOTS] == 0:
        b = _open_block(i, 0)
        i[FREE_LEAVES] -= 1
        i[i[LEAVES] + b * BLOCK] = i[i[LEAF_STACK] + i[FREE_LEAVES]]
        i[i[N_LEAVES] + b] = 1
        i[i[RUNS] + b * RUN + 1] = 0
        i[i[BEFORE]] = 0
        i[i[BEFORE] + 1] = 0
    at = root_place(i, f, x)
    b = i[i[ROOT] + at]
    k = _leaf_place(i, f, b, x)
    if size_of(i, b, k) == LEAF:
        if i[i[N_LEAVES] + b] == BLOCK:
            _split_block(i, f, at)
            at = root_place(i, f, x)
            b = i[i[ROOT] + at]
            k = _leaf_place(i, f, b, x)
        _split_leaf(i, f, b, k)
        k = _leaf_place(i, f, b, x)
    start, n = start_of(i, b, k), size_of(i, b, k)
    place = _not_above(f, start, n, x)
    for j in range(start + n, start + place, -1):
        f[j] = f[j - 1]
    f[start + place] = x
    _count_on(i, at, b, k, 1)
    _touch(i, f, b, k)


@kernel
def _erase(i: Ints, f: Floats, x: float) -> None:
    """Take out one value that is there."""
    at = root_place(i, f, x)
    b = i[i[ROOT] + at]
    k = _leaf_place(i, f, b, x)
    start, n = start_of(i, b, k), size_of(i, b, k)
    for j in range(start + _not_above(f, start, n, x) - 1, start + n - 1):
        f[j] = f[j + 1]
    _count_on(i, at, b, k, -1)
    if n == 1:
        _close_leaf(i, f, at, b, k)
        return
    _touch(i, f, b, k)
    if n < LEAF // 2:
        if k + 1 < i[i[N_LEAVES] + b]:
            _merge(i, f, at, b, k)
        if k > 0:
            _merge(i, f, at, b, k - 1)


@kernel
def push(w: Window, x: float) -> None:
    """Add a value; the oldest leaves a full window."""
    i, f = w.i, w.f
    slot = i[OLDEST]
    i[PUSHED] += 1
    i[OLDEST] = slot + 1 if slot + 1 < i[CAPACITY] else 0
    if i[COUNT] == i[CAPACITY]:
        if f[slot] == x:  # what comes is what goes: the normal case for rare events
            return
        _erase(i, f, f[slot])
    f[slot] = x
    _insert(i, f, x)


@kernel
def restart(w: Window) -> None:
    """Forget everything: after a gap the window starts empty."""
    i = w.i
    for at in range(i[ROOTS]):
        b = i[i[ROOT] + at]
        for k in range(i[i[N_LEAVES] + b]):
            i[i[LEAF_STACK] + i[FREE_LEAVES]] = i[i[LEAVES] + b * BLOCK + k]
            i[FREE_LEAVES] += 1
        i[i[BLOCK_STACK] + i[FREE_BLOCKS]] = b
        i[FREE_BLOCKS] += 1
    i[ROOTS] = 0
    i[COUNT] = 0
    i[OLDEST] = 0
    i[FROM_LEFT] = 0


@kernel
def least(i: Ints, f: Floats) -> float:
    """Return the least value of a window that is not empty."""
    return f[i[LOWS] + i[i[ROOT]] * BLOCK]


@kernel
def most(i: Ints, f: Floats) -> float:
    """Return the greatest value of a window that is not empty."""
    b = i[i[ROOT] + i[ROOTS] - 1]
    k = i[i[N_LEAVES] + b] - 1
    return f[start_of(i, b, k) + size_of(i, b, k) - 1]


@kernel
def _last_not_above(i: Ints, start: int, n: int, rank: int) -> int:
    """Return the place of the last of `n` running counts from `start` that is not above `rank`."""
    low, high = 0, n
    while high - low > 1:
        middle = (low + high) // 2
        if i[start + middle] <= rank:
            low = middle
        else:
            high = middle
    return low


@kernel
def two_at(i: Ints, f: Floats, rank: int) -> tuple[float, float]:
    """Return the values of `rank` and the next in ascending order, from 0; infinite where there is none."""
    if rank < -1:
        return -math.inf, -math.inf
    if rank >= i[COUNT]:
        return math.inf, math.inf
    wanted = max(rank, 0)
    at = _last_not_above(i, i[BEFORE], i[ROOTS], wanted)
    b = i[i[ROOT] + at]
    wanted -= i[i[BEFORE] + at]
    k = _last_not_above(i, i[RUNS] + b * RUN, i[i[N_LEAVES] + b], wanted)
    wanted -= i[i[RUNS] + b * RUN + k]
    start = start_of(i, b, k)
    here = f[start + wanted]
    if rank < 0:
        return -math.inf, here
    if wanted + 1 < size_of(i, b, k):
        return here, f[start + wanted + 1]
    if k + 1 < i[i[N_LEAVES] + b]:
        return here, f[i[LOWS] + b * BLOCK + k + 1]
    if at + 1 < i[ROOTS]:
        return here, f[i[LOWS] + i[i[ROOT] + at + 1] * BLOCK]
    return here, math.inf


@kernel
def leaf_sum(i: Ints, f: Floats, b: int, k: int) -> float:
    """Return the sum of a leaf, recomputed from its values if they changed: sums never drift."""
    entry = b * RUN + k
    if i[i[OLD_SUM] + entry]:
        total = 0.0
        start = start_of(i, b, k)
        for j in range(start, start + size_of(i, b, k)):
            total += f[j]
        f[i[SUMS] + entry] = total
        i[i[OLD_SUM] + entry] = 0
    return f[i[SUMS] + entry]


@kernel
def block_sum(i: Ints, f: Floats, b: int) -> float:
    """Return the sum of a block, recomputed from its leaves' if they changed."""
    entry = b * RUN + BLOCK
    if i[i[OLD_SUM] + entry]:
        total = 0.0
        for k in range(i[i[N_LEAVES] + b]):
            total += leaf_sum(i, f, b, k)
        f[i[SUMS] + entry] = total
        i[i[OLD_SUM] + entry] = 0
    return f[i[SUMS] + entry]
