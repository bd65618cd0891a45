"""A live session from the first frame to its verified end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lobterm import cli, config, verify_session
from lobterm.engine import params as pm
from lobterm.engine.rows import TABLES, Strategy
from lobterm.errors import InputError, LobtermError
from lobterm.feeds.binance import listing
from lobterm.feeds.binance.addresses import Bases
from lobterm.live.record import Record
from lobterm.live.session import Live
from lobterm.live.setup import LiveSetup
from lobterm.models import model
from lobterm.tape.recording import names
from lobterm.view import log
from lobterm.wire import control
from tests.feeds.binance.test_feed import exchange

MODEL = Path(__file__).resolve().parents[2] / "replays" / "demo.model.json"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep the sizes that an emulated exchange tells out of the user's cache."""
    monkeypatch.setattr(listing, "cache_path", lambda: tmp_path / "info.json")


def setup_of(emulator, tmp_path, *, recorded=True, **changes):
    words = {"maker.w_base_bps": 0.2, "signals.norm_warm_trades": 1}
    settings = config.load()
    for key, value in words.items():
        settings = settings.with_override(f"{key}={value}")
    return LiveSetup(
        ("BTCUSDT",), settings, model.load(MODEL), emulator.bases, spot=False, log=tmp_path / "log.sqlite",
        recordings=tmp_path / "recordings" if recorded else None, **changes,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def living(setup):
    live = Live(setup, warmed=lambda: None)
    await asyncio.to_thread(live.load)
    try:
        yield live
    finally:
        await asyncio.to_thread(live.close)


async def until(live, done):
    async with asyncio.timeout(60):
        while not done():
            assert not live.failure, live.failure
            live.pump(0, 50_000)
            await asyncio.sleep(0.005)


async def test_a_session_runs_again_from_its_recording_to_the_same_rows(tmp_path):
    async with exchange(speed=10) as emulator:
        async with living(setup_of(emulator, tmp_path)) as live:
            await until(live, lambda: live.ready and sum(live.snapshot(1).label_counts) > 200)
            live.set_param("maker.gamma", 3.0)
            live.arm(Strategy.MAKER, False)  # it shares the limit a second
            await until(live, lambda: not any(order.strategy == Strategy.MAKER for order in live.snapshot(1).orders))
            live.place(1, 0, 5)
            far = live.snapshot(1).touch[0] // 2  # where no print of the tape gets, however late this machine looks
            live.place(1, far, 7)
            await until(live, lambda: live.snapshot(1).ledgers[Strategy.OWN].position == 5)
            (mine,) = [order for order in live.snapshot(1).orders if order.px == far]
            live.move(mine.order_id, far - 10)
            live.cancel(1, far - 20)
            live.flatten(Strategy.MAKER)
            live.reset(Strategy.OWN)
            with pytest.raises(InputError, match="size 0"):
                live.place(1, 0, 0)

            def moved_and_flat():
                picture = live.snapshot(1)
                resting = [o.px for o in picture.orders if o.strategy == Strategy.OWN and not o.leaving]
                return resting == [far - 10] and picture.ledgers[Strategy.OWN].position == 0

            await until(live, moved_and_flat)
            picture = live.snapshot(1)
            assert (picture.params[pm.GAMMA], picture.quoting) == (3.0, False)
            rows = live.position_rows
            await until(live, lambda: live.position_rows > rows + 500)
            assert moved_and_flat()
            told = [log.line(note, live.instrument).text for note in live.history.happened.notes]
            assert any(text == "flatten maker" for text in told)
            assert any(text.startswith("own bought") for text in told)
            assert live.snapshot(5).book_known
            assert len(live.labels(50)) == 50
        said = live.report()
        assert (live.lag_us, said["queue_max"] > 0, said["lost_frames"], said["gaps"]) == (0, True, 0, 0)
        assert said["streams"].keys() >= {"btcusdt@depth@100ms", "btcusdt@aggTrade"}
        first = verify_session.verify(tmp_path / "log.sqlite", "last")
        assert (first["rows_differing"], first["first_difference"], first["rows_not_logged"]) == (0, None, 0)
        assert first["rows_compared"] > 300
        async with living(setup_of(emulator, tmp_path)) as again:
            assert again.shown.opened.warm_samples > 0
            await until(again, lambda: sum(again.snapshot(1).label_counts) > 50)
        second = verify_session.verify(tmp_path / "log.sqlite", "last")
    assert second["session_id"] != first["session_id"]
    assert second["rows_differing"] == 0


async def test_a_session_goes_on_with_the_paper_account_of_the_last_one_or_starts_afresh(tmp_path):
    log, folder = tmp_path / "log.sqlite", tmp_path / "recordings"
    async with exchange(speed=20) as emulator:
        async with living(setup_of(emulator, tmp_path)) as live:
            await until(live, lambda: live.ready and live.snapshot(1).book_known)
            live.shown.channel.inbox.post(control.Order(1, 0, 5))
            live.shown.channel.inbox.post(control.Order(1, 10, 7))
            await until(live, lambda: live.snapshot(1).ledgers[Strategy.OWN].position == 5)
            await until(live, lambda: any(order.px == 10 and order.arrived for order in live.snapshot(1).orders))
        before = live.shown.engine.state.acct.copy()
        path = next(folder.glob("*.account.json"))
        path.rename(tmp_path / "kept")
        with pytest.raises(InputError, match="session repair writes it"):
            async with living(setup_of(emulator, tmp_path, resume=True)):
                pass
        assert verify_session.verify(log, "last")["rows_differing"] == 0
        with contextlib.closing(sqlite3.connect(log)) as connection:
            connection.execute("update runs set ended_us = null, summary = null")
            connection.commit()
        assert cli.main(["session", "repair", "--log", str(log)]) == 0
        assert path.read_bytes() == (tmp_path / "kept").read_bytes(), "what its end would have left"

        async with living(setup_of(emulator, tmp_path, resume=True)) as again:
            assert any("1 of your orders ended with it" in note for note in again.feed.notes)
            await until(again, lambda: again.position_rows > 0)
            assert again.snapshot(1).ledgers[Strategy.OWN].position == 5
            await until(again, lambda: again.snapshot(1).book_known and sum(again.snapshot(1).label_counts) > 50)
            acct = again.shown.engine.state.acct
            assert (acct[Strategy.OWN, [0, 1, 5]] == before[Strategy.OWN, [0, 1, 5]]).all()
            assert not any(order.strategy == Strategy.OWN for order in again.snapshot(1).orders)
        resumed = verify_session.verify(log, "last")
        assert (resumed["rows_differing"], resumed["rows_compared"] > 50) == (0, True)
        assert again.report()["symbols"]["BTCUSDT"]["resumes"] == live.shown.session_id

        async with living(setup_of(emulator, tmp_path)) as afresh:
            await until(afresh, lambda: afresh.snapshot(1).book_known)
            assert afresh.snapshot(1).ledgers[Strategy.OWN].position == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b'"tick_size":"0.1', b'"tick_size":"0.5'), "the account is of BTCUSDT with tick 0.5"),
        ((b'"carried":[[', b'"carried":[["x",'), "no paper account"),
    ],
)
async def test_an_account_that_is_not_this_markets_is_refused(tmp_path, change, said):
    async with exchange(speed=20) as emulator:
        async with living(setup_of(emulator, tmp_path)) as live:
            await until(live, lambda: live.ready and live.snapshot(1).book_known)
        path = next((tmp_path / "recordings").glob("*.account.json"))
        assert change[0] in path.read_bytes()
        path.write_bytes(path.read_bytes().replace(*change))
        with pytest.raises(InputError, match=said):
            async with living(setup_of(emulator, tmp_path, resume=True)):
                pass


