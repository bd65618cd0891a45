"""A console without an engine: a small market that is a function of a counter, so that every picture can be told."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from lobterm.clock import ReplayClock
from lobterm.engine import params as pm
from lobterm.engine.read import Ledger, Making, Motion, OwnOrder, Pnl, Pressure, Score, Side, Signals, Snapshot
from lobterm.engine.rows import ALPHA, LABEL, TABLES, TRIGGER, AlphaValid, Label, Why
from lobterm.events import EVENT, Kind, Market
from lobterm.instrument import Instrument
from lobterm.tape.timeline import Overview, Timeline
from lobterm.view.history import History

BTC = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
START = 1_722_858_000_000_000  # 2024-08-05 11:40:00 UTC
SPAN = 600_000_000
MID = 531_042  # ticks


def levels(best: int, step: int, n: int, salt: int) -> np.ndarray:
    """Return `n` levels away from `best`, a third of the ticks left empty."""
    rng = np.random.default_rng(salt)
    prices = best + step * np.cumsum(np.concatenate([[0], rng.choice([1, 1, 2], size=max(0, n - 1))]))
    return np.stack([prices, (rng.gamma(0.7, 4_000, size=n) + 1).astype(np.int64)], axis=1).astype(np.int64)


def orders(*quotes: tuple[int, int], arrived: bool = True, leaving: bool = False) -> tuple[OwnOrder, ...]:
    return tuple(
        OwnOrder(i + 1, side, px, 10, 10, 0, 0, False, arrived, leaving, None) for i, (side, px) in enumerate(quotes)
    )


def pressure() -> Pressure:
    """Return what a calm tick comes to, open interest never seen."""

    def side(fsi: float) -> Side:
        fine = Score(1.2e-3, 0.4, 28_800, 7_200_000_000)
        motion = Motion(1, -0.3, 0.4, -6)
        return Side(Score(fsi, 0.0, 28_800, 7_200_000_000), fine, 0.2, 1, 0, 25, 8, 27, 0, 0, 0, motion)

    unseen = Score(None, None, 0, 0)
    pi = Score(1e-9, -0.1, 28_800, 7_200_000_000)
    return Pressure(side(0.0), side(0.0), pi, 1e-8, 4e-4, None, None, unseen, 3, 0, 0)


def snapshot(**changes) -> Snapshot:
    """Return a good, warm, quoting picture with `changes`."""
    bid, ask = MID, MID + 1
    depth = changes.pop("depth", 60)
    bids, asks = levels(bid, -1, depth, 1), levels(ask, 1, depth, 2)
    good = {
        "ts": START + 252_125_000,
        "rows": 123_456,
        "book_known": True,
        "gap_cause": 0,
        "crossed": False,
        "book_ts": START + 252_100_000,
        "touch_source": "book",
        "touch": (bid, int(bids[0, 1]), ask, int(asks[0, 1])),
        "bids": bids,
        "asks": asks,
        "mid2": bid + ask,
        "microprice": MID + 0.31,
        "model_ready": True,
        "signals": Signals(12.5, 30.25, -4.0, 8.0),
        "norm_base": 9.5,
        "norm_trades": 5_210,
        "norm_warm_trades": 1_000,
        "skew_x": 0.45,
        "hazard_x": 0.31,
        "fair_px": MID + 14.2,
        "width_ticks": 118.4,
        "quoting": True,
        "quote_why_not": "",
        "orders": orders((1, bid - 3), (-1, ask + 40)),
        "inventory": 120,
        "pnl": Pnl(1_234_567_800, 1_500_000_000, -165_432_200, 0, 100_000_000, 0),
        "ledgers": (
            Ledger(120, 12, Pnl(1_234_567_800, 1_500_000_000, -165_432_200, 0, 100_000_000, 0)),
            Ledger(0, 0, Pnl(0, 0, 0, 0, 0, 0)),
            Ledger(0, 0, Pnl(0, 0, 0, 0, 0, 0)),
        ),
        "pressure": pressure(),
        "throttled": 0,
        "fills": 12,
        "trades": 5_210,
        "label_counts": (2_100, 1_250, 900, 0, 960),
        "params": pm.defaults(),
        "making": Making(MID + 0.5, 21.1, 7.4, MID + 14.2, 10.6, 1.55, 16.43, 0.31, 0, ()),
    }
    return Snapshot(**(good | changes))


def labels(n: int, end: int = START + 252_000_000) -> np.ndarray:
    """Return `n` trades, oldest first, of every label and reason."""
    rng = np.random.default_rng(3)
    rows = np.zeros(n, LABEL)
    rows["ts"] = end - np.arange(n)[::-1] * 137_000
    rows["exch_ts"] = rows["ts"] - 20_000
    rows["px"] = MID + rng.integers(0, 2, n)
    rows["side"] = np.where(rows["px"] > MID, 1, -1)
    rows["qty"] = (rng.gamma(0.5, 400, n) + 1).astype(np.int64)
    rows["label"] = rng.integers(0, 5, n)
    rows["why"] = np.where(rows["label"] == Label.UNCLASSIFIED, rng.integers(1, len(Why), n), 0)
    return rows


def said(**rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return one drain of the engine's output tables."""
    return {name: rows.get(name, np.zeros(0, dtype)) for name, dtype in TABLES.items()}


