"""The keys that move on a tape, the timeline that is clicked, bookmarks; and a live market, which has none of it."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList, Static

from lobterm.app import keys
from lobterm.app.bookmarks import Bookmarks
from lobterm.view.console import Seeking
from tests.app.fake import SPAN, START, FakeConsole
from tests.app.test_monitor import screen_text
from widgets.keys_line import KeysLine

NOW = START + 252_125_000
SECOND = 1_000_000


class Live(FakeConsole):
    """What a live market lacks."""

    mode = "LIVE"
    seek = seek_row = step_back = next_trigger = prev_trigger = overview = None

    def __getattribute__(self, name: str):
        if name in ("seek", "seek_row", "step_back", "next_trigger", "prev_trigger", "overview"):
            raise AttributeError(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    ("key", "went"),
    [
        ("comma", ("back", "event")),
        ("T", ("back", "trade")),
        ("A", ("back", "alpha")),
        ("right_square_bracket", ("next",)),
        ("left_square_bracket", ("prev",)),
        ("greater_than_sign", ("seek", NOW + 10 * SECOND)),
        ("less_than_sign", ("seek", NOW - 10 * SECOND)),
        ("right_curly_bracket", ("seek", NOW + 60 * SECOND)),
        ("left_curly_bracket", ("seek", NOW - 60 * SECOND)),
        ("shift+right", ("seek", NOW + 10 * SECOND)),
        ("shift+left", ("seek", NOW - 10 * SECOND)),
        ("shift+up", ("seek", NOW + 60 * SECOND)),
        ("shift+down", ("seek", NOW - 60 * SECOND)),
    ],
)
@pytest.mark.parametrize("screen", ["1", "6"])
async def test_moves(opened, screen, key, went):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.press(screen, key)
        assert console.went == [went]


KEYS = ["comma", "T", "A", "right_square_bracket", "left_square_bracket", "greater_than_sign", "slash",
        "left_parenthesis", "right_parenthesis", "backslash", "space", "t", "plus", "minus", "R", "m"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
async def test_a_live_market_says_that_it_has_no_transport(opened, key):
    console = Live()
    async with opened(console) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert [note.message for note in pilot.app._notifications] == [
            "A live market has no transport: it cannot be paused, hurried, stepped or sought in; i replays what has been."
        ]
        assert console.steps == [] and console.clock.speed == 1.0 and console.clock.paused
        assert not pilot.app.screen.query_one("#timeline").display


async def test_no_key_of_the_transport_is_offered_where_there_is_none(opened):
    def offered(pilot):
        return {binding.action.partition("(")[0] for _, binding, *_ in pilot.app.screen.active_bindings.values()}

    async with opened(FakeConsole(), size=(120, 40)) as pilot:
        assert offered(pilot) >= keys.TRANSPORT and "Play" in screen_text(pilot)
    every = {binding.action.partition("(")[0] for binding in keys.COMMON}
    assert every >= keys.TRANSPORT, "each is a key's"
    async with opened(Live(), size=(120, 40)) as pilot:
        await pilot.pause()
        assert not keys.TRANSPORT & offered(pilot) and every - keys.TRANSPORT <= offered(pilot)
        footer = screen_text(pilot).split("\n")[-1]
        assert "Screen" in footer and "Play" not in footer and "Step" not in footer and "Speed" not in footer
        assert "Faster" not in [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        pilot.app.shell.show(FakeConsole())  # what it has just been can be played
        pilot.app.paint()
        await pilot.pause()
        assert offered(pilot) >= keys.TRANSPORT and "Play" in screen_text(pilot).split("\n")[-1]


@pytest.mark.parametrize("broken", ["loading", "failed"])
async def test_nothing_moves_without_an_engine(opened, broken):
    console = FakeConsole()
    if broken == "loading":
        console.load = lambda: None
    else:
        console.failure = "torn"
    async with opened(console) as pilot:
        await pilot.press(*KEYS[:9])
        assert console.went == [] and console.loop is None


async def test_go_to_a_time_and_be_told_if_there_is_none(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.press("slash", *"11:49", "enter")
        await pilot.pause()
        assert console.went == [("seek", START + 540 * SECOND)]
        await pilot.press("slash", *"noon[b]", "enter")
        await pilot.pause()
        assert "'noon[b]' is not a time" in str(pilot.app.screen.query_one("#refused", Static).content)
        await pilot.press("escape", "slash", *"12:49", "enter")
        await pilot.pause()
        assert "not on the tape" in str(pilot.app.screen.query_one("#refused", Static).content)
        await pilot.press("escape", "slash", "enter", "t")
        assert len(console.went) == 1 and console.steps == ["trade"]


async def test_a_loop_is_set_from_here_to_there_and_ended(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.press("right_parenthesis")
        assert console.loop is None
        await pilot.press("left_parenthesis", "right_parenthesis")
        assert console.loop is None
        await pilot.press("greater_than_sign", "right_parenthesis")
        assert console.loop == (NOW, NOW + 10 * SECOND)
        await pilot.press("backslash")
        assert console.loop is None


async def test_a_seek_that_waits_is_seen_and_given_up(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        console.seeking = Seeking(40_000, 100_000, "time")
        pilot.app.tick()
        await pilot.pause()
        assert "SEEKING" in screen_text(pilot) and "40 % indexed" in screen_text(pilot)
        console.seeking = Seeking(60_000, 100_000, "time")
        for _ in range(3):
            pilot.app.tick()
        await pilot.pause()
        assert "60 % indexed" in screen_text(pilot)
        await pilot.press("escape")
        assert console.seeking is None and "SEEKING" not in screen_text(pilot)


@pytest.mark.parametrize("column", [0, 17, 79])
async def test_a_click_on_the_timeline_goes_there(opened, column):
    console = FakeConsole()
    async with opened(console) as pilot:
        await pilot.click("#timeline", offset=(column, 0))
        [(_, ts)] = console.went
        assert (ts - START) * 80 // SPAN == column


async def test_the_timeline_follows_the_index_while_the_market_stands(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        before = screen_text(pilot).splitlines()[-3]
        assert "┃" in before and "▼" in before and "╌" in before
        console.clock.jump(START)
        pilot.app.paint()
        await pilot.pause()
        assert screen_text(pilot).splitlines()[-3].startswith("┃")


async def test_bookmarks_are_set_shown_gone_to_and_removed(opened, tmp_path):
    console, marks = FakeConsole(), Bookmarks(tmp_path, "ab" * 32)
    async with opened(console, bookmarks=marks) as pilot:
        await pilot.press("B")
        await pilot.pause()
        assert "No bookmark yet: b sets one" in [note.message for note in pilot.app._notifications]
        await pilot.press("b", *"[red]x", "enter")
        await pilot.press("greater_than_sign", "b", "enter")
        assert [(mark.ts_us, mark.note) for mark in Bookmarks(tmp_path, "ab" * 32).all] == [
            (NOW, "[red]x"), (NOW + 10 * SECOND, ""),
        ]  # fmt: skip
        await pilot.press("B")
        await pilot.pause()
        assert "11:44:12.125  [red]x" in screen_text(pilot)
        await pilot.press("enter")
        assert console.went[-1] == ("seek", NOW)
        await pilot.press("B", "x")
        await pilot.pause()
        assert pilot.app.screen.query_one(OptionList).option_count == 1
        assert [mark.ts_us for mark in marks.all] == [NOW + 10 * SECOND]


@pytest.mark.parametrize("key", ["b", "B"])
async def test_without_a_tape_there_are_no_bookmarks(opened, key):
    async with opened(FakeConsole()) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert "kept by tape" in next(iter(pilot.app._notifications)).message


@pytest.mark.parametrize("key", ["1", "2", "3", "5", "6"])
async def test_the_footer_fits_eighty_columns(opened, key):
    async with opened(FakeConsole()) as pilot:
        await pilot.press(key)
        await pilot.pause()
        line = pilot.app.screen.query_one(KeysLine)
        seen = line.row_keys(line.size.width, 1)[0]
        assert not seen.more
        assert {"Quit", "Keys"} <= {entry.words for entry in seen.entries}
