"""A paper account goes on where another session left it, and owes what fell due meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine import account, drive, read, standing
from lobterm.engine import state as st
from lobterm.engine.rows import QuoteAct, QuoteWhy, Strategy
from lobterm.events import Flag, Kind, empty
from tests.engine.tapes import PERP, START, lively, run, values

LATER = START + 10**10


def folded(engine, rows):
    for _ in drive.fold(engine, rows):
        pass
    return engine


def left():
    """Return the state that a session with fills of every strategy leaves, its last book known."""
    engine, _ = run(lively(1, 3_000), values(Z_PI_MAX=9.0, FADE_MAX_INVENTORY=1.0))
    state = engine.state
    assert (state.acct[:, account.FILLS] > 0).all()
    assert (state.acct[:, account.POSITION] != 0).sum() >= 2
    return state


def fresh():
    return drive.start(PERP, values())


def event(kind, **fields):
    row = empty(1)
    row["ts"], row["kind"], row["flags"] = LATER, kind, Flag.LAST
    for name, value in fields.items():
        row[name] = value
    return row


def test_what_one_session_leaves_another_goes_on_with():
    before = left()
    rows = standing.rows(before, LATER)
    after = folded(fresh(), rows).state
    assert (after.acct == before.acct).all()
    assert after.fade[[st.F_SIDE, st.F_HELD_SINCE, st.F_CASH2]].tolist() == (
        before.fade[[st.F_SIDE, st.F_HELD_SINCE, st.F_CASH2]].tolist()
    )
    assert after.fade_sigma[0] == before.fade_sigma[0]
    assert not after.fade[st.F_WORKING], "its orders were pulled"
    assert standing.rows(after, LATER).tobytes() == rows.tobytes()


def test_profit_is_unknown_until_there_is_a_mark_and_then_what_the_move_since_makes_of_it():
    before = left()
    engine = folded(fresh(), standing.rows(before, LATER))
    assert read.pnl(engine.state).total_e8 is None
    rows = np.concatenate([event(Kind.BOOK_CLEAR, flags=Flag.SNAPSHOT), event(Kind.BOOK, px=9_000, qty=5, side=1),
                           event(Kind.BOOK, px=9_002, qty=5, side=-1, flags=Flag.SNAPSHOT | Flag.LAST)])  # fmt: skip
    rows["exch_ts"], rows["seq"] = LATER, 7
    folded(engine, rows)
    cash2, held = before.acct[:, account.CASH2].sum(), before.acct[:, account.POSITION].sum()
    paid = before.acct[:, account.FUNDING_E8].sum() - before.acct[:, account.FEES_E8].sum()
    worth = account.to_e8(int(cash2 + held * 18_002), int(before.value_e16[0]))
    assert read.pnl(engine.state).total_e8 == worth + paid


@pytest.mark.parametrize("mark_e8", [0, 990 * 10**8])
def test_a_settlement_of_the_time_between_is_owed_on_what_was_held_at_the_price_that_is_told(mark_e8):
    before = left()
    engine = folded(fresh(), standing.rows(before, LATER))
    settled = event(Kind.FUNDING_SETTLED, px=10_000, qty=mark_e8, exch_ts=LATER - 3_600_000_000)
    old = event(Kind.FUNDING_SETTLED, px=10_000, qty=mark_e8, exch_ts=int(before.clock[st.SETTLED]) or START - 1)
    folded(engine, np.concatenate([old, settled]))
    got = engine.state.acct[:, account.FUNDING_E8] - before.acct[:, account.FUNDING_E8]
    assert engine.state.acct[:, account.UNPRICED].any() == (not mark_e8)
    held, lot_e8 = before.acct[:, account.POSITION], int(before.sizes_e8[1])
    owed = [account.funding_e8(int(lots), lot_e8, mark_e8, 10_000) if mark_e8 else 0 for lots in held]
    assert got.tolist() == owed, "with no price told and none known nothing is booked"
    assert any(owed) == bool(mark_e8)


def test_a_settlement_without_a_mark_price_of_its_time_makes_what_it_touched_unknown_from_then_on():
    before = left()
    held = before.acct[:, account.POSITION].tolist()
    engine = folded(fresh(), standing.rows(before, LATER))
    hour = 3_600_000_000
    now = event(Kind.MARK, px=990 * 10**8, exch_ts=LATER)
    missed = event(Kind.FUNDING_SETTLED, px=10_000, exch_ts=LATER - hour)
    said = [rows["quotes"].copy() for rows in drive.fold(engine, np.concatenate([now, missed, missed]))]
    (told,) = (quotes[quotes["act"] == QuoteAct.UNPRICED] for quotes in said)
    fields = ["strategy", "side", "qty", "live_from", "why", "order_id"]
    assert told[fields].tolist() == [
        (who, 1 if lots > 0 else -1, abs(lots), LATER - hour, QuoteWhy.NO_MARK, 0)
        for who, lots in enumerate(held) if lots
    ]  # fmt: skip
    booked, owned = engine.state.acct[:, account.FUNDING_E8], before.acct[:, account.FUNDING_E8]
    assert (booked == owned).all(), "today's mark is a guess"
    engine.state.clock[[st.MARK2, st.MID2]] = 18_002  # as if a book had come
    ledgers = read.snapshot(engine.state, 1).ledgers
    assert [ledger.pnl.funding_e8 is None for ledger in ledgers] == [bool(lots) for lots in held]
    whole = read.pnl(engine.state)
    assert whole.total_e8 is None and whole.funding_e8 is None and whole.inventory_e8 is not None
    again = folded(fresh(), standing.rows(engine.state, LATER + hour)).state
    assert read.pnl(again).funding_e8 is None, "the next session knows no better"
    for who in Strategy:
        folded(engine, standing.nothing(int(who), 0, LATER))
    assert read.pnl(engine.state).funding_e8 == 0


@pytest.mark.parametrize(("told_after_s", "known"), [(59, True), (61, False)])
@pytest.mark.parametrize("announced", [True, False])
def test_a_mark_price_heard_within_a_minute_of_the_settlement_is_its_own(told_after_s, known, announced):
    before = left()
    engine = folded(fresh(), standing.rows(before, LATER))
    at = LATER + 3_600_000_000
    rows = [event(Kind.MARK, px=5 * 10**8, exch_ts=LATER)]
    if announced:
        rows.append(event(Kind.FUNDING, px=10_000, qty=at, exch_ts=LATER))
    rows.append(event(Kind.MARK, px=990 * 10**8, exch_ts=at + told_after_s * 1_000_000))
    rows.append(event(Kind.FUNDING_SETTLED, px=10_000, exch_ts=at + 3_000))
    folded(engine, np.concatenate(rows))
    lot_e8 = int(before.sizes_e8[1])
    got = engine.state.acct[:, account.FUNDING_E8] - before.acct[:, account.FUNDING_E8]
    owed = [account.funding_e8(int(lots), lot_e8, 990 * 10**8, 10_000) for lots in before.acct[:, account.POSITION]]
    assert got.tolist() == (owed if known else [0, 0, 0])
    assert (read.pnl(engine.state).funding_e8 is not None) == known


def test_a_strategy_begins_anew_and_the_others_stay():
    state = left()
    engine = drive.Engine(state)
    kept = state.acct[[Strategy.FADE, Strategy.OWN]].copy()
    folded(engine, standing.nothing(int(Strategy.MAKER), 0, int(state.clock[st.NOW])))
    assert not np.delete(engine.state.acct[Strategy.MAKER], account.SEEN_MARK2).any()
    assert (engine.state.acct[[Strategy.FADE, Strategy.OWN]] == kept).all()
    rate = event(Kind.FUNDING_SETTLED, px=10_000, qty=990 * 10**8, exch_ts=int(state.clock[st.NOW]) + 1)
    rate["ts"] = int(state.clock[st.NOW]) + 2
    folded(engine, rate)
    assert engine.state.acct[Strategy.MAKER, account.FUNDING_E8] == 0, "it held nothing when this fell due"


@pytest.mark.parametrize(
    ("which", "value"),
    [(-1, 5), (12, 5), (11, 1 << 40), (0, 1 << 40), (0, -(1 << 40)), (1, 1 << 60), (55, 5), (65, 5), (1 << 50, 5), (53, -1),
     (53, 0x7FF << 52)],
)  # fmt: skip
def test_what_cannot_be_changes_nothing(which, value):
    engine = fresh()
    before = standing.rows(engine.state, LATER)
    folded(engine, standing.of({which: value}, 0, LATER, carried=True))
    assert standing.rows(engine.state, LATER).tobytes() == before.tobytes()
