"""The person's own command for an alert: run as arguments, bounded, its failure said once."""

from __future__ import annotations

import json
import sys
import threading

import pytest

from lobterm import config
from lobterm.app import alert_command as ac
from lobterm.app.alert_command import A_MINUTE, AT_ONCE, AlertCommand, filled
from lobterm.app.alerts import Alert
from lobterm.app.app import LobtermApp
from lobterm.errors import ConfigError
from tests.app.fake import FakeConsole
from tests.app.loading import loaded
from tests.app.test_alerts import trigger

ALERT = Alert("BTCUSDT", "trigger", "11:40:03.000", "sells exhausted")
TELL = """import json, os, sys
json.dump([sys.argv[1:], {k: v for k, v in os.environ.items() if 'ALERT' in k}], open(sys.argv[1], 'w'))
"""


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def ended(command):
    """Wait for what runs, and take leave of it."""
    for process, _ in command._running:
        process.wait()
    command.look_after()


def test_the_command_gets_the_fields_as_arguments_and_in_its_environment(tmp_path):
    out = tmp_path / "out"
    command = AlertCommand([sys.executable, "-c", TELL, str(out), "{symbol}: {what}", "{nothing}", "{text}"], Clock())
    text = '"; rm -rf / #`{symbol}` $(x)\x00\x1b\n' + "x" * 500
    assert command.begin(ALERT._replace(text=text))
    ended(command)
    (_, *arguments), variables = json.loads(out.read_text())
    shown = '"; rm -rf / #`{symbol}` $(x)???' + "x" * 500
    assert arguments == ["BTCUSDT: trigger", "{nothing}", shown[: ac.LONGEST_TEXT]]
    assert variables == {
        "LOBTERM_ALERT_SYMBOL": "BTCUSDT", "LOBTERM_ALERT_WHAT": "trigger", "LOBTERM_ALERT_TIME": "11:40:03.000",
        "LOBTERM_ALERT_TEXT": shown[: ac.LONGEST_TEXT],
    }  # fmt: skip
    assert command.complaint() == ""


def test_what_a_field_says_is_not_filled_in_again():
    assert filled(["{text}{what}"], ALERT._replace(text="{what}")) == ["{what}trigger"]


def test_only_so_many_run_at_a_time_and_a_minute():
    clock = Clock()
    waits = AlertCommand([sys.executable, "-c", "import time; time.sleep(600)"], clock)
    assert [waits.begin(ALERT) for _ in range(AT_ONCE + 2)] == [True] * AT_ONCE + [False] * 2
    assert "an alert was left out" in waits.complaint() and waits.complaint() == ""
    clock.now = ac.LONGEST_S
    waits.look_after()
    assert not waits._running and "not done after 30 s" in waits.complaint() and waits.complaint() == ""

    clock = Clock()
    quick = AlertCommand([sys.executable, "-c", ""], clock)
    begun = 0
    for _ in range(A_MINUTE + 5):
        begun += quick.begin(ALERT)
        ended(quick)
    assert begun == A_MINUTE
    clock.now = 60.0
    assert quick.begin(ALERT)
    ended(quick)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/no/such/program"], "/no/such/program: No such file or directory; further failures are not told"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit code 3"),
    ],
)
def test_a_failure_is_said_once(command, said):
    runs = AlertCommand(command, Clock())
    for _ in range(3):
        runs.begin(ALERT)
        ended(runs)
    assert said in runs.complaint() and runs.complaint() == ""


async def test_the_console_runs_it_beside_the_bell_and_says_what_went_wrong(monkeypatch):
    begun, done = [], threading.Event()
    monkeypatch.setattr(AlertCommand, "begin", lambda self, alert: (begun.append(alert), done.set()))
    console = FakeConsole()
    app = LobtermApp(console, play=False, wall_us=lambda: 0, alerts="none", alert_command=["x"])
    async with app.run_test() as pilot:
        await loaded(pilot)
        trigger(console, 3)
        app.tick()
        assert done.wait(30)
        assert [(alert.symbol, alert.what, alert.time) for alert in begun] == [("BTCUSDT", "trigger", "11:40:03.000")]
        app.alert_command._said.append("x: [bold]no")
        app.tick()
        await pilot.pause()
        assert any(note.message == "x: [bold]no" and not note.markup for note in app._notifications)


def test_the_config_takes_a_list_of_texts_and_nothing_else(tmp_path):
    path = tmp_path / "config.toml"
    assert config.load().alert_command == ()
    path.write_text('[defaults.app]\nalert_command = ["notify-send", "{symbol}"]\n')
    assert config.load(path).alert_command == ("notify-send", "{symbol}")
    for wrong in ('"notify-send x"', "[1]", '[""]', '["a\\u0000b"]', "3", str(["x"] * 33)):
        path.write_text(f"[defaults.app]\nalert_command = {wrong}\n")
        with pytest.raises(ConfigError, match="alert_command"):
            config.load(path)
