"""What can go wrong on purpose: kinds, rates, dice that a seed decides, and a ledger of what was done.

What: a rate is the chance at each opportunity (a frame sent, a stream asked for, a request), drawn per kind and
connection, so that one kind's rate never moves another's dice. `clock` is no chance but seconds that the exchange's clock
is off. The ledger keeps the count of each kind and the time and place of each fault.
Units: rates 0 to 1; times in wall µs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

from lobterm.errors import InputError

FRAME_KINDS = {
    "drop": "a frame is lost",
    "duplicate": "a frame comes twice",
    "reorder": "a frame comes after the next one",
    "delay": "a connection stands still for 0.1 to 3 s, then tells all",
    "truncate": "a frame's text ends too early",
    "garbage": "text that is no JSON comes before a frame",
    "silence": "a stream says nothing more until it is subscribed to again",
    "disconnect": "the connection closes, with each close code in turn",
    "cut": "the connection closes as after 24 hours",
}
SUBSCRIBE_KINDS = {"wrong_path": "a subscription is acknowledged, and nothing comes"}
REST_KINDS = {
    "rest_418": "banned for a while",
    "rest_429": "too many requests",
    "rest_403": "blocked by the firewall",
    "rest_451": "unavailable in this place",
    "rest_5xx": "500, 502, 503 and 504 in turn",
    "rest_slow": "the answer takes 1 to 5 s",
    "rest_stale": "a snapshot that was given before",
}
CLOCK = "clock"
KINDS = {
    **FRAME_KINDS,
    **SUBSCRIBE_KINDS,
    **REST_KINDS,
    CLOCK: "seconds that the exchange's clock is ahead (1.3, -1.3)",
}
MOST_CLOCK_S = 3_600.0
LISTED = 100_000


def parse(words: list[str]) -> dict[str, float]:
    """Return {kind: rate} of KIND=RATE words; raise InputError with what is possible."""
    rates: dict[str, float] = {}
    for word in words:
        kind, _, text = word.partition("=")
        if kind not in KINDS:
            raise InputError(f"{kind!r} is no kind of fault", place="--fault", mend=f"there are {', '.join(KINDS)}")
        try:
            rate = float(text)
        except ValueError:
            rate = math.nan
        lowest, highest = (-MOST_CLOCK_S, MOST_CLOCK_S) if kind == CLOCK else (0.0, 1.0)
        if not lowest <= rate <= highest:
            raise InputError(
                f"{kind}={text}", place="--fault", mend=f"a number from {lowest:g} to {highest:g} is needed"
            )
        rates[kind] = rate
    return rates


class Chance:
    """Whether a kind strikes at this opportunity; draws how many pass until the next time, not each one."""

    def __init__(self, rate: float, dice: Random) -> None:
        self._rate, self._dice = rate, dice
        self._passes = self._draw()

    def strikes(self) -> bool:
        """Take one opportunity."""
        if self._passes > 0:
            self._passes -= 1
            return False
        self._passes = self._draw()
        return True

    def _draw(self) -> float:
        if self._rate <= 0:
            return math.inf
        return 0 if self._rate >= 1 else int(math.log(1 - self._dice.random()) / math.log1p(-self._rate))


class Ledger:
    """What was done, when and where."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.entries: list[dict[str, Any]] = []

    def add(self, wall_us: int, kind: str, where: str) -> None:
        """Write one fault down; beyond LISTED it is only counted."""
        self.counts[kind] += 1
        if len(self.entries) < LISTED:
            self.entries.append({"ts_us": wall_us, "kind": kind, "where": where})


class Faults:
    """Rates and dice of one run."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        self.rates, self.seed = dict(rates), seed
        self.ledger = Ledger()

    @property
    def clock_us(self) -> int:
        """Return how far the exchange's clock is ahead."""
        return round(self.rates.get(CLOCK, 0.0) * 1_000_000)

    @property
    def touches_frames(self) -> bool:
        """Say whether any kind that strikes frames may."""
        return any(self.rates.get(kind, 0) > 0 for kind in FRAME_KINDS)

    def dice(self, kind: str, place: str) -> Random:
        """Return the dice of one kind at one place."""
        return Random(f"{self.seed} {kind} {place}")

    def chance(self, kind: str, place: str) -> Chance:
        """Return the chance of one kind at one place."""
        return Chance(self.rates.get(kind, 0.0), self.dice(kind, place))
