"""What the documentation shows is what happens."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from lobterm import config, headless, runs, session
from lobterm.models import model
from lobterm.session.log import SessionLog
from lobterm.tape import parquet

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "session.md").read_text()
DEMO = ROOT / "replays" / "demo.parquet"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("docs") / "s.sqlite"
    with SessionLog(path) as writer:
        tape = parquet.open_tape(DEMO)
        setup = runs.Setup(tape, config.Config(()), model.load(runs.model_beside(DEMO)), writer)
        headless.replay(setup, tape.read())
    return path


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_the_examples_run(log, code, monkeypatch, capsys):
    whole = session.open
    monkeypatch.setattr(session, "open", lambda wanted="last", **_: whole(wanted, log=log))
    exec(code, {"pl": pl, "TAPE": DEMO})
    assert capsys.readouterr().out.count("shape:") >= 1


def test_the_query_and_the_views_are_there(log):
    (query,) = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    with closing(sqlite3.connect(log)) as connection:
        found = connection.execute(query).fetchall()
        assert {row[0] for row in found} == {"maker"} and all(row[3] is not None for row in found)
        views = {name for (name,) in connection.execute("select name from sqlite_master where type = 'view'")}
        minutes = connection.execute("select pnl_quote, change_quote from pnl_by_minute order by ts").fetchall()
        (conditions,) = connection.execute("select count(*) from triggers_explained where exhausted is null").fetchone()
    assert {"fills_with_markouts", "triggers_explained", "pnl_by_minute", "book_unknown"} <= views
    assert len(minutes) in (15, 16)
    assert sum(change for _, change in minutes) == pytest.approx(minutes[-1][0])
    assert conditions == 0
    fills = session.open(log=log).fills()
    assert sum(row[2] for row in found) == len(fills)
    buys = next(row for row in found if row[1] == "buy")
    assert buys[4] == pytest.approx(fills.filter(side=1)["markout_1000ms_bps"].mean())
