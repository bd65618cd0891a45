"""A time as a person writes it, found on a tape."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time

from lobterm.errors import InputError

DAY_US = 86_400_000_000
LONGEST = 40


def moment(text: str, first_ts_us: int, last_ts_us: int, place: str = "--at", *, local: bool = False) -> int:
    """Return a time within a tape in µs; a bare clock time is the first such moment at or after the tape's start.

    What names no zone is UTC, or with `local` this machine's. Raise InputError, naming `place`, for what is no time and for
    a time that is not on the tape.
    """
    zone = None if local else UTC
    first = datetime.fromtimestamp(first_ts_us / 1e6, zone)
    try:
        if len(text) > LONGEST:
            raise ValueError
        if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?", text, re.ASCII):
            clock = time.fromisoformat(text.zfill(len(text) + (text.index(":") == 1)))
            ts = round(datetime.combine(first.date(), clock, zone).timestamp() * 1e6)
            if ts < first_ts_us and ts + DAY_US <= last_ts_us:
                ts += DAY_US
        else:
            stamp = datetime.fromisoformat(text)
            ts = round((stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).timestamp() * 1e6)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text[:LONGEST]!r} is not a time", place=place, mend="write 14:30, 14:30:05 or 2024-08-08T23:55"
        ) from None
    if not first_ts_us <= ts <= last_ts_us:
        last = datetime.fromtimestamp(last_ts_us / 1e6, zone)
        name = "local time" if local else "UTC"
        raise InputError(
            f"{text} is not on the tape", place=place, mend=f"it runs {first:%F %T} to {last:%F %T} {name}"
        )
    return ts
