"""lobterm doctor: what is wrong is called wrong, with a mend and exit code 2; what was not asked is not called good."""

from __future__ import annotations

import asyncio
import io
import json
import os
from datetime import UTC, datetime

import pytest

from lobterm import cli, config
from lobterm.cli import doctor, reach
from lobterm.cli.doctor import NOTE, OK, WRONG
from tests.feeds.binance.test_feed import exchange


class Screen(io.StringIO):
    encoding = "utf-8"

    def __init__(self, tty=True):
        super().__init__()
        self.tty = tty

    def isatty(self):
        return self.tty


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("LOBTERM_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TERM", "xterm-256color")


def looked(capsys, *words):
    code = cli.main([*words, "doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code == 2) is told["wrong"]
    return {finding["what"]: finding for finding in told["findings"]}


def test_a_sound_machine_is_found_sound_and_nothing_is_made_or_asked(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("asked the network"))
    found = looked(capsys)
    assert {finding["verdict"] for finding in found.values()} <= {OK, NOTE}
    assert found.keys() >= {
        "terminal",
        "colours",
        "clock",
        "config",
        "engine",
        "sessions",
        "recordings",
        "models",
        "perp_ws",
    }
    assert "not there yet" in found["recordings"]["says"] and "GB free" in found["recordings"]["says"]
    assert "not asked" in found["perp_rest"]["says"] and "not asked" in found["clock"]["says"]
    assert not (tmp_path / "data").exists()


def test_a_config_that_is_wrong_is_told_with_its_place(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[defaults.maker]\ngama = 3\n")
    found = looked(capsys, "--config", str(path))
    assert (found["config"]["verdict"], str(path) in found["config"]["says"]) == (WRONG, True)
    assert "maker.gamma" in found["config"]["says"]
    path.write_text('[keys]\nplai = "p"\n')
    assert "did you mean 'play'" in looked(capsys, "--config", str(path))["config"]["says"]


def test_places_that_cannot_be_written_to_are_wrong(tmp_path, monkeypatch):
    assert doctor.place("models", tmp_path).verdict == OK
    assert doctor.place("models", tmp_path / "a" / "b").verdict == OK
    file = tmp_path / "file"
    file.write_text("x")
    assert doctor.place("sessions", file, folder=False).verdict == OK
    assert "is no folder" in doctor.place("models", file).says
    assert "is a folder" in doctor.place("sessions", tmp_path, folder=False).says
    assert "cannot be made" in doctor.place("models", file / "below").says
    monkeypatch.setattr(doctor, "LEAST_FREE", 1 << 80)
    full = doctor.place("recordings", tmp_path)
    assert (full.verdict, full.mend) == (WRONG, "make room, or change paths.recordings")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot be written" in doctor.place("models", tmp_path).says


@pytest.mark.parametrize(
    ("environment", "verdict", "said"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, OK, "all"),
        ({"TERM": "screen-256color"}, NOTE, "256"),
        ({"TERM": "vt100"}, NOTE, "few"),
        ({"TERM": "dumb"}, WRONG, "dumb"),
        ({}, WRONG, "not set"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, NOTE, "NO_COLOR"),
    ],
)
def test_colours(environment, verdict, said):
    found = doctor.colours(environment)
    assert found.verdict == verdict and said in found.says


@pytest.mark.parametrize(("size", "verdict"), [((80, 24), OK), ((79, 24), NOTE), ((80, 23), NOTE)])
def test_size_and_letters_of_a_terminal(monkeypatch, size, verdict):
    monkeypatch.setattr(doctor.shutil, "get_terminal_size", lambda: os.terminal_size(size))
    screen = Screen()
    found = {finding.what: finding for finding in doctor.terminal({"TERM": "xterm-256color"}, screen)}
    assert (found["terminal"].verdict, found["letters"].verdict) == (verdict, OK)
    screen.encoding = "ANSI_X3.4-1968"
    found = {finding.what: finding for finding in doctor.terminal({}, screen)}
    assert found["letters"].verdict == WRONG


def test_a_clock_from_before_this_program_is_wrong():
    assert doctor.clock(datetime(1970, 1, 1, tzinfo=UTC), network=False).verdict == WRONG


async def test_the_exchange_is_asked_once_each_and_the_clock_is_held_against_its_own():
    async with exchange() as emulator:
        bases = emulator.bases
        names = ("perp_ws", "perp_rest", "spot_ws", "spot_rest")
        answers = await reach.reached({name: getattr(bases, name) for name in names})
    assert {name: answer.trouble for name, answer in answers.items()} == dict.fromkeys(names, "")
    assert answers["perp_rest"].offset_ms is not None and answers["perp_ws"].offset_ms is None


@pytest.mark.parametrize("name", ["perp_ws", "perp_rest"])
async def test_what_does_not_answer_is_told(name, unused_tcp_port, monkeypatch):
    scheme = "ws" if name.endswith("ws") else "http"
    answer = (await reach.reached({name: f"{scheme}://127.0.0.1:{unused_tcp_port}"}))[name]
    assert "127.0.0.1" in answer.trouble

    async def hear(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + b'{"serverTime":3}')
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hear, "127.0.0.1", unused_tcp_port):
        answer = (await reach.reached({name: f"{scheme}://127.0.0.1:{unused_tcp_port}"}))[name]
    assert answer.trouble and answer.offset_ms is None


@pytest.mark.parametrize(("offset_ms", "verdict"), [(-3.0, OK), (5_000.0, WRONG)])
def test_a_clock_that_is_off_is_wrong(monkeypatch, offset_ms, verdict):
    async def reached(bases):
        return {name: reach.Answer(40.0, offset_ms if name == "perp_rest" else None) for name in bases}

    monkeypatch.setattr(reach, "reached", reached)
    found = {finding.what: finding for finding in doctor.addresses(config.load(), network=True)}
    assert found["clock offset"].verdict == verdict
    assert f"{offset_ms:+.0f} ms ± 20 ms" in found["clock offset"].says


def test_every_key_of_the_config_is_listed(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[defaults.maker]\ngamma = 3\n[defaults.app]\nfps = 10\n")
    assert cli.main(["--config", str(path), "doctor", "--keys", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["maker.gamma"]["value"] == 3.0 and told["app.fps"] == told["app.fps"] | {"value": 10, "layer": "file"}
    assert told["app.alerts"]["layer"] == "defaults"
    assert told["matching.rule"]["value"] in told["matching.rule"]["allowed"].split("|")
