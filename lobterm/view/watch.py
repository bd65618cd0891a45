"""Every symbol that is followed, in one line each: how its data stands, and what a person looks at first."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from lobterm.engine.rows import Regime
from lobterm.view import desk
from lobterm.view import format as fmt
from lobterm.view.ladder import STALE_US
from lobterm.view.models import Tone, Value
from lobterm.view.pressure import STATES, real

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lobterm.engine.read import Side, Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.console import Followed
    from lobterm.view.history import History

INTEREST_US = 300_000_000
"""Open interest is compared with what it was so long ago, or with the first reading if that is younger."""
INTEREST_STALE_US = 600_000_000
INDEX_STALE_US = 60_000_000
LONGEST_SYMBOL = 20
BEHIND_US = 1_000_000
"""An engine that is further behind what has come shows a book that has gone: no good data, however well it speaks."""


class Health(Enum):
    """How the data of a symbol stands."""

    OK = "ok"
    STALE = "stale"  # its book has not spoken for too long
    BEHIND = "behind"  # more has come than its engine has folded
    GAP = "GAP"  # its book is not known
    WAITING = "waiting"  # no book has come yet
    FAILED = "failed"  # it is followed no more


class Tab(Struct, frozen=True):
    """One symbol as a tab."""

    symbol: str
    health: Health
    shown: bool


class WatchRow(Struct, frozen=True):
    """One symbol as a line. What is not known is a dash of tone UNKNOWN; what is old has tone WARN."""

    symbol: str
    shown: bool
    health: Health
    state: str  # ok, GAP, stale ... and since when
    why: str  # it failed, else nothing
    sells: Value  # LPI of each side's aggressors, with their state
    buys: Value
    mid: Value
    spread: Value
    basis: Value  # mid against the index of spot prices
    funding: Value
    interest: Value


NONE = Value("", fmt.NOTHING, Tone.UNKNOWN)


def name(symbol: str) -> str:
    """Return a symbol as it may be shown: foreign text, cut where it is no symbol any more."""
    text = fmt.printable(symbol)
    return text if len(text) <= LONGEST_SYMBOL else text[: LONGEST_SYMBOL - 1] + "…"


def age_us(who: Followed, snapshot: Snapshot, now_us: int) -> int:
    """Return how long ago the book of a symbol last spoke, 0 if it never did."""
    return max(snapshot.ts, now_us - who.lag_us) - snapshot.book_ts if snapshot.book_ts else 0


def health(who: Followed, snapshot: Snapshot, now_us: int) -> Health:
    """Return how the data of a symbol stands at `now_us`."""
    if who.failure:
        return Health.FAILED
    if not snapshot.book_ts:
        return Health.WAITING
    if not snapshot.book_known or snapshot.crossed:
        return Health.GAP
    if age_us(who, snapshot, now_us) > STALE_US:
        return Health.STALE
    return Health.BEHIND if who.lag_us > BEHIND_US else Health.OK


def tabs(followed: Sequence[Followed], shown_at: int, now_us: int) -> tuple[Tab, ...]:
    """Return every symbol as a tab."""
    return tuple(
        Tab(name(who.symbol), health(who, who.snapshot(1), now_us), at == shown_at) for at, who in enumerate(followed)
    )


def rows(followed: Sequence[Followed], shown_at: int, now_us: int) -> tuple[WatchRow, ...]:
    """Return every symbol as a line."""
    return tuple(_row(who, at == shown_at, now_us) for at, who in enumerate(followed))


def _row(who: Followed, shown: bool, now_us: int) -> WatchRow:
    snapshot, instrument, history = who.snapshot(1), who.instrument, who.history
    how, age = health(who, snapshot, now_us), fmt.age(age_us(who, snapshot, now_us))
    state = {
        Health.FAILED: "failed", Health.WAITING: "no book yet", Health.GAP: f"GAP {age}",
        Health.STALE: f"stale {age}", Health.BEHIND: f"behind {fmt.age(who.lag_us)}", Health.OK: f"ok {age}",
    }[how]  # fmt: skip
    tone = Tone.PLAIN if how is Health.OK else Tone.WARN
    known = how not in (Health.GAP, Health.WAITING)
    touch = snapshot.touch if known else None
    return WatchRow(
        symbol=name(who.symbol),
        shown=shown,
        health=how,
        state=state,
        why=fmt.printable(who.failure),
        sells=_lpi(snapshot.pressure.sells, -1, tone) if known else NONE,
        buys=_lpi(snapshot.pressure.buys, 1, tone) if known else NONE,
        mid=NONE if touch is None else Value("", fmt.half_price(touch[0] + touch[2], instrument), tone),
        spread=NONE if touch is None else Value("", _spread(touch[0], touch[2]), tone),
        basis=_basis(history, touch, instrument, now_us, tone),
        funding=desk.funding(history, now_us) or NONE,
        interest=_interest(history, now_us),
    )


def _lpi(who: Side, side: int, tone: Tone) -> Value:
    if who.lpi is None:
        return Value("", fmt.NOTHING, Tone.UNKNOWN, side)
    state = Regime(who.state)
    panic = Tone.WARN if state is Regime.FORCED else tone
    return Value("", real(who.lpi) if state is Regime.UNKNOWN else f"{real(who.lpi)} {STATES[state]}", panic, side)


def _spread(bid: int, ask: int) -> str:
    return f"{ask - bid:,} · {20_000 * (ask - bid) / (bid + ask):.2g} bps"


def _basis(
    history: History, touch: tuple[int, int, int, int] | None, instrument: Instrument, now_us: int, tone: Tone
) -> Value:
    index = history.index
    if index is None or touch is None or index.price_e8 <= 0:
        return NONE
    mid_e8 = (touch[0] + touch[2]) * instrument.tick_e8 / 2
    old = now_us - index.ts > INDEX_STALE_US
    return Value("", f"{1e4 * (mid_e8 / index.price_e8 - 1):+.1f} bps", Tone.WARN if old else tone)


def _interest(history: History, now_us: int) -> Value:
    """Return the change of open interest over INTEREST_US, or over as much as is known; none from one reading."""
    told = history.interest.rows
    if not len(told):
        return NONE
    last = told[-1]
    before = told[max(0, int(told["ts"].searchsorted(last["ts"] - INTEREST_US, side="right")) - 1)]
    span_us = int(last["ts"] - before["ts"])
    if span_us < 1_000_000 or before["qty"] <= 0:
        return NONE
    change = 100 * (int(last["qty"]) / int(before["qty"]) - 1)
    old = now_us - int(last["ts"]) > INTEREST_STALE_US
    return Value("", f"{change:+.2f} % {fmt.span(span_us - span_us % 1_000_000)}", Tone.WARN if old else Tone.PLAIN)
