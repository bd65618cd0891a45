"""Ids chain whatever a tape's own look like, and a snapshot never claims what its book does not hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lobterm.simulator.exchange.ids import Chain
from lobterm.wire.continuity import BookSync, Ids, Outcome, PerpRule, SpotRule, State, Verdict

TOLD = st.lists(st.tuples(st.sampled_from("td"), st.integers(0, 60)), min_size=1, max_size=25)
"""Best prices and book messages with ids that may be missing, repeated or out of order."""


def tell(chain, told):
    out = []
    for what, seq in told:
        if what == "t":
            out.append(chain.touch(seq, 0))
        else:
            out.append(chain.message(seq, 0, 2))
    return out


@given(told=TOLD, rising=st.booleans(), spot=st.booleans(), cut=st.integers(0, 25))
def test_a_snapshot_taken_anywhere_joins_and_nothing_is_left_out(told, rising, spot, cut):
    if rising:
        told = [(what, (k + 1) * 50 + seq) for k, (what, seq) in enumerate(told)]
    chain = Chain(contiguous=spot)
    before, after = told[:cut], told[cut:]
    early = tell(chain, before)
    upcoming = next((k for k, (what, _) in enumerate(after) if what == "d"), None)
    touches = [seq for what, seq in after[:upcoming]] if upcoming is not None else []
    snapshot_id = chain.snapshot_id(None if upcoming is None else after[upcoming][1], touches)
    late = tell(chain, after)

    sync = BookSync(SpotRule() if spot else PerpRule())
    for event in early:
        if not isinstance(event, int):
            sync.on_event(Ids(*(event if not spot else event._replace(previous=-1))), lambda: None)
    assert sync.on_snapshot(snapshot_id).outcome is Outcome.ACCEPTED
    verdicts = [
        sync.on_event(Ids(*(event if not spot else event._replace(previous=-1))), lambda: None)
        for event in late
        if not isinstance(event, int)
    ]
    assert set(verdicts) <= {Verdict.APPLY}
    assert sync.state in (State.SYNCED, State.JOINING)


@given(told=TOLD)
def test_a_snapshot_is_older_than_every_best_price_that_its_book_lacks(told):
    told = [(what, (k + 1) * 50 + seq) for k, (what, seq) in enumerate(told)]
    chain = Chain(contiguous=False)
    since = tell(chain, [entry for entry in told if entry[0] == "t"])
    assert chain.snapshot_id(told[-1][1] + 100, []) <= min(since, default=1 << 62)


def test_futures_ids_leap_and_later_laps_go_on():
    chain = Chain(contiguous=False)
    chain.begin(1_000, 0)
    first = chain.message(4_000, 0, 3)
    assert first == (1_101, 4_000, 1_000)
    again = chain.touch(1_000, 7)
    assert again == 4_001
    assert chain.message(4_000, 7, 3) == (4_001, 7_001, 4_000)
