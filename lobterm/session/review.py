"""One session read for the screen: the report's numbers over the newest rows, so that a day takes no more than an hour does.

What: markouts of fills, of the market's trades and of triggers by what may explain them, the fills themselves, profit by minute.
It is read beside the writer: what is committed by then, and `as_of_us` says up to when that is.
Units: µs; bps of the reference price; quote coin.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from lobterm.errors import LobtermError
from lobterm.session import reader
from lobterm.session.bootstrap import Bins
from lobterm.session.opening import open_session
from lobterm.session.reading import Filled, Grouped, Listed, Minute, Reading
from lobterm.session.report import earned, marks
from lobterm.session.report.marks import BPS, Split

NEWEST = 300_000
"""Rows of a table that are looked at: an hour or more of a busy market."""
LISTED = 2_000
"""Fills that are told one by one, the newest."""
SESSIONS = 200
"""Sessions that may be chosen from."""


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
        splits=tuple((what, Grouped(split.title, split.explained, tuple(split.curves))) for what, split in found),
        minutes=tuple(_minute(row) for row in by_minute.iter_rows(named=True)),
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


def main(arguments: Sequence[str]) -> int:
    """Read for another process: tell it progress and the reading, or why there is none, as `beside` hears them."""
    path, wanted = arguments
    out = sys.stdout.buffer

    def tell(told: object) -> None:
        text = msgspec.msgpack.encode(told)
        out.write(len(text).to_bytes(4, "little") + text)
        out.flush()

    try:
        tell(read(Path(path), wanted, lambda done: tell(done)))
    except LobtermError as error:
        tell(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
