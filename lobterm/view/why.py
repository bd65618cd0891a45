"""Why things are as they are: what the quote is made of, why an order stands where it stands or was pulled, what a trigger lacked.

All of it is told by the engine's own pieces and rows; nothing here decides anything.
Units: ticks where a price is not written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from lobterm.engine import params as pm
from lobterm.engine.rows import Condition as Bit
from lobterm.engine.rows import QuoteAct, QuoteWhy, Strategy
from lobterm.view import format as fmt
from lobterm.view.models import Tone, Value

if TYPE_CHECKING:
    import numpy.typing as npt

    from lobterm.engine.read import OwnOrder, Side, Snapshot
    from lobterm.instrument import Instrument
    from lobterm.view.history import History

WAITS = {
    Bit.PANIC: ("no panic", "LPI not known"),
    Bit.ROLLOVER: ("LPI still rising", "rollover not known"),
    Bit.OI: ("no OI flush", "OI flush not known"),
    Bit.REFORM: ("depth still falling", "depth not known"),
    Bit.DIVERGENCE: ("no divergence", "divergence not known"),
    Bit.DIVERGENCE_LOW: ("no divergence", "divergence not known"),
}
"""What is said of a condition that does not hold, and of one that is not known."""
NAMES = {
    Bit.PANIC: "panic",
    Bit.ROLLOVER: "rollover",
    Bit.OI: "OI flush",
    Bit.REFORM: "reform",
    Bit.DIVERGENCE: "diverge",
    Bit.DIVERGENCE_LOW: "diverge",
}
"""What a condition is called where many are told in one line, as on the panel of all five."""
FEW = 2
"""Conditions that are told in words; of more there is room for the names alone."""
PULLED = dict.fromkeys(QuoteWhy, "") | {
    QuoteWhy.PRICE: "the target moved",
    QuoteWhy.GAP: "the book is unknown",
    QuoteWhy.DISARM: "the maker does not quote",
    QuoteWhy.INVENTORY: "inventory at its cap",
    QuoteWhy.CROSS: "it would have crossed",
    QuoteWhy.FILL: "filled",
    QuoteWhy.SKEW: "it stood against the skew",
    QuoteWhy.TOXIC: "z(Π) above its gate or unknown",
    QuoteWhy.SPREAD: "the spread exploded",
    QuoteWhy.STALE: "time in state ran out",
    QuoteWhy.STOP: "stop: price went against it",
    QuoteWhy.TIME: "time stop",
    QuoteWhy.LPI: "the pressure is gone",
    QuoteWhy.TARGET: "markout target met",
    QuoteWhy.PERSON: "by hand",
    QuoteWhy.NO_BOOK: "nothing to take",
    QuoteWhy.LIMIT: "too many orders and cancels a second",
    QuoteWhy.GONE: "it was not there any more",
    QuoteWhy.NO_MARK: "no mark price of its time",
}
"""Why an order went."""
SENT = dict.fromkeys(QuoteWhy, "") | {QuoteWhy.PERSON: "placed by hand", QuoteWhy.ENTRY: "fades exhausted {side}", **{
    why: f"leaves: {PULLED[why]}" for why in (QuoteWhy.STOP, QuoteWhy.TIME, QuoteWhy.LPI, QuoteWhy.TARGET)
}}  # fmt: skip
"""Why an order was placed that is not the maker's."""
MISSED_US = 3_600_000_000
"""How far back a missed trigger is still told."""


class Missed(Struct, frozen=True):
    """A time in which one condition alone was missing, and which no trigger ended."""

    ts: int  # when it ended
    side: int
    bit: Bit
    known: bool
    needed: int
    us: int  # how long it lasted


def needed(rule_8_4: bool, oi_known: bool) -> tuple[Bit, ...]:
    """Return the conditions that E_t asks for: open interest by section 3.1 alone, and only where it is known."""
    bits = [Bit.PANIC, Bit.ROLLOVER, Bit.REFORM, Bit.DIVERGENCE_LOW if rule_8_4 else Bit.DIVERGENCE]
    if not rule_8_4 and oi_known:
        bits.insert(2, Bit.OI)
    return tuple(bits)


