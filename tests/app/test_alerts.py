from __future__ import annotations

import numpy as np
import pytest

from lobterm import config
from lobterm.app.alerts import Alerts, desktop
from lobterm.app.app import LobtermApp
from lobterm.engine.rows import TRIGGER
from lobterm.errors import ConfigError
from lobterm.events import EVENT, GapCause, Kind, Scope
from tests.app.fake import START, FakeConsole, said
from tests.app.loading import loaded


def trigger(console: FakeConsole, second: int) -> None:
    rows = np.zeros(1, TRIGGER)
    rows["ts"], rows["side"], rows["lpi"], rows["state"] = START + second * 1_000_000, -1, 3.4, 1
    console.history.rows(said(triggers=rows))


def gap(console: FakeConsole, market: int) -> None:
    rows = np.zeros(1, EVENT)
    rows["ts"], rows["kind"], rows["market"], rows["px"], rows["qty"] = (
        START + 5_000_000, Kind.GAP, market, GapCause.DISCONNECT, Scope.ALL,
    )  # fmt: skip
    console.history.events(rows, 0)


class Heard:
    """Alerts whose calls are kept, under a wall clock that is set by hand."""

    def __init__(self, way: str, **changes) -> None:
        self.console, self.calls, self.now = FakeConsole(**changes), [], 0
        self.alerts = Alerts(self.console, way, self.calls.append, lambda: self.now)

    def look(self, failure: str = "") -> list[str]:
        self.calls.clear()
        self.alerts.look(failure)
        return list(self.calls)


def test_the_bell_rings_once_for_a_trigger_a_gap_and_a_stop():
    heard = Heard("bell")
    assert heard.look() == []
    for happen in (lambda: trigger(heard.console, 3), lambda: gap(heard.console, 0)):
        happen()
        heard.now += 2_000_000
        assert (heard.look(), heard.look()) == (["\a"], [])
    assert (heard.look("torn"), heard.look("torn")) == (["\a"], [])


def test_a_gap_of_spot_calls_nobody():
    heard = Heard("bell")
    gap(heard.console, 1)
    assert heard.look() == []


def test_many_triggers_do_not_ring_without_end():
    heard = Heard("desktop")
    rung = 0
    for frame in range(40):
        trigger(heard.console, frame)
        heard.now = frame * 50_000
        rung += len(heard.look())
    assert rung == 2


def test_what_a_seek_passed_calls_nobody():
    heard = Heard("bell")
    trigger(heard.console, 3)
    heard.console.moves += 1
    assert heard.look() == []
    trigger(heard.console, 4)
    assert heard.look() == ["\a"]


def test_none_is_quiet():
    heard = Heard("none")
    trigger(heard.console, 3)
    assert heard.look() == [] and heard.look("torn") == []


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b]9;lobterm BTC,?USDT: stopped: a,?b\x1b\\"),
        ({"TERM": "foot"}, "\x1b]777;notify;lobterm BTC,?USDT;stopped: a,?b\x1b\\"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;lobterm BTC,?USDT;stopped: a,?b\x1b\\"),
    ],
)
def test_a_notification_carries_no_sequence_of_another(environment, told):
    assert desktop("lobterm BTC;\x1bUSDT", "stopped: a;\x07b", environment) == told


def test_a_notification_says_what_happened():
    heard = Heard("desktop")
    trigger(heard.console, 3)
    assert "lobterm BTCUSDT" in (call := heard.look()[0]) and "11:40:03.000 trigger: sells exhausted" in call


async def test_the_app_writes_alerts_to_its_terminal(monkeypatch):
    written = []
    monkeypatch.setattr(LobtermApp, "write_out", lambda self, text: written.append(text))
    console = FakeConsole()
    app = LobtermApp(console, play=False, wall_us=lambda: 0, alerts="bell")
    async with app.run_test() as pilot:
        await loaded(pilot)
        app.tick()
        assert written == []
        trigger(console, 3)
        app.tick()
        await pilot.pause()
        assert written == ["\a"]


def test_the_config_takes_the_three_ways_and_no_other(tmp_path):
    path = tmp_path / "config.toml"
    for way in ("bell", "desktop", "none"):
        path.write_text(f'[defaults.app]\nalerts = "{way}"\n')
        assert config.load(path).setting("app.alerts") == way
    for wrong in ('"loud"', "3", "true"):
        path.write_text(f"[defaults.app]\nalerts = {wrong}\n")
        with pytest.raises(ConfigError, match="bell, desktop, none"):
            config.load(path)
