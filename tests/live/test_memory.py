from __future__ import annotations

import ctypes
import platform
from types import SimpleNamespace

import pytest

from lobterm.live import memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_glibc_takes_it():
    assert memory.give_back_large_pieces()


@pytest.mark.parametrize("library", [SimpleNamespace(), SimpleNamespace(mallopt=lambda name, value: 0)])
def test_where_it_is_not_possible_nothing_happens(monkeypatch, library):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    assert not memory.give_back_large_pieces()