def timeline() -> Timeline:
    """Return half a tape: calm, a cascade of sells with a trigger, a gap."""
    made = Timeline(START, START + SPAN, 0)
    rows = np.zeros(1_200, ALPHA)
    rows["ts"] = START + np.arange(1, 1_201) * 250_000
    rows = rows[(np.arange(1_200) < 900) | (np.arange(1_200) > 980)]
    at = np.arange(len(rows))
    rows["lpi_sell"] = 5 * np.exp(-(((at - 500) / 60) ** 2)) + 0.3
    rows["lpi_buy"] = 1.5 * np.exp(-(((at - 800) / 40) ** 2))
    rows["state_sell"] = np.where(abs(at - 510) < 50, 2, 1)
    rows["state_buy"] = 1
    rows["valid"] = int(AlphaValid.LPI_SELL | AlphaValid.LPI_BUY)
    rows["valid"][:40] = 0
    fired = np.zeros(2, TRIGGER)
    fired["ts"], fired["side"] = START + np.array([132, 200]) * 1_000_000, [-1, 1]
    beat = np.zeros(1, EVENT)
    beat["ts"], beat["kind"] = rows["ts"][-1], Kind.HEARTBEAT
    made.add(beat, said(alpha=rows, triggers=fired), 250_000)
    return made


class FakeConsole:
    """Stands at one picture; steps and pumps only count."""

    mode = "REPLAY"
    source_note = "touch: book · trades: agg_trade · simulated"
    rows_total = 250_000
    loading_note = "compiling the engine, first start only"

    def __init__(self, *, symbol: str = "BTCUSDT", instrument: Instrument = BTC, **changes) -> None:
        self.symbol, self.instrument, self.changes = symbol, instrument, changes
        self.clock = ReplayClock(START, START + SPAN)
        self.clock.jump(START + 252_125_000)
        self.ready, self.failure, self.finished = False, "", False
        self.lag_us, self.gaps, self.position_rows = 0, 1, 105_000
        self.moves, self.seeking, self.seek_note, self.loop = 0, None, "", None
        self.went: list[tuple] = []
        self.indexed_rows = 125_000
        self.pumps, self.steps, self.closed = 0, [], False
        self.history = History()
        self.history.since_ts = self.history.candles.since_ts = START
        self.history.rows(said(labels=labels(200)))
        self.timeline = timeline()
        self.load_error: Exception | None = None
        self.logged = None

    def load(self) -> None:
        if self.load_error:
            raise self.load_error
        self.ready = True

    def pump(self, wall_us: int, budget_us: int) -> None:
        self.pumps += 1
        self.clock.advance(wall_us)

    def step(self, unit: str) -> None:
        self.clock.pause()
        self.steps.append(unit)

    def seek(self, ts: int) -> None:
        self.went.append(("seek", ts))
        self.moves += 1
        self.clock.jump(ts)

    def seek_row(self, row: int) -> None:
        self.went.append(("row", row))

    def step_back(self, unit: str) -> None:
        self.clock.pause()
        self.went.append(("back", unit))

    def next_trigger(self) -> None:
        self.went.append(("next",))

    def prev_trigger(self) -> None:
        self.went.append(("prev",))

    def cancel_seek(self) -> None:
        self.seeking = None

    def set_loop(self, a_ts: int, b_ts: int) -> None:
        if a_ts == b_ts:
            raise ValueError("a loop needs two different times")
        self.loop = min(a_ts, b_ts), max(a_ts, b_ts)

    def clear_loop(self) -> None:
        self.loop = None

    def overview(self, columns: int) -> Overview:
        return self.timeline.overview(columns)

    def glance(self, depth: int) -> Snapshot:
        return self.snapshot(depth)

    def snapshot(self, depth: int) -> Snapshot:
        return snapshot(**self.changes)

    def close(self) -> None:
        self.closed = True
