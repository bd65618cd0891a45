"""What a person is called for: a trigger, a gap, a stop. By the bell, by a desktop notification, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from lobterm.events import Market
from lobterm.view import format as fmt
from lobterm.view import log
from lobterm.view.console import seekable
from lobterm.view.happened import Note, What

if TYPE_CHECKING:
    from lobterm.view.console import Console

QUIET_US = 1_000_000
"""Wall time between two alerts at least: at speed max there may be hundreds of triggers a second."""
LONGEST = 160
BELL = "\a"


def bell(title: str, words: str) -> str:
    """Return what makes a terminal ring."""
    return BELL


def desktop(title: str, words: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what makes a terminal notify the desktop: OSC 777 where that is what it understands, else OSC 9.

    Title and words may come from anywhere: nothing of them ends the sequence or reads as another of its fields.
    """
    title, words = (fmt.printable(text).replace(";", ",")[:LONGEST] for text in (title, words))
    if "VTE_VERSION" in environment or environment.get("TERM", "").startswith(("rxvt", "foot")):
        return f"\x1b]777;notify;{title};{words}\x1b\\"
    return f"\x1b]9;{title}: {words}\x1b\\"  # a title first: a digit there would be a progress bar


WAYS: dict[str, Callable[[str, str], str]] = {"bell": bell, "desktop": desktop}
"""How to call, by the name in the config; "none" is not among them."""


def _calls(note: Note) -> bool:
    return note.what is What.TRIGGER or (note.what is What.GAP and note.c == Market.PERP)


class Alerts:
    """Looks once a frame at what has happened since it looked last."""

    def __init__(self, console: Console, way: str, write: Callable[[str], None], wall_us: Callable[[], int]) -> None:
        self.console, self._way, self._write, self._wall_us = console, WAYS.get(way), write, wall_us
        self._told = self._moves = 0
        self._failure = ""
        self._last_us: int | None = None

    def look(self, failure: str) -> None:
        """Call, if there is something to call for. What a seek passed is not: nobody waited for it."""
        happened, tape = self.console.history.happened, seekable(self.console)
        moves = tape.moves if tape else 0
        new = happened.told - self._told if moves == self._moves else 0
        self._told, self._moves = happened.told, moves
        notes = [note for note in islice(reversed(happened.notes), max(0, new)) if _calls(note)]
        if failure != self._failure:
            self._failure = failure
            if failure:
                self._call(f"stopped: {failure}")
                return
        if notes and (self._last_us is None or self._wall_us() - self._last_us >= QUIET_US):
            line = log.line(notes[0], self.console.instrument)
            more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
            self._call(f"{line.time} {line.kind}: {line.text}{more}")

    def _call(self, words: str) -> None:
        self._last_us = self._wall_us()
        if self._way:
            self._write(self._way(f"lobterm {self.console.symbol}", words))
