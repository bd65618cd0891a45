"""lobterm session …: what was run, and what it came to."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lobterm.cli import output


def register(commands: Any) -> None:
    """Add `session` and its commands."""
    session = commands.add_parser("session", help="look into the session log")
    group = session.add_subparsers(title="commands", metavar="COMMAND", required=True)

    listing = group.add_parser("list", help="every session, oldest first")
    show = group.add_parser("show", help="one session: what was run, and what it came to")
    show.add_argument("session", metavar="ID", help="a session id, its beginning, or `last`")
    verify = group.add_parser("verify", help="run a live session again from its recording and compare every row")
    verify.add_argument("session", metavar="ID", help="a session id, its beginning, or `last`")
    for command, run in ((listing, run_list), (show, run_show), (verify, run_verify)):
        command.add_argument("--log", type=Path, metavar="FILE", help="the log (default: config, paths.sessions)")
        output.add_json(command)
        command.set_defaults(run=run)


def _path(arguments: argparse.Namespace) -> Path:
    from lobterm import config
    from lobterm.session.log import default_path

    return arguments.log or default_path(str(config.load(arguments.config).setting("paths.sessions")))


def run_list(arguments: argparse.Namespace) -> int:
    """List the sessions."""
    from lobterm.session import reader

    path = _path(arguments)
    found = reader.sessions(path)
    if arguments.json:
        output.show({"path": str(path), "sessions": found}, True)
        return 0
    if not found:
        print(f"no sessions in {path}")
    for entry in found:
        symbol, tape = entry["symbol"] or "-", entry["tape"] or "-"
        print(f"{entry['session_id']}  {_started(entry)}  {symbol:<12}  {_came_to(entry):<28}  {tape}")
    return 0


def _started(entry: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(entry['started_us'] / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _came_to(entry: dict[str, Any]) -> str:
    if entry["ended_us"] is None:
        return "not ended"
    summary = entry["summary"] or {}
    pnl = (summary.get("pnl_usdt") or {}).get("total")
    return f"{summary.get('fills', '-')} fills  PnL {'-' if pnl is None else f'{pnl:+.2f}'} USDT"


def run_show(arguments: argparse.Namespace) -> int:
    """Print one session."""
    from lobterm.session import reader

    path = _path(arguments)
    output.show({"path": str(path)} | reader.session(path, arguments.session), arguments.json)
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Run a session again and compare; a difference is a failure."""
    from lobterm.verify_session import verify

    progress = output.Progress("verifying")
    try:
        result = verify(_path(arguments), arguments.session, progress)
    finally:
        progress.close()
    output.show(result, arguments.json)
    return 1 if result["rows_differing"] else 0
