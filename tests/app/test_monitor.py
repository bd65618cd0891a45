from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lobterm.app.app import LobtermApp
from lobterm.engine import params as pm
from lobterm.errors import TapeError
from lobterm.view.console import Seeking
from lobterm.view.models import RunState
from lobterm.view.rate import RateMeter
from tests.app.fake import MID, FakeConsole, labels, said, snapshot

SIZES = [
    (80, 24),
    (120, 40),
    (200, 60),
    (79, 23),
    (60, 20),
    (40, 12),
    (100, 16),
    (160, 18),
    (160, 30),
    (20, 6),
    (5, 3),
    (1, 1),
]


def screen_text(pilot) -> str:
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return "\n".join(strip.text for strip in strips)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("blind", [False, True])
async def test_any_size_paints(opened, size, blind):
    changes = {"book_known": False, "gap_cause": 1, "touch": None, "mid2": None} if blind else {}
    async with opened(FakeConsole(**changes), size=size) as pilot:
        assert pilot.app.monitor.last_frame.transport.state is RunState.PAUSED


async def test_resizing_while_it_runs(opened):
    async with opened(FakeConsole()) as pilot:
        for size in SIZES:
            await pilot.resize_terminal(*size)
            pilot.app.paint()
            await pilot.pause()
        await pilot.resize_terminal(80, 24)
        pilot.app.paint()
        await pilot.pause()
        assert "53,104.2" in screen_text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_nothing_that_matters_is_cut(opened, size):
    async with opened(FakeConsole(), size=size) as pilot:
        pilot.app.shell.rows_meter = RateMeter()
        pilot.app.shell.rows_meter.add(-1_000_000, 92_600)
        pilot.app.shell.count()
        pilot.app.paint()
        await pilot.pause()
        text = screen_text(pilot)
    profit = ("+12.3457", "+15.0000", "-1.6543", "-1.0000", "0.0000") if size == (80, 24) else (
        "+12.3457", "+15.0000", "-1.6543", "-1.0000", "0.0000", "maker", "fade", "own", "ahead", "rollover", "mid -3")  # fmt: skip
    for part in (
        "BTCUSDT", "PAPER", "REPLAY", "2024-08-05 11:44:12.125 UTC", "1x",
        "book 0.0s", "lag 0.0s", "gaps 1", "rows/s 12.4k", "simulated",
        "53,104.2", "53,104.3", "1.740", "0.407", "0.010", "◆", "spread 1 tick", "every tick", "bar 10",
        "skew", "+0.42", "hazard", "0.31", "k_tol 0.2", "inverted mapping",
        "fair", "53,105.62", "118.4 ticks", "53,103.9", "53,108.3", "+0.120",
        "PAUSED", "11:44:12.125 / 11:50:00", "quoting", "Quit", "Keys", *profit,
        "PRESSURE LPI", "+0.20", "INFORMED flow", "z over 2h00m of 2h", "1/4" if size == (80, 24) else "1 of 4",
    ):  # fmt: skip
        assert part in text, part


async def test_markup_and_escapes_in_a_symbol_are_text(opened):
    async with opened(FakeConsole(symbol="[red]BTC\x1b[31m[/]")) as pilot:
        assert "[red]BTC?[31m[/]" in screen_text(pilot)


async def test_a_gap_hides_the_book_and_says_why(opened):
    console = FakeConsole(book_known=False, gap_cause=1, touch=None, mid2=None, orders=())
    async with opened(console) as pilot:
        text = screen_text(pilot)
    assert "BOOK UNKNOWN" in text and "chain break" in text and "book UNKNOWN" in text
    assert "1.740" not in text


async def test_the_clock_starts_when_the_engine_is_loaded(opened):
    console = FakeConsole()
    async with opened(console, play=True) as pilot:
        await pilot.pause()
        assert console.ready and not console.clock.paused


async def test_the_first_paint_does_not_wait_for_the_engine():
    console = FakeConsole()
    console.load = lambda: None
    app = LobtermApp(console, wall_us=lambda: 0)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.paint()
        await pilot.pause()
        assert "compiling the engine" in screen_text(pilot)
        assert console.pumps == 0


