"""The engine's state as a person may read it: one frozen picture, nothing computed twice.

Undefined is None. Units are in the names; prices are ticks and sizes lots unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lobterm.engine import account, crash, fair_value, microprice, quoting, regime, signals
from lobterm.engine import book as bk
from lobterm.engine import exhaustion as ex
from lobterm.engine import ordered as od
from lobterm.engine import params as pm
from lobterm.engine import pressure as pr
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.engine.rows import Strategy

Levels = npt.NDArray[np.int64]
"""Shape (n, 2): price in ticks, size in lots; best first."""


class OwnOrder(NamedTuple):
    """One of our resting (or travelling) orders."""

    order_id: int
    side: int
    px: int
    qty: int
    left: int
    strategy: int
    level: int  # of its ladder, 0 is nearest the touch
    taker: bool
    arrived: bool  # False: sent, but still on its way to the exchange
    leaving: bool  # a cancel is on its way
    ahead: float | None  # lots displayed ahead of it, as the queue model has it; None while not known


@dataclass(frozen=True, slots=True)
class Pnl:
    """Profit and loss in 1e-8 of the quote coin. total = spread + inventory + slippage - fees + funding, to the last digit."""

    total_e8: int | None  # None: the position cannot be marked (book unknown), or the funding is not known
    spread_e8: int
    inventory_e8: int | None
    slippage_e8: int  # never positive
    fees_e8: int  # paid is positive
    funding_e8: int | None  # received is positive; None: of a settlement on what was held no mark price is known


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one strategy holds and has earned."""

    position: int
    fills: int
    pnl: Pnl


@dataclass(frozen=True, slots=True)
class Score:
    """A value and its robust z, with what the z stands on."""

    value: float | None
    z: float | None
    samples: int
    span_us: int  # age of the oldest sample


@dataclass(frozen=True, slots=True)
class Motion:
    """What the conditions of exhaustion look at besides the newest tick; None where a tick they need is not known."""

    lpi_falls: int | None  # alpha ticks in a row over which the LPI fell, counted up to exhaustion.rollover_ticks
    z_ldr_change: float | None  # against a tick ago
    lpi_change: float | None  # against exhaustion.divergence_s ago
    mid2_change: int | None  # the same, half ticks


@dataclass(frozen=True, slots=True)
class Side:
    """The pressure of one side's aggressors: sells, or buys."""

    fsi: Score
    ldr: Score  # of the side that they hit
    lpi: float | None
    state: int  # rows.Regime
    legs: int  # rows.Leg
    legs_known: int
    conditions: int  # rows.Condition
    conditions_known: int
    liquidations: int  # messages; at least
    liquidated: int  # lots; at least
    latch_us: int  # how long FORCED still holds if its legs do not; 0 unless FORCED
    motion: Motion


@dataclass(frozen=True, slots=True)
class Pressure:
    """What the last alpha tick came to."""

    sells: Side
    buys: Side
    pi: Score
    rv: float | None
    sigma: float | None  # over lpi.sigma_horizon_s
    oi: int | None  # lots
    oi_age_us: int | None  # None: no reading yet
    oi_flush: Score
    source: int  # rows.Source
    triggers: int  # so far
    crash_filter: int  # crash.OFF, CALM or CRASH, for a buying fade


@dataclass(frozen=True, slots=True)
class Signals:
    """Decaying sums of both mappings, base units, decayed to the picture's time."""

    skew_inverted: float
    hazard_inverted: float
    skew_traditional: float
    hazard_traditional: float