async def test_verify_finds_what_was_changed_left_out_or_added(tmp_path):
    log = tmp_path / "log.sqlite"
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as live:
        await until(live, lambda: live.ready and sum(live.snapshot(1).label_counts) > 50)

    def verified(sql):
        with contextlib.closing(sqlite3.connect(log)) as connection:
            connection.execute(sql)
            connection.commit()
        return verify_session.verify(log, "last")

    found = verified("update labels set px = px + 1 where rowid = (select min(rowid) + 7 from labels)")
    assert (found["rows_differing"], found["first_difference"]["table"]) == (1, "labels")
    assert (found["first_difference"]["row"], found["first_difference"]["columns"]) == (8, ["px"])
    found = verified("update labels set px = px - 1 where rowid = (select min(rowid) + 7 from labels)")
    assert found["rows_differing"] == 0
    found = verified("delete from alpha where rowid = (select max(rowid) from alpha)")
    assert (found["rows_differing"], found["rows_not_logged"]) == (1, 1)
    found = verified("update runs set ended_us = null")
    assert (found["rows_differing"], found["rows_not_logged"], found["first_difference"]) == (0, 1, None)
    found = verified("insert into labels select * from labels order by rowid limit 1")
    assert (found["rows_differing"], found["first_difference"]["replayed"]) == (1, None)
    assert cli.main(["session", "verify", "last", "--log", str(log), "--json"]) == 1
    for path in names.files(tmp_path / "recordings").values():
        path.unlink()
    with pytest.raises(InputError, match="is gone"):
        verify_session.verify(log, "last")


