"""lobterm session …: what was run, what it came to, and what is to be learned from it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lobterm.cli import output

EPILOG = """\
  lobterm session list                                  every session, oldest first
  lobterm session show last                             what was run, with what, and what it came to
  lobterm session report last --out report.html         one page: data quality, PnL, markouts with their intervals
  lobterm session export last --out FOLDER              every table as Parquet, with a note that explains the columns
  lobterm session verify last                           a session again from its recording or tape: every row compared
  lobterm session prune --keep 50 --dry-run             which sessions would go
  lobterm session repair                                after a crash: log and recording at one point, the rest filled in

ID is a session id, its beginning, or `last`. From a program: `from lobterm import session; session.open().fills()`.
"""


def register(commands: Any) -> None:
    """Add `session` and its commands."""
    session = commands.add_parser(
        "session", help="look into the session log", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    group = session.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add(group, run_list, "list", "every session, oldest first", one=False)
    _add(group, run_show, "show", "one session: what was run, and what it came to")

    _add(
        group,
        run_verify,
        "verify",
        "run a session again from its recording, or tape and overlay, and compare every row",
    )

    export = _add(group, run_export, "export", "every table of a session as files that others open")
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a folder that is not there yet")
    export.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="default parquet")

    report = _add(group, run_report, "report", "one HTML page about a session: nothing is fetched to read it")
    report.add_argument("--out", type=Path, required=True, metavar="FILE", help="the page")
    report.add_argument(
        "--rerun", action=argparse.BooleanOptionalAction,
        help="run the tape again under the other fill rules and latencies (default: if it is there and has 5 million rows at most)",
    )  # fmt: skip

    pin = _add(group, _with_path("run_pin"), "pin", "keep a session until it is let go: nothing prunes it")
    pin.add_argument("--off", action="store_true", help="let it go")
    prune = _add(
        group,
        _with_path("run_prune"),
        "prune",
        "delete sessions and recordings; pinned, cut off and running ones stay",
        one=False,
    )
    prune.add_argument("session", nargs="*", metavar="ID", help="sessions to delete")
    prune.add_argument("--keep", type=_count, metavar="N", help="keep the newest N")
    prune.add_argument("--older-than", type=float, metavar="DAYS", help="delete what was started longer ago")
    prune.add_argument("--recordings-days", type=_count, metavar="N", help="delete recordings of days longer ago, too")
    prune.add_argument(
        "--recordings-gb", type=float, metavar="GB", help="and the oldest until no more than this is left"
    )
    prune.add_argument(
        "--recordings", type=Path, metavar="FOLDER", help="where they are (default: config, paths.recordings)"
    )
    prune.add_argument("--dry-run", action="store_true", help="say what would go, and delete nothing")
    _add(
        group,
        _with_path("run_repair"),
        "repair",
        "after a crash: the log whole, sessions that were cut off filled in",
        one=False,
    )


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(text)


def _with_path(name: str) -> Any:
    """Return a command of `session_care` that is handed the log's path."""

    def run(arguments: argparse.Namespace) -> int:
        from lobterm.cli import session_care

        return int(getattr(session_care, name)(_path(arguments), arguments))

    return run


def _add(group: Any, run: Any, name: str, what: str, *, one: bool = True) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = group.add_parser(name, help=what, description=what)
    if one:
        command.add_argument("session", metavar="ID", help="a session id, its beginning, or `last`")
    command.add_argument("--log", type=Path, metavar="FILE", help="the log (default: config, paths.sessions)")
    output.add_json(command)
    command.set_defaults(run=run)
    return command


def _path(arguments: argparse.Namespace) -> Path:
    from lobterm import config
    from lobterm.session.log import default_path

    return arguments.log or default_path(str(config.load(arguments.config).setting("paths.sessions")))


def run_list(arguments: argparse.Namespace) -> int:
    """List the sessions."""
    from lobterm.session import reader, writing

    path = _path(arguments)
    found = reader.sessions(path)
    running = writing.being_written(path)
    if arguments.json:
        output.show({"path": str(path), "sessions": found}, True)
        return 0
    if not found:
        print(f"no sessions in {path}")
    for entry in found:
        symbol, tape = entry["symbol"] or "-", entry["tape"] or "-"
        pinned = "  pinned" if entry["pinned"] else ""
        came_to = _came_to(entry, running)
        print(f"{entry['session_id']}  {_started(entry)}  {symbol:<12}  {came_to:<28}  {tape}{pinned}")
    return 0


def _started(entry: dict[str, Any]) -> str:
    return f"{datetime.fromtimestamp(entry['started_us'] / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _came_to(entry: dict[str, Any], running: set[str]) -> str:
    if entry["ended_us"] is None:
        return "running" if entry["session_id"] in running else "cut off"
    summary = entry["summary"] or {}
    pnl = (summary.get("pnl_usdt") or {}).get("total")
    return f"{summary.get('fills', '-')} fills  PnL {'-' if pnl is None else f'{pnl:+.2f}'} USDT"


def run_show(arguments: argparse.Namespace) -> int:
    """Print one session."""
    from lobterm.session import reader

    path = _path(arguments)
    output.show({"path": str(path)} | reader.session(path, arguments.session), arguments.json)
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    """Write every table of one session into a folder."""
    from lobterm.session.export import export
    from lobterm.session.opening import open_session

    progress = output.Progress("exporting")
    try:
        result = export(
            open_session(arguments.session, _path(arguments)), arguments.out.expanduser(), arguments.format, progress
        )
    finally:
        progress.close()
    output.show(result, arguments.json)
    return 0


def run_report(arguments: argparse.Namespace) -> int:
    """Write the page about one session."""
    from lobterm.cli.rerun import scenarios
    from lobterm.session.opening import open_session
    from lobterm.session.report.build import report

    session = open_session(arguments.session, _path(arguments))
    again = output.Progress("running the tape again", unit="runs")
    try:
        found = scenarios(session, wanted=arguments.rerun, progress=again)
    finally:
        again.close()
    progress = output.Progress("measuring markouts")
    try:
        result = report(session, arguments.out.expanduser(), found, progress)
    finally:
        progress.close()
    output.show(result, arguments.json)
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
