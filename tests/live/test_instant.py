"""Instant replay: what a live market has been, folded again beside it, is what it was, to the bit; and it goes on meanwhile."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lobterm.app.app import LobtermApp
from lobterm.app.instant import NOTHING_TO_FREEZE, NOTHING_YET
from lobterm.engine import checkpoint, drive, markouts
from lobterm.engine import state as st
from lobterm.engine.rows import TABLES, pack
from lobterm.errors import InputError
from lobterm.events import EVENT, Flag, GapCause, Kind, Scope
from lobterm.feeds.binance.listing import Listing
from lobterm.live import held
from lobterm.live.market import LiveMarket
from lobterm.live.session import Live
from lobterm.tape.spill import SpillingRing
from lobterm.view import format as fmt
from tests.app.conftest import opened
from tests.app.fake import FakeConsole
from tests.app.loading import loaded
from tests.app.test_monitor import screen_text
from tests.engine.tapes import CENTROIDS, PERP, ROLES, lively, values

PARAMS = values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0)
EVENTS = lively(1, 9_000, warm=True)
ENDS = np.flatnonzero(EVENTS["flags"] & Flag.LAST) + 1
EARLY = ENDS[300]
LISTING = Listing(PERP, None)
MODEL = SimpleNamespace(engine_arrays=lambda: (CENTROIDS, ROLES))
CONFIG = SimpleNamespace(params=lambda symbol: PARAMS, origin=lambda symbol, key: "defaults")
SECOND = 1_000_000
__all__ = ["opened"]


def new_engine(listing):
    return drive.start(PERP, PARAMS, CENTROIDS, ROLES, capacity=500)


class Collected:
    """A log that keeps packed rows by table, and can give those of tape rows from one on."""

    def __init__(self):
        self.tables = {name: [] for name in TABLES}

    def write(self, rows):
        for name, table in rows.items():
            self.tables[name].append(table)

    def since(self, row, said):
        """Return the rows that were said from tape row `row` on, tape rows counted from there."""
        found = {}
        for name, parts in self.tables.items():
            table = np.concatenate(parts).copy()
            # markouts name the row that they belong to, which may be an earlier one
            late = table["offset"] >= row if name != "markouts" else slice(len(table) - len(said[name]), None)
            table = table[late]
            table["offset"] -= row
            found[name] = table
        return found


def fed(**bounds):
    """Return a live session of one symbol without sockets, and what hands it rows."""
    setup = SimpleNamespace(
        symbols=(PERP.symbol,), config=CONFIG, model_of=lambda symbol: MODEL, new_engine=new_engine, recordings=None,
        log=None, status=None,
    )  # fmt: skip
    live, ring = Live(setup, warmed=lambda: None), SpillingRing(1 << 15)
    channel = SimpleNamespace(
        listing=LISTING, source=SimpleNamespace(source="trade"), symbol=PERP.symbol, failure="", last_ts=0,
        now_us=lambda: channel.last_ts,
    )  # fmt: skip
    opened = SimpleNamespace(channel=channel, ring=ring, session_id="s", warm_samples=0, recorder_failure="")
    market = LiveMarket(opened, new_engine(LISTING), Collected())
    market.log.trouble = ""
    market.held = held.Held(market.engine.state, **bounds)
    market.held.occupy()
    live.markets = (market,)
    live._feed = SimpleNamespace(failure="", complaints=list)

    def hand(start, stop):
        """Hand over rows in pieces of odd sizes, as a feed does, and fold them."""
        rng = np.random.default_rng(start)
        while start < stop:
            end = int(ENDS[min(np.searchsorted(ENDS, start + rng.integers(1, 400)), len(ENDS) - 1)])
            end = min(end, stop)
            ring.append(EVENTS[start:end])
            channel.last_ts = int(EVENTS[end - 1]["ts"])
            live.pump(0, 10**9)
            assert not live.failure
            start = end

    live.ready = True
    return live, hand


@pytest.fixture
def small(monkeypatch):
    """Take a state every second of market time, and hold rows in small pages."""
    monkeypatch.setattr(held, "MARK_US", SECOND)
    monkeypatch.setattr(held, "PAGE", 700)


def gap_after(ts):
    row = np.zeros(1, EVENT)
    row["ts"], row["kind"], row["px"], row["qty"] = ts + 1, Kind.GAP, GapCause.DISCONNECT, Scope.ALL
    row["flags"] = Flag.LAST
    return row


def bits(state, rows):
    """Return all of a state that later rows depend on, as if `rows` fewer had been folded."""
    state = st.copy(state)
    state.clock[st.ROWS] -= rows
    state.waiting[:, markouts.OFFSET] -= rows
    return checkpoint.save(state, checkpoint.Samples()).tobytes()


def said_by(frozen):
    """Return a copy of what the instant replay's engine says when all that is held is folded from its beginning."""
    engine = frozen.setup.new_engine()
    parts = {name: [] for name in TABLES}
    for page in frozen.setup.tape.chunks():
        for rows in drive.fold(engine, page):
            for name, table in rows.items():
                parts[name].append(table)
    return {name: np.concatenate(tables) for name, tables in parts.items()}, engine


