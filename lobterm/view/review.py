"""What a session came to, for the review screen: curves with their intervals, fills, profit by minute.

What: words and shares out of numbers that the session's own code has worked out; nothing is estimated here. The session layer
stands beside this one, so what it hands over is told by the protocols below.
Units: bps of the reference price, quote coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from lobterm.engine.rows import HORIZONS_US
from lobterm.view import format as fmt
from lobterm.view.models import Tone, Value

HORIZONS = tuple(f"{horizon_us / 1e6:g} s" for horizon_us in HORIZONS_US)
PANELS = ((0, 4), (4, 6))
"""Short and long horizons have scales of their own: what happens within seconds is small beside what happens in minutes."""
MARKS = "abcdefgh"
"""What a group is called in the picture and in the list."""


class EstimateOf(Protocol):
    """A mean, with its interval where there is one."""

    @property
    def mean(self) -> float | None: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102
    @property
    def n(self) -> int: ...  # noqa: D102
    @property
    def why_not(self) -> str: ...  # noqa: D102


class CurveOf(Protocol):
    """One group's estimates by horizon."""

    @property
    def group(self) -> str: ...  # noqa: D102
    @property
    def n(self) -> int: ...  # noqa: D102
    @property
    def means(self) -> Sequence[EstimateOf]: ...  # noqa: D102
    @property
    def tails(self) -> Sequence[float | None]: ...  # noqa: D102
    @property
    def medians(self) -> Sequence[float | None]: ...  # noqa: D102


