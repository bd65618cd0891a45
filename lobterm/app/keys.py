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
TIME = Binding.Group("Time", compact=True)
LOOK = Binding.Group("Review", compact=True)
SEND = Binding.Group("Buy, sell", compact=True)

COMMON: tuple[Binding, ...] = (
    Binding("1", "app.show('monitor')", "Monitor", id="monitor", group=SCREENS,
            tooltip="Book, trades, pressure, orders, profit"),
    Binding("2", "app.show('heatmap')", "Heatmap", id="heatmap", group=SCREENS,
            tooltip="What rested where, over time"),
    Binding("3", "app.show('pressure')", "Pressure", id="pressure", group=SCREENS,
            tooltip="FSI, LDR, Π, open interest and LPI over time"),
    Binding("5", "app.show('review')", "Review", id="review", group=SCREENS,
            tooltip="Markouts, fills and profit of this session or an earlier one"),
    Binding("6", "app.show('log')", "Log", id="log", group=SCREENS,
            tooltip="Gaps, resyncs, parameters, triggers, fills"),
    Binding("space", "toggle_play", "Play", id="play", tooltip="Play or pause the tape", key_display="space"),
    Binding("full_stop", "step('event')", "Step one message", key_display=".", id="step-event",
            tooltip="Pause and fold one exchange message", group=STEP),
    Binding("comma", "step_back('event')", "Step back one message", key_display=",", id="back-event",
            tooltip="Pause and stand one exchange message earlier", group=STEP, show=False),
    Binding("t", "step('trade')", "Step one trade", id="step-trade",
            tooltip="Pause and fold up to the next trade", group=STEP),
    Binding("T", "step_back('trade')", "Step back one trade", key_display="T", id="back-trade",
            tooltip="Pause and stand at the trade before", show=False),
    Binding("a", "step('alpha')", "Step one alpha tick", id="step-alpha",
            tooltip="Pause and fold up to the next alpha tick", group=STEP, show=False),
    Binding("A", "step_back('alpha')", "Step back one alpha tick", key_display="A", id="back-alpha",
            tooltip="Pause and stand at the alpha tick before", show=False),
    Binding("right_square_bracket", "next_trigger", "Next trigger", key_display="]", id="next-trigger",
            tooltip="Pause and go to just after the next trigger", show=False),
    Binding("left_square_bracket", "prev_trigger", "Trigger before", key_display="[", id="prev-trigger",
            tooltip="Pause and go to just after the trigger before", show=False),
    Binding("shift+right,greater_than_sign", "jump(10)", "On 10 s", key_display=">", id="jump-on",
            tooltip="Go 10 s on (shift+right too)", show=False),
    Binding("shift+left,less_than_sign", "jump(-10)", "Back 10 s", key_display="<", id="jump-back",
            tooltip="Go 10 s back (shift+left too)", show=False),
    Binding("shift+up,right_curly_bracket", "jump(60)", "On 1 min", key_display="}", id="jump-far-on",
            tooltip="Go 1 min on (shift+up too)", show=False),
    Binding("shift+down,left_curly_bracket", "jump(-60)", "Back 1 min", key_display="{", id="jump-far-back",
            tooltip="Go 1 min back (shift+down too)", show=False),
    Binding("slash", "go_to", "Go to a time", key_display="/", id="go-to", tooltip="Ask for a time and go there",
            show=False),
    Binding("escape", "cancel_seek", "Give up a seek", key_display="esc", id="cancel-seek",
            tooltip="Stay here instead of waiting for a seek", show=False),
    Binding("left_parenthesis", "loop_from", "Loop from here", key_display="(", id="loop-from",
            tooltip="Let a loop begin here", show=False),
    Binding("right_parenthesis", "loop_to", "Loop to here", key_display=")", id="loop-to",
            tooltip="Let the loop end here, and play it again and again", show=False),
    Binding("backslash", "clear_loop", "No loop", key_display="\\", id="clear-loop", tooltip="Play on beyond the loop",
            show=False),
    Binding("b", "bookmark", "Bookmark", id="bookmark", tooltip="Keep this time, with a note", show=False),
    Binding("B", "bookmarks", "Bookmarks", key_display="B", id="bookmarks",
            tooltip="Go to a bookmark, or remove it", show=False),
    Binding("plus,equals_sign", "faster", "Faster", key_display="+", id="faster",
            tooltip="Next higher speed, up to max", group=SPEED),
    Binding("minus", "slower", "Slower", key_display="-", id="slower",
            tooltip="Next lower speed, down to 0.1x", group=SPEED),
    Binding("R", "real_time", "Real time", key_display="R", id="real-time", tooltip="Speed 1x", group=SPEED,
            show=False),
    Binding("m", "max_speed", "Max", id="max-speed", tooltip="As fast as the engine folds", group=SPEED,
            show=False),
    Binding("U", "toggle_zone", "UTC or local", key_display="U", id="zone", tooltip="Tell times by UTC, or by this machine's zone",
            show=False),
    Binding("f2", "app.next_theme", "Colours", id="theme", tooltip="Next colour theme", show=False),
    Binding("f12", "app.picture", "Screenshot", id="picture", tooltip="Save this screen as SVG", show=False),
    Binding("i", "app.instant", "Instant replay", id="instant",
            tooltip="Live: freeze, go back and look again at what has just been; once more: back to now", show=False),
    Binding("p", "settings", "Parameters", id="settings", tooltip="Look at the parameters, and turn them in place",
            show=False),
    Binding("D", "robots", "Desk", key_display="D", id="robots",
            tooltip="The ladders: arm, pause, flatten each, with what it holds and earned", show=False),
    Binding("r", "what_if", "What if", id="what-if",
            tooltip="Play on from here as the session began and as it is now, and compare", show=False),
    Binding("question_mark", "explain", "What", key_display="?", id="explain",
            tooltip="What the numbers are: unit, formula, source, parameters in force"),
    Binding("h,f1", "toggle_help", "Keys", key_display="h", id="help", tooltip="Show or hide all keys"),
    Binding("o", "app.open_another", "Open another", id="open", tooltip="End the session in order and go to the picker",
            show=False),
    Binding("w", "app.show('watch')", "Watch list", id="watch", tooltip="Every symbol that is followed, one line each",
            show=False),
    Binding("tab", "other_symbol(1)", "Next symbol", id="next-symbol", key_display="tab",
            tooltip="Put the next symbol on the screen (a click on its tab too)", show=False),
    Binding("shift+tab", "other_symbol(-1)", "Symbol before", id="prev-symbol", key_display="shift+tab",
            tooltip="Put the symbol before on the screen", show=False),
    Binding("q", "app.quit", "Quit", id="quit", tooltip="End the session; everything so far is kept"),
    Binding("ctrl+c,ctrl+q", "app.quit", "Quit", id="quit-now", tooltip="End the session", show=False, priority=True),
)  # fmt: skip
"""Keys of every screen."""

