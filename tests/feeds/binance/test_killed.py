"""Whenever a recording is killed, all but its last second is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def kill(times):
    program = [sys.executable, "-m", "tests.feeds.binance.killed", "--times", str(times)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=ROOT)
    return json.loads(done.stdout), done.stderr


def test_killed_a_few_times():
    said, words = kill(4)
    assert said["broken"] == [], words


@pytest.mark.long
def test_killed_two_hundred_times():
    said, words = kill(200)
    assert (said["broken"], said["over_a_second"]) == ([], 0), words
