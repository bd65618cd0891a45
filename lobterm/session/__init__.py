"""The session log: what was run and what came of it.

from lobterm import session

session.open().fills()                    # polars: the newest session's fills, markouts beside them
session.open("20261121T1554").labels()    # any session by the beginning of its id
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lobterm.session.opening import Session


def open(wanted: str = "last", *, log: Path | str | None = None) -> Session:
    """Open one session by id, by the beginning of its id, or the newest as `last`.

    `log`: the log's file; None: the one that the configuration names. Raise InputError where there is none.
    """
    from lobterm import config
    from lobterm.session.log import default_path
    from lobterm.session.opening import open_session

    path = default_path(str(config.load().setting("paths.sessions"))) if log is None else Path(log)
    return open_session(wanted, path)
