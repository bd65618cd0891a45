"""The Textual console. `run` is all that others need; Textual is loaded by it, not by importing this."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lobterm.app.bookmarks import Bookmarks
    from lobterm.app.picker import Source
    from lobterm.library.entries import Entry
    from lobterm.view.console import Console

SELDOM, USUAL = 400_000, gc.get_threshold()
"""Objects after which garbage is looked for: until the engine is loaded hardly ever, for what imports make stays."""


def collect_seldom() -> None:
    """Leave garbage alone while much is loaded: to walk all of that again and again takes a sixth of the start."""
    gc.set_threshold(SELDOM)


def collect_as_usual() -> None:
    """Let what is loaded by now stay: otherwise each full collection walks all of numba and costs 90 ms."""
    gc.freeze()
    gc.set_threshold(*USUAL)


def collect_all() -> None:
    """Let what a console was made of go with it: the picker may open many, one after the other."""
    gc.set_threshold(*USUAL)
    gc.unfreeze()


def run(
    console: Console,
    *,
    play: bool = True,
    fps: int = 20,
    keys: Mapping[str, str] | None = None,
    bookmarks: Bookmarks | None = None,
    alerts: str = "bell",
    alert_command: Sequence[str] = (),
) -> int:
    """Show `console` until the person quits or the terminal goes away, and return the exit code.

    `play`: start once the engine is loaded. `keys` are the person's own, by name; raise ConfigError if there is no such name.
    `bookmarks` are those of the tape; without them none can be set. `alerts` is how
    to call for a trigger, a gap or a stop: bell, desktop, none; `alert_command` is a program with its arguments that is
    run beside that, or nothing.
    """
    collect_seldom()
    # read by Textual at import: a key is painted at the next of its own frames, so those had better be short
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from lobterm.app.app import LobtermApp
    from lobterm.app.keys import named
    from lobterm.app.terminal import heeding, let_go

    app = LobtermApp(
        console, play=play, fps=fps, keymap=named(keys or {}), bookmarks=bookmarks, alerts=alerts,
        alert_command=alert_command,
    )  # fmt: skip
    with heeding(app.leave):
        try:
            app.run()
        finally:
            let_go()
            app.instant.end()
            console.close()
            collect_all()
    return app.return_code or (1 if app.failure else 0)


def pick(source: Source, note: str = "") -> Entry | None:
    """Show what may be opened, and return what the person chose, or None; `note` says why the last choice led nowhere."""
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from lobterm.app.picker import PickerApp
    from lobterm.app.terminal import heeding, let_go

    app = PickerApp(source, note)
    with heeding(app.leave):
        try:
            return app.run()
        finally:
            let_go()
