"""Pressure over time: what the alpha ticks said, one value for each column of dots, and the state as a band behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from lobterm.engine import params as pm
from lobterm.engine.rows import AlphaValid, Regime
from lobterm.events import Market, Scope
from lobterm.view import format as fmt
from lobterm.view import pressure
from lobterm.view.happened import What
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.history import History

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LPI_DOT_US = 1_000_000
DOTS_US = (250_000, 1_000_000, 2_000_000, 5_000_000, 15_000_000, 60_000_000)
"""Time that a column of dots stands for, by key."""
TIME_STEPS_US = tuple(step_s * 1_000_000 for step_s in (10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600))
"""Between labels of the time axis."""


class Line(Struct, frozen=True):
    """One line; side -1 sells, +1 buys, 0 neither. NaN where there is no value."""

    side: int
    values: Floats


class ChartView(Struct, frozen=True):
    """Lines over time, two columns of dots a cell, the newest at the right."""

    name: str
    note: str
    lines: tuple[Line, ...] = ()
    low: float = 0.0
    high: float = 1.0
    levels: tuple[tuple[float, str], ...] = ()
    triggers: tuple[tuple[int, int], ...] = ()  # column of cells, side
    forced: dict[int, Bools] = field(default_factory=dict)  # side: columns of cells
    unknown: str = ""
    named: bool = False  # whether FORCED is told by a glyph too: a band alone is not seen without colour
    top: str | None = None  # what the ends of the scale are called; None: their values
    bottom: str | None = None
    times: tuple[tuple[int, str], ...] = ()  # column of cells, label


class Axis:
    """Time by columns of dots, the newest column ending with the span that `now` is in."""

    def __init__(self, now: int, dot_us: int, cells: int) -> None:
        self.dots, self.dot_us = 2 * cells, dot_us
        self.end = -(-now // (2 * dot_us)) * 2 * dot_us  # whole cells, so that lines do not crawl within them
        self.start = self.end - self.dots * dot_us

    def of(self, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the column of dots of each time."""
        return (ts - 1 - self.start) // self.dot_us

    def highest(self, ts: npt.NDArray[np.int64], values: Floats) -> Floats:
        """Return the highest value of each column, so that no peak is lost by looking from afar."""
        out = np.full(self.dots, np.nan)
        if len(ts):
            dot = self.of(ts)
            starts = np.flatnonzero(np.concatenate([[True], dot[1:] != dot[:-1]]))
            out[dot[starts]] = np.fmax.reduceat(values, starts)
        return out

    def last(self, ts: npt.NDArray[np.int64], values: Floats) -> Floats:
        """Return the last known value of each column."""
        out = np.full(self.dots, np.nan)
        known = ~np.isnan(values)
        out[self.of(ts[known])] = values[known]  # of several the last is kept
        return out

    def any(self, ts: npt.NDArray[np.int64], true: Bools) -> Bools:
        """Return for each column of cells whether it was true at any time in it."""
        out = np.zeros(self.dots // 2, np.bool_)
        out[self.of(ts[true]) // 2] = True
        return out


def _ticks(history: History, axis: Axis) -> Any:
    rows = history.ticks.rows
    start, stop = np.searchsorted(rows["ts"], [axis.start + 1, axis.end + 1])
    return rows[start:stop]


def _known(ticks: Any, name: str, bit: int) -> Floats:
    return np.where(ticks["valid"] & np.uint32(bit), ticks[name], np.nan).astype(np.float64)


def _line(ticks: Any, axis: Axis, side: int, name: str, bit: AlphaValid) -> Line:
    return Line(side, axis.highest(ticks["ts"], _known(ticks, name, int(bit))))


def _scaled(lines: tuple[Line, ...], least: float, below: float) -> tuple[float, float]:
    """Return (low, high): a round scale over the highest value, reaching `below` of it under zero."""
    peaks = [float(np.nanmax(line.values)) for line in lines if not np.isnan(line.values).all()]
    high = full_scale(max([least, *peaks]))
    return -below * high, high


def _forced(ticks: Any, axis: Axis) -> dict[int, Bools]:
    return {
        side: axis.any(ticks["ts"], ticks[name] == int(Regime.FORCED))
        for side, name in ((-1, "state_sell"), (1, "state_buy"))
    }


def _triggers(history: History, axis: Axis) -> tuple[tuple[int, int], ...]:
    rows = history.triggers.rows
    rows = rows[np.searchsorted(rows["ts"], axis.start + 1) :]
    columns = axis.of(rows["ts"]) // 2
    return tuple(zip(columns.tolist(), rows["side"].tolist(), strict=True))


def waiting(why: str) -> ChartView:
    """Return the chart of the LPI while there is no engine to draw one."""
    return ChartView("LPI", "", unknown=why, top="", bottom="")


def lpi_chart(history: History, snapshot: Snapshot, cells: int, dot_us: int = LPI_DOT_US) -> ChartView:
    """Return the LPI of both sides with its thresholds, FORCED as a band, triggers marked."""
    if cells <= 0:
        return ChartView("LPI", "")
    axis = Axis(snapshot.ts, dot_us, cells)
    ticks = _ticks(history, axis)
    lines = (
        _line(ticks, axis, -1, "lpi_sell", AlphaValid.LPI_SELL),
        _line(ticks, axis, 1, "lpi_buy", AlphaValid.LPI_BUY),
    )
    panic, calm = float(snapshot.params[pm.LPI_HI]), float(snapshot.params[pm.LPI_EXIT])
    low, high = _scaled(lines, 1.5 * panic, 0.25)
    return ChartView(
        "LPI",
        f"{_value(snapshot.pressure.sells.lpi, -1)} {_value(snapshot.pressure.buys.lpi, 1)} · {_across(axis)}",
        lines, low, high, ((calm, f"{calm:g}"), (panic, f"{panic:g}")), _triggers(history, axis), _forced(ticks, axis),
        unknown="" if any(not np.isnan(line.values).all() for line in lines) else "no LPI yet", named=True,
    )  # fmt: skip


def _value(value: float | None, side: int = 0, form: str = "+.2f") -> str:
    glyph = {-1: "▼", 1: "▲"}.get(side, "")
    return f"{glyph}{fmt.NOTHING if value is None else format(value, form)}"


def _across(axis: Axis) -> str:
    """Say how much time stands across, and which."""
    us = axis.dots * axis.dot_us
    wide = fmt.age(us) if us >= 60_000_000 else fmt.span(us)
    return f"{wide} across · {fmt.clock(axis.start)[:8]} to {fmt.clock(axis.end)[:8]}"


def _times(axis: Axis) -> tuple[tuple[int, str], ...]:
    """Return a time every sixteen columns of cells or more, at round numbers of columns."""
    cell_us = 2 * axis.dot_us
    step = next((step for step in TIME_STEPS_US if step >= 16 * cell_us), TIME_STEPS_US[-1])
    offset = fmt.offset_us(axis.start)
    first = -(-(axis.start + offset) // step) * step - offset
    return tuple(((ts - axis.start) // cell_us, fmt.clock(ts)[:8]) for ts in range(first, axis.end, step))


def charts(
    history: History, snapshot: Snapshot, instrument: Instrument, cells: int, dot_us: int
) -> tuple[ChartView, ...]:
    """Return price, LPI, then z of impact, depth, toxicity and open interest, then cumulative delta, all over one time axis."""
    if cells <= 0:
        return ()
    axis = Axis(snapshot.ts, dot_us, cells)
    ticks, p, params = _ticks(history, axis), snapshot.pressure, snapshot.params
    z = AlphaValid

    def chart(name: str, note: str, lines: tuple[Line, ...], level: float | None) -> ChartView:
        low, high = _scaled(lines, 5.0, 0.5)
        levels = ((level, f"{level:g}"),) if level is not None else ()
        blank = all(np.isnan(line.values).all() for line in lines)
        return ChartView(name, note, lines, low, high, levels, (), _forced(ticks, axis), "not known" if blank else "")

    def note(sells: float | None, buys: float | None, z_sells: float | None, z_buys: float | None) -> str:
        return (
            f"▼{_value(sells, form='.3g')} z {pressure.z(z_sells, params)}"
            f"  ▲{_value(buys, form='.3g')} z {pressure.z(z_buys, params)}"
        )

    return (
        _price(history, ticks, axis, instrument),
        lpi_chart(history, snapshot, cells, dot_us),
        chart(
            "z(FSI)", note(p.sells.fsi.value, p.buys.fsi.value, p.sells.fsi.z, p.buys.fsi.z),
            (_line(ticks, axis, -1, "z_fsi_sell", z.Z_FSI_SELL), _line(ticks, axis, 1, "z_fsi_buy", z.Z_FSI_BUY)),
            float(params[pm.STATE_Z_FSI]),
        ),
        chart(
            "z(LDR)", note(p.sells.ldr.value, p.buys.ldr.value, p.sells.ldr.z, p.buys.ldr.z),
            (_line(ticks, axis, -1, "z_ldr_bid", z.Z_LDR_BID), _line(ticks, axis, 1, "z_ldr_ask", z.Z_LDR_ASK)),
            float(params[pm.STATE_Z_LDR]),
        ),
        chart(
            "z(Π)", f"{_value(p.pi.value, form='.3g')} z {pressure.z(p.pi.z, params)}",
            (_line(ticks, axis, 0, "z_pi", z.Z_PI),), float(params[pm.Z_PI_MAX]),
        ),
        chart(
            "z(OI flush)", _oi_note(snapshot),
            (_line(ticks, axis, 0, "z_oi", z.Z_OI),), float(params[pm.STATE_Z_OI]),
        ),
        _delta(history, axis, instrument),
    )  # fmt: skip


def _price(history: History, ticks: Any, axis: Axis, instrument: Instrument) -> ChartView:
    """Return the mid, with the average by volume and the range of the trades since the history begins."""
    known = (ticks["valid"] & np.uint32(int(AlphaValid.TOUCH))) != 0
    mids = np.where(known, (ticks["bid"] + ticks["ask"]) / 2, np.nan)
    values = axis.last(ticks["ts"], mids)
    figures = history.profile.figures()
    if np.isnan(values).all() or figures is None:
        return ChartView("MID", "", unknown="no price in sight" if figures else "no trade yet")
    vwap, low, high = figures
    seen_low, seen_high = float(np.nanmin(values)), float(np.nanmax(values))
    # half a tick of room, so that a price that stands still has a scale
    room = max(0.5, 0.05 * (seen_high - seen_low))
    note = (
        f"VWAP {fmt.real_price(vwap, instrument)} low {fmt.price(low, instrument)} high {fmt.price(high, instrument)}"
        f" since {fmt.clock(history.since_ts)[:5]} · {_across(axis)}"
    )
    return ChartView(
        "MID", note, (Line(0, values),), seen_low - room, seen_high + room,
        ((vwap, "VWAP"), (float(low), "low"), (float(high), "high")), _triggers(history, axis), _forced(ticks, axis),
        top="", bottom="",
    )  # fmt: skip


def _oi_note(snapshot: Snapshot) -> str:
    p = snapshot.pressure
    if p.oi_age_us is None:
        return "no reading of open interest"
    return f"z {pressure.z(p.oi_flush.z, snapshot.params)} · read {fmt.age(p.oi_age_us)} ago"


def _lost_trades(history: History, axis: Axis) -> npt.NDArray[np.int64]:
    """Return from when on trades were not known, up to the next one."""
    notes = (note for note in history.happened.notes if note.what is What.GAP and note.ts > axis.start)
    lost = [note.ts for note in notes if note.b in (Scope.TRADES, Scope.ALL) and note.c == Market.PERP]
    return np.array(lost, np.int64)


def _delta(history: History, axis: Axis, instrument: Instrument) -> ChartView:
    rows = history.trades.rows
    start, stop = np.searchsorted(rows["ts"], [axis.start + 1, axis.end + 1])
    rows = rows[start:stop]
    dot = axis.of(rows["ts"])
    values = np.full(axis.dots, np.nan)
    if not len(rows):
        return ChartView("CVD", "no trade in sight", unknown="no trade in sight")
    last = np.flatnonzero(np.concatenate([dot[1:] != dot[:-1], [True]]))
    values[dot[last]] = rows["cvd"][last] * instrument.lot
    known = np.flatnonzero(~np.isnan(values))
    # between trades the delta stands still
    values[known[0] :] = values[known[np.searchsorted(known, np.arange(known[0], axis.dots), side="right") - 1]]
    for since in axis.of(_lost_trades(history, axis)):
        after = int(np.searchsorted(known, since, side="right"))
        if after:
            values[since + 1 : known[after] if after < len(known) else axis.dots] = np.nan
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return ChartView(
        "CVD",
        f"{fmt.base_coin(instrument.symbol)} bought less sold, since {fmt.clock(history.since_ts)[:8]}",
        (Line(0, values),),
        low,
        high if high > low else low + 1.0,
        top=f"{high:+,.4g}",
        bottom=f"{low:+,.4g}",
        times=_times(axis),
    )
