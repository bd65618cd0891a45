"""An ordered window taken down to the sizes of its leaves, and built again from its values.

What: sums over a window are added leaf by leaf and block by block, so their last bits depend on where leaves and blocks are
cut, and the cuts depend on all that ever went through the window. A window that is built again must have the same cuts; then
every later sum, split and merge is the same to the bit. Which storage a leaf lies in tells nobody anything, so it may differ.
Seeds: none; what seeking stands on (DESIGN §4).
Units: those of the values.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import ordered as od
from lobterm.engine.kernel import kernel

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@kernel
def cuts(w: od.Window, leaves: Bytes, blocks: Bytes) -> tuple[int, int]:
    """Write the sizes of the leaves, and how many of them each block has, in order. Return how many of both there are.

    Both arrays must have room: for every leaf and every block of the window's storage. Sizes fit a byte (LEAF, BLOCK).
    """
    i = w.i
    n = 0
    for at in range(i[od.ROOTS]):
        b = i[i[od.ROOT] + at]
        held = i[i[od.N_LEAVES] + b]
        blocks[at] = held
        for k in range(held):
            leaves[n] = od.size_of(i, b, k)
            n += 1
    return n, i[od.ROOTS]


@kernel
def build(w: od.Window, values: Floats, leaves: Bytes, blocks: Bytes) -> None:
    """Make the tree of `w` hold `values`, ascending, cut as `cuts` said; what the tree held before is forgotten.

    The ring, CAPACITY, OLDEST, PUSHED and FROM_LEFT are left alone.
    """
    i, f = w.i, w.f
    n_blocks, n_leaves = blocks.shape[0], leaves.shape[0]
    leaf, value = 0, 0
    i[i[od.BEFORE]] = 0
    for at in range(n_blocks):
        i[i[od.ROOT] + at] = at
        i[i[od.N_LEAVES] + at] = blocks[at]
        runs = i[od.RUNS] + at * od.RUN
        i[runs] = 0
        for k in range(blocks[at]):
            size = int(leaves[leaf])
            i[i[od.LEAVES] + at * od.BLOCK + k] = leaf
            i[runs + k + 1] = i[runs + k] + size
            i[i[od.OLD_SUM] + at * od.RUN + k] = 1
            start = i[od.VALUE] + leaf * od.LEAF
            for j in range(size):
                f[start + j] = values[value + j]
            f[i[od.LOWS] + at * od.BLOCK + k] = f[start]
            leaf += 1
            value += size
        i[i[od.OLD_SUM] + at * od.RUN + od.BLOCK] = 1
        i[i[od.BEFORE] + at + 1] = value
    i[od.ROOTS] = n_blocks
    i[od.COUNT] = value
    # the stacks as a new window has them, less what is in use: the lowest are taken first
    all_leaves, all_blocks = i[od.BLOCK_STACK] - i[od.LEAF_STACK], i.shape[0] - i[od.BLOCK_STACK]
    for j in range(all_leaves - n_leaves):
        i[i[od.LEAF_STACK] + j] = all_leaves - 1 - j
    for j in range(all_blocks - n_blocks):
        i[i[od.BLOCK_STACK] + j] = all_blocks - 1 - j
    i[od.FREE_LEAVES] = all_leaves - n_leaves
    i[od.FREE_BLOCKS] = all_blocks - n_blocks
