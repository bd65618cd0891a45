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
from lobterm.events import EventArray
from lobterm.instrument import Instrument
from lobterm.tape.ring import Cursor, Ring

if TYPE_CHECKING:
    from lobterm.config import Config
    from lobterm.engine.drive import Engine, Rows
    from lobterm.engine.read import Snapshot
    from lobterm.models.model import ClusterModel
    from lobterm.session.log import SessionLog
    from lobterm.tape.parquet import Tape

CHUNK = 65_536
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
            "model_sha256": self.model.sha256 if self.model else None,
            "fill_rule": "through",
            "versions": {"lobterm": __version__},
        }


def model_beside(tape: Path) -> Path | None:
    """Return the model file that lies beside a tape under its name, if there is one."""
    path = tape.with_name(tape.stem + ".model.json")
    return path if path.is_file() else None


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


# --- headless ---------------------------------------------------------------------------------------------------------


def pieces(rows: int, seed: int | None) -> list[tuple[int, int]]:
    """Return (start, stop) cuts of a tape: whole chunks, or random ones to prove that cutting changes nothing."""
    if seed is None:
        edges = [*range(0, rows, CHUNK * 4), rows]
    else:
        rng = np.random.default_rng(seed)
        edges = [0, *sorted(set(rng.integers(1, max(rows, 2), size=min(200, rows)).tolist())), rows]
    return [(a, b) for a, b in zip(edges, edges[1:], strict=False) if b > a]


