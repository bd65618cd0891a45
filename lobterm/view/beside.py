"""How a market goes on while what it has been is looked at: one line, the weightiest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine.rows import Regime
from lobterm.view import format as fmt
from lobterm.view.build import book_age_us
from lobterm.view.ladder import STALE_US
from lobterm.view.models import Tone, Value
from lobterm.view.pressure import STATES, real

if TYPE_CHECKING:
    from lobterm.engine.read import Side, Snapshot
    from lobterm.view.console import Console


def beside(live: Console, shown: Console) -> tuple[Value, ...]:
    """Return how far behind `live` the other is, and how `live` is: book, then pressure of sells and of buys."""
    behind = Value("behind", fmt.age(live.clock.now - shown.clock.now), Tone.WARN)
    now = fmt.clock(live.clock.now)[:8]
    if live.failure:
        return behind, Value("LIVE", f"STOPPED: {fmt.printable(live.failure)}", Tone.BAD)
    snapshot = live.snapshot(1)
    sides = snapshot.pressure
    return (
        behind,
        Value("LIVE", now),
        _book(snapshot, live),
        _pressure("▼", sides.sells, snapshot),
        _pressure("▲", sides.buys, snapshot),
    )


def _book(snapshot: Snapshot, live: Console) -> Value:
    if not snapshot.book_known or snapshot.crossed:
        return Value("book", "UNKNOWN", Tone.BAD)
    age_us = book_age_us(snapshot, live)
    return Value("book", fmt.age(age_us), Tone.WARN if age_us > STALE_US else Tone.PLAIN)


def _pressure(glyph: str, side: Side, snapshot: Snapshot) -> Value:
    """Return index and state of one side; those of a book that is not known are not told."""
    if not snapshot.book_known or side.lpi is None:
        return Value(glyph, fmt.NOTHING, Tone.UNKNOWN)
    tone = Tone.WARN if side.state == Regime.FORCED else Tone.PLAIN
    return Value(glyph, f"{real(side.lpi, '.2f')} {STATES[Regime(side.state)]}", tone)
