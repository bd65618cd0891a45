"""How long to wait before trying again: twice as long each time, never in step with others, never against an order to wait.

What: no clock, no sleep; dice come from outside. A ban (418) waits as long as it says, a closed place (451) is final.
Source: binance.md §2 (Retry-After, the epoch in a ban's message, 451). Units: µs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from random import Random

SECOND_US = 1_000_000
BANNED_UNTIL = re.compile(r"banned until (\d{13})(?!\d)")
LONGEST_ORDER_US = 3 * 86_400 * SECOND_US
"""Bans last three days at most: a longer word is not believed."""


class Answer(Enum):
    """What an HTTP status means for the next try."""

    GOOD = "good"
    RETRY = "retry"
    WAIT = "wait"  # as long as it says
    STOP = "stop"  # trying again only makes it worse


def meaning(status: int) -> Answer:
    """Return what a status means."""
    if status == 200:
        return Answer.GOOD
    if status == 418 or status == 451:
        return Answer.STOP
    return Answer.WAIT if status == 429 else Answer.RETRY


def ordered_us(headers: Mapping[str, str], message: str, now_us: int) -> int:
    """Return how long an answer orders us to wait, 0 if it does not say."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    waits = [int(said) * SECOND_US] if said.isascii() and said.isdigit() and len(said) < 8 else []
    ban = BANNED_UNTIL.search(message)
    if ban:
        waits.append(int(ban[1]) * 1_000 - now_us)
    return min(max(waits, default=0), LONGEST_ORDER_US) if max(waits, default=0) > 0 else 0


class Backoff:
    """The waits of one thing that is tried again and again."""

    def __init__(self, dice: Random, *, first_us: int = SECOND_US // 4, most_us: int = 30 * SECOND_US) -> None:
        self._dice, self._first_us, self._most_us = dice, first_us, most_us
        self._tries = 0

    def succeeded(self) -> None:
        """Begin afresh."""
        self._tries = 0

    def failed(self, ordered_us: int = 0) -> int:
        """Return how long to wait now: between half and all of the doubled wait, and as long as ordered at least."""
        ceiling_us = min(self._first_us << min(self._tries, 20), self._most_us)
        self._tries += 1
        return max(self._dice.randint(ceiling_us // 2, ceiling_us), ordered_us)
