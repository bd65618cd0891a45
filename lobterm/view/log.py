"""What happened, as lines: newest first, each with its kind, so that a person may ask for some kinds alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from lobterm.engine.params import PARAMS
from lobterm.engine.rows import FadeWhy, QuoteWhy, Regime, Source, Strategy
from lobterm.events import GapCause, OrderAct, Scope
from lobterm.view import format as fmt
from lobterm.view.happened import Note, What
from lobterm.view.ladder import CAUSES
from lobterm.view.models import LogLine, Tone
from lobterm.view.pressure import BY, STATES

if TYPE_CHECKING:
    from lobterm.instrument import Instrument

KINDS = {
    What.GAP: "gap",
    What.BOOK_BACK: "resync",
    What.PARAM: "parameter",
    What.MODEL: "model",
    What.OWN: "order",
    What.TRIGGER: "trigger",
    What.STATE: "state",
    What.FILL: "fill",
    What.REJECT: "reject",
    What.FUNDING: "funding",
    What.ACCOUNT: "account",
    What.UNPRICED: "funding",
}
FILTERS: tuple[tuple[str, frozenset[What]], ...] = (
    ("all", frozenset(What)),
    ("data", frozenset({What.GAP, What.BOOK_BACK, What.MODEL})),
    ("parameters", frozenset({What.PARAM})),
    ("pressure", frozenset({What.TRIGGER, What.STATE})),
    ("trading", frozenset({What.FILL, What.REJECT, What.OWN, What.FUNDING, What.ACCOUNT, What.UNPRICED})),
)
"""What the filter key goes through."""
STRIP = frozenset(What) - {What.FILL, What.REJECT}
"""What the monitor's strip tells: the rest would wash this away. What becomes of one's own orders it tells too."""
OWN = frozenset({What.FILL, What.REJECT})

SCOPES = {Scope.BOOK: "book", Scope.TRADES: "trades", Scope.OI: "open interest", Scope.ALL: "everything"}
MARKETS = ("perpetual", "spot", "reference")
STRATEGIES = ("maker", "fade", "own")
NOT_FADED = {
    FadeWhy.NONE: "faded",
    FadeWhy.OFF: "not faded: the fade ladder is off",
    FadeWhy.NOT_FORCED: "not faded: not FORCED",
    FadeWhy.NO_DIRECTION: "not faded: price did not go along",
    FadeWhy.TOXIC: "not faded: z(Π) above the gate or unknown",
    FadeWhy.SPREAD: "not faded: the spread exploded",
    FadeWhy.CRASH: "not faded: crash filter",
    FadeWhy.SIZE: "not faded: the size rounds to nothing",
    FadeWhy.BUSY: "not faded: an earlier trigger is being worked",
}
REFUSED = {
    QuoteWhy.CROSS: "it would have crossed (post-only)",
    QuoteWhy.NO_BOOK: "the book is unknown",
    QuoteWhy.LIMIT: "more orders and cancels than may be sent",
    QuoteWhy.GONE: "that order is not there any more",
}
SELLING = {-1: "sells", 1: "buys"}


def line(note: Note, instrument: Instrument) -> LogLine:
    """Return one thing that happened as text."""
    text, tone, side = _told(note, instrument)
    return LogLine(fmt.clock(note.ts), KINDS[note.what], text, tone, side)


def _told(note: Note, instrument: Instrument) -> tuple[str, Tone, int]:
    what, a, b, c, d, x, _ = note[1:]
    if what is What.GAP:
        cause = CAUSES[GapCause(a)] if a in list(GapCause) else f"cause {a}"
        scope = SCOPES[Scope(b)] if b in list(Scope) else f"scope {b}"
        return f"{MARKETS[min(c, 2)]}: {scope} unknown, {cause}", Tone.BAD, 0
    if what is What.BOOK_BACK:
        return "the book is known again", Tone.GOOD, 0
    if what is What.PARAM:
        return f"{PARAMS[a].key if 0 <= a < len(PARAMS) else f'parameter {a}'} = {x:g}", Tone.PLAIN, 0
    if what is What.MODEL:
        return f"cluster model {a} from here", Tone.PLAIN, 0
    if what is What.OWN:
        return _asked(a, b, c, d, instrument), Tone.PLAIN, c
    if what is What.TRIGGER:
        why = NOT_FADED[FadeWhy(b)] if b in list(FadeWhy) else f"why {b}"
        return f"{SELLING[a]} exhausted, {why} · LPI {x:+.2f}, {STATES[Regime(d)]}", Tone.WARN, a
    if what is What.STATE:
        now = STATES[Regime(b)]
        by = f" by {BY[Source(d)]}" if b == Regime.FORCED and d != Source.NONE else ""
        return f"{SELLING[c]} {now}{by}, was {STATES[Regime(a)]}", Tone.WARN if b == Regime.FORCED else Tone.PLAIN, c
    if what is What.ACCOUNT:
        return f"{STRATEGIES[a]} ledger begins at {fmt.signed_size(b, instrument)}", Tone.PLAIN, 0
    if what is What.FUNDING:
        return f"settled at {fmt.fixed(100 * a, 8, 4)} %", Tone.PLAIN, 0
    whose, done = STRATEGIES[min(d, 2)], "bought" if c > 0 else "sold"
    if what is What.UNPRICED:
        when = f"{fmt.date(a)} {fmt.clock(a)[:5]} {fmt.zone(a)}"
        held = fmt.signed_size(c * b, instrument)
        return f"{whose} {held}: no mark price for {when}, PnL unknown since", Tone.WARN, 0
    if what is What.FILL:
        return f"{whose} {done} {fmt.size(b, instrument)} at {fmt.price(a, instrument)}", Tone.PLAIN, c
    why = REFUSED.get(QuoteWhy(b), QuoteWhy(b).name.lower()) if b in list(QuoteWhy) else str(b)
    side = {1: "bid", -1: "ask"}.get(c, "order")
    return f"{whose} {side} {fmt.price(a, instrument) if a else 'at market'} refused: {why}", Tone.WARN, c


def _asked(px: int, qty: int, side: int, asks: int, instrument: Instrument) -> str:
    """Return what a person asked for: see events.OrderAct."""
    price = fmt.price(px, instrument) if px else "market"
    if asks == OrderAct.FLATTEN:
        return f"flatten {STRATEGIES[qty] if 0 <= qty < len(STRATEGIES) else qty}"
    if asks == OrderAct.MOVE:
        return f"move order {qty} to {price}"
    if qty:
        return f"{'buy' if side > 0 else 'sell'} {fmt.size(qty, instrument)} at {price}"
    return f"cancel {price if px else 'all'}"


def is_own(note: Note) -> bool:
    """Say whether a note is about what became of a person's own order."""
    return note.what in OWN and note.d == Strategy.OWN


def lines(
    notes: Iterable[Note], instrument: Instrument, rows: int, kinds: frozenset[What], skip: int = 0
) -> tuple[LogLine, ...]:
    """Return up to `rows` lines of these kinds, `notes` being newest first, after `skip` of them."""
    chosen = (note for note in notes if note.what in kinds or (kinds is STRIP and is_own(note)))
    return tuple(line(note, instrument) for note in islice(chosen, skip, skip + rows))
