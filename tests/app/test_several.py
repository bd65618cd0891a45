"""Several symbols: tabs, the watch list, alerts of those that are not on the screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lobterm.app.alerts import Alerts
from lobterm.app.app import LobtermApp
from lobterm.app.screens.monitor import MonitorScreen
from lobterm.app.screens.watch import WatchScreen
from lobterm.engine.rows import TRIGGER
from tests.app.fake import BTC, START, FakeConsole, said
from tests.app.fake_several import ETH, FakeFollowed, FakeSession, three
from tests.app.test_look import settled
from tests.app.test_monitor import screen_text


def trigger(who: FakeFollowed, second: int) -> None:
    rows = np.zeros(1, TRIGGER)
    rows["ts"], rows["side"], rows["lpi"], rows["state"] = START + second * 1_000_000, -1, 3.4, 1
    who.history.rows(said(triggers=rows))


async def test_tab_goes_round_the_symbols_on_every_screen(opened):
    session = three()
    async with opened(session, size=(120, 40)) as pilot:
        for screen in "1236":
            await pilot.press(screen)
            for symbol in ("ETHUSDT", "SOLUSDT", "BTCUSDT"):
                await pilot.press("tab")
                assert session.symbol == symbol
                await pilot.pause()
                assert f"{symbol}  PAPER" in " ".join(screen_text(pilot).split("\n")[0].split(" ")).replace("   ", "  ")
        await pilot.press("shift+tab")
        assert session.symbol == "SOLUSDT"


async def test_the_ladder_stands_about_the_mid_of_the_symbol_that_is_shown(opened):
    eth = FakeFollowed(ETH, mid2=2 * 320_000, touch=(319_999, 5, 320_001, 5))
    session = FakeSession(FakeFollowed(BTC), eth)
    async with opened(session) as pilot:
        await pilot.press("g", "n", "tab")
        ladder = pilot.app.monitor.last_frame.ladder
        assert ladder.centre == 320_000 and ladder.scale == "every tick"
        assert pilot.app.monitor.choice.least_lots == 0, "a lot of one symbol is not that of another"
        await pilot.press("tab")
        assert pilot.app.monitor.choice.group == 5


async def test_a_click_on_a_tab_shows_its_symbol(opened):
    session = three()
    async with opened(session) as pilot:
        text = screen_text(pilot).split("\n")[2]
        assert "● BTCUSDT" in text and "░ ETHUSDT GAP" in text and "◌ SOLUSDT stale" in text
        await pilot.click("#tabs", offset=(text.index("SOLUSDT") + 1, 0))
        assert session.symbol == "SOLUSDT"
        await pilot.click("#tabs", offset=(79, 0))
        assert session.symbol == "SOLUSDT"


async def test_a_symbol_that_fails_is_told_and_the_others_go_on(opened):
    session = three()
    async with opened(session) as pilot:
        session.everyone[1].failure = "ETHUSDT: torn [bold]"
        pumps = session.pumps
        pilot.app.tick()
        assert session.pumps == pumps + 1
        await pilot.pause()
        assert any("ETHUSDT: torn [bold]" in note.message for note in pilot.app._notifications)
        await pilot.press("tab")
        assert pilot.app.monitor.last_header.failure == "ETHUSDT: torn [bold]"
        pumps = session.pumps
        pilot.app.tick()
        assert session.pumps == pumps + 1
        assert "✗ ETHUSDT failed" in screen_text(pilot)
        session.stopped, pumps = "refused", session.pumps
        pilot.app.tick()
        assert session.pumps == pumps


async def test_a_symbol_whose_engine_is_behind_is_not_called_good(opened):
    session = three()
    session.everyone[0].lag_us = 12_300_000
    async with opened(session, size=(120, 40)) as pilot:
        await pilot.press("w")
        await pilot.pause()
        lines = screen_text(pilot).split("\n")
        tabs = next(line for line in lines if "SOLUSDT" in line)
        row = next(line for line in lines[3:] if "BTCUSDT" in line)
        assert "◔ BTCUSDT behind" in tabs and "◔ behind 12.3s" in row and "● ok" not in row


async def test_one_symbol_has_no_tabs_and_says_so(opened):
    for console in (FakeConsole(), FakeSession(FakeFollowed(BTC))):
        async with opened(console) as pilot:
            assert not pilot.app.screen.query_one("#tabs").display
            await pilot.press("tab")
            assert any("one symbol" in note.message for note in pilot.app._notifications)


async def test_order_entry_stays_with_its_symbol(opened):
    session = three()
    async with opened(session) as pilot:
        await pilot.press("e")
        await pilot.pause()
        text = screen_text(pilot).split("\n")[2]
        await pilot.press("tab")
        await pilot.click("#tabs", offset=(text.index("ETHUSDT") + 1, 0))
        assert session.symbol == "BTCUSDT"
        await pilot.press("escape", "tab")
        assert session.symbol == "ETHUSDT"


async def test_another_symbol_ends_an_instant_replay_and_the_watch_list_goes_on_beside_it(opened):
    session = three()
    async with opened(session, size=(120, 40)) as pilot:
        frozen = FakeConsole()
        frozen.ready = True
        pilot.app.shell.show(frozen)
        await pilot.press("w")
        assert [row.symbol for row in pilot.app.screen.last_rows] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
        session.everyone[2].failure = "torn"
        pilot.app.shell.wall_us = lambda: 1_000_000
        pilot.app.screen.paint_beside()
        assert pilot.app.screen.last_rows[2].state == "failed"
        await pilot.press("tab")
        assert pilot.app.shell.frozen is None and frozen.closed and session.symbol == "ETHUSDT"


async def test_many_tabs_show_the_one_that_is_lit(opened):
    several = [FakeFollowed(replace(BTC, symbol=f"{name}USDT")) for name in "ABCDEFGHIJKLMNOP"]
    session = FakeSession(*several)
    async with opened(session) as pilot:
        for who in (*several[1:], several[0]):
            await pilot.press("tab")
            await pilot.pause()
            assert f"● {who.symbol}" in screen_text(pilot).split("\n")[2]


async def test_the_watch_list_lights_a_symbol_and_shows_it(opened):
    session = three()
    async with opened(session, size=(200, 60)) as pilot:
        await pilot.press("w")
        assert isinstance(pilot.app.screen, WatchScreen)
        btc, eth, sol = pilot.app.screen.last_rows
        assert (btc.state, eth.state, sol.state) == ("ok 0.0s", "GAP 0.0s", "stale 1m00s")
        assert (eth.mid.text, eth.spread.text, eth.basis.text) == ("—", "—", "—")
        assert btc.basis.text == "+1.0 bps" and btc.funding.text.startswith("0.0123 %")
        assert btc.interest.text == "-0.12 % 4m" and sol.interest.text == "—"
        await pilot.press("down", "down", "down", "enter")
        assert session.symbol == "SOLUSDT" and isinstance(pilot.app.screen, MonitorScreen)


async def test_two_clicks_on_a_line_show_its_symbol(opened):
    session = three()
    async with opened(session) as pilot:
        await pilot.press("w")
        await pilot.pause()
        await pilot.click("#watch", offset=(4, 3))
        assert pilot.app.screen.lit == 1 and session.symbol == "BTCUSDT"
        await pilot.click("#watch", offset=(4, 3), times=2)
        assert session.symbol == "ETHUSDT"


async def test_hostile_names_show_as_text(opened):
    name = "[red]X[/]\x1b[31m"
    session = FakeSession(FakeFollowed(replace(BTC, symbol=name)), FakeFollowed(ETH))
    session.everyone[0].failure = "[blink]no\x07"
    async with opened(session, size=(120, 40)) as pilot:
        assert "[red]X[/]?[31m" in screen_text(pilot)
        await pilot.press("w")
        await pilot.pause()
        assert (
            "✗ failed" in screen_text(pilot) and "[blink]no?" in screen_text(pilot) and "\x1b" not in screen_text(pilot)
        )


def test_a_symbol_that_is_not_on_the_screen_calls_too():
    session, calls = three(), []
    session.ready = True
    alerts = Alerts(session, "desktop", calls.append, lambda: 0)
    alerts.look("")
    for who in session.everyone:
        trigger(who, 3)
    alerts.look("")
    assert [call[4:].split(":")[0] for call in calls[1:]] == ["lobterm ETHUSDT", "lobterm SOLUSDT"]
    calls.clear()
    session.everyone[2].failure = "torn"
    for _ in range(2):
        alerts.look("")
    assert len(calls) == 1 and "lobterm SOLUSDT" in calls[0] and "stopped: torn" in calls[0]
    session.stopped = "refused"
    alerts.look("refused")
    assert "refused" in calls[1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_look_of_the_watch_list(snap_compare, size):
    app = LobtermApp(three(), play=False, wall_us=lambda: 0)

    async def before(pilot):
        await settled(pilot)
        await pilot.press("w")
        await settled(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)
