"""How real the agent market is: the same numbers taken of a recording and of a simulated tape of the same length.

What: spread, depth by distance, sizes, gaps, message rates, and autocorrelations of signs and of absolute returns.
An order is a run of trades of one matching time and side. Depth rows are counted as levels changed per 100 ms, so that
a recording of the faster stream compares with one of the slower.
Units: ticks of each market, base coin, milliseconds, basis points; shares from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lobterm.errors import InputError
from lobterm.events import EventArray, Flag, Kind, Market
from lobterm.instrument import Instrument
from lobterm.simulator import agents
from lobterm.simulator.scenarios import Scenario
from lobterm.tape.parquet import Tape
from lobterm.tape.verify import BookCheck

Numbers = dict[str, float | None]

SPREADS = ((1, 1), (2, 2), (3, 5), (6, 20), (21, None))
DISTANCES = ((0, 1), (1, 5), (5, 10), (10, 20), (20, 50), (50, 100), (100, 200), (200, 500), (500, 1_000))
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
LAGS = (1, 2, 5, 10, 20, 50)
SECOND_US = 1_000_000
LONGEST_S = 3_600


def compare(tape: Tape, scenario: Scenario, seed: int, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Return {market: {number: [real, simulated]}} for the markets that the real tape holds."""
    real = tape.read()
    traded = real[real["market"] == tape.meta.instruments[0].market]
    if len(traded) < 2:
        raise InputError("holds nothing to compare with", file=tape.path, mend="name a tape with trades and a book")
    first, last = int(traded["ts"][0]), int(traded["ts"][-1])
    real = real[real["ts"] <= last]
    seconds = min(LONGEST_S, max(2, (last - first) // SECOND_US))
    pieces = []
    done = 0
    for piece in agents.Run(scenario, seed, seconds).pieces():
        pieces.append(piece.rows)
        done += len(piece.rows)
        if progress:
            progress(done)
    made = np.concatenate(pieces)
    table: dict[str, Any] = {"real": str(tape.path), "scenario": scenario.name, "seed": seed, "seconds": seconds}
    ours = {instrument.market: instrument for instrument in agents.INSTRUMENTS}
    for instrument in tape.meta.instruments:
        if instrument.market in ours:
            name = "perpetual" if instrument.market == Market.PERP else "spot"
            left = measure(real, instrument, first)
            right = measure(made, ours[instrument.market], int(made["ts"][0]))
            table[name] = {key: [_number(left.get(key)), _number(right.get(key))] for key in left | right}
    return table


def measure(rows: EventArray, instrument: Instrument, first_us: int) -> Numbers:
    """Return every number of one market from `first_us` on; what came before may hold the book's snapshot."""
    whole = rows[rows["market"] == instrument.market]
    mine = whole[whole["ts"] >= first_us]
    seconds = float(mine["ts"][-1] - mine["ts"][0]) / SECOND_US
    trades = mine[mine["kind"] == Kind.TRADE]
    return {
        **_rates(mine, seconds),
        **_spread(mine),
        **_returns(mine, instrument),
        **_depth(whole, instrument, first_us),
        **_trades(trades, instrument),
        **_lags(mine, trades),
    }


def _rates(mine: EventArray, seconds: float) -> Numbers:
    plain = mine[(mine["flags"] & Flag.SNAPSHOT) == 0]
    found: Numbers = {}
    for kind in (Kind.TRADE, Kind.TOUCH, Kind.BOOK):
        of = plain[plain["kind"] == kind]
        found[f"{kind.name.lower()} messages/s"] = np.count_nonzero(of["flags"] & Flag.LAST) / seconds
    book = plain[plain["kind"] == Kind.BOOK]
    keys = np.stack([book["exch_ts"] // 100_000, 2 * book["px"] + (book["side"] > 0)], axis=1)
    found["levels changed/s, per 100 ms"] = len(np.unique(keys, axis=0)) / seconds
    found["share of them removed"] = float(np.mean(book["qty"] == 0)) if len(book) else None
    return found


def _touch(mine: EventArray) -> tuple[EventArray, EventArray]:
    touch = mine[mine["kind"] == Kind.TOUCH]
    bids, asks = touch[touch["side"] > 0], touch[touch["side"] < 0]
    same = min(len(bids), len(asks))
    return bids[:same], asks[:same]


def _spread(mine: EventArray) -> Numbers:
    bids, asks = _touch(mine)
    if len(bids) < 2:
        return {}
    spread, lasts = asks["px"] - bids["px"], np.diff(bids["ts"]).astype(float)
    found: Numbers = {}
    for low, high in SPREADS:
        inside = (spread >= low) & (spread <= high) if high else spread >= low
        name = f"{low}" if low == high else f"{low}-{high}" if high else f"{low} or more"
        found[f"spread {name} ticks, share of messages"] = float(np.mean(inside))
        found[f"spread {name} ticks, share of time"] = float(lasts[inside[:-1]].sum() / lasts.sum())
    found["touch price changes/s"] = np.count_nonzero(np.diff(bids["px"] + asks["px"])) / (lasts.sum() / SECOND_US)
    for share in QUANTILES[:-1]:
        found[f"gap between touches, q{100 * share:.0f}, ms"] = float(np.quantile(lasts, share)) / 1_000
    return found


def _returns(mine: EventArray, instrument: Instrument) -> Numbers:
    bids, asks = _touch(mine)
    if len(bids) < 2:
        return {}
    ts, mid = bids["ts"], (bids["px"] + asks["px"]) / 2
    found: Numbers = {}
    for step_s in (1, 10, 30):
        at = np.arange(ts[0], ts[-1], step_s * SECOND_US)
        moves = np.diff(np.log(mid[np.searchsorted(ts, at, side="right") - 1])) * 1e4
        found[f"return over {step_s} s, sd, bps"] = float(moves.std()) if len(moves) > 2 else None
        if step_s == 1:
            found["return over 1 s, kurtosis"] = float(np.mean((moves - moves.mean()) ** 4) / moves.var() ** 2)
            found["return over 1 s, share of zeros"] = float(np.mean(moves == 0))
            found |= {f"ACF of |r| over 1 s, lag {lag}": _acf(np.abs(moves), lag) for lag in LAGS}
    return found


def _depth(whole: EventArray, instrument: Instrument, first_us: int) -> Numbers:
    """Average the book over one look a second."""
    check = BookCheck(int(instrument.market))
    book = whole[np.isin(whole["kind"], (Kind.BOOK, Kind.BOOK_CLEAR, Kind.GAP))]
    if not len(book):
        return {}
    looks = np.arange(max(first_us, int(book["ts"][0])) + SECOND_US, book["ts"][-1], SECOND_US)
    sums, filled, seen, start = np.zeros(DISTANCES[-1][1]), np.zeros(DISTANCES[-1][1]), 0, 0
    for stop in np.searchsorted(book["ts"], looks):
        check.add(book[start:stop])
        start = stop
        for side in (1, -1):
            levels = check.levels(side)
            if len(levels):
                behind = np.abs(levels[:, 0] - levels[0, 0])
                near = behind < len(sums)
                sums[behind[near]] += levels[near, 1] * instrument.lot
                filled[behind[near]] += 1
                seen += 1
    found: Numbers = {}
    for low, high in DISTANCES:
        name = f"{low}-{high - 1} ticks behind" if high - low > 1 else "at the touch"
        found[f"depth {name}, coin a tick"] = float(sums[low:high].mean()) / seen if seen else None
        found[f"levels {name}, share filled"] = float(filled[low:high].mean()) / seen if seen else None
    return found


def _trades(trades: EventArray, instrument: Instrument) -> Numbers:
    if len(trades) < 2 + max(LAGS):
        return {}
    found: Numbers = {}
    starts = np.flatnonzero(np.r_[True, (np.diff(trades["exch_ts"]) != 0) | (np.diff(trades["side"]) != 0)])
    orders = np.add.reduceat(trades["qty"], starts)
    prints = np.diff(np.r_[starts, len(trades)])
    prices = np.diff(np.r_[0, np.cumsum(np.r_[True, np.diff(trades["px"]) != 0])[np.r_[starts[1:] - 1, -1]]])
    seconds = float(trades["ts"][-1] - trades["ts"][0]) / SECOND_US
    found["orders/s"] = len(starts) / seconds
    found["trades an order"] = len(trades) / len(starts)
    found["orders of one trade, share"] = float(np.mean(prints == 1))
    found["orders that go through a level, share"] = float(np.mean(prices > 1))
    for name, sizes in (("trade", trades["qty"]), ("order", orders)):
        for share in QUANTILES:
            found[f"{name} size, q{100 * share:.0f}, coin"] = float(np.quantile(sizes, share)) * instrument.lot
    gaps = np.diff(trades["exch_ts"][starts]) / 1_000
    found |= {f"gap between orders, q{100 * share:.0f}, ms": float(np.quantile(gaps, share)) for share in QUANTILES}
    found["trades at the matching time of the one before, share"] = float(np.mean(np.diff(trades["exch_ts"]) == 0))
    signs = trades["side"].astype(float)
    found |= {f"ACF of trade signs, lag {lag}": _acf(signs, lag) for lag in LAGS}
    found |= {f"ACF of order signs, lag {lag}": _acf(signs[starts], lag) for lag in LAGS}
    return found


def _lags(mine: EventArray, trades: EventArray) -> Numbers:
    ends = mine[
        (mine["kind"] == Kind.BOOK) & ((mine["flags"] & Flag.LAST) != 0) & ((mine["flags"] & Flag.SNAPSHOT) == 0)
    ]
    if not len(ends) or not len(trades):
        return {}
    shows = np.searchsorted(ends["exch_ts"], trades["exch_ts"])
    known = shows < len(ends)
    wait = ends["ts"][shows[known]] - trades["ts"][known]
    return {
        "trades that arrive before the depth that shows them, share": float(np.mean(wait > 0)),
        "that wait, median, ms": float(np.median(wait)) / 1_000,
    }


def _acf(values: npt.NDArray[np.float64], lag: int) -> float | None:
    centred = values - values.mean()
    power = float(np.mean(centred**2))
    return float(np.mean(centred[:-lag] * centred[lag:])) / power if len(values) > lag and power > 0 else None


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def as_text(table: dict[str, Any]) -> str:
    """Return the table for people: one line a number, real and simulated."""
    lines = [f"real {table['real']}; simulated {table['scenario']}, seed {table['seed']}, {table['seconds']} s"]
    for market in ("perpetual", "spot"):
        if market in table:
            lines += ["", f"{market:<66}{'real':>12}{'simulated':>12}"]
            lines += [f"{name:<66}{_plain(pair[0]):>12}{_plain(pair[1]):>12}" for name, pair in table[market].items()]
    return "\n".join(lines)


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
