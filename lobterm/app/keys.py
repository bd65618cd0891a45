"""Every key of the console, in one table: the screens bind it, the help lists it, a test holds the README to it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from textual.binding import Binding

from lobterm.errors import ConfigError

STEP = Binding.Group("Step", compact=True)
SPEED = Binding.Group("Speed", compact=True)
LADDER = Binding.Group("Book", compact=True)
SCREENS = Binding.Group("Screen", compact=True)
MAP = Binding.Group("Map", compact=True)

COMMON: tuple[Binding, ...] = (
    Binding("1", "app.show('monitor')", "Monitor", id="monitor", group=SCREENS,
            tooltip="Book, trades, pressure, orders, profit"),
    Binding("2", "app.show('heatmap')", "Heatmap", id="heatmap", group=SCREENS,
            tooltip="What rested where, over time"),
    Binding("3", "app.show('pressure')", "Pressure", id="pressure", group=SCREENS,
            tooltip="FSI, LDR, Π, open interest and LPI over time"),
    Binding("6", "app.show('log')", "Log", id="log", group=SCREENS,
            tooltip="Gaps, resyncs, parameters, triggers, fills"),
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
    Binding("f2", "app.next_theme", "Colours", id="theme", tooltip="Next colour theme", show=False),
    Binding("f12", "app.picture", "Screenshot", id="picture", tooltip="Save this screen as SVG", show=False),
    Binding("question_mark", "explain", "What", key_display="?", id="explain",
            tooltip="What the numbers are: unit, formula, source, parameters in force"),
    Binding("h,f1", "toggle_help", "Keys", key_display="h", id="help", tooltip="Show or hide all keys"),
    Binding("q", "app.quit", "Quit", id="quit", tooltip="End the session; everything so far is kept"),
    Binding("ctrl+c,ctrl+q", "app.quit", "Quit", id="quit-now", tooltip="End the session", show=False, priority=True),
)  # fmt: skip
"""Keys of every screen."""

MONITOR: tuple[Binding, ...] = (
    Binding("g", "group(1)", "Coarser rows", id="group", tooltip="More ticks a row: 1, 5, 10, 50, 100", group=LADDER),
    Binding("G", "group(-1)", "Finer rows", key_display="G", id="ungroup", tooltip="Fewer ticks a row", group=LADDER,
            show=False),
    Binding("c", "recentre", "Recentre", id="recentre", tooltip="Put the mid in the middle again", group=LADDER),
    Binding("k", "toggle_lock", "Lock", id="lock", tooltip="Hold the ladder where it is, or let it follow the mid",
            group=LADDER),
    Binding("l", "toggle_levels", "Every tick or levels only", id="levels",
            tooltip="A row for every tick, or for price levels with size only", group=LADDER),
    Binding("s", "toggle_sum", "Cumulative", id="cumulative", tooltip="Size of each level, or summed from the touch",
            group=LADDER, show=False),
    Binding("u", "toggle_unit", "Coin or quote", id="unit", tooltip="Sizes in the coin, or in what it is priced in",
            group=LADDER, show=False),
    Binding("n", "least_size(1)", "Larger trades only", id="least-size", tooltip="Raise the tape's smallest size",
            show=False),
    Binding("N", "least_size(-1)", "Smaller trades too", key_display="N", id="lesser-size",
            tooltip="Lower the tape's smallest size", show=False),
)  # fmt: skip
"""Keys of the monitor."""

HEATMAP: tuple[Binding, ...] = (
    Binding("left", "pan(-1, 0)", "Earlier", id="pan-left", tooltip="Go back in time", group=MAP, show=False),
    Binding("right", "pan(1, 0)", "Later", id="pan-right", tooltip="Go on in time", group=MAP, show=False),
    Binding("up", "pan(0, 1)", "Higher", id="pan-up", tooltip="Look at higher prices", group=MAP, show=False),
    Binding("down", "pan(0, -1)", "Lower", id="pan-down", tooltip="Look at lower prices", group=MAP, show=False),
    Binding("z", "zoom_time(1)", "Longer", id="zoom-time-out", tooltip="More seconds a column", group=MAP),
    Binding("Z", "zoom_time(-1)", "Shorter", key_display="Z", id="zoom-time-in", tooltip="Fewer seconds a column",
            group=MAP),
    Binding("x", "zoom_price(1)", "Wider", id="zoom-price-out", tooltip="More ticks a row", group=MAP),
    Binding("X", "zoom_price(-1)", "Closer", key_display="X", id="zoom-price-in", tooltip="Fewer ticks a row",
            group=MAP),
    Binding("f,home", "follow", "Follow", key_display="f", id="follow", tooltip="Back to now and to the mid",
            group=MAP),
    Binding("d", "toggle_dots", "Trades", id="dots", tooltip="Show or hide the trades", show=False),
)  # fmt: skip
"""Keys of the heat map."""

PRESSURE: tuple[Binding, ...] = (
    Binding("z", "zoom_time(1)", "Longer", id="longer", tooltip="More time across", group=MAP),
    Binding("Z", "zoom_time(-1)", "Shorter", key_display="Z", id="shorter", tooltip="Less time across", group=MAP),
)  # fmt: skip
"""Keys of the pressure screen."""

LOG: tuple[Binding, ...] = (
    Binding("f", "next_filter", "Filter", id="filter", tooltip="All, data, parameters, pressure, trading"),
    Binding("up", "scroll(-1)", "Newer", id="newer", tooltip="Towards now", show=False),
    Binding("down", "scroll(1)", "Older", id="older", tooltip="Back in time", show=False),
    Binding("pageup", "scroll(-20)", "Newer page", id="newer-page", tooltip="A page towards now", show=False),
    Binding("pagedown", "scroll(20)", "Older page", id="older-page", tooltip="A page back in time", show=False),
    Binding("home", "newest", "Newest", id="newest", tooltip="Back to now", show=False),
)  # fmt: skip
"""Keys of the log."""

ALL: dict[str, tuple[Binding, ...]] = {
    "everywhere": COMMON, "monitor": MONITOR, "heatmap": HEATMAP, "pressure": PRESSURE, "log": LOG,
}  # fmt: skip


def named(keys: Mapping[str, str]) -> dict[str, str]:
    """Return keys by name, as they are; raise ConfigError for a name that no key has."""
    names = [str(binding.id) for bindings in ALL.values() for binding in bindings]
    for name in keys:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            mend = f"did you mean {near[0]!r}?" if near else f"names are {', '.join(names)}"
            raise ConfigError(f"no key is named {name!r}", place="[keys]", mend=mend)
    return dict(keys)
