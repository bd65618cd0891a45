"""Colours. Side is told by position, glyph and lightness first; the default pair survives colour blindness and grey."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import Theme

DARK = Theme(
    name="lobterm-dark",
    primary="#56b4e9",
    secondary="#7a8fa6",
    accent="#f0e442",
    warning="#e69f00",
    error="#ff6b5e",
    success="#3fc79a",
    foreground="#d7dde4",
    background="#0b0e12",
    surface="#11161c",
    panel="#1b222b",
    variables={
        "bid": "#56b4e9",
        "bid-strong": "#9ad4f7",
        "bid-bar": "#12405e",
        "ask": "#ee7018",
        "ask-strong": "#ffa477",
        "ask-bar": "#401d08",
        "own": "#f0e442",
        "quiet": "#8694a3",
        "faint": "#667380",
        "spread": "#161d25",
        "track": "#222b35",
        "progress": "#5d7389",
        "directional": "#cc8fd6",
        "opportunistic": "#f0e442",
        "passive": "#7fb8a4",
        "band": "#33190a",
        "band-mirror": "#0c2a40",
        "heat-0": "#0d1117",
        "heat-1": "#0a2144",
        "heat-2": "#17345f",
        "heat-3": "#3b496c",
        "heat-4": "#62676f",
        "heat-5": "#8a8678",
        "heat-6": "#c3b369",
        "heat-7": "#fee838",
    },
)

LIGHT = Theme(
    name="lobterm-light",
    primary="#0072b2",
    secondary="#5b6b7b",
    accent="#6e5200",
    warning="#8a4f00",
    error="#a92119",
    success="#006649",
    foreground="#1b2430",
    background="#e3e8ed",
    surface="#f5f7f9",
    panel="#d6dde4",
    dark=False,
    variables={
        "bid": "#005f96",
        "bid-strong": "#00416b",
        "bid-bar": "#b5dbf2",
        "ask": "#984100",
        "ask-strong": "#7a3300",
        "ask-bar": "#f5cdb0",
        "own": "#6b4e00",
        "quiet": "#525e6a",
        "faint": "#78848f",
        "spread": "#e6ebf0",
        "track": "#dce3e9",
        "progress": "#6b7f92",
        "directional": "#8a3b96",
        "opportunistic": "#6e5200",
        "passive": "#28644f",
        "band": "#fbe3d3",
        "band-mirror": "#d6eaf8",
        "heat-0": "#f5f7f9",
        "heat-1": "#dde7f0",
        "heat-2": "#bdd1e4",
        "heat-3": "#94b5d3",
        "heat-4": "#6a95bd",
        "heat-5": "#4473a1",
        "heat-6": "#26517c",
        "heat-7": "#0b2c4f",
    },
)

CONTRAST = Theme(
    name="lobterm-contrast",
    primary="#7fd0ff",
    secondary="#c0c0c0",
    accent="#ffff00",
    warning="#ffc400",
    error="#ff8a80",
    success="#66ffb2",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    variables={
        "bid": "#8fd6ff",
        "bid-strong": "#c8ecff",
        "bid-bar": "#00507f",
        "ask": "#ffa35c",
        "ask-strong": "#ffd2ab",
        "ask-bar": "#7a3300",
        "own": "#ffff00",
        "quiet": "#d0d0d0",
        "faint": "#8a8a8a",
        "spread": "#1c1c1c",
        "track": "#3a3a3a",
        "progress": "#b0b0b0",
        "directional": "#ff9cff",
        "opportunistic": "#ffff66",
        "passive": "#8cffd2",
        "band": "#5a2600",
        "band-mirror": "#003a5c",
        "heat-0": "#000000",
        "heat-1": "#00224e",
        "heat-2": "#1a3f7a",
        "heat-3": "#4a5a80",
        "heat-4": "#7c7d78",
        "heat-5": "#a59c74",
        "heat-6": "#d0bd62",
        "heat-7": "#fff04a",
    },
)

CLASSIC = Theme(
    name="lobterm-classic",
    primary="#26a69a",
    secondary="#7a8fa6",
    accent="#f0e442",
    warning="#e6b000",
    error="#ff5c5c",
    success="#26a69a",
    foreground="#d7dde4",
    background="#0b0e12",
    surface="#11161c",
    panel="#1b222b",
    variables=DARK.variables
    | {
        "bid": "#2fc48d",
        "bid-strong": "#86efc2",
        "bid-bar": "#0f4a36",
        "ask": "#f56a66",
        "ask-strong": "#ffa19e",
        "ask-bar": "#4f1b1a",
    },
)

THEMES = (DARK, LIGHT, CONTRAST, CLASSIC)

DARK_OF_256 = {
    "spread": "#1c1c1c",
    "track": "#262626",
    "band": "#5f0000",
    "band-mirror": "#000087",
    "bid-bar": "#000087",
    "ask-bar": "#5f0000",
    "heat-0": "#121212",
}
LIGHT_OF_256 = {
    "spread": "#f2f2f2",
    "track": "#e0e0e0",
    "ask": "#875f00",
    "bid-strong": "#000087",
    "ask-strong": "#5f0000",
    "opportunistic": "#5f5f00",
    "own": "#5f5f00",
    "passive": "#005f5f",
    "band": "#ffd7af",
    "band-mirror": "#afd7ff",
    "foreground": "#121212",
    "heat-1": "#d7d7ff",
    "heat-2": "#afd7ff",
    "heat-3": "#87afd7",
    "heat-4": "#5f87af",
    "heat-5": "#005faf",
    "heat-6": "#000087",
    "heat-7": "#000000",
}
GROUNDS_OF_256 = {
    DARK.name: (("#080808", "#121212", "#262626"), DARK_OF_256),
    CLASSIC.name: (("#080808", "#121212", "#262626"), DARK_OF_256 | {"bid-bar": "#005f00", "band-mirror": "#005f00"}),
    CONTRAST.name: (("#000000", "#000000", "#303030"), {"ask-bar": "#5f0000"}),
    LIGHT.name: (("#e9e9e9", "#ffffff", "#e0e0e0"), LIGHT_OF_256),
}
"""Background, surface and panel, and other colours, where a terminal has 256 of them: the nearest of those to the true ones are
often one and the same."""


def of_256(theme: Theme) -> Theme:
    """Return a theme whose colours stay told apart among a terminal's 256."""
    if theme.name not in GROUNDS_OF_256:
        return theme
    (background, surface, panel), others = GROUNDS_OF_256[theme.name]
    return replace(
        theme,
        foreground=others.get("foreground", theme.foreground),
        background=background,
        surface=surface,
        panel=panel,
        variables=DARK.variables | theme.variables | others,
    )
