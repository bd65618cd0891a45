"""lobterm status: one line about the live sessions that run, for a terminal's status bar."""

from __future__ import annotations

import argparse
from typing import Any

from lobterm.cli import output

EPILOG = """\
  lobterm status
  BTCUSDT LPI ▼+3.41 FORCED ▲+0.12 spread 1 inv +0.01 PnL +1.23 | ETHUSDT GAP 4s inv +0 PnL +0.00

in tmux: set -g status-right '#(lobterm status)'   and   set -g status-interval 5

A running session writes how it is into a file of the user's state folder once a second; nothing listens. `stale 12s` is a
session that has not written for so long, ? a figure that is not known. Exit code 1: no live session runs.
"""


def register(commands: Any) -> None:
    """Add `status`."""
    status = commands.add_parser(
        "status",
        help="one line about running live sessions",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    output.add_json(status)
    status.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the line."""
    import time

    import msgspec

    from lobterm.live import status

    found, now_us = status.read(status.folder()), time.time_ns() // 1_000
    if arguments.json:
        told = [msgspec.to_builtins(said) | {"age_us": status.age_us(said, now_us)} for said in found]
        output.show({"sessions": told}, True)
    else:
        print(status.line(found, now_us))
    return 0 if found else 1
