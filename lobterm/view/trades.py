"""The tape's picture: the last trades, newest first, with their cluster or the reason for having none.

Trades of one matching time, side and label are one sweep, and one row: how many prints, how far the price went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lobterm.engine.rows import Label, Why
from lobterm.view import format as fmt
from lobterm.view.models import TradeRow
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from lobterm.instrument import Instrument
    from lobterm.view.history import History

SIZE_CELLS = 8
REASONS = {
    Why.NONE: "",
    Why.NO_MODEL: "no model",
    Why.NO_BOOK: "no book",
    Why.NO_CLOCK: "no clock",
    Why.WARM_UP: "warm-up",
    Why.FLAT: "flat",
}
"""Why a trade is unclassified, in a word or two."""
LABELS = tuple(Label)
"""By number, because an enum's own look-up is slow."""
LOOKED_AT = 4096
"""Trades that a frame looks through for rows: sweeps and small trades may hide many."""
LIQUIDATION_SPAN_US = 300_000_000

Rows = npt.NDArray[np.void]


def sweeps(trades: Rows) -> tuple[list[int], list[int], list[int]]:
    """Return (first, last, lots) of each run of trades of one matching time, side, label and reason, oldest first."""
    if not len(trades):
        return [], [], []
    same = trades["exch_ts"][1:] == trades["exch_ts"][:-1]
    for name in ("side", "label", "why"):
        same &= trades[name][1:] == trades[name][:-1]
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    lots = np.add.reduceat(trades["qty"], starts)
    ends = np.concatenate([starts[1:], [len(trades)]]) - 1
    return starts.tolist(), ends.tolist(), lots.tolist()


def trades(
    tape: Rows, instrument: Instrument, rows: int, least_lots: int = 0, forced: Rows | None = None
) -> tuple[TradeRow, ...]:
    """Return up to `rows` sweeps of `least_lots` or more of `tape` (oldest first), newest first, liquidations among them."""
    found = _trades(tape, instrument, rows, least_lots)
    if forced is None or not len(forced) or not found:
        return tuple(row for _, row in found)
    oldest = found[-1][0] if len(found) == rows else 0
    told = forced[-rows:][forced["ts"][-rows:] >= oldest]
    cells = len(found[0][1].price)
    return tuple(row for _, row in sorted([*found, *_liquidations(told, instrument, cells)], key=_newest_first)[:rows])


def _newest_first(at: tuple[int, TradeRow]) -> int:
    return -at[0]


def _liquidations(rows: Rows, instrument: Instrument, cells: int) -> list[tuple[int, TradeRow]]:
    """Return liquidations as rows of the tape; their average price lies between ticks."""
    size = fmt.sizes(instrument, SIZE_CELLS)
    return [
        (
            ts,
            TradeRow(
                time=fmt.clock(ts), side=side, price=fmt.fixed(px, 8, instrument.price_decimals).rjust(cells),
                size=size(qty).rjust(SIZE_CELLS), size_share=0.0, label=Label.UNCLASSIFIED, why="", large=True, liquidation=True,
            ),
        )
        for ts, side, px, qty in zip(*(rows[name].tolist() for name in ("ts", "side", "px", "qty")), strict=True)
    ]  # fmt: skip


def _trades(tape: Rows, instrument: Instrument, rows: int, least_lots: int) -> list[tuple[int, TradeRow]]:
    """Return when each sweep was, and the sweep."""
    if rows <= 0:
        return []
    chosen: list[int] = []
    whole = tape
    for looked_at in (LOOKED_AT,) if least_lots else (8 * rows, LOOKED_AT):
        tape = whole[-looked_at:]
        starts, ends, lots = sweeps(tape)
        chosen = [at for at in range(len(starts) - 1, -1, -1) if lots[at] >= least_lots][:rows]
        if len(chosen) == rows or looked_at >= len(whole):
            break
    if not chosen:
        return []
    full_lots = full_scale(max(lots[at] for at in chosen) * instrument.lot) / instrument.lot
    large_lots = _large(lots)
    size, price = fmt.sizes(instrument, SIZE_CELLS), fmt.prices(instrument)
    last, first = tape[[ends[at] for at in chosen]], tape["px"][[starts[at] for at in chosen]].tolist()
    columns = (last[name].tolist() for name in ("ts", "side", "px", "label", "why"))
    prices = list(map(price, last["px"].tolist()))
    cells = max(map(len, prices))
    return [
        (
            ts,
            TradeRow(
                time=fmt.clock(ts),
                side=side,
                price=text.rjust(cells),
                size=size(lots[at]).rjust(SIZE_CELLS),
                size_share=lots[at] / full_lots,
                label=LABELS[label],
                why=REASONS[why] if label == Label.UNCLASSIFIED else "",
                prints=ends[at] - starts[at] + 1,
                swept=abs(px - first_px),
                large=lots[at] >= large_lots,
            ),
        )
        for at, text, first_px, ts, side, px, label, why in zip(chosen, prices, first, *columns, strict=True)
    ]


def _large(lots: list[int]) -> float:
    """Return from which size on a sweep is large: ten times the mean of those in sight."""
    return 10.0 * sum(lots) / len(lots)


def liquidated(history: History, now: int, instrument: Instrument) -> str:
    """Return longs ▼ and shorts ▲ liquidated in the last five minutes as a lower bound: the exchange tells one a second at most."""
    rows = history.liquidations.rows
    if not len(rows):
        return ""
    recent = rows[np.searchsorted(rows["ts"], now - LIQUIDATION_SPAN_US) :]
    longs, shorts = (int(recent["qty"][recent["side"] == side].sum()) for side in (-1, 1))
    texts = [fmt.size(lots, instrument, 7) for lots in (longs, shorts)]
    return f"liq 5m ▼≥{texts[0]} ▲≥{texts[1]}"
