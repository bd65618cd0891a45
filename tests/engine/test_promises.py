"""The promises that traders rely on: same bits however cut, no peeking, heartbeats change nothing, money adds up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as hs

from lobterm.engine import account, drive, fair_value, markouts, own_orders, quoting
from lobterm.engine import fold as fd
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.rows import (
    TABLES,
    AlphaValid,
    FillRule,
    FillValid,
    LabelValid,
    QuoteAct,
    QuoteWhy,
    Strategy,
    TriggerValid,
    pack,
)
from lobterm.events import EVENT, Flag, Kind, Market, OrderAct
from lobterm.wire import emit
from lobterm.wire.block import BlockDecoder
from lobterm.wire.message import SKIPPED
from tests.engine.tapes import CENTROIDS, OWN, PERP, ROLES, START, Tape, assorted, drawn, lively, run, values
from tests.wire import wires

SEEDS = hs.integers(0, 10**9)
ANY = {"suppress_health_check": [HealthCheck.too_slow]}


def same(a, b):
    return all(pack(name, a[name]) == pack(name, b[name]) for name in TABLES)


# --- one engine, the same bits ----------------------------------------------------------------------------------------


@settings(max_examples=25, **ANY)
@given(seed=SEEDS, pieces=hs.integers(2, 40), capacity=hs.integers(1, 3) | hs.just(4 * fd.ROOM + 3))
def test_cut_anywhere_the_rows_are_the_same(seed, pieces, capacity):
    events, params = assorted(seed, 500), drawn(seed)
    assert same(run(events, params)[1], run(events, params, pieces=pieces, capacity=capacity)[1])


@settings(max_examples=40, **ANY)
@given(seed=SEEDS)
def test_heartbeats_change_when_rows_appear_never_which(seed):
    events, params = assorted(seed, 500), drawn(seed)
    beats = events["kind"] == Kind.HEARTBEAT
    last = np.flatnonzero(~beats)[-1] + 1
    with_beats, without = run(events[:last], params)[1], run(events[:last][~beats[:last]], params)[1]
    for name in TABLES:
        a, b = with_beats[name].copy(), without[name].copy()
        a["offset"] = b["offset"] = 0  # deleting rows renumbers the tape
        assert pack(name, a) == pack(name, b), name


@settings(max_examples=40, **ANY)
@given(seed=SEEDS, cut=hs.floats(0.1, 0.9))
def test_the_future_changes_nothing_in_the_past(seed, cut):
    events, params = assorted(seed, 500), drawn(seed)
    at = int(len(events) * cut)
    while at < len(events) and events["ts"][at] == events["ts"][at - 1]:
        at += 1
    past, future = events[:at], events[at:].copy()
    shuffled = future[np.random.default_rng(seed).permutation(len(future))]
    shuffled["ts"] = future["ts"]
    until = past["ts"][-1]
    _, full = run(events, params)
    _, other = run(np.concatenate([past, shuffled]), params)
    for name in set(TABLES) - {"markouts"}:
        a, b = (rows[name][(rows[name]["ts"] <= until) & (rows[name]["offset"] < at)] for rows in (full, other))
        assert pack(name, a) == pack(name, b), name


@settings(max_examples=10, **ANY)
@given(seed=SEEDS, cut=hs.floats(0.05, 0.95))
def test_restored_from_a_checkpoint_it_goes_on_as_if_never_stopped(seed, cut):
    events, params = assorted(seed, 600), drawn(seed)
    stop_in_the_middle(events, params, int(cut * len(events)))


def stop_in_the_middle(events, params, at):
    """Stop at row `at`, copy the state, go on with both, and return the state as it was."""
    engine, whole = run(events, params)
    first = drive.start(PERP, params, CENTROIDS, ROLES)
    head = list(drive.fold(first, events[:at]))
    kept, seen = st.copy(first.state), st.copy(first.state)
    list(drive.fold(first, events[at:]))
    second = drive.Engine(kept)
    tail = list(drive.fold(second, events[at:]))
    for name in TABLES:
        assert pack(name, np.concatenate([rows[name] for rows in head + tail])) == pack(name, whole[name])
    for mine, theirs in zip(second.state, engine.state, strict=True):
        assert mine.tobytes() == theirs.tobytes()
    return seen


def test_a_checkpoint_in_the_middle_of_a_panic_with_the_fade_at_work():
    events, params = lively(1, 3_000), values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0)
    _, rows = run(events, params)
    entries = rows["quotes"][rows["quotes"]["why"] == QuoteWhy.ENTRY]
    assert len(entries)
    # the row after the entry's own timers: a layer rests, or is on its way
    at = next(int(row["offset"]) for row in entries if (rows["alpha"]["offset"] == row["offset"]).sum() == 1)
    state = stop_in_the_middle(events, params, at + 1)
    assert state.fade[st.F_WORKING] == 1
    assert own_orders.waiting(state, int(Strategy.FADE))
    assert state.waiting_cursor[markouts.HEAD] > state.waiting_cursor[markouts.TAIL], "markouts are waiting"


@settings(max_examples=20, **ANY)
@given(seed=SEEDS)
def test_a_session_that_ends_gives_out_every_markout_with_what_was_known_by_then(seed):
    events, params = lively(seed, 600), drawn(seed)
    at = len(events) // 2
    while events["ts"][at] == events["ts"][at - 1]:
        at += 1
    engine, ended = run(events[:at], params)
    rest = [rows["markouts"] for rows in drive.finish(engine)]
    found = np.concatenate([ended["markouts"], *rest])
    marked = ended["labels"], ended["triggers"], ended["fills"]
    assert len(found) == sum(map(len, marked)), "one for each"
    later = run(events, params)[1]["markouts"][: len(found)]
    over = found["ts"][:, None] + markouts.HORIZONS[None, :] <= events["ts"][at - 1]
    known, later_known = (rows["valid"][:, None] >> np.arange(6) & 1 == 1 for rows in (found, later))
    whole = len(later)
    assert np.array_equal((known & over)[:whole], (later_known & over[:whole]))
    assert np.array_equal(np.where(over, found["mid2"], 0)[:whole], np.where(over[:whole], later["mid2"], 0))
    assert not known[~over].any()
    assert not any(len(rows["markouts"]) for rows in drive.finish(engine)), "nothing waits any more"


def test_a_market_that_falls_silent_is_a_gap_whatever_another_market_says():
    events = lively(11, 1_500, trouble=False, lacking=("order", "turn"))
    spot = np.zeros(200, EVENT)
    spot["ts"] = events["ts"][-1] + np.arange(1, 201) * 1_000_000
    spot["kind"], spot["market"], spot["side"], spot["flags"] = Kind.TRADE, Market.SPOT, 1, Flag.LAST
    engine, rows = run(np.concatenate([events, spot]), values())
    assert not engine.state.clock[st.BOOK_KNOWN]
    assert not any(own_orders.waiting(engine.state, int(who)) for who in Strategy)
    silent_from = int(events["ts"][-1]) + int(values()[pm.MAX_SILENCE_US])
    assert rows["alpha"]["ts"].max() <= silent_from
    assert rows["quotes"]["ts"].max() == silent_from, "our orders were pulled then"


def test_an_unknown_model_row_or_parameter_is_refused_in_silence_but_never_read():
    events = lively(7, 50, lacking=("turn",))
    extra = np.zeros(2, EVENT)
    extra["ts"] = events["ts"][-1]
    extra["kind"], extra["flags"] = (Kind.MODEL, Kind.PARAM), OWN
    extra["px"], extra["qty"] = 99, 10_000
    engine, _ = run(np.concatenate([events, extra]), values())
    assert engine.state.clock[st.MODEL_ROW] == 0
    assert (engine.state.params == values()).all()


def test_a_model_row_without_a_table_of_models_loads_nothing():
    events = lively(7, 50)
    extra = np.zeros(1, EVENT)
    extra["ts"], extra["kind"], extra["flags"] = events["ts"][-1], Kind.MODEL, OWN
    engine, _ = run(np.concatenate([events, extra]), values(), model=False)
    assert engine.state.clock[st.MODEL_ROW] == -1


# --- nothing shown that is not known ----------------------------------------------------------------------------------


def assert_all_finite(rows):
    for name, table in rows.items():
        for column in table.dtype.names:
            if table[column].dtype.kind == "f":
                assert np.isfinite(table[column]).all(), (name, column)


@settings(max_examples=40, **ANY)
@given(seed=SEEDS)
def test_what_is_not_known_is_a_cleared_bit_with_a_zero_payload(seed):
    _, rows = run(assorted(seed, 600), drawn(seed))
    assert_all_finite(rows)
    payloads = {
        ("labels", LabelValid.BOOK): ("book_age_us",), ("labels", LabelValid.FEATURES): ("feature",),
        ("labels", LabelValid.Z): ("z",), ("alpha", AlphaValid.TOUCH): ("bid", "ask", "bid_qty", "ask_qty"),
        ("alpha", AlphaValid.QUOTE): ("fair_px", "width_ticks"), ("alpha", AlphaValid.MARK): ("pnl_e8",),
        ("alpha", AlphaValid.FLOW): ("volume",), ("alpha", AlphaValid.IMPACT): ("impact_sell", "impact_buy"),
        ("alpha", AlphaValid.FSI): ("fsi_sell", "fsi_buy"), ("alpha", AlphaValid.LDR): ("ldr_bid", "ldr_ask"),
        ("alpha", AlphaValid.PI): ("pi",), ("alpha", AlphaValid.RV): ("rv",), ("alpha", AlphaValid.SIGMA): ("sigma",),
        ("alpha", AlphaValid.Z_FSI_SELL): ("z_fsi_sell",), ("alpha", AlphaValid.Z_PI): ("z_pi",),
        ("alpha", AlphaValid.LPI_SELL): ("lpi_sell",), ("alpha", AlphaValid.LPI_BUY): ("lpi_buy",),
        ("alpha", AlphaValid.OI): ("oi", "oi_age_us"), ("alpha", AlphaValid.OI_FLUSH): ("oi_flush",),
        ("alpha", AlphaValid.Z_OI): ("z_oi",), ("triggers", TriggerValid.OI): ("z_oi", "oi_age_us"),
        ("triggers", TriggerValid.LEG): ("leg_return",), ("triggers", TriggerValid.CRASH): ("crash_return",),
        ("fills", FillValid.AHEAD): ("ahead",), ("fills", FillValid.HAZARD): ("hazard",),
    }  # fmt: skip
    for (name, bit), columns in payloads.items():
        unknown = rows[name][rows[name]["valid"] & int(bit) == 0]
        for column in columns:
            assert not unknown[column].any(), (name, column)
    for h in range(6):
        assert not rows["markouts"]["mid2"][rows["markouts"]["valid"] >> h & 1 == 0, h].any()
    for side in ("sell", "buy"):
        for bits in ("legs_", "exhaustion_"):
            assert not (rows["alpha"][bits + side] & ~rows["alpha"][f"{bits}{side}_known"]).any(), "true, yet not known"


@settings(max_examples=60, **ANY)
@given(seed=SEEDS, edges=hs.lists(hs.tuples(hs.sampled_from(pm.PARAMS), hs.booleans()), max_size=12))
def test_no_parameter_within_its_bounds_makes_a_number_that_is_none(seed, edges):
    params = drawn(seed)
    for param, high in edges:
        if param.id not in (pm.ALPHA_TICK_US, pm.WINDOW_S):  # they make windows too large for a test
            params[param.id] = param.high if high else param.low
    _, rows = run(assorted(seed, 300, mid=10_000), params)
    assert_all_finite(rows)


# --- fills that had to happen, money that adds up ---------------------------------------------------------------------


@settings(max_examples=30, **ANY)
@given(seed=SEEDS)
def test_every_fill_had_to_happen(seed):
    _, rows = run(assorted(seed, 800), drawn(seed))
    quotes, fills = rows["quotes"], rows["fills"]
    for fill in fills:
        mine = quotes[quotes["order_id"] == fill["order_id"]]
        order = mine[mine["act"] == QuoteAct.PLACE][0]
        before = (order["ts"], order["offset"]) < (fill["ts"], fill["offset"])
        assert before, "a trade never meets a quote that it caused"
        beyond = (fill["px"] - fill["print_px"]) * fill["side"]
        if fill["rule"] == FillRule.TAKER:
            assert order["px"] == 0 or order["why"] in (QuoteWhy.STOP, QuoteWhy.TIME, QuoteWhy.LPI, QuoteWhy.TARGET)
            assert beyond >= 0, "a taker pays the touch or worse"
            assert fill["slip2"] == -2 * beyond * fill["qty"]
            continue
        assert beyond > 0 if fill["rule"] == FillRule.THROUGH else beyond == 0
        assert fill["exch_ts"] > order["live_from"]
        ended = mine[(mine["act"] == QuoteAct.CANCEL) & (mine["ts"] < fill["ts"])]
        assert (fill["exch_ts"] <= ended["live_to"]).all()
    for ident in np.unique(fills["order_id"]):
        placed = quotes[(quotes["order_id"] == ident) & (quotes["act"] == QuoteAct.PLACE)]["qty"][0]
        assert fills["qty"][fills["order_id"] == ident].sum() <= placed


def test_one_print_is_shared_once_over_all_our_orders():
    _, rows = run(lively(3, 6_000), values(LEVELS=5, LEVEL_STEP_TICKS=1, MAX_INVENTORY=9.0))
    prints = rows["fills"][rows["fills"]["rule"] != FillRule.TAKER]
    shared = Counter()
    for fill in prints:
        shared[int(fill["offset"])] += int(fill["qty"])
    assert max(Counter(prints["offset"].tolist()).values()) > 1, "several of our orders met one print"
    for fill in prints:
        assert shared[int(fill["offset"])] <= fill["print_qty"]


def ledger(fills, who):
    """Return (position, cash, fees) in lots, tick-lots and 1e-8 quote, from the fills alone."""
    mine = [f for f in fills if f["strategy"] == who]
    position = sum(int(f["side"]) * int(f["qty"]) for f in mine)
    cash = sum(-int(f["side"]) * int(f["px"]) * int(f["qty"]) for f in mine)
    return position, cash, sum(int(f["fee_e8"]) for f in mine)


@settings(max_examples=30, **ANY)
@given(seed=SEEDS)
def test_two_ledgers_give_one_answer(seed):
    engine, rows = run(assorted(seed, 800), drawn(seed))
    s, mark2 = engine.state, int(engine.state.clock[st.MARK2])
    cash2 = fees = funding = 0
    for who in range(account.STRATEGIES):
        account.catch_up(s.acct, who, mark2)
        acct = [int(v) for v in s.acct[who]]
        position, cash, paid = ledger(rows["fills"], who)
        assert (position, 2 * cash, paid) == (acct[account.POSITION], acct[account.CASH2], acct[account.FEES_E8])
        parts2 = acct[account.SPREAD2] + acct[account.INVENTORY2] + acct[account.SLIP2]
        assert 2 * cash + position * mark2 == parts2, "spread + inventory + slippage is cash + position x mid"
        assert acct[account.SLIP2] <= 0
        cash2, fees, funding = cash2 + parts2, fees + paid, funding + acct[account.FUNDING_E8]
    whole = account.to_e8(cash2, int(s.value_e16[0])) - fees + funding
    assert account.total_e8(s.acct, mark2, int(s.value_e16[0])) == whole
    last = rows["alpha"][rows["alpha"]["valid"] & int(AlphaValid.MARK) != 0][-1:]
    for row in last:
        assert row["inventory"] == sum(ledger(rows["fills"][rows["fills"]["ts"] <= row["ts"]], w)[0] for w in range(3))


def fixed_orders(seed, n):
    """Return a tape whose own orders are all that is ever sent, none a taker, and none that hangs on what filled before."""
    events = assorted(seed, n, lacking=("turn",), often={"order": 120}, mid=10_000, depth=True)
    taker = (events["px"] == 0) & (events["qty"] > 0)
    return events[~((events["kind"] == Kind.ORDER) & (taker | (events["seq"] != OrderAct.PLACE)))]


def filled_by_then(rows, times):
    """Return {order: lots filled by each of `times`}."""
    fills = rows["fills"]
    return {
        ident: [int(fills["qty"][(fills["order_id"] == ident) & (fills["offset"] <= t)].sum()) for t in times]
        for ident in set(rows["quotes"]["order_id"].tolist())
    }


@pytest.mark.parametrize("model", [0, 1, 2], ids=["risk_adverse", "power", "log"])
@settings(max_examples=25, **ANY)
@given(seed=SEEDS)
def test_of_fixed_orders_fills_through_are_among_fills_by_queue_and_those_among_fills_by_touch(model, seed):
    events = fixed_orders(seed, 700)
    params = drawn(seed)
    params[[pm.ENABLED, pm.FADE_ENABLED, pm.QUEUE_MODEL, pm.MAX_ACTIONS]] = 0, 0, model, 1e6
    by_rule = []
    for rule in (FillRule.THROUGH, FillRule.QUEUE, FillRule.TOUCH):
        params[pm.FILL_RULE] = rule
        by_rule.append(run(events, params)[1])
    times = sorted({int(offset) for rows in by_rule for offset in rows["fills"]["offset"]})
    through, queue, touch = (filled_by_then(rows, times) for rows in by_rule)
    assert set(through) == set(queue) == set(touch)
    for ident in through:
        for few, some, many in zip(through[ident], queue[ident], touch[ident], strict=True):
            assert few <= some <= many


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_ladders_that_requote_hard_have_no_order_of_a_person_refused(seed):
    most = 4
    events = lively(seed, 3_000, often={"order": 60}, lacking=("turn",))
    engine, rows = run(events, values(MAX_ACTIONS=most, LEVELS=3))
    quotes = rows["quotes"]
    hands = quotes["why"] == QuoteWhy.PERSON
    refused = quotes[quotes["why"] == QuoteWhy.LIMIT]
    assert engine.state.counts[st.THROTTLED] > len(refused) + 100, "the ladders are at their limit"
    assert hands.sum() > 50
    for row in refused:
        within = hands & (quotes["ts"] <= row["ts"]) & (quotes["ts"] > row["ts"] - 1_000_000)
        # a move needs room for two
        assert within.sum() >= most - 1, "it was not hands that used the limit up"


def test_none_of_our_orders_passes_an_earlier_one_at_its_price():
    """By the power model with n = 10, ten lots that shrink to one leave 4 ahead as 1, but 6 ahead as less than none."""
    tape = Tape(0)

    def bid(qty, flags=Flag.LAST):
        tape.ts += 100_000
        tape.say(Kind.BOOK, exch_ts=tape.ts, px=100, qty=qty, side=1, flags=flags)

    tape.say(Kind.BOOK_CLEAR, exch_ts=tape.ts, flags=Flag.SNAPSHOT)
    tape.say(Kind.BOOK, exch_ts=tape.ts, px=101, qty=9, side=-1, flags=Flag.SNAPSHOT)
    bid(4, Flag.SNAPSHOT | Flag.LAST)
    for level_then in (6, 10):
        tape.say(Kind.ORDER, px=100, qty=1, side=1, flags=OWN)
        bid(level_then)
    bid(1)
    tape.say(Kind.TRADE, exch_ts=tape.ts + 1, px=100, qty=1, side=-1)
    params = values(QUEUE_MODEL=1, QUEUE_POWER=10.0, ENABLED=0)
    engine, rows = run(tape.events(), params)
    assert engine.state.orders[:2, st.O_JOINED].tolist() == [st.JOINED] * 2
    assert len(rows["fills"]) == 0
    rows = run(tape.events(), values(QUEUE_MODEL=1, QUEUE_POWER=10.0, ENABLED=0, FILL_RULE=FillRule.TOUCH))[1]
    assert rows["fills"]["order_id"].tolist() == [1]


# --- what a trader expects of quotes ----------------------------------------------------------------------------------


MIDS = hs.integers(2, 10**9).map(lambda mid2: mid2 / 2)
SIGNALS = hs.floats(-5, 5)


def quote(mid, skew, hazard, position, *, beta=50.0, theta=2.0, w_bps=2.0, gamma=5.0, k_tol=0.2):
    """Return bid and ask before rounding."""
    fair = fair_value.with_inventory(fair_value.skewed(mid, skew, beta), theta, position, 0.0)
    width = fair_value.width(w_bps * 1e-4 * mid, gamma, hazard, k_tol)
    return fair - width / 2, fair + width / 2


@given(mid=MIDS, low=SIGNALS, high=SIGNALS, hazard=hs.floats(0, 9), position=SIGNALS)
def test_opportunistic_buying_raises_bid_and_ask(mid, low, high, hazard, position):  # 000 §5.3, 1
    low, high = sorted((low, high))
    below, above = quote(mid, low, hazard, position), quote(mid, high, hazard, position)
    assert below[0] <= above[0]
    assert below[1] <= above[1]
    if high - low > 1e-3 and mid < 1e6:
        assert below[0] < above[0]
        assert below[1] < above[1]


@given(mid=MIDS, skew=SIGNALS, low=hs.floats(0, 9), high=hs.floats(0, 9), position=SIGNALS)
def test_toxic_flow_moves_both_quotes_away_from_the_mid(mid, skew, low, high, position):  # 000 §5.3, 2
    low, high = sorted((low, high))
    narrow, wide = quote(mid, skew, low, position), quote(mid, skew, high, position)
    assert wide[0] <= narrow[0]
    assert wide[1] >= narrow[1]
    if high > 0.2 + 1e-3 and high - low > 1e-3 and 1e3 < mid < 1e6:
        assert wide[1] - wide[0] > narrow[1] - narrow[0]


@given(mid=MIDS, skew=SIGNALS, hazard=hs.floats(0, 9), low=SIGNALS, high=SIGNALS)
def test_a_long_inventory_lowers_bid_and_ask(mid, skew, hazard, low, high):  # 000 §5.3, 3
    low, high = sorted((low, high))
    short, long = quote(mid, skew, hazard, low), quote(mid, skew, hazard, high)
    assert long[0] <= short[0]
    assert long[1] <= short[1]
    if high - low > 1e-3 and mid < 1e6:
        assert long[0] < short[0]
        assert long[1] < short[1]


@pytest.mark.parametrize("key", [pm.BETA_TICKS, pm.THETA, pm.GAMMA])
def test_the_engine_quotes_by_those_kernels(key):
    state = run(lively(11, 1_500, trouble=False, lacking=("turn",)), values(K_TOL=0.0))[0].state
    state.acct[Strategy.MAKER, account.POSITION] = 50
    seen = []
    for more in (0.0, 5.0):
        state.params[:] = values(K_TOL=0.0)
        state.params[key] += more
        assert quoting.value(state, int(state.clock[st.NOW]))
        seen.append((state.quote[st.FAIR], state.quote[st.WIDTH], np.sign(state.scaled[0])))
    (fair, width, lean), (fair_more, width_more, _) = seen
    if key == pm.GAMMA:
        assert (fair_more, width_more > width) == (fair, True)
    else:
        assert width_more == width
        assert np.sign(fair_more - fair) == (lean if key == pm.BETA_TICKS else -1)


# --- an off-market print ----------------------------------------------------------------------------------------------


def from_wire(messages):
    """Return (the rows that stamped lines off the wire become, what was left out)."""
    skipped = Counter()
    block = BlockDecoder(PERP.symbol, skipped).decode(b"".join(wires.line(us * 1000, body) for us, body in messages))
    wanted = block.messages["kind"] < SKIPPED
    rows = np.zeros(int(emit.most_rows(block.messages)), EVENT)
    n, off_grid, _ = emit.emit(
        block.messages, wanted, block.messages["local_us"].copy(), block.px_e8, block.qty_e8, PERP.tick_e8,
        PERP.lot_e8, int(PERP.market), np.zeros(emit.SEEN_TRADES, np.int64), np.zeros(2, np.int64), rows,
    )  # fmt: skip
    assert off_grid == -1
    return rows[:n], skipped


def market_with(off_market):
    """Yield (µs, message) of a small market, with a print far off it after every trade if `off_market` names its kind."""
    yield START, wires.snapshot(1, [("1000.0", "1")], [("1000.1", "1")], t=START // 1000)
    for k in range(1, 400):
        now, px = START + 20_000 * k, 1000.0 + k % 7 / 10
        t = now // 1000 - 5
        yield now, wires.depth(k, k + 1, k, [(f"{px:.1f}", "1")], [(f"{px + 0.1:.1f}", "1")], t=t)
        yield now + 1, wires.trade(2 * k, f"{px:.1f}", "0.2", seller=True, t=t + 3)
        if off_market:
            yield now + 2, wires.trade(2 * k + 1, "990.0", "7", seller=True, t=t + 4, X=off_market)


@pytest.mark.parametrize("kind", ["INSURANCE_FUND", "ADL", "NA"])
def test_a_print_that_the_exchange_marks_as_no_market_trade_moves_nothing(kind):
    plain, _ = from_wire(market_with(None))
    rows, skipped = from_wire(market_with(kind))
    assert (plain["kind"] == Kind.TRADE).sum() == 399
    assert rows.tobytes() == plain.tobytes()
    assert skipped == {f"trade_X_{kind.lower()}": 399}
    as_trades, _ = from_wire(market_with("MARKET"))
    assert not same(run(as_trades, values())[1], run(plain, values())[1]), "a market print there would have moved us"


# --- the sides mirrored -----------------------------------------------------------------------------------------------


HIGH = 150_000_000
"""A price so high that relative thresholds in bps are the same number of ticks on both sides of it."""


def mirrored(events):
    """Return the tape of the market upside down: prices p -> 2 HIGH - p, bids asks, buys sells."""
    out = events.copy()
    priced = np.isin(events["kind"], (Kind.BOOK, Kind.TOUCH, Kind.TRADE)) | (
        (events["kind"] == Kind.ORDER) & (events["px"] > 0)
    )
    out["px"][priced] = 2 * HIGH - events["px"][priced]
    out["side"] = -events["side"]
    return out


PAIRS = [
    (AlphaValid.Z_FSI_SELL, AlphaValid.Z_FSI_BUY), (AlphaValid.Z_LDR_BID, AlphaValid.Z_LDR_ASK),
    (AlphaValid.LPI_SELL, AlphaValid.LPI_BUY),
]  # fmt: skip


def swapped_bits(valid):
    """Return what an ALPHA row knows with its sides swapped."""
    for one, other in PAIRS:
        rest = valid & ~int(one | other)
        valid = rest | (int(other) if valid & one else 0) | (int(one) if valid & other else 0)
    return valid


def other_side(column):
    """Return the name of a column's mirror image."""
    for one, other in (("_sell", "_buy"), ("_bid", "_ask")):
        for a, b in ((one, other), (other, one)):
            if column.endswith(a) or a + "_" in column:
                return column.replace(a, b)
    return {"bid": "ask", "ask": "bid", "bid_qty": "ask_qty", "ask_qty": "bid_qty"}.get(column, column)


