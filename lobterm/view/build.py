"""One frame of the console from the engine's picture: a pure function, so that a paint is known without a screen."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from lobterm.engine.rows import Label
from lobterm.view import desk, edge, log, pressure, signals, why
from lobterm.view import format as fmt
from lobterm.view.console import seekable
from lobterm.view.ladder import STALE_US, ladder
from lobterm.view.models import (
    Frame,
    GaugeView,
    HeaderView,
    LadderView,
    PressureView,
    RunState,
    Tone,
    TradeRow,
    TransportView,
    Ui,
    Value,
)
from lobterm.view.trades import liquidated, trades
from lobterm.view.watch import BEHIND_US

if TYPE_CHECKING:
    from lobterm.engine.read import Glance, Snapshot
    from lobterm.view.console import Console, Seekable, Seeking

LIVE = "LIVE"
"""The mode of a market that nobody plays."""
INDEX_STEPS = 200
FAILURE_CELLS = 36
"""Of a line that says in the ladder's place why the engine did not load: the narrowest ladder has room for it."""
LAG_SHOWN_US = 250_000
"""A lag below one alpha tick is the ordinary price of painting twenty times a second."""


def book(glance: Glance, console: Console, ui: Ui) -> LadderView:
    """Return the ladder."""
    history = console.history
    tape = history.trades.rows
    last = (int(tape["px"][-1]), int(tape["side"][-1])) if len(tape) else (0, 0)
    return ladder(glance, console.instrument, ui, last, book_age_us(glance, console), history)


def newest(console: Console, ui: Ui) -> tuple[TradeRow, ...]:
    """Return the last trades."""
    history = console.history
    return trades(history.trades.rows, console.instrument, ui.trade_rows, ui.least_lots, history.liquidations.rows)


def frame(snapshot: Snapshot | None, console: Console, ui: Ui) -> Frame:
    """Return everything that one paint of the monitor shows; without a picture, that the engine is being loaded."""
    if snapshot is None:
        return _loading(console, ui)
    instrument, history = console.instrument, console.history
    unclassified = snapshot.label_counts[Label.UNCLASSIFIED]
    notes = history.happened
    return Frame(
        ladder=book(snapshot, console, ui),
        trades=newest(console, ui),
        trades_note=_trades_note(sum(snapshot.label_counts), unclassified),
        least_size=f"≥{fmt.size(ui.least_lots, instrument, 6)} alone" if ui.least_lots else "",
        liquidated=liquidated(history, snapshot.ts, instrument),
        mapping=signals.mapping(snapshot),
        skew=signals.skew(snapshot),
        hazard=signals.hazard(snapshot),
        maker=desk.own(snapshot, instrument) if ui.entry else desk.maker(snapshot, instrument),
        by_hand=bool(ui.entry),
        quote_coin=fmt.quote_coin(console.symbol),
        maker_state=snapshot.quote_why_not,
        pressure=pressure.pressure(snapshot),
        scores=pressure.scores(snapshot, instrument),
        orders=desk.orders(snapshot, instrument, history),
        ledgers=desk.ledgers(snapshot, instrument),
        log=log.lines(reversed(notes.notes), instrument, ui.log_rows, log.STRIP),
        log_note=f"{notes.told:,} so far",
        sums=signals.sums(snapshot),
        market=(*desk.market(snapshot, instrument), desk.delta(history, instrument), *desk.traded(history, instrument)),
        clusters=signals.clusters(snapshot),
        transport=transport(console, ui, snapshot),
        why=why.lines(snapshot, instrument, history),
        edge=(
            *edge.lines(snapshot, history, instrument, ui.horizon, fmt.quote_coin(console.symbol)),
            edge.funding(history, console.clock.now),
        ),
    )


def _trades_note(labelled: int, unclassified: int) -> str:
    return f"{labelled:,}, {unclassified / labelled:.1%} unclassified" if unclassified else f"{labelled:,} seen"


def book_age_us(snapshot: Glance, console: Console) -> int:
    """Return how long ago the book last spoke, on the event clock: silence ages it although no row arrives."""
    now = max(snapshot.ts, console.clock.now - console.lag_us)
    return now - snapshot.book_ts if snapshot.book_ts else 0


def seeking(console: Console) -> Seeking | None:
    """Return the seek that waits for the index of the tape, if there is one."""
    way = seekable(console)
    return way.seeking if way else None


def _share(seek: Seeking) -> float:
    return min(1.0, seek.done_rows / seek.of_rows) if seek.of_rows else 0.0


def seek_words(console: Console) -> str:
    """Say what a seek waits for and how far that is, or why the last one led nowhere."""
    seek = seeking(console)
    if seek:
        return f"seeking a {seek.what}: {int(100 * _share(seek))} % indexed, esc gives up"
    way = seekable(console)
    return fmt.printable(way.seek_note) if way else ""


def indexed_steps(tape: Seekable) -> int:
    """Return how far the tape is indexed, in steps that are worth a paint: what stands is not painted for less."""
    return INDEX_STEPS * tape.indexed_rows // max(1, tape.rows_total)


def run_state(console: Console, ui: Ui) -> RunState:
    """Say what the transport is doing."""
    if console.failure or ui.load_failure:
        return RunState.FAILED
    if not console.ready:
        return RunState.LOADING
    if seeking(console):
        return RunState.SEEKING
    if console.finished:
        return RunState.ENDED
    if console.mode == LIVE:
        return RunState.LIVE
    return RunState.PAUSED if console.clock.paused else RunState.PLAYING


