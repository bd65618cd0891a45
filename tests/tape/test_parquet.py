"""Tapes on disk: what goes in comes out, opens elsewhere, and anything off is refused in one clear line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lobterm.errors import TapeError
from lobterm.events import EVENT, Flag, Kind
from lobterm.tape import parquet
from tests.tape.rows import PERP, SPOT, START, book, rows, snapshot, streams, trade

KINDS = {0: "T"}


def written(path: Path, *chunks, instruments=(PERP,), **more):
    return parquet.write_tape(path, instruments, chunks, exch_ts_kind=KINDS, **more)


def sample():
    return rows(*snapshot(START, [(100, 5)], [(101, 7)]), trade(START + 5, 101, 2, exch=START + 1, seq=9))


@settings(max_examples=25)
@given(streams(), st.data())
def test_rows_come_back_as_they_went_in_however_they_were_chunked(chunks, data):
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a.parquet", Path(folder) / "b.parquet"
        meta = written(first, *chunks)
        whole = np.concatenate([np.zeros(0, EVENT), *chunks])
        cut = data.draw(st.integers(0, len(whole)))
        again = written(second, whole[:cut], whole[cut:])
        tape = parquet.open_tape(first)
        assert tape.read().tolist() == whole.tolist()
        assert tape.meta == meta
        assert meta.sha256 == again.sha256
        assert first.read_bytes() == second.read_bytes()


def test_metadata_says_what_the_rows_say(tmp_path):
    path = tmp_path / "t.parquet"
    bids = [book(START + 9, 100, 1, 1, market=1)]
    written(path, sample(), rows(*bids), instruments=(PERP, SPOT), skipped={"kline": 3}, provenance={"made": "here"})
    meta = parquet.open_tape(path).meta
    assert (meta.rows, meta.trades, meta.first_ts_us, meta.last_ts_us) == (5, 1, START, START + 9)
    assert meta.instruments == (PERP, SPOT)
    assert meta.touch_source == {0: "book", 1: "book"}
    assert meta.trade_source == {0: "trade", 1: "none"}
    assert (meta.skipped, meta.provenance) == ({"kline": 3}, {"made": "here"})


def test_a_trade_in_two_parts_is_one_trade(tmp_path):
    flags = int(Flag.AGG)
    parts = rows(
        trade(START, qty=3, flags=flags, seq=4), trade(START, qty=2, flags=flags | int(Flag.RPI | Flag.LAST), seq=4)
    )
    meta = written(tmp_path / "t.parquet", parts)
    assert (meta.trades, meta.trade_source[0]) == (1, "agg_trade")


def test_other_programs_see_plain_integer_columns(tmp_path):
    path = tmp_path / "t.parquet"
    written(path, sample())
    frame = pl.read_parquet(path)
    assert frame.columns == list(EVENT.names)
    assert all(dtype.is_integer() for dtype in frame.dtypes)
    assert frame["px"].to_list() == [0, 100, 101, 101]
    assert pq.read_table(path).num_rows == 4


def test_a_failed_import_leaves_no_file_under_the_tapes_name(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"the old one")

    def breaking():
        yield sample()
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError, match="source broke"):
        parquet.write_tape(path, [PERP], breaking(), exch_ts_kind=KINDS)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_rows_out_of_order_are_never_written(tmp_path):
    with pytest.raises(ValueError, match="order of ts"):
        written(tmp_path / "t.parquet", rows(trade(START + 1), trade(START)))
    assert not list(tmp_path.iterdir())


def refused(path: Path) -> str:
    with pytest.raises(TapeError) as caught:
        parquet.open_tape(path).read()
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_not_there_or_no_parquet(tmp_path):
    assert "no such file" in refused(tmp_path / "none.parquet")
    other = tmp_path / "other.parquet"
    other.write_bytes(b"ts,px\n1,2\n")
    assert "not a tape" in refused(other)
    pl.DataFrame({"ts": [1]}).write_parquet(other)
    assert "not a tape" in refused(other)


@pytest.mark.parametrize("keep", [0, 3, 0.3, 0.9, 0.999])
def test_a_torn_file(tmp_path, keep):
    path = tmp_path / "t.parquet"
    written(path, sample())
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    assert "torn" in refused(path)


def rewritten(path: Path, change_meta=lambda data: data, change_rows=lambda table: table) -> None:
    """Write a tape anew with other metadata or rows, as an older version or a broken disk would."""
    table = pq.read_table(path)
    held = (pq.ParquetFile(path).metadata.metadata)[parquet.KEY]
    data = change_meta(msgspec.json.decode(held))
    table = change_rows(table)
    pq.write_table(table.replace_schema_metadata({parquet.KEY: msgspec.json.encode(data)}), path)


def test_another_version_names_both_and_what_to_do(tmp_path):
    path = tmp_path / "t.parquet"
    written(path, sample())
    rewritten(path, lambda data: data | {"version": 99})
    line = refused(path)
    assert "99" in line
    assert str(parquet.VERSION) in line
    assert "import" in line


@pytest.mark.parametrize(
    "change",
    [
        lambda data: {"version": 1},
        lambda data: data | {"instruments": [{}]},
        lambda data: [],
        lambda data: data | {"x": 1},
    ],
)
def test_damaged_metadata(tmp_path, change):
    path = tmp_path / "t.parquet"
    written(path, sample())
    rewritten(path, change)
    refused(path)


def test_a_missing_column(tmp_path):
    path = tmp_path / "t.parquet"
    written(path, sample())
    rewritten(path, change_rows=lambda table: table.drop_columns(["qty"]))
    assert "qty" in refused(path)


def cast(column: str, kind: pa.DataType):
    def change(table):
        at = table.schema.get_field_index(column)
        return table.set_column(at, column, table.column(column).cast(kind))

    return change


def test_a_column_of_another_type_is_named(tmp_path):
    path = tmp_path / "t.parquet"
    written(path, sample())
    rewritten(path, change_rows=cast("px", pa.float64()))
    assert "px as double instead of int64" in refused(path)


def test_an_empty_place_in_a_column_is_damage(tmp_path):
    path = tmp_path / "t.parquet"
    written(path, sample())
    rewritten(path, change_rows=lambda table: table.set_column(
        table.schema.get_field_index("px"), "px", pa.chunked_array([pa.array([1, None, 3, 4], pa.int64())])
    ))  # fmt: skip
    assert "damaged" in refused(path)


@pytest.mark.parametrize(
    ("column", "values", "word"),
    [
        ("ts", [START, START, START - 1, START], "time runs back"),
        ("kind", [2, 1, 1, 200], "kind"),
        ("side", [0, 1, -1, 7], "side"),
        ("market", [0, 0, 0, 9], "market"),
        ("side", [0, 1, -1, 0], "side"),
        ("qty", [0, 1, 1, -4], "negative"),
    ],
)
def test_values_that_no_importer_writes(tmp_path, column, values, word):
    path = tmp_path / "t.parquet"
    written(path, sample())

    def change(table):
        at = table.schema.get_field_index(column)
        return table.set_column(
            at, table.schema.field(at), pa.chunked_array([pa.array(values, table.schema.field(at).type)])
        )

    rewritten(path, change_rows=change)
    assert word in refused(path)


def test_kinds_of_the_vocabulary_survive_a_round_trip(tmp_path):
    path = tmp_path / "t.parquet"
    every = rows(*((START, 0, 0, 1, 1, int(kind), 1, 0, 1) for kind in Kind))
    written(path, every)
    assert parquet.open_tape(path).read().tolist() == every.tolist()


@pytest.mark.parametrize(
    ("field", "value"), [("side", -128), ("px", 1 << 60), ("qty", 1 << 60), ("px", -1), ("market", 9)]
)
def test_values_that_no_importer_writes_are_refused(tmp_path, field, value):
    values = rows(*snapshot(START, [(1000, 5)], [(1001, 7)]))
    values[field][1] = value
    path = tmp_path / "t.parquet"
    parquet.write_tape(path, [PERP], [values], exch_ts_kind={0: "T"})
    with pytest.raises(TapeError, match=r"t\.parquet: row group 0: holds"):
        parquet.open_tape(path).read()