NEGATED = {"skew_inverted", "skew_traditional", "inventory", "leg_return", "side", "direction"}
LOOSE = {
    "pnl_e8", "volume", "impact_sell", "impact_buy", "fee_e8", "order_id",
    "exhaustion_sell", "exhaustion_buy", "exhaustion_sell_known", "exhaustion_buy_known",
}  # fmt: skip
"""Products with a price; order ids, which count bids before asks; conditions that hold, or are known, by a float's last digit."""


def image(name, table):
    """Return the rows of a mirrored run as the plain run should have them, without what has no exact mirror image."""
    rows = []
    for row in table:
        seen = {}
        for column in table.dtype.names:
            if column in LOOSE or table.dtype[column].base.kind == "f" and name not in ("labels",):
                continue
            value = row[column].tolist()
            if column in NEGATED:
                value = -value
            elif column in ("px", "print_px", "bid", "ask") and value:
                value = 2 * HIGH - value
            elif column in ("mid2", "ref2"):
                value = [4 * HIGH - v if v else 0 for v in value] if isinstance(value, list) else 4 * HIGH - value
            elif (name, column) == ("alpha", "valid"):
                value = swapped_bits(value)
            seen[other_side(column)] = tuple(value) if isinstance(value, list) else value
        rows.append(tuple(sorted(seen.items())))
    return rows


