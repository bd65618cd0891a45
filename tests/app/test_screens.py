"""Every screen: its keys, any size, its look. After an intended change: pytest --snapshot-update."""

from __future__ import annotations

import numpy as np
import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from lobterm.app.app import LobtermApp
from lobterm.app.screens.heatmap import HeatmapScreen
from lobterm.app.screens.log import LogScreen
from lobterm.app.screens.monitor import MonitorScreen
from lobterm.app.screens.pressure import PressureScreen
from lobterm.app.screens.review import ReviewScreen
from lobterm.app.themes import THEMES
from lobterm.engine.rows import ALPHA, FILL, QUOTE, TRIGGER, AlphaValid
from lobterm.events import EVENT, Flag, Kind
from tests.app.fake import MID, START, FakeConsole, levels, said
from tests.app.test_look import settled
from tests.app.test_monitor import SIZES, screen_text

NOW = START + 252_125_000
SCREENS = {"1": MonitorScreen, "2": HeatmapScreen, "3": PressureScreen, "5": ReviewScreen, "6": LogScreen}


def lived(**changes) -> FakeConsole:
    """Return a fake market with four minutes of history."""
    console = FakeConsole(**changes)
    rng = np.random.default_rng(11)
    for second in range(0, 252, 3):
        book = np.concatenate([levels(MID, -1, 60, second // 40), levels(MID + 1, 1, 60, 100 + second // 30)])
        rows = np.zeros(len(book) + 1, EVENT)
        rows["ts"], rows["market"] = START + second * 1_000_000, 0
        rows["kind"][0], rows["kind"][1:] = Kind.BOOK_CLEAR, Kind.BOOK
        rows["px"][1:], rows["qty"][1:] = book[:, 0], book[:, 1]
        rows["side"][1:] = np.where(rows["px"][1:] <= MID, 1, -1)
        rows["flags"][1:] = Flag.SNAPSHOT
        console.history.events(rows, 0)
    ticks = np.zeros(1_000, ALPHA)
    ticks["ts"] = START + np.arange(1, 1_001) * 250_000
    ticks["bid"], ticks["ask"] = MID, MID + 1
    ticks["valid"] = int(~AlphaValid.Z_OI & ((1 << 22) - 1))
    for name in ("lpi_sell", "lpi_buy", "z_fsi_sell", "z_fsi_buy", "z_ldr_bid", "z_ldr_ask", "z_pi"):
        ticks[name] = rng.normal(size=1_000).cumsum() / 8
    ticks["state_sell"] = np.where((np.arange(1_000) // 60) % 4 == 2, 2, 1)
    ticks["state_buy"] = 1
    fills, triggers, quotes = np.zeros(3, FILL), np.zeros(1, TRIGGER), np.zeros(4, QUOTE)
    fills["ts"], fills["px"], fills["qty"], fills["side"] = NOW - np.array([60, 40, 9]) * 1_000_000, MID, 10, [1, -1, 1]
    triggers["ts"], triggers["bid"], triggers["ask"], triggers["side"] = NOW - 20_000_000, MID, MID + 1, -1
    triggers["lpi"], triggers["why"], triggers["state"] = 3.41, 2, 1
    quotes["ts"], quotes["order_id"] = NOW - np.array([70, 60, 50, 30]) * 1_000_000, [1, 1, 2, 3]
    quotes["act"], quotes["px"], quotes["side"] = [1, 4, 1, 1], [MID - 6, MID - 6, MID - 5, MID + 8], [1, 1, 1, -1]
    console.history.rows(said(alpha=ticks, fills=fills, triggers=triggers, quotes=quotes))
    return console


async def test_a_number_opens_its_screen_from_any_other(opened):
    async with opened(lived()) as pilot:
        for first in SCREENS:
            for key, kind in SCREENS.items():
                await pilot.press(first, key)
                assert isinstance(pilot.app.screen, kind)
        await pilot.pause()
        assert "BTCUSDT" in screen_text(pilot) and "11:44:12" in screen_text(pilot)


@pytest.mark.parametrize("key", SCREENS)
async def test_the_transport_works_on_every_screen(opened, key):
    console = lived()
    async with opened(console) as pilot:
        await pilot.press(key, "space")
        assert not console.clock.paused
        await pilot.press("t", "plus")
        assert console.steps == ["trade"] and console.clock.speed == 2.0


@pytest.mark.parametrize("key", ["2", "3", "5", "6"])
@pytest.mark.parametrize("bare", [False, True])
async def test_any_size_paints_with_and_without_a_history(opened, key, bare):
    async with opened(FakeConsole() if bare else lived()) as pilot:
        await pilot.press(key)
        for size in SIZES[::3]:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            pilot.app.paint()
            await pilot.pause()


@pytest.mark.parametrize("key", SCREENS)
async def test_every_screen_opens_while_the_engine_loads(opened, key):
    console = FakeConsole()
    console.load = lambda: None
    async with opened(console) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert "compiling the engine" in screen_text(pilot)


async def test_the_ladder_groups_and_its_touch_keeps_apart(opened):
    async with opened(lived()) as pilot:
        for group in (5, 10, 50, 100, 100):
            await pilot.press("g")
            assert pilot.app.monitor.last_frame.ladder.scale == f"{group} ticks a row"
        for group in (50, 10, 5, 1, 1):
            await pilot.press("G")
            assert pilot.app.monitor.choice.group == group


async def test_a_locked_ladder_does_not_follow_until_it_is_recentred(opened):
    console = lived()
    async with opened(console) as pilot:
        start = pilot.app.monitor.last_frame.ladder.centre
        await pilot.press("k")
        console.changes = {"mid2": 2 * start + 200, "touch": (start + 99, 5, start + 101, 5)}
        pilot.app.paint()
        assert pilot.app.monitor.last_frame.ladder.centre == start
        assert "LOCKED" in pilot.app.monitor.last_frame.ladder.scale
        await pilot.press("c")
        assert pilot.app.monitor.last_frame.ladder.centre == start + 100
        await pilot.press("k")
        assert "LOCKED" not in pilot.app.monitor.last_frame.ladder.scale


async def test_sizes_summed_and_in_the_quote_coin(opened):
    async with opened(lived()) as pilot:
        await pilot.press("s", "u")
        view = pilot.app.monitor.last_frame.ladder
        assert view.cumulative and view.unit == "USDT"
        assert "BOOK SUM USDT" in screen_text(pilot)
        await pilot.press("s", "u")
        assert not pilot.app.monitor.last_frame.ladder.cumulative


async def test_the_smallest_trade(opened):
    async with opened(lived(), size=(200, 60)) as pilot:
        every = pilot.app.monitor.last_frame.trades
        await pilot.press("n", "n", "n")
        fewer = pilot.app.monitor.last_frame
        assert min(float(row.size) for row in fewer.trades) >= 0.1 > min(float(row.size) for row in every)
        assert "≥0.1" in fewer.least_size
        await pilot.press("N", "N", "N", "N")
        assert pilot.app.monitor.last_frame.trades == every


async def test_the_map_pans_zooms_and_follows(opened):
    async with opened(lived()) as pilot:
        await pilot.press("2")
        await pilot.pause()
        screen = pilot.app.screen
        top = screen.last_view.top
        await pilot.press("left", "up")
        assert screen.choice.end_ts is not None and screen.last_view.top > top
        assert "HELD" in screen.last_view.note
        await pilot.press("right", "down", "z", "x")
        assert (screen.choice.seconds, screen.choice.zoom) == (2, 2)
        await pilot.press("Z", "X", "f")
        assert (screen.choice.seconds, screen.choice.zoom, screen.choice.end_ts) == (1, 1, None)
        assert "HELD" not in screen.last_view.note
        await pilot.press("d")
        assert "no trades" in screen.last_view.note


async def test_the_pressure_screen_looks_from_afar_and_from_near(opened):
    async with opened(lived()) as pilot:
        await pilot.press("3", "z")
        assert pilot.app.screen.dot_us == 2_000_000
        await pilot.press("Z", "Z", "Z")
        assert pilot.app.screen.dot_us == 250_000


async def test_the_log_is_filtered_and_scrolled(opened):
    async with opened(lived()) as pilot:
        await pilot.press("6")
        await pilot.pause()
        seen = screen_text(pilot)
        assert "sells exhausted, not faded: not FORCED · LPI +3.41" in seen and "maker bought" in seen
        await pilot.press("f", "f", "f")
        assert "maker bought" not in screen_text(pilot) and "exhausted" in screen_text(pilot)
        await pilot.press("down", "pagedown", "up", "pageup", "home")
        assert pilot.app.screen.skip == 0


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("coarser", lambda app: app.monitor.choice.group == 5),
        ("trigger before", lambda app: app.market.went == [("prev",)]),
    ],
)
async def test_the_palette_offers_the_keys_of_the_screen(opened, words, done):
    async with opened(lived()) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*("space" if char == " " else char for char in words))
        await pilot.pause(0.5)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert done(pilot.app)


async def test_the_header_counts_down_to_funding_where_it_is_known(opened):
    console = lived()
    async with opened(console, size=(120, 40)) as pilot:
        assert "fund" not in screen_text(pilot).splitlines()[0]
        told = np.zeros(1, EVENT)
        told["ts"], told["kind"], told["px"], told["qty"] = NOW, Kind.FUNDING, -12_500, NOW + 3_900_000_000
        console.history.events(told, 0)
        pilot.app.paint()
        await pilot.pause()
        assert screen_text(pilot).splitlines()[0].rstrip().endswith("fund -0.0125 % 1h05m")


async def test_a_screenshot_is_saved(opened, monkeypatch):
    saved = []
    async with opened(lived()) as pilot:
        monkeypatch.setattr(pilot.app, "deliver_screenshot", lambda: saved.append(1))
        await pilot.press("f12")
    assert saved == [1]


def shown(key: str, theme: str = THEMES[0].name):
    async def before(pilot) -> None:
        await settled(pilot)
        pilot.app.theme = theme
        await pilot.press(key)
        await pilot.pause()
        pilot.app.paint()
        await pilot.pause()

    return before


def app() -> LobtermApp:
    return LobtermApp(lived(), play=False, wall_us=lambda: 0)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("key", ["1", "2", "3", "6"])
def test_look(snap_compare, key, size):
    assert snap_compare(app(), terminal_size=size, run_before=shown(key))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_look_of_candles_and_why(snap_compare, size):
    assert snap_compare(app(), terminal_size=size, run_before=shown("v"))


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES[1:]])
@pytest.mark.parametrize("key", ["1", "2"])
def test_look_in_other_colours(snap_compare, key, theme):
    assert snap_compare(app(), terminal_size=(120, 40), run_before=shown(key, theme))


