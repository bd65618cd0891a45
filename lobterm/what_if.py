"""What if: from one moment of a tape two engines play on, one with the parameters of the session's start, one with those now.

What: both begin from copies of the same state, hold the same position and the same orders, and fold the same rows; nothing that
hands did later belongs to either. A pure function of (state, parameters, tape), computed in a thread.
Units: ts in us; profit in 1e-8 of the quote coin; inventory in lots.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, drive, read
from lobterm.engine import state as st
from lobterm.engine.params import PARAMS
from lobterm.engine.rows import AlphaValid
from lobterm.errors import InputError
from lobterm.events import EVENT, EventArray, Flag, Kind
from lobterm.tape.pages import Pages

PARTS = 1_000
"""Parts of equal time that a line is told in."""
PIECE = 1 << 15
MOST_ROWS = 30_000_000
"""Rows that are played on: some seconds for each engine."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """What one engine came to. `pnl_e8` by part of time, NaN where it was not known."""

    pnl_e8: Floats
    end_e8: int | None  # None: it could not be marked at the end
    fills: int
    fees_e8: int
    inventory_max: int
    inventory_end: int


@dataclass(frozen=True, slots=True)
class Result:
    """Both lines, and over what."""

    as_begun: Line
    as_now: Line
    from_ts: int
    to_ts: int
    rows: int
    of_rows: int  # that were asked for: more where the limit cut them short


class WhatIf:
    """Two runs under way, in a thread that `stop` ends."""

    def __init__(self, state: st.State, begun: Floats, pages: Pages, start: int, stop: int, market: int) -> None:
        """`state` is copied at once; raise InputError where there is nothing to compare."""
        self.differs = tuple(
            (param.key, float(begun[param.id]), float(state.params[param.id]))
            for param in PARAMS
            if begun[param.id] != state.params[param.id]
        )
        if not self.differs:
            raise InputError("no parameter differs from the session's start", mend="p edits them")
        if start >= stop:
            raise InputError("the tape is at its end: nothing is left to play on")
        self.progress = 0.0
        self.result: Result | None = None
        self.failure = ""
        self._state, self._begun, self._pages, self._market = st.copy(state), begun.copy(), pages, market
        self._start, self._asked, self._stop = start, stop, min(stop, start + MOST_ROWS)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="what-if", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Give up after the piece in hand."""
        self._stopping = True

    def wait(self) -> Result | None:
        """Return what came of it, once it has; None where it was given up or failed."""
        self._thread.join()
        return self.result

    @property
    def running(self) -> bool:
        """Say whether it goes on."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            now = int(self._state.clock[st.NOW])
            turned = [_turn(number, value, now, self._market) for number, value in enumerate(self._begun)
                      if value != self._state.params[number]]  # fmt: skip
            as_begun = self._line(np.concatenate(turned), 0.0)
            as_now = self._line(np.zeros(0, EVENT), 0.5)
            if as_begun is not None and as_now is not None:
                to_ts = self._pages.ts_of(self._stop - 1)
                self.result = Result(
                    as_begun, as_now, now, to_ts, self._stop - self._start, self._asked - self._start
                )  # fmt: skip
        except Exception as error:  # the screen says why there is nothing to see
            self.failure = f"{type(error).__name__}: {error}"
        self._pages.close()

    def _line(self, turned: EventArray, done: float) -> Line | None:
        engine = drive.Engine(st.copy(self._state))
        s = engine.state
        s.clock[st.POSITION_MAX] = abs(int(account.position(s.acct)))
        first, last = int(s.clock[st.NOW]), self._pages.ts_of(self._stop - 1)
        pnl, fills, fees = np.full(PARTS, np.nan), 0, 0
        for event in turned:
            for _ in drive.fold_beside(engine, event.reshape(1)):
                pass
        at = self._start
        while at < self._stop:
            if self._stopping:
                return None
            events = self._pages.rows(at, min(at + PIECE, self._stop))
            for rows in drive.fold(engine, events):
                ticks = rows["alpha"]
                ticks = ticks[(ticks["valid"] & AlphaValid.MARK) != 0]
                pnl[_parts(ticks["ts"], first, last)] = ticks["pnl_e8"]
                fills += len(rows["fills"])
                fees += int(rows["fills"]["fee_e8"].sum())
            at += len(events)
            self.progress = done + 0.5 * (at - self._start) / (self._stop - self._start)
        s = engine.state
        return Line(
            pnl, read.pnl(s).total_e8, fills, fees, int(s.clock[st.POSITION_MAX]), int(account.position(s.acct))
        )


def _turn(number: int, value: float, ts: int, market: int) -> EventArray:
    row = np.zeros(1, EVENT)
    bits = int(np.float64(value).view(np.int64))
    row[0] = (ts, 0, 0, bits, number, Kind.PARAM, 0, market, Flag.SYNTHETIC | Flag.LAST)
    return row


def _parts(ts: npt.NDArray[np.int64], first: int, last: int) -> npt.NDArray[np.int64]:
    parts: npt.NDArray[np.int64] = np.clip((ts - first) * PARTS // (last - first + 1), 0, PARTS - 1)
    return parts