def _clock(console: Console) -> str:
    now = console.clock.now
    if not now:
        return "no time yet"
    return f"{fmt.date(now)} {fmt.clock(now)} {fmt.zone(now)}"


def _speed(console: Console) -> str:
    """Return the speed of the clock; a live market has none that could be set."""
    return "" if console.mode == LIVE else fmt.speed(console.clock.speed)


def header(snapshot: Glance, console: Console, ui: Ui) -> HeaderView:
    """Return who, when and how healthy."""
    age_us = book_age_us(snapshot, console)
    known = snapshot.book_known and not snapshot.crossed
    stale = Tone.WARN if age_us > STALE_US else Tone.PLAIN
    book = Value("book", fmt.age(age_us), stale) if snapshot.book_ts else Value("book", "none yet", Tone.WARN)
    behind = console.mode == LIVE and console.lag_us > BEHIND_US
    lag = Tone.BAD if behind else Tone.WARN if console.lag_us > LAG_SHOWN_US else Tone.PLAIN
    return HeaderView(
        symbol=fmt.printable(console.symbol),
        mode=console.mode,
        clock=_clock(console),
        speed=_speed(console),
        health=(
            book if known else Value("book", "UNKNOWN", Tone.BAD),
            Value("lag", fmt.age(console.lag_us), lag),
            Value("gaps", f"{console.gaps:,}", Tone.WARN if console.gaps else Tone.PLAIN),
            Value("rows/s", fmt.rate(ui.rows_per_s)),
        ),
        source=fmt.printable(console.source_note),
        failure=fmt.printable(console.failure),
        funding=desk.funding(console.history, console.clock.now),
        seek=seek_words(console),
    )


def _silence(snapshot: Glance, console: Console) -> Value | None:
    """Return what is wrong with a live market's book: none yet, unknown, not spoken of for long, or gone by; None if nothing is."""
    age_us = book_age_us(snapshot, console)
    if not snapshot.book_ts:
        return Value("", "no book yet", Tone.WARN)
    if not snapshot.book_known or snapshot.crossed:
        return Value("", f"book UNKNOWN, last {fmt.age(age_us)} ago", Tone.BAD)
    if age_us > STALE_US:
        return Value("", f"feed SILENT {fmt.age(age_us)}", Tone.WARN)
    return Value("", f"engine BEHIND {fmt.age(console.lag_us)}", Tone.WARN) if console.lag_us > BEHIND_US else None


def _live_transport(console: Console, ui: Ui, snapshot: Glance) -> TransportView:
    return TransportView(
        state=RunState.LIVE,
        speed=f"{fmt.rate(ui.rows_per_s)} rows/s · lag {fmt.age(console.lag_us)}",
        clock=fmt.clock(console.clock.now),
        end="",
        progress=None,
        trouble=_silence(snapshot, console),
    )


def transport(console: Console, ui: Ui, snapshot: Glance | None = None) -> TransportView:
    """Return where the tape stands; where there is none, how the market comes in."""
    if run_state(console, ui) is RunState.LIVE:
        return _live_transport(console, ui, snapshot or console.glance(1))
    if console.mode == LIVE:  # it is being loaded, or has stopped: there is no tape whose end could be far
        clock = fmt.clock(console.clock.now) if console.clock.now else fmt.NOTHING
        return TransportView(run_state(console, ui), "", clock, "", None)
    total, seek = console.rows_total, seeking(console)
    played = min(1.0, console.position_rows / total) if total else 0.0
    return TransportView(
        state=run_state(console, ui),
        speed=fmt.speed(console.clock.speed),
        clock=fmt.clock(console.clock.now) if console.clock.now else fmt.NOTHING,
        end=fmt.clock(console.clock.last_ts)[:8] if console.clock.last_ts else fmt.NOTHING,
        progress=_share(seek) if seek else played,
    )


def waits(console: Console, ui: Ui) -> str:
    """Say in a word or two why there is no picture."""
    return "no engine" if console.failure or ui.load_failure else "loading"


def loading_header(console: Console, ui: Ui) -> HeaderView:
    """Return who and when, and what is being loaded, or why it did not load."""
    return HeaderView(
        symbol=fmt.printable(console.symbol),
        mode=console.mode,
        clock=_clock(console),
        speed=_speed(console),
        health=(),
        source=fmt.printable(console.source_note),
        failure=fmt.printable(console.failure or ui.load_failure),
        loading=fmt.printable(console.loading_note),
    )


def _loading(console: Console, ui: Ui) -> Frame:
    note, failure = fmt.printable(console.loading_note), fmt.printable(console.failure or ui.load_failure)
    why = ("no engine", *textwrap.wrap(failure, FAILURE_CELLS)) if failure else ("LOADING", note, f"{ui.loading_s} s")
    word = waits(console, ui)
    waiting = GaugeView("", 0.0, unknown=word)
    return Frame(
        ladder=LadderView((), "", "", None, unknown=why),
        trades=(),
        trades_note="",
        least_size="",
        liquidated="",
        mapping="",
        skew=waiting,
        hazard=waiting,
        maker=(),
        quote_coin=fmt.quote_coin(console.symbol),
        maker_state=word,
        pressure=PressureView(word, True, "", "", ""),
        waits=word,
        scores=(),
        orders=(),
        ledgers=(),
        log=(),
        log_note="",
        sums=(),
        market=(),
        clusters=(),
        transport=transport(console, ui),
    )
