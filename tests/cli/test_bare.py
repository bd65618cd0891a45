"""lobterm without a command."""

from __future__ import annotations

import sys

import pytest

from lobterm import cli
from lobterm.cli import picker


def test_away_from_a_terminal_it_teaches(capsys):
    assert cli.main([]) == 2
    assert "start here:" in capsys.readouterr().out


def test_on_a_terminal_it_picks(monkeypatch):
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(picker, "run", lambda config, command: 7)
    assert cli.main([]) == 7


def test_a_console_that_is_left_with_o_comes_back_to_the_picker(monkeypatch):
    ran = []
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("lobterm.cli._command", lambda arguments: ran.append(str(arguments.tape)) or picker.BACK)
    monkeypatch.setattr(picker, "run", lambda config, command: command(["replay", "b"]) and 0)
    assert cli.main(["replay", "a"]) == 0
    assert ran == ["a", "b"]
    with pytest.raises(SystemExit):
        cli.main(["nonsense"])
