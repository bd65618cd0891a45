"""The pressure of a tape in a few columns: computed apart, kept, believed only whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lobterm import config
from lobterm.engine import params as pm
from lobterm.library import sparks
from lobterm.library.entries import Entry, Group
from lobterm.library.sparks import COLUMNS, Kept, Worker, compute
from lobterm.tape import parquet

DEMO = Path(__file__).resolve().parents[2] / "replays" / "demo.parquet"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sparks, "folder", lambda: tmp_path / "sparks")


def test_a_line_is_what_the_timeline_of_a_replay_shows_and_is_kept_by_parameters():
    settings = config.load()
    line = compute(DEMO, settings)
    assert len(line) == COLUMNS and all(part.indexed for part in line)
    assert any(part.share is not None and part.share > 0.3 for part in line)
    meta = parquet.open_tape(DEMO).meta
    kept = Kept(settings)
    assert kept.get(meta.sha256, "BTCUSDT") is None
    kept.put(meta.sha256, "BTCUSDT", line)
    assert kept.get(meta.sha256, "BTCUSDT") == line
    other = Kept(settings.with_override("lpi.impact_bps=5"))
    assert other.get(meta.sha256, "BTCUSDT") is None
    assert settings.params("BTCUSDT")[pm.ENABLED] == 1.0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '[["x",0,false,0,false,""]]', '[[9,0,false,0,false,""]]', "x" * 20_000]
)
def test_a_damaged_line_is_none(text):
    kept = Kept(config.load())
    kept.put("a" * 64, "BTCUSDT", compute_nothing())
    assert kept.get("a" * 64, "BTCUSDT") is not None
    (path,) = sparks.folder().iterdir()
    path.write_text(text)
    assert kept.get("a" * 64, "BTCUSDT") is None


def compute_nothing():
    from lobterm.view.timeline import Part

    return tuple(Part(indexed=True) for _ in range(COLUMNS))


def test_the_newest_lines_are_kept(monkeypatch):
    monkeypatch.setattr(sparks, "MOST_KEPT", 3)
    kept = Kept(config.load())
    for number in range(6):
        kept.put(f"{number}", "BTCUSDT", compute_nothing())
    assert len(list(sparks.folder().glob("*.json"))) == 3


def test_kept_lines_come_at_once_and_a_torn_tape_gives_none(tmp_path, monkeypatch, capsys):
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(DEMO.read_bytes()[:-100])
    here = tmp_path / "day.parquet"
    shutil.copy(DEMO, here)
    assert sparks.main([str(torn), str(here)]) == 0
    assert capsys.readouterr().out == f"{here}\n"
    sha256 = parquet.open_tape(here).meta.sha256
    entry = Entry(Group.TAPE, "day", "BTCUSDT", words=("replay", str(here)), sha256=sha256)
    broken = Entry(Group.TAPE, "torn", problem="torn")
    monkeypatch.setattr(sparks.subprocess, "Popen", lambda *a, **k: pytest.fail("nothing is missing"))
    worker = Worker(config.load(), None)
    ((path, line),) = worker.lines([entry, broken])
    assert path == here and len(line) == COLUMNS
    worker.close()
