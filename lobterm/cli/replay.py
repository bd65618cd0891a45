"""lobterm replay: a tape in the console, or flat out without one."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lobterm import app
from lobterm.cli import output
from lobterm.errors import InputError
from lobterm.view.moment import moment

if TYPE_CHECKING:
    from lobterm.runs import Setup

EPILOG = """\
  lobterm replay replays/long-cascade.parquet --at 07:54
  lobterm replay day.parquet --speed 50 --at 14:30
  lobterm replay day.parquet --headless --json --set maker.gamma=3

in the console: space plays and pauses, . steps a message, t a trade, a an alpha tick, and , T A step back; [ and ] go
to triggers, / asks for a time, + and - change the speed, m runs at max, 1 2 3 5 6 change the screen, ? says what a
number is, h shows all keys, q quits.
"""

SLOWEST, FASTEST = 0.1, 1000.0


def register(commands: Any) -> None:
    """Add `replay`."""
    replay = commands.add_parser(
        "replay", help="replay a tape", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    replay.add_argument("tape", type=Path, metavar="TAPE")
    replay.add_argument("--speed", type=speed, default=1.0, metavar="X", help="0.1 to 1000, or max (default 1)")
    replay.add_argument("--at", metavar="TIME", help="start at HH:MM[:SS] of the tape's day, or an ISO time, UTC")
    replay.add_argument("--paused", action="store_true", help="open paused")
    replay.add_argument(
        "--model", metavar="FILE", help="cluster model (default: the one beside the tape); none for none"
    )
    replay.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter for this run")
    replay.add_argument(
        "--log", choices=("full", "fills", "none"), default="full",
        help="what the session log keeps (default full); fills: everything but labels and their markouts",
    )  # fmt: skip
    replay.add_argument("--sessions", type=Path, metavar="FILE", help="the session log's file")
    replay.add_argument("--headless", action="store_true", help="flat out, no console")
    replay.add_argument(
        "--cut-seed", type=int, metavar="N", help="headless: fold in random pieces; the rows must not change"
    )
    output.add_json(replay)
    replay.set_defaults(run=run)


def speed(text: str) -> float:
    """Return a replay speed; `max` is infinity."""
    if text == "max":
        return math.inf
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not SLOWEST <= value <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed: {SLOWEST} to {FASTEST:g}, or max")
    return value


def _setup(arguments: argparse.Namespace) -> Setup:
    from lobterm import config, runs
    from lobterm.models import model
    from lobterm.session import log
    from lobterm.tape import parquet

    settings = config.load(arguments.config)
    for text in arguments.set:
        settings = settings.with_override(text)
    tape = parquet.open_tape(arguments.tape)
    if not tape.meta.rows:
        raise InputError("holds no rows", file=arguments.tape, mend="import a recording that does")
    path = Path(arguments.model) if arguments.model else runs.model_beside(arguments.tape)
    chosen = model.load(path) if path is not None and arguments.model != "none" else None
    writer = None
    if arguments.log != "none":
        writer = log.SessionLog(
            arguments.sessions or log.default_path(str(settings.setting("paths.sessions"))),
            keep=arguments.log,
            columnar=arguments.headless,
            patient=arguments.headless,
        )
    return runs.Setup(tape, settings, chosen, writer)


def run(arguments: argparse.Namespace) -> int:
    """Replay a tape."""
    if not arguments.headless:
        app.collect_seldom()
    setup = _setup(arguments)
    try:
        return _headless(setup, arguments) if arguments.headless else _console(setup, arguments)
    finally:
        if setup.log:
            setup.log.close()


def _headless(setup: Setup, arguments: argparse.Namespace) -> int:
    from lobterm import headless, runs

    output.warn(runs.model_warning(setup))
    progress = output.Progress("replaying")
    try:
        result = headless.replay(setup, setup.tape.read(), cut_seed=arguments.cut_seed, progress=progress)
    finally:
        progress.close()
    output.show(result, arguments.json)
    return 0


def _console(setup: Setup, arguments: argparse.Namespace) -> int:
    from lobterm.runtime import Replay

    meta = setup.tape.meta
    at = moment(arguments.at, meta.first_ts_us, meta.last_ts_us) if arguments.at else None
    console = Replay(setup, at=at)
    console.clock.speed = arguments.speed
    import platformdirs

    from lobterm.app.bookmarks import Bookmarks

    settings = setup.config
    folder = platformdirs.user_data_path("lobterm", appauthor=False) / "bookmarks"
    return app.run(
        console,
        play=not arguments.paused,
        fps=int(settings.setting("app.fps")),
        keys=settings.keys,
        alerts=str(settings.setting("app.alerts")),
        alert_command=settings.alert_command,
        bookmarks=Bookmarks(folder, meta.sha256),
    )
