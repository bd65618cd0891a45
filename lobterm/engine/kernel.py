"""How the engine's kernels are compiled: into the cache, without the interpreter's lock, without counting references.

What: `kernel` instead of numba's `njit`. numba counts every array that a function takes or touches, with two atomic
additions each; the engine passes its state to dozens of small functions and never frees anything, so that alone was more
than half of its time. The price: a kernel cannot allocate, which an event must not do anyway. What does (a picture for the
screen) says `njit(cache=True)` and is never called by a kernel.
Seeds: none.
Units: none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}


def kernel(function: Function) -> Function:
    """Return the compiled function."""
    compiled: Function = njit(**OPTIONS)(function)
    return compiled
