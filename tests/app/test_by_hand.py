"""Trading and turning by hand: what each key asks of the market, what is refused, and that nothing is sent by accident."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from textual.widgets import Input, Static

from lobterm.app.app import SETTLED
from lobterm.app.screens.order import OrderScreen
from lobterm.app.screens.robots import RobotsScreen
from lobterm.app.screens.settings import SettingsScreen
from lobterm.app.screens.what_if import WhatIfScreen
from lobterm.engine import params as pm
from lobterm.engine.params import BY_KEY
from lobterm.engine.read import OwnOrder
from lobterm.engine.rows import QuoteWhy, Strategy
from lobterm.errors import InputError
from lobterm.hands import Hands
from lobterm.view.happened import Note, What
from tests.app.fake import BTC, MID, START, FakeConsole
from tests.app.test_look import app as app_of
from tests.app.test_look import settled
from tests.app.test_monitor import screen_text
from widgets.chart import ChartWidget

SIZES = [(80, 24), (120, 40), (200, 60)]
MINE = OwnOrder(7, 1, MID - 2, 10, 10, int(Strategy.OWN), 0, False, True, False, 4.0)


def line(end):
    return SimpleNamespace(
        pnl_e8=np.linspace(0, end, 1_000), end_e8=end, fills=12, fees_e8=5_000_000, inventory_max=30, inventory_end=-4
    )


class Playing:
    """A what-if that is done as soon as it is begun."""

    differs = (("maker.gamma", 5.0, 2.0), ("matching.rule", 1.0, 2.0))

    def __init__(self, result=True):
        self.progress, self.failure, self.result, self.stopped = 0.25, "", None, False
        self.comes = result

    def start(self):
        if self.comes:
            self.result = SimpleNamespace(
                as_begun=line(1_500_000_000), as_now=line(-700_000_000), from_ts=START, to_ts=START + 60_000_000,
                rows=5_000, of_rows=9_000,
            )  # fmt: skip

    def stop(self):
        self.stopped = True


class Handy(FakeConsole, Hands):
    """A market that writes down what it is asked, and does it to its parameters."""

    instrument = BTC
    later_items = 0

    def __init__(self, **changes):
        super().__init__(**changes)
        self.start_params = pm.defaults()
        self.changes.setdefault("params", pm.defaults())
        self.asked, self.refuse, self.plays = [], "", []

    def origin(self, key):
        return "symbol.BTCUSDT" if key == "maker.theta" else "built in"

    def may_act(self):
        if self.refuse:
            raise InputError(self.refuse)

    def act(self, *asks):
        self.may_act()
        for ask in asks:
            if ask.kind == 17:
                self.changes["params"] = self.changes["params"].copy()
                self.changes["params"][ask.qty] = float(np.int64(ask.px).view(np.float64))
        self.asked += [(ask.kind.name, ask.seq, ask.side, ask.px, ask.qty) for ask in asks]

    def what_if(self, until_ts=None):
        self.may_act()
        self.plays.append((Playing(self.clock.speed == 1.0), until_ts))
        return self.plays[-1][0]


def told(pilot):
    return " ".join(str(note.message) for note in pilot.app._notifications)


async def test_orders_at_the_cursor_and_at_market(opened):
    console = Handy()
    async with opened(console) as pilot:
        await pilot.press("e", "down", "down", "0", ".", "0", "5", "b", "up", "s", "B", "S")
        assert isinstance(pilot.app.screen, OrderScreen)
        assert console.asked == [
            ("ORDER", 0, 1, MID - 2, 50), ("ORDER", 0, -1, MID - 1, 50), ("ORDER", 0, 1, 0, 50), ("ORDER", 0, -1, 0, 50),
        ]  # fmt: skip
        assert "asked to sell 0.050 at market" in told(pilot)
        assert "0.05_ @ 53,104.1 · 2,655 USDT" in screen_text(pilot)


async def test_while_order_entry_is_off_no_key_and_no_click_trades(opened):
    console = Handy(orders=(MINE,))
    async with opened(console) as pilot:
        for key in ("b", "escape", "s", "S", "x", "X", "F", "up", "down", "7", "enter", "backspace"):
            await pilot.press(key)
        await pilot.click("#book", offset=(10, 5))
        await pilot.press("e", "escape", "s", "x", "F", "m")
        assert console.asked == []
        assert pilot.app.screen is pilot.app.monitor


async def test_a_click_sets_the_cursor_and_sends_nothing(opened):
    console = Handy()
    async with opened(console) as pilot:
        await pilot.press("e")
        row = 4
        wanted = pilot.app.screen.last_frame.ladder.rows[row].px
        await pilot.click("#book", offset=(10, row + 1))
        assert (pilot.app.screen.cursor, console.asked) == (wanted, [])
        await pilot.press("s")
        assert console.asked[0][3] == wanted


async def test_it_opens_over_a_market_that_stands_and_shows_the_book_at_once(opened):
    async with opened(Handy(), size=(120, 40)) as pilot:
        for _ in range(3 * SETTLED):
            pilot.app.tick()
        await pilot.press("e")
        for _ in range(2):
            pilot.app.tick()
            await pilot.pause()
        assert pilot.app.screen is not pilot.app.monitor
        assert "53,104.1" in screen_text(pilot).partition("ORDER")[2].partition("\n")[2]


async def test_cancel_move_and_flatten(opened):
    console = Handy(orders=(MINE,))
    async with opened(console) as pilot:
        await pilot.press("e", "x", "m")
        assert console.asked == []
        assert "no order of yours at the cursor" in told(pilot)
        await pilot.press("down", "down", "m", "down", "escape", "down", "up", "m", "x")
        assert console.asked == [], "put back, and there is none of mine at the cursor"
        await pilot.press("up", "m", "down", "down", "m", "up", "up", "x", "X", "F")
        assert console.asked == [
            ("ORDER", 1, 0, MID - 4, 7), ("ORDER", 0, 1, MID - 2, 0), ("ORDER", 0, 0, 0, 0), ("ORDER", 2, 0, 0, 2),
        ]  # fmt: skip


async def test_what_is_refused_is_said_in_words(opened):
    console = Handy()
    async with opened(console) as pilot:
        await pilot.press("e", "0", "b")
        assert "size 0" in told(pilot)
        await pilot.press("backspace", ".", "0", "0", "0", "5")
        assert "no whole lot" in screen_text(pilot)
        await pilot.press("b")
        assert "size 0" in told(pilot)
        console.refuse = "the tape is at its end [red]"
        await pilot.press("]", "B")
        assert "the tape is at its end [red]" in told(pilot)
        assert console.asked == []
        for why, words in (
            (QuoteWhy.NO_BOOK, "book is unknown"),
            (QuoteWhy.LIMIT, "more orders"),
            (QuoteWhy.CROSS, "post-only"),
        ):
            console.history.happened._add([Note(START, What.REJECT, MID, int(why), 1, int(Strategy.OWN))])
            pilot.app.paint()
            await pilot.pause()
            assert words in told(pilot)


async def test_the_round_sizes(opened):
    async with opened(Handy()) as pilot:
        await pilot.press("e")
        seen = []
        for key in ("[", "[", "]", "]", "]"):
            await pilot.press(key)
            seen.append(pilot.app.screen.size_.lots)
        assert seen == [5, 2, 5, 10, 20]


async def test_order_entry_without_a_book_has_no_price_to_stand_at(opened):
    none = np.zeros((0, 2), np.int64)
    console = Handy(touch=None, mid2=None, bids=none, asks=none, book_known=False, gap_cause=1)
    async with opened(console) as pilot:
        await pilot.press("e", "b", "up")
        assert console.asked == []
        assert "no price to stand at" in told(pilot)


async def test_order_entry_shows_what_is_held_by_hand_in_the_place_of_the_maker(opened):
    async with opened(Handy(orders=(MINE,)), size=(80, 24)) as pilot:
        assert "MAKER USDT" in screen_text(pilot)
        await pilot.press("e")
        await pilot.pause()
        assert "OWN USDT" in screen_text(pilot) and "by hand" in screen_text(pilot)
        assert pilot.app.screen.last_frame.maker[1].text == "1"
        await pilot.press("escape")
        await pilot.pause()
        assert "MAKER USDT" in screen_text(pilot)


async def test_the_desk_arms_pauses_flattens_and_resets_the_ladder_that_is_lit(opened):
    console = Handy()
    async with opened(console) as pilot:
        await pilot.press("D")
        assert isinstance(pilot.app.screen, RobotsScreen)
        await pilot.press("a", "down", "a", "a", "f", "down", "a")
        assert [ask[0] for ask in console.asked] == ["PARAM", "PARAM", "PARAM", "ORDER"]
        assert [ask[4] for ask in console.asked] == [pm.ENABLED, pm.FADE_ENABLED, pm.FADE_ENABLED, Strategy.FADE]
        assert (console.changes["params"][pm.ENABLED], console.changes["params"][pm.FADE_ENABLED]) == (0.0, 1.0)
        assert "need no arming" in str(pilot.app.screen.query_one("#done", Static).render())
        console.asked.clear()
        await pilot.press("Z", "up", "Z")
        assert console.asked == [], "another ladder is asked for again"
        await pilot.press("Z")
        assert {ask[0] for ask in console.asked} == {"ACCOUNT"}
        assert all(ask[3] == 0 for ask in console.asked)
        await pilot.press("escape")
        assert pilot.app.screen is pilot.app.monitor


async def test_a_parameter_is_found_edited_refused_and_put_back(opened):
    console = Handy()
    async with opened(console, size=(120, 40)) as pilot:
        await pilot.press("p", "slash", *"gamma", "enter", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, SettingsScreen)
        screen.query_one(Input).value = "-3"
        await pilot.press("enter")
        assert "allowed: 0 to 1e6" in str(screen.query_one("#done", Static).render())
        screen.query_one(Input).value = "2.5"
        await pilot.press("enter")
        assert console.changes["params"][pm.GAMMA] == 2.5
        assert "2.5 (was 5)" in screen_text(pilot)
        assert "by hand" in screen_text(pilot)
        await pilot.press("backspace")
        assert console.changes["params"][pm.GAMMA] == 5.0
        assert len(console.asked) == 2
        await pilot.press("escape")
        assert pilot.app.screen is pilot.app.monitor


async def test_in_a_narrow_terminal_every_parameter_says_what_it_may_be(opened):
    async with opened(Handy(), size=(80, 24)) as pilot:
        await pilot.press("p")
        await pilot.pause()
        seen = screen_text(pilot)
        assert "inverted, traditional" in seen and "half_life, time_constant" in seen and "1e6 to 8.64e10" in seen
        await pilot.press("slash", *"orders and cancels", "enter")
        await pilot.pause()
        seen = screen_text(pilot)
        assert "orders and c…" in seen and "1 to 1e6" in seen.split("source")[0], "a long unit gives way"


async def test_choices_go_round_and_what_the_windows_were_made_for_stays(opened):
    console = Handy()
    async with opened(console, size=(120, 40)) as pilot:
        await pilot.press("p", "slash", *"matching.rule", "enter", "enter", "right", "left", "left")
        turned = [BY_KEY["matching.rule"].choices[int(np.int64(ask[3]).view(np.float64))] for ask in console.asked]
        assert turned == ["touch", "through", "touch", "queue"]
        console.asked.clear()
        await pilot.press("slash", *["backspace"] * 13, *"window_s", "enter", "up", "up", "up", "up", "enter")
        screen = pilot.app.screen
        assert screen.lit.key == "lpi.window_s"
        screen.query_one(Input).value = "3600"
        await pilot.press("enter")
        assert console.asked == []
        assert "read when the engine begins" in str(screen.query_one("#done", Static).render())


async def test_hostile_words_show_as_text(opened):
    console = Handy()
    async with opened(console, size=(120, 40)) as pilot:
        await pilot.press("p", "slash", "left_square_bracket", *"red", "right_square_bracket", "enter")
        assert "none has these words" in screen_text(pilot)
        console.refuse = "[bold]no[/] \x1b[31m"
        await pilot.press("slash", *["backspace"] * 9, *"gamma", "enter", "enter", "enter")
        assert "[bold]no[/]" in str(pilot.app.screen.query_one("#done", Static).render())


async def test_what_if_shows_both_and_esc_gives_up(opened):
    console = Handy()
    async with opened(console, size=(120, 40)) as pilot:
        await pilot.press("r")
        await pilot.pause()
        pilot.app.screen.look()
        await pilot.pause()
        text = screen_text(pilot)
        for words in (
            "maker.gamma 5 → 2",
            "matching.rule queue → touch",
            "+15.0000",
            "-7.0000",
            "-22.0000",
            "cut short",
        ):
            assert words in text, words
        drawn = pilot.app.screen.query_one("#both-lines", ChartWidget)
        assert [len(line.values) for line in drawn.chart.series] == 2 * [2 * drawn.columns()]
        await pilot.press("h")
        assert console.plays[-1][1] == console.clock.now + 60_000_000
        assert console.plays[0][0].stopped
        await pilot.press("escape")
        assert console.plays[-1][0].stopped


async def test_what_if_says_how_far_it_is_and_why_not(opened):
    console = Handy()
    console.clock.speed = 2.0
    async with opened(console) as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(pilot.app.screen, WhatIfScreen)
        assert "25%" in screen_text(pilot)
        await pilot.press("escape")
        console.refuse = "no parameter differs"
        await pilot.press("r")
        assert pilot.app.screen is pilot.app.monitor
        assert "no parameter differs" in told(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [["e", "down", "down"], ["D", "down"], ["p", "down", "down"], ["r"]])
def test_look(snap_compare, size, keys):
    app = app_of(Handy(orders=(MINE,)))

    async def before(pilot):
        await settled(pilot)
        await pilot.press(*keys)
        await pilot.pause(0.2)
        app.paint()
        if hasattr(app.screen, "look"):
            app.screen.look()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
