"""How far this machine's clock is off, as far as its kernel knows.

Source: adjtimex(2), read-only; a kernel that nobody disciplines says so, and then nothing is known.
Units: µs.
"""

from __future__ import annotations

import ctypes
import sys
from typing import NamedTuple

UNSYNCHRONISED, NANOSECONDS = 0x0040, 0x2000
"""STA_UNSYNC and STA_NANO of the status."""
FAILED, TIME_ERROR = -1, 5


class ClockState(NamedTuple):
    """What is known of the clock. None: not known."""

    offset_us: int | None  # true time minus the machine's
    error_us: int | None  # the most by which that may be wrong


UNKNOWN = ClockState(None, None)


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),  # more than the kernel writes
    )


def clock_state() -> ClockState:
    """Ask the kernel; UNKNOWN where it does not know or is none of ours."""
    if sys.platform != "linux":
        return UNKNOWN
    told = _Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return UNKNOWN
    return read(state, told.status, told.offset, told.maxerror)


def read(state: int, status: int, offset: int, error_us: int) -> ClockState:
    """Return what the kernel's answer means."""
    if state in (FAILED, TIME_ERROR) or status & UNSYNCHRONISED:
        return UNKNOWN
    return ClockState(round(offset / 1_000) if status & NANOSECONDS else offset, error_us)
