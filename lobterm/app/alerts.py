"""What a person is called for: a trigger, a gap, a stop, of any symbol that is followed, on the screen or not.

By the bell, by a desktop notification, or not at all; and by a command of the person's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lobterm.events import Market
from lobterm.view import format as fmt
from lobterm.view import log
from lobterm.view.console import followed, seekable, several
from lobterm.view.happened import Note, What

if TYPE_CHECKING:
    from lobterm.view.console import Console, Followed

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


class Alert(NamedTuple):
    """One call. All of it is text for a person; the symbol and the words may come from anywhere."""

    symbol: str
    what: str  # trigger, gap or stop
    time: str  # UTC of the market, or nothing for a stop
    text: str


def _calls(note: Note) -> bool:
    return note.what is What.TRIGGER or (note.what is What.GAP and note.c == Market.PERP)


class _Seen:
    """How far one symbol has been looked at."""

    def __init__(self) -> None:
        self.told = self.moves = 0
        self.failure = ""
        self.last_us: int | None = None


class Alerts:
    """Looks once a frame at what has happened since it looked last; `run` is handed every alert, if there is one."""

    def __init__(
        self, console: Console, way: str, write: Callable[[str], None], wall_us: Callable[[], int],
        run: Callable[[Alert], None] | None = None,
    ) -> None:  # fmt: skip
        self.console, self._way, self._write, self._wall_us = console, WAYS.get(way), write, wall_us
        self._run = run
        self._seen: dict[str, _Seen] = {}

    def look(self, failure: str) -> None:
        """Call, if there is something to call for. What a seek passed is not: nobody waited for it."""
        session = several(self.console)
        for who in followed(self.console):
            self._look_at(who, who.failure if session else failure)
        if session:
            self._stopped(self._seen.setdefault("", _Seen()), self.console.symbol, session.stopped)

    def _look_at(self, who: Followed, failure: str) -> None:
        seen, happened = self._seen.setdefault(who.symbol, _Seen()), who.history.happened
        tape = seekable(self.console)
        moves = tape.moves if tape else 0
        new = happened.told - seen.told if moves == seen.moves else 0
        seen.told, seen.moves = happened.told, moves
        if self._stopped(seen, who.symbol, failure):
            return
        notes = [note for note in islice(reversed(happened.notes), max(0, new)) if _calls(note)]
        if notes and (seen.last_us is None or self._wall_us() - seen.last_us >= QUIET_US):
            line = log.line(notes[0], who.instrument)
            more = f" (and {len(notes) - 1} more)" if len(notes) > 1 else ""
            self._call(seen, Alert(who.symbol, line.kind, line.time, f"{line.text}{more}"))

    def _stopped(self, seen: _Seen, symbol: str, failure: str) -> bool:
        """Call for a stop that was not told yet."""
        if failure == seen.failure:
            return False
        told = {other.failure for other in self._seen.values()}
        seen.failure = failure
        if not failure or failure in told:
            return False
        self._call(seen, Alert(symbol, "stop", "", f"stopped: {failure}"))
        return True

    def _call(self, seen: _Seen, alert: Alert) -> None:
        seen.last_us = self._wall_us()
        if self._way:
            words = f"{alert.time} {alert.what}: {alert.text}" if alert.time else alert.text
            self._write(self._way(f"lobterm {alert.symbol}", words))
        if self._run:
            self._run(alert)
