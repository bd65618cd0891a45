from __future__ import annotations

from widgets.curves import Curves, CurvesTitle, Mark, Place, Scale, draw

TITLE = CurvesTitle("t")


def picture(*marks: Mark, width=20, height=13, level=None, low=-1.0, high=1.0):
    drawn = draw(Curves(TITLE, (Scale(low, high, (Place("1 s", "n 9", marks),)),), level), width, height)
    return [row.text for row in drawn]


def test_a_mean_stands_at_its_height_between_the_ends_of_its_interval():
    rows = picture(Mark("a", 0.2, -0.4, 0.6))
    column = next(at for at, cell in enumerate(rows[4]) if cell == "a")
    assert [row[column] for row in rows[:11]] == [" ", " ", "┬", "│", "a", "│", "│", "┴", " ", " ", " "]


def test_without_an_interval_there_is_a_letter_alone_and_without_a_mean_nothing():
    rows = picture(Mark("a", 0.6, None, None), Mark("b", None, None, None))
    assert sum("a" in row for row in rows) == 1 and not any("b" in row or "│" in row for row in rows)


def test_zero_and_the_level_are_lines_with_their_names_where_the_scale_reaches_them():
    rows = picture(level=(0.6, "fee"))
    assert rows[5].startswith("      0 ╌") and rows[2].startswith("    fee ╌")
    assert not any("fee" in row for row in picture(level=(3.0, "fee")))


def test_the_one_in_front_is_drawn_where_there_is_no_room_for_all():
    marks = [Mark(letter, 0.0, None, None, "own", letter == "f") for letter in "abcdef"]
    text = "".join(picture(*marks, width=13))
    assert "f" in text and "a" not in text


def test_below_stand_name_and_count():
    rows = picture(Mark("a", 0.0, None, None))
    assert "1 s" in rows[11] and "n 9" in rows[12]
    assert all(not row.strip() for row in picture(height=4)) and picture(height=0) == []