def wait(bit: Bit, known: bool) -> str:
    """Say what E_t waits for."""
    return WAITS[bit][0 if known else 1]


def lacks(who: Side, snapshot: Snapshot) -> str:
    """Say how many conditions hold on one side, and what each of the others waits for; without a panic that alone."""
    bits = needed(snapshot.params[pm.EXHAUSTION_RULE] == 1.0, bool(who.conditions_known & Bit.OI))
    unmet = [(bit, bool(who.conditions_known & bit)) for bit in bits if not who.conditions & bit]
    met = f"{len(bits) - len(unmet)} of {len(bits)}"
    if not who.conditions & Bit.PANIC:
        unmet = unmet[:1]
    if not unmet:
        return f"{met}: exhausted"
    if len(unmet) > FEW:
        names = (NAMES[bit] if known else f"{NAMES[bit]}?" for bit, known in unmet)
        return f"{met}: no {', '.join(names)}"
    return f"{met}: {', '.join(wait(bit, known) for bit, known in unmet)}"


def missed(history: History, snapshot: Snapshot) -> tuple[Missed, ...]:
    """Return the newest missed trigger of each side that has one: panic, and all but one condition, until it was fewer."""
    ticks = history.ticks.rows
    ticks = ticks[np.searchsorted(ticks["ts"], snapshot.ts - MISSED_US) :]
    if len(ticks) < 2:
        return ()
    rule = snapshot.params[pm.EXHAUSTION_RULE] == 1.0
    tick_us = int(snapshot.params[pm.ALPHA_TICK_US])
    found = (
        _missed(ticks, side, name, rule, tick_us) for side, name in ((-1, "exhaustion_sell"), (1, "exhaustion_buy"))
    )
    return tuple(one for one in found if one)


def _missed(ticks: npt.NDArray[np.void], side: int, name: str, rule: bool, tick_us: int) -> Missed | None:
    true, sure = ticks[name].astype(np.int64), ticks[f"{name}_known"].astype(np.int64)
    base = sum(int(bit) for bit in needed(rule, False))
    mask = np.where((sure & int(Bit.OI)) != 0, base | (0 if rule else int(Bit.OI)), base)
    unmet = mask & ~true
    one_left = (unmet != 0) & (unmet & (unmet - 1) == 0) & (true & int(Bit.PANIC) != 0)
    # it ended at a tick that is not near any more, in the same stretch of ticks, and not by a trigger
    ended = one_left[:-1] & ~one_left[1:] & (true[1:] & int(Bit.EXHAUSTED) == 0)
    ended &= np.diff(ticks["ts"]) < 2 * tick_us
    at = np.flatnonzero(ended)
    if not len(at):
        return None
    last = int(at[-1])
    before = np.flatnonzero(~one_left[:last])
    first = int(before[-1]) + 1 if len(before) else 0
    bit = Bit(int(unmet[last]))
    return Missed(
        int(ticks["ts"][last + 1]), side, bit, bool(sure[last] & int(bit)), int(mask[last]).bit_count(),
        int(ticks["ts"][last + 1] - ticks["ts"][first]),
    )  # fmt: skip


def missed_words(one: Missed) -> str:
    """Return a missed trigger as words."""
    who = "▼" if one.side < 0 else "▲"
    return (
        f"{fmt.clock(one.ts)[:8]} {who} {one.needed - 1} of {one.needed} {fmt.age(one.us)}: {wait(one.bit, one.known)}"
    )


def fair(snapshot: Snapshot) -> str:
    """Say what the fair value is made of, in ticks."""
    made = snapshot.making
    if made is None:
        return snapshot.quote_why_not or "not known"
    return f"mid {made.skew:+.1f} skew {-made.inventory + 0.0:+.1f} inventory"