async def test_a_session_that_was_cut_off_is_brought_to_one_point_with_its_recording(tmp_path, capsys):
    log = tmp_path / "log.sqlite"
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as live:
        await until(live, lambda: live.ready and sum(live.snapshot(1).label_counts) > 200)
    whole = verify_session.verify(log, "last")
    with contextlib.closing(sqlite3.connect(log)) as connection:
        connection.execute("update runs set ended_us = null, summary = null")
        lost = sum(
            connection.execute(f"delete from {table} where rowid > (select max(rowid) - {rows} from {table})").rowcount
            for table, rows in (("labels", 40), ("alpha", 3))
        )
        connection.commit()
    path = next(iter(names.files(tmp_path / "recordings").values()))
    path.write_bytes(path.read_bytes() + b"torn")
    assert cli.main(["session", "repair", "--log", str(log), "--json"]) == 0
    (done,) = json.loads(capsys.readouterr().out)["cut_off"].values()
    assert (done["recording_cut_bytes"], done["rows_removed"]) == (4, 0)
    assert done["rows_added"] >= lost > 40
    again = verify_session.verify(log, "last")
    assert (again["rows_differing"], again["rows_not_logged"], again["ended"]) == (0, 0, True)
    assert again["rows_compared"] == whole["rows_compared"]


async def test_a_slow_engine_reads_on_from_disk_and_misses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("lobterm.live.session.RING_ROWS", 1 << 10)
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as live:
        async with asyncio.timeout(60):
            while live.rows_total < 6_000:
                assert not live.failure
                await asyncio.sleep(0.005)
        assert live.lag_us > 0
        await until(live, lambda: live.lag_us == 0)
        assert live.report()["rows_from_disk"] > 4_000
    assert verify_session.verify(tmp_path / "log.sqlite", "last")["rows_differing"] == 0


async def test_without_a_recording_there_is_nothing_to_verify(tmp_path):
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path, recorded=False)) as live:
        await until(live, lambda: live.ready and live.snapshot(1).book_known)
        assert "not recorded" in live.source_note
    assert not (tmp_path / "recordings").exists()
    with pytest.raises(InputError, match="was not recorded"):
        verify_session.verify(tmp_path / "log.sqlite", "last")


async def test_a_second_recorder_is_told_of_the_first(tmp_path):
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as first:
        record = Record(("BTCUSDT",), emulator.bases, tmp_path / "recordings", spot=False)
        await asyncio.to_thread(record.load)
        try:
            assert any(first.shown.session_id in words for words in record.report()["complaints"])
            await until(first, lambda: record._feed.status().rows > 500)
            record.pump(0, 100_000)
        finally:
            await asyncio.to_thread(record.close)
        assert record.position_rows > 500
        assert (record.stopped, record.report()["gaps"]) == ("", 0)
    sessions = {name.session for name in names.files(tmp_path / "recordings")}
    assert sessions == {first.shown.session_id, record.opened[0].session_id}


