"""A live session of two symbols: each its own engine, recording and log; one on the screen."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace

from lobterm import verify_session
from lobterm.tape.recording import names
from lobterm.view import watch
from tests.feeds.binance.test_feed import exchange
from tests.live.test_live import living, own_cache, setup_of, until

__all__ = ["own_cache"]
BOTH = ("BTCUSDT", "ETHUSDT")


def seen(market) -> int:
    return sum(market.snapshot(1).label_counts)


async def test_two_symbols_are_followed_and_each_runs_again_to_the_same_rows(tmp_path):
    async with exchange(speed=20, others=["ETHUSDT"]) as emulator:
        setup = replace(setup_of(emulator, tmp_path), symbols=BOTH)
        async with living(setup) as live:
            assert [who.symbol for who in live.followed] == list(BOTH)
            await until(live, lambda: all(seen(who) > 100 for who in live.followed))
            for at, symbol in enumerate(BOTH):
                live.show(at)
                assert (live.symbol, live.instrument.symbol) == (symbol, symbol)
                assert live.history is live.followed[at].history and live.position_rows > 0

            def told():
                return [
                    (row.symbol, row.shown, row.health, row.basis.text.split()[-1])
                    for row in watch.rows(live.followed, live.shown_at, live.clock.now)
                ]

            fine = [("BTCUSDT", False, watch.Health.OK, "bps"), ("ETHUSDT", True, watch.Health.OK, "bps")]
            await until(live, lambda: told() == fine)
            sessions = live.report()["sessions"]
        assert {name.symbol for name in names.files(tmp_path / "recordings")} == set(BOTH)
        for session in sessions.values():
            found = verify_session.verify(tmp_path / "log.sqlite", session)
            assert (found["rows_differing"], found["rows_compared"] > 100) == (0, True)


async def test_a_symbol_whose_engine_fails_stops_no_other(tmp_path):
    async with exchange(speed=20, others=["ETHUSDT"]) as emulator:
        async with living(replace(setup_of(emulator, tmp_path), symbols=BOTH)) as live:
            btc, eth = live.followed
            await until(live, lambda: seen(btc) > 50 and seen(eth) > 50)
            btc.history.events = lambda events, row: 1 / 0
            async with asyncio.timeout(60):
                while not btc.failure:
                    live.pump(0, 50_000)
                    await asyncio.sleep(0.005)
            assert live.failure == btc.failure == "BTCUSDT: ZeroDivisionError: division by zero"
            assert (live.stopped, eth.failure) == ("", "")
            live.show(1)
            before = seen(eth)
            await until(live, lambda: seen(eth) > before + 50)
            assert btc.failure in live.complaints()
        said = live.report()["symbols"]
        assert (said["BTCUSDT"]["failure"], said["ETHUSDT"]["failure"]) == (btc.failure, "")
        with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection:
            assert connection.execute("select count(*) from runs where ended_us is null").fetchone() == (0,)


async def test_each_symbol_is_judged_by_the_newest_model_of_its_own(tmp_path, capsys):
    from argparse import Namespace

    from lobterm.cli import live as command
    from tests.models.test_choose import put

    models = tmp_path / "models"
    put(models, "old", last_ts_us=1)
    new = put(models, "new", last_ts_us=2)
    config = tmp_path / "c.toml"
    config.write_text(f'[defaults.paths]\nmodels = "{models}"\n')
    asked = {
        "config": config,
        "set": [],
        "symbol": list(BOTH),
        "no_spot": True,
        "no_record": True,
        "resume": False,
        "sessions": tmp_path / "l",
    }
    setup = command._setup(Namespace(**asked, ws=None, rest=None, recordings=None, model=None))
    assert setup.model_of("BTCUSDT").training["last_ts_us"] == 2 and setup.model_of("ETHUSDT") is None
    assert f"BTCUSDT: model {new}" in capsys.readouterr().err
    for words, judged in (("none", None), (str(models / "old.model.json"), 1)):
        chosen = command._setup(Namespace(**asked, ws=None, rest=None, recordings=None, model=words))
        one = chosen.model_of("ETHUSDT")
        assert (one and one.training["last_ts_us"]) == judged


async def test_a_new_day_is_recorded_and_runs_again(tmp_path, monkeypatch):
    from lobterm.feeds.binance import feed as fd
    from lobterm.view.happened import What
    from lobterm.wire import control
    from tests.feeds.binance.test_midnight import Once

    monkeypatch.setattr(fd, "Midnights", Once)
    async with exchange(speed=20) as emulator:
        setup = replace(setup_of(emulator, tmp_path), daily=lambda symbol, day: control.Model(0))
        async with living(setup) as live:
            await until(live, lambda: seen(live.shown) > 100)
            assert sum(note.what is What.MODEL for note in live.history.happened.notes) == 1
    assert verify_session.verify(tmp_path / "log.sqlite", "last")["rows_differing"] == 0
