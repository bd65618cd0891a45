"""What the files of a recording are called: symbol, market, UTC day and session, so that no two are ever the same.

What: `BTCUSDT_perp_20261121_20261121T144739.123456Z-0a1b2c.jsonl.zst`; beside them, per session, a lock while it is recorded,
a pin if it is to be kept, the window samples that it leaves behind.
Units: none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from lobterm.errors import InputError
from lobterm.events import Market

SUFFIX = ".jsonl.zst"
MARKETS = {Market.PERP: "perp", Market.SPOT: "spot"}
BY_NAME = {name: market for market, name in MARKETS.items()}
NAME = re.compile(
    r"(?P<symbol>.{1,120})_(?P<market>perp|spot)_(?P<day>\d{8})_(?P<session>[A-Za-z0-9.-]{1,80})\.jsonl\.zst"
)
SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")


@dataclass(frozen=True, slots=True, order=True)
class RecordingName:
    """One file of a recording; sorts by symbol, session, day, market."""

    symbol: str
    session: str
    day: date
    market: Market

    def __str__(self) -> str:
        return f"{stem(self.symbol)}_{MARKETS[self.market]}_{self.day:%Y%m%d}_{self.session}{SUFFIX}"


def stem(symbol: str) -> str:
    """Return a symbol as a part of a file's name: nothing in it names a folder."""
    return quote(symbol, safe="")


def checked(session: str) -> str:
    """Return a session id that may stand in a file's name, or raise InputError."""
    if not SESSION.fullmatch(session):
        raise InputError(f"session id {session!r}", mend="letters, digits, dots and dashes, 80 at most")
    return session


def parse(path: Path) -> RecordingName | None:
    """Return what a file's name says, None if it is not one of ours."""
    found = NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        day = datetime.strptime(found["day"], "%Y%m%d").date()
    except ValueError:
        return None
    return RecordingName(unquote(found["symbol"]), found["session"], day, BY_NAME[found["market"]])


def files(folder: Path) -> dict[RecordingName, Path]:
    """Return the recordings in a folder, in order."""
    found = {name: path for path in folder.iterdir() if (name := parse(path)) is not None}
    return dict(sorted(found.items()))
