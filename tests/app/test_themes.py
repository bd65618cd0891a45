"""Colours stay told apart where a terminal has 256 of them."""

from __future__ import annotations

import itertools

import pytest
from rich.color import Color, ColorSystem
from textual.css import stylesheet

from lobterm.app.app import LobtermApp
from lobterm.app.themes import DARK, LIGHT, THEMES, of_256
from tests.app.fake import FakeConsole
from widgets.heatmap import DEEP

APART = (
    ("bid", "ask", "foreground", "quiet", "faint"),
    ("bid-bar", "ask-bar", "surface"),
    ("bid-strong", "ask-strong"),
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


TEXT_RATIO, FAINT_RATIO = 4.5, 3.0
"""Least contrast of what is read, and of what only has to be seen (WCAG 2.1, 1.4.3 and 1.4.11)."""
TEXT_RATIO_OF_256 = 4.0
"""Among 256 colours there is not always one between too pale and one that is taken."""
WORDS = ("foreground", "quiet", "own", "success", "warning", "error")
SIDES = ("bid", "ask", "bid-strong", "ask-strong")
READ = (
    *itertools.product((*WORDS, *SIDES, "directional", "opportunistic", "passive"), ("surface", "spread")),
    *itertools.product(WORDS, ("background", "panel")),
    *itertools.product(("foreground", "own", *SIDES), ("track",)),
    ("bid", "bid-bar"), ("bid-strong", "bid-bar"), ("ask", "ask-bar"), ("ask-strong", "ask-bar"),
    ("background", "success"), ("background", "warning"),
)  # fmt: skip
SEEN = (("faint", "surface"), ("faint", "spread"), ("progress", "panel"))


ON_HEAT = tuple(
    itertools.product(("bid-strong", "ask-strong", "own", "warning"), (f"heat-{level}" for level in range(DEEP)))
)


def contrast(ink, ground):
    def luminance(colour):
        parts = (part / 255 for part in colour.get_truecolor())
        linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(ink), luminance(ground)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("of_few", [False, True], ids=["true colours", "256 colours"])
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_written_can_be_read(theme, of_few):
    theme = of_256(theme) if of_few else theme

    def colour(name):
        found = Color.parse(str(theme.variables.get(name) or getattr(theme, name)))
        return found.downgrade(ColorSystem.EIGHT_BIT) if of_few else found

    least_read = TEXT_RATIO_OF_256 if of_few else TEXT_RATIO
    pairs = [(pair, least_read) for pair in READ] + [(pair, FAINT_RATIO) for pair in SEEN if not of_few]
    pairs += [(pair, FAINT_RATIO) for pair in ON_HEAT if not of_few]
    pale = {
        pair: round(contrast(*map(colour, pair)), 2) for pair, least in pairs if contrast(*map(colour, pair)) < least
    }
    assert pale == {}


async def test_the_style_sheet_is_read_once_for_each_set_of_colours(opened, monkeypatch):
    read = []

    def counted(scope, css, read_from, **options):
        read.extend([read_from[0]] if str(read_from[0]).endswith("lobterm.tcss") else [])
        return parse(scope, css, read_from, **options)

    parse = stylesheet.parse
    monkeypatch.setattr(stylesheet, "parse", counted)
    async with opened(FakeConsole()) as pilot:
        await pilot.press("2", "1")
        await pilot.pause()
        assert len(read) == 1
        before = pilot.app.screen.query_one("#book").styles.background
        pilot.app.theme = LIGHT.name
        await pilot.pause()
        assert len(read) == 2
        assert pilot.app.screen.query_one("#book").styles.background != before
