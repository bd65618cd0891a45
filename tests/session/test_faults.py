"""Whatever happens to the disk or to the file: a word that names it, and nothing else lost."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from lobterm.errors import LobtermError
from lobterm.session import connecting, reader
from lobterm.session import log as session_log
from lobterm.session.log import SessionLog
from tests.session.test_log import rows_of


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(connecting, "BUSY_MS", 1)
    return tmp_path / "s.sqlite"


@contextlib.contextmanager
def held_by_another(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        yield other


def labels(path):
    return reader.session(path, "last")["rows"]["labels"]


def test_rows_wait_while_another_program_holds_the_log(path, monkeypatch):
    said = []
    with SessionLog(path) as log:
        log.begin({})
        with held_by_another(path) as other:

            def told(error):
                said.append(connecting.words(error))
                if len(said) == 3:
                    other.execute("rollback")
                return said[-1]

            monkeypatch.setattr(session_log, "words", told)
            monkeypatch.setattr(session_log, "RETRY_S", 0.001)
            log.write({"labels": rows_of("labels", 7)})
            log.flush()
        assert log.trouble == ""
    assert "another program holds it" in said[0]
    assert labels(path) == 7


def test_nobody_waits_for_ever_for_a_log_that_is_held(path, monkeypatch):
    monkeypatch.setattr(session_log, "GRACE_S", 0.0)
    log = SessionLog(path)
    log.begin({})
    log.write({"labels": rows_of("labels", 5)})
    log.flush()
    with held_by_another(path):
        log.write({"labels": rows_of("labels", 7)})
        with pytest.raises(LobtermError, match=r"s\.sqlite.*another program holds it.*what was logged before is kept"):
            log.flush()
        with pytest.raises(LobtermError):
            log.close()
    assert labels(path) == 5


@pytest.fixture
def small_disk(monkeypatch):
    """The file cannot grow by more than a few pages."""
    whole = session_log.open_for_writing

    def limited(path):
        connection = whole(path)
        (pages,) = connection.execute("pragma page_count").fetchone()
        connection.execute(f"pragma max_page_count = {pages + 40}")
        return connection

    monkeypatch.setattr(session_log, "open_for_writing", limited)
    return whole


@pytest.mark.parametrize("columnar", [False, True])
def test_a_full_disk_stops_the_log_with_a_word_and_keeps_what_was_there(path, monkeypatch, small_disk, columnar):
    log = SessionLog(path, columnar=columnar)
    log.begin({})
    log.write({"labels": rows_of("labels", 100)})
    log.flush()
    log.write({"quotes": rows_of("quotes", 5_000), "labels": rows_of("labels", 50)})
    with pytest.raises(LobtermError, match="the disk is full"):
        log.flush()
    with pytest.raises(LobtermError):
        log.close()
    assert (labels(path), reader.session(path, "last")["rows"]["quotes"]) == (100, 0)
    monkeypatch.setattr(session_log, "open_for_writing", small_disk)
    with SessionLog(path) as log:
        log.begin({})
        log.write({"labels": rows_of("labels", 3)})
    assert labels(path) == 3


def test_what_cannot_be_kept_up_with_is_given_up_in_words_not_dropped(path, monkeypatch):
    monkeypatch.setattr(session_log, "MOST_WAITING", 50)
    log = SessionLog(path, patient=False)
    log.begin({})
    with held_by_another(path):
        log.write({"labels": rows_of("labels", 60)})
        with pytest.raises(LobtermError, match="given up.*lobterm session repair"):
            log.write({"labels": rows_of("labels", 60)})
        with pytest.raises(LobtermError, match="given up"):
            log.close()


def damage(path, page):
    """Write over the middle of a page."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("pragma page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 8)
        file.write(b"\xff" * (size - 64))


def root_of(path, name):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("select rootpage from sqlite_master where name = ?", (name,)).fetchone()
    return page


def test_a_damaged_page_is_named_and_the_other_tables_are_read(path):
    with SessionLog(path) as log:
        log.begin({})
        log.write({"labels": rows_of("labels", 2_000), "fills": rows_of("fills", 20)})
        log.end({})
    damage(path, root_of(path, "labels"))
    with reader.opened(path) as connection:
        assert connection.execute("select count(ts) from fills").fetchone()[0] == 20
    with (
        pytest.raises(LobtermError, match=r"s\.sqlite.*a page is damaged: lobterm session repair"),
        reader.opened(path) as connection,
    ):
        connection.execute("select sum(ts) from labels").fetchone()
