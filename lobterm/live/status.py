"""What a running live session says of itself once a second, in a small file that `lobterm status` reads. Nothing listens.

What: one file a session in the user's state folder, readable by the user alone, written beside and renamed, taken away at the
session's end. A reader believes it for as long as its process lives and its time is young. It loads nothing heavy, for a
terminal's status bar asks every few seconds.
Units: in the names.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from pathlib import Path
from typing import Annotated

import msgspec
import platformdirs

YOUNG_US = 3_000_000
LARGEST = 1 << 18
MOST = 64
SUFFIX = ".json"
SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,79}")

Text = Annotated[str, msgspec.Meta(max_length=300)]


class Told(msgspec.Struct, frozen=True):
    """One symbol. What is not known is None."""

    symbol: Text
    data: Text  # ok, stale, behind, GAP, waiting, failed
    book_age_us: int
    lpi_sell: float | None
    lpi_buy: float | None
    state_sell: Text
    state_buy: Text
    spread_ticks: int | None
    inventory_base: float
    pnl_quote: float | None
    gaps: int
    lag_us: int
    failure: Text = ""


class Status(msgspec.Struct, frozen=True):
    """A session, as of a time."""

    pid: Annotated[int, msgspec.Meta(gt=0, lt=1 << 32)]
    session: Text
    at_us: int  # wall clock
    symbols: Annotated[list[Told], msgspec.Meta(max_length=MOST)]


def folder() -> Path:
    """Return where running sessions tell how they are."""
    return platformdirs.user_state_path("lobterm", appauthor=False) / "live"


class StatusFile:
    """Writes one session's file in a thread, so that no screen waits for a disk; only the newest is written."""

    def __init__(self, where: Path, session: str) -> None:
        if not SESSION.fullmatch(session):
            raise ValueError(session)
        self.path = where / f"{session}{SUFFIX}"
        self._newest: bytes | None = None
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="status", daemon=True)
        self._thread.start()

    def put(self, status: Status) -> None:
        """Have a status written."""
        with self._wake:
            self._newest = msgspec.json.encode(status)
            self._wake.notify()

    def close(self) -> None:
        """Take the file away."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _write_all(self) -> None:
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._newest is not None or self._closing)
                data, self._newest = self._newest, None
            if data is None:
                return
            with contextlib.suppress(OSError):  # a disk that is full costs the status bar, not the session
                self._write(data)

    def _write(self, data: bytes) -> None:
        beside = self.path.with_suffix(f".{os.getpid()}.part")
        beside.unlink(missing_ok=True)
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)
        beside.replace(self.path)


def read(where: Path) -> list[Status]:
    """Return what sessions of living processes say, oldest first; the files of the dead are cleared away."""
    found = []
    for path in sorted(where.glob(f"*{SUFFIX}")) if where.is_dir() else ():
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
            said = msgspec.json.decode(data[:LARGEST], type=Status)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if _lives(said.pid):
            found.append(said)
        else:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's: it lives
        return True
    return True


def age_us(said: Status, now_us: int) -> int:
    """Return how old a status is; one from the future is as old as it is wrong."""
    return abs(now_us - said.at_us)


def line(statuses: list[Status], now_us: int) -> str:
    """Return one line: every symbol of every session that runs."""
    parts = []
    for said in statuses:
        old_us = age_us(said, now_us)
        for told in said.symbols:
            stale = f"stale {_span(old_us)}" if old_us > YOUNG_US else ""
            parts.append(f"{_plain(told.symbol)} {stale or _words(told)}")
    return " | ".join(parts) if parts else "not running"


def _words(told: Told) -> str:
    """Return a symbol's figures; while its book is not known, that alone and what is held."""
    held = f"inv {told.inventory_base:+g} PnL {'?' if told.pnl_quote is None else f'{told.pnl_quote:+.2f}'}"
    if told.data == "failed":
        return f"failed {held}"
    if told.data == "behind":
        return f"behind {_span(told.lag_us)} {held}"
    if told.data != "ok":
        return f"{told.data} {_span(told.book_age_us)} {held}" if told.book_age_us else f"{told.data} {held}"
    sides = " ".join(
        f"{glyph}{'?' if lpi is None else f'{lpi:+.2f}'}{f' {state}' if state == 'FORCED' else ''}"
        for glyph, lpi, state in (("▼", told.lpi_sell, told.state_sell), ("▲", told.lpi_buy, told.state_buy))
    )
    spread = "?" if told.spread_ticks is None else told.spread_ticks
    return f"LPI {sides} spread {spread} {held}"


def _span(us: int) -> str:
    seconds = max(0, us) // 1_000_000
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60}m" if seconds < 7_200 else f"{seconds // 3_600}h"


def _plain(text: str) -> str:
    """Return foreign text that steers neither a terminal nor a status bar, where # begins a style."""
    return "".join(char if char.isprintable() and char != "#" else "?" for char in text)
