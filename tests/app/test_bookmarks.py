from __future__ import annotations

import pytest

from lobterm.app.bookmarks import LARGEST, LONGEST_NOTE, MOST, Bookmarks
from lobterm.errors import InputError

HASH = "ab" * 32


def test_bookmarks_are_kept_by_tape_and_stand_by_time(tmp_path):
    marks = Bookmarks(tmp_path / "new", HASH)
    marks.put(30, "[bold]late[/]")
    marks.put(10, "")
    marks.put(30, "later")
    again = Bookmarks(tmp_path / "new", HASH)
    assert [(mark.ts_us, mark.note) for mark in again.all] == [(10, ""), (30, "later")]
    again.remove(10)
    assert [mark.ts_us for mark in Bookmarks(tmp_path / "new", HASH).all] == [30]
    assert Bookmarks(tmp_path / "new", "cd" * 32).all == ()
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"{HASH}.json"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff{",
        b"[]",
        b'{"tape_sha256": "%s", "bookmarks": [{"ts_us": -1}]}' % HASH.encode(),
        b'{"tape_sha256": "%s", "bookmarks": [{"ts_us": 1, "note": 5}]}' % HASH.encode(),
        b'{"tape_sha256": "%s", "bookmarks": [{"ts_us": 1, "note": "%s"}]}' % (HASH.encode(), b"x" * 121),
        b'{"tape_sha256": "%s", "bookmarks": [%s]}' % (HASH.encode(), b",".join([b'{"ts_us": 1}'] * (MOST + 1))),
        b'{"tape_sha256": "%s", "bookmarks": []}' % (b"cd" * 32),
        b" " * (LARGEST + 1),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_left_alone(tmp_path, data):
    path = tmp_path / f"{HASH}.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"move it away"):
        Bookmarks(tmp_path, HASH)
    assert path.read_bytes() == data


def test_bookmarks_are_bounded(tmp_path):
    marks = Bookmarks(tmp_path, HASH)
    for ts in range(MOST):
        marks.put(ts, "n" * 200)
    assert len(marks.all[0].note) == LONGEST_NOTE
    with pytest.raises(InputError, match="at most"):
        marks.put(MOST, "")
    assert len(Bookmarks(tmp_path, HASH).all) == MOST


def test_a_name_that_is_no_hash_names_no_file(tmp_path):
    with pytest.raises(InputError, match="not a hash"):
        Bookmarks(tmp_path, "../" + HASH)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="cannot be"):
        Bookmarks(tmp_path / "taken" / "below", HASH).put(1, "")
