"""The model that a live session takes by itself."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from lobterm import cli
from lobterm.models import choose, model
from lobterm.models.choose import shelf

DEMO = Path(__file__).resolve().parents[2] / "replays" / "demo.model.json"


def put(folder: Path, name: str, **training) -> Path:
    held = model.load(DEMO)
    path = folder / f"{name}.model.json"
    replace(held, training=held.training | training).sealed().save(path)
    return path


def test_the_newest_by_what_it_was_trained_on(tmp_path):
    put(tmp_path, "b", last_ts_us=50)
    new = put(tmp_path, "a", last_ts_us=90)
    other = put(tmp_path, "c", last_ts_us=99, symbol="ETHUSDT")
    os.utime(new, (1, 1))
    found = shelf(tmp_path)
    assert (found.newest("BTCUSDT"), found.newest("ETHUSDT"), found.newest("XRPUSDT")) == (new, other, None)
    again = put(tmp_path, "d", last_ts_us=90)
    assert shelf(tmp_path).newest("BTCUSDT") == again, "written later"


def test_what_cannot_be_read_is_said_and_stops_nothing(tmp_path):
    good = put(tmp_path, "good")
    (tmp_path / "torn.model.json").write_text(good.read_text()[:-9])
    (tmp_path / "notes.txt").write_text("x")
    found = shelf(tmp_path)
    assert list(found.models) == [good] and "torn.model.json" in found.problems[0] and len(found.problems) == 1
    assert shelf(tmp_path / "none").models == {}


def test_a_model_of_other_sources_says_so(tmp_path):
    assert choose.mismatch(model.load(put(tmp_path, "live", touch_source="touch", trade_source="trade"))) == ""
    words = choose.mismatch(model.load(put(tmp_path, "book", touch_source="book", trade_source="trade")))
    assert words == "touch by book, live by touch"


def test_the_list_marks_what_a_live_session_would_take(tmp_path, capsys):
    put(tmp_path, "old", last_ts_us=50)
    put(tmp_path, "new", last_ts_us=90)
    config = tmp_path / "c.toml"
    config.write_text(f'[defaults.paths]\nmodels = "{tmp_path}"\n')
    assert cli.main(["--config", str(config), "model", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["models"]
    assert {name: entry["live"] for name, entry in told.items()} == {"new.model.json": True, "old.model.json": False}
