"""A log of an earlier version opens, with everything that was in it and nothing that was not."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from lobterm.engine.rows import TABLES
from lobterm.errors import InputError, LobtermError
from lobterm.session import migrations, reader, schema
from lobterm.session.columns import columns
from lobterm.session.log import SessionLog

LOGS = Path(__file__).with_name("logs")


@pytest.fixture(params=[1, 2])
def old(request, tmp_path):
    path = tmp_path / "old.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((LOGS / f"version-{request.param}.sql").read_text())
        assert connection.execute("pragma user_version").fetchone() == (request.param,)
    return path


def content(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"select * from [{table}] order by rowid")]


def shape(path):
    """Return every table with its columns, every index and view."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        things = connection.execute("select type, name from sqlite_master where name not like 'sqlite_%'").fetchall()
        return {
            (kind, name, *sorted(row[1] for row in connection.execute(f"pragma table_info([{name}])")))
            for kind, name in things
        }


def test_what_was_kept_is_kept_and_what_was_not_is_null(old):
    before = {table: content(old, table) for table in ("runs", "labels", "alpha", "quotes", "fills")}
    (entry,) = reader.sessions(old)
    assert entry["symbol"] == "BTCUSDT"
    for table, rows in before.items():
        for was, row in zip(rows, content(old, table), strict=True):
            assert {key: row[key] for key in was} == was
            added = {key: row[key] for key in row if key not in was}
            if table != "runs":
                assert set(added.values()) <= {None}
    (run,) = content(old, "runs")
    assert (run["mode"], run["tick_e8"], run["lot_e8"], run["clock_offset_us"]) == ("replay", 10_000_000, 100_000, None)


def test_it_is_then_a_log_like_any_other(old, tmp_path):
    with SessionLog(old) as log:
        log.begin({})
        log.write({table: np.zeros(1, kind) for table, kind in TABLES.items()})
    SessionLog(tmp_path / "new.sqlite").close()
    assert shape(old) == shape(tmp_path / "new.sqlite")
    for table in TABLES:
        assert list(content(old, table)[0]) == ["run", *(column.name for column in columns(table))]
    for view in ("fills_with_markouts", "triggers_explained", "pnl_by_minute", "labels_named"):
        content(old, view)


def test_version_3_gets_room_for_overlays(tmp_path):
    path = tmp_path / "three.sqlite"
    with SessionLog(path) as log:
        log.begin({})
    now = shape(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("drop table overlay; pragma user_version = 3")
    with SessionLog(path) as log:
        log.begin({})
        log.overlay([(5, 100, 19, 1, 0, 7, 7), (6, 101, 17, 0, 0, 1, 1)])
    assert shape(path) == now
    with reader.opened(path) as connection:
        assert reader.overlay(connection, 2) == [(5, 100, 19, 1, 0, 7, 7), (6, 101, 17, 0, 0, 1, 1)]


def test_it_is_of_one_version_or_the_other(old, monkeypatch):
    def fails(db):
        db.execute("create table halfway (x)")
        raise sqlite3.OperationalError("no space")

    before = shape(old)
    monkeypatch.setitem(migrations.STEPS, 2, fails)
    with pytest.raises(LobtermError, match="no space"):
        reader.sessions(old)
    assert shape(old) == before


def test_a_version_that_nobody_knows_is_refused(old):
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("pragma user_version = 0")
    with pytest.raises(InputError, match="version 0"):
        reader.sessions(old)
    assert schema.OLDEST == 1
