"""Every key of the console, in one table: the screen binds it, the help lists it, a test holds the README to it."""

from __future__ import annotations

from textual.binding import Binding

STEP = Binding.Group("Step", compact=True)
SPEED = Binding.Group("Speed", compact=True)
LADDER = Binding.Group("Ladder", compact=True)

MONITOR: tuple[Binding, ...] = (
    Binding("space", "toggle_play", "Play", id="play", tooltip="Play or pause the tape", key_display="space"),
    Binding("full_stop", "step('event')", "Step one message", key_display=".", id="step-event",
            tooltip="Pause and fold one exchange message", group=STEP),
    Binding("t", "step('trade')", "Step one trade", id="step-trade",
            tooltip="Pause and fold up to the next trade", group=STEP),
    Binding("a", "step('alpha')", "Step one alpha tick", id="step-alpha",
            tooltip="Pause and fold up to the next alpha tick", group=STEP),
    Binding("plus,equals_sign", "faster", "Faster", key_display="+", id="faster",
            tooltip="Next higher speed, up to max", group=SPEED),
    Binding("minus", "slower", "Slower", key_display="-", id="slower",
            tooltip="Next lower speed, down to 0.1x", group=SPEED),
    Binding("r", "real_time", "Real time", id="real-time", tooltip="Speed 1x", group=SPEED),
    Binding("m", "max_speed", "Max", id="max-speed", tooltip="As fast as the engine folds", group=SPEED),
    Binding("c", "recentre", "Recentre", id="recentre", tooltip="Put the mid in the middle again", group=LADDER),
    Binding("l", "toggle_levels", "Every tick or levels only", id="levels",
            tooltip="A row for every tick, or for price levels with size only", group=LADDER),
    Binding("f2", "app.next_theme", "Colours", id="theme", tooltip="Next colour theme", show=False),
    Binding("question_mark", "toggle_help", "Help", key_display="?", id="help", tooltip="Show or hide all keys"),
    Binding("q", "app.quit", "Quit", id="quit", tooltip="End the session; everything so far is kept"),
    Binding("ctrl+c,ctrl+q", "app.quit", "Quit", id="quit-now", tooltip="End the session", show=False, priority=True),
)  # fmt: skip
"""Keys of the monitor. Digits are free: they will choose screens."""