@dataclass(frozen=True, slots=True)
class Making:
    """What the maker's target is made of, at the picture's time, in ticks: fair = mid + skew - inventory, width = base x widened.

    The quotes that rest were decided at the last requote; this is what the next one would decide.
    """

    mid: float
    skew: float
    inventory: float  # theta x (position - target): what is taken off the price
    fair: float
    base: float
    widened: float
    width: float
    hazard: float
    wide_side: int  # 0: both sides are widened; else the one that the feared takers hit, +1 bid
    held_off: tuple[int, ...]  # sides whose target would cross the touch and is held a tick off it


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The book, our orders and the parameters at one moment: what is looked at at every frame."""

    ts: int  # local µs of the last row or timer
    rows: int  # rows folded so far
    book_known: bool
    gap_cause: int  # GapCause of the gap in force, 0 if none
    crossed: bool
    book_ts: int  # local µs at which the book was last confirmed, 0 if it never was known
    touch_source: str  # where the touch in force comes from: "touch" or "book"
    touch: tuple[int, int, int, int] | None  # bid, its size, ask, its size; None unless two-sided and uncrossed
    bids: Levels
    asks: Levels
    mid2: int | None  # bid + ask of the touch in ticks
    orders: tuple[OwnOrder, ...]
    params: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Glance):
    """The whole of what the console shows of the engine at one moment."""

    microprice: float | None  # ticks
    model_ready: bool
    signals: Signals | None  # None without a model
    norm_base: float | None  # None until warm
    norm_trades: int
    norm_warm_trades: int
    skew_x: float | None  # argument of tanh under the mapping in force
    hazard_x: float | None  # compared with k_tol
    fair_px: float | None  # P_final, ticks
    width_ticks: float | None
    quoting: bool
    quote_why_not: str  # "" while quoting
    inventory: int
    pnl: Pnl
    ledgers: tuple[Ledger, ...]  # by rows.Strategy
    pressure: Pressure
    fills: int
    trades: int
    throttled: int  # orders and cancels not sent, because of the limit a second
    label_counts: tuple[int, ...]  # by rows.Label
    making: Making | None = None  # None while there is no target


NO_LEVELS = np.zeros((0, 2), np.int64)


def orders(s: st.State) -> tuple[OwnOrder, ...]:
    """Return the orders that may still fill as far as we know."""
    now, book = int(s.clock[st.NOW] + s.clock[st.OFFSET]), s.orders
    held = np.flatnonzero((book[:, st.O_ID] != 0) & (book[:, st.O_LEFT] != 0))
    return tuple(
        OwnOrder(
            order_id=row[st.O_ID],
            side=row[st.O_SIDE],
            px=row[st.O_PX],
            qty=row[st.O_QTY],
            left=row[st.O_LEFT],
            strategy=row[st.O_STRATEGY],
            level=row[st.O_LEVEL],
            taker=bool(row[st.O_TAKER]),
            arrived=row[st.O_DUE] == 0,
            leaving=row[st.O_TO] != 0,
            ahead=max(ahead, 0.0) if row[st.O_JOINED] == st.JOINED else None,
        )
        for row, ahead in zip(book[held].tolist(), s.queue[held, st.Q_AHEAD].tolist(), strict=True)
        if row[st.O_TO] == 0 or row[st.O_TO] > now
    )


def _pnl(s: st.State, strategies: tuple[int, ...]) -> Pnl:
    value, acct = int(s.value_e16[0]), s.acct
    mark2, mid2 = int(s.clock[st.MARK2]), int(s.clock[st.MID2])
    half_tick_lots = dict.fromkeys((account.SPREAD2, account.SLIP2), 0)
    held = fees = settled = cash2 = 0
    unpriced = False
    for who in strategies:
        for field in half_tick_lots:
            half_tick_lots[field] += int(acct[who, field])
        held += int(acct[who, account.POSITION])
        cash2 += int(acct[who, account.CASH2])
        fees += int(acct[who, account.FEES_E8])
        settled += int(acct[who, account.FUNDING_E8])
        unpriced = unpriced or bool(acct[who, account.UNPRICED])
    funding = None if unpriced else settled
    spread = account.to_e8(half_tick_lots[account.SPREAD2], value)
    slippage = account.to_e8(half_tick_lots[account.SLIP2], value)
    if not mid2 and any(acct[who, account.POSITION] for who in strategies):
        return Pnl(None, spread, None, slippage, fees, funding)
    worth = account.to_e8(cash2 + held * mark2, value)
    total = None if funding is None else worth - fees + funding
    return Pnl(total, spread, worth - spread - slippage, slippage, fees, funding)


def pnl(s: st.State) -> Pnl:
    """Return profit and loss of all strategies and its parts; what needs a mark is None while there is none."""
    return _pnl(s, tuple(int(who) for who in Strategy))


def _ledgers(s: st.State) -> tuple[Ledger, ...]:
    return tuple(
        Ledger(int(s.acct[who, account.POSITION]), int(s.acct[who, account.FILLS]), _pnl(s, (int(who),)))
        for who in Strategy
    )


def _score(s: st.State, k: int, value: float | None, z: float | None) -> Score:
    head = s.window_ints[k]
    held, capacity = int(head[od.COUNT]), int(head[od.CAPACITY])
    first = int(s.window_times[k, int(head[od.OLDEST]) if held == capacity else 0])
    return Score(value, z, held, int(s.clock[st.NOW]) - first if held else 0)


def _ago(s: st.State, back: int, field: int) -> float | None:
    """Return a field of the alpha tick `back` ticks ago, None if it is not known."""
    cursor = s.history_cursor
    row = s.history[(int(cursor[ex.HEAD]) - back) & (ex.HISTORY - 1)]
    known = back < cursor[ex.HELD] and int(row[ex.KNOWN]) >> field & 1
    return float(row[field]) if known else None


def _less(now: float | None, then: float | None) -> float | None:
    return None if now is None or then is None else now - then


def _motion(s: st.State, side: int) -> Motion:
    lpi = [_ago(s, back, ex.LPI + side) for back in range(int(s.params[pm.ROLLOVER_TICKS]) + 1)]
    falls: int | None = 0
    for newer, older in zip(lpi, lpi[1:], strict=False):
        if newer is None or older is None:
            falls = None
        if newer is None or older is None or newer >= older:
            break
        falls = (falls or 0) + 1
    tau = max(1, round(s.params[pm.DIVERGENCE_S] * 1e6 / s.params[pm.ALPHA_TICK_US]))
    mid2 = _less(_ago(s, 0, ex.MID2), _ago(s, tau, ex.MID2))
    return Motion(
        lpi_falls=falls,
        z_ldr_change=_less(_ago(s, 0, ex.Z_LDR + side), _ago(s, 1, ex.Z_LDR + side)),
        lpi_change=_less(lpi[0], _ago(s, tau, ex.LPI + side)),
        mid2_change=None if mid2 is None else int(mid2),
    )


def _side(s: st.State, side: int, known: int) -> Side:
    now = s.now

    def read(k: int, bit: int) -> Score:
        value = float(now[k]) if known & bit else None
        return _score(s, k, value, float(now[pr.Z + k]) if known & (pr.V_Z << k) else None)

    row, exhausted = s.regime[side], s.exhaustion[side]
    return Side(
        fsi=read(pr.FSI_SELL + side, pr.V_FSI),
        ldr=read(pr.LDR_BID + side, pr.V_LDR),
        lpi=float(now[pr.LPI_SELL + side]) if known & (pr.V_LPI_SELL << side) else None,
        state=int(row[regime.STATE]),
        legs=int(row[regime.HELD]),
        legs_known=int(row[regime.KNOWN]),
        conditions=int(exhausted[ex.TRUE]),
        conditions_known=int(exhausted[ex.SURE]),
        liquidations=int(row[regime.LIQ_COUNT]),
        liquidated=int(row[regime.LIQ_LOTS]),
        latch_us=max(0, int(row[regime.UNTIL] - s.clock[st.NOW])) if row[regime.STATE] == regime.FORCED else 0,
        motion=_motion(s, side),
    )


def _pressure(s: st.State) -> Pressure:
    known, now = int(s.clock[st.KNOWN_NOW]), int(s.clock[st.NOW])
    oi_now = int(pr.oi_known(s.oi, s.trend, s.params, now))
    return Pressure(
        sells=_side(s, 0, known),
        buys=_side(s, 1, known),
        pi=_score(
            s, pr.PI, float(s.now[pr.PI]) if known & pr.V_PI else None,
            float(s.now[pr.Z + pr.PI]) if known & (pr.V_Z << pr.PI) else None,
        ),
        rv=float(s.now[pr.RV]) if known & pr.V_RV else None,
        sigma=float(s.now[pr.SIGMA]) if known & pr.V_SIGMA else None,
        oi=int(s.oi[pr.OI_LAST]) if s.oi[pr.OI_READINGS] else None,
        oi_age_us=now - int(s.oi[pr.OI_AT]) if s.oi[pr.OI_READINGS] else None,
        oi_flush=_score(
            s, pr.OI_WINDOW, float(s.trend[pr.OI_FLUSH]) if oi_now & pr.V_OI_FLUSH else None,
            float(s.now[pr.Z_OI]) if oi_now & pr.V_Z_OI else None,
        ),
        source=int(regime.source(int(s.regime[0, regime.KNOWN]) | int(s.regime[1, regime.KNOWN]))),
        triggers=int(s.clock[st.TRIGGERED]),
        crash_filter=int(crash.verdict(s.reference, s.reference_mids, s.reference_variance, s.params, 1)),
    )  # fmt: skip


def _why_not_quoting(s: st.State, norm: float) -> str:
    if s.params[pm.ENABLED] == 0.0:
        return "maker is off"
    if s.clock[st.MODEL_ROW] < 0:
        return "no cluster model"
    if not s.clock[st.BOOK_KNOWN]:
        return "book unknown"
    if s.clock[st.CROSSED]:
        return "book crossed"
    if s.params[pm.UNIT] == 0.0 and norm <= 0.0:
        return "size normaliser warming"
    return "" if s.clock[st.QUOTING] else "next requote"


def _making(s: st.State, x: float, hazard: float) -> Making | None:
    """Return the pieces of the target; `x` and `hazard` as of now."""
    p = s.params
    mid = (int(s.touch[tc.BID]) + int(s.touch[tc.ASK])) / 2.0
    theta = fair_value.theta_effective(float(p[pm.THETA]) / float(s.size[0]), x, bool(p[pm.THETA_MODE] == 1.0))
    p_micro = fair_value.skewed(mid, x, float(p[pm.BETA_TICKS]))
    q = float(s.acct[Strategy.MAKER, account.POSITION] * s.size[1])
    fair = fair_value.with_inventory(p_micro, theta, q, float(p[pm.Q_TARGET]))
    base = float(p[pm.W_BASE_BPS]) * 1e-4 * mid
    width = fair_value.width(base, float(p[pm.GAMMA]), hazard, float(p[pm.K_TOL]))
    if not (abs(fair) < 1e15 and width < 1e15):
        return None
    feared = float(signals.feared(s.sums, p)) if p[pm.WIDEN] == 1.0 else 0.0
    wide_side = 1 if feared < 0.0 else -1 if feared > 0.0 else 0
    half = {side: (width if wide_side in (0, side) else base) / 2.0 for side in (1, -1)}
    crosses = {1: fair - half[1] >= s.touch[tc.ASK], -1: fair + half[-1] <= s.touch[tc.BID]}
    return Making(
        mid=mid, skew=p_micro - mid, inventory=p_micro - fair, fair=fair, base=base, widened=width / base if base else 1.0,
        width=width, hazard=hazard, wide_side=wide_side, held_off=tuple(side for side in (1, -1) if crosses[side]),
    )  # fmt: skip


def whole_book(s: st.State) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return every level of both sides as (price, size) rows, best first; none while the book is not known."""
    if not s.clock[st.SNAPSHOT]:
        return NO_LEVELS, NO_LEVELS
    return bk.levels(s.book, 1), bk.levels(s.book, -1)


