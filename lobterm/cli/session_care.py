"""lobterm session pin, prune, repair: what is kept, what may go, and what a crash has left."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lobterm.cli import output
from lobterm.errors import InputError, LobtermError

if TYPE_CHECKING:
    from lobterm.session.reader import Run


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
    """Make the log whole, and bring live sessions that were cut off to the last point that log and recording share."""
    from lobterm.session.repair import repair

    found = repair(path)
    filled: dict[str, Any] = {}
    for cut_off in found.cut_off:
        if cut_off.provenance.get("live"):
            try:
                filled[cut_off.session_id] = _refill(path, cut_off)
            except LobtermError as error:
                filled[cut_off.session_id] = {"problem": str(error)}
    said = {
        "path": str(path),
        "damage": found.damage or None,
        "damaged_file": None if found.damaged_file is None else str(found.damaged_file),
        "rows_saved": {table: saved.rows for table, saved in found.saved.items()},
        "rows_lost": {table: saved.lost for table, saved in found.saved.items() if saved.lost},
        "part_files_removed": found.files_removed,
        "cut_off": [run.session_id for run in found.cut_off],
        "brought_to_one_point": filled,
    }
    output.show(said, arguments.json)
    return 1 if any("problem" in one for one in filled.values()) else 0


def _refill(path: Path, cut_off: Run) -> dict[str, Any]:
    """Mend one session's recording, then add to its log what the recording has more, or take away what it lacks."""
    from lobterm import verify_session
    from lobterm.session.repair import refill
    from lobterm.tape.recording import repair as files

    mended = files.repair(verify_session.recording(path, cut_off))
    progress = output.Progress(f"running {cut_off.session_id} again")
    try:
        again = verify_session.Again(path, cut_off, progress)
        done = refill(path, cut_off.session_id, again.rows(), lambda: again.last_us)
    finally:
        progress.close()
    return {
        "recording_bytes_cut": sum(file.cut_bytes for file in mended),
        "rows_added": sum(done.added.values()),
        "rows_removed": sum(done.removed.values()),
        "last_ts_us": again.last_us,
    }