async def test_a_session_that_is_refused_says_so_and_ends_whole(tmp_path):
    async with exchange(speed=20) as emulator:
        live = Live(setup_of(emulator, tmp_path), warmed=lambda: None)
        await asyncio.to_thread(live.load)
        await until(live, lambda: live.snapshot(1).book_known)
        emulator.desk._chances["rest_451"]._rate = 1.0
        emulator.desk._chances["rest_451"]._passes = 0
        async with asyncio.timeout(60):
            while not live.failure:
                live.pump(0, 50_000)
                await asyncio.sleep(0.005)
        assert "(451)" in live.failure
        await asyncio.to_thread(live.close)
    assert verify_session.verify(tmp_path / "log.sqlite", "last")["rows_differing"] == 0


async def test_what_the_exchange_does_not_have_is_said_before_anything_is_opened(tmp_path):
    async with exchange() as emulator:
        setup = setup_of(emulator, tmp_path)
        live = Live(LiveSetup(("NOSUCH",), setup.config, None, setup.bases, spot=False), warmed=lambda: None)
        with pytest.raises(InputError, match="NOSUCH is not listed"):
            await asyncio.to_thread(live.load)
        with pytest.raises(LobtermError, match="not loaded"):
            live.snapshot(1)
        live.close()


async def test_the_monitor_opens_on_a_live_market(tmp_path):
    from lobterm.app.app import LobtermApp

    async with exchange(speed=20) as emulator:
        live = Live(setup_of(emulator, tmp_path), warmed=lambda: None)
        app = LobtermApp(live)
        async with app.run_test(size=(120, 40)) as pilot:
            await app.workers.wait_for_complete()
            async with asyncio.timeout(60):
                while not (live.ready and live.snapshot(1).book_known and len(live.labels(1))):
                    await asyncio.sleep(0.01)
            await pilot.press("space", "plus", "t", "m", "minus")
            app.monitor.paint()
            header = app.monitor.last_header
            assert (header.mode, live.clock.paused, live.clock.speed) == ("LIVE", False, 1.0)
            assert not header.failure
        await asyncio.to_thread(live.close)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_every_screen_opens_before_the_market_is_there(tmp_path, size):
    from lobterm.app.app import LobtermApp

    asked = threading.Event()
    live = Live(setup_of(SimpleNamespace(bases=Bases()), tmp_path), warmed=lambda: None)
    live.load = asked.wait
    app = LobtermApp(live)
    async with app.run_test(size=size) as pilot:
        try:
            for key in ("2", "z", "3", "6", "f", "1", "space", "k", "n", "question_mark", "escape"):
                await pilot.press(key)
                app.paint()
            assert app.is_running
            assert not live.ready
        finally:
            asked.set()


async def test_the_commands_tell_what_scripts_rely_on(tmp_path, capsys):
    async with exchange(speed=20) as emulator:
        where = ["--ws", emulator.bases.perp_ws, "--rest", emulator.bases.perp_rest, "--no-spot", "--json"]
        folders = ["--recordings", str(tmp_path / "r")]
        words = ["live", "btcusdt", *where, *folders, "--headless", "--seconds", "1", "--sessions", str(tmp_path / "l")]
        said = []
        for command in (words, ["record", "BTCUSDT", *where, *folders, "--seconds", "1"]):
            assert await asyncio.to_thread(_main_in_thread, command) == 0
            said.append(json.loads(capsys.readouterr().out))
    for report in said:
        keys = {"streams", "resyncs", "gaps", "reconnects", "queue_max", "lost_frames", "session_id", "recording"}
        assert report.keys() >= keys
        assert report["streams"]["btcusdt@depth@100ms"].keys() == {
            "frames", "bad_frames", "last_age_ms", "delay_ms_p50", "delay_ms_p99"
        }  # fmt: skip
        assert np.isfinite(report["streams"]["btcusdt@depth@100ms"]["last_age_ms"])
    assert len(names.files(tmp_path / "r")) == 2


