"""A live session of some symbols without an exchange: each a small market that stands still."""

from __future__ import annotations

from decimal import Decimal

from lobterm.clock import ReplayClock
from lobterm.events import Market
from lobterm.instrument import Instrument
from lobterm.view.history import Funding, History, Index
from tests.app.fake import BTC, MID, SPAN, START, labels, said, snapshot

ETH = Instrument(Market.PERP, "ETHUSDT", Decimal("0.01"), Decimal("0.001"))
SOL = Instrument(Market.PERP, "SOLUSDT", Decimal("0.01"), Decimal("1"))


class FakeFollowed:
    """One symbol."""

    def __init__(self, instrument: Instrument, **changes) -> None:
        self.instrument, self.symbol, self.changes = instrument, instrument.symbol, changes
        self.failure, self.lag_us = "", 0
        self.history = History()
        self.history.since_ts = START
        self.history.rows(said(labels=labels(50)))

    def glance(self, depth: int):
        return self.snapshot(depth)

    def snapshot(self, depth: int):
        return snapshot(**({"depth": depth} | self.changes))


class FakeSession:
    """Some symbols, the first of them on the screen; there is no transport, as for a live one."""

    mode, source_note, loading_note = "LIVE", "trades: trade", "opening the streams"
    rows_total = position_rows = 105_000
    lag_us, gaps, finished = 0, 0, False

    def __init__(self, *symbols: FakeFollowed) -> None:
        self.everyone, self.shown_at, self.stopped, self.ready = symbols, 0, "", False
        self.clock = ReplayClock(START, START + SPAN)
        self.clock.jump(START + 252_125_000)
        self.pumps, self.closed = 0, False

    @property
    def shown(self) -> FakeFollowed:
        return self.everyone[self.shown_at]

    @property
    def followed(self) -> tuple[FakeFollowed, ...]:
        return self.everyone if self.ready else ()

    @property
    def symbol(self) -> str:
        return self.shown.symbol

    @property
    def instrument(self) -> Instrument:
        return self.shown.instrument

    @property
    def history(self) -> History:
        return self.shown.history

    @property
    def failure(self) -> str:
        return self.stopped or self.shown.failure

    def show(self, at: int) -> None:
        self.shown_at = at

    def load(self) -> None:
        self.ready = True

    def pump(self, wall_us: int, budget_us: int) -> None:
        self.pumps += 1

    def step(self, unit: str) -> None:
        raise AssertionError(unit)

    def glance(self, depth: int):
        return self.shown.glance(depth)

    def snapshot(self, depth: int):
        return self.shown.snapshot(depth)

    def close(self) -> None:
        self.closed = True


def three() -> FakeSession:
    """Return BTC as it should be, ETH with a gap in force, SOL not heard of for a minute."""
    btc, eth, sol = FakeFollowed(BTC), FakeFollowed(ETH, book_known=False, touch=None, mid2=None), FakeFollowed(SOL)
    tick = START + 252_000_000
    btc.history.funding = Funding(tick, 12_345, START + 3_600_000_000)
    btc.history.index = Index(tick, (2 * MID + 1) * 5_000_000 - 531_042_500)
    for ts, lots in ((START, 1_000_000), (START + 240_000_000, 998_800)):
        room = btc.history.interest.room(1)
        room["ts"], room["qty"] = ts, lots
    sol.changes = {"book_ts": START + 192_125_000}
    return FakeSession(btc, eth, sol)
