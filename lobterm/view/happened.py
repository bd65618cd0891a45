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
from lobterm.events import EventArray, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 5_000


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
    """One thing that happened; `a` to `d` are integers whose meaning hangs on `what`, `x` a real number."""

    ts: int
    what: What
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    x: float = 0.0


class Happened:
    """The last notes, oldest first."""

    def __init__(self) -> None:
        self.notes: deque[Note] = deque(maxlen=KEPT)
        self.told = 0  # so far, those that are no longer kept included
        self._states = {"state_sell": -1, "state_buy": -1}
        self._blind = False

    def _add(self, found: list[Note]) -> None:
        found.sort(key=lambda note: note.ts)
        self.notes.extend(found)
        self.told += len(found)

    def events(self, events: EventArray) -> None:
        """Take events of the rare kinds."""
        found = []
        for row in events[-KEPT:]:
            ts, kind, px, qty = int(row["ts"]), int(row["kind"]), int(row["px"]), int(row["qty"])
            if kind == Kind.GAP:
                found.append(Note(ts, What.GAP, px, qty, int(row["market"])))
                self._blind = self._blind or row["market"] == 0
            elif kind == Kind.PARAM:
                found.append(Note(ts, What.PARAM, qty, x=struct.unpack("<d", struct.pack("<q", px))[0]))
            elif kind == Kind.MODEL:
                found.append(Note(ts, What.MODEL, px))
            elif kind == Kind.ORDER:
                found.append(Note(ts, What.OWN, px, qty, int(row["side"]), int(row["seq"])))
            elif kind == Kind.ACCOUNT:
                found += _ledger(ts, qty, px)
            elif kind == Kind.FUNDING_SETTLED:
                found.append(Note(ts, What.FUNDING, px))
        self._add(found)

    def rows(self, rows: Mapping[str, npt.NDArray[np.void]]) -> None:
        """Take rows that the engine said."""
        found = []
        alpha = rows["alpha"]
        if len(alpha):
            if self._blind:
                self._blind = False
                found.append(Note(int(alpha["ts"][0]), What.BOOK_BACK))
            for side, name in ((-1, "state_sell"), (1, "state_buy")):
                states = np.concatenate([[self._states[name]], alpha[name].astype(np.int64)])
                self._states[name] = int(states[-1])
                for at in np.flatnonzero(np.diff(states)).tolist():
                    if states[at] >= 0:
                        told = (int(states[at]), int(states[at + 1]), side, int(alpha["source"][at]))
                        found.append(Note(int(alpha["ts"][at]), What.STATE, *told))
        found += [
            Note(int(row["ts"]), What.TRIGGER, int(row["side"]), int(row["why"]), int(row["direction"]),
                 int(row["state"]), float(row["lpi"]))
            for row in rows["triggers"]
        ]  # fmt: skip
        found += [
            Note(int(row["ts"]), What.FILL, int(row["px"]), int(row["qty"]), int(row["side"]), int(row["strategy"]))
            for row in rows["fills"][-KEPT:]
        ]
        quotes = rows["quotes"]
        found += [
            Note(int(row["ts"]), What.REJECT, int(row["px"]), int(row["why"]), int(row["side"]), int(row["strategy"]))
            for row in quotes[quotes["act"] == QuoteAct.REJECT][-KEPT:]
        ]
        found += [
            Note(
                int(row["ts"]),
                What.UNPRICED,
                int(row["live_from"]),
                int(row["qty"]),
                int(row["side"]),
                int(row["strategy"]),
            )
            for row in quotes[quotes["act"] == QuoteAct.UNPRICED][-KEPT:]
        ]
        self._add(found)

    def copy(self) -> Happened:
        """Return the same notes, to be gone on with apart."""
        other = copy(self)
        other.notes, other._states = self.notes.copy(), self._states.copy()
        return other

    def cut(self, ts: int) -> None:
        """Forget what is later than `ts`."""
        while self.notes and self.notes[-1].ts > ts:
            self.notes.pop()
            self.told -= 1
        self._states = dict.fromkeys(self._states, -1)


def _ledger(ts: int, which: int, value: int) -> list[Note]:
    """Return a note where an ACCOUNT row says what a strategy holds; its other rows are not told."""
    from lobterm.engine import account, standing  # not above: views are there before any compiler is

    who, field = divmod(which, standing.EACH)
    return [Note(ts, What.ACCOUNT, who, value)] if who in list(Strategy) and field == account.POSITION else []
