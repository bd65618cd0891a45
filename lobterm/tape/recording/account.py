"""What a session's paper account stood at when it ended, beside its recording, for a session that goes on with it.

What: one small JSON file a session. Positions are in lots and cash in half tick-lots, so it says of which tick and lot; another
size of either makes the file useless, and that is said rather than converted. `carried` is for this module an opaque list of
(which, value): engine.standing makes it and takes it in.
Units: times in µs; sizes as decimal text.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lobterm.errors import InputError
from lobterm.instrument import Instrument
from lobterm.tape.recording import names

SUFFIX = ".account.json"
Whole = Annotated[int, Meta(ge=-(1 << 62), le=1 << 62)]


class PulledOrder(Struct, frozen=True):
    """A person's order that rested when the session ended."""

    side: int
    px_ticks: Whole
    left_lots: Whole


class Left(Struct, frozen=True):
    """A paper account as a session left it."""

    session: Annotated[str, Meta(min_length=1, max_length=80)]
    symbol: Annotated[str, Meta(min_length=1, max_length=40)]
    tick_size: Annotated[str, Meta(max_length=40)]
    lot_size: Annotated[str, Meta(max_length=40)]
    at_us: Annotated[int, Meta(ge=0, le=1 << 62)]
    settled_us: Annotated[int, Meta(ge=0, le=1 << 62)]
    carried: Annotated[list[tuple[Whole, Whole]], Meta(max_length=200)]
    pulled: Annotated[list[PulledOrder], Meta(max_length=1_000)] = []


def _path(folder: Path, symbol: str, session: str) -> Path:
    return folder / f"{names.stem(symbol)}_{names.checked(session)}{SUFFIX}"


def save(folder: Path, left: Left) -> None:
    """Write what a session leaves; the file is whole or not there."""
    path = _path(folder, left.symbol, left.session)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(msgspec.json.encode(left))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(folder: Path, perp: Instrument) -> Left:
    """Return the account that the newest session recorded of a perpetual has left; raise InputError where there is none."""
    symbol = perp.symbol
    recorded = [name.session for name in names.files(folder) if name.symbol == symbol] if folder.is_dir() else []
    wanted = max(recorded, default="")
    if not wanted:
        what = f"no session of {symbol} is recorded there: nothing to go on with"
        raise InputError(what, file=folder, mend="leave out --resume")
    path = _path(folder, symbol, wanted)
    if not path.is_file():
        mend = f"lobterm session repair writes it, if the session was cut off; or leave out --resume ({symbol})"
        raise InputError(f"session {wanted} has left no paper account", file=path, mend=mend)
    try:
        left = msgspec.json.decode(path.read_bytes(), type=Left)
    except (msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
        raise InputError(f"no paper account: {error}", file=path, mend="leave out --resume") from error
    here = (symbol, f"{perp.tick_size:f}", f"{perp.lot_size:f}")
    if (left.symbol, left.tick_size, left.lot_size) != here or left.session != wanted:
        what = f"the account is of {left.symbol} with tick {left.tick_size} and lot {left.lot_size}"
        raise InputError(f"{what}, the market has {here[1]} and {here[2]}", file=path, mend="leave out --resume")
    return left