MONITOR: tuple[Binding, ...] = (
    Binding("e", "order_entry", "Trade", id="order-entry", tooltip="Paper orders by hand on the ladder", show=False),
    Binding("g", "group(1)", "Coarser rows", id="group", tooltip="More ticks a row: 1, 5, 10, 50, 100", group=LADDER),
    Binding("G", "group(-1)", "Finer rows", key_display="G", id="ungroup", tooltip="Fewer ticks a row", group=LADDER,
            show=False),
    Binding("c", "recentre", "Recentre", id="recentre", tooltip="Put the mid in the middle again", group=LADDER),
    Binding("k", "toggle_lock", "Lock", id="lock", tooltip="Hold the ladder where it is, or let it follow the mid",
            group=LADDER),
    Binding("l", "toggle_levels", "Every tick or levels only", id="levels",
            tooltip="A row for every tick, or for price levels with size only", group=LADDER,
            show=False),
    Binding("s", "toggle_sum", "Cumulative", id="cumulative", tooltip="Size of each level, or summed from the touch",
            group=LADDER, show=False),
    Binding("u", "toggle_unit", "Coin or quote", id="unit", tooltip="Sizes in the coin, or in what it is priced in",
            group=LADDER, show=False),
    Binding("n", "least_size(1)", "Larger trades only", id="least-size", tooltip="Raise the tape's smallest size",
            show=False),
    Binding("N", "least_size(-1)", "Smaller trades too", key_display="N", id="lesser-size",
            tooltip="Lower the tape's smallest size", show=False),
    Binding("v", "toggle_candles", "Candles", id="candles", group=LADDER,
            tooltip="One-minute candles, why the quotes are where they are, break-even; or hide the candles"),
    Binding("z", "horizon(1)", "Horizon", id="edge-horizon", tooltip="Next horizon of the markouts at break-even", show=False),
    Binding("Z", "horizon(-1)", "Horizon before", key_display="Z", id="edge-horizon-back", tooltip="The horizon before",
            show=False),
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
            group=MAP, show=False),
    Binding("d", "toggle_dots", "Trades", id="dots", tooltip="Show or hide the trades", show=False),
)  # fmt: skip
"""Keys of the heat map."""

