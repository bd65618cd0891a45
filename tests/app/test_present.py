from __future__ import annotations

import pytest
from msgspec.structs import replace

from lobterm.app import present
from lobterm.engine.rows import Label
from lobterm.view.build import frame
from lobterm.view.models import (
    GaugeView,
    HeaderView,
    LadderRow,
    LadderView,
    Own,
    OwnState,
    RunState,
    Tone,
    TradeRow,
    Ui,
    Value,
    Zone,
)
from lobterm.view.timeline import Mark, Part, TimelineView
from tests.app.fake import MID, FakeConsole, orders


def shown(row: LadderRow, **changes):
    return present.book(LadderView((row,), "every tick", "spread 1 tick", 5, **changes)).rows[0]


def test_every_meaning_has_a_look():
    assert set(present.TONES) == set(Tone)
    assert set(present.ZONES) == set(Zone)
    assert set(present.OWN) == set(OwnState)
    assert set(present.LABELS) == set(Label)
    assert set(present.STATES) == set(RunState)


def test_states_of_an_own_order_differ_in_glyph():
    glyphs = {shown(LadderRow("1", Zone.BID, own_bid=Own("1", state))).own_bid_glyph for state in OwnState}
    assert len(glyphs) == len(OwnState) and " " not in glyphs


def test_labels_differ_in_tag():
    assert len({tag for _, tag, _ in present.LABELS.values()}) == len(Label)


def test_an_empty_level_is_not_an_unknown_one():
    assert shown(LadderRow("1", Zone.BID)).bid == "·"
    assert shown(LadderRow("1", Zone.BEYOND)).bid == shown(LadderRow("1", Zone.BEYOND)).ask == ""


def test_a_stale_book_has_no_bars_and_says_so():
    row = LadderRow("1", Zone.BID, bid="5", bid_share=1.0)
    assert shown(row).bid_bar == 1.0
    assert (shown(row, stale="4.2s").bid_bar, shown(row, stale="4.2s").bid_paint) == (0.0, "faint")
    title = present.book(LadderView((row,), "", "", 5, stale="4.2s")).title
    assert (title.note, title.note_paint) == ("STALE 4.2s", "warn")


@pytest.mark.parametrize("after", ["same", "other row", "stale", "shorter", "unknown"])
def test_a_ladder_after_another_is_what_it_is_alone(after):
    rows = tuple(LadderRow(str(px), Zone.BID, bid="5", bid_share=0.5) for px in range(4))
    was = LadderView(rows, "", "", 5)
    view = {
        "same": was,
        "other row": replace(was, rows=(*rows[:2], replace(rows[2], bid="6"), rows[3])),
        "stale": replace(was, stale="4.2s"),
        "shorter": replace(was, rows=rows[1:]),
        "unknown": replace(was, rows=(), unknown=("BOOK UNKNOWN",)),
    }[after]
    assert present.book(view, was, present.book(was)) == present.book(view)


def test_a_pinned_row_is_marked():
    assert shown(LadderRow("1", Zone.BID, pinned=True)).mark == "⋮"


@pytest.mark.parametrize(("why", "name", "tag"), [("warm-up", "? warm-up", "?warm"), ("no book", "? no book", "?book")])
def test_an_unclassified_trade_names_its_reason_even_where_room_is_short(why, name, tag):
    row = present._trade(TradeRow("11:44:12.125", 1, "1", "1", 0.1, Label.UNCLASSIFIED, why))
    assert (row.name, row.tag) == (name, tag) and len(tag) <= 6


def test_skew_is_painted_by_its_sign_and_hazard_by_its_tolerance():
    paints = [present._gauge("skew", GaugeView("", share), bipolar=True).paint for share in (0.1, 0.0, -0.1)]
    assert paints == ["bid", "text", "ask"]
    assert [present._gauge("hazard", GaugeView("", 0.1, over=over), bipolar=False).paint for over in (False, True)] == [
        "good",
        "warn",
    ]


def test_a_value_s_tone_outranks_its_side():
    assert present._item(Value("bid", "—", Tone.UNKNOWN, side=1)).paint == "none"
    assert present._item(Value("bid", "1", side=1)).paint == "bid"


def test_modes_differ():
    heads = [present.header(HeaderView("X", mode, "", "1x", (), ""))[0].left[2] for mode in ("LIVE", "REPLAY")]
    assert heads[0][1] != heads[1][1]


@pytest.mark.parametrize(
    "changes",
    [{"failure": "torn"}, {"loading": "opening"}, {"health": (Value("book", "UNKNOWN", Tone.BAD),)},
     {"health": (Value("book", "9.0s", Tone.WARN), Value("lag", "0.0s"))}],
)  # fmt: skip
def test_live_is_green_no_longer_than_a_book_that_speaks(changes):
    good = HeaderView("X", "LIVE", "", "1x", (Value("book", "0.1s"), Value("gaps", "2", Tone.WARN)), "")
    words = [present.header(view)[0].left[2] for view in (good, replace(good, **changes))]
    assert words == [(" LIVE ", "badge-live"), (" LIVE? ", "badge-past")]


def test_a_forced_stretch_of_the_tape_is_told_by_a_glyph_too():
    part = Part(share=0.4, side=-1, forced=-1, indexed=True)
    view = TimelineView(0, 9, (part, replace(part, forced=1), replace(part, forced=0), replace(part, gap=True)))
    upper, _ = present.timeline(view, 2)
    assert [cell.glyph for cell in upper] == ["▾", "▴", " ", "░"]
    assert [cell.ground for cell in upper[:3]] == ["band", "band-mirror", "text"]


def test_where_the_market_stands_lies_over_whatever_else_is_there():
    part = Part(share=0.4, side=-1, forced=-1, indexed=True, mark=Mark.BOOKMARK)
    view = TimelineView(0, 9, (part, part))
    rows = present.here(present.timeline(view, 2), view, 1)
    assert [(row[1].glyph, row[1].ground) for row in rows] == [("┃", "band")] * 2
    assert [row[0].glyph for row in rows] == ["◆", present.timeline(view, 2)[1][0].glyph]


def test_how_many_orders_there_are_is_told_where_not_all_have_room():
    console = FakeConsole(orders=orders((1, MID - 3), (-1, MID + 3), (-1, MID + 9)))
    console.load()
    told = present.orders(frame(console.snapshot(5), console, Ui()))
    assert told.title.note.startswith("3 · left") and len(told.rows) == 3