def width(snapshot: Snapshot) -> str:
    """Say what the width is made of, in ticks."""
    made = snapshot.making
    if made is None:
        return snapshot.quote_why_not or "not known"
    tolerance = snapshot.params[pm.K_TOL]
    if made.widened == 1.0:
        return f"base {made.base:.1f}, hazard within {tolerance:g}: {made.hazard:.2f}"
    whom = {0: "", 1: ", the bid alone", -1: ", the ask alone"}[made.wide_side]
    wider, hazard = (f"{x:.{digits if x < 100 else 0}f}" for x, digits in ((made.widened, 1), (made.hazard, 2)))
    return f"{made.base:.1f} x{wider}{whom}, hazard {hazard} over {tolerance:g}"


def order(order: OwnOrder, snapshot: Snapshot, history: History) -> str:
    """Say why an order stands where it stands, or why it leaves."""
    if order.leaving:
        gone = _last_why(history, order.order_id, QuoteAct.CANCEL)
        return "" if gone is None else PULLED[gone]
    if order.strategy == Strategy.MAKER:
        held = snapshot.making is not None and order.side in snapshot.making.held_off and order.level == 0
        level = f", level {order.level + 1}" if order.level else ""
        return f"fair {'-' if order.side > 0 else '+'} ½ width{level}{', held off the touch' if held else ''}"
    sent = _last_why(history, order.order_id, QuoteAct.PLACE)
    if sent is None:
        return ""
    words = SENT[sent].format(side="sells" if order.side > 0 else "buys")
    return f"{words}, layer {order.level + 1}" if sent is QuoteWhy.ENTRY else words


def _last_why(history: History, order_id: int, act: QuoteAct) -> QuoteWhy | None:
    """Return why the last thing of a kind happened to an order, None if that is forgotten."""
    rows = history.quotes.rows
    mine = rows["why"][(rows["order_id"] == order_id) & (rows["act"] == int(act))]
    return QuoteWhy(int(mine[-1])) if len(mine) else None


def side(which: int, snapshot: Snapshot, instrument: Instrument, history: History) -> Value:
    """Say why the maker's quote of one side stands where it stands, or why there is none."""
    label = "bid" if which > 0 else "ask"
    mine = [o for o in snapshot.orders if o.strategy == Strategy.MAKER and o.side == which and not o.leaving]
    if mine:
        best = max(mine, key=lambda o: which * o.px)
        where = "rests" if best.arrived else "sent"
        return Value(label, f"{fmt.price(best.px, instrument)} {where}: {order(best, snapshot, history)}", side=which)
    rows = history.quotes.rows
    ours = (rows["strategy"] == int(Strategy.MAKER)) & (rows["side"] == which)
    gone = rows[ours & (rows["act"] != int(QuoteAct.PLACE))]
    why_not = snapshot.quote_why_not
    if not len(gone):
        return Value(label, f"none: {why_not}" if why_not else "none yet", Tone.UNKNOWN)
    last = gone[-1]
    did = {QuoteAct.CANCEL: "pulled", QuoteAct.REJECT: "refused", QuoteAct.DONE: "gone"}[QuoteAct(int(last["act"]))]
    why = PULLED[QuoteWhy(int(last["why"]))]
    return Value(label, f"{did} {fmt.age(snapshot.ts - int(last['ts']))} ago: {why}", Tone.WARN)


def lines(snapshot: Snapshot, instrument: Instrument, history: History) -> tuple[Value, ...]:
    """Return what the monitor says about why: fair value, width, both quotes, what triggers lack, the last one missed."""
    p, made = snapshot.pressure, snapshot.making
    price = fmt.real_price(made.fair if made else None, instrument)
    wide = fmt.NOTHING if made is None else f"{fmt.shortened(made.width, 5)} ticks"
    tone = Tone.PLAIN if made else Tone.UNKNOWN
    last = max(missed(history, snapshot), key=lambda one: one.ts, default=None)
    lost = Value("missed", "—", Tone.UNKNOWN) if last is None else Value("missed", missed_words(last), side=last.side)
    return (
        Value("fair", f"{price} = {fair(snapshot)}" if made else fair(snapshot), tone),
        Value("width", f"{wide} = {width(snapshot)}" if made else width(snapshot), tone),
        side(1, snapshot, instrument, history),
        side(-1, snapshot, instrument, history),
        Value("sells", lacks(p.sells, snapshot), side=-1),
        Value("buys", lacks(p.buys, snapshot), side=1),
        lost,
    )