class SplitOf(Protocol):
    """Curves by one property."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def explained(self) -> str: ...  # noqa: D102
    @property
    def curves(self) -> Sequence[CurveOf]: ...  # noqa: D102


class FilledOf(Protocol):
    """One fill; `lobterm.session.reading.Filled` is one."""

    @property
    def ts_us(self) -> int: ...  # noqa: D102
    @property
    def strategy(self) -> str: ...  # noqa: D102
    @property
    def side(self) -> int: ...  # noqa: D102
    @property
    def px_ticks(self) -> int: ...  # noqa: D102
    @property
    def qty_lots(self) -> int: ...  # noqa: D102
    @property
    def ahead_base(self) -> float | None: ...  # noqa: D102
    @property
    def fee_quote(self) -> float: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def cluster(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def at_once_bps(self) -> float: ...  # noqa: D102
    @property
    def markouts_bps(self) -> Sequence[float | None]: ...  # noqa: D102


class MinuteOf(Protocol):
    """One minute; `lobterm.session.reading.Minute` is one."""

    @property
    def ts_us(self) -> int: ...  # noqa: D102
    @property
    def minutes(self) -> int: ...  # noqa: D102
    @property
    def total(self) -> float: ...  # noqa: D102
    @property
    def spread(self) -> float: ...  # noqa: D102
    @property
    def slippage(self) -> float: ...  # noqa: D102
    @property
    def fees(self) -> float: ...  # noqa: D102
    @property
    def rest(self) -> float: ...  # noqa: D102
    @property
    def fills(self) -> int: ...  # noqa: D102
    @property
    def pnl(self) -> float: ...  # noqa: D102
    @property
    def inventory_base(self) -> float: ...  # noqa: D102


class ListedOf(Protocol):
    """One session to choose; `lobterm.session.reading.Listed` is one."""

    @property
    def session_id(self) -> str: ...  # noqa: D102
    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def mode(self) -> str: ...  # noqa: D102
    @property
    def started_us(self) -> int: ...  # noqa: D102
    @property
    def ended(self) -> bool: ...  # noqa: D102
    @property
    def first_us(self) -> int | None: ...  # noqa: D102
    @property
    def last_us(self) -> int | None: ...  # noqa: D102
    @property
    def fills(self) -> int | None: ...  # noqa: D102
    @property
    def total(self) -> float | None: ...  # noqa: D102


class ReadingOf(Protocol):
    """One look at the log; `lobterm.session.reading.Reading` is one."""

    @property
    def listed(self) -> ListedOf: ...  # noqa: D102
    @property
    def tick_e8(self) -> int | None: ...  # noqa: D102
    @property
    def lot_e8(self) -> int | None: ...  # noqa: D102
    @property
    def as_of_us(self) -> int | None: ...  # noqa: D102
    @property
    def fills(self) -> Sequence[FilledOf]: ...  # noqa: D102
    @property
    def fills_read(self) -> int: ...  # noqa: D102
    @property
    def fills_all(self) -> int: ...  # noqa: D102
    @property
    def trades_read(self) -> int: ...  # noqa: D102
    @property
    def trades_all(self) -> int: ...  # noqa: D102
    @property
    def splits(self) -> Sequence[tuple[str, SplitOf]]: ...  # noqa: D102
    @property
    def minutes(self) -> Sequence[MinuteOf]: ...  # noqa: D102
    @property
    def fee_bps(self) -> float | None: ...  # noqa: D102
    @property
    def maker_fee_bps(self) -> float | None: ...  # noqa: D102


class Point(Struct, frozen=True):
    """One mean at one horizon. None: not known; without ends there is no interval."""

    mark: str
    mean: float | None
    low: float | None
    high: float | None
    chosen: bool


class PanelView(Struct, frozen=True):
    """Some horizons on one scale."""

    low: float
    high: float
    horizons: tuple[str, ...]
    counts: tuple[str, ...]  # of the chosen group, by horizon
    points: tuple[tuple[Point, ...], ...]  # by horizon


class CurvesView(Struct, frozen=True):
    """One split, one of its groups in front."""

    title: str
    note: str
    panels: tuple[PanelView, ...] = ()
    level: tuple[float, str] | None = None  # what a fill must bring to pay its fee
    unknown: str = ""


class GroupRow(Struct, frozen=True):
    """One group at one horizon."""

    mark: str
    name: str
    rows: str
    mean: str
    interval: str  # or why there is none
    n: str
    tail: str
    median: str
    sure: bool
    chosen: bool


class FillRow(Struct, frozen=True):
    """One fill."""

    time: str
    strategy: str
    side: int
    price: str
    size: str
    ahead: str
    fee: str
    at_once: Value
    markout: Value
    reason: str
    cluster: str
    state: str


class MinuteRow(Struct, frozen=True):
    """One minute."""

    time: str
    total: Value
    parts: tuple[str, ...]  # spread, rest, fees, slippage
    fills: str
    pnl: str
    holds: str


class ProfitView(Struct, frozen=True):
    """Profit by minute: what had been earned at the end of each, and its parts, from the first minute on."""

    note: str
    names: tuple[str, ...] = ()
    lines: tuple[npt.NDArray[np.float64], ...] = ()  # by name: nothing, then one value a minute
    low: float = 0.0
    high: float = 1.0
    ends: tuple[str, ...] = ()  # by name: what it came to
    unknown: str = ""


NONE_YET = f"no markout is known yet: they are told together, when the last, {HORIZONS[-1]}, is over"


class Choice(Struct, frozen=True):
    """What a person looks at."""

    split: int = 0
    group: int = 0
    horizon: int = 3
    skip: int = 0  # fills newer than the first shown


def fixed_e8(value: int, e8: int | None) -> str:
    """Return a price in ticks or a size in lots, exactly; in ticks or lots if the log does not say what one is worth."""
    if e8 is None:
        return f"{value:,}"
    decimals = len(f"{e8:09d}"[-8:].rstrip("0"))
    return fmt.fixed(value * e8, 8, decimals)


def _money(value: float) -> str:
    """Return an amount of the quote coin as the monitor writes it; nothing has no sign."""
    text = f"{value:+,.4f}"
    return text if text.strip("+-0.,") else "0.0000"


def _held(base: float, lot_e8: int | None) -> str:
    """Return a position with its sign and the lot's decimals; flat has no sign."""
    text = f"{base:.6g}" if lot_e8 is None else fixed_e8(round(base * 1e8 / lot_e8), lot_e8)
    return f"+{text}" if base > 0 else text


def bps(value: float | None) -> str:
    """Return bps with their sign, or a dash."""
    return fmt.NOTHING if value is None else f"{round(value, 2) + 0.0:+.2f}"


def _toned(value: float | None, text: str) -> Value:
    tone = Tone.UNKNOWN if value is None else Tone.GOOD if value > 0 else Tone.BAD if value < 0 else Tone.PLAIN
    return Value("", text, tone)