async def test_a_number_is_explained_by_key(opened):
    async with opened(lived()) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert "lpi.w_fsi = 0.5" in screen_text(pilot)
        await pilot.press("down")
        await pilot.pause()
        assert "whether pressure is mechanical" in screen_text(pilot).lower()
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)


async def test_the_number_under_the_mouse_is_explained_first_and_by_itself(opened):
    async with opened(lived(), size=(200, 60)) as pilot:
        table = pilot.app.screen.query_one("#exhaustion")
        await pilot.hover(table, offset=(3, 3))
        await pilot.pause()
        assert pilot.app.screen.pointed == "rollover"
        assert "fallen at each of the last K ticks" in str(table.tooltip)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "exhaustion.rollover_ticks = 3" in screen_text(pilot)


async def test_the_wheel_moves_ladder_map_and_log(opened):
    async with opened(lived()) as pilot:
        start = pilot.app.monitor.choice.centre
        await pilot._post_mouse_events([MouseScrollUp], "#book", offset=(5, 5))
        assert (pilot.app.monitor.choice.centre, pilot.app.monitor.choice.locked) == (start + 3, True)
        await pilot._post_mouse_events([MouseScrollDown], "#book", offset=(5, 5))
        assert pilot.app.monitor.choice.centre == start
        await pilot.press("2")
        await pilot.pause()
        top = pilot.app.screen.last_view.top
        await pilot._post_mouse_events([MouseScrollDown], "#heat", offset=(5, 5))
        assert pilot.app.screen.last_view.top < top
        await pilot.press("6")
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollDown], "#log", offset=(5, 5))
        assert 0 <= pilot.app.screen.skip <= 3


async def test_figures_wait_while_the_market_runs_and_not_while_it_stands(opened):
    console = lived()
    async with opened(console) as pilot:
        app, screen = pilot.app, pilot.app.screen
        console.clock.play()
        console.changes = {"fills": 77}
        app.paint()
        before = screen.last_frame.ledgers
        app.shell.wall_us = lambda: 200_000
        app.paint()
        assert screen.last_frame.ledgers is before
        app.shell.wall_us = lambda: 250_000
        app.paint()
        assert screen.last_frame.ledgers is not before
        console.clock.pause()
        app.paint()
        assert screen.last_frame.ledgers is not before
