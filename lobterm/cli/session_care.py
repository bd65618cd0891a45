"""lobterm session pin, prune, repair: what is kept, what may go, and what a crash has left."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lobterm.cli import output
from lobterm.errors import InputError, LobtermError

if TYPE_CHECKING:
    from lobterm.session import reader


def run_pin(path: Path, arguments: argparse.Namespace) -> int:
    """Pin a session, or let it go."""
    from lobterm.session import prune

    session_id = prune.pin(path, arguments.session, pinned=not arguments.off)
    output.show({"session_id": session_id, "pinned": not arguments.off}, arguments.json)
    return 0


def run_prune(path: Path, arguments: argparse.Namespace) -> int:
    """Delete sessions, and recordings that no session needs."""
    from lobterm.session import prune

    limits = (arguments.keep, arguments.older_than, arguments.recordings_days, arguments.recordings_gb)
    if not arguments.session and all(limit is None for limit in limits):
        mend = "pass --keep N, --older-than DAYS, --recordings-days N, or session ids; --dry-run only tells"
        raise InputError("nothing says what may go", place="session prune", mend=mend)
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
    output.show(said | _recordings(path, arguments), arguments.json)
    return 0


def _recordings(path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Delete recordings by age and size; say what went and what stayed."""
    if arguments.recordings_days is None and arguments.recordings_gb is None:
        return {}
    from lobterm import config
    from lobterm.cli.live import recordings_folder
    from lobterm.session import prune
    from lobterm.tape.recording import retention

    folder = recordings_folder(arguments, config.load(arguments.config))
    if not folder.is_dir():
        raise InputError("no such folder", file=folder, mend="name it with --recordings")
    most_bytes = None if arguments.recordings_gb is None else int(arguments.recordings_gb * 1e9)
    planned = retention.plan(
        folder, datetime.now(UTC).date(), prune.needed(path), most_days=arguments.recordings_days, most_bytes=most_bytes
    )
    if not arguments.dry_run:
        retention.prune(planned)
    return {
        "recordings_deleted" if not arguments.dry_run else "recordings_would_delete": [
            str(file) for file in planned.delete
        ],
        "recordings_kept": {f"{kept.session} {kept.day}": kept.reason for kept in planned.kept},
        "recordings_freed_bytes": planned.freed_bytes,
        "recordings_left_bytes": planned.left_bytes,
    }


def run_repair(path: Path, arguments: argparse.Namespace) -> int:
    """Make the log whole, and bring sessions that were cut off and their recordings to one point."""
    from lobterm.session.repair import repair

    found = repair(path)
    progress = output.Progress("running again")
    try:
        sessions = {run.session_id: _fill_in(path, run, progress) for run in found.cut_off}
    finally:
        progress.close()
    said = {
        "path": str(path),
        "damage": found.damage or None,
        "damaged_file": None if found.damaged_file is None else str(found.damaged_file),
        "rows_saved": {table: saved.rows for table, saved in found.saved.items()},
        "rows_lost": {table: saved.lost for table, saved in found.saved.items() if saved.lost},
        "part_files_removed": found.files_removed,
        "cut_off": sessions,
    }
    output.show(said, arguments.json)
    return 1 if any("failed" in session for session in sessions.values()) else 0


def _fill_in(path: Path, run: reader.Run, progress: output.Progress) -> dict[str, Any]:
    """Mend the recording of a session that was cut off, and make its log end where the recording does."""
    if not run.provenance.get("live"):
        return {"left": "a replay: what was played is logged, and nobody played the rest"}
    from lobterm import verify_session
    from lobterm.session.repair import refill
    from lobterm.tape.recording import account
    from lobterm.tape.recording import repair as recording

    try:
        mended = recording.repair(verify_session.recording(path, run))
        again = verify_session.Again(path, run)
        done = refill(path, run.session_id, again.rows(progress), lambda: again.end_us)
        account.save(again.paths[0].parent, again.left())
    except LobtermError as error:
        return {"failed": str(error)}
    return {
        "rows_added": sum(done.added.values()),
        "rows_removed": sum(done.removed.values()),
        "recording_cut_bytes": sum(file.cut_bytes for file in mended),
        "last_ts_us": again.end_us,
    }