def kept(choice: Choice, reading: ReadingOf) -> Choice:
    """Return the choice with every part of it within what there is."""
    split = min(choice.split, max(0, len(reading.splits) - 1))
    groups = len(reading.splits[split][1].curves) if reading.splits else 0
    return Choice(
        split, min(choice.group, max(0, groups - 1)), choice.horizon, min(choice.skip, max(0, len(reading.fills) - 1))
    )


def heading(reading: ReadingOf) -> str:
    """Say which session this is, and as of when."""
    who = reading.listed
    as_of = "nothing logged yet" if reading.as_of_us is None else f"as of {stamp(reading.as_of_us)}"
    return f"{who.mode.upper()} {fmt.printable(who.symbol)} {as_of}"


def ident(reading: ReadingOf) -> str:
    """Return the session's name, which may be left out where room is short."""
    return fmt.printable(reading.listed.session_id)


def stamp(us: int) -> str:
    """Return a moment with its day and the clock it is told by."""
    return f"{fmt.date(us)} {fmt.clock(us)[:8]} {fmt.zone(us)}"


def curves(reading: ReadingOf, choice: Choice) -> CurvesView:
    """Return the chosen split's means and intervals by horizon."""
    if not reading.splits:
        nothing = "no fill, no trade of the market and no trigger has been logged"
        return CurvesView("MARKOUTS", "", unknown=NONE_YET if reading.trades_all else nothing)
    what, split = reading.splits[choice.split]
    level = (reading.fee_bps, "fee") if what == "fills" and reading.fee_bps is not None else None
    paid = f"fee {level[0]:.2f} bps" if level else ""
    place = f"{choice.split + 1} of {len(reading.splits)}"
    said = (place, "bps, 95 %", paid, _of_how_many(reading, what), split.explained)
    note = " · ".join(part for part in said if part)
    if not any(found.n for curve in split.curves for found in curve.means):
        return CurvesView(_title(what, split), note, unknown=NONE_YET)
    panels = []
    for start, stop in PANELS:
        points = tuple(
            tuple(
                Point(MARKS[k], _mean(curve, h), curve.means[h].low, curve.means[h].high, k == choice.group)
                for k, curve in enumerate(split.curves[: len(MARKS)])
            )
            for h in range(start, stop)
        )
        counts = tuple(f"n {split.curves[choice.group].means[h].n:,}" for h in range(start, stop))
        panels.append(PanelView(*_scale(points), HORIZONS[start:stop], counts, points))
    return CurvesView(_title(what, split), note, tuple(panels), level)


def _title(what: str, split: SplitOf) -> str:
    whole = split.title == f"all {what}"
    return f"MARKOUTS OF {split.title.upper()}" if whole else f"MARKOUTS OF {what.upper()} BY {split.title.upper()}"


def _mean(curve: CurveOf, h: int) -> float | None:
    return curve.means[h].mean


def _of_how_many(reading: ReadingOf, what: str) -> str:
    if what == "trades" and reading.trades_read < reading.trades_all:
        return f"the newest {reading.trades_read:,} of {reading.trades_all:,} trades"
    if what == "fills" and reading.fills_read < reading.fills_all:
        return f"the newest {reading.fills_read:,} of {reading.fills_all:,} fills"
    return ""


def _scale(points: Sequence[Sequence[Point]]) -> tuple[float, float]:
    """Return the least range that holds zero and everything drawn, with a little room."""
    drawn = [
        value for at in points for point in at for value in (point.mean, point.low, point.high) if value is not None
    ]
    low, high = min([0.0, *drawn]), max([0.0, *drawn])
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def groups(reading: ReadingOf, choice: Choice) -> tuple[GroupRow, ...]:
    """Return the groups of the chosen split at the chosen horizon."""
    if not reading.splits:
        return ()
    h, rows = choice.horizon, []
    for k, curve in enumerate(reading.splits[choice.split][1].curves[: len(MARKS)]):
        found = curve.means[h]
        interval = (
            found.why_not if found.low is None or found.high is None else f"{bps(found.low)} to {bps(found.high)}"
        )
        rows.append(
            GroupRow(
                mark=MARKS[k], name=fmt.printable(curve.group), rows=f"{curve.n:,}", mean=bps(found.mean), interval=interval,
                n=f"{found.n:,}", tail=bps(curve.tails[h]), median=bps(curve.medians[h]), sure=found.low is not None,
                chosen=k == choice.group,
            )
        )  # fmt: skip
    return tuple(rows)


