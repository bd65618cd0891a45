"""The command line: words in, one object or a few lines out, an exit code that scripts may rely on.

Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from lobterm import __version__
from lobterm.errors import LobtermError

BACK = 64
"""Exit code of a console that was left for the picker; no script sees it."""
EPILOG = """\
start here:
  lobterm                                         the picker: tapes, recordings, live symbols, past sessions
  lobterm replay replays/long-cascade.parquet     watch a bundled cascade
  lobterm tape import btcusdt.gz --out day.parquet    make a tape of a recording
  lobterm model train day.parquet                 learn its trade clusters
  lobterm replay day.parquet --headless --json    replay flat out, numbers on stdout

exit codes: 0 done, 1 it failed, 2 the input or the config is wrong, 130 interrupted with everything saved
"""
COMMANDS = ("replay", "live", "tape", "model", "session", "emulate", "status", "serve", "doctor")
"""Commands in the order of the help; each has a module of its name with a `register`."""


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser of the whole command line; if `words` begin with a command, it need not know the others."""
    top = argparse.ArgumentParser(
        prog="lobterm",
        description="Order-flow console and paper-trading desk for Binance perpetuals. Paper only: no keys, no orders.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"lobterm {__version__}")
    top.add_argument("--config", type=Path, metavar="FILE", help="configuration to lay over the defaults")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    top.set_defaults(run=None)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        import_module(f"lobterm.cli.{name}").register(commands)
    return top


def _command(arguments: argparse.Namespace) -> int:
    return int(arguments.run(arguments) or 0)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # its other threads turn in a loop for a tenth of a second from when they are made, and nothing here is large enough to share
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = sys.argv[1:] if argv is None else argv
    arguments = parser(words).parse_args(words)
    try:
        code = _command(arguments) if arguments.run else BACK
        if code != BACK:
            return code
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            parser().print_help()
            return 2
        from lobterm.cli import picker

        return picker.run(arguments.config, lambda words: _command(parser(words).parse_args(words)))
    except LobtermError as error:
        print(f"lobterm: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("lobterm: interrupted; what was finished is saved", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
