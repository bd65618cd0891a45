"""Where compiled kernels are kept.

numba notices an edit of a kernel's own file, but not of a callee in another file, and would then silently run the old
code. So the cache directory carries a digest of every source that holds kernels: other sources, other directory.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
KERNEL_FOLDERS = ("engine", "wire", "tape", "simulator", "feeds/binance", "view/kernels")


@cache
def source_digest() -> str:
    """Return a digest of all sources that hold kernels, and of the vocabulary they share."""
    digest = hashlib.sha256()
    files = [PACKAGE / "events.py"]
    for folder in KERNEL_FOLDERS:
        files += sorted((PACKAGE / folder).glob("*.py"))
    for file in files:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    base = os.environ.get("LOBTERM_JIT_CACHE") or os.environ.get("XDG_CACHE_HOME")
    return Path(base) / "lobterm" if base else Path.home() / ".cache" / "lobterm"


def _roots() -> Iterator[Path]:
    yield _user_cache()
    import tempfile  # with much that a start has no other use for

    yield Path(tempfile.gettempdir()) / f"lobterm-{os.getuid() if hasattr(os, 'getuid') else 0}"


def directory() -> Path:
    """Return the writable cache directory of these sources, made if need be."""
    # numba keeps what it compiled by the path of its source: the same sources elsewhere begin cold
    place = hashlib.sha256(str(PACKAGE.resolve()).encode()).hexdigest()[:8]
    name = f"jit-{source_digest()}-{place}"
    for root in _roots():
        try:
            (root / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(root / name, os.W_OK):
            return root / name
    import tempfile

    return Path(tempfile.mkdtemp(prefix="lobterm-jit-"))


def pin() -> None:
    """Point numba at the directory of these sources, whether it is loaded yet or not."""
    path = str(directory())
    os.environ["NUMBA_CACHE_DIR"] = path
    numba = sys.modules.get("numba")
    if numba is not None:
        numba.config.CACHE_DIR = path
