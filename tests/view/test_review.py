from __future__ import annotations

import numpy as np
import pytest

from lobterm.session.bootstrap import Estimate
from lobterm.session.reading import Grouped
from lobterm.session.report.samples import Curve
from lobterm.view import review
from lobterm.view.models import Tone
from tests.app.readings import EARLIER, HERE, curve, minute, reading


def test_each_scale_holds_zero_and_every_interval_drawn():
    view = review.curves(reading(), review.Choice(split=1, group=1))
    short, long = view.panels
    # fade has no interval (n < 20): its mean at 5 s is -0.2 - 0.6; maker's interval at 5 s is -0.2 +- 0.8
    assert short.horizons == ("0.5 s", "1 s", "2 s", "5 s") and long.horizons == ("30 s", "120 s")
    assert short.low == pytest.approx(-1.0 - 0.05 * 1.6) and short.high == pytest.approx(0.6 + 0.05 * 1.6)
    assert long.points[1] == (review.Point("a", None, None, None, False), review.Point("b", None, None, None, True))
    assert short.counts == ("n 120",) * 4 and long.counts == ("n 120", "n 0")
    assert view.level == (2.0, "fee")


def test_the_level_of_the_fees_is_not_drawn_where_nothing_was_paid_or_for_trades_of_others():
    assert review.curves(reading(fee_bps=None), review.Choice()).level is None
    assert review.curves(reading(), review.Choice(split=2)).level is None


def test_a_group_without_an_interval_says_why():
    fade, maker = review.groups(reading(), review.Choice(split=1, group=1, horizon=3))
    assert (fade.mean, fade.interval, fade.n, fade.sure) == ("-0.80", "n < 20", "12", False)
    assert (maker.mean, maker.interval, maker.tail, maker.chosen) == ("-0.20", "-1.00 to +0.60", "-1.50", True)
    last = review.groups(reading(), review.Choice(split=1, horizon=5))[1]
    assert (last.mean, last.interval, last.n, last.tail, last.median) == ("—", "none", "0", "—", "—")


def test_a_fill_is_written_exactly_and_its_unknown_parts_are_dashes():
    rows = review.fills(reading(), review.Choice(horizon=3), 3)
    assert [row.price for row in rows] == ["53,104.2", "53,104.3", "53,104.4"] and rows[0].size == "0.010"
    assert rows[0].markout.text == "—" and rows[0].markout.tone is Tone.UNKNOWN
    assert rows[1].markout.text == "+0.10" and rows[1].markout.tone is Tone.GOOD
    assert rows[2].ahead == "—"
    bare = review.fills(reading(tick_e8=None, lot_e8=None), review.Choice(), 1)[0]
    assert (bare.price, bare.size) == ("531,042", "10")


def test_the_lines_of_profit_are_sums_of_the_minutes_and_add_up():
    view = review.profit(reading())
    lines = dict(zip(view.names, view.lines, strict=True))
    assert lines["total"][-1] == pytest.approx(sum(minute(k).total for k in range(5)))
    assert lines["fees"].tolist() == pytest.approx([0.0, -0.2, -0.4, -0.6, -0.8, -1.0])
    assert np.allclose(lines["spread"] + lines["moved"] + lines["fees"] + lines["slip"], lines["total"])
    assert review.profit(reading(minutes=())).unknown


def test_minutes_are_told_newest_first_and_a_hole_before_one_is_told():
    rows = review.minutes(reading(), 2)
    assert [row.time for row in rows] == ["11:44 +3 min", "11:43"]
    assert rows[0].total.text == "-0.7568" and rows[0].parts == ("+0.5000", "-1.0568", "-0.2000", "0.0000")
    assert review.minutes(reading(), 0) == ()


def test_a_choice_is_kept_within_what_there_is():
    far = review.Choice(split=9, group=9, skip=999)
    assert review.kept(far, reading()) == review.Choice(split=2, group=1, skip=29)
    assert review.kept(far, reading(splits=(), fills=())) == review.Choice()
    nothing = review.curves(reading(splits=(), trades_all=0), review.Choice())
    assert "has been logged" in nothing.unknown
    assert review.curves(reading(splits=()), review.Choice()).unknown == review.NONE_YET
    assert review.groups(reading(splits=()), review.Choice()) == ()


def test_sessions_as_lines():
    assert review.session_line(HERE, HERE.session_id).endswith("11:40 to 11:50  this session")
    assert (
        review.session_line(EARLIER, HERE.session_id) == "2024-08-04 11:40:00 UTC  LIVE   ETHUSDT  7 fills  PnL -1.2500"
    )


def test_more_groups_than_letters_are_left_out():
    many = (("fills", Grouped("x", "", tuple([curve(f"g{k}", 0.1) for k in range(12)]))),)
    assert len(review.groups(reading(splits=many), review.Choice())) == len(review.MARKS)


def test_markouts_that_are_not_over_yet_are_said_to_be_so():
    fresh = Curve("all", 3, (Estimate(None, None, None, 0, 0, "none"),) * 6, (None,) * 6, (None,) * 6)
    view = review.curves(reading(splits=(("fills", Grouped("all fills", "", (fresh,))),)), review.Choice())
    assert "120 s, is over" in view.unknown and not view.panels
