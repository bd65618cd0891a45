"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings, or skip: they are never part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real recordings are not beside the project")
    return SHARED_DATA