async def test_frames_pull_the_market(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        before = console.pumps
        pilot.app.tick()
        assert console.pumps == before + 1


async def test_a_terminal_that_owes_output_is_not_painted_but_the_market_goes_on(opened, monkeypatch):
    console = FakeConsole()
    async with opened(console) as pilot:
        monkeypatch.setattr("lobterm.app.app.backlog", lambda driver: 3)
        frame, pumps = pilot.app.monitor.last_frame, console.pumps
        console.position_rows += 1
        pilot.app.tick()
        assert pilot.app.monitor.last_frame is frame and console.pumps == pumps + 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TapeError("row group 3 is torn", file="x.parquet"), "x.parquet: row group 3 is torn"),
        (KeyError("px"), "KeyError: 'px'"),
    ],
)
async def test_an_engine_that_does_not_load_is_said(opened, error, said):
    console = FakeConsole()
    console.load_error = error
    async with opened(console) as pilot:
        await pilot.pause()
        pilot.app.paint()
        await pilot.pause()
        assert f"STOPPED: {said}" in screen_text(pilot)
        assert pilot.app.failure == said


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_without_an_engine_no_screen_is_blank_or_says_that_it_loads(opened, size):
    console = FakeConsole()
    console.load_error = TapeError(
        "row group 3 is torn", file="x.parquet", mend="import the recording again, from its start"
    )
    async with opened(console, size=size) as pilot:
        for key in "1236w":
            await pilot.press(key)
            await pilot.pause()
            pilot.app.screen.repaint()
            await pilot.pause()
            below = screen_text(pilot).split("\n", 2)[2]
            assert "no engine" in below and "loading" not in below and "none" not in below, key
        await pilot.press("1")
        await pilot.pause()
        book = (line[: 42 if size[0] == 80 else 76] for line in screen_text(pilot).split("\n")[3:-2])
        told = " ".join(" ".join(book).replace("╱", " ").split())
        assert "no engine x.parquet: row group 3 is torn; import the recording again, from its start" in told


async def test_where_the_touch_has_run_ahead_of_the_depth_more_of_it_is_read(opened):
    class Outrun(FakeConsole):
        def snapshot(self, depth):
            self.asked = depth
            bids = np.stack([MID + 300 - np.arange(900), np.full(900, 7)], axis=1).astype(np.int64)
            asks = np.stack([MID + 301 + np.arange(900), np.full(900, 7)], axis=1).astype(np.int64)
            return replace(super().snapshot(depth), bids=bids[:depth], asks=asks[:depth])

    console = Outrun()
    async with opened(console, size=(80, 24)) as pilot:
        for _ in range(6):
            pilot.app.paint()
            await pilot.pause()
        bids = [row for row in pilot.app.screen.last_frame.ladder.rows if row.bid]
        assert len(bids) > 6, "what rests below the touch is seen"
        console.changes["touch"] = None
        pilot.app.paint()
        pilot.app.paint()
        assert console.asked < 30, "no more than the rows need once depth and touch agree"


async def test_an_engine_that_stops_is_said_and_no_longer_pumped(opened):
    console = FakeConsole()
    async with opened(console, notifications=True) as pilot:
        console.failure = "row group 12 is torn [bold]"
        pumps = console.pumps
        pilot.app.tick()
        pilot.app.tick()
        await pilot.pause()
        assert console.pumps == pumps
        assert "STOPPED: row group 12 is torn [bold]" in screen_text(pilot)
        assert len(pilot.app._notifications) == 1


async def test_the_end_of_the_tape_is_said(opened):
    console = FakeConsole()
    console.finished = True
    async with opened(console) as pilot:
        assert "END OF TAPE" in screen_text(pilot)


async def test_a_market_that_stands_is_painted_until_it_is_settled_and_then_not(opened):
    console = FakeConsole()
    async with opened(console) as pilot:
        app = pilot.app
        for _ in range(20):
            app.tick()
        frame = app.monitor.last_frame
        app.tick()
        assert app.monitor.last_frame is frame
        console.position_rows += 1
        app.tick()
        assert app.monitor.last_frame is not frame
        await pilot.press("t")
        assert app.monitor.last_frame is not frame


def told(pilot, name: str) -> str:
    """Return the words of one table of the monitor."""
    return "\n".join(" ".join(cell.text for cell in row) for row in pilot.app.screen.query_one(f"#{name}").table.rows)


async def test_why_and_break_even_stand_on_the_large_screen_and_follow_the_horizon(opened):
    async with opened(FakeConsole(), size=(200, 60)) as pilot:
        assert "fair 53,105.62 = mid +21.1 skew -7.4 inventory" in told(pilot, "why")
        assert "16.43 ticks = 10.6 x1.6, hazard" in told(pilot, "why")
        assert "rests: fair - ½ width" in told(pilot, "why") and "sells 1 of 4: no panic" in told(pilot, "why")
        assert "at 5 s undefined: 12 fills" in told(pilot, "edge") and "even 4 bps" in told(pilot, "edge")
        assert "funding not told yet" in told(pilot, "edge")
        await pilot.press("z")
        assert "at 30 s" in told(pilot, "edge")
        await pilot.press("Z", "Z")
        assert "at 2 s" in told(pilot, "edge")
        assert "fair - ½ width" in told(pilot, "orders")


