"""Everything that may be opened, as one list: tapes, recordings, symbols to follow, past sessions.

What: reads names, heads and the list of sessions, so it is called in a thread. What cannot be opened is in the list too, and
says why. Everything read is foreign and bounded: MOST of a kind, the newest first.
Units: µs, bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lobterm
from lobterm.errors import InputError, LobtermError
from lobterm.session import reader, writing
from lobterm.tape import parquet
from lobterm.tape.recording import locks, names

if TYPE_CHECKING:
    from lobterm.config import Config

MOST = 300
BUNDLED = Path(lobterm.__file__).resolve().parents[1] / "replays"
TRUTH = ".truth.parquet"


class Group(Enum):
    """What kind of thing it is."""

    LIVE = "live"
    TAPE = "tape"
    RECORDING = "recording"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that may be opened."""

    group: Group
    name: str
    symbol: str = ""
    when_us: int | None = None  # of its first row, or when it was started
    length_us: int | None = None
    size_bytes: int | None = None
    note: str = ""
    problem: str = ""  # why it cannot be opened; what to do about it
    words: tuple[str, ...] = ()  # of the command that opens it
    first: tuple[str, ...] = ()  # of the command that must have run before
    session: str = ""  # id, of a past session
    sha256: str = ""  # of the tape's rows

    @property
    def tape(self) -> Path | None:
        """Return the tape that its pressure is known from."""
        return Path(self.words[1]) if self.group is Group.TAPE and self.words else None


@dataclass(frozen=True, slots=True)
class Folders:
    """Where to look."""

    tapes: tuple[Path, ...]
    recordings: Path
    log: Path

    @property
    def made(self) -> Path:
        """Return where tapes of recordings are put."""
        return self.tapes[-1]


def find(folders: Folders, settings: Config) -> list[Entry]:
    """Return everything, live symbols first."""
    tapes, recordings, sessions = _tapes(folders.tapes), _recordings(folders), _sessions(folders.log)
    known = [entry.symbol for entry in (*recordings, *sessions) if entry.session and entry.group is not Group.TAPE]
    return [*_live([*settings.symbols, *known]), *tapes, *recordings, *sessions]


def live(symbols: Iterable[str]) -> Entry:
    """Return following some symbols as an entry."""
    chosen = tuple(symbols)
    return Entry(
        Group.LIVE, " ".join(chosen), " ".join(chosen), note="follow the market, recorded", words=("live", *chosen)
    )


def _live(symbols: Iterable[str]) -> list[Entry]:
    return [live((symbol,)) for symbol in dict.fromkeys(symbols) if symbol][:MOST]


def _tapes(folders: Iterable[Path]) -> list[Entry]:
    found: dict[Path, Entry] = {}
    for folder in folders:
        paths = sorted(_listed(folder, "*.parquet"), key=_changed, reverse=True)
        for path in [path for path in paths if not path.name.endswith(TRUTH)][:MOST]:
            if path.resolve() not in found and (entry := _tape(path)):
                found[path.resolve()] = entry
    return list(found.values())


def _tape(path: Path) -> Entry | None:
    """Return a tape; None for Parquet files that are none."""
    try:
        meta = parquet.open_tape(path).meta
        size = path.stat().st_size
    except InputError as error:
        return None if error.what == "is Parquet, but not a tape" else Entry(Group.TAPE, path.stem, problem=str(error))
    except OSError as error:
        return Entry(Group.TAPE, path.stem, problem=f"{path}: {error.strerror or error}")
    return Entry(
        Group.TAPE, path.stem, meta.instruments[0].symbol, meta.first_ts_us, meta.last_ts_us - meta.first_ts_us, size,
        note="simulated" if meta.provenance.get("simulated") else "",
        problem="" if meta.rows else f"{path}: holds no rows; import a recording that does",
        words=("replay", str(path)), sha256=meta.sha256,
    )  # fmt: skip


def _recordings(folders: Folders) -> list[Entry]:
    """Return recordings by session, newest first. None can be replayed as it is: a tape is made of it."""
    if not folders.recordings.is_dir():
        return []
    try:
        files = names.files(folders.recordings)
        running = {other.session for other in locks.others(folders.recordings)}
    except OSError:
        return []
    by_session: dict[tuple[str, str], list[Path]] = {}
    for name, path in files.items():
        by_session.setdefault((name.session, name.symbol), []).append(path)
    newest = sorted(by_session.items(), reverse=True)[:MOST]
    return [_recording(session, symbol, paths, session in running, folders.made) for (session, symbol), paths in newest]


def tape_of(session: str, symbol: str, folder: Path) -> Path:
    """Return the tape that is made of a recording."""
    return folder / f"{names.stem(symbol)}_{session}.parquet"


def _recording(session: str, symbol: str, paths: list[Path], running: bool, folder: Path) -> Entry:
    out = tape_of(session, symbol, folder)
    return Entry(
        Group.RECORDING, session, symbol, _started(session), size_bytes=sum(map(_size, paths)),
        note="its tape is made already" if out.is_file() else "enter makes a tape of it",
        problem="is being recorded: end that session first" if running else "",
        words=("replay", str(out)),
        first=() if out.is_file() else ("tape", "import", *map(str, paths), "--out", str(out)),
        session=session,
    )  # fmt: skip


def _sessions(log: Path) -> list[Entry]:
    try:
        held = reader.sessions(log)[-MOST:]
        running = writing.being_written(log)
    except LobtermError as error:
        return [Entry(Group.SESSION, "session log", problem=str(error))]
    return [_session(said, said["session_id"] in running) for said in reversed(held)]


def _session(said: dict[str, Any], running: bool) -> Entry:
    session, tape = str(said["session_id"]), said["tape"]
    ended = said["ended_us"]
    note = "running" if running else "cut off" if ended is None else _came_to(said["summary"])
    if running:
        problem = "runs now, in another terminal"
    elif not tape:
        problem = "was live: its recording stands above, if it was kept"
    elif not Path(tape).is_file():
        problem = f"its tape is gone: {tape}"
    else:
        problem = ""
    return Entry(
        Group.SESSION, f"{said['mode'] or ''} {Path(tape).stem if tape else ''}".strip(), said["symbol"] or "",
        said["started_us"], None if ended is None else ended - said["started_us"], None, note, problem,
        ("replay", tape) if tape else (), session=session, sha256=said["tape_sha256"] or "",
    )  # fmt: skip


def _came_to(summary: Any) -> str:
    told = summary if isinstance(summary, dict) else {}
    profit = told.get("pnl_usdt")
    total = profit.get("total") if isinstance(profit, dict) else None
    rows = told.get("rows")
    parts = [f"{rows:,} rows"] if isinstance(rows, int) else []
    return " · ".join([*parts, *([f"PnL {total:+.2f}"] if isinstance(total, float) else [])])


def place(log: Path, session: str) -> tuple[int | None, str]:
    """Return where a past replay stood (µs of its tape, None if it never began) and the hash of its tape's rows."""
    said = reader.session(log, session)
    stood = (said["summary"] or {}).get("stood_ts_us")
    if not isinstance(stood, int):
        with reader.opened(log) as connection:
            run = reader.find(connection, log, session)["run"]
            (stood,) = connection.execute("select max(ts) from alpha where run = ?", (run,)).fetchone()
    return stood, str(said["tape_sha256"] or "")


def _listed(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern)) if folder.is_dir() else []
    except OSError:
        return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _started(session: str) -> int | None:
    """Return when a session was begun, as its id says."""
    try:
        when = datetime.strptime(session.partition("Z")[0], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(when.timestamp() * 1e6)