def plain_image(name, table):
    columns = [c for c in table.dtype.names if c not in LOOSE and (table.dtype[c].base.kind != "f" or name == "labels")]
    return [
        tuple(sorted((c, tuple(row[c].tolist()) if table.dtype[c].shape else row[c].tolist()) for c in columns))
        for row in table
    ]


MIRROR = {
    "W_BASE_BPS": 0.0, "IMPACT_BPS": 3e-4, "DEPTH_BPS": 7e-4, "MAX_SPREAD_BPS": 8.5e-4, "TARGET_BPS": 2.5e-4,
    "SIGMA_FLOOR_BPS": 1e-6, "W_MAX": 2e-8, "THETA": 0.237, "MAX_ACTIONS": 1e6, "CRASH_FILTER": 0, "Z_PI_MAX": 6.0,
}  # fmt: skip


@settings(max_examples=30, **ANY)
@given(seed=SEEDS, rule=hs.integers(0, 2), model=hs.integers(0, 2), levels=hs.sampled_from([1, 3]))
def test_buys_mirror_sells(seed, rule, model, levels):
    assert_mirrored(seed, 600, values(**MIRROR, FILL_RULE=rule, QUEUE_MODEL=model, LEVELS=levels))


def test_a_long_mirror_has_triggers_fades_and_exits_in_it():
    rows = assert_mirrored(2, 5_000, values(**MIRROR))
    assert (rows["triggers"]["why"] == 0).any()
    assert (rows["fills"]["strategy"] == Strategy.FADE).any()


