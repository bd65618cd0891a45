"""The command line: words in, one object or a few lines out, an exit code that scripts may rely on.

Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lobterm import __version__
from lobterm.cli import picker
from lobterm.cli.doctor import register as register_doctor
from lobterm.cli.emulate import register as register_emulate
from lobterm.cli.live import register as register_live
from lobterm.cli.model import register as register_model
from lobterm.cli.replay import register as register_replay
from lobterm.cli.serve import register as register_serve
from lobterm.cli.session import register as register_session
from lobterm.cli.status import register as register_status
from lobterm.cli.tape import register as register_tape
from lobterm.errors import LobtermError

EPILOG = """\
start here:
  lobterm                                         the picker: tapes, recordings, live symbols, past sessions
  lobterm replay replays/long-cascade.parquet     watch a bundled cascade
  lobterm tape import btcusdt.gz --out day.parquet    make a tape of a recording
  lobterm model train day.parquet                 learn its trade clusters
  lobterm replay day.parquet --headless --json    replay flat out, numbers on stdout

exit codes: 0 done, 1 it failed, 2 the input or the config is wrong, 130 interrupted with everything saved
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
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
    for register in (
        register_replay, register_live, register_tape, register_model, register_session, register_emulate, register_status,
        register_serve, register_doctor,
    ):  # fmt: skip
        register(commands)
    return top


def _command(arguments: argparse.Namespace) -> int:
    return int(arguments.run(arguments) or 0)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        code = _command(arguments) if arguments.run else picker.BACK
        if code != picker.BACK:
            return code
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            parser().print_help()
            return 2
        return picker.run(arguments.config, lambda words: _command(parser().parse_args(words)))
    except LobtermError as error:
        print(f"lobterm: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("lobterm: interrupted; what was finished is saved", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
