"""The tape of bench/engine.py: a real recording laid end to end, or the simulator where there is none.

Each turn opens with the recording's own snapshot as SYNTHETIC rows, so the book is whole at every seam; times and ids run
on. Prices step back at a seam, once in a recording's length.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lobterm import config
from lobterm.events import Flag, Kind, Market
from lobterm.models import align, collect, train
from lobterm.tape import convert, parquet

RECORDING = "usdm-btcusdt-20240808/btcusdt_20240808.gz"
SIMULATED_S = 600
REAL_ROWS_PER_S = 1_750
"""Of the recording; the simulator's market is squeezed in time to it."""
SECOND_US = 1_000_000
HANDED_OVER = (Kind.BOOK, Kind.BOOK_CLEAR, Kind.TRADE)
"""What hftbacktest's events can say: it knows no touch stream and no clock rows in a backtest."""


@dataclass(frozen=True, slots=True)
class BenchTape:
    """Rows, their instrument, a model trained on one turn (centroids and roles), and where all of it comes from."""

    rows: np.ndarray
    instrument: object
    model: tuple[np.ndarray, np.ndarray]
    source: str

    @property
    def shared(self):
        """Return the rows that both engines understand."""
        return self.rows[np.isin(self.rows["kind"], HANDED_OVER)]

    @property
    def seconds(self):
        """Return how much market time the rows span."""
        return float(self.rows["ts"][-1] - self.rows["ts"][0]) / SECOND_US


def make(data, wanted):
    """Return a tape of `wanted` rows from the recording under `data`, a folder or None."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turn.parquet"
        recording = data / RECORDING if data else None
        if recording and recording.is_file():
            source = f"real: {recording.name}"
            convert.import_tape([recording], [], path, convert.Sizes(config.load()), symbol="BTCUSDT")
        else:
            source = "SIMULATED (no recording found: name its folder with --data)"
            simulated(path)
        tape = parquet.open_tape(path)
        turn, instrument = tape.read(), tape.meta.instruments[0]
        z, _ = collect.z_rows(tape)
    # every cluster gets a role, so that every label moves a signal: the bench must not profit from a vague model
    fit = train.fit(z)
    roles = np.array(align.roles(fit.centroids, 0.0).roles, np.uint8)
    return BenchTape(laid_end_to_end(turn, wanted), instrument, (fit.centroids, roles), source)


def simulated(path):
    """Write a tape of the bundled simulator, squeezed in time to a real market's rows a second."""
    from lobterm.simulator.simple import PERP, simulate

    rows = simulate(seed=7, seconds=SIMULATED_S)
    squeeze = max(1, round(REAL_ROWS_PER_S * SIMULATED_S / len(rows)))
    start = rows["ts"][0]
    rows["ts"] = start + (rows["ts"] - start) // squeeze
    timed = rows["exch_ts"] > 0
    rows["exch_ts"][timed] = start + (rows["exch_ts"][timed] - start) // squeeze
    parquet.write_tape(path, (PERP,), [rows], exch_ts_kind={int(Market.PERP): "T"})


def laid_end_to_end(turn, wanted):
    """Return the first `wanted` rows of one turn after another."""
    turn = turn[np.flatnonzero(turn["kind"] == Kind.BOOK_CLEAR)[0] :].copy()
    turn = turn[turn["market"] == Market.PERP]
    opening = slice(0, int(np.flatnonzero(turn["flags"] & Flag.SNAPSHOT)[-1]) + 1)
    trades, has_time = turn["kind"] == Kind.TRADE, turn["exch_ts"] > 0
    span = whole_seconds(max(turn["ts"].max() - turn["ts"].min(), np.ptp(turn["exch_ts"][has_time])))
    ids = ~trades & (turn["seq"] > 0)
    steps = [(trades, 1 + np.ptp(turn["seq"][trades])), (ids, 1 + np.ptp(turn["seq"][ids]))]
    parts = []
    for k in range(-(-wanted // len(turn))):
        part = turn.copy()
        part["ts"] += k * span
        part["exch_ts"][has_time] += k * span
        for rows, step in steps:
            part["seq"][rows] += k * step
        part["flags"][opening] |= np.where(part["flags"][opening] & Flag.SNAPSHOT, Flag.SYNTHETIC, 0).astype(np.uint8)
        parts.append(part)
    return np.concatenate(parts)[:wanted]


def whole_seconds(span):
    """Return the next whole second after `span` µs: timers meet the same phase in every turn."""
    return (int(span) // SECOND_US + 1) * SECOND_US
