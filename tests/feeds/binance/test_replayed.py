"""A recording on disk, read back, is what the session's ring was handed; torn, it is mended to a beginning of it."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pytest

from lobterm import cli
from lobterm.errors import FormatError, InputError
from lobterm.events import EVENT, Market
from lobterm.feeds.binance import replayed
from lobterm.feeds.binance.inbox import DAY_NS, Inbox
from lobterm.feeds.binance.stamp import Stamp
from lobterm.tape import parquet
from lobterm.tape.recording import names
from lobterm.tape.recording.recorder import Recorder
from lobterm.tape.recording.repair import repair
from lobterm.tape.ring import Ring
from lobterm.wire import control
from tests.feeds.binance import feeding as fd
from tests.feeds.binance.test_decoder import digest

BORDER = (fd.NS // DAY_NS + 1) * DAY_NS


def record(folder, session="s1", seed=5, count=400, start_ns=fd.NS, **options):
    """Record a session; return the rows that its ring was handed."""
    elapsed = [0]
    recorder = Recorder(folder, "BTCUSDT", session, (Market.PERP, Market.SPOT))
    stamp = Stamp(wall_ns=lambda: start_ns, elapsed_ns=lambda: elapsed[0])
    inbox = Inbox(fd.decoder(), Ring(1 << 16), recorder, stamp)
    inbox.begin(session, {"lobterm": "1"}, **options)
    dice = Random(seed)
    for market, line in fd.session(seed, count):
        text = line.split(b" ", 1)[1].rstrip(b"\n")
        event = control.decode(text)
        if event is None:
            inbox.wire(Market(market), text)
        else:
            inbox.control(event)
        elapsed[0] += dice.randint(0, 40_000_000)
        if dice.random() < 0.2:
            inbox.flush()
    inbox.end()
    recorder.close()
    assert not recorder.status().failure
    return inbox.ring.copy(0, inbox.ring.written)


def read(paths):
    reading = replayed.read_recording(list(paths))
    return np.concatenate([np.zeros(0, EVENT), *reading.chunks])


def files(folder):
    return list(names.files(folder).values())


def test_live_and_read_back_are_the_same_bits(tmp_path):
    rows = record(tmp_path)
    assert digest(read(reversed(files(tmp_path)))) == digest(rows)


def test_small_blocks_too(tmp_path, monkeypatch):
    rows = record(tmp_path)
    monkeypatch.setattr("lobterm.tape.importers.blocks.BLOCK", 2_000)
    monkeypatch.setattr("lobterm.tape.importers.blocks.READ", 700)
    assert digest(read(files(tmp_path))) == digest(rows)


def test_a_chain_over_midnight_is_one_piece(tmp_path):
    rows = record(tmp_path, start_ns=BORDER - 3 * 10**9)
    assert len(files(tmp_path)) == 4
    assert digest(read(files(tmp_path))) == digest(rows)


def test_a_chain_with_a_hole_is_refused(tmp_path):
    record(tmp_path, start_ns=BORDER - 3 * 10**9)
    with pytest.raises(InputError, match=r"part 0 of session s1 is missing \(spot\)"):
        read(path for path in files(tmp_path) if "_spot_" not in path.name or path == files(tmp_path)[-1])


def test_sessions_one_after_the_other_are_one_stream(tmp_path):
    one = record(tmp_path, "s1")
    two = record(tmp_path, "s2", seed=6, start_ns=fd.NS + 10**12, resumes="s1")
    assert digest(read(files(tmp_path))) == digest(np.concatenate([one, two]))


def test_the_command_line_makes_the_tape_of_it_twice_the_same(tmp_path, capsys):
    rows = record(tmp_path)
    said = []
    for out in ("a.parquet", "b.parquet"):
        given = ["tape", "import", *map(str, files(tmp_path)), "--out", str(tmp_path / out), "--json"]
        assert cli.main(given) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[0]["sha256"] == said[1]["sha256"] == digest(rows)
    assert said[0]["crossed_rows"] == 0
    meta = parquet.open_tape(tmp_path / "a.parquet").meta
    assert [str(i.lot_size) for i in meta.instruments] == ["0.001", "0.00001"]
    assert meta.provenance["sources"][0]["session"] == "s1"


def test_ours_and_another_s_are_not_mixed(tmp_path, capsys):
    record(tmp_path, count=20)
    other = tmp_path / "other.jsonl"
    other.write_text("1800000000000000000 {}\n")
    assert cli.main(["tape", "import", str(files(tmp_path)[0]), str(other)]) == 2
    assert "is not of the recording named beside it" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(12))
def test_cut_anywhere_it_is_mended_to_a_beginning_of_what_was_handed_over(tmp_path, seed):
    rows = record(tmp_path)
    dice = Random(seed)
    before = {path: path.read_bytes() for path in files(tmp_path)}
    torn = dice.sample(files(tmp_path), dice.choice([1, 2]))
    for path in torn:
        path.write_bytes(before[path][: dice.randrange(len(before[path]))])
    done = repair([torn[0]])
    assert len(done) == 2
    kept = [path for path in files(tmp_path) if path.stat().st_size]
    mended = read(kept) if len(kept) == 2 else np.zeros(0, EVENT)
    assert digest(mended) == digest(rows[: len(mended)])
    again = {path: path.read_bytes() for path in files(tmp_path)}
    assert [one.cut_bytes for one in repair(torn)] == [0, 0]
    assert again == {path: path.read_bytes() for path in files(tmp_path)}


def test_a_whole_recording_is_not_touched(tmp_path, capsys):
    record(tmp_path)
    before = [(path.stat().st_ino, path.read_bytes()) for path in files(tmp_path)]
    assert cli.main(["tape", "repair", str(files(tmp_path)[0]), "--json"]) == 0
    assert [one["cut_bytes"] for one in json.loads(capsys.readouterr().out)["files"]] == [0, 0]
    assert [(path.stat().st_ino, path.read_bytes()) for path in files(tmp_path)] == before


def test_only_the_last_second_is_cut(tmp_path):
    rows = record(tmp_path)
    perp = files(tmp_path)[0]
    perp.write_bytes(perp.read_bytes()[:-3])
    repair([perp])
    assert rows["ts"][-1] - read(files(tmp_path))["ts"][-1] < 1_000_000


def test_damage_in_the_middle_is_no_torn_end(tmp_path):
    record(tmp_path)
    perp = files(tmp_path)[0]
    data = bytearray(perp.read_bytes())
    data[len(data) // 2] ^= 255
    perp.write_bytes(data)
    with pytest.raises(FormatError, match="damaged in its middle"):
        repair([perp])
    assert perp.read_bytes() == bytes(data)


def test_what_is_being_recorded_is_not_mended(tmp_path):
    record(tmp_path, "s1", count=20)
    recorder = Recorder(tmp_path, "BTCUSDT", "s1", (Market.PERP,))
    with pytest.raises(InputError, match="is being recorded"):
        repair(files(tmp_path))
    recorder.close()


def test_a_file_that_is_not_ours_is_refused(tmp_path, capsys):
    path = tmp_path / "btcusdt_20240808.gz"
    path.write_bytes(b"x")
    assert cli.main(["tape", "repair", str(path)]) == 2
    assert "is not a recording of lobterm" in capsys.readouterr().err