def headless(
    setup: Setup,
    events: EventArray,
    *,
    cut_seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Replay `events` flat out and return the summary that `lobterm replay --headless --json` prints."""
    from lobterm.engine import drive
    from lobterm.engine.digest import RowsDigest

    warm.load()  # the time below is the engine's, not the compiler's
    engine, digest = setup.new_engine(), RowsDigest()
    session_id = setup.log.begin(setup.provenance()) if setup.log else None
    started, in_engine = time.perf_counter(), 0.0
    for start, stop in pieces(len(events), cut_seed):
        mark = time.perf_counter()
        for rows in drive.fold(engine, events[start:stop]):
            in_engine += time.perf_counter() - mark
            digest.add(rows)
            if setup.log:
                setup.log.write(rows)
            mark = time.perf_counter()
        if progress:
            progress(stop, len(events))
    if setup.log:
        setup.log.flush()
    elapsed = time.perf_counter() - started
    result = summary(setup, engine, len(events), elapsed, in_engine, digest.hexdigest(), session_id)
    if setup.log:
        setup.log.end(result)
    return result


def summary(
    setup: Setup, engine: Engine, events: int, elapsed: float, in_engine: float, sha256: str, session_id: str | None
) -> dict[str, Any]:
    """Return the keys of DESIGN §7; what this version does not compute is null, never zero."""
    from lobterm.engine import account, read
    from lobterm.engine import state as st
    from lobterm.engine.rows import Label

    s, lot = engine.state, setup.instrument.lot_size
    counts = [int(n) for n in s.counts]
    pnl = read.pnl(s)
    orders, fills = counts[st.PLACED], int(s.acct[account.FILLS])
    return {
        "tape": str(setup.tape.path),
        "events": events,
        "trades": counts[st.TRADES],
        "elapsed_s": elapsed,
        "engine_s": in_engine,
        "events_per_s": events / elapsed if elapsed else None,
        "labels": {
            label.name.lower(): counts[st.LABELLED + label] for label in (Label(1), Label(2), *map(Label, (0, 3, 4)))
        },
        "alpha_ticks": counts[st.ALPHA_TICKS],
        "triggers": None,
        "forced_ticks": None,
        "orders": orders,
        "requotes": counts[st.REQUOTES],
        "rejects": counts[st.REJECTS],
        "fills": fills,
        "fill_rate": fills / orders if orders else None,
        "fills_by_strategy": {"maker": fills},
        "inventory_end": float(int(s.acct[account.POSITION]) * lot),
        "inventory_max": float(int(s.acct[account.POSITION_MAX]) * lot),
        "pnl_usdt": {
            "total": _quote(pnl.total_e8),
            "spread": _quote(pnl.spread_e8),
            "inventory": _quote(pnl.inventory_e8),
            "fees": _quote(pnl.fees_e8),
            "slippage": None,
            "funding": None,
        },
        "gaps": counts[st.GAPS],
        "rows_sha256": sha256,
        "session_id": session_id,
        "model_sha256": setup.model.sha256 if setup.model else None,
        "warning": model_warning(setup),
    }


def _quote(e8: int | None) -> float | None:
    return None if e8 is None else e8 / 1e8


# --- the console's replay ---------------------------------------------------------------------------------------------


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

    def load(self) -> None:
        """Read the tape and load the engine; slow, so the console calls it in a thread after its first paint."""
        if not warm.is_warm():
            self.loading_note = "compiling the engine (first start only)"
            self._warmed()
        self.loading_note = "reading the tape"
        from lobterm.engine import drive
        from lobterm.feeds.replay import ReplayFeed

        self._drive = drive
        self.feed = ReplayFeed(self.setup.tape.read(), int(self.instrument.market))
        self.ring = Ring(2 * CHUNK)
        self._cursor = Cursor(self.ring)
        self.feed.start(self.ring)
        self.loading_note = "loading the engine"
        self.engine = self.setup.new_engine()
        if self.setup.log:
            self.session_id = self.setup.log.begin(self.setup.provenance())
        self._fold_to(1)
        if self._start_at is not None:
            self.loading_note = "winding to the asked time"
            self._fold_to(self.feed.row_at(self._start_at))
            self.clock.jump(max(self.first_ts, min(self._start_at, self.last_ts)))
        self.ready = True

    def pump(self, wall_us: int, budget_us: int) -> None:
        """Fold what the clock has reached, for `budget_us` of wall time at most."""
        if not self.ready or self.failure:
            return
        target = self.clock.advance(wall_us)
        row = self.rows_total if math.isinf(target) else self.feed.row_at(int(target))
        until = time.perf_counter() + budget_us / 1e6
        step = CHUNK if self.clock.speed == math.inf else SLICE
        while self.position_rows < row and self._fold_to(min(row, self.position_rows + step)):
            if time.perf_counter() >= until:
                break
        if self.clock.speed == math.inf and not self.clock.paused:
            self.clock.jump(int(self.engine.state.clock[0]))

    def step(self, unit: str) -> None:
        """Fold one whole message, one trade, or up to the next alpha tick; the clock stands there, paused."""
        if not self.ready or self.failure:
            return
        from lobterm.engine import state as st

        self.clock.pause()
        if unit == "trade":
            row = self.feed.after_trade()
        elif unit == "alpha":
            row = self.feed.after_time(int(self.engine.state.clock[st.ALPHA_DUE]))
        else:
            row = self.feed.after_message()
        self._fold_to(row)
        self.clock.jump(int(self.engine.state.clock[st.NOW]))

    def _fold_to(self, row: int) -> bool:
        """Hand rows over and fold them until `row`. Return False if it failed."""
        try:
            while self.position_rows < row:
                self.feed.hand_over(row, CHUNK)
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
    def position_rows(self) -> int:
        """Return how many rows of the tape were folded."""
        return self.feed.status().rows if self.ready or hasattr(self, "feed") else 0

    @property
    def finished(self) -> bool:
        """Say whether the tape is at its end."""
        return self.position_rows >= self.rows_total

    @property
    def lag_us(self) -> int:
        """Return how far the engine is behind the clock."""
        if not self.ready or self.finished:
            return 0
        return max(0, int(min(self.clock.now, self.last_ts)) - self.feed.status().last_ts)

    @property
    def gaps(self) -> int:
        """Return how many gaps were met so far."""
        from lobterm.engine import state as st

        return int(self.engine.state.counts[st.GAPS]) if self.ready else 0

    def close(self) -> None:
        """End the session: what was logged so far is kept."""
        if self.setup.log and self.ready:
            self.setup.log.end({"rows": self.position_rows, "events": self.rows_total, "failure": self.failure})
        if hasattr(self, "feed"):
            self.feed.stop()