def fills(reading: ReadingOf, choice: Choice, rows: int) -> tuple[FillRow, ...]:
    """Return the newest fills that fit, from the one that was scrolled to."""
    return tuple(
        FillRow(
            time=fmt.clock(fill.ts_us),
            strategy=fill.strategy,
            side=fill.side,
            price=fixed_e8(fill.px_ticks, reading.tick_e8),
            size=fixed_e8(fill.qty_lots, reading.lot_e8),
            ahead=fmt.NOTHING if fill.ahead_base is None else f"{fill.ahead_base:.4g}",
            fee=_money(-fill.fee_quote),
            at_once=_toned(fill.at_once_bps, bps(fill.at_once_bps)),
            markout=_toned(fill.markouts_bps[choice.horizon], bps(fill.markouts_bps[choice.horizon])),
            reason=fill.rule,
            cluster=fill.cluster or fmt.NOTHING,
            state=fill.state or fmt.NOTHING,
        )
        for fill in reading.fills[choice.skip : choice.skip + rows]
    )


def fills_note(reading: ReadingOf, choice: Choice) -> str:
    """Say how many fills these are of."""
    listed = len(reading.fills)
    of = f"{reading.fills_all:,}" if listed == reading.fills_all else f"the newest {listed:,} of {reading.fills_all:,}"
    above = f" · {choice.skip:,} newer above" if choice.skip else ""
    return f"{of}{above} · bps, markout at {HORIZONS[choice.horizon]}, told after {HORIZONS[-1]}" if listed else ""


PARTS = ("total", "spread", "moved", "fees", "slip")


def profit(reading: ReadingOf) -> ProfitView:
    """Return profit by minute with its parts, each summed from the first minute."""
    if not reading.minutes:
        return ProfitView("", unknown="no profit has been logged")
    columns = np.array([[m.total, m.spread, m.rest, -m.fees, m.slippage] for m in reading.minutes]).T
    lines = np.cumsum(np.pad(columns, ((0, 0), (1, 0))), axis=1)
    low, high = min(0.0, float(lines.min())), max(0.0, float(lines.max()))
    room = 0.05 * (high - low) or 1.0
    first, last = reading.minutes[0].ts_us, reading.minutes[-1].ts_us
    ends = tuple(f"{line[-1] + 0.0:+,.2f}" if round(line[-1], 2) else "0.00" for line in lines)
    note = f"{fmt.clock(first)[:5]} to {fmt.clock(last)[:5]} {fmt.zone(last)} · moved with funding"
    return ProfitView(note, PARTS, tuple(lines), low - room, high + room, ends)


def minutes(reading: ReadingOf, rows: int) -> tuple[MinuteRow, ...]:
    """Return the newest minutes that fit, newest first."""
    found = []
    for minute in reversed(reading.minutes[max(0, len(reading.minutes) - rows) :] if rows > 0 else ()):
        across = f" +{minute.minutes} min" if minute.minutes > 1 else ""
        parts = (minute.spread, minute.rest, -minute.fees, minute.slippage)
        found.append(
            MinuteRow(
                time=fmt.clock(minute.ts_us)[:5] + across,
                total=_toned(minute.total, _money(minute.total)),
                parts=tuple(map(_money, parts)),
                fills=f"{minute.fills:,}",
                pnl=_money(minute.pnl),
                holds=_held(minute.inventory_base, reading.lot_e8),
            )
        )
    return tuple(found)


def session_line(listed: ListedOf, here: str) -> str:
    """Return one session as a line to choose."""
    span = ""
    if listed.first_us is not None and listed.last_us is not None:
        span = f" {fmt.clock(listed.first_us)[:5]} to {fmt.clock(listed.last_us)[:5]}"
    came = "" if listed.total is None else f"  PnL {_money(listed.total)}"
    many = "" if listed.fills is None else f"  {listed.fills:,} fills"
    state = "  this session" if listed.session_id == here else "" if listed.ended else "  not ended, or cut off"
    symbol, mode = fmt.printable(listed.symbol), fmt.printable(listed.mode).upper()
    return f"{stamp(listed.started_us)}  {mode:6} {symbol}{span}{many}{came}{state}"
