"""Colours. Side is told by position, glyph and lightness first; the default pair survives colour blindness and grey."""

from __future__ import annotations

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
        "ask": "#d55e00",
        "ask-strong": "#ffa477",
        "ask-bar": "#47220b",
        "own": "#f0e442",
        "quiet": "#8694a3",
        "faint": "#46515d",
        "spread": "#161d25",
        "track": "#222b35",
        "progress": "#5d7389",
        "directional": "#cc8fd6",
        "opportunistic": "#f0e442",
        "passive": "#7fb8a4",
    },
)

LIGHT = Theme(
    name="lobterm-light",
    primary="#0072b2",
    secondary="#5b6b7b",
    accent="#7a5b00",
    warning="#9a5b00",
    error="#b3261e",
    success="#00704f",
    foreground="#1b2430",
    background="#dfe4e9",
    surface="#f5f7f9",
    panel="#cfd7df",
    dark=False,
    variables={
        "bid": "#005f96",
        "bid-strong": "#00416b",
        "bid-bar": "#b5dbf2",
        "ask": "#a84800",
        "ask-strong": "#7a3300",
        "ask-bar": "#f5cdb0",
        "own": "#6b4e00",
        "quiet": "#56636f",
        "faint": "#a3afba",
        "spread": "#e6ebf0",
        "track": "#dce3e9",
        "progress": "#7c90a3",
        "directional": "#8a3b96",
        "opportunistic": "#7a5b00",
        "passive": "#2d6e5a",
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
        "bid-strong": "#ffffff",
        "bid-bar": "#00507f",
        "ask": "#ff9a4d",
        "ask-strong": "#ffffff",
        "ask-bar": "#8a3a00",
        "own": "#ffff00",
        "quiet": "#d0d0d0",
        "faint": "#8a8a8a",
        "spread": "#1c1c1c",
        "track": "#3a3a3a",
        "progress": "#b0b0b0",
        "directional": "#ff9cff",
        "opportunistic": "#ffff66",
        "passive": "#8cffd2",
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
        "ask": "#f0605c",
        "ask-strong": "#ffa19e",
        "ask-bar": "#5c1f1e",
    },
)

THEMES = (DARK, LIGHT, CONTRAST, CLASSIC)
