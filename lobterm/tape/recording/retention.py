"""Which recordings may go: by age and size, oldest days first, never what is pinned, still needed, or being written.

What: `plan` decides and gives reasons, `prune` deletes what a plan says. What a session's verification still needs is known
above this module: `needed` is asked by session id and answers with the reason to keep it, or "".
Units: bytes; UTC days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from lobterm.tape.recording import locks, names

PIN = ".pin"


class Kept(NamedTuple):
    """A day of a session that would have to go, and why it stays."""

    session: str
    day: date
    reason: str


class Plan(NamedTuple):
    """What would be deleted, and what should be but is kept."""

    delete: tuple[Path, ...]
    freed_bytes: int
    kept: tuple[Kept, ...]
    left_bytes: int  # of all recordings afterwards


def pin(folder: Path, session: str) -> None:
    """Keep a session until it is let go."""
    (folder / (names.checked(session) + PIN)).touch()


def unpin(folder: Path, session: str) -> None:
    """Let a session go when its time comes."""
    (folder / (names.checked(session) + PIN)).unlink(missing_ok=True)


def pinned(folder: Path) -> set[str]:
    """Return the sessions that are kept."""
    return {path.name.removesuffix(PIN) for path in folder.glob(f"*{PIN}")}


def plan(
    folder: Path,
    today: date,
    needed: Callable[[str], str],
    *,
    most_days: int | None = None,
    most_bytes: int | None = None,
) -> Plan:
    """Return what must go so that nothing is older than `most_days` and all together is not above `most_bytes`."""
    days: dict[tuple[date, str], list[Path]] = defaultdict(list)
    for name, path in names.files(folder).items():
        days[name.day, name.session].append(path)
    newest = {session: max(day for day, other in days if other == session) for _, session in days}
    size = {key: sum(path.stat().st_size for path in paths) for key, paths in days.items()}
    left = sum(size.values())
    pins, busy = pinned(folder), {other.session for other in locks.others(folder)}
    delete: list[Path] = []
    kept, freed = [], 0
    for day, session in sorted(days):
        is_old = most_days is not None and (today - day).days > most_days
        if not is_old and (most_bytes is None or left <= most_bytes):
            continue
        reason = "is pinned" if session in pins else needed(session)
        if not reason and session in busy and day == newest[session]:
            reason = "is being recorded"
        if reason:
            kept.append(Kept(session, day, reason))
            continue
        delete += days[day, session]
        freed += size[day, session]
        left -= size[day, session]
    return Plan(tuple(delete), freed, tuple(kept), left)


def prune(planned: Plan) -> None:
    """Delete what was planned."""
    for path in planned.delete:
        path.unlink(missing_ok=True)