async def test_candles_come_and_go_by_key_at_any_size(opened):
    async with opened(FakeConsole()) as pilot:
        for size, before in (((200, 60), True), ((120, 40), False), ((80, 24), False), ((60, 20), False)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            candles = pilot.app.screen.query_one("#candles")
            assert bool(candles.display) is before
            await pilot.press("v")
            await pilot.pause()
            assert bool(candles.display) is not before
            if not before:
                assert "since 11:40 UTC: VWAP" in candles.chart.title.note and candles.chart.candles
                assert candles.size.height >= 4
            await pilot.press("v")
            await pilot.pause()
            assert bool(candles.display) is before


@pytest.fixture
async def played(opened):
    """A large screen on a market that goes by itself, and the milliseconds on the wall."""
    ms = [1_000]
    async with opened(FakeConsole(), size=(200, 60)) as pilot:
        pilot.app.shell.wall_us = lambda: ms[0] * 1_000
        pilot.app.market.clock.play()
        pilot.app.paint()
        yield pilot, ms


async def test_while_it_runs_figures_change_four_times_a_second_tables_a_frame_later_and_charts_in_turns(played):
    pilot, ms = played
    app, monitor, console = pilot.app, pilot.app.monitor, pilot.app.market
    for _ in range(4):
        app.paint()
    maker, ledgers = monitor.last_frame.maker, told(pilot, "ledgers")
    console.changes = {"inventory": 777, "ledgers": snapshot().ledgers[1:] + snapshot().ledgers[:1]}
    ms[0] += 240
    app.paint()
    assert monitor.last_frame.maker == maker
    charts, changed = (monitor._lpi, monitor._candles), []
    for _ in range(2):
        before = [chart.chart for chart in charts]
        ms[0] += 250 if changed else 10
        app.paint()
        assert monitor.last_frame.maker != maker and (changed or told(pilot, "ledgers") == ledgers)
        assert [chart.chart for chart in charts] == before
        app.paint()
        assert told(pilot, "ledgers") != ledgers
        changed.append([chart.chart is not was for chart, was in zip(charts, before, strict=True)])
    assert sorted(changed) == [[False, True], [True, False]]


async def test_while_it_runs_header_and_trades_change_in_turns_and_the_book_always(played):
    pilot, ms = played
    app, monitor, console = pilot.app, pilot.app.monitor, pilot.app.market
    seen = []
    for _ in range(6):
        before = monitor.last_header, monitor.last_frame.trades, monitor.last_frame.ladder
        ms[0] += 50
        console.clock.jump(console.clock.now + 50_000)
        console.history.rows(said(labels=labels(3, console.clock.now)))
        app.paint()
        now = monitor.last_header, monitor.last_frame.trades, monitor.last_frame.ladder
        seen.append("".join(name for name, a, b in zip("htb", before, now, strict=True) if a != b))
    assert seen == ["hb", "tb", "hb", "tb", "tb", "hb"], "the fifth is a whole picture"


@pytest.mark.parametrize("key", ["space", "plus", "greater_than_sign", "k", "t"])
async def test_what_a_key_changes_is_painted_at_once(played, key):
    pilot, _ = played
    monitor = pilot.app.monitor
    pilot.app.paint()
    before = monitor.last_header, monitor.last_frame.ladder, monitor._transport.transport
    await pilot.press(key)
    assert (monitor.last_header, monitor.last_frame.ladder, monitor._transport.transport) != before


async def test_a_market_that_stands_shows_figures_and_charts_at_once(played):
    pilot, _ = played
    app, lpi = pilot.app, pilot.app.monitor._lpi
    app.market.clock.pause()
    figures, chart = told(pilot, "ledgers"), lpi.chart
    app.market.changes = {"ledgers": snapshot().ledgers[1:] + snapshot().ledgers[:1]}
    app.paint()
    assert told(pilot, "ledgers") != figures and lpi.chart is not chart


@pytest.mark.parametrize("way", ["moved", "arrived"])
async def test_no_figure_of_another_moment_stands_after_a_seek(played, way):
    pilot, _ = played
    app = pilot.app
    if way == "arrived":
        app.market.seeking = Seeking(10, 100, "time")
        app.paint()
    figures = told(pilot, "ledgers")
    app.market.changes = {"ledgers": snapshot().ledgers[1:] + snapshot().ledgers[:1]}
    app.paint()
    assert told(pilot, "ledgers") == figures, "it only runs on"
    if way == "arrived":
        app.market.seeking = None
    else:
        app.market.seek(app.market.clock.now - 60_000_000)
    app.paint()
    assert told(pilot, "ledgers") != figures


async def test_another_threshold_of_panic_paints_the_timeline_anew(played):
    pilot, ms = played
    app = pilot.app
    app.market.changes = {"params": pm.defaults()}
    app.market.changes["params"][pm.LPI_HI] = 1.0
    before = [part.panic for part in app.monitor.last_timeline.parts]
    ms[0] += 250
    app.paint()
    assert sum(part.panic for part in app.monitor.last_timeline.parts) > sum(before)
