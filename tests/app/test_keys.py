from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

import pytest
from textual.widgets import HelpPanel

from lobterm.app import keys
from lobterm.app.themes import THEMES
from lobterm.errors import ConfigError
from lobterm.view import format as fmt
from lobterm.view.console import Seeking
from tests.app.fake import FakeConsole
from tests.app.test_monitor import screen_text


async def test_space_plays_and_pauses(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.press("space")
        assert not console.clock.paused
        await pilot.press("space")
        assert console.clock.paused


async def test_space_does_nothing_while_the_engine_loads(opened):
    console = FakeConsole()
    console.load = lambda: None
    async with opened(console) as pilot:
        await pilot.press("space")
        assert console.clock.paused


@pytest.mark.parametrize(("key", "unit"), [("full_stop", "event"), ("t", "trade"), ("a", "alpha")])
async def test_step(opened, key, unit):
    console = FakeConsole()
    async with opened(console, play=True) as pilot:
        await pilot.press(key)
        assert console.steps == [unit] and console.clock.paused


@pytest.mark.parametrize("broken", ["loading", "failed"])
async def test_no_step_without_an_engine(opened, broken):
    console = FakeConsole()
    if broken == "loading":
        console.load = lambda: None
    else:
        console.failure = "torn"
    async with opened(console) as pilot:
        await pilot.press("full_stop", "t", "a")
        assert console.steps == []


@pytest.mark.parametrize(
    ("pressed", "speed"),
    [
        (["plus"], 2.0),
        (["equals_sign"], 2.0),
        (["minus"], 0.5),
        (["plus"] * 3, 10.0),
        (["m"], math.inf),
        (["m", "minus"], 1000.0),
        (["plus", "plus", "R"], 1.0),
    ],
)
async def test_speed(opened, pressed, speed):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.press(*pressed)
        assert console.clock.speed == speed
        assert pilot.app.monitor.last_frame.transport.speed == {math.inf: "max"}.get(speed, f"{speed:g}x")


async def test_recentre(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        start = pilot.app.monitor.last_frame.ladder.centre
        console.changes = {"mid2": 2 * start + 4, "touch": (start + 1, 5, start + 3, 5)}
        pilot.app.paint()
        assert pilot.app.monitor.last_frame.ladder.centre == start
        await pilot.press("c")
        assert pilot.app.monitor.last_frame.ladder.centre == start + 2


async def test_levels(opened):
    async with opened(FakeConsole()) as pilot:
        await pilot.press("l")
        assert pilot.app.monitor.last_frame.ladder.scale == "levels only"
        await pilot.press("l")
        assert pilot.app.monitor.last_frame.ladder.scale == "every tick"


async def test_help_opens_and_closes_and_keys_work_beside_it(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.press("h")
        assert pilot.app.screen.query(HelpPanel)
        await pilot.press("t")
        assert console.steps == ["trade"]
        await pilot.press("h")
        await pilot.pause()
        assert not pilot.app.screen.query(HelpPanel)


async def test_colours_go_round(opened):
    async with opened(FakeConsole()) as pilot:
        seen = [pilot.app.theme]
        for _ in THEMES:
            await pilot.press("f2")
            seen.append(pilot.app.theme)
        assert seen == [*(theme.name for theme in THEMES), THEMES[0].name]


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quit(opened, key):
    async with opened(FakeConsole()) as pilot:
        assert pilot.app.return_code is None
        await pilot.press(key)
        assert pilot.app.return_code == 0


@pytest.mark.parametrize("screen", [name for name in (*keys.ALL, *keys.OVER) if name != "everywhere"])
def test_every_key_can_be_remapped_is_explained_and_does_one_thing(screen):
    bindings = [*keys.COMMON, *keys.ALL[screen]] if screen in keys.ALL else keys.OVER[screen]
    ids = [binding.id for binding in bindings]
    assert all(ids) and len(set(ids)) == len(ids)
    assert all(binding.description and binding.tooltip for binding in bindings)
    pressed = [key for binding in bindings for key in binding.key.split(",")]
    assert len(set(pressed)) == len(pressed)


def test_an_id_means_one_key():
    ids = [binding.id for table in (keys.ALL, keys.OVER) for bindings in table.values() for binding in bindings]
    assert len(set(ids)) == len(ids)


async def test_a_key_of_one_s_own_replaces_the_key(opened):
    console = FakeConsole()
    async with opened(console, keymap=keys.named({"play": "p"})) as pilot:
        await pilot.press("space")
        assert console.clock.paused
        await pilot.press("p")
        assert not console.clock.paused


def test_a_name_that_no_key_has_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'play'"):
        keys.named({"plya": "p"})


def test_the_config_file_names_every_key():
    text = (Path(__file__).resolve().parents[2] / "config.toml").read_text().partition("# Names, everywhere:")[2]
    names = {word.strip(".") for word in text.split()}
    assert {
        binding.id for table in (keys.ALL, keys.OVER) for bindings in table.values() for binding in bindings
    } <= names


async def test_times_by_utc_and_by_the_machine_s_zone(opened, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    fmt._local_offset_us.cache_clear()
    try:
        async with opened(FakeConsole(), size=(120, 40)) as pilot:
            assert "11:44:12.125 UTC " in screen_text(pilot).splitlines()[0]
            await pilot.press("U")
            await pilot.pause()
            text = screen_text(pilot)
            assert "17:29:12.125 UTC+5:45" in text.splitlines()[0]
            assert "11:4" not in text
            await pilot.press("U")
            await pilot.pause()
            assert "11:44:12.125 UTC " in screen_text(pilot).splitlines()[0]
    finally:
        fmt.use_local(False)
        monkeypatch.undo()
        time.tzset()
        fmt._local_offset_us.cache_clear()


async def test_at_max_speed_the_market_is_folded_between_frames_too_and_keys_are_heard(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        console.clock.speed = math.inf
        console.clock.play()
        pilot.app.tick()
        before = console.pumps
        while console.pumps < before + 5:
            await asyncio.sleep(0)
        await pilot.press("space")
        assert console.clock.paused
        await pilot.pause()
        before = console.pumps
        for _ in range(200):
            await asyncio.sleep(0)
        assert console.pumps <= before + 2, "the frames' own, and nothing between them"


async def test_at_max_speed_frames_are_fewer_and_keys_are_painted_at_once(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        app, screen, now = pilot.app, pilot.app.monitor, [0]
        app.shell.wall_us = lambda: now[0]
        app.paint()
        console.clock.speed = math.inf
        console.clock.play()
        before = screen.last_frame
        now[0] = 99_999
        app.tick()
        assert screen.last_frame is before
        screen.action_toggle_lock()
        assert "LOCKED" in screen.last_frame.ladder.scale
        before = screen.last_frame
        now[0] = 199_999
        app.tick()
        assert screen.last_frame is not before


async def test_at_max_speed_a_seek_that_waits_has_the_machine_to_itself(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        console.clock.speed = math.inf
        console.clock.play()
        console.seeking = Seeking(1, 10, "trigger")
        pilot.app.tick()
        before = console.pumps
        for _ in range(200):
            await asyncio.sleep(0)
        assert console.pumps - before <= 1  # a frame may fall into these turns
        console.seeking = None
        pilot.app.tick()
        while console.pumps < before + 5:
            await asyncio.sleep(0)
