"""Memory that goes back when it is no longer used."""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD = -3
"""The name of the setting in glibc's malloc.h."""
LARGE_BYTES = 1 << 20


def give_back_large_pieces() -> bool:
    """Have large pieces of memory come from the system and go back to it, each on its own; return whether that is possible.

    glibc raises by itself the size from which it does so, up to 32 MB. Arrays that live for a millisecond then come out of the
    heap, between others that live long, and a busy minute leaves a heap full of holes: 110 MB at 20,000 messages a second.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES))
    except (AttributeError, OSError, TypeError):  # another system's library
        return False
