"""Colours stay told apart where a terminal has 256 of them."""

from __future__ import annotations

import itertools

import pytest
from rich.color import Color, ColorSystem

from lobterm.app.app import LobtermApp
from lobterm.app.themes import DARK, THEMES, of_256
from tests.app.fake import FakeConsole

APART = (
    ("bid", "ask", "foreground", "quiet", "faint"),
    ("bid-bar", "ask-bar", "surface"),
    ("band", "band-mirror", "surface"),
    ("panel", "surface"),
    ("spread", "surface"),
    ("track", "surface", "good", "bid", "ask"),
    ("opportunistic", "directional", "passive", "quiet"),
    ("good", "warn", "bad", "foreground"),
    tuple(f"heat-{level}" for level in range(8)),
)


@pytest.mark.parametrize("group", APART, ids=" ".join)
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_must_differ_differs_among_256_colours(theme, group):
    told = of_256(theme)
    colours = DARK.variables | told.variables | {
        "surface": told.surface, "panel": told.panel, "foreground": told.foreground, "good": told.success,
        "warn": told.warning, "bad": told.error,
    }  # fmt: skip
    seen = {name: Color.parse(str(colours[name])).downgrade(ColorSystem.EIGHT_BIT).number for name in group}
    assert [pair for pair in itertools.combinations(group, 2) if seen[pair[0]] == seen[pair[1]]] == []


@pytest.mark.parametrize(
    ("term", "truecolor", "panel"), [("screen-256color", "", "#262626"), ("xterm-256color", "truecolor", "#1b222b")]
)
async def test_the_terminal_decides_which_it_is(opened, monkeypatch, term, truecolor, panel):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLORTERM", truecolor)
    app = LobtermApp(FakeConsole(), play=False, wall_us=lambda: 0)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.available_themes[DARK.name].panel == panel
