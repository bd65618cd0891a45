"""What the picker lists: everything that may be opened, and why the rest may not."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from lobterm import config
from lobterm.errors import InputError
from lobterm.library import entries
from lobterm.library.entries import Folders, Group
from lobterm.session.log import SessionLog
from lobterm.tape import parquet
from lobterm.tape.recording.locks import Lock

REPLAYS = Path(__file__).resolve().parents[2] / "replays"
SESSION = "20261121T144739.123456Z-0a1b2c"


@pytest.fixture
def folders(tmp_path):
    tapes = tmp_path / "tapes"
    tapes.mkdir()
    return Folders((tapes,), tmp_path / "recordings", tmp_path / "log.sqlite")


def found(folders, group):
    return [entry for entry in entries.find(folders, config.load()) if entry.group is group]


def test_tapes_say_what_they_hold_and_what_is_none_says_why(folders):
    (folder,) = folders.tapes
    shutil.copy(REPLAYS / "demo.parquet", folder)
    shutil.copy(REPLAYS / "long-cascade.truth.parquet", folder)
    pl.DataFrame({"a": [1]}).write_parquet(folder / "other.parquet")
    (folder / "torn.parquet").write_bytes(b"PAR1 torn")
    torn, demo = sorted(found(folders, Group.TAPE), key=lambda entry: not entry.problem)
    meta = parquet.open_tape(REPLAYS / "demo.parquet").meta
    assert (demo.name, demo.symbol, demo.when_us, demo.length_us) == (
        "demo", "BTCUSDT", meta.first_ts_us, meta.last_ts_us - meta.first_ts_us
    )  # fmt: skip
    assert (demo.size_bytes, demo.sha256) == ((folder / "demo.parquet").stat().st_size, meta.sha256)
    assert demo.words == ("replay", str(folder / "demo.parquet")) and not demo.problem
    assert "is not a tape, or is torn" in torn.problem and torn.tape is None


def test_a_folder_that_is_not_there_and_one_named_twice_are_no_trouble(folders):
    (folder,) = folders.tapes
    shutil.copy(REPLAYS / "demo.parquet", folder)
    twice = Folders((folder, folder / "none", folder), folders.recordings, folders.log)
    assert len(found(twice, Group.TAPE)) == 1


def test_recordings_become_tapes_unless_they_are_being_made(folders):
    folders.recordings.mkdir()
    names = [
        f"BTCUSDT_{market}_{day}_{SESSION}.jsonl.zst" for market in ("perp", "spot") for day in (20261121, 20261122)
    ]
    for name in (*names, "notes.txt"):
        (folders.recordings / name).write_bytes(b"x" * 10)
    (one,) = found(folders, Group.RECORDING)
    out = folders.made / f"BTCUSDT_{SESSION}.parquet"
    assert one.first[:2] == ("tape", "import") and one.first[-2:] == ("--out", str(out))
    assert {Path(word).name for word in one.first[2:-2]} == set(names)
    assert (one.words, one.size_bytes, one.when_us) == (("replay", str(out)), 40, 1_795_272_459_123_456)
    out.write_bytes(b"made")
    assert found(folders, Group.RECORDING)[0].first == ()
    lock = Lock(folders.recordings, "BTCUSDT", SESSION, 0)
    assert "is being recorded" in found(folders, Group.RECORDING)[0].problem
    lock.release()
    assert [entry.symbol for entry in found(folders, Group.LIVE)] == ["BTCUSDT", "ETHUSDT"]


def begun(folders, tape, ended=None):
    with SessionLog(folders.log) as log:
        said = {"tape": str(tape), "tape_sha256": "a" * 64, "instrument": {"symbol": "BTCUSDT"}}
        session = log.begin(said)
        running = found(folders, Group.SESSION)[0]
        if ended is not None:
            log.end(ended)
    return session, running


def test_sessions_open_their_tape_where_they_stood(folders):
    tape = folders.made / "day.parquet"
    tape.write_bytes(b"")
    session, running = begun(folders, tape, {"rows": 1_234, "stood_ts_us": 77, "pnl_usdt": {"total": -1.5}})
    assert running.problem == "runs now, in another terminal"
    (entry,) = found(folders, Group.SESSION)
    assert (entry.words, entry.problem, entry.note) == (("replay", str(tape)), "", "1,234 rows · PnL -1.50")
    assert entries.place(folders.log, session) == (77, "a" * 64)
    tape.unlink()
    assert found(folders, Group.SESSION)[0].problem == f"its tape is gone: {tape}"


def test_a_session_that_was_cut_off_says_so_and_has_no_place_if_it_never_began(folders):
    session, _ = begun(folders, folders.made / "day.parquet")
    assert found(folders, Group.SESSION)[0].note == "cut off"
    assert entries.place(folders.log, session) == (None, "a" * 64)
    with pytest.raises(InputError, match="no session"):
        entries.place(folders.log, "1999")


def test_a_log_that_cannot_be_read_stands_in_the_list(folders):
    folders.log.write_bytes(b"no database" * 100)
    (entry,) = found(folders, Group.SESSION)
    assert "session log" in entry.problem
