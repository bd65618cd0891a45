"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

# as the command sets it, before anything loads numpy: sums of many terms come out by a last digit otherwise on more threads
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# the first example of a property loads compiled code: no deadline can be fair to it
# where it decides what lands, the same examples every time; everywhere else new ones
settings.register_profile("lobterm", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("lobterm")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings, or skip: they are never part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real recordings are not beside the project")
    return SHARED_DATA
