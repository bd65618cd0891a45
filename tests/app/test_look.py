"""What the console looks like, at the sizes it promises. After an intended change: pytest --snapshot-update."""

from __future__ import annotations

import pytest

from lobterm.app.app import LobtermApp
from lobterm.engine.read import NO_LEVELS, Ledger, Pnl
from tests.app.fake import START, FakeConsole
from tests.app.loading import loaded


async def settled(pilot) -> None:
    """Wait for the engine of the fake and paint it, so that the picture hangs on no timer."""
    await loaded(pilot)
    pilot.app.paint()
    await pilot.pause()


def app(console: FakeConsole) -> LobtermApp:
    return LobtermApp(console, play=False, wall_us=lambda: 0)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_quoting(snap_compare, size):
    assert snap_compare(app(FakeConsole()), terminal_size=size, run_before=settled)


def test_gap(snap_compare):
    console = FakeConsole(
        book_known=False,
        gap_cause=1,
        book_ts=START + 248_900_000,
        touch=None,
        bids=NO_LEVELS,
        asks=NO_LEVELS,
        mid2=None,
        fair_px=None,
        width_ticks=None,
        quoting=False,
        quote_why_not="book unknown",
        orders=(),
        ledgers=(
            Ledger(120, 12, Pnl(None, 1_500_000_000, None, 0, 100_000_000, 0)),
            *(Ledger(0, 0, Pnl(0, 0, 0, 0, 0, 0)),) * 2,
        ),
    )
    assert snap_compare(app(console), terminal_size=(80, 24), run_before=settled)


def test_stale_and_without_a_model(snap_compare):
    console = FakeConsole(
        model_ready=False,
        signals=None,
        skew_x=None,
        hazard_x=None,
        norm_base=None,
        fair_px=None,
        width_ticks=None,
        quoting=False,
        quote_why_not="no cluster model",
        orders=(),
        book_ts=START + 245_000_000,
    )
    assert snap_compare(app(console), terminal_size=(80, 24), run_before=settled)


def test_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app(FakeConsole()), terminal_size=(80, 24), run_before=settled)


def test_help(snap_compare):
    async def helped(pilot) -> None:
        await settled(pilot)
        await pilot.press("h")
        await pilot.pause()

    assert snap_compare(app(FakeConsole()), terminal_size=(80, 24), run_before=helped)


def test_small(snap_compare):
    assert snap_compare(app(FakeConsole()), terminal_size=(60, 20), run_before=settled)
