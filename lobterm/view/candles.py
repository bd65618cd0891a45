"""One-minute candles of the trades that were seen, the average by volume along them, and the day's range as far as it was seen.

Units: ticks, lots, µs.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from lobterm.view import format as fmt
from lobterm.view.tail import Tail

if TYPE_CHECKING:
    import numpy.typing as npt

    from lobterm.instrument import Instrument
    from lobterm.view.history import History

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
KEPT = 2_880
"""Candles: two days."""

CANDLE = np.dtype(
    [
        ("ts", "<i8"),  # the minute's beginning
        ("open", "<i8"),
        ("high", "<i8"),
        ("low", "<i8"),
        ("close", "<i8"),
        ("lots", "<i8"),
        ("worth", "<i8"),  # sum of ticks x lots, and of lots, of everything counted up to the minute's end
        ("traded", "<i8"),
    ]
)


class Candles:
    """The candles so far, oldest first; a minute without a trade has none."""

    def __init__(self) -> None:
        self.tail = Tail(CANDLE, KEPT)
        self.since_ts = 0  # from when on they count
        self._worth = self._traded = 0

    def add(self, trades: npt.NDArray[np.void]) -> None:
        """Take trades (ts, px, qty) in order."""
        if not len(trades):
            return
        self.since_ts = self.since_ts or int(trades["ts"][0])
        minutes = trades["ts"] // MINUTE_US * MINUTE_US
        starts = np.flatnonzero(np.concatenate([[True], minutes[1:] != minutes[:-1]])).tolist()
        for start, stop in zip(starts, [*starts[1:], len(trades)], strict=True):
            self._minute(int(minutes[start]), trades["px"][start:stop], trades["qty"][start:stop])

    def _minute(self, minute: int, px: npt.NDArray[np.int64], qty: npt.NDArray[np.int64]) -> None:
        low, high, lots = int(px.min()), int(px.max()), int(qty.sum())
        self._worth += int(((px - low) * qty).sum()) + low * lots
        self._traded += lots
        rows = self.tail.rows
        if not len(rows) or rows["ts"][-1] < minute:
            row = self.tail.room(1)
            row["ts"], row["open"], row["high"], row["low"], row["lots"] = minute, px[0], high, low, 0
        last = self.tail.rows[-1:]
        last["high"], last["low"] = max(int(last["high"][0]), high), min(int(last["low"][0]), low)
        last["close"] = px[-1]
        last["lots"] += lots
        last["worth"], last["traded"] = self._worth, self._traded

    def copy(self) -> Candles:
        """Return the same candles, to be gone on with apart."""
        other = copy(self)
        other.tail = self.tail.copy()
        return other

    def cut(self, ts: int, trades: npt.NDArray[np.void]) -> None:
        """Forget what is later than `ts`, and count the minute that it lies in anew from the `trades` that are left."""
        minute = ts // MINUTE_US * MINUTE_US
        rows = self.tail.rows
        self.tail.cut(int(np.searchsorted(rows["ts"], minute)))
        rows = self.tail.rows
        self._worth, self._traded = (int(rows["worth"][-1]), int(rows["traded"][-1])) if len(rows) else (0, 0)
        self.add(trades[np.searchsorted(trades["ts"], minute) :])


class CandlesView(Struct, frozen=True):
    """Candles as shares of the scale, newest last; None where a minute had no trade."""

    note: str
    candles: tuple[tuple[float, float, float, float, float] | None, ...] = ()  # open, high, low, close, VWAP: 0..1
    times: tuple[tuple[int, str], ...] = ()  # column, text
    top: str = ""
    bottom: str = ""
    last: tuple[float, str] | None = None  # where the last price stands, and what it is
    unknown: str = ""


def seen_since(history: History, now: int) -> int:
    """Return from when on today was seen: midnight, or when the history begins."""
    return max(now // DAY_US * DAY_US, history.candles.since_ts)


def day_range(history: History, now: int) -> tuple[int, int, int] | None:
    """Return (lowest, highest, since) of the trades of this UTC day that were seen; None without any."""
    rows = history.candles.tail.rows
    rows = rows[rows["ts"] >= now // DAY_US * DAY_US]
    return (int(rows["low"].min()), int(rows["high"].max()), seen_since(history, now)) if len(rows) else None


def note(history: History, now: int, instrument: Instrument) -> str:
    """Return VWAP and the day's range, with since when they count."""
    rows, day = history.candles.tail.rows, day_range(history, now)
    if not len(rows) or day is None:
        return "no trade yet"
    low, high, since = day
    begun = history.candles.since_ts
    vwap = float(rows["worth"][-1] / rows["traded"][-1])
    reach = f"high {fmt.price(high, instrument)} low {fmt.price(low, instrument)}"
    # one of them without since when it counts would pass for the day's
    whose = "" if since == begun else "UTC day: "
    return f"since {fmt.clock(begun)[:5]} {fmt.zone(begun)}: VWAP {fmt.real_price(vwap, instrument)} · {whose}{reach}"


def candles(history: History, now: int, instrument: Instrument, columns: int) -> CandlesView:
    """Return the newest candles that `columns` have room for, one a column."""
    rows = history.candles.tail.rows
    if columns <= 0 or not len(rows):
        return CandlesView("", unknown="no trade yet")
    last = max(now, int(rows["ts"][-1])) // MINUTE_US * MINUTE_US
    first = max(last - (columns - 1) * MINUTE_US, int(rows["ts"][0]))
    rows = rows[np.searchsorted(rows["ts"], first) :]
    if not len(rows):
        return CandlesView(note(history, now, instrument), unknown="no trade in sight")
    vwap = rows["worth"] / rows["traded"]
    low, high = float(min(rows["low"].min(), vwap.min())), float(max(rows["high"].max(), vwap.max()))
    room = max(0.5, 0.03 * (high - low))
    low, high = low - room, high + room

    def share(value: float) -> float:
        return (float(value) - low) / (high - low)

    shown: list[tuple[float, float, float, float, float] | None] = [None] * ((last - first) // MINUTE_US + 1)
    for row, average in zip(rows, vwap.tolist(), strict=True):
        at = int(row["ts"] - first) // MINUTE_US
        o, h, lo, c = (share(row[name]) for name in ("open", "high", "low", "close"))
        shown[at] = (o, h, lo, c, share(average))
    times = tuple(
        (at, fmt.clock(first + at * MINUTE_US)[:5])
        for at in range(len(shown))
        if (first + fmt.offset_us(first)) // MINUTE_US % 10 == (10 - at) % 10
    )
    close = int(rows["close"][-1])
    return CandlesView(
        note(history, now, instrument), tuple(shown), times, fmt.real_price(high, instrument), fmt.real_price(low, instrument),
        (share(close), fmt.price(close, instrument)),
    )  # fmt: skip
