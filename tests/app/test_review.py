"""The review screen: keys, another session, what it says while there is nothing; its look."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lobterm.app.app import LobtermApp
from lobterm.app.screens.ask import PickScreen
from lobterm.app.screens.review import ReviewScreen
from lobterm.errors import LobtermError
from lobterm.session import beside
from lobterm.view.console import Logged
from tests.app.fake import FakeConsole
from tests.app.readings import EARLIER, HERE, reading
from tests.app.test_monitor import screen_text

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture
def log(monkeypatch):
    """Put a made-up log in the place of the file; return what was asked of it."""
    asked: list[str] = []

    def read(path, wanted, progress=None):
        asked.append(wanted)
        return reading(HERE if wanted == HERE.session_id else EARLIER)

    monkeypatch.setattr(beside, "read", read)
    return asked


def console(**changes) -> FakeConsole:
    made = FakeConsole(**changes)
    made.logged = Logged(Path("/nowhere/sessions.sqlite"), HERE.session_id)
    return made


async def read_through(pilot) -> ReviewScreen:
    """Go to the review and wait until the log was read and painted."""
    await pilot.press("5")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, ReviewScreen)
    await settle(pilot, screen)
    return screen


async def settle(pilot, screen) -> None:
    screen._look()
    screen.background.wait()
    screen._look()
    await pilot.pause()


async def test_every_point_has_its_n_and_a_group_is_put_in_front(opened, log):
    async with opened(console(), size=(200, 60)) as pilot:
        screen = await read_through(pilot)
        assert log == [HERE.session_id]
        assert "as of 2024-08-05 11:44:12 UTC" in screen_text(pilot)
        await pilot.press("g")
        text = screen_text(pilot)
        assert "MARKOUTS OF FILLS BY STRATEGY" in text and "n 12" in text and "n < 20" in text
        await pilot.press("n")
        text = screen_text(pilot)
        assert screen.choice.group == 1 and "n 120" in text and "n 0" in text and "▶b maker" in text
        await pilot.press("N", "g")
        assert "the newest 9,000 of 12,000 trades" in screen_text(pilot)
        await pilot.press("G")
        assert screen.choice.split == 1


async def test_an_undefined_markout_is_a_dash_at_every_horizon(opened, log):
    async with opened(console(), size=(200, 60)) as pilot:
        screen = await read_through(pilot)
        assert "markout at 5 s" in screen_text(pilot)
        await pilot.press("z")
        assert screen.choice.horizon == 4 and "markout at 30 s" in screen_text(pilot) and "-0.40" in screen_text(pilot)
        await pilot.press("z")
        assert "-0.40" not in "".join(line for line in screen_text(pilot).splitlines() if "queue" in line)
        await pilot.press("Z", "Z")
        assert screen.choice.horizon == 3


async def test_fills_are_scrolled(opened, log):
    async with opened(console(), size=(120, 40)) as pilot:
        screen = await read_through(pilot)
        await pilot.press("x", "down", "pagedown")
        await pilot.pause()
        assert screen.choice.skip == 21 and "21 newer above" in screen_text(pilot)
        await pilot.press("pagedown")
        assert screen.choice.skip == 29
        await pilot.press("up", "pageup", "home")
        assert screen.choice.skip == 0


async def test_parts_go_round_where_there_is_no_room(opened, log):
    async with opened(console(), size=(80, 24)) as pilot:
        await read_through(pilot)
        for key, there, gone in (("x", "FILLS", "MARKOUTS"), ("x", "MINUTES", "FILLS"), ("x", "MARKOUTS", "MINUTES"),
                                 ("X", "MINUTES", "MARKOUTS")):  # fmt: skip
            await pilot.press(key)
            await pilot.pause()
            text = screen_text(pilot)
            assert there in text and gone not in text.replace("MARKOUTS OF", "MARKOUTS")


async def test_an_earlier_session_is_chosen_and_left_again(opened, log):
    async with opened(console(), size=(120, 40)) as pilot:
        screen = await read_through(pilot)
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PickScreen)
        assert "this session" in screen_text(pilot) and "7 fills  PnL -1.2500" in screen_text(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        await settle(pilot, screen)
        assert "ETHUSDT" in screen_text(pilot).splitlines()[2] and log[-1] == EARLIER.session_id
        await pilot.press("S")
        await settle(pilot, screen)
        assert "BTCUSDT" in screen_text(pilot).splitlines()[2] and log[-1] == HERE.session_id


async def test_this_session_is_read_again_when_it_has_gone_on_and_not_before(opened, log):
    market, now = console(), [0]
    async with opened(market) as pilot:
        pilot.app.shell.wall_us = lambda: now[0]
        screen = await read_through(pilot)
        now[0] = 60_000_000
        await settle(pilot, screen)
        assert len(log) == 1
        market.position_rows += 1
        await settle(pilot, screen)
        assert len(log) == 2
        market.position_rows += 1
        await settle(pilot, screen)
        assert len(log) == 2
        await pilot.press("u")
        await settle(pilot, screen)
        assert len(log) == 3


async def test_the_screen_does_not_wait_for_the_log_and_says_what_it_does(opened, monkeypatch):
    go = threading.Event()

    def slow(path, wanted, progress=None):
        progress(1_234)
        go.wait()
        progress(2_000)
        return reading()

    monkeypatch.setattr(beside, "read", slow)
    async with opened(console(), size=(120, 40)) as pilot:
        await pilot.press("5")
        await pilot.pause(0.5)
        assert "reading the log" in screen_text(pilot)
        await pilot.press("s", "g", "n")
        await pilot.press("1")
        assert pilot.app.screen is pilot.app.monitor
        go.set()


async def test_a_log_that_cannot_be_read_says_why(opened, monkeypatch):
    def broken(path, wanted, progress=None):
        raise LobtermError("/nowhere/sessions.sqlite: a [red]page[/] is damaged")

    monkeypatch.setattr(beside, "read", broken)
    async with opened(console(), size=(120, 40)) as pilot:
        await read_through(pilot)
        assert "a [red]page[/] is damaged" in screen_text(pilot)


async def test_a_session_without_a_log_says_so(opened):
    async with opened(FakeConsole(), size=(120, 40)) as pilot:
        await pilot.press("5", "u", "s", "S")
        await pilot.pause()
        for _part in ("curves", "fills", "profit"):
            assert "not logged" in screen_text(pilot)
            await pilot.press("x")
            await pilot.pause()
            await pilot.pause()


def shown(part: int):
    async def before(pilot) -> None:
        await pilot.app.workers.wait_for_complete()
        await read_through(pilot)
        await pilot.press("g", "n", *(["x"] * part))
        await pilot.pause()
        pilot.app.screen.repaint()
        await pilot.pause()

    return before


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_look(snap_compare, log, size, part):
    if size[0] == 200 and part:
        pytest.skip("all parts stand side by side")
    assert snap_compare(
        LobtermApp(console(), play=False, wall_us=lambda: 0), terminal_size=size, run_before=shown(part)
    )


async def test_where_room_is_short_a_fill_keeps_its_time_and_the_session_goes_whole(opened, log):
    async with opened(console(), size=(80, 24)) as pilot:
        screen = await read_through(pilot)
        await pilot.press("x")
        await pilot.pause()
        rows = screen._fills.table.rows
        assert [cell.text for cell in rows[0]][:2] == ["time", "whose"] and "fee" not in [cell.text for cell in rows[0]]
        assert rows[1][0].text in screen_text(pilot)
        assert HERE.session_id not in screen_text(pilot)
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        screen.repaint()
        await pilot.pause()
        assert HERE.session_id in screen_text(pilot) and "fee" in [cell.text for cell in screen._fills.table.rows[0]]