def _main_in_thread(words):
    """Run a command away from the main thread, which alone may take signals."""
    import signal
    from unittest import mock

    with mock.patch.object(signal, "signal"):
        return cli.main(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["live", "BTCUSDT", "--ws", "ws://x"], "--ws and --rest belong together"),
        (["live", "BTC/USDT"], "is no symbol"),
        (["live", "BTCUSDT", "btcusdt"], "named twice"),
        (["live", "BTCUSDT", "--ws", "http://x", "--rest", "http://x"], "is no wss address"),
        (["live", "BTCUSDT", "--seconds", "3"], "--seconds without --headless"),
        (["record", "BTC USDT"], "is no symbol"),
    ],
)
def test_what_cannot_be_meant_is_refused(words, said, capsys):
    assert cli.main(words) == 2
    assert said in capsys.readouterr().err


def repaired(log, capsys):
    assert cli.main(["session", "repair", "--log", str(log), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


async def test_a_session_that_was_cut_off_is_brought_to_one_point_with_its_recording_and_filled_in(tmp_path, capsys):
    """The log lacks its end, the recording's last frame is torn: as after a power failure."""
    log = tmp_path / "log.sqlite"
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as live:
        await until(live, lambda: live.ready and sum(live.snapshot(1).label_counts) > 200)
        assert log.exists() and not repaired(log, capsys)["cut_off"], "it is being written"
    with contextlib.closing(sqlite3.connect(log)) as connection, connection:
        (middle,) = connection.execute("select ts from labels order by rowid limit 1 offset 100").fetchone()
        for table in TABLES:
            connection.execute(f"delete from {table} where ts > ?", (middle,))
        connection.execute("delete from markouts")
        connection.execute("update runs set ended_us = null, summary = null")
    (recording,) = names.files(tmp_path / "recordings").values()
    with recording.open("r+b") as file:
        file.truncate(recording.stat().st_size - 9)
    (done,) = repaired(log, capsys)["cut_off"].values()
    assert done["rows_added"] > 100 and done["rows_removed"] == 0 and done["recording_cut_bytes"] > 0
    found = verify_session.verify(log, "last")
    assert (found["ended"], found["rows_differing"], found["rows_not_logged"]) == (True, 0, 0)
    assert repaired(log, capsys)["cut_off"] == {}


async def test_a_log_that_fails_stops_neither_the_market_nor_its_recording(tmp_path, capsys):
    log = tmp_path / "log.sqlite"
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as live:
        await until(live, lambda: live.ready and sum(live.snapshot(1).label_counts) > 50)
        live.shown.log.flush()
        live.shown.log._give_up(OSError("no space left"))
        trades = sum(live.snapshot(1).label_counts)
        await until(live, lambda: sum(live.snapshot(1).label_counts) > trades + 50)
        assert live.failure == ""
        assert any("no space left" in words for words in live.complaints())
    (done,) = repaired(log, capsys)["cut_off"].values()
    assert done["rows_added"] > 50
    assert verify_session.verify(log, "last")["rows_differing"] == 0


async def test_recordings_that_a_session_still_needs_are_not_pruned(tmp_path, capsys):
    log, folder = tmp_path / "log.sqlite", tmp_path / "recordings"
    async with exchange(speed=20) as emulator, living(setup_of(emulator, tmp_path)) as live:
        await until(live, lambda: live.ready and live.snapshot(1).book_known)
    (name, file), *_ = names.files(folder).items()
    old = file.with_name(str(replace(name, day=date(2020, 1, 1))))
    file.rename(old)

    def pruned(*words):
        limits = ["--recordings", str(folder), "--recordings-days", "30"]
        assert cli.main(["session", "prune", "--log", str(log), *limits, "--json", *words]) == 0
        return json.loads(capsys.readouterr().out)

    cli.main(["session", "pin", "last", "--log", str(log)])
    capsys.readouterr()
    assert list(pruned()["recordings_kept"].values()) == ["is pinned"] and old.exists()
    cli.main(["session", "pin", "last", "--off", "--log", str(log)])
    capsys.readouterr()
    assert pruned("--dry-run")["recordings_would_delete"] == [str(old)] and old.exists()
    assert pruned()["recordings_deleted"] == [str(old)] and not old.exists()
