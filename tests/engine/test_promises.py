"""The promises that traders rely on: same bits however cut, no peeking, heartbeats change nothing, money adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

from lobterm.engine import account, drive, read
from lobterm.engine import fold as fd
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.rows import TABLES, pack
from lobterm.events import EVENT, Flag, Kind
from tests.engine.test_twin import CENTROIDS, PERP, ROLES, lively, run, values

SEEDS = hs.integers(0, 10**9)


def same(a, b):
    return all(pack(name, a[name]) == pack(name, b[name]) for name in TABLES)


@settings(max_examples=8)
@given(seed=SEEDS, pieces=hs.integers(2, 40), capacity=hs.integers(1, 3) | hs.just(4 * fd.ROOM + 3))
def test_cut_anywhere_the_rows_are_the_same(seed, pieces, capacity):
    events = lively(seed, 400)
    whole, cut = run(events, values())[1], run(events, values(), pieces=pieces, capacity=capacity)[1]
    assert same(whole, cut)


@settings(max_examples=25)
@given(seed=SEEDS)
def test_heartbeats_change_when_rows_appear_never_which(seed):
    events = lively(seed, 500)
    beats = events["kind"] == Kind.HEARTBEAT
    last = np.flatnonzero(~beats)[-1] + 1
    with_beats, without = run(events[:last], values())[1], run(events[:last][~beats[:last]], values())[1]
    for name in TABLES:
        a, b = with_beats[name].copy(), without[name].copy()
        a["offset"] = b["offset"] = 0  # deleting rows renumbers the tape
        assert pack(name, a) == pack(name, b), name


@settings(max_examples=25)
@given(seed=SEEDS, cut=hs.floats(0.1, 0.9))
def test_the_future_changes_nothing_in_the_past(seed, cut):
    events = lively(seed, 400)
    at = int(len(events) * cut)
    while at < len(events) and events["ts"][at] == events["ts"][at - 1]:
        at += 1
    past, future = events[:at], events[at:].copy()
    shuffled = future[np.random.default_rng(seed).permutation(len(future))]
    shuffled["ts"] = future["ts"]
    until = past["ts"][-1]
    _, full = run(events, values())
    _, other = run(np.concatenate([past, shuffled]), values())
    for name in TABLES:
        a, b = (rows[name][rows[name]["ts"] <= until] for rows in (full, other))
        a, b = (rows[rows["offset"] < at] for rows in (a, b))
        assert pack(name, a) == pack(name, b), name


def test_restored_from_a_checkpoint_it_goes_on_as_if_never_stopped():
    events = lively(5, 3_000)
    engine, whole = run(events, values())
    first = drive.start(PERP, values(), CENTROIDS, ROLES)
    head = list(drive.fold(first, events[:2_000]))
    kept = st.copy(first.state)
    list(drive.fold(first, events[2_000:]))
    second = drive.Engine(kept)
    tail = list(drive.fold(second, events[2_000:]))
    for name in TABLES:
        assert pack(name, np.concatenate([rows[name] for rows in head + tail])) == pack(name, whole[name])
    for mine, theirs in zip(second.state, engine.state, strict=True):
        assert mine.tobytes() == theirs.tobytes()


@settings(max_examples=25)
@given(seed=SEEDS)
def test_two_ledgers_give_one_answer(seed):
    engine, rows = run(lively(seed, 800), values())
    acct = engine.state.acct
    cash2 = sum(-2 * int(f["side"]) * int(f["px"]) * int(f["qty"]) for f in rows["fills"])
    position = sum(int(f["side"]) * int(f["qty"]) for f in rows["fills"])
    assert position == acct[account.POSITION]
    assert cash2 + position * int(acct[account.MARK2]) == acct[account.SPREAD2] + acct[account.INVENTORY2]
    assert acct[account.FEES_E8] == rows["fills"]["fee_e8"].sum()
    pnl = read.pnl(engine.state)
    if pnl.total_e8 is not None:
        assert pnl.total_e8 == pnl.spread_e8 + pnl.inventory_e8 - pnl.fees_e8


@settings(max_examples=25)
@given(seed=SEEDS)
def test_every_fill_had_to_happen_and_no_float_is_undefined(seed):
    _, rows = run(lively(seed, 800), values())
    quotes = rows["quotes"]
    for fill in rows["fills"]:
        assert (fill["px"] - fill["print_px"]) * fill["side"] > 0, "a print strictly through our price"
        order = quotes[(quotes["order_id"] == fill["order_id"]) & (quotes["act"] == 1)][0]
        assert order["ts"] < fill["ts"], "a trade never meets a quote that it caused"
        assert fill["exch_ts"] > order["live_from"]
        ended = quotes[(quotes["order_id"] == fill["order_id"]) & (quotes["act"] == 2)]
        assert all(fill["exch_ts"] <= end["live_to"] for end in ended if end["ts"] < fill["ts"])
    filled = rows["fills"]["order_id"]
    for ident in np.unique(filled):
        placed = quotes[(quotes["order_id"] == ident) & (quotes["act"] == 1)]["qty"][0]
        assert rows["fills"]["qty"][filled == ident].sum() <= placed
    for table in rows.values():
        for name in table.dtype.names:
            if table[name].dtype.kind == "f":
                assert np.isfinite(table[name]).all()


def test_one_print_is_shared_once_over_our_orders():
    _, rows = run(lively(3, 6_000), values())
    by_print = {}
    for fill in rows["fills"]:
        by_print.setdefault((int(fill["offset"])), []).append(fill)
    assert by_print
    for fills in by_print.values():
        assert sum(int(f["qty"]) for f in fills) <= int(fills[0]["print_qty"])


@pytest.mark.parametrize(("key", "sign"), [(pm.BETA_TICKS, 1), (pm.THETA, -1)])
def test_quotes_rise_with_skew_and_fall_with_inventory(key, sign):
    low, high = values(), values()
    high[key] = low[key] + 5.0
    state = run(lively(11, 1_500, trouble=False), low)[0].state
    if key == pm.THETA:
        state.acct[account.POSITION] = 50
    fairs = []
    for params in (low, high):
        state.params[:] = params
        fairs.append(read_fair(state))
    x = 1 if key == pm.THETA else np.sign(state.scaled[0])
    assert sign * x * (fairs[1] - fairs[0]) > 0


def read_fair(state):
    from lobterm.engine import quoting

    assert quoting.value(state, int(state.clock[st.NOW]))
    return state.quote[st.FAIR]


def test_a_market_that_falls_silent_is_a_gap_whatever_another_market_says():
    events = lively(11, 1_500, trouble=False)
    spot = np.zeros(200, EVENT)
    spot["ts"] = events["ts"][-1] + np.arange(1, 201) * 1_000_000
    spot["kind"], spot["market"], spot["side"], spot["flags"] = Kind.TRADE, 1, 1, Flag.LAST
    engine, rows = run(np.concatenate([events, spot]), values())
    picture = read.snapshot(engine.state, 1)
    assert not picture.book_known
    assert (picture.quoting, picture.quote_why_not, picture.orders) == (False, "book unknown", ())
    silent_from = int(events["ts"][-1]) + int(values()[pm.MAX_SILENCE_US])
    assert rows["alpha"]["ts"].max() <= silent_from
    assert rows["quotes"]["ts"].max() == silent_from, "our orders were pulled then"


def test_an_unknown_model_row_or_parameter_is_refused_in_silence_but_never_read():
    events = lively(7, 50)
    extra = np.zeros(2, EVENT)
    extra["ts"] = events["ts"][-1]
    extra["kind"], extra["flags"] = (Kind.MODEL, Kind.PARAM), Flag.LAST | Flag.SYNTHETIC
    extra["px"], extra["qty"] = 99, 10_000
    engine, _ = run(np.concatenate([events, extra]), values())
    assert engine.state.clock[st.MODEL_ROW] == 0
    assert (engine.state.params == run(events, values())[0].state.params).all()
