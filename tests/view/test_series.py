from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine.rows import ALPHA, TRIGGER, AlphaValid, Regime
from lobterm.events import Market, Scope
from lobterm.view import series
from lobterm.view.depth import COLUMN_US
from lobterm.view.happened import Note, What
from lobterm.view.history import History
from tests.app.fake import BTC, START, labels, said, snapshot
from tests.view.test_history import alpha

BOTH = int(AlphaValid.LPI_SELL | AlphaValid.LPI_BUY)
NOW = START + 20 * COLUMN_US


def history(**fields) -> History:
    made = History()
    made.rows(said(alpha=alpha(*np.arange(1, 81) / 4, **({"valid": BOTH} | fields))))
    return made


def lpi(made: History, cells: int = 5):
    return series.lpi_chart(made, snapshot(ts=NOW), cells)


def test_the_newest_is_at_the_right_and_no_peak_is_lost():
    values = np.zeros(80)
    values[79 - 6] = 4.0  # a quarter second within the last but one second
    sells = lpi(history(lpi_sell=values)).lines[0]
    assert sells.side == -1 and len(sells.values) == 10
    assert np.flatnonzero(sells.values == 4.0).tolist() == [8]


def test_what_is_not_known_has_no_value():
    valid = np.where(np.arange(80) < 76, BOTH, 0)
    view = lpi(history(valid=valid, lpi_sell=1.0))
    assert np.isnan(view.lines[0].values[-1]) and not np.isnan(view.lines[0].values[-2])
    assert lpi(history(valid=0)).unknown == "no LPI yet"


def test_the_time_before_the_history_is_blank():
    assert np.isnan(lpi(history(), cells=20).lines[0].values[:20]).all()


def test_forced_is_a_band_of_the_columns_it_held_in():
    states = np.where(np.arange(80) == 79, Regime.FORCED, Regime.INFORMED)
    view = lpi(history(state_sell=states))
    assert view.forced[-1].tolist() == [False] * 4 + [True]
    assert not view.forced[1].any()


def test_triggers_stand_at_their_time():
    made = history()
    rows = np.zeros(2, TRIGGER)
    rows["ts"], rows["side"] = [START + COLUMN_US, NOW - 1], [1, -1]
    made.rows(said(triggers=rows))
    assert lpi(made).triggers == ((4, -1),)


def test_thresholds_are_those_in_force_and_the_scale_holds_every_value():
    view = lpi(history(lpi_sell=17.0))
    assert [value for value, _ in view.levels] == [1.2, 3.0]
    assert (view.low, view.high) == (-5.0, 20.0)


@pytest.mark.parametrize("dot_us", series.DOTS_US)
def test_all_charts_share_their_axis(dot_us):
    made = history()
    made.rows(said(labels=labels(50, end=NOW)))
    views = series.charts(made, snapshot(ts=NOW), BTC, 30, dot_us)
    assert [view.name for view in views] == ["MID", "LPI", "z(FSI)", "z(LDR)", "z(Π)", "z(OI flush)", "CVD"]
    assert {len(line.values) for view in views for line in view.lines} == {60}


def test_the_delta_stands_still_between_trades():
    made = history()
    rows = labels(2)
    rows["ts"], rows["qty"], rows["side"] = [NOW - 8 * COLUMN_US, NOW - 2 * COLUMN_US], [5, 2], [1, -1]
    made.rows(said(labels=rows))
    delta = series.charts(made, snapshot(ts=NOW), BTC, 5, COLUMN_US)[-1].lines[0].values
    assert np.isnan(delta[:1]).all() and delta[1:].tolist() == [0.005] * 6 + [0.003] * 3


def test_the_delta_is_not_known_from_a_gap_of_the_trades_to_the_next_one():
    made = history()
    rows = labels(2)
    rows["ts"], rows["qty"], rows["side"] = [NOW - 8 * COLUMN_US, NOW - 2 * COLUMN_US], [5, 2], [1, -1]
    made.rows(said(labels=rows))

    def delta(second, scope=Scope.TRADES, market=Market.PERP):
        made.happened.notes.clear()
        made.happened.notes.append(Note(NOW - second * COLUMN_US, What.GAP, 1, int(scope), int(market)))
        return series.charts(made, snapshot(ts=NOW), BTC, 5, COLUMN_US)[-1].lines[0].values

    nan = float("nan")
    assert str(delta(5).tolist()) == str([nan, *[0.005] * 4, nan, nan, *[0.003] * 3])
    assert str(delta(1).tolist()) == str([nan, *[0.005] * 6, 0.003, 0.003, nan])
    assert str(delta(1, Scope.ALL).tolist()) == str(delta(1).tolist())
    for other in (delta(1, Scope.BOOK), delta(1, market=Market.SPOT)):
        assert not np.isnan(other[1:]).any(), "the trades of the perpetual are known"


def test_open_interest_never_seen_is_said():
    assert "no reading" in series.charts(history(), snapshot(ts=NOW), BTC, 5, COLUMN_US)[5].note


def test_the_price_is_the_last_known_mid_of_each_column_with_average_and_range():
    made = History()
    ticks = np.zeros(4, ALPHA)
    ticks["ts"] = NOW - np.array([2_500_000, 1_600_000, 1_100_000, 100_000])
    ticks["bid"], ticks["ask"] = [100, 110, 120, 130], [102, 112, 122, 132]
    ticks["valid"] = int(AlphaValid.TOUCH)
    ticks["valid"][2] = 0
    made.rows(said(alpha=ticks, labels=labels(50)))
    view = series.charts(made, snapshot(ts=NOW), BTC, 3, 1_000_000)[0]
    shown = view.lines[0].values
    assert shown[~np.isnan(shown)].tolist() == [101.0, 111.0, 131.0]
    vwap, low, high = made.profile.figures()
    assert view.levels == ((vwap, "VWAP"), (low, "low"), (high, "high"))
    assert "low 53,104.2 high 53,104.3" in view.note and (view.top, view.bottom) == ("", "")
    assert series.charts(History(), snapshot(ts=NOW), BTC, 3, 1_000_000)[0].unknown == "no trade yet"
