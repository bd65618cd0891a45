"""One symbol of a live session: what its ring holds is folded by its engine, and what the engine says is logged."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lobterm.engine import carry, drive, read
from lobterm.engine import state as st
from lobterm.engine.rows import LABEL
from lobterm.errors import LobtermError
from lobterm.events import Flag
from lobterm.live.held import LIMIT_BYTES, Held
from lobterm.tape.recording import account, warm
from lobterm.tape.recording.leaving import left
from lobterm.view.history import History
from lobterm.view.tail import occupy

if TYPE_CHECKING:
    from pathlib import Path

    from lobterm.engine.drive import Engine, Rows
    from lobterm.engine.read import Glance, Snapshot
    from lobterm.instrument import Instrument
    from lobterm.live.opening import Opened
    from lobterm.session.log import SessionLog

SLICE = 2_048
"""Rows folded between two looks at the time that is left."""
LABELS_KEPT = 2_000
KEPT_PARTS = 64


class LiveMarket:
    """One symbol."""

    def __init__(
        self, opened: Opened, engine: Engine, log: SessionLog | None, *, held_bytes: int = LIMIT_BYTES
    ) -> None:
        self.opened, self.engine, self.log = opened, engine, log
        self.channel, self.ring, self.session_id = opened.channel, opened.ring, opened.session_id
        self.queue_max = 0  # most rows that ever waited for the engine
        self.engine_failure = ""
        self.log_failure = ""
        """Why nothing is logged any more; `lobterm session repair` fills the log from the recording."""
        self.history = History()
        self.history.occupy()
        for part in engine.state:
            occupy(part)
        self.held = Held(engine.state, limit_bytes=held_bytes)
        self.held.occupy()
        self._labels: list[npt.NDArray[np.void]] = []

    @property
    def symbol(self) -> str:
        """Return the symbol as the exchange writes it."""
        return self.channel.symbol

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded."""
        return self.channel.listing.perp

    @property
    def failure(self) -> str:
        """Say why this symbol stopped, or nothing."""
        return self.engine_failure or self.channel.failure

    @property
    def lag_us(self) -> int:
        """Return how far the engine is behind what has come, 0 if nothing waits."""
        if not self.ring.behind:
            return 0
        return max(0, self.channel.last_ts - int(self.engine.state.clock[st.NOW]))

    @property
    def gaps(self) -> int:
        """Return how many gaps the engine has met."""
        return int(self.engine.state.counts[st.GAPS])

    def fold(self, until_s: float) -> None:
        """Fold what waits, a slice at least, until nothing does or the time (perf_counter) is over.

        It ends between two messages: half a message is a book that never was.
        """
        self.queue_max = max(self.queue_max, self.ring.behind)
        try:
            while self.ring.behind and not self.engine_failure:
                events = self.ring.read(SLICE)
                self.history.events(events, int(self.engine.state.clock[st.ROWS]))
                for rows in drive.fold(self.engine, events):
                    self._keep(rows)
                self.held.take(events, self.engine.state)
                if events[-1]["flags"] & Flag.LAST and time.perf_counter() >= until_s:
                    return
        except Exception as error:  # the screen must say why it stopped rather than die with the last good picture
            self.engine_failure = f"{self.symbol}: {type(error).__name__}: {error}"

    def _keep(self, rows: Rows) -> None:
        if len(rows["labels"]):
            self._labels.append(rows["labels"][-LABELS_KEPT:])
            if len(self._labels) > KEPT_PARTS:
                self._labels = [np.concatenate(self._labels)[-LABELS_KEPT:]]
        self.history.rows(rows)
        if self.log is not None and not self.log_failure:
            try:
                self.log.write(rows)
            except LobtermError as error:  # the market goes on, and so does its recording
                self.log_failure = str(error)

    def glance(self, depth: int) -> Glance:
        """Return what is looked at at every frame, with up to `depth` levels a side."""
        return read.glance(self.engine.state, depth)

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""
        return read.snapshot(self.engine.state, depth)

    def labels(self, n: int) -> npt.NDArray[np.void]:
        """Return the last `n` LABEL rows, oldest first."""
        return np.concatenate(self._labels)[-n:] if self._labels else np.zeros(0, LABEL)

    def summary(self) -> dict[str, Any]:
        """Return what the session log keeps of the run's end."""
        pnl = read.pnl(self.engine.state)
        total = None if pnl.total_e8 is None else pnl.total_e8 / 1e8
        return {
            "rows": self.ring.read_rows,
            "gaps": self.gaps,
            "trades": int(self.engine.state.counts[st.TRADES]),
            "fills": sum(ledger.fills for ledger in self.snapshot(1).ledgers),
            "pnl_usdt": {"total": total},
            "warm_samples": self.opened.warm_samples,
            "resumes": None if self.opened.resumed is None else self.opened.resumed.session,
            "failure": self.failure,
        }

    def close(self, folder: Path | None) -> None:
        """End the run: what is logged so far is kept, and the windows are left to the next recording in `folder`."""
        self.opened.close()
        self.held.close()
        if folder is not None and not self.engine_failure:
            now_us = int(self.engine.state.clock[st.NOW])
            warm.save(folder, self.channel.symbol, self.session_id, carry.samples(self.engine.state, now_us))
            account.save(folder, left(self.engine.state, self.channel.listing.perp, self.session_id))
        if self.log is None:
            return
        try:
            if not self.engine_failure and not self.log_failure:
                for rows in drive.finish(self.engine):
                    self.log.write(rows)
            if not self.log_failure:
                self.log.end(self.summary())
        finally:
            with contextlib.suppress(LobtermError) if self.log_failure else contextlib.nullcontext():
                self.log.close()
