"""What was handed over is on disk at every beat; a disk that fails stops the recording and nothing else."""

from __future__ import annotations

import resource
import signal
import threading
from collections import Counter
from contextlib import contextmanager
from datetime import date

import pytest

from lobterm.errors import InputError, LobtermError
from lobterm.events import Market
from lobterm.tape.importers import blocks
from lobterm.tape.recording import locks, names
from lobterm.tape.recording.recorder import Recorder

DAY = date(2026, 11, 21)
BOTH = (Market.PERP, Market.SPOT)


def new(folder, session="s1", **options):
    return Recorder(folder, "BTCUSDT", session, BOTH, **options)


def text(path):
    skipped = Counter()
    data = b"".join(blocks.unpacked(path, skipped))
    assert not skipped
    return data


def test_lines_end_in_their_market_s_file_of_their_day(tmp_path):
    recorder = new(tmp_path)
    recorder.rotate(DAY)
    recorder.append(Market.PERP, b"1 a\n")
    recorder.append(Market.SPOT, b"2 b\n")
    recorder.beat()
    recorder.append(Market.PERP, b"3 c\n")
    recorder.rotate(date(2026, 11, 22))
    recorder.append(Market.PERP, b"4 d\n")
    recorder.append(Market.SPOT, b"5 e\n")
    recorder.close()
    found = {(name.market, name.day.day): text(path) for name, path in names.files(tmp_path).items()}
    assert found == {(0, 21): b"1 a\n3 c\n", (1, 21): b"2 b\n", (0, 22): b"4 d\n", (1, 22): b"5 e\n"}
    status = recorder.status()
    assert (status.failure, status.taken_bytes, status.waiting_bytes, len(status.files)) == ("", 20, 0, 4)
    assert status.written_bytes == sum(path.stat().st_size for path in status.files)
    assert not list(tmp_path.glob("*.recording"))


def test_every_beat_is_a_whole_frame(tmp_path, monkeypatch):
    synced = threading.Semaphore(0)
    monkeypatch.setattr("lobterm.tape.recording.recorder._File.sync", lambda file: synced.release())
    recorder = new(tmp_path)
    recorder.rotate(DAY)
    recorder.append(Market.PERP, b"1 a\n")
    recorder.beat()
    for _ in BOTH:
        assert synced.acquire(timeout=30)
    assert text(recorder.status().files[0]) == b"1 a\n"
    recorder.close()


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    taken = tmp_path / str(names.RecordingName("BTCUSDT", "s1", DAY, Market.PERP))
    taken.write_bytes(b"precious")
    recorder = new(tmp_path)
    recorder.rotate(DAY)
    recorder.append(Market.PERP, b"1 a\n")
    recorder.close()
    assert taken.read_bytes() == b"precious"
    assert "recording stopped: File exists" in recorder.status().failure


@contextmanager
def no_file_beyond(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, kept)


def test_a_disk_that_takes_no_more_stops_the_recording_and_leaves_it_whole(tmp_path):
    recorder = new(tmp_path)
    recorder.rotate(DAY)
    with no_file_beyond(4_000):
        for k in range(40):
            recorder.append(Market.PERP, b"".join(b"%d %x\n" % (k * 50 + i, hash((k, i))) for i in range(50)))
            recorder.beat()
        recorder.close()
    status = recorder.status()
    assert (status.running, "recording stopped" in status.failure) == (False, True)
    lines = text(status.files[0]).splitlines()
    assert lines
    assert [int(line.split()[0]) for line in lines] == list(range(len(lines)))
    recorder.append(Market.PERP, b"more\n")  # the caller goes on
    recorder.beat()


def test_a_full_disk_is_called_that(tmp_path, monkeypatch):
    def full(file, data):
        raise OSError(28, "No space left on device")

    recorder = new(tmp_path)
    recorder.rotate(DAY)
    monkeypatch.setattr("lobterm.tape.recording.recorder._File._write", full)
    recorder.append(Market.PERP, b"1 a\n")
    recorder.close()
    assert recorder.status().failure == f"{tmp_path}: recording stopped: the disk is full"


def test_a_disk_that_is_too_slow_stops_the_recording_rather_than_lose_a_part(tmp_path, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr("lobterm.tape.recording.recorder._File.sync", lambda file: gate.wait())
    recorder = new(tmp_path, most_waiting=1_000)
    recorder.rotate(DAY)
    recorder.append(Market.PERP, b"x" * 99 + b"\n")
    recorder.beat()
    for _ in range(200):
        recorder.append(Market.PERP, b"y" * 99 + b"\n")
    assert "too slow" in recorder.status().failure
    assert not recorder.status().running
    gate.set()
    recorder.close()
    held = text(recorder.status().files[0])
    assert held.startswith(b"x" * 99 + b"\ny")
    assert len(held) <= 1_100


def test_a_second_recorder_is_told_of_the_first_and_a_dead_one_is_forgotten(tmp_path):
    first = new(tmp_path)
    second = new(tmp_path, "s2")
    other = Recorder(tmp_path, "ETHUSDT", "s3", BOTH)
    assert (first.others, [one.session for one in second.others], other.others) == ([], ["s1"], [])
    for recorder in (first, second, other):
        recorder.close()
    dead = tmp_path / "BTCUSDT_s0.recording"
    dead.write_text("{}")
    assert locks.others(tmp_path) == []
    assert not dead.exists()


def test_one_session_is_recorded_once(tmp_path):
    recorder = new(tmp_path)
    with pytest.raises(LobtermError, match="recorded already"):
        new(tmp_path)
    recorder.close()


@pytest.mark.parametrize("session", ["../x", "", "a/b", "a_b", ".hidden"])
def test_a_session_id_names_no_folder(tmp_path, session):
    with pytest.raises(InputError):
        new(tmp_path, session)


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be recorded to"):
        new(tmp_path / "file" / "folder")


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTCUSDT_260626", "../etc", "\u5e01\u5b89USDT"])
def test_names_say_what_they_name(tmp_path, symbol):
    name = names.RecordingName(symbol, "20261121T144739.123456Z-0a1b2c", DAY, Market.SPOT)
    assert names.parse(tmp_path / str(name)) == name
    assert "/" not in str(name)
