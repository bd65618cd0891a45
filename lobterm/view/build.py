"""One frame of the console from the engine's picture: a pure function, so that a paint is known without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lobterm.engine.rows import Label
from lobterm.view import desk, signals
from lobterm.view import format as fmt
from lobterm.view.ladder import STALE_US, ladder
from lobterm.view.models import (
    Frame,
    GaugeView,
    HeaderView,
    LadderView,
    RunState,
    Tone,
    TransportView,
    Ui,
    Value,
)
from lobterm.view.trades import trades

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lobterm.engine.read import Snapshot
    from lobterm.view.console import Console

LAG_SHOWN_US = 250_000
"""A lag below one alpha tick is the ordinary price of painting twenty times a second."""


def frame(snapshot: Snapshot | None, labels: npt.NDArray[np.void] | None, console: Console, ui: Ui) -> Frame:
    """Return everything that one paint shows; without a picture, that the engine is being loaded."""
    if snapshot is None or labels is None:
        return _loading(console, ui)
    instrument = console.instrument
    age_us = book_age_us(snapshot, console)
    last = (int(labels[-1]["px"]), int(labels[-1]["side"])) if len(labels) else (0, 0)
    unclassified = snapshot.label_counts[Label.UNCLASSIFIED]
    return Frame(
        header=_header(snapshot, console, ui, age_us),
        ladder=ladder(snapshot, instrument, ui, last, age_us),
        trades=trades(labels[-ui.trade_rows :] if ui.trade_rows else labels[:0], instrument),
        trades_note=_trades_note(sum(snapshot.label_counts), unclassified),
        mapping=signals.mapping(snapshot),
        skew=signals.skew(snapshot),
        hazard=signals.hazard(snapshot),
        maker=desk.maker(snapshot, instrument),
        quote_coin=fmt.quote_coin(console.symbol),
        maker_state=snapshot.quote_why_not,
        orders=desk.orders(snapshot, instrument),
        ledgers=desk.ledgers(snapshot, instrument),
        sums=signals.sums(snapshot),
        market=desk.market(snapshot, instrument),
        clusters=signals.clusters(snapshot),
        transport=_transport(console, ui),
    )


def _trades_note(labelled: int, unclassified: int) -> str:
    return f"{labelled:,}, {unclassified / labelled:.1%} unclassified" if unclassified else f"{labelled:,} seen"


def book_age_us(snapshot: Snapshot, console: Console) -> int:
    """Return how long ago the book last spoke, on the event clock: silence ages it although no row arrives."""
    now = max(snapshot.ts, console.clock.now - console.lag_us)
    return now - snapshot.book_ts if snapshot.book_ts else 0


def run_state(console: Console, ui: Ui) -> RunState:
    """Say what the transport is doing."""
    if console.failure or ui.load_failure:
        return RunState.FAILED
    if not console.ready:
        return RunState.LOADING
    if console.finished:
        return RunState.ENDED
    return RunState.PAUSED if console.clock.paused else RunState.PLAYING


def _clock(console: Console) -> str:
    now = console.clock.now
    return f"{fmt.date(now)} {fmt.clock(now)} UTC"


def _header(snapshot: Snapshot, console: Console, ui: Ui, age_us: int) -> HeaderView:
    known = snapshot.book_known and not snapshot.crossed
    stale = Tone.WARN if age_us > STALE_US else Tone.PLAIN
    book = Value("book", fmt.age(age_us), stale) if snapshot.book_ts else Value("book", "none yet", Tone.WARN)
    late = console.lag_us > LAG_SHOWN_US
    return HeaderView(
        symbol=fmt.printable(console.symbol),
        mode=console.mode,
        clock=_clock(console),
        speed=fmt.speed(console.clock.speed),
        health=(
            book if known else Value("book", "UNKNOWN", Tone.BAD),
            Value("lag", fmt.age(console.lag_us), Tone.WARN if late else Tone.PLAIN),
            Value("gaps", f"{console.gaps:,}", Tone.WARN if console.gaps else Tone.PLAIN),
            Value("rows/s", fmt.rate(ui.rows_per_s)),
        ),
        source=fmt.printable(console.source_note),
        failure=fmt.printable(console.failure),
    )


def _transport(console: Console, ui: Ui) -> TransportView:
    total = console.rows_total
    return TransportView(
        state=run_state(console, ui),
        speed=fmt.speed(console.clock.speed),
        clock=fmt.clock(console.clock.now),
        end=fmt.clock(console.clock.last_ts)[:8],
        progress=min(1.0, console.position_rows / total) if total else 0.0,
    )


def _loading(console: Console, ui: Ui) -> Frame:
    note, failure = fmt.printable(console.loading_note), fmt.printable(console.failure or ui.load_failure)
    why = ("no engine",) if failure else ("LOADING", note, f"{ui.loading_s} s")
    waiting = GaugeView("", 0.0, unknown="no engine" if failure else "loading")
    return Frame(
        header=HeaderView(
            symbol=fmt.printable(console.symbol),
            mode=console.mode,
            clock=_clock(console),
            speed=fmt.speed(console.clock.speed),
            health=(),
            source=fmt.printable(console.source_note),
            failure=failure,
            loading=note,
        ),
        ladder=LadderView((), "", "", None, unknown=why),
        trades=(),
        trades_note="",
        mapping="",
        skew=waiting,
        hazard=waiting,
        maker=(),
        quote_coin=fmt.quote_coin(console.symbol),
        maker_state="no engine" if failure else "loading",
        orders=(),
        ledgers=(),
        sums=(),
        market=(),
        clusters=(),
        transport=_transport(console, ui),
    )