PRESSURE: tuple[Binding, ...] = (
    Binding("z", "zoom_time(1)", "Longer", id="longer", tooltip="More time across", group=TIME),
    Binding("Z", "zoom_time(-1)", "Shorter", key_display="Z", id="shorter", tooltip="Less time across", group=TIME),
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

WATCH: tuple[Binding, ...] = (
    Binding("up", "light(-1)", "Up", id="watch-up", tooltip="Light the line above", show=False),
    Binding("down", "light(1)", "Down", id="watch-down", tooltip="Light the line below", show=False),
    Binding("enter", "watch_this", "Choose", id="watch-this", key_display="enter",
            tooltip="Put the lit symbol on the monitor"),
)  # fmt: skip
"""Keys of the watch list."""

REVIEW: tuple[Binding, ...] = (
    Binding("g", "split(1)", "By what", id="split", tooltip="Next property to group by: strategy, cluster, state ...", group=LOOK),
    Binding("G", "split(-1)", "By what before", key_display="G", id="split-back", tooltip="The property before", show=False),
    Binding("n", "group(1)", "Group", id="next-group", tooltip="Put the next group in front", group=LOOK),
    Binding("N", "group(-1)", "Group before", key_display="N", id="group-before", tooltip="Put the group before in front",
            show=False),
    Binding("z", "horizon(1)", "Horizon", id="horizon", tooltip="Next horizon of the lists", group=LOOK),
    Binding("Z", "horizon(-1)", "Shorter horizon", key_display="Z", id="horizon-back", tooltip="The horizon before", show=False),
    Binding("x", "part(1)", "Part", id="part", tooltip="Curves, fills, profit: where there is no room for all", group=LOOK),
    Binding("X", "part(-1)", "Part before", key_display="X", id="part-back", tooltip="The part before", show=False),
    Binding("s", "choose_session", "Session", id="choose-session", tooltip="Choose an earlier session, or this one", group=LOOK),
    Binding("S", "this_session", "This session", key_display="S", id="this-session", tooltip="Back to this session", show=False),
    Binding("u", "reread", "Read again", id="reread", tooltip="Read the log now", show=False),
    Binding("up", "scroll(-1)", "Newer fill", id="fill-newer", tooltip="Towards now", show=False),
    Binding("down", "scroll(1)", "Older fill", id="fill-older", tooltip="Back in time", show=False),
    Binding("pageup", "scroll(-20)", "Newer fills", id="fills-newer", tooltip="A page towards now", show=False),
    Binding("pagedown", "scroll(20)", "Older fills", id="fills-older", tooltip="A page back in time", show=False),
    Binding("home", "newest", "Newest fill", id="fill-newest", tooltip="Back to now", show=False),
)  # fmt: skip
"""Keys of the review."""
ENTRY: tuple[Binding, ...] = (
    Binding("b", "send(1)", "Buy here", id="buy", tooltip="Send a bid at the cursor (post-only)", group=SEND),
    Binding("s", "send(-1)", "Sell here", id="sell", tooltip="Send an ask at the cursor (post-only)", group=SEND),
    Binding("B", "take(1)", "Buy at market", key_display="B", id="buy-market", tooltip="Buy at market", group=SEND),
    Binding("S", "take(-1)", "Sell at market", key_display="S", id="sell-market", tooltip="Sell at market", group=SEND),
    Binding("x", "pull", "Cancel here", id="pull", tooltip="Cancel your orders at the cursor"),
    Binding("X", "pull_all", "Cancel all", key_display="X", id="pull-all", tooltip="Cancel all of your orders"),
    Binding("m", "move", "Move", id="move-order", tooltip="Pick your order at the cursor, then put it where the cursor is"),
    Binding("F", "flatten", "Flatten", key_display="F", id="flatten",
            tooltip="Cancel your orders and take out at market what you hold"),
    Binding("up", "cursor(1)", "Higher", id="cursor-up", tooltip="A row up; a click sets the cursor too", show=False),
    Binding("down", "cursor(-1)", "Lower", id="cursor-down", tooltip="A row down", show=False),
    Binding("pageup", "cursor(10)", "Ten higher", id="cursor-far-up", tooltip="Ten rows up", show=False),
    Binding("pagedown", "cursor(-10)", "Ten lower", id="cursor-far-down", tooltip="Ten rows down", show=False),
    Binding("home,c", "cursor_home", "To the mid", key_display="home", id="cursor-home",
            tooltip="The cursor and the ladder to the mid", show=False),
    *(Binding(key, f"digit('{sign}')", "Size", key_display=sign, id=f"size-{name}", tooltip="Type the size", show=False)
      for key, sign, name in (*((d, d, d) for d in "0123456789"), ("full_stop", ".", "point"))),
    Binding("backspace", "digit('')", "Shorten", id="size-back", tooltip="Take back a digit of the size", show=False),
    Binding("right_square_bracket", "preset(1)", "More", key_display="]", id="size-more",
            tooltip="The next larger round size", show=False),
    Binding("left_square_bracket", "preset(-1)", "Less", key_display="[", id="size-less",
            tooltip="The next smaller round size", show=False),
    Binding("space", "toggle_play", "Play", id="play-entry", tooltip="Play or pause the tape", key_display="space",
            show=False),
    Binding("t", "step('trade')", "Step one trade", id="step-trade-entry", tooltip="Pause and fold up to the next trade",
            show=False),
    Binding("a", "step('alpha')", "Step one alpha tick", id="step-alpha-entry",
            tooltip="Pause and fold up to the next alpha tick", show=False),
    Binding("g", "group(1)", "Coarser rows", id="group-entry", tooltip="More ticks a row", show=False),
    Binding("G", "group(-1)", "Finer rows", key_display="G", id="ungroup-entry", tooltip="Fewer ticks a row", show=False),
    Binding("f2", "app.next_theme", "Colours", id="theme-entry", tooltip="Next colour theme", show=False),
    Binding("h,f1", "toggle_help", "Keys", key_display="h", id="help-entry", tooltip="Show or hide all keys"),
    Binding("escape,e", "leave", "Done", key_display="esc", id="entry-off",
            tooltip="Put back a picked order, else leave order entry"),
    Binding("ctrl+c,ctrl+q", "app.quit", "Quit", id="quit-entry", tooltip="End the session", show=False, priority=True),
)  # fmt: skip
"""Keys of order entry: while it is on there are no others."""

ROBOTS: tuple[Binding, ...] = (
    Binding("up,k", "choose(-1)", "Up", id="robot-up", tooltip="The ladder above", show=False),
    Binding("down,j", "choose(1)", "Down", id="robot-down", tooltip="The ladder below", show=False),
    Binding("a,space,enter", "arm", "Arm or pause", key_display="a", id="arm",
            tooltip="Let the ladder quote, or pull its orders and let it rest; what it holds stays"),
    Binding("f", "flatten", "Flatten", id="flatten-robot", tooltip="Cancel its orders and take out at market what it holds"),
    Binding("Z", "reset", "Reset", key_display="Z", id="reset",
            tooltip="Let its ledger begin anew: flat, nothing earned, nothing paid; asks for a second press"),
    Binding("escape,D,q", "app.pop_screen", "Close", key_display="esc", id="close-robots", tooltip="Back to the screen"),
    Binding("ctrl+c", "app.quit", "Quit", id="quit-robots", tooltip="End the session", show=False),
)  # fmt: skip
"""Keys of the robots' desk."""

SETTINGS: tuple[Binding, ...] = (
    Binding("up", "choose(-1)", "Up", id="setting-up", tooltip="The parameter above", show=False),
    Binding("down", "choose(1)", "Down", id="setting-down", tooltip="The parameter below", show=False),
    Binding("pageup", "choose(-10)", "Page up", id="setting-page-up", tooltip="Ten up", show=False),
    Binding("pagedown", "choose(10)", "Page down", id="setting-page-down", tooltip="Ten down", show=False),
    Binding("slash", "search", "Find", key_display="/", id="setting-search", tooltip="Show those with these words; * what changed"),
    Binding("enter,space", "edit", "Edit", key_display="enter", id="setting-edit",
            tooltip="Type another value; a choice goes to its next"),
    Binding("left", "cycle(-1)", "Choice before", id="setting-before", tooltip="The choice before", show=False),
    Binding("right", "cycle(1)", "Next choice", id="setting-next", tooltip="The next choice", show=False),
    Binding("backspace", "put_back", "Put back", id="setting-back", tooltip="The value that the session began with"),
    Binding("X", "drop_later", "Drop later", key_display="X", id="drop-later",
            tooltip="Take changes and orders later than here out of the session (after going back)"),
    Binding("escape", "leave", "Close", key_display="esc", id="close-settings", tooltip="Leave the line, else the list"),
    Binding("ctrl+c", "app.quit", "Quit", id="quit-settings", tooltip="End the session", show=False),
)  # fmt: skip
"""Keys of the parameters."""

WHAT_IF: tuple[Binding, ...] = (
    Binding("h", "horizon", "How far", id="what-if-horizon", tooltip="To the end, a minute, ten, an hour"),
    Binding("escape,r,q", "app.pop_screen", "Close", key_display="esc", id="close-what-if",
            tooltip="Back to the screen; what is not done is given up"),
    Binding("ctrl+c", "app.quit", "Quit", id="quit-what-if", tooltip="End the session", show=False),
)  # fmt: skip
"""Keys of what-if."""

TRANSPORT = frozenset({
    "toggle_play", "step", "step_back", "next_trigger", "prev_trigger", "jump", "go_to", "cancel_seek", "loop_from", "loop_to",
    "clear_loop", "bookmark", "bookmarks", "faster", "slower", "real_time", "max_speed", "what_if",
})  # fmt: skip
"""Actions that a market without a transport can only refuse: there their keys are not offered."""

OVER: dict[str, tuple[Binding, ...]] = {
    "order entry": ENTRY, "desk": ROBOTS, "parameters": SETTINGS, "what if": WHAT_IF,
}  # fmt: skip
"""Keys of what lies over a screen: while it does there are no others."""

ALL: dict[str, tuple[Binding, ...]] = {
    "everywhere": COMMON, "monitor": MONITOR, "heatmap": HEATMAP, "pressure": PRESSURE, "log": LOG,
    "review": REVIEW, "watch": WATCH,
}  # fmt: skip


def named(keys: Mapping[str, str]) -> dict[str, str]:
    """Return keys by name, as they are; raise ConfigError for a name that no key has."""
    names = [str(binding.id) for table in (ALL, OVER) for bindings in table.values() for binding in bindings]
    for name in keys:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            mend = f"did you mean {near[0]!r}?" if near else f"names are {', '.join(names)}"
            raise ConfigError(f"no key is named {name!r}", place="[keys]", mend=mend)
    return dict(keys)
