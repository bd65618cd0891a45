from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine.rows import Regime
from lobterm.view.timeline import Mark, timeline
from tests.app.fake import SPAN, START, FakeConsole


def seen(columns=60, **marks):
    return timeline(FakeConsole().overview(columns), 3.0, **marks)


def test_every_column_is_the_higher_pressure_of_its_time():
    view, overview = seen(), FakeConsole().overview(60)
    shares = np.array([np.nan if part.share is None else part.share for part in view.parts])
    known = overview.known_sell | overview.known_buy
    assert np.isnan(shares[~known]).all()
    higher = np.maximum(overview.lpi_sell, overview.lpi_buy)[known]
    assert np.allclose(shares[known] * 10, higher)
    assert view.parts[13].side == -1 and view.parts[13].panic and view.parts[13].forced == -1
    assert {part.side for part in view.parts[20:22]} == {1} and not view.parts[20].forced
    assert overview.state_sell[13] == Regime.FORCED


def test_what_is_not_indexed_is_not_shown_as_calm():
    parts = seen().parts
    assert [part.indexed for part in parts] == [True] * 30 + [False] * 30
    assert all(part.share is None and not part.gap for part in parts[30:])


def test_gaps_and_triggers_stand_at_their_times():
    parts = seen().parts
    assert [i for i, part in enumerate(parts) if part.gap] == [22, 23, 24]
    assert {i: part.mark for i, part in enumerate(parts) if part.mark is not Mark.NONE} == {
        13: Mark.TRIGGER_SELLS, 20: Mark.TRIGGER_BUYS,
    }  # fmt: skip


def test_the_weightier_mark_of_one_column_is_shown():
    ends, bookmarks = (START + 132_000_000, START + 300_000_000), (START + 300_000_000,)
    parts = seen(loop=ends, bookmarks=bookmarks).parts
    assert (parts[13].mark, parts[29].mark) == (Mark.LOOP, Mark.BOOKMARK)


@pytest.mark.parametrize("columns", [1, 7, 60, 200])
def test_a_moment_of_a_column_lies_in_that_column(columns):
    overview = FakeConsole().overview(columns)
    view = timeline(overview, 3.0)
    assert [overview.column(view.moment(column)) for column in range(columns)] == list(range(columns))
    assert view.moment(-5) == view.moment(0) and view.moment(10_000) < START + SPAN
