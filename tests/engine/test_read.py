"""What the picture says of the target is what the engine would decide at that moment."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as hs

from lobterm.engine import account, quoting, read, signals
from lobterm.engine import params as pm
from lobterm.engine import state as st
from lobterm.engine import touch as tc
from lobterm.events import Market
from lobterm.instrument import Instrument

BTC = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
NOW = 1_700_000_000_000_000


def standing(flow=(0.0, 0.0), lots=0, **changes: float) -> st.State:
    """Return a state with a touch, a model, this flow of directional and opportunistic takers, and a position."""
    params = pm.defaults()
    params[pm.UNIT] = 1.0
    for name, value in changes.items():
        params[getattr(pm, name)] = value
    s = st.new_state(BTC, params, np.zeros((1, 3, 6)), np.zeros((1, 3), np.uint8))
    s.clock[[st.BOOK_KNOWN, st.NOW]] = 1, NOW
    s.touch[[tc.BID, tc.BID_QTY, tc.ASK, tc.ASK_QTY]] = 600_000, 10, 600_003, 20
    s.sums[[signals.SIGNED_DIR, signals.ABS_DIR, signals.SIGNED_OPP, signals.ABS_OPP]] = (
        flow[0], abs(flow[0]), flow[1], abs(flow[1])
    )  # fmt: skip
    s.sums[signals.AT_US] = NOW
    s.acct[0, account.POSITION] = lots
    return s


@given(
    hs.floats(-3, 3),
    hs.floats(-3, 3),
    hs.integers(-3_000, 3_000),
    hs.sampled_from([0.0, 1.0]),
    hs.sampled_from([0.0, 1.0]),
)
def test_the_pieces_are_those_of_the_engine_and_add_up(directional, opportunistic, lots, mode, mapping):
    s = standing((directional, opportunistic), lots, THETA_MODE=mode, MAPPING=mapping)
    assert quoting.value(s, NOW)
    picture = read.snapshot(s, 1)
    made = picture.making
    assert (made.fair, made.width) == (picture.fair_px, picture.width_ticks)
    assert made.fair == pytest.approx(made.mid + made.skew - made.inventory, abs=1e-6)
    assert made.width == pytest.approx(made.base * made.widened) and made.mid == 600_001.5
    assert made.widened >= 1.0 and made.hazard == picture.hazard_x


def test_a_target_beyond_the_touch_is_held_off_and_one_side_alone_may_be_widened():
    made = read.snapshot(standing((3.0, 0.0), BETA_TICKS=500.0, W_BASE_BPS=0.1), 1).making
    assert made.held_off == (1,) and made.wide_side == 0
    made = read.snapshot(standing((0.0, -3.0), WIDEN=1.0), 1).making
    assert made.wide_side == 1 and made.widened > 1.0


def test_without_a_touch_or_a_model_there_is_no_target():
    s = standing()
    s.clock[st.BOOK_KNOWN] = 0
    assert read.snapshot(s, 1).making is None
    s = standing()
    s.clock[st.MODEL_ROW] = -1
    assert read.snapshot(s, 1).making is None
    assert read.snapshot(standing(UNIT=0.0), 1).making is None


def test_a_warm_start_has_read_a_picture_of_a_book_with_its_target(monkeypatch):
    from lobterm import warm

    seen, snapshot = [], read.snapshot
    monkeypatch.setattr(read, "snapshot", lambda s, depth: seen.append(snapshot(s, depth)) or seen[-1])
    warm.load()
    assert seen[0].making is not None and seen[0].making.wide_side == 0 and seen[0].params[pm.WIDEN] == 1.0
