"""lobterm session pin, prune, repair: what is kept, what may go, and what a crash has left."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from lobterm.cli import output
from lobterm.errors import InputError


def run_pin(path: Path, arguments: argparse.Namespace) -> int:
    """Pin a session, or let it go."""
    from lobterm.session import prune

    session_id = prune.pin(path, arguments.session, pinned=not arguments.off)
    output.show({"session_id": session_id, "pinned": not arguments.off}, arguments.json)
    return 0


def run_prune(path: Path, arguments: argparse.Namespace) -> int:
    """Delete sessions."""
    from lobterm.session import prune

    if arguments.keep is None and arguments.older_than is None and not arguments.session:
        mend = "pass --keep N, --older-than DAYS, or session ids; --dry-run only tells"
        raise InputError("nothing says which sessions may go", place="session prune", mend=mend)
    planned = prune.plan(
        path, time.time_ns() // 1_000, keep=arguments.keep, most_days=arguments.older_than, named=arguments.session
    )
    freed = None
    if not arguments.dry_run:
        progress = output.Progress("deleting", unit="sessions")
        try:
            freed = prune.prune(path, planned, progress)
        finally:
            progress.close()
    said: dict[str, Any] = {
        "path": str(path),
        "deleted" if not arguments.dry_run else "would_delete": list(planned.delete),
        "kept": {kept.session_id: kept.reason for kept in planned.kept},
        "freed_bytes": freed,
    }
    output.show(said, arguments.json)
    return 0


def run_repair(path: Path, arguments: argparse.Namespace) -> int:
    """Make the log whole, and say which sessions were cut off."""
    from lobterm.session.repair import repair

    found = repair(path)
    said = {
        "path": str(path),
        "damage": found.damage or None,
        "damaged_file": None if found.damaged_file is None else str(found.damaged_file),
        "rows_saved": {table: saved.rows for table, saved in found.saved.items()},
        "rows_lost": {table: saved.lost for table, saved in found.saved.items() if saved.lost},
        "part_files_removed": found.files_removed,
        "cut_off": [run.session_id for run in found.cut_off],
    }
    output.show(said, arguments.json)
    return 0
