"""Composition root: a feed, the engine and a log, and what a console may ask of them.

Live and replay differ in the feed alone; the engine cannot tell which it is fed by.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lobterm import __version__, warm
from lobterm.clock import ReplayClock
from lobterm.engine.params import BY_KEY, FILL_RULE
from lobterm.errors import LobtermError
from lobterm.instrument import Instrument
from lobterm.tape.ring import Cursor, Ring

if TYPE_CHECKING:
    from lobterm.config import Config
    from lobterm.engine.drive import Engine, Rows
    from lobterm.engine.read import Snapshot
    from lobterm.feeds.replay import ReplayFeed
    from lobterm.models.model import ClusterModel
    from lobterm.session.log import SessionLog
    from lobterm.tape.parquet import Tape

CHUNK = 65_536
FILL_RULES = BY_KEY["matching.rule"].choices
SLICE = 4_096
LABELS_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything a run is made of: what is replayed, with which parameters and which model, logged where."""

    tape: Tape
    config: Config
    model: ClusterModel | None
    log: SessionLog | None = None

    @property
    def instrument(self) -> Instrument:
        """Return the market that is traded: the perpetual, or the only one."""
        return self.tape.meta.instruments[0]

    @property
    def params(self) -> npt.NDArray[np.float64]:
        """Return the parameter vector for the traded symbol."""
        return self.config.params(self.instrument.symbol)

    def new_engine(self) -> Engine:
        """Return an engine before its first row."""
        from lobterm.engine import drive

        centroids, roles = self.model.engine_arrays() if self.model else (None, None)
        return drive.start(self.instrument, self.params, centroids, roles, capacity=CHUNK // 4)

    def source_note(self) -> str:
        """Say in a few words where touch and trades come from."""
        meta, market = self.tape.meta, int(self.instrument.market)
        words = [f"touch: {meta.touch_source[market]}", f"trades: {meta.trade_source[market]}"]
        if meta.provenance.get("simulated"):
            words.append("simulated")
        return " · ".join(words)

    def provenance(self) -> dict[str, Any]:
        """Return what the session log keeps about this run."""
        meta = self.tape.meta
        return {
            "tape": str(self.tape.path),
            "tape_sha256": meta.sha256,
            "instrument": self.instrument.to_json(),
            "first_ts_us": meta.first_ts_us,
            "last_ts_us": meta.last_ts_us,
            "params": self.params.tolist(),
            "origins": {
                key: layer for key in BY_KEY if (layer := self.config.origin(self.instrument.symbol, key)) != "defaults"
            },
            "model": self.model.to_json() if self.model else None,
            "model_sha256": self.model.sha256 if self.model else None,
            "fill_rule": FILL_RULES[int(self.params[FILL_RULE])],
            "versions": {"lobterm": __version__},
        }


def model_beside(tape: Path) -> Path | None:
    """Return the model file that lies beside a tape, if there is one: under its name, or as `starter` for the folder."""
    named = (tape.with_name(f"{stem}.model.json") for stem in (tape.stem, "starter"))
    return next((path for path in named if path.is_file()), None)


def model_warning(setup: Setup) -> str:
    """Say how the model's training data differs from the tape, or nothing."""
    if setup.model is None:
        return "no cluster model: trades stay unclassified and the maker does not quote (lobterm model train TAPE)"
    meta, market = setup.tape.meta, int(setup.instrument.market)
    differs = [
        f"{what} source {trained} in the model, {here} in the tape"
        for what, trained, here in (
            ("touch", setup.model.training.get("touch_source"), meta.touch_source[market]),
            ("trade", setup.model.training.get("trade_source"), meta.trade_source[market]),
        )
        if trained != here
    ]
    return "; ".join(differs)


class Replay:
    """A tape under a replay clock, as the console sees it."""

    mode = "REPLAY"

    def __init__(self, setup: Setup, *, at: int | None = None, warmed: Callable[[], None] = warm.in_subprocess) -> None:
        self.setup, self._start_at, self._warmed = setup, at, warmed
        meta = setup.tape.meta
        self.instrument = setup.instrument
        self.symbol = self.instrument.symbol
        self.source_note = setup.source_note()
        self.first_ts, self.last_ts, self.rows_total = meta.first_ts_us, meta.last_ts_us, meta.rows
        self.clock = ReplayClock(self.first_ts, self.last_ts)
        self.ready, self.failure = False, ""
        self.loading_note = "reading the tape"
        self._labels: list[npt.NDArray[np.void]] = []
        self._feed: ReplayFeed | None = None

    def load(self) -> None:
        """Read the tape and load the engine; slow, so the console calls it in a thread after its first paint."""
        if not warm.is_warm():
            self.loading_note = "compiling the engine (first start only)"
            self._warmed()
        self.loading_note = "reading the tape"
        from lobterm.engine import drive
        from lobterm.feeds.replay import ReplayFeed

        self._drive = drive
        self._feed = ReplayFeed(self.setup.tape.read(), int(self.instrument.market))
        ring = Ring(2 * CHUNK)
        self._cursor = Cursor(ring)
        self._feed.start(ring)
        self.loading_note = "loading the engine"
        warm.load()
        self.engine = self.setup.new_engine()
        if self.setup.log:
            self.session_id = self.setup.log.begin(self.setup.provenance())
        self._fold_to(self._feed.after_message())
        if self._start_at is not None:
            self.loading_note = "winding to the asked time"
            self._fold_to(self._feed.row_at(self._start_at))
            self.clock.jump(self._start_at)
        self.ready = True

    def pump(self, wall_us: int, budget_us: int) -> None:
        """Fold what the clock has reached, for `budget_us` of wall time at most."""
        if not self.ready or self.failure:
            return
        target = self.clock.advance(wall_us)
        row = self.rows_total if math.isinf(target) else self.source.row_at(int(target))
        until = time.perf_counter() + budget_us / 1e6
        step = CHUNK if self.clock.speed == math.inf else SLICE
        while self.position_rows < row and self._fold_to(min(row, self.position_rows + step)):
            if time.perf_counter() >= until:
                break
        if self.clock.speed == math.inf and not self.clock.paused:
            self.clock.jump(self.source.status().last_ts)

    def step(self, unit: str) -> None:
        """Fold one whole message, one trade, or up to the next alpha tick; the clock stands there, paused."""
        if not self.ready or self.failure:
            return
        from lobterm.engine import state as st

        self.clock.pause()
        if unit == "trade":
            row = self.source.after_trade()
        elif unit == "alpha":
            row = self.source.after_time(int(self.engine.state.clock[st.ALPHA_DUE]))
        else:
            row = self.source.after_message()
        self._fold_to(row)
        self.clock.jump(int(self.engine.state.clock[st.NOW]))

    def _fold_to(self, row: int) -> bool:
        """Hand rows over and fold them until `row`. Return False if it failed."""
        try:
            while self.position_rows < row:
                self.source.hand_over(row, CHUNK)
                for rows in self._drive.fold(self.engine, self._cursor.read(CHUNK)):
                    self._keep(rows)
        except Exception as error:  # the screen must say why it stopped rather than die with the last good picture
            self.failure = f"{type(error).__name__}: {error}"
            return False
        return True

    def _keep(self, rows: Rows) -> None:
        if len(rows["labels"]):
            self._labels.append(rows["labels"][-LABELS_KEPT:])
            if len(self._labels) > 64:
                self._labels = [np.concatenate(self._labels)[-LABELS_KEPT:]]
        if self.setup.log:
            self.setup.log.write(rows)

    def snapshot(self, depth: int) -> Snapshot:
        """Return the engine's picture with up to `depth` levels a side."""
        from lobterm.engine import read

        return read.snapshot(self.engine.state, depth)

    def labels(self, n: int) -> npt.NDArray[np.void]:
        """Return the last `n` LABEL rows, oldest first."""
        from lobterm.engine.rows import LABEL

        if not self._labels:
            return np.zeros(0, LABEL)
        return np.concatenate(self._labels)[-n:]

    @property
    def source(self) -> ReplayFeed:
        """Return the tape as a feed; there is none before `load`."""
        if self._feed is None:
            raise LobtermError("the replay is not loaded")
        return self._feed

    @property
    def position_rows(self) -> int:
        """Return how many rows of the tape were folded."""
        return self._feed.status().rows if self._feed else 0

    @property
    def finished(self) -> bool:
        """Say whether the tape is at its end."""
        return self.position_rows >= self.rows_total

    @property
    def lag_us(self) -> int:
        """Return how far the engine is behind the clock; 0 when every row that is due has been folded."""
        if not self.ready or self.position_rows >= self.source.row_at(self.clock.now):
            return 0
        return max(0, self.clock.now - self.source.status().last_ts)

    @property
    def gaps(self) -> int:
        """Return how many gaps were met so far."""
        from lobterm.engine import state as st

        return int(self.engine.state.counts[st.GAPS]) if self.ready else 0

    def close(self) -> None:
        """End the session: what was logged so far is kept."""
        if self.setup.log and self.ready:
            if not self.failure:
                for rows in self._drive.finish(self.engine):
                    self.setup.log.write(rows)
            self.setup.log.end({"rows": self.position_rows, "events": self.rows_total, "failure": self.failure})
        if self._feed:
            self._feed.stop()