def _glanced(s: st.State, depth: int) -> dict[str, Any]:
    """Return the fields of a Glance."""
    clock, touch = s.clock.tolist(), s.touch.tolist()
    two_sided = bool(quoting.two_sided(s))
    return {
        "ts": clock[st.NOW],
        "rows": clock[st.ROWS],
        "book_known": bool(clock[st.BOOK_KNOWN]),
        "gap_cause": clock[st.GAP],
        "crossed": bool(clock[st.CROSSED]),
        "book_ts": clock[st.BOOK_TS],
        "touch_source": "touch" if tc.touch_is_newer(s.feeds) else "book",
        "touch": (touch[tc.BID], touch[tc.BID_QTY], touch[tc.ASK], touch[tc.ASK_QTY]) if two_sided else None,
        "bids": bk.top(s.book, 1, depth) if clock[st.SNAPSHOT] else NO_LEVELS,
        "asks": bk.top(s.book, -1, depth) if clock[st.SNAPSHOT] else NO_LEVELS,
        "mid2": touch[tc.BID] + touch[tc.ASK] if two_sided else None,
        "orders": orders(s),
        "params": s.params.copy(),
    }


def glance(s: st.State, depth: int) -> Glance:
    """Return the book, our orders and the parameters of state `s`, with up to `depth` levels a side."""
    return Glance(**_glanced(s, depth))


