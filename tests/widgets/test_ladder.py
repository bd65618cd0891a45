from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from tests.widgets.styles import STYLES, grounds, paint_of, text
from widgets.ladder import Hatched, Ladder, LadderRow, LadderTitle, LadderWidget, hatched, row_segments

BID = LadderRow("53,104.2", bid="1.740", bid_bar=0.5)
ASK = LadderRow("53,104.3", ask="0.407", ask_bar=0.5)


@pytest.mark.parametrize("width", [1, 5, 20, 37, 38, 42, 55, 56, 72, 130])
@pytest.mark.parametrize("row", [BID, ASK, LadderRow("1"), LadderRow("9" * 30, bid="8" * 40, own_bid="7" * 20)])
def test_a_row_fills_its_width_exactly(row, width):
    assert cell_len(text(row_segments(row, width, STYLES))) == width


def test_bids_stand_left_of_the_price_and_asks_right_of_it():
    bid, ask = text(row_segments(BID, 42, STYLES)), text(row_segments(ASK, 42, STYLES))
    assert bid.index("1.740") < bid.index("53,104.2")
    assert ask.index("53,104.3") < ask.index("0.407")
    assert bid.index("53,104.2") == ask.index("53,104.3")


def test_bars_grow_away_from_the_price():
    bid = grounds(row_segments(replace(BID, bid=""), 55, STYLES))
    ask = grounds(row_segments(replace(ASK, ask=""), 55, STYLES))
    price = text(row_segments(BID, 55, STYLES)).index("53,104.2")
    assert "bid-bar" in bid[:price] and "ask-bar" not in bid
    assert bid.index("bid-bar") > 6 + 3  # half of the cell is not filled: the bar starts away from the gutter
    assert "ask-bar" in ask[price:] and "bid-bar" not in ask
    assert ask[price + len("53,104.2") + 2] == "ask-bar"


def test_own_orders_are_marked_at_their_side():
    row = replace(BID, own_bid="0.010", own_bid_glyph="◆", own_ask="0.020", own_ask_glyph="◇", own_ask_paint="own-away")
    segments = row_segments(row, 42, STYLES)
    line = text(segments)
    assert line.index("0.010") < line.index("1.740") < line.index("◆") < line.index("53,104.2") < line.index("◇")
    assert line.rstrip().endswith("0.020")
    assert paint_of(segments, "◇") == "own-away"


def test_a_narrow_ladder_keeps_the_glyph_of_an_own_order():
    line = text(row_segments(replace(BID, own_bid="0.010", own_bid_glyph="◆"), 30, STYLES))
    assert "◆" in line and "0.010" not in line


def test_a_size_that_does_not_fit_is_seen_to_be_cut():
    assert "…" in text(row_segments(replace(BID, bid="123456789.123"), 42, STYLES))


def test_hatching_says_why():
    line = text(hatched("chain break", 42, STYLES))
    assert "╱ chain break" in line.replace("  ", " ") or " chain break " in line
    assert line.count("╱") > 10
    assert cell_len(line) == 42


@pytest.mark.parametrize("width", [1, 2, 3, 8])
def test_hatching_of_any_width(width):
    assert cell_len(text(hatched("chain break", width, STYLES))) == width


def test_an_unknown_book_shows_no_price():
    widget = LadderWidget()
    widget.ladder = Ladder(LadderTitle("BOOK"), (BID, ASK), ("BOOK UNKNOWN", "chain break"))
    keys = widget.row_keys(42, 10)
    assert len(keys) == 10
    assert not any(isinstance(key, LadderRow) for key in keys)
    assert [key.text for key in keys if isinstance(key, Hatched) and key.text] == ["BOOK UNKNOWN", "chain break"]


def test_an_unknown_book_in_a_single_row():
    widget = LadderWidget()
    widget.ladder = Ladder(LadderTitle("BOOK"), (), ("BOOK UNKNOWN", "chain break"))
    assert len(widget.row_keys(42, 1)) == 1
    assert len(widget.row_keys(42, 2)) == 2


def test_a_wide_ladder_shows_what_was_sold_and_bought_at_the_price():
    row = replace(BID, sold="12.5", bought="3.25", traded_bar=1.0, traded_paint="ask")
    wide, narrow = (row_segments(row, width, STYLES) for width in (80, 42))
    assert text(wide).index("12.5") < text(wide).index("3.25") < text(wide).index("█")
    assert paint_of(wide, "█") == "ask"
    assert "12.5" not in text(narrow)
