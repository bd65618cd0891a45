"""The frames of one connection on their way out, with what goes wrong on the way.

What: `offer` takes a frame and returns what is sent now; `due` returns what a standstill has held back. No socket, no
clock: the caller tells the time and closes the connection when `closing` says so.
Units: wall µs.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import NamedTuple

from lobterm.simulator.exchange.faults import Faults

ABNORMAL = 1006
"""No close frame at all: the line goes dead."""
CODES = (1000, 1001, 1002, 1003, ABNORMAL, 1007, 1008, 1009, 1011, 1012, 1013, 1014)
CUT_CODE = 1001
GARBAGE = "<html><head><title>502 Bad Gateway</title></head></html>"
DELAY_US = (100_000, 3_000_000)


class Out(NamedTuple):
    """One frame that goes out; `stream` is empty for what belongs to none."""

    stream: str
    text: str


class Delivery:
    """One connection's frames. `codes` go round over all connections, so that each code comes."""

    def __init__(self, faults: Faults, place: str, codes: cycle[int], *, farewell: bool) -> None:
        self.closing: int | None = None
        self._faults, self._place, self._codes, self._farewell = faults, place, codes, farewell
        self._chances = {kind: faults.chance(kind, place) for kind, rate in faults.rates.items() if rate}
        self._dice = faults.dice("size", place)
        self._silent: set[str] = set()
        self._behind: Out | None = None
        self._held: list[Out] = []
        self._still_until_us = 0

    def speak_again(self, stream: str) -> None:
        """Let a stream that was asked for anew be heard."""
        self._silent.discard(stream)

    def offer(self, now_us: int, stream: str, text: str) -> list[Out]:
        """Return what is sent now that a stream has a frame."""
        if self.closing is not None or stream in self._silent:
            return []
        if self._strikes("silence", now_us, stream):
            self._silent.add(stream)
            return []
        if self._strikes("cut", now_us, stream):
            self.closing = CUT_CODE
            return [Out("", f'{{"e":"serverShutdown","E":{now_us // 1_000}}}')] if self._farewell else []
        if self._disconnects(now_us):
            return []
        if self._strikes("drop", now_us, stream):
            return []
        if self._strikes("truncate", now_us, stream):
            text = text[: self._dice.randrange(1, len(text))]
        frames = [Out(stream, text)]
        if self._strikes("duplicate", now_us, stream):
            frames.append(frames[0])
        if self._strikes("garbage", now_us, stream):
            frames.insert(0, Out("", GARBAGE))
        return self._stand_still(now_us, stream, self._reordered(now_us, stream, frames))

    def due(self, now_us: int) -> list[Out]:
        """Return what was held back, once it may go."""
        if not self._held or now_us < self._still_until_us:
            return []
        held, self._held = self._held, []
        return held

    def _strikes(self, kind: str, now_us: int, stream: str) -> bool:
        chance = self._chances.get(kind)
        if chance is None or not chance.strikes():
            return False
        self._faults.ledger.add(now_us, kind, f"{self._place} {stream}")
        return True

    def _disconnects(self, now_us: int) -> bool:
        chance = self._chances.get("disconnect")
        if chance is None or not chance.strikes():
            return False
        self.closing = next(self._codes)
        self._faults.ledger.add(now_us, f"disconnect_{self.closing}", self._place)
        return True

    def _reordered(self, now_us: int, stream: str, frames: list[Out]) -> list[Out]:
        if self._behind is not None:
            frames, self._behind = [*frames, self._behind], None
        elif self._strikes("reorder", now_us, stream):
            self._behind = frames.pop()
        return frames

    def _stand_still(self, now_us: int, stream: str, frames: Iterable[Out]) -> list[Out]:
        if now_us >= self._still_until_us and self._strikes("delay", now_us, stream):
            self._still_until_us = now_us + self._dice.randint(*DELAY_US)
        if now_us < self._still_until_us:
            self._held += frames
            return []
        return [*self.due(now_us), *frames]
