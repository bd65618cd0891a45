from __future__ import annotations

import pytest

from lobterm.app.shell import Shell
from lobterm.view.rate import RateMeter
from tests.app.fake import FakeConsole


def test_no_rate_before_there_is_a_span():
    meter = RateMeter()
    assert meter.add(5, 100) is None
    assert meter.add(5, 100) is None


def test_rate_follows_within_a_second():
    meter = RateMeter()
    for frame in range(40):
        meter.add(frame * 50_000, frame * 500)
    assert meter.add(2_000_000, 20_000) == pytest.approx(10_000)
    for frame in range(41, 62):
        rate = meter.add(frame * 50_000, 20_000)
    assert rate == 0.0


def test_a_seek_back_is_not_a_rate():
    wall = iter(range(0, 10_000_000, 250_000))
    console = FakeConsole()
    console.ready = True
    shell = Shell(console, lambda: next(wall))
    for rows in (100, 200, 300):
        console.position_rows = rows
        shell.count()
    console.position_rows, console.moves = 50, 1
    shell.count()
    assert shell.rows_per_s is None
    console.position_rows = 100
    shell.count()
    assert shell.rows_per_s == pytest.approx(200)
