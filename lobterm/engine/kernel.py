"""How the engine's kernels are compiled: into the cache, without the interpreter's lock, without counting references.

What: `kernel` instead of numba's `njit`. numba counts every array that a function takes or touches, with two atomic
additions each; the engine passes its state to dozens of small functions and never frees anything, so that alone was more
than half of its time. The price: a kernel cannot allocate, which an event must not do anyway. What does (a picture for the
screen) says `njit(cache=True)` and is never called by a kernel.
Seeds: none.
Units: none.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

LINEAR_ALGEBRA = "scipy.linalg"
"""What numba looks for to know whether kernels may multiply matrices."""


@contextlib.contextmanager
def _without_linear_algebra() -> Iterator[None]:
    """Let numba find no linear algebra while it gets ready: it would load much of scipy for what no kernel of ours calls."""
    if LINEAR_ALGEBRA in sys.modules:
        yield
        return
    sys.modules[LINEAR_ALGEBRA] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[LINEAR_ALGEBRA]


with _without_linear_algebra():
    # here, where one thread is at a time: left to the first kernel, whichever thread has that would look
    import numba.np.arraymath  # noqa: F401
    from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}


def kernel(function: Function) -> Function:
    """Return the compiled function."""
    compiled: Function = njit(**OPTIONS)(function)
    return compiled
