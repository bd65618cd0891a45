"""The log's rows as frames and as exported files: the same values, wherever they lie and whoever opens them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lobterm import session
from lobterm.engine.rows import FEATURES, HORIZONS_US, TABLES, Label, Marked
from lobterm.errors import InputError, LobtermError
from lobterm.session import frames, reader, writing
from lobterm.session.columns import columns
from lobterm.session.export import export
from lobterm.session.log import SessionLog
from lobterm.session.meaning import Kind, meaning
from tests.session.test_log import rows_of

SIZES = {"instrument": {"symbol": "BTCUSDT", "tick_size": "0.1", "lot_size": "0.001"}, "tape": "day.parquet"}
T0 = 1_764_575_128_489_326


def small_rows(n=400):
    """Return rows of every table with values that a market could have."""
    everything = {}
    for seed, table in enumerate(TABLES):
        rng, rows = np.random.default_rng(seed), rows_of(table, n, seed)
        for name in rows.dtype.names:
            if rows.dtype[name].base.kind == "i" and rows.dtype[name].itemsize == 8:
                known = rows[name] != 0
                rows[name] = np.where(known, rng.integers(1, 10**6, rows[name].shape), 0)
        for column in columns(table):
            if meaning(table, column.name).kind is Kind.TIME and column.at is None:
                rows[column.name] = np.where(rows[column.name] != 0, T0 + np.arange(n), 0)
        everything[table] = rows
    return everything


@pytest.fixture
def rows():
    return small_rows()


def logged(path, rows, **how):
    with SessionLog(path, **how) as log:
        log.begin({})
        log.write({table: part[:3] for table, part in rows.items()})
        log.begin(SIZES)
        for cut in (slice(0, 150), slice(150, None)):
            log.write({table: part[cut] for table, part in rows.items()})
            log.flush()
        log.end({})
    return session.open(log=path)


@pytest.fixture(params=["in the log", "in part files"])
def opened(request, tmp_path, rows, monkeypatch):
    monkeypatch.setattr(frames, "AT_A_TIME", 100)
    return logged(tmp_path / "s.sqlite", rows, columnar=request.param == "in part files")


def test_every_value_is_there_and_what_is_not_known_is_null(opened, rows):
    for table, written in rows.items():
        with reader.opened(opened.path) as connection:
            read = frames.frame(connection, opened.path, opened.run, table)
        assert read.columns == [column.name for column in columns(table)]
        for column in columns(table):
            values = written[column.field] if column.at is None else written[column.field][:, column.at]
            known = (written["valid"] & column.bit) != 0 if column.bit else np.ones(len(written), bool)
            if column.no_zero:
                known = values != 0
            assert read[column.name].to_list() == [
                v if k else None for v, k in zip(values.tolist(), known, strict=True)
            ]


def test_only_what_is_asked_for_is_read(opened):
    some = pl.concat(opened.raw_chunks("markouts", ["ts", "what"], f"what = {int(Marked.LABEL)}"))
    whole = pl.concat(opened.raw_chunks("markouts", ["ts", "what"]))
    assert some.columns == ["ts", "what"]
    assert_frame_equal(some, whole.filter(pl.col("what") == int(Marked.LABEL)))


def test_people_read_datetimes_prices_and_words(opened, rows):
    labels, row = opened.labels(), rows["labels"][5]
    line = labels.row(5, named=True)
    assert line["ts_utc"] == datetime.fromtimestamp(row["ts"] // 10**6, UTC).replace(microsecond=int(row["ts"] % 10**6))
    assert line["px_price"] == row["px"] / 10
    assert line["qty_base"] == row["qty"] / 1_000
    assert line["label"] == Label(row["label"]).name.lower()
    assert {f"z_{feature}" for feature in FEATURES} <= set(labels.columns)


def test_conditions_are_true_false_or_not_known(tmp_path):
    triggers = np.zeros(1, TABLES["triggers"])
    triggers["conditions"], triggers["conditions_known"] = 0b00001, 0b00011
    line = logged(tmp_path / "s.sqlite", {"triggers": triggers}).triggers().row(0, named=True)
    assert (line["panic"], line["rollover"], line["reform"]) == (True, False, None)


def test_markouts_stand_beside_what_they_are_of(tmp_path):
    fills = np.zeros(2, TABLES["fills"])
    fills["offset"], fills["order_id"], fills["px"], fills["qty"], fills["side"] = 7, 3, [1_000, 1_001], 5, 1
    fills["seq"] = [11, 0]
    labels = np.zeros(2, TABLES["labels"])
    labels["seq"], labels["label"] = [10, 11], [Label.PASSIVE, Label.DIRECTIONAL]
    marks = np.zeros(3, TABLES["markouts"])
    marks["offset"], marks["order_id"], marks["ref2"], marks["qty"], marks["side"] = 7, 3, [2_002, 2_000, 2_000], 5, 1
    marks["what"] = [Marked.FILL, Marked.FILL, Marked.LABEL]
    marks["mid2"][:, 0], marks["valid"] = [2_003, 2_001, 1_000], 1
    read = logged(tmp_path / "s.sqlite", {"fills": fills, "labels": labels, "markouts": marks}).fills()
    assert read["markout_500ms_bps"].to_list() == pytest.approx([1e4 / 2_000, 1e4 / 2_002])
    assert read["markout_1000ms_bps"].to_list() == [None, None]
    assert read["cluster"].to_list() == ["directional", None]


def test_every_column_is_described():
    for table in TABLES:
        for column in columns(table):
            assert meaning(table, column.name).text
            if column.bit or column.no_zero:
                assert meaning(table, column.name).null, (table, column.name)


def test_a_part_file_that_is_gone_is_named(tmp_path, rows):
    opened = logged(tmp_path / "s.sqlite", rows, columnar=True)
    next((writing.folder(opened.path) / opened.session_id).glob("labels-*")).unlink()
    with pytest.raises(LobtermError, match=r"labels-000001\.parquet: .*is gone"):
        opened.labels()
    assert len(opened.quotes()) == len(rows["quotes"])


BY_DUCKDB = """
import duckdb, sys
from pyarrow import feather
feather.write_feather(duckdb.sql(f"select * from '{sys.argv[1]}'").to_arrow_table(), sys.argv[2])
"""


def read_by_duckdb(file, out):
    """Let DuckDB read a file in a process of its own: it complains at its end of what it leaks."""
    subprocess.run([sys.executable, "-c", BY_DUCKDB, str(file), str(out)], check=True, capture_output=True)
    return pl.read_ipc(out)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_an_export_opens_in_polars_pandas_and_duckdb_without_guessing(opened, tmp_path, form):
    folder = tmp_path / "out"
    said = export(opened, folder, form)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(f"{table}.{form}" for table in TABLES), "README.md", "session.json"]
    )
    assert json.loads((folder / "session.json").read_text())["session_id"] == opened.session_id
    for table in TABLES:
        file, ours = folder / f"{table}.{form}", opened.table(table)
        by_polars = pl.read_parquet(file) if form == "parquet" else pl.read_csv(file, try_parse_dates=True)
        by_pandas = pd.read_parquet(file) if form == "parquet" else pd.read_csv(file, parse_dates=["ts_utc"])
        by_duckdb = read_by_duckdb(file, tmp_path / f"{table}.arrow")
        assert said["rows"][table] == len(ours)
        for read in (by_polars, by_duckdb):
            assert read.columns == ours.columns
            assert read.null_count().row(0) == ours.null_count().row(0)
            assert read["ts_utc"].dtype.is_temporal()
        assert list(by_pandas.columns) == ours.columns
        assert by_pandas["ts_utc"].dt.year.tolist() == ours["ts_utc"].dt.year().to_list()
        for name in (name for name, kind in ours.schema.items() if kind in (pl.Int64, pl.Float64)):
            if ours[name].null_count() < len(ours):
                assert by_polars[name].to_list() == ours[name].to_list(), name
                assert by_duckdb[name].to_list() == ours[name].to_list(), name
                assert by_pandas[name].dropna().tolist() == ours[name].drop_nulls().to_list(), name
        note = (folder / "README.md").read_text()
        assert all(f"`{name}`" in note for name in ours.columns)


def test_an_export_goes_nowhere_where_something_is(opened, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(InputError, match="mine: is there already"):
        export(opened, tmp_path / "mine", "csv")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_the_horizons_of_the_columns_are_the_engines(opened):
    assert [name for name in opened.markouts().columns if name.endswith("_bps")] == [
        f"markout_{horizon_us // 1_000}ms_bps" for horizon_us in HORIZONS_US
    ]
