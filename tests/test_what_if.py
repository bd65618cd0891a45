"""What if: two lines from one moment, each what playing on with those parameters gives, and the session as it was."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm import what_if
from lobterm.engine import account, checkpoint, drive, read
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine.rows import AlphaValid
from lobterm.errors import InputError
from tests.test_overlay import EVENTS, PARAMS
from tests.test_overlay import replay as replay  # a fixture
from tests.test_overlay import setup as setup  # a fixture


def taken_down(engine):
    return checkpoint.save(engine.state, checkpoint.Samples()).tobytes()


def played_on(replay, row, changes=()):
    """Return (total profit, fills, fees, profit at the last marked tick) of the replay's engine from here to `row`."""
    engine = drive.Engine(st.copy(replay.engine.state))
    for key, value in changes:
        engine.state.params[key] = value
    at, fills, fees, last = replay.position_rows, 0, 0, None
    for rows in drive.fold(engine, EVENTS[at:row]):
        fills, fees = fills + len(rows["fills"]), fees + int(rows["fills"]["fee_e8"].sum())
        known = rows["alpha"][(rows["alpha"]["valid"] & AlphaValid.MARK) != 0]
        last = int(known["pnl_e8"][-1]) if len(known) else last
    held = int(account.position(engine.state.acct))
    return read.pnl(engine.state).total_e8, fills, fees, last, held


def test_each_line_is_what_playing_on_gives_and_the_session_stays_as_it_is(replay):
    replay.seek_row(3_000)
    replay.step("event")
    replay.set_param("maker.w_base_bps", 0.2)
    replay.set_param("maker.gamma", 0.5)
    before, items = taken_down(replay.engine), replay.overlay.items
    playing = replay.what_if()
    playing.start()
    found = playing.wait()
    assert playing.failure == ""
    assert playing.progress == 1.0
    assert (taken_down(replay.engine), replay.overlay.items, replay.moves) == (before, items, 1)
    assert playing.differs == (("maker.gamma", PARAMS[pm.GAMMA], 0.5), ("maker.w_base_bps", PARAMS[pm.W_BASE_BPS], 0.2))
    begun = [(pm.W_BASE_BPS, PARAMS[pm.W_BASE_BPS]), (pm.GAMMA, PARAMS[pm.GAMMA])]
    for line, changes in ((found.as_now, ()), (found.as_begun, begun)):
        total, fills, fees, last, held = played_on(replay, len(EVENTS), changes)
        assert (line.end_e8, line.fills, line.fees_e8, line.inventory_end) == (total, fills, fees, held)
        assert line.pnl_e8[np.isfinite(line.pnl_e8)][-1] == last
        assert line.inventory_max >= abs(held)
    assert found.as_now.fills != found.as_begun.fills
    assert (found.rows, found.of_rows) == (len(EVENTS) - replay.position_rows,) * 2


def test_only_so_far_and_no_further_than_can_be_waited_for(replay, monkeypatch):
    replay.seek_row(3_000)
    replay.step("event")
    replay.set_param("maker.gamma", 0.5)
    until = int(EVENTS["ts"][5_000])
    playing = replay.what_if(until)
    playing.start()
    found = playing.wait()
    assert found.to_ts <= until
    assert found.rows == np.searchsorted(EVENTS["ts"], until, side="right") - replay.position_rows
    monkeypatch.setattr(what_if, "MOST_ROWS", 700)
    playing = replay.what_if()
    playing.start()
    found = playing.wait()
    assert (found.rows, found.of_rows) == (700, len(EVENTS) - replay.position_rows)


def test_given_up_nothing_comes_of_it(replay):
    replay.seek_row(3_000)
    replay.step("event")
    replay.set_param("maker.gamma", 0.5)
    playing = replay.what_if()
    playing.stop()
    playing.start()
    assert playing.wait() is None
    assert not playing.running


def test_without_a_difference_there_is_nothing_to_compare(replay):
    replay.seek_row(3_000)
    with pytest.raises(InputError, match="no parameter differs"):
        replay.what_if()
    replay.step("event")
    replay.set_param("maker.gamma", 0.5)
    with pytest.raises(InputError, match="at its end"):
        replay.what_if(replay.clock.now - 1)