def snapshot(s: st.State, depth: int) -> Snapshot:
    """Return the picture of state `s` with up to `depth` levels a side."""
    glanced = _glanced(s, depth)
    ts = glanced["ts"]
    has_model = s.clock[st.MODEL_ROW] >= 0
    both, scaled = np.zeros(signals.READ_SIZE), np.zeros(2)
    signals.read(s.sums, ts, s.params, both)
    norm = float(signals.normaliser(s.sums, s.params))
    ready = bool(signals.scaled(s.sums, both, s.params, scaled)) and has_model
    touch = glanced["touch"]
    micro = microprice.weighted(touch[0], touch[2], touch[1], touch[3]) if touch else None
    fair_known = bool(s.clock[st.FAIR_KNOWN])
    return Snapshot(
        **glanced,
        microprice=micro,
        model_ready=bool(has_model),
        signals=Signals(*(float(value) for value in both)) if has_model else None,
        norm_base=norm if norm > 0.0 else None,
        norm_trades=int(s.sums[signals.SIZE_N]),
        norm_warm_trades=int(s.params[pm.NORM_WARM]),
        skew_x=float(scaled[0]) if ready else None,
        hazard_x=float(scaled[1]) if ready else None,
        fair_px=float(s.quote[st.FAIR]) if fair_known else None,
        width_ticks=float(s.quote[st.WIDTH]) if fair_known else None,
        quoting=bool(s.clock[st.QUOTING]),
        quote_why_not=_why_not_quoting(s, norm),
        inventory=int(account.position(s.acct)),
        pnl=pnl(s),
        ledgers=_ledgers(s),
        pressure=_pressure(s),
        fills=sum(int(s.acct[who, account.FILLS]) for who in Strategy),
        throttled=int(s.counts[st.THROTTLED]),
        trades=int(s.counts[st.TRADES]),
        label_counts=tuple(int(n) for n in s.counts[st.LABELLED : st.LABELLED + 5]),
        making=_making(s, float(scaled[0]), float(scaled[1])) if ready and touch else None,
    )
