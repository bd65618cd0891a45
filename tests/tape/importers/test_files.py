"""CSV columns: exact numbers, and a culprit that is named by file, line and value."""

from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobterm.errors import FormatError
from lobterm.tape.importers import files
from tests.tape.rows import PERP


def column(path, text, read, names=("price",)):
    path.write_text(text)
    return np.concatenate([read(batch) for batch in files.batches(path, names)] or [np.zeros(0, np.int64)]).tolist()


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20))
def test_decimals_are_exact_whatever_their_length(tmp_path_factory, ticks):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = "price\n" + "".join(f"{tick // 10}.{tick % 10}{'0' * (tick % 4)}\n" for tick in ticks)
    small = [tick for tick in ticks if tick < 9 * 10**11]
    if len(small) == len(ticks):
        assert column(path, text, lambda batch: batch.ticks("price", PERP)) == ticks


@pytest.mark.parametrize(
    ("cell", "word"),
    [
        ("x", "eight places"),
        ("", "a number"),
        ("nan", "eight places"),
        ("0.123456789", "eight places"),
        ("61800.35", "--tick"),
        ("-1", "zero or more"),
        ("99999999999999", "thousand million"),
    ],
)
def test_the_first_bad_cell_is_named(tmp_path, cell, word):
    path = tmp_path / "a.csv"
    with pytest.raises(FormatError) as caught:
        column(
            path,
            f"id,price\n1,5.1\n2,5.2\n3,{cell}\n4,zzz\n" if word != "--tick" else f"id,price\n1,5\n2,5\n3,{cell}\n",
            lambda b: b.ticks("price", PERP),
        )
    line = str(caught.value)
    assert str(path) in line
    assert "line 4" in line or "line 5" in line
    assert repr(cell) in line or "'zzz'" in line
    assert word in line or "eight places" in line


def test_a_missing_column_is_named_with_what_was_expected(tmp_path):
    with pytest.raises(FormatError, match="lacks the column price; expected: price, amount"):
        column(tmp_path / "a.csv", "prise,amount\n1,2\n", lambda b: b.ints("amount"), ("price", "amount"))


def test_a_row_of_another_width_is_refused(tmp_path):
    with pytest.raises(FormatError, match="Expected 2 columns, got 1"):
        column(tmp_path / "a.csv", "id,price\n1,2\n3\n", lambda b: b.ints("price"))


def test_plain_gz_and_zip_give_the_same(tmp_path):
    text = b"price\n1.5\n2.5\n"
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", text)
    for name in ("a.csv", "a.csv.gz", "a.zip"):
        got = [batch.ticks("price", PERP).tolist() for batch in files.batches(tmp_path / name, ["price"])]
        assert got == [[15, 25]], name


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_an_empty_file_has_no_rows(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    assert files.header(path) == []
    assert list(files.batches(path, ["price"])) == []
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(b""))
        assert list(files.batches(path, ["price"])) == []


def test_a_torn_gz_is_refused_not_cut(tmp_path):
    path = tmp_path / "a.csv.gz"
    rng = np.random.default_rng(1)
    packed = gzip.compress(b"price\n" + b"".join(b"%d\n" % n for n in rng.integers(0, 10**9, 50_000)))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FormatError, match="cut short"):
        list(files.batches(path, ["price"]))
    path.write_bytes(b"price\n1\n")
    with pytest.raises(FormatError, match="is not gz"):
        files.header(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FormatError, match=r"none\.csv"):
        files.header(tmp_path / "none.csv")


def test_milliseconds_and_microseconds_are_told_apart(tmp_path):
    text = "price\n1723161256322\n1750032000153116\n"
    assert column(tmp_path / "a.csv", text, lambda b: b.micros("price")) == [1723161256322000, 1750032000153116]
