from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from lobterm.engine.rows import FILL, QUOTE, TRIGGER, Regime, Strategy
from lobterm.events import Flag
from lobterm.view import heat
from lobterm.view.depth import COLUMN_US
from lobterm.view.history import History
from tests.app.fake import BTC, START, labels, said, snapshot
from tests.view.test_history import alpha, book

PX = 10_000  # a bin is one tick there


def history(seconds: int = 10) -> History:
    """Return `seconds` of a book with one level that grows, and one that stands from second 5 on."""
    made = History()
    made.events(book((0, 1, PX, 1), (0, -1, PX + 2, 4), flags=Flag.SNAPSHOT), 0)
    for second in range(1, seconds):
        made.events(book((second, 1, PX, second + 1), (second, -1, PX + 6, 16 if second >= 5 else 0)), 0)
    return made


def view(made: History, now: float = 10.0, **changes):
    ui = heat.HeatUi(columns=12, rows=6, **changes)
    picture = snapshot(ts=START + int(now * COLUMN_US), mid2=2 * PX + 2, touch=(PX, 1, PX + 2, 4), orders=())
    return heat.heat(made, picture, BTC, ui)


def half(seen: heat.HeatView, px: int) -> int:
    return seen.top - 1 - px


def test_time_runs_to_the_right_and_prices_up():
    seen = view(history())
    assert seen.heat.shape == (12, 12)
    row = seen.heat[half(seen, PX)]
    assert (np.diff(row[2:].astype(int)) >= 0).all() and row[2] < row[-1]
    later = seen.heat[half(seen, PX + 6)]
    assert (later[7:] == heat.LEVELS - 1).all() and not later[2:7].any()


def test_what_no_second_tells_is_unknown_and_not_empty():
    seen = view(history())
    assert (seen.heat[:, :2] == heat.UNKNOWN).all()
    assert not (seen.heat[:, 2:] == heat.UNKNOWN).any()


def test_the_running_second_shows_the_book_of_now():
    made = history()
    made.events(book((9, 1, PX - 1, 50)), 0)
    seen = view(made, now=9.5)
    assert seen.heat[half(seen, PX - 1), -1] == heat.LEVELS - 1
    assert seen.heat[half(seen, PX - 1), -2] == 0


def test_from_afar_the_most_of_each_column_is_seen():
    seen = view(history(), seconds=5)
    row = seen.heat[half(seen, PX)]
    assert (row[:-2] == heat.UNKNOWN).all() and row[-1] > row[-2] > 0


def test_a_row_of_several_ticks_is_their_sum():
    made = history()
    made.events(book((9, 1, PX + 1, 30)), 0)
    grid = heat.Grid(heat.HeatUi(columns=12, rows=6, zoom=2), START + 10 * COLUMN_US, 2 * PX, 1)
    lots = heat._resting(made, grid)
    assert lots[(grid.top - 1 - PX) // 2, -1] == 10 + 30
    assert "1 s x 4 ticks" in view(made, zoom=2).note


def test_panning_back_holds_and_going_on_follows_again():
    ui = heat.HeatUi(columns=12, rows=6)
    now = START + 10 * COLUMN_US
    back = heat.moved(ui, 0, now, 1, -3, 0)
    assert back.end_ts == now - 3 * COLUMN_US
    assert heat.moved(back, 0, now, 1, 3, 0).end_ts is None
    assert heat.moved(ui, 500, now, 1, 0, 2).top == 502
    assert view(history(), end_ts=back.end_ts).note.startswith("HELD")


def test_following_stands_still_while_the_mid_is_in_the_middle_half():
    first = view(history())
    same = heat.Grid(heat.HeatUi(columns=12, rows=6, follow_top=first.top), START, 2 * PX + 6, 1)
    far = heat.Grid(heat.HeatUi(columns=12, rows=6, follow_top=first.top), START, 2 * PX + 16, 1)
    assert same.top == first.top and far.top != first.top


def test_trades_are_dots_by_side_and_size():
    made = history()
    rows = labels(3)
    rows["ts"], rows["px"] = START + np.array([1, 5, 5]) * COLUMN_US, PX
    rows["side"], rows["qty"] = [1, -1, -1], [10, 400, 500]
    made.rows(said(labels=rows))
    seen = view(made)
    row = half(seen, PX) // 2
    assert (seen.bought[row, 3], seen.sold[row, 7]) == (0, heat.DOTS)  # a hundredth of the largest is no dot
    assert (seen.bought.sum(), seen.sold.sum()) == (0, heat.DOTS)
    assert view(made, dots=False).sold.sum() == 0 and "no trades" in view(made, dots=False).note


def test_our_orders_stand_from_their_placing_to_their_end():
    made = history()
    quotes = np.zeros(3, QUOTE)
    quotes["ts"] = START + np.array([2, 4, 6]) * COLUMN_US
    quotes["order_id"], quotes["act"], quotes["px"], quotes["side"] = [1, 1, 2], [1, 2, 1], [PX, PX, PX + 2], [1, 1, -1]
    made.rows(said(quotes=quotes))
    seen = view(made)
    assert np.flatnonzero(seen.own[half(seen, PX) // 2] == 1).tolist() == [4, 5, 6]
    assert np.flatnonzero(seen.own[half(seen, PX + 2) // 2] == -1).tolist() == [8, 9, 10, 11]


def test_fills_and_triggers_are_marked_and_forced_is_a_strip():
    made = history()
    fill, trigger = np.zeros(1, FILL), np.zeros(1, TRIGGER)
    fill["ts"], fill["px"], fill["side"], fill["strategy"] = START + 3 * COLUMN_US, PX, -1, Strategy.MAKER
    trigger["ts"], trigger["bid"], trigger["ask"], trigger["side"] = START + 5 * COLUMN_US, PX, PX + 2, -1
    made.rows(said(fills=fill, triggers=trigger, alpha=alpha(4.5, 5.5, state_sell=[Regime.INFORMED, Regime.FORCED])))
    seen = view(made)
    assert {(mark.what, mark.column) for mark in seen.marks} == {("fill-", 5), ("trigger-", 7)}
    assert np.flatnonzero(seen.forced).tolist() == [7]


def test_the_mid_is_a_line_and_its_price_stands_at_the_scale():
    made = history()
    made.rows(said(alpha=alpha(1.5, 2.5, bid=PX, ask=PX + 2)))
    seen = view(made)
    assert np.flatnonzero(seen.mid >= 0).tolist() == [3, 4]
    assert seen.last == (half(seen, PX + 1) // 2, "1,000.10")


@pytest.mark.parametrize("columns", [1, 2, 7])
@pytest.mark.parametrize("rows", [1, 3])
def test_any_room(columns, rows):
    picture = snapshot(ts=START + 10 * COLUMN_US, mid2=2 * PX)
    seen = heat.heat(history(), picture, BTC, heat.HeatUi(columns=columns, rows=rows))
    assert seen.heat.shape == (2 * rows, columns)


def test_a_market_without_depth_says_so():
    seen = view(History())
    assert seen.unknown and (seen.heat == heat.UNKNOWN).all()
    assert replace(seen, unknown="").heat is seen.heat
