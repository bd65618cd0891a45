"""The heat map's picture: what rested at which price when, the trades that met it, and what we did.

Time runs to the right in columns of whole seconds, prices up in half rows of whole bins. Colours are levels 0 to 7 of a
scale that is named; a second without a known book is not dark but unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from lobterm.engine.rows import QuoteAct, Regime
from lobterm.view import format as fmt
from lobterm.view.depth import BINS, COLUMN, COLUMN_US
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.history import History

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

UNKNOWN = 255
LEVELS = 8
SECONDS = (1, 2, 5, 10, 30, 60)
"""Of a column, by key."""
ZOOMS = (1, 2, 5, 10, 20, 50)
"""Bins of a half row, by key."""
DOTS = 3
"""Sizes of trade dots: at a tenth, a half and all of the round number above the largest in sight."""
SHARES = (0.02, 0.15, 0.5)
DOT_WORDS, OWN_WORDS = "● bought ○ sold", "╌ our quotes · ◆ ◇ our fills"


class HeatUi(Struct, frozen=True):
    """What part of the past is looked at."""

    columns: int = 60
    rows: int = 20  # of cells; two half rows each
    seconds: int = 1
    zoom: int = 1
    end_ts: int | None = None  # None follows now
    top: int | None = None  # tick of the upper edge; None follows the mid
    follow_top: int | None = None  # where the upper edge stood while following
    dots: bool = True


class Mark(Struct, frozen=True):
    """Something at a place: column and row of cells."""

    column: int
    row: int
    what: str  # buy, sell: a fill of ours; trigger-sell, trigger-buy
    size: int = 0


class HeatView(Struct, frozen=True):
    """What is drawn. Arrays are (half rows, columns) or (rows, columns), row 0 at the top."""

    heat: Bytes
    bought: Bytes  # 0 none, 1 to DOTS
    sold: Bytes
    own: npt.NDArray[np.int8]  # +1 our bid, -1 our ask
    mid: Ints  # row of cells by column, -1 unknown
    forced: npt.NDArray[np.int8]  # by column: -1 sells, +1 buys
    marks: tuple[Mark, ...]
    prices: tuple[tuple[int, str], ...]  # row of cells, label
    times: tuple[tuple[int, str], ...]  # column, label
    last: tuple[int, str] | None  # row of the mid, its price
    note: str
    top: int
    full: str = ""  # what the deepest colour stands for
    unknown: str = ""


class Grid:
    """Where a time and a price stand."""

    def __init__(self, ui: HeatUi, now: int, mid2: int | None, bin_ticks: int) -> None:
        self.columns, self.rows = ui.columns, ui.rows
        self.dt = ui.seconds * COLUMN_US
        self.per = ui.zoom * bin_ticks  # ticks of a half row
        end = ui.end_ts if ui.end_ts is not None else now
        self.end = -(-end // self.dt) * self.dt
        self.start = self.end - self.columns * self.dt
        self.top = self._top(ui, mid2)

    def _top(self, ui: HeatUi, mid2: int | None) -> int:
        """Return the tick above the picture: where it stood while the mid stays within its middle half."""
        span = 2 * self.rows * self.per
        if ui.top is not None:
            return ui.top // self.per * self.per
        mid = (mid2 or 0) // 2
        held = ui.follow_top
        if held is not None and held % self.per == 0 and span // 4 <= held - mid <= 3 * span // 4:
            return held
        return (mid + span // 2) // self.per * self.per

    def column(self, ts: Ints) -> Ints:
        """Return the column of each time."""
        return (ts - self.start) // self.dt

    def half(self, px: Ints) -> Ints:
        """Return the half row of each price; outside the picture where below 0 or too large."""
        return (self.top - 1 - px) // self.per


def heat(history: History, snapshot: Snapshot, instrument: Instrument, ui: HeatUi) -> HeatView:
    """Return the picture."""
    depth = history.depth
    grid = Grid(ui, snapshot.ts, _mid2(history, snapshot), max(1, depth.bin))
    lots = _resting(history, grid)
    shown = lots[np.isfinite(lots) & (lots > 0)]
    full = full_scale(float(np.percentile(shown, 97)) * instrument.lot) if len(shown) else 1.0
    levels = np.ceil((LEVELS - 1) * np.sqrt(np.clip(np.nan_to_num(lots) * instrument.lot / full, 0.0, 1.0)))
    picture = np.where(np.isnan(lots), UNKNOWN, levels).astype(np.uint8)
    bought, sold, dot = _trades(history, grid, instrument) if ui.dots else (*_nothing(grid), 0.0)
    mid, last = _mid(history, grid, instrument, snapshot)
    blank = not depth.bin or not len(depth.columns)
    coin = fmt.base_coin(instrument.symbol)
    held = () if ui.end_ts is None and ui.top is None else ("HELD",)
    trades = f"{DOT_WORDS} to {dot:,.10g} {coin}" if dot else "no trades"
    note = " · ".join((*held, f"{ui.seconds} s x {grid.per * 2} ticks", trades, OWN_WORDS))
    return HeatView(
        heat=picture,
        bought=bought,
        sold=sold,
        own=_own(history, grid, snapshot),
        mid=mid,
        forced=_forced(history, grid),
        marks=_marks(history, grid),
        prices=_prices(grid, instrument),
        times=_times(grid),
        last=last,
        note=note,
        full=f"{full:,.10g} {coin}",
        top=grid.top,
        unknown="no depth on this tape yet" if blank else "",
    )


def _mid2(history: History, snapshot: Snapshot) -> int | None:
    if snapshot.mid2 is not None:
        return snapshot.mid2
    trades = history.trades.rows
    return 2 * int(trades["px"][-1]) if len(trades) else None


def _resting(history: History, grid: Grid) -> Floats:
    """Return lots by half row and column: the most that stood there at the end of any second of the column."""
    depth = history.depth
    out = np.full((2 * grid.rows, grid.columns), np.nan, np.float32)
    if not depth.bin:
        return out
    columns = depth.columns.rows
    # a sample bears the end of its second: the column that ends with it is the one before that time
    first, stop = np.searchsorted(columns["ts"], [grid.start + 1, grid.end + 1])
    _lay(out, grid, depth.bin, columns[first:stop], depth.lots.buffer, depth.places(first, stop))
    now = depth.running()
    if now is not None and grid.start < now[0] <= grid.end:
        _lay(out, grid, depth.bin, np.array([(now[0], now[1], True)], COLUMN), now[2][None], np.zeros(1, np.int64))
    return out


def _lay(out: Floats, grid: Grid, bin_ticks: int, columns: npt.NDArray[np.void], lots: Floats, places: Ints) -> None:
    """Put samples, which are at these places of `lots`, into the picture, the largest where several fall into one place."""
    at = grid.column(columns["ts"] - 1)
    low = grid.top - 2 * grid.rows * grid.per
    fold = grid.per // bin_ticks
    for base in np.unique(columns["base"]).tolist():
        mine = np.flatnonzero((columns["base"] == base) & columns["known"])
        offset = (low - base) // bin_ticks
        bins = np.arange(offset, offset + 2 * grid.rows * fold)
        inside = (bins >= 0) & (bins < BINS)
        if not inside.any() or not len(mine):
            continue
        lo, hi = int(bins[inside][0]), int(bins[inside][-1]) + 1
        part = np.full((len(mine), len(bins)), np.nan, np.float32)
        part[:, inside] = lots[places[mine], lo:hi]
        rows = part.reshape(len(mine), 2 * grid.rows, fold).sum(axis=2) if fold > 1 else part
        starts = np.flatnonzero(np.concatenate([[True], np.diff(at[mine]) != 0]))
        most = np.fmax.reduceat(rows, starts, axis=0)
        where = at[mine][starts]
        out[:, where] = np.fmax(out[:, where], most[:, ::-1].T)


def _nothing(grid: Grid) -> tuple[Bytes, Bytes]:
    blank = np.zeros((grid.rows, grid.columns), np.uint8)
    return blank, blank


def _trades(history: History, grid: Grid, instrument: Instrument) -> tuple[Bytes, Bytes, float]:
    """Return sizes of dots, bought and sold, by row and column, and the size of the largest dot in base units."""
    rows = history.trades.rows
    start, stop = np.searchsorted(rows["ts"], [grid.start, grid.end])
    rows = rows[start:stop]
    row, column = grid.half(rows["px"]) // 2, grid.column(rows["ts"])
    inside = (row >= 0) & (row < grid.rows)
    cell = (row * grid.columns + column)[inside]
    qty, side = rows["qty"][inside], rows["side"][inside]
    cells = grid.rows * grid.columns
    sums = [np.bincount(cell[mine], weights=qty[mine], minlength=cells) for mine in (side > 0, side < 0)]
    most = max(float(each.max(initial=0.0)) for each in sums) * instrument.lot
    if not most:
        return (*_nothing(grid), 0.0)
    full = full_scale(most)
    bought, sold = (
        np.searchsorted(SHARES, each * instrument.lot / full, side="right").reshape(grid.rows, grid.columns)
        for each in sums
    )
    return bought.astype(np.uint8), sold.astype(np.uint8), full


def _mid(
    history: History, grid: Grid, instrument: Instrument, snapshot: Snapshot
) -> tuple[Ints, tuple[int, str] | None]:
    ticks = history.ticks.rows
    start, stop = np.searchsorted(ticks["ts"], [grid.start + 1, grid.end + 1])
    ticks = ticks[start:stop]
    ticks = ticks[ticks["bid"] > 0]
    rows = np.full(grid.columns, -1, np.int64)
    row = grid.half((ticks["bid"] + ticks["ask"]) // 2) // 2
    seen = (row >= 0) & (row < grid.rows)
    rows[grid.column(ticks["ts"][seen] - 1)] = row[seen]
    if snapshot.mid2 is None:
        return rows, None
    now = int(grid.half(np.array([snapshot.mid2 // 2]))[0]) // 2
    return rows, (now, fmt.half_price(snapshot.mid2, instrument)) if 0 <= now < grid.rows else None


def _own(history: History, grid: Grid, snapshot: Snapshot) -> npt.NDArray[np.int8]:
    """Return where our orders stood: from their placing to their end, or to now."""
    out = np.zeros((grid.rows, grid.columns), np.int8)
    rows = history.quotes.rows
    placed = rows[rows["act"] == QuoteAct.PLACE]
    ended = rows[rows["act"] != QuoteAct.PLACE]
    if not len(placed):
        return out
    ended = ended[np.argsort(ended["order_id"], kind="stable")]
    at = np.searchsorted(ended["order_id"], placed["order_id"])
    found = at < len(ended)
    found[found] = ended["order_id"][at[found]] == placed["order_id"][found]
    until = np.full(len(placed), snapshot.ts)
    until[found] = ended["ts"][at[found]]
    row = grid.half(placed["px"]) // 2
    first, last = grid.column(placed["ts"]), grid.column(until)
    seen = (row >= 0) & (row < grid.rows) & (last >= 0) & (first < grid.columns) & (placed["px"] > 0)
    chosen = zip(
        row[seen].tolist(), first[seen].tolist(), last[seen].tolist(), placed["side"][seen].tolist(), strict=True
    )
    for where, start, stop, side in chosen:
        out[where, max(0, start) : stop + 1] = side
    return out


def _forced(history: History, grid: Grid) -> npt.NDArray[np.int8]:
    out = np.zeros(grid.columns, np.int8)
    ticks = history.ticks.rows
    start, stop = np.searchsorted(ticks["ts"], [grid.start + 1, grid.end + 1])
    ticks = ticks[start:stop]
    column = grid.column(ticks["ts"] - 1)
    out[column[ticks["state_buy"] == Regime.FORCED]] = 1
    out[column[ticks["state_sell"] == Regime.FORCED]] = -1
    return out


def _marks(history: History, grid: Grid) -> tuple[Mark, ...]:
    marks = []
    for tail, name in ((history.fills, "fill"), (history.triggers, "trigger")):
        rows = tail.rows
        rows = rows[np.searchsorted(rows["ts"], grid.start) : np.searchsorted(rows["ts"], grid.end)]
        px = rows["px"] if name == "fill" else (rows["bid"] + rows["ask"]) // 2
        row, column = grid.half(px) // 2, grid.column(rows["ts"])
        for r, c, side in zip(row.tolist(), column.tolist(), rows["side"].tolist(), strict=True):
            if 0 <= r < grid.rows or name == "trigger":
                marks.append(Mark(c, min(max(r, 0), grid.rows - 1), f"{name}{'+' if side > 0 else '-'}"))
    return tuple(marks)


def _prices(grid: Grid, instrument: Instrument) -> tuple[tuple[int, str], ...]:
    step = 4 if grid.rows >= 16 else 2
    return tuple(
        (row, fmt.price(grid.top - 2 * grid.per * row - grid.per, instrument)) for row in range(0, grid.rows, step)
    )


def _times(grid: Grid) -> tuple[tuple[int, str], ...]:
    """Return a time every ten columns or more, at round numbers of columns."""
    step = 15 * grid.dt
    first = -(-grid.start // step) * step
    return tuple(((ts - grid.start) // grid.dt, fmt.clock(ts)[:8]) for ts in range(first, grid.end, step))


def moved(ui: HeatUi, view_top: int, now: int, bin_ticks: int, columns: int, halves: int) -> HeatUi:
    """Return `ui` panned by columns and half rows; what is still at now or at the mid goes on following."""
    changed = ui
    if columns:
        end = (ui.end_ts if ui.end_ts is not None else now) + columns * ui.seconds * COLUMN_US
        changed = replace(changed, end_ts=None if end >= now else end)
    if halves:
        changed = replace(changed, top=view_top + halves * ui.zoom * max(1, bin_ticks))
    return changed
