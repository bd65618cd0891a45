"""What a live session says of itself in a file, and what a status bar makes of it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest

from lobterm import cli
from lobterm.live import status
from lobterm.live.status import Status, StatusFile, Told
from tests.feeds.binance.test_feed import exchange
from tests.live.test_live import living, own_cache, setup_of, until

__all__ = ["own_cache"]
NOW = 1_800_000_000_000_000


def symbol(**changes) -> Told:
    good = {
        "symbol": "BTCUSDT", "data": "ok", "book_age_us": 90_000, "lpi_sell": 3.414, "lpi_buy": -0.12, "state_sell": "FORCED",
        "state_buy": "INFORMED", "spread_ticks": 1, "inventory_base": 0.01, "pnl_quote": 1.234, "gaps": 0, "lag_us": 0,
    }  # fmt: skip
    return Told(**(good | changes))


def said(*symbols: Told, at_us: int = NOW, pid: int | None = None) -> Status:
    return Status(pid or os.getpid(), "20261121T144739.123456Z-0a1b2c", at_us, list(symbols))


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({}, "BTCUSDT LPI ▼+3.41 FORCED ▲-0.12 spread 1 inv +0.01 PnL +1.23"),
        (
            {"lpi_sell": None, "spread_ticks": None, "pnl_quote": None},
            "BTCUSDT LPI ▼? FORCED ▲-0.12 spread ? inv +0.01 PnL ?",
        ),
        ({"data": "GAP", "book_age_us": 12_400_000}, "BTCUSDT GAP 12s inv +0.01 PnL +1.23"),
        ({"data": "waiting", "book_age_us": 0}, "BTCUSDT waiting inv +0.01 PnL +1.23"),
        ({"data": "behind", "lag_us": 7_900_000}, "BTCUSDT behind 7s inv +0.01 PnL +1.23"),
        ({"data": "failed"}, "BTCUSDT failed inv +0.01 PnL +1.23"),
        ({"symbol": "[red]\x1b#(x)\n"}, "[red]??(x)? LPI ▼+3.41 FORCED ▲-0.12 spread 1 inv +0.01 PnL +1.23"),
    ],
)
def test_the_line(told, line):
    assert status.line([said(symbol(**told))], NOW + 900_000) == line


def test_an_old_status_shows_its_age_and_no_figure():
    for at_us in (NOW - 12_000_000, NOW + 12_000_000):
        assert (
            status.line([said(symbol(), symbol(symbol="ETHUSDT"), at_us=at_us)], NOW)
            == "BTCUSDT stale 12s | ETHUSDT stale 12s"
        )
    assert status.line([], NOW) == "not running"


def test_the_file_is_the_users_alone_and_gone_with_the_session(tmp_path):
    where = tmp_path / "a" / "live"
    file = StatusFile(where, "s")
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    for told in (symbol(), symbol(symbol="ETHUSDT")):
        file._write(msgspec.json.encode(said(told)))
    assert [found.symbols[0].symbol for found in status.read(where)] == ["ETHUSDT"]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(where.stat().st_mode) & 0o077 == 0
    file.close()
    assert list(where.iterdir()) == []
    with pytest.raises(ValueError, match="evil"):
        StatusFile(where, "../evil")


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "live").write_text("a file")
    file = StatusFile(tmp_path / "live", "s")
    file.put(said(symbol()))
    file.close()


def test_a_dead_process_runs_nothing_and_damage_is_no_status(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "dead.json").write_bytes(msgspec.json.encode(said(symbol(), pid=dead.pid)))
    for n, text in enumerate(("", "{}", "[]", '{"pid":-1}', "x" * (1 << 19))):
        (tmp_path / f"{n}.json").write_text(text)
    (tmp_path / "alive.json").write_bytes(msgspec.json.encode(said(symbol())))
    assert [found.pid for found in status.read(tmp_path)] == [os.getpid()]
    assert not (tmp_path / "dead.json").exists()


async def test_a_live_session_tells_and_the_command_reads(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(status, "folder", lambda: tmp_path / "live")
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().out == "not running\n"
    async with exchange(speed=20) as emulator:
        setup = replace(setup_of(emulator, tmp_path), status=tmp_path / "live")
        async with living(setup) as live:
            await until(
                live,
                lambda: any(told.spread_ticks for found in status.read(tmp_path / "live") for told in found.symbols),
            )
            assert cli.main(["status"]) == 0
            line = capsys.readouterr().out
            assert line.startswith("BTCUSDT LPI ▼") and "spread" in line and line.count("\n") == 1
            assert cli.main(["status", "--json"]) == 0
            (told,) = json.loads(capsys.readouterr().out)["sessions"]
            assert (told["pid"], told["session"]) == (os.getpid(), live.shown.session_id)
            assert told["age_us"] >= 0 and told["symbols"][0]["data"] == "ok"
    assert cli.main(["status"]) == 1


@pytest.mark.parametrize("module", ["numpy", "numba", "textual", "polars", "asyncio"])
def test_a_status_bar_loads_nothing_heavy(module):
    program = f"import sys; from lobterm import cli; cli.main(['status']); sys.exit({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
