"""What happened: gaps, parameters, triggers, states, fills and rejects, told one by one. Only rare rows come here."""

from __future__ import annotations

import struct
from collections import deque
from copy import copy
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import QuoteAct, Strategy
from lobterm.events import EventArray, Kind, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 5_000
HIDING = (Scope.BOOK, Scope.ALL)
"""Gaps by which the book is lost."""
REJECT, UNPRICED = int(QuoteAct.REJECT), int(QuoteAct.UNPRICED)


class What(IntEnum):
    """What kind of thing happened."""

    GAP = 0
    BOOK_BACK = 1
    PARAM = 2
    MODEL = 3
    OWN = 4
    TRIGGER = 5
    STATE = 6
    FILL = 7
    REJECT = 8
    FUNDING = 9
    ACCOUNT = 10
    UNPRICED = 11


class Note(NamedTuple):
    """One thing that happened; `a` to `d` are integers whose meaning hangs on `what`, `x` a real number.

    `row`: how many rows of the tape had been folded before it.
    """

    ts: int
    what: What
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    x: float = 0.0
    row: int = 0


class Happened:
    """The last notes, oldest first."""

    def __init__(self) -> None:
        self.notes: deque[Note] = deque(maxlen=KEPT)
        self.told = 0  # so far, those that are no longer kept included
        self._states = {"state_sell": -1, "state_buy": -1}
        self._lost: list[int] = []  # rows of the gaps after which no alpha tick has come yet

    def _add(self, found: list[Note]) -> None:
        found.sort(key=lambda note: note.ts)
        self.notes.extend(found)
        self.told += len(found)

    def events(self, events: EventArray, offsets: npt.NDArray[np.int64]) -> None:
        """Take events of the rare kinds, and how many rows were folded before each."""
        found = []
        for row, offset in zip(events[-KEPT:], offsets[-KEPT:].tolist(), strict=True):
            ts, kind, px, qty = int(row["ts"]), int(row["kind"]), int(row["px"]), int(row["qty"])
            if kind == Kind.GAP:
                found.append(Note(ts, What.GAP, px, qty, int(row["market"]), row=offset))
                if row["market"] == 0 and qty in HIDING:
                    self._lost.append(offset)
            elif kind == Kind.PARAM:
                found.append(Note(ts, What.PARAM, qty, x=struct.unpack("<d", struct.pack("<q", px))[0], row=offset))
            elif kind == Kind.MODEL:
                found.append(Note(ts, What.MODEL, px, row=offset))
            elif kind == Kind.ORDER:
                found.append(Note(ts, What.OWN, px, qty, int(row["side"]), int(row["seq"]), row=offset))
            elif kind == Kind.ACCOUNT:
                found += _ledger(ts, qty, px, offset)
            elif kind == Kind.FUNDING_SETTLED:
                found.append(Note(ts, What.FUNDING, px, row=offset))
        self._add(found)

    def rows(self, rows: Mapping[str, npt.NDArray[np.void]]) -> None:
        """Take rows that the engine said."""
        found = []
        alpha = rows["alpha"]
        if len(alpha):
            found += self._found_again(alpha)
            for side, name in ((-1, "state_sell"), (1, "state_buy")):
                states = np.concatenate([[self._states[name]], alpha[name].astype(np.int64)])
                self._states[name] = int(states[-1])
                for at in np.flatnonzero(np.diff(states)).tolist():
                    if states[at] >= 0:
                        told = (int(states[at]), int(states[at + 1]), side, int(alpha["source"][at]))
                        found.append(Note(int(alpha["ts"][at]), What.STATE, *told, row=int(alpha["offset"][at])))
        found += [
            Note(int(row["ts"]), What.TRIGGER, int(row["side"]), int(row["why"]), int(row["direction"]),
                 int(row["state"]), float(row["lpi"]), int(row["offset"]))
            for row in rows["triggers"]
        ]  # fmt: skip
        found += [
            Note(int(row["ts"]), What.FILL, int(row["px"]), int(row["qty"]), int(row["side"]), int(row["strategy"]),
                 row=int(row["offset"]))
            for row in rows["fills"][-KEPT:]
        ]  # fmt: skip
        quotes = rows["quotes"]
        if not len(quotes):
            self._add(found)
            return
        acts = quotes["act"]
        found += [
            Note(int(row["ts"]), What.REJECT, int(row["px"]), int(row["why"]), int(row["side"]), int(row["strategy"]),
                 row=int(row["offset"]))
            for row in quotes[acts == REJECT][-KEPT:]
        ]  # fmt: skip
        found += [
            Note(int(row["ts"]), What.UNPRICED, int(row["live_from"]), int(row["qty"]), int(row["side"]),
                 int(row["strategy"]), row=int(row["offset"]))
            for row in quotes[acts == UNPRICED][-KEPT:]
        ]  # fmt: skip
        self._add(found)

    def _found_again(self, alpha: npt.NDArray[np.void]) -> list[Note]:
        """Return where the book was known again after a gap, by these ticks: nothing ticks while it is not."""
        found: list[Note] = []
        gaps, offsets = self._lost, alpha["offset"]
        for gap, following in zip(gaps, [*gaps[1:], None], strict=False):
            at = int(np.searchsorted(offsets, gap, side="right"))
            if at < len(alpha) and (following is None or offsets[at] <= following):
                found.append(Note(int(alpha["ts"][at]), What.BOOK_BACK, row=int(offsets[at])))
        self._lost = [gap for gap in gaps[-1:] if offsets[-1] <= gap]
        return found

    def copy(self, first_row: int) -> Happened:
        """Return the same notes, to be gone on with apart; rows of the tape are counted from `first_row` in it."""
        other = copy(self)
        other.notes = deque((note._replace(row=note.row - first_row) for note in self.notes), KEPT)
        other._states, other._lost = self._states.copy(), [gap - first_row for gap in self._lost]
        return other

    def cut(self, ts: int, row: int | None, last: npt.NDArray[np.void]) -> None:
        """Forget what is later than `ts`, or comes with tape row `row` or later; `last`: the last alpha tick before, if known."""
        # the notes of one slice's events stand before those of what the engine made of them: not all later ones are at the end
        left = [note for note in self.notes if note.ts <= ts and (row is None or note.row < row)]
        self.told -= len(self.notes) - len(left)
        self.notes = deque(left, KEPT)
        self._states = {name: int(last[name][0]) if len(last) else -1 for name in self._states}
        gaps = [note.row for note in left if note.what is What.GAP and not note.c and note.b in HIDING][-1:]
        self._lost = [gap for gap in gaps if not any(note.what is What.BOOK_BACK and note.row > gap for note in left)]


def _ledger(ts: int, which: int, value: int, offset: int) -> list[Note]:
    """Return a note where an ACCOUNT row says what a strategy holds; its other rows are not told."""
    from lobterm.engine import account, standing  # not above: views are there before any compiler is

    who, field = divmod(which, standing.EACH)
    return (
        [Note(ts, What.ACCOUNT, who, value, row=offset)] if who in list(Strategy) and field == account.POSITION else []
    )
