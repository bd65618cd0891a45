from __future__ import annotations

from widgets.candles import Candle, CandleChart, CandlesTitle, draw

TITLE = CandlesTitle("t")
ROSE, FELL = Candle(0.2, 1.0, 0.0, 0.8, 0.5), Candle(0.8, 0.8, 0.2, 0.2, 1.0)


def rows(chart: CandleChart, width=20, height=12):
    return [row.text for row in draw(chart, width, height)]


def test_rising_and_falling_are_told_apart_without_colour():
    drawn = rows(CandleChart(TITLE, (ROSE, None, FELL)))
    columns = [[row[x] for row in drawn[:11]] for x in (14, 16, 18)]
    assert columns[0] == ["│", "│", *"┃┃┃┃┃┃┃", "│", "│"]
    assert columns[1] == [" "] * 11
    assert columns[2] == ["·", " ", *"▊▊▊▊▊▊▊", " ", " "]


def test_the_newest_stand_at_the_right_and_close_together_where_there_are_many():
    drawn = rows(CandleChart(TITLE, (FELL,) * 3 + (ROSE,) * 9, ((11, "1"), (0, "no"))))
    assert drawn[0][11:] == "│" * 9 and drawn[11].endswith("1") and "no" not in drawn[11]


def test_the_scale_and_the_last_price():
    drawn = rows(CandleChart(TITLE, (ROSE,), (), "12.5", "9.5", (0.5, "11.0")))
    assert (
        drawn[0].startswith("      12.5 ")
        and drawn[10].startswith("       9.5 ")
        and drawn[5].startswith("      11.0 ")
    )


def test_nothing_to_show_says_so_and_no_room_is_no_error():
    assert any("no trade yet" in row for row in rows(CandleChart(TITLE, unknown="no trade yet")))
    for width, height in ((0, 0), (5, 5), (30, 1), (11, 9)):
        assert len(rows(CandleChart(TITLE, (ROSE,)), width, height)) == height
