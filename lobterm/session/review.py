"""One session read for the screen: the report's numbers over the newest rows, so that a day takes no more than an hour does.

What: markouts of fills, of the market's trades and of triggers by what may explain them, the fills themselves, profit by minute.
It is read beside the writer: what is committed by then, and `as_of_us` says up to when that is.
Units: µs; bps of the reference price; quote coin.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from lobterm.session import reader
from lobterm.session.bootstrap import Bins
from lobterm.session.opening import open_session
from lobterm.session.report import earned, marks
from lobterm.session.report.earned import Earned
from lobterm.session.report.marks import BPS, Split

NEWEST = 300_000
"""Rows of a table that are looked at: an hour or more of a busy market."""
LISTED = 2_000
"""Fills that are told one by one, the newest."""
SESSIONS = 200
"""Sessions that may be chosen from."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One fill. Prices in ticks, sizes in lots; None: not known."""

    ts_us: int
    strategy: str
    side: int
    px_ticks: int
    qty_lots: int
    ahead_base: float | None
    fee_quote: float
    rule: str
    cluster: str
    state: str  # of the side that hit us
    at_once_bps: float
    markouts_bps: tuple[float | None, ...]  # by horizon


@dataclass(frozen=True, slots=True)
class Minute:
    """What one minute brought, quote coin: total = spread + slippage - fees + rest."""

    ts_us: int
    minutes: int  # since the one before: more than 1 where nothing was known between
    total: float
    spread: float
    slippage: float
    fees: float
    rest: float
    fills: int
    pnl: float  # at its end
    inventory_base: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A session that may be chosen."""

    session_id: str
    symbol: str
    mode: str
    started_us: int
    ended: bool
    first_us: int | None
    last_us: int | None
    fills: int | None
    total: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the log gave."""

    listed: Listed
    tick_e8: int | None
    lot_e8: int | None
    as_of_us: int | None  # market time of the newest row; None without any
    fills: tuple[Filled, ...]  # newest first, LISTED at most
    fills_read: int
    fills_all: int  # in the log; more than were read where they are many
    trades_read: int  # of the market, with markouts
    trades_all: int
    splits: tuple[tuple[str, Split], ...]  # of what, and the curves
    minutes: tuple[Minute, ...]
    earned: tuple[Earned, ...]
    fee_bps: float | None  # paid, of what was traded
    maker_fee_bps: float | None  # the tier that was run
    sessions: tuple[Listed, ...]
    took_s: float


def read(path: Path, wanted: str, progress: Callable[[int], None] | None = None) -> Reading:
    """Read one session by id; `progress` is told how many trades were read, and may raise to give up."""
    started = time.perf_counter()
    session = replace(open_session(wanted, path), newest=NEWEST)
    about = session.about()
    fills, triggers, ticks = session.fills(), session.triggers(), session.pnl()
    times = session.raw("alpha", ["ts"])["ts"]
    first, last = (int(times.min()), int(times.max())) if len(times) else (0, 0)  # type: ignore[arg-type]
    bins = Bins.over(first, last)
    market = marks.clusters(session, bins, progress)
    found: list[tuple[str, Split]] = [("fills", split) for split in marks.fill_splits(fills, bins)]
    if market.curves:
        found.append(
            ("trades", Split("cluster", "of the taker; half a spread below zero to begin with", market.curves))
        )
    found += [("triggers", split) for split in marks.trigger_splits(triggers, None, bins)]
    by_minute = earned.by_minute(ticks, fills)
    return Reading(
        listed=_listed(about),
        tick_e8=session.sizes.tick_e8,
        lot_e8=session.sizes.lot_e8,
        as_of_us=last or None,
        fills=_fills(fills),
        fills_read=len(fills),
        fills_all=about["rows"]["fills"],
        trades_read=sum(curve.n for curve in market.curves),
        trades_all=about["rows"]["labels"],
        splits=tuple(found),
        minutes=tuple(_minute(row) for row in by_minute.iter_rows(named=True)),
        earned=tuple(earned.earned(session, fills, about)) if len(fills) == about["rows"]["fills"] else (),
        fee_bps=earned.fee_bps(fills),
        maker_fee_bps=_number(about["params"].get("account.maker_fee_bps")),
        sessions=tuple(_listed(row) for row in reader.newest(path, SESSIONS)),
        took_s=time.perf_counter() - started,
    )


def _fills(fills: pl.DataFrame) -> tuple[Filled, ...]:
    at_once = 1e4 * pl.col("side") * (pl.col("mid_half_ticks") - 2 * pl.col("px_ticks")) / (2 * pl.col("px_ticks"))
    hit_us = pl.when(pl.col("side") > 0).then(pl.col("state_sell")).otherwise(pl.col("state_buy"))
    rows = (
        fills.with_columns(at_once=at_once, hit_us=hit_us.cast(pl.String)).sort("ts_us", descending=True).head(LISTED)
    )
    return tuple(
        Filled(
            ts_us=row["ts_us"], strategy=row["strategy"], side=row["side"], px_ticks=row["px_ticks"], qty_lots=row["qty_lots"],
            ahead_base=row["ahead_base"], fee_quote=row["fee_quote"], rule=row["rule"], cluster=row["cluster"] or "",
            state=row["hit_us"] or "", at_once_bps=row["at_once"], markouts_bps=tuple(row[name] for name in BPS),
        )
        for row in rows.iter_rows(named=True)
    )  # fmt: skip


def _minute(row: dict[str, Any]) -> Minute:
    names = ("minutes", "total", "spread", "slippage", "fees", "rest", "fills", "inventory_base")
    return Minute(ts_us=row["minute"], pnl=row["pnl_quote"], **{name: row[name] for name in names})


def _listed(about: dict[str, Any]) -> Listed:
    summary = about["summary"] or {}
    counted = summary.get("fills")
    return Listed(
        session_id=about["session_id"],
        symbol=about["symbol"] or "",
        mode=about["mode"] or "",
        started_us=about["started_us"],
        ended=about["ended_us"] is not None,
        first_us=about["first_ts_us"],
        last_us=about["last_ts_us"],
        fills=counted if isinstance(counted, int) else None,
        total=_number((summary.get("pnl_usdt") or {}).get("total")),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
