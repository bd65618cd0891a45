"""What goes into the session log comes out again, whatever happens to the process that wrote it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from lobterm.engine.params import BY_KEY, defaults
from lobterm.engine.rows import FEATURES, TABLES, AlphaValid, LabelValid
from lobterm.errors import InputError, LobtermError
from lobterm.session import log as session_log
from lobterm.session import machine_clock, provenance, reader, records, schema
from lobterm.session.columns import columns
from lobterm.session.log import SessionLog


def rows_of(table, n, seed=0):
    """Return `n` random rows whose payload is zero where a validity bit is off, as the engine writes them."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(n, TABLES[table])
    for name in rows.dtype.names:
        kind = rows.dtype[name].base.kind
        if kind == "f":
            rows[name] = rng.normal(size=rows[name].shape)
        elif kind == "i" and rows.dtype[name].itemsize == 8:
            rows[name] = rng.integers(-(2**62), 2**62, n)
    if "valid" in rows.dtype.names:
        rows["valid"] = rng.integers(0, 1 << len(LabelValid if table == "labels" else AlphaValid), n)
        for column in columns(table):
            if column.bit:
                rows[column.field][rows["valid"] & column.bit == 0] = 0
    return rows


def everything(n=300):
    return {table: rows_of(table, n, seed) for seed, table in enumerate(TABLES)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "sessions.sqlite"


@pytest.fixture
def log(path):
    with SessionLog(path) as opened:
        yield opened


@contextlib.contextmanager
def connected(path):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def held(path, table, order="rowid"):
    with connected(path) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(f"select * from {table} order by {order}").fetchall()


def test_every_field_comes_back_as_it_was(log, path):
    rows = everything()
    log.begin({})
    log.write(rows)
    log.flush()
    for table, written in rows.items():
        read = held(path, table)
        assert len(read) == len(written)
        for line, row in zip(read, written, strict=True):
            for column in columns(table):
                value = row[column.field] if column.at is None else row[column.field][column.at]
                known = not column.bit or row["valid"] & column.bit
                if column.no_zero and value == 0:
                    known = False
                assert line[column.name] == (value if known else None), column.name


def test_times_that_are_not_there_are_null(log, path):
    quotes = rows_of("quotes", 2)
    quotes["live_to"] = 0, 5
    log.begin({})
    log.write({"quotes": quotes})
    log.flush()
    assert [line["live_to"] for line in held(path, "quotes")] == [None, 5]


def test_features_are_columns_of_their_own(log, path):
    log.begin({})
    with connected(path) as connection:
        names = {name for _, name, *_ in connection.execute("pragma table_info(labels)")}
    assert {f"{part}_{feature}" for part in ("feature", "z") for feature in FEATURES} <= names
    assert "valid" not in names


def test_views_spell_the_names_out(log, path):
    labels = rows_of("labels", 1)
    labels["label"], labels["why"] = 4, 2
    fills = rows_of("fills", 1)
    session_id = log.begin({})
    log.write({"labels": labels, "fills": fills})
    log.flush()
    (label,), (fill,) = held(path, "labels_named", "ts"), held(path, "fills_named", "ts")
    assert (label["label"], label["why"], label["session_id"]) == ("unclassified", "no_book", session_id)
    assert (fill["rule"], fill["strategy"]) == ("through", "maker")


def test_rows_belong_to_their_run(log, path):
    first = log.begin({})
    log.write({"fills": rows_of("fills", 3)})
    log.end({"fills": 3})
    second = log.begin({})
    log.write({"fills": rows_of("fills", 2)})
    log.end({})
    assert first < second
    assert reader.session(path, first)["rows"]["fills"] == 3
    assert reader.session(path, second)["rows"]["fills"] == 2


def test_many_small_writes_from_two_threads_lose_nothing(path, monkeypatch):
    monkeypatch.setattr(session_log, "MOST_WAITING", 50)
    monkeypatch.setattr(session_log, "AT_A_TIME", 20)
    with SessionLog(path) as log:
        log.begin({})
        threads = [
            threading.Thread(target=lambda s=s: [log.write({"fills": rows_of("fills", 7, s)}) for _ in range(40)])
            for s in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(held(path, "fills")) == 2 * 40 * 7


def test_a_killed_writer_leaves_what_was_committed(path):
    script = """
import os, sys
from pathlib import Path
from lobterm.session.log import SessionLog
from tests.session.test_log import rows_of
log = SessionLog(Path(sys.argv[1]))
print(log.begin({"tape": "x"}))
log.write({"labels": rows_of("labels", 500)})
log.flush()
sys.stdout.flush()
log.write({"labels": rows_of("labels", 500)})
os._exit(9)
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=root)
    assert done.returncode == 9, done.stderr
    cut_off = reader.session(path, done.stdout.strip())
    assert cut_off["rows"]["labels"] in (500, 1_000)
    assert cut_off["ended_us"] is None
    with SessionLog(path) as log:
        log.begin({})
        log.write({"labels": rows_of("labels", 5)})
    with connected(path) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert len(reader.sessions(path)) == 2


def test_it_commits_to_the_disk_in_wal_mode(log, path):
    log.begin({})
    with connected(path) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("version", [schema.OLDEST - 1, schema.VERSION + 1])
def test_a_log_of_another_version_is_refused_untouched(log, path, version):
    log.close()
    with connected(path) as connection:
        connection.execute(f"pragma user_version = {version}")
    for use in (SessionLog, reader.sessions):
        with pytest.raises(InputError, match=f"session log of version {version}") as caught:
            use(path)
        assert str(path) in str(caught.value)


def test_other_columns_are_refused(path):
    SessionLog(path).close()
    with connected(path) as connection:
        connection.execute("alter table fills add column luck integer")
    with pytest.raises(InputError, match="fills"):
        SessionLog(path)


def test_a_file_that_is_no_session_log_is_refused(tmp_path):
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("not a database " * 100)
    with connected(other) as connection:
        connection.execute("create table mine (x)")
    for path in (text, other, tmp_path):
        with pytest.raises(InputError) as caught:
            SessionLog(path)
        assert str(path) in str(caught.value)


def test_trouble_in_the_writer_reaches_the_caller(path):
    log = SessionLog(path)
    log.begin({})
    with connected(path) as connection:
        connection.execute("drop table fills")
    log.write({"fills": rows_of("fills", 1)})
    with pytest.raises(LobtermError, match="sessions.sqlite"):
        log.flush()
    with pytest.raises(LobtermError, match="sessions.sqlite"):
        log.write({"fills": rows_of("fills", 1)})
    with pytest.raises(LobtermError):
        log.close()


def test_a_closed_log_takes_nothing(path):
    log = SessionLog(path)
    log.close()
    with pytest.raises(LobtermError, match="closed"):
        log.begin({})


@pytest.mark.parametrize("n", [0, 1, records.AT_ONCE - 1, records.AT_ONCE, 3 * records.AT_ONCE + 1])
def test_no_row_falls_between_statements(n):
    connection = sqlite3.connect(":memory:")
    schema.create(connection)
    rows = rows_of("quotes", n)
    records.insert(connection, "quotes", rows, 1)
    assert [ts for (ts,) in connection.execute("select ts from quotes order by rowid")] == rows["ts"].tolist()
    connection.close()


def test_provenance_says_what_was_run(log, path):
    given = {
        "tape": "day.parquet",
        "tape_sha256": "ab",
        "instrument": {"symbol": "BTCUSDT"},
        "params": defaults().tolist(),
        "model_sha256": None,
        "fill_rule": "through",
        "first_ts_us": 1,
        "last_ts_us": 2,
    }
    session_id = log.begin(given)
    log.end({"fills": 0, "pnl_usdt": {"total": None}})
    kept = reader.session(path, session_id)
    assert kept["symbol"] == "BTCUSDT"
    assert (kept["tape"], kept["tape_sha256"], kept["fill_rule"]) == ("day.parquet", "ab", "through")
    assert kept["params"]["maker.gamma"] == 5.0
    assert {"lobterm", "python", "numpy", "numba"} <= set(kept["provenance"]["versions"])
    assert kept["provenance"]["platform"]
    assert kept["summary"] == {"fills": 0, "pnl_usdt": {"total": None}}
    assert kept["started_us"] <= kept["ended_us"]
    assert json.dumps(kept)


def test_sessions_are_found_by_id_beginning_or_last(log, path):
    ids = [log.begin({}) for _ in range(2)]
    assert [entry["session_id"] for entry in reader.sessions(path)] == sorted(ids)
    assert reader.session(path, ids[0])["session_id"] == ids[0]
    assert reader.session(path, "last")["session_id"] == max(ids)
    for wanted in ("2", "x", "%"):
        with pytest.raises(InputError, match="session"):
            reader.session(path, wanted)


def test_no_log_is_no_sessions_but_not_a_session(tmp_path):
    assert reader.sessions(tmp_path / "none.sqlite") == []
    with pytest.raises(InputError, match="no such file"):
        reader.session(tmp_path / "none.sqlite", "last")


@pytest.mark.parametrize(
    ("state", "status", "offset", "error_us", "known"),
    [
        (0, 0x2001, -1_500_000, 800, (-1_500, 800)),  # synchronised, told in nanoseconds
        (0, 0x0001, 37, 900, (37, 900)),
        (5, 0x0040, 0, 16_000_000, (None, None)),  # nobody disciplines this clock
        (0, 0x0040, 12, 16_000_000, (None, None)),
        (-1, 0, 0, 0, (None, None)),
    ],
)
def test_the_machines_clock_is_known_only_where_the_kernel_knows_it(state, status, offset, error_us, known):
    assert machine_clock.read(state, status, offset, error_us) == known


def test_a_run_keeps_its_clock_and_its_whole_configuration(log, path, monkeypatch):
    monkeypatch.setattr(provenance, "clock_state", lambda: machine_clock.ClockState(-7, 250))
    values = defaults()
    values[BY_KEY["maker.gamma"].id] = 3.5
    log.begin(
        {"params": values.tolist(), "tape": "x", "instrument": {"symbol": "A", "tick_size": "0.01", "lot_size": "1"}}
    )
    log.begin({"params": values[:30].tolist(), "live": True})
    older, newer = reader.sessions(path)
    assert (older["mode"], older["clock_offset_us"], older["clock_error_us"]) == ("replay", -7, 250)
    assert (older["tick_e8"], older["lot_e8"], newer["mode"], newer["tick_e8"]) == (
        1_000_000,
        100_000_000,
        "live",
        None,
    )
    with reader.opened(path) as connection:
        kept = reader.run(connection, path, older["session_id"]).provenance["config"]
    assert (kept["maker.gamma"], kept["signals.mapping"], len(kept)) == (3.5, "inverted", len(values))
    assert len(reader.session(path, newer["session_id"])["params"]) == 30, "an earlier version's vector is shorter"


def test_what_is_kept_can_be_less(path):
    with SessionLog(path, keep="fills") as log:
        log.begin({})
        marks = rows_of("markouts", 3)
        marks["what"] = 0, 1, 2
        log.write({"labels": rows_of("labels", 4), "markouts": marks, "fills": rows_of("fills", 5)})
        log.end({})
    kept = reader.session(path, "last")
    assert (kept["kept"], kept["rows"]["labels"], kept["rows"]["markouts"], kept["rows"]["fills"]) == ("fills", 0, 2, 5)