def frozen_of(live):
    frozen = live.freeze()
    frozen.load()
    assert frozen.failure == ""
    return frozen


@pytest.mark.parametrize("stop", [EARLY, ENDS[len(ENDS) // 2], ENDS[-1]])
def test_what_was_held_folds_again_to_what_the_live_engine_said_and_is(small, stop):
    live, hand = fed(keep_us=3 * SECOND)
    hand(0, int(stop))
    first = live.shown.held.first
    assert (first > 0) == (stop > EARLY)
    frozen = frozen_of(live)
    try:
        said, engine = said_by(frozen)
        logged = live.shown.log.since(first, said)
        assert sum(map(len, said.values())) > 20
        for name, table in said.items():
            assert pack(name, table) == pack(name, logged[name]), name
        assert bits(engine.state, 0) == bits(live.shown.engine.state, first)
        assert bits(frozen.engine.state, 0) == bits(live.shown.engine.state, first)
        assert (frozen.position_rows, frozen.rows_total) == (stop - first, stop - first)
    finally:
        frozen.close()


def test_steps_back_and_seeks_stand_where_the_live_engine_stood(small):
    live, hand = fed(keep_us=4 * SECOND)
    stops, seen, at = ENDS[-900::23].tolist(), {}, 0
    for stop in stops:
        hand(at, stop)
        seen[stop], at = bits(live.shown.engine.state, 0), stop
    frozen, first = frozen_of(live), live.shown.held.first
    inside = [stop for stop in stops if stop > first]
    assert 4 < len(inside) < len(stops)
    frozen.seeker.indexer.wait(frozen.rows_total)
    try:
        for stop in [*reversed(inside), *inside[::2]]:
            frozen.seek_row(stop - first)
            frozen.pump(0, 10**6)
            assert (frozen.failure, frozen.position_rows) == ("", stop - first)
            assert bits(frozen.engine.state, -first) == seen[stop]
        frozen.step_back("event")
        frozen.pump(0, 10**6)
        before = ENDS[np.searchsorted(ENDS, stop) - 1] - first
        assert (frozen.position_rows, frozen.clock.paused) == (before, True)
        frozen.step("event")
        assert bits(frozen.engine.state, -first) == seen[stop]
    finally:
        frozen.close()


def test_no_more_is_held_than_the_bounds_allow(small):
    live, hand = fed(keep_us=2 * SECOND)
    hand(0, int(ENDS[-1]))
    kept = live.shown.held
    now = int(live.shown.engine.state.clock[st.NOW])
    assert kept.since_ts <= now - 2 * SECOND < kept._marks[1].ts
    frozen = kept.frozen()
    assert sum(map(len, frozen.pages)) == kept.stop - kept.first < len(EVENTS) // 2
    tight, hand = fed(limit_bytes=1)
    hand(0, int(ENDS[-1]))
    assert len(tight.shown.held._marks) == 2
    assert tight.shown.held.nbytes < kept.nbytes
    fed()[0].shown.held.close()


def test_memory_taken_beforehand_is_used_up_before_more_is_taken(small):
    live, hand = fed(limit_bytes=10 * 700 * EVENT.itemsize)
    kept = live.shown.held
    spare = list(kept._spare)
    assert len(spare) == 10 and kept.nbytes < 700 * EVENT.itemsize
    hand(0, int(ENDS[np.searchsorted(ENDS, 1_500)]))
    assert [page is other for (_, page), other in zip(kept._pages, spare, strict=False)] == [True] * len(kept._pages)
    assert len(kept._spare) == 10 - len(kept._pages)


def test_nothing_is_frozen_before_the_first_row():
    live, _ = fed()
    assert live.freeze() is None


def test_the_past_that_the_screens_knew_is_there_however_one_has_moved(small):
    live, hand = fed(keep_us=3 * SECOND)
    hand(0, int(ENDS[-1]))
    trades = live.history.trades.rows.copy()
    frozen = frozen_of(live)
    frozen.seeker.indexer.wait(frozen.rows_total)
    try:
        for row in (frozen.rows_total, frozen.rows_total // 3, frozen.rows_total, 5, frozen.rows_total // 2):
            frozen.seek_row(row)
            frozen.pump(0, 10**6)
            until = frozen.snapshot(1).ts
            known = trades[(trades["ts"] <= until) & (trades["offset"] < live.shown.held.first + row)]
            seen = frozen.history.trades.rows
            assert len(known) > 20
            assert (seen["ts"].tolist(), seen["cvd"].tolist()) == (known["ts"].tolist(), known["cvd"].tolist())
    finally:
        frozen.close()
    assert live.history.trades.rows.tobytes() == trades.tobytes()


@pytest.fixture
def watched():
    """Return an app on a live session that has received half of the rows, and what hands it the others."""
    live, hand = fed()
    live.load = lambda: None
    half = int(ENDS[len(ENDS) // 2])
    hand(0, half)
    return LobtermApp(live, wall_us=lambda: 0), live, lambda stop: hand(live.position_rows, int(stop))


async def pressed(pilot, key):
    await pilot.press(key)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    pilot.app.tick()
    pilot.app.paint()
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_key_freezes_goes_back_and_returns_while_the_market_goes_on(watched, size):
    app, live, hand_to = watched
    straight = fed()
    straight[1](0, int(ENDS[-1]))
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        assert not app.screen.query_one("#timeline").display
        await pressed(pilot, "i")
        frozen, at = app.shell.frozen, live.position_rows
        end = frozen.position_rows
        assert end == frozen.rows_total == at - live.shown.held.first
        assert app.screen.query_one("#timeline").display
        text = screen_text(pilot)
        assert "INSTANT REPLAY" in text and "behind 0.0s" in text and "i: now" in text and "PAUSED" in text
        hand_to(ENDS[-300])
        await pressed(pilot, "comma")
        assert frozen.position_rows < end and live.position_rows == ENDS[-300]
        text = screen_text(pilot)
        assert f"behind {fmt.age(live.clock.now - frozen.clock.now)}" in text
        assert f"LIVE {fmt.clock(live.clock.now)[:8]}" in text
        await pressed(pilot, "t")
        frozen.seek(frozen.last_ts)
        await pressed(pilot, "space")
        assert "END OF TAPE" in screen_text(pilot)
        with pytest.raises(InputError, match="i goes back to now"):
            frozen.place(1, 0, 5)
        assert frozen.logged is live.logged
        for key in ("2", "3", "6", "1"):
            await pressed(pilot, key)
            assert "INSTANT REPLAY" in screen_text(pilot)
        assert frozen.failure == ""
        await pressed(pilot, "i")
        assert app.shell.frozen is None and app.shell.market is live
        assert not app.screen.query_one("#timeline").display
        text = screen_text(pilot)
        assert " LIVE " in text and "INSTANT REPLAY" not in text
        hand_to(ENDS[-1])
    for name, parts in live.shown.log.tables.items():
        whole = straight[0].shown.log.tables[name]
        assert pack(name, np.concatenate(parts)) == pack(name, np.concatenate(whole)), name
    assert bits(live.shown.engine.state, 0) == bits(straight[0].shown.engine.state, 0)


async def test_a_gap_of_the_market_that_goes_on_is_said_beside_what_it_has_been(watched):
    app, live, hand_to = watched
    async with app.run_test(size=(120, 40)) as pilot:
        await loaded(pilot)
        await pressed(pilot, "i")
        live.shown.ring.append(gap_after(live.shown.channel.last_ts))
        live.pump(0, 10**9)
        await pressed(pilot, "a")
        assert "book UNKNOWN" in screen_text(pilot) and "▼ —" in screen_text(pilot)
        live.shown.channel.failure = "IndexError: [red]"
        await pressed(pilot, "a")
        assert "LIVE STOPPED: IndexError: [red]" in screen_text(pilot)


async def test_another_symbol_is_shown_as_it_is_now(watched):
    app, live, _ = watched
    other, hand = fed()
    hand(0, int(EARLY))
    other.shown.channel.symbol = "OTHER"
    live.markets, live.setup.symbols = (*live.markets, *other.markets), (PERP.symbol, "OTHER")
    async with app.run_test(size=(120, 40)) as pilot:
        await loaded(pilot)
        await pressed(pilot, "i")
        assert app.shell.frozen is not None
        await pressed(pilot, "tab")
        assert app.shell.frozen is None and live.shown is other.markets[0]


async def test_a_tape_needs_no_freezing_and_a_market_that_said_nothing_has_nothing_to_freeze(opened):
    async with opened(FakeConsole()) as pilot:
        await pilot.press("i")
        await pilot.pause()
        assert [note.message for note in pilot.app._notifications] == [NOTHING_TO_FREEZE]
    live, _ = fed()
    live.load = lambda: None
    async with opened(live) as pilot:
        await pilot.press("i")
        await pilot.pause()
        assert [note.message for note in pilot.app._notifications] == [NOTHING_YET]
        assert pilot.app.shell.frozen is None
