"""The truth beside a tape: every trade's sender, and the stretches of the market."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.cli import main
from lobterm.errors import InputError
from lobterm.events import Kind
from lobterm.simulator import record, scenarios, truth
from lobterm.simulator.agents import Options
from lobterm.simulator.truth import Stretch
from lobterm.tape import parquet

S = 1_000_000


@pytest.fixture(scope="module")
def cascade(tmp_path_factory):
    path = tmp_path_factory.mktemp("tapes") / "cascade.parquet"
    made = record.record(path, scenarios.named("long-cascade"), 3, 720, Options(thin=True))
    return path, made.meta, made.stretches


def test_each_trade_of_the_tape_has_its_sender(cascade):
    path, meta, _ = cascade
    table, _, sha256 = truth.read(truth.beside(path))
    rows = parquet.open_tape(path).read()
    assert sha256 == meta.sha256
    assert np.array_equal(table["row"].to_numpy(), np.flatnonzero(rows["kind"] == Kind.TRADE))
    senders = set(table["agent"].to_pylist())
    assert senders == {"noise", "leveraged", "opportunist", "informed", "arbitrage", "liquidation"}
    forced = table["forced"].to_numpy(zero_copy_only=False)
    assert [agent == "liquidation" for agent in table["agent"].to_pylist()] == forced.tolist()


def test_the_stretches_cover_the_tape_and_name_the_forced_flow(cascade):
    path, meta, stretches = cascade
    assert truth.read(truth.beside(path))[1] == stretches
    assert stretches[0].start_us == meta.first_ts_us
    assert stretches[-1].end_us == meta.last_ts_us
    assert all(left.end_us == right.start_us for left, right in zip(stretches, stretches[1:], strict=False))
    rows = parquet.open_tape(path).read()
    table = truth.read(truth.beside(path))[0]
    forced = rows[table["row"].to_numpy()[table["forced"].to_numpy(zero_copy_only=False)]]
    flows = [stretch for stretch in stretches if stretch.regime == "forced"]
    assert flows
    assert flows[-1].end_us in forced["exch_ts"]
    assert all(flow.side == -1 for flow in flows)
    assert flows[0].lots > 0.5 * forced["qty"].sum()
    order = [stretch.regime for stretch in stretches]
    assert order.index("news") < order.index("forced") < order.index("reform")


def test_stretches_outrank_each_other():
    forced = np.array([[20 * S, 15_000, -1], [24 * S, 15_000, -1], [60 * S, 100, -1], [61 * S, 30_000, 1]])
    assert truth.stretches(forced, [(10 * S, 22 * S)], 0, 200 * S) == [
        Stretch("calm", 0, 10 * S),
        Stretch("news", 10 * S, 20 * S),
        Stretch("forced", 20 * S, 24 * S, 30_000, -1, 24 * S),
        Stretch("reform", 24 * S, 121 * S),
        Stretch("calm", 121 * S, 200 * S),
    ]


def test_scattered_liquidations_are_no_stretch():
    forced = np.array([[start * S, 900, -1] for start in range(0, 100, 2)])
    assert truth.episodes(forced[:20]) == []
    assert len(truth.episodes(forced)) == 1


def test_an_interrupted_run_leaves_nothing(tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record.record(tmp_path / "x.parquet", scenarios.NORMAL, 1, 5, Options(), progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_tape_is_no_truth(cascade):
    with pytest.raises(InputError, match="simulate the tape again"):
        truth.read(cascade[0])


def test_the_command_writes_a_tape_that_verifies_and_its_truth(tmp_path, capsys):
    out = tmp_path / "night.parquet"
    command = ["tape", "simulate", "--scenario", "quiet-night", "--seed", "1", "--seconds", "5", "--out", str(out)]
    assert main(command) == 0
    assert "market_events_per_s" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"night.parquet", "night.truth.parquet"}
    first = parquet.open_tape(out).meta
    assert first.touch_source == {0: "touch", 1: "book"}
    assert main(command) == 0
    assert parquet.open_tape(out).meta.sha256 == first.sha256


def test_the_command_refuses_what_the_simple_market_cannot(tmp_path, capsys):
    assert main(["tape", "simulate", "--thin", "--out", str(tmp_path / "x.parquet")]) == 2
    assert main(["tape", "simulate", "--scenario", "moon", "--out", str(tmp_path / "x.parquet")]) == 2
    assert "there are" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
