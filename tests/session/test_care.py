"""After a crash and through the years: what is kept, what goes, and what is made whole again."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lobterm import cli, config, runs, session
from lobterm.engine import drive
from lobterm.engine.rows import TABLES
from lobterm.errors import LobtermError
from lobterm.models import model
from lobterm.session import prune, reader, repair, writing
from lobterm.session.log import SessionLog
from lobterm.tape import parquet
from tests.session.test_faults import damage, root_of
from tests.session.test_log import rows_of

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "replays" / "demo.parquet"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s.sqlite"


def held(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"select * from [{table}] order by rowid").fetchall()


# --- kill -9 ---

WRITER = """
import sys
from pathlib import Path
from lobterm.session.log import SessionLog
from tests.session.test_log import rows_of
log = SessionLog(Path(sys.argv[1]), columnar=sys.argv[2] == "columnar")
print(log.begin({"tape": "x"}), flush=True)
n = 0
while True:
    log.write({"labels": rows_of("labels", 500), "fills": rows_of("fills", 5), "quotes": rows_of("quotes", 50)})
    n += 1
    if n % 20 == 0:
        log.flush()
        print(n, flush=True)
"""


@pytest.mark.parametrize("how", ["rows", "columnar"])
def test_a_killed_writer_loses_nothing_that_was_committed_and_repair_clears_up(path, how):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), how], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )  # fmt: skip
    session_id = writer.stdout.readline().strip()
    flushed = [int(writer.stdout.readline()) for _ in range(3)][-1]
    assert writing.being_written(path) == {session_id}
    with pytest.raises(LobtermError, match="is being written"):
        repair.refill(path, session_id, [], lambda: 0)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    stray = writing.folder(path) / session_id / "labels-999999.parquet"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"half a file")
    found = repair.repair(path)
    assert (found.damage, [run.session_id for run in found.cut_off]) == ("", [session_id])
    assert found.files_removed >= 1 and not stray.exists()
    assert writing.being_written(path) == set()
    rows = reader.session(path, session_id)["rows"]
    assert rows["labels"] >= 500 * flushed
    assert (rows["labels"], rows["quotes"]) == (100 * rows["fills"], 10 * rows["fills"]), "a commit holds all tables"
    assert len(session.open(log=path).labels()) == rows["labels"]


# --- a damaged file ---


def filled(path, rows=3_000):
    with SessionLog(path) as log:
        for seed in range(2):
            log.begin({"tape": "x"})
            log.write({"labels": rows_of("labels", rows, seed), "fills": rows_of("fills", 40, seed)})
            log.end({})
    return {table: held(path, table) for table in ("runs", "labels", "fills")}


def leaf_of(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        (size,) = connection.execute("pragma page_size").fetchone()
        pages = path.stat().st_size // size
    data, leaf = path.read_bytes(), root_of(path, table)
    page = data[(leaf - 1) * size : leaf * size]
    assert page[0] == 5, "an interior page of a table"
    while page[0] == 5:  # how deep the tree is hangs on when the writer wrote
        place = int.from_bytes(page[12 + 2 * 3 : 14 + 2 * 3], "big")
        leaf = int.from_bytes(page[place : place + 4], "big")
        page = data[(leaf - 1) * size : leaf * size]
    assert 1 < leaf <= pages
    return leaf


def test_a_damaged_page_costs_its_own_rows_and_no_others(path):
    before = filled(path)
    damage(path, leaf_of(path, "labels"))
    found = repair.repair(path)
    assert found.damage
    assert found.damaged_file.exists()
    assert 0 < found.saved["labels"].lost < 200
    assert found.saved["labels"].rows + found.saved["labels"].lost == len(before["labels"])
    assert held(path, "fills") == before["fills"]
    assert held(path, "runs") == before["runs"]
    kept = held(path, "labels")
    there = set(kept)
    assert [row for row in before["labels"] if row in there] == kept
    assert repair.repair(path).damage == ""
    with SessionLog(path) as log:
        log.begin({})


def test_a_table_that_is_gone_whole_is_counted_and_the_rest_saved(path):
    before = filled(path)
    damage(path, root_of(path, "labels"))
    found = repair.repair(path)
    assert found.saved["labels"].rows == 0 and found.saved["labels"].lost
    assert held(path, "fills") == before["fills"]


def test_a_file_without_a_beginning_cannot_be_saved_and_is_left_alone(path):
    filled(path, 10)
    with path.open("r+b") as file:
        file.write(b"\0" * 100)
    before = path.read_bytes()
    with pytest.raises(LobtermError, match=r"s\.sqlite"):
        repair.repair(path)
    assert path.read_bytes() == before


# --- filling in ---


@pytest.fixture(scope="module")
def said():
    """Return all that the engine says of a tape, drain by drain, and the time of its last row."""
    setup = runs.Setup(parquet.open_tape(DEMO), config.Config(()), model.load(runs.model_beside(DEMO)))
    engine, events = setup.new_engine(), setup.tape.read()
    drains = [
        rows for start in range(0, len(events), 20_000) for rows in drive.fold(engine, events[start : start + 20_000])
    ]
    return drains, list(drive.finish(engine)), int(events["ts"][-1])


def cut_off(path, drains):
    with SessionLog(path) as log:
        session_id = log.begin({"live": True})
        for rows in drains:
            log.write(rows)
    return session_id


def whole(path, drains):
    cut_off(path, drains)
    return {table: [row[1:] for row in held(path, table)] for table in TABLES}


def test_what_the_log_lacks_is_put_in_and_the_session_closed(path, tmp_path, said):
    drains, last, end_us = said
    session_id = cut_off(path, drains[:4])
    done = repair.refill(path, session_id, [*drains, *last], lambda: end_us)
    wanted = whole(tmp_path / "whole.sqlite", [*drains, *last])
    assert {table: [row[1:] for row in held(path, table)] for table in TABLES} == wanted
    assert done.added["labels"] > 1_000 and not any(done.removed.values())
    entry = reader.session(path, session_id)
    assert (entry["ended_us"], entry["summary"]["repaired"]) == (end_us, True)
    assert repair.repair(path).cut_off == []


def test_what_the_recording_does_not_reach_is_taken_away(path, tmp_path, said):
    """The recording was cut back to its last whole second; the log had gone on."""
    drains, _, _ = said
    session_id = cut_off(path, drains[:5])
    setup = runs.Setup(parquet.open_tape(DEMO), config.Config(()), model.load(runs.model_beside(DEMO)))
    engine, events = setup.new_engine(), setup.tape.read()[:70_000]
    shorter = [*drive.fold(engine, events), *drive.finish(engine)]
    done = repair.refill(path, session_id, shorter, lambda: int(events["ts"][-1]))
    assert done.removed["labels"] > 0
    wanted = whole(tmp_path / "whole.sqlite", shorter)
    assert {table: [row[1:] for row in held(path, table)] for table in TABLES} == wanted


def test_rows_that_differ_though_both_have_their_time_are_never_overwritten(path, said):
    drains, last, end_us = said
    session_id = cut_off(path, drains[:4])
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update labels set px = px + 1 where rowid = 100")
    before = {table: held(path, table) for table in ("runs", *TABLES)}
    with pytest.raises(LobtermError, match="labels of the session hold other rows"):
        repair.refill(path, session_id, [*drains, *last], lambda: end_us)
    assert {table: held(path, table) for table in ("runs", *TABLES)} == before


def test_a_log_that_kept_no_labels_gets_none(path, said):
    drains, last, end_us = said
    with SessionLog(path, keep="fills") as log:
        session_id = log.begin({"live": True})
        for rows in drains[:3]:
            log.write(rows)
    repair.refill(path, session_id, [*drains, *last], lambda: end_us)
    rows = reader.session(path, session_id)["rows"]
    assert rows["labels"] == 0
    assert rows["markouts"] == rows["fills"] + rows["triggers"]


# --- pruning ---


def sessions(path, n=4, **how):
    ids = []
    with SessionLog(path, **how) as log:
        for _ in range(n):
            ids.append(log.begin({"tape": "x"}))
            log.write({"labels": rows_of("labels", 300), "fills": rows_of("fills", 3)})
            log.end({})
    return ids


def left(path):
    return [entry["session_id"] for entry in reader.sessions(path)]


@pytest.mark.parametrize("columnar", [False, True])
def test_the_newest_are_kept_and_the_others_go_whole(path, columnar):
    ids = sessions(path, columnar=columnar)
    planned = prune.plan(path, 0, keep=2)
    assert (planned.delete, planned.kept) == (tuple(ids[:2]), ())
    freed = prune.prune(path, planned)
    assert left(path) == ids[2:]
    assert freed > 50_000
    assert len(session.open(ids[2], log=path).labels()) == 300
    assert {folder.name for folder in writing.folder(path).glob("*") if folder.is_dir()} == (
        set(ids[2:]) if columnar else set()
    )
    with SessionLog(path) as log:
        again = log.begin({})
    assert reader.session(path, again)["rows"]["labels"] == 0, (
        "a run's number is used again only when its rows are gone"
    )


def test_what_is_pinned_cut_off_or_running_stays(path):
    pinned, old, crashed = sessions(path, 3)
    prune.pin(path, pinned, pinned=True)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update runs set ended_us = null where session_id = ?", (crashed,))
    with SessionLog(path) as log:
        running = log.begin({})
        planned = prune.plan(path, 1 << 61, most_days=30.0)
        assert planned.delete == (old,)
        assert dict(planned.kept) == {
            pinned: "is pinned", crashed: "was cut off: repair it, or name it", running: "is being written"
        }  # fmt: skip
        why = prune.needed(path)
        assert [bool(why(each)) for each in (pinned, old, crashed, running, "nobody's")] == [
            True,
            False,
            True,
            True,
            False,
        ]
        prune.prune(path, planned)
        log.write({"fills": rows_of("fills", 2)})
        log.end({})
    assert left(path) == [pinned, crashed, running]
    prune.pin(path, pinned, pinned=False)
    assert prune.plan(path, 0, keep=1, named=[crashed]).delete == (pinned, crashed)


def test_nothing_is_young_enough_to_go_by_mistake(path):
    sessions(path, 2)
    now_us = reader.sessions(path)[0]["started_us"] + 29 * prune.DAY_US
    assert prune.plan(path, now_us, most_days=30.0).delete == ()


# --- the commands ---


def run(capsys, *words):
    code = cli.main(["session", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_commands_say_what_they_did(path, capsys):
    ids = sessions(path, 3)
    assert run(capsys, "pin", ids[0], "--log", path)[0] == 0
    code, out, _ = run(capsys, "prune", "--keep", 1, "--dry-run", "--log", path, "--json")
    assert (code, json.loads(out)["would_delete"]) == (0, [ids[1]])
    assert left(path) == ids
    code, out, _ = run(capsys, "prune", "--keep", 1, "--log", path, "--json")
    assert json.loads(out)["deleted"] == [ids[1]]
    assert json.loads(out)["kept"] == {ids[0]: "is pinned"}
    code, out, err = run(capsys, "prune", "--log", path)
    assert (code, out) == (2, "") and "--keep" in err
    code, out, _ = run(capsys, "repair", "--log", path, "--json")
    assert json.loads(out) == {
        "path": str(path), "damage": None, "damaged_file": None, "rows_saved": {}, "rows_lost": {}, "part_files_removed": 0,
        "cut_off": {},
    }  # fmt: skip


def test_an_export_is_one_command(path, tmp_path, capsys):
    sessions(path, 1)
    code, out, _ = run(capsys, "export", "last", "--out", tmp_path / "out", "--format", "csv", "--log", path, "--json")
    assert (code, json.loads(out)["rows"]["labels"]) == (0, 300)
    code, _, err = run(capsys, "export", "last", "--out", tmp_path / "out", "--log", path)
    assert code == 2 and "is there already" in err