def assert_mirrored(seed, n, params):
    lacking = ("mark", "funding", "settled", "reference", "turn")
    events = lively(seed, n, mid=HIGH, lacking=lacking)
    # an id has no mirror image: bids are counted before asks
    events = events[(events["kind"] != Kind.ORDER) | (events["seq"] != OrderAct.MOVE)]
    _, rows = run(events, params)
    _, other = run(mirrored(events), params)
    for name in TABLES:
        # what one moment brings about on both sides has no order of its own
        want, got = Counter(plain_image(name, rows[name])), Counter(image(name, other[name]))
        assert want == got, (name, list((want - got).elements())[:3], list((got - want).elements())[:3])
    alpha, upside_down = rows["alpha"], other["alpha"]
    for column in alpha.dtype.names:
        if alpha.dtype[column].kind == "f" and column != "fair_px":
            sign = -1 if column in NEGATED else 1
            np.testing.assert_allclose(alpha[column], sign * upside_down[other_side(column)], rtol=1e-3, atol=1e-3)
    assert_all_finite(rows)
    return rows


def test_a_settlement_told_twice_is_posted_once():
    events = lively(11, 600)
    held = np.zeros(3, EVENT)
    held["ts"] = events["ts"][-1]
    held["kind"], held["flags"] = (Kind.MARK, Kind.FUNDING_SETTLED, Kind.FUNDING_SETTLED), Flag.LAST
    held["exch_ts"] = events["exch_ts"].max() + 1_000_000
    held["px"] = (100_000_000_000, 10_000, 10_000)
    once, twice = (run(np.concatenate([events, held[:n]]), values())[0].state for n in (2, 3))
    assert account.position(once.acct) != 0, "a flat account would prove nothing"
    assert (once.acct[:, account.FUNDING_E8] == twice.acct[:, account.FUNDING_E8]).all()
    assert once.acct[:, account.FUNDING_E8].any()
