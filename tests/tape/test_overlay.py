"""A tape and its overlay are one sequence: whatever it is cut into, the same rows come of it, with the tape's own offsets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as hs

from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.rows import QuoteWhy, pack
from lobterm.errors import InputError
from lobterm.events import Kind, OrderAct, Scope
from lobterm.tape import overlay
from lobterm.tape.overlay import Item, Overlay
from tests.engine import twin as tw
from tests.engine.tapes import CENTROIDS, PERP, ROLES, lively, values
from tests.engine.test_checkpoint import engine_of, rows_of

EVENTS = lively(3, 1_500, lacking=("order", "turn"))
PARAMS = values(Z_PI_MAX=9.0)


def bits(value):
    return int(np.float64(value).view(np.int64))


@hs.composite
def items(draw):
    """Return items anywhere on the tape, several of them at one place at times."""
    offsets = sorted(draw(hs.lists(hs.integers(1, len(EVENTS) - 1), min_size=1, max_size=12)))
    if draw(hs.booleans()):
        offsets = sorted([*offsets, *offsets[:2]])
    found = []
    for offset in offsets:
        low, high = int(EVENTS["ts"][offset - 1]), int(EVENTS["ts"][offset])
        ts = draw(hs.integers(low, high))
        if found and found[-1].offset == offset:
            ts = max(ts, found[-1].ts)
        side, px = draw(hs.sampled_from([1, -1])), draw(hs.sampled_from([0, 9_990, 10_000, 10_010]))
        kind = draw(hs.sampled_from(["order", "order", "flatten", "move", "param"]))
        if kind == "order":
            found.append(Item(offset, ts, Kind.ORDER, side, OrderAct.PLACE, px, draw(hs.integers(0, 30))))
        elif kind == "flatten":
            found.append(Item(offset, ts, Kind.ORDER, 0, OrderAct.FLATTEN, 0, draw(hs.integers(0, 2))))
        elif kind == "move":
            found.append(Item(offset, ts, Kind.ORDER, 0, OrderAct.MOVE, px, draw(hs.integers(1, 60))))
        else:
            found.append(Item(offset, ts, Kind.PARAM, 0, 0, bits(draw(hs.sampled_from([0.0, 1.0]))), pm.ENABLED))
    return found


def woven(held, cuts=()):
    """Return (engine, packed rows by table) after the whole tape with its items, folded in pieces that end at `cuts`."""
    engine, tables = engine_of(PARAMS), {}
    mine = Overlay(0, held)
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(EVENTS)}), len(EVENTS)]
    for start, stop in zip(edges, edges[1:], strict=False):
        for rows in mine.fold(engine, start, EVENTS[start:stop]):
            for name, table in rows.items():
                tables.setdefault(name, []).append(table)
    return engine, {name: np.concatenate(parts) for name, parts in tables.items()}


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(held=items(), cuts=hs.lists(hs.integers(1, len(EVENTS) - 1), max_size=6))
def test_chunks_change_nothing(held, cuts):
    engine, rows = woven(held)
    cut_engine, cut_rows = woven(held, [*cuts, *(item.offset for item in held[:3])])
    assert engine.state.clock[st.ROWS] == cut_engine.state.clock[st.ROWS] == len(EVENTS)
    for name, table in rows.items():
        assert pack(name, table) == pack(name, cut_rows[name])


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(held=items())
def test_the_plain_twin_says_the_same_and_counts_the_tape_alone(held):
    _, rows = woven(held)
    twin = tw.Twin(PERP, PARAMS, [(CENTROIDS.tolist(), ROLES.tolist())])
    left = list(held)
    for row, event in enumerate(EVENTS.tolist()):
        while left and left[0].offset == row:
            twin.event(*overlay.event(left.pop(0), 0)[0].tolist())
            twin.n -= 1
        twin.event(*event)
    twin.finish()
    for name, table in rows.items():
        assert tw.first_difference(name, table, twin.rows[name]) is None


def test_offsets_are_the_tape_s():
    turned_to_what_it_was = Item(700, int(EVENTS["ts"][700]), Kind.PARAM, 0, 0, bits(PARAMS[pm.GAMMA]), pm.GAMMA)
    _, rows = woven([turned_to_what_it_was])
    plain = rows_of(engine_of(PARAMS), EVENTS)
    assert {name: pack(name, table) for name, table in rows.items()} == plain


def test_what_cannot_be_done_is_said_in_a_row():
    blind = (EVENTS["kind"] == Kind.GAP) & np.isin(EVENTS["qty"], (Scope.BOOK, Scope.ALL)) & (EVENTS["market"] == 0)
    gap = int(np.flatnonzero(blind)[0])
    ts = int(EVENTS["ts"][gap])
    asked = Item(gap + 1, ts, Kind.ORDER, 1, OrderAct.PLACE, 9_000, 5)
    gone = Item(gap + 1, ts, Kind.ORDER, 0, OrderAct.MOVE, 9_000, 12_345)
    _, rows = woven([asked, gone])
    refused = rows["quotes"][rows["quotes"]["order_id"] == 0]
    assert refused["why"].tolist() == [QuoteWhy.NO_BOOK, QuoteWhy.GONE]
    assert refused["px"].tolist() == [9_000, 9_000]


GOOD = Item(5, 100, Kind.ORDER, 1, 0, 7, 7)


@pytest.mark.parametrize(
    "held",
    [
        [GOOD._replace(kind=Kind.TRADE)],
        [GOOD._replace(offset=0)],
        [GOOD._replace(offset=10)],
        [GOOD._replace(ts=99)],
        [GOOD._replace(ts=1 << 61)],
        [GOOD._replace(side=5)],
        [GOOD._replace(px=1 << 63)],
        [GOOD, GOOD._replace(offset=4)],
        [GOOD._replace(ts=101), GOOD],
        [GOOD] * (overlay.MOST + 1),
    ],
)
def test_items_of_a_log_that_was_tampered_with_are_refused(held):
    overlay.check([GOOD, GOOD], 10, 100, 200, "log")
    with pytest.raises(InputError, match="overlay"):
        overlay.check(held, 10, 100, 200, "log")


def test_a_session_has_an_end():
    mine = Overlay(0, [GOOD] * overlay.MOST)
    with pytest.raises(InputError, match="at most"):
        mine.put(0, GOOD)
