"""lobterm without a command: the picker, and what is opened from it, until a person leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lobterm.cli import BACK
from lobterm.errors import LobtermError

if TYPE_CHECKING:
    from lobterm.library.entries import Entry, Folders
    from lobterm.library.sparks import Spark


class Library:
    """Entries and lines under one configuration; read in threads."""

    def __init__(self, config: Path | None) -> None:
        from lobterm import config as configuration
        from lobterm.library.sparks import Worker

        self._settings = configuration.load(config)
        self.folders = folders(self._settings.setting)
        self._worker = Worker(self._settings, config)

    def entries(self) -> list[Entry]:
        """Return everything that may be opened."""
        from lobterm.library.entries import find

        return find(self.folders, self._settings)

    def lines(self, entries: Sequence[Entry]) -> Iterator[tuple[Path, Spark]]:
        """Yield the pressure of tapes as it becomes known."""
        return self._worker.lines(entries)

    def close(self) -> None:
        """End what still computes."""
        self._worker.close()


def folders(setting: Callable[[str], float | str]) -> Folders:
    """Return where things lie: as configured, else in the user's data folder."""
    import platformdirs

    from lobterm.library.entries import BUNDLED, Folders
    from lobterm.session.log import default_path

    data = platformdirs.user_data_path("lobterm", appauthor=False)

    def at(name: str) -> Path:
        named = str(setting(f"paths.{name}"))
        return Path(named).expanduser() if named else data / name

    return Folders((BUNDLED, Path.cwd(), at("tapes")), at("recordings"), default_path(str(setting("paths.sessions"))))


def run(config: Path | None, command: Callable[[list[str]], int]) -> int:
    """Show the picker and run what is chosen, again and again; `command` runs a command line and returns its exit code."""
    note = ""
    while True:
        entry, folder = _pick(config, note)
        if entry is None:
            return 0
        try:
            code = _open(entry, folder, config, command)
        except LobtermError as error:
            note = str(error)
            continue
        if code != BACK:
            return code
        note = ""


def _pick(config: Path | None, note: str) -> tuple[Entry | None, Folders]:
    from lobterm import app

    library = Library(config)
    try:
        return app.pick(library, note), library.folders
    finally:
        library.close()


def _open(entry: Entry, where: Folders, config: Path | None, command: Callable[[list[str]], int]) -> int:
    from lobterm.library.entries import Group

    before = ["--config", str(config)] if config else []
    if entry.first:
        where.made.mkdir(parents=True, exist_ok=True)
        code = command([*before, *entry.first])
        if code not in (0, 1):  # 1: made, and something in it does not hold; it may be looked at all the same
            return code
    words = [*before, *entry.words]
    if entry.group is Group.SESSION and entry.sha256:
        words += _place(entry, where)
    return command(words)


def _place(entry: Entry, where: Folders) -> list[str]:
    """Return the words that open a session's tape where it stood; raise LobtermError if the tape is another one now."""
    from lobterm.library import entries
    from lobterm.tape.parquet import open_tape

    path = Path(entry.words[1])
    stood, sha256 = entries.place(where.log, entry.session)
    meta = open_tape(path).meta
    if sha256 and meta.sha256 != sha256:
        raise LobtermError(f"{path}: is another tape than the one that session {entry.session} played")
    if stood is None or not meta.first_ts_us < stood <= meta.last_ts_us:
        return []
    return ["--at", datetime.fromtimestamp(stood / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"), "--paused"]
