"""The engine's words against the truth: a hand-made session is judged as a person would, and the truth is never read."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lobterm import config, headless, runs
from lobterm.cli import main
from lobterm.engine import drive
from lobterm.engine.rows import ALPHA, TRIGGER, AlphaValid, FadeWhy, Regime
from lobterm.events import Kind
from lobterm.simulator import agents, record, scenarios, score, truth
from lobterm.simulator.agents import Options
from lobterm.simulator.truth import Stretch
from lobterm.tape import parquet

S = 1_000_000


def ticks(*forced_s: int) -> np.ndarray:
    """Return a minute and a half of ticks, one a second, sells FORCED at the seconds given."""
    rows = np.zeros(90, ALPHA)
    rows["ts"] = np.arange(90) * S
    rows["state_sell"] = Regime.INFORMED
    rows["state_sell"][list(forced_s)] = Regime.FORCED
    return rows


def triggers(*found: tuple[int, int, int]) -> np.ndarray:
    """Return triggers of (second, side, why not faded)."""
    rows = np.zeros(len(found), TRIGGER)
    for row, (second, side, why) in zip(rows, found, strict=True):
        row["ts"], row["side"], row["why"] = second * S, side, why
    return rows


FLOW = Stretch("forced", 20 * S, 29 * S, 50_000, -1, 26 * S)


def judged(alpha, fired, flows=(FLOW,)):
    found = score.Score(hours=0.5)
    found.add(alpha, fired, list(flows), 10 * S)
    return found


def test_a_tick_is_right_within_the_stretch_and_as_long_after_as_the_state_holds():
    found = judged(ticks(5, 6, 22, 23, 24, 25, 26, 27, 28, 29, 39, 40), triggers())
    report = found.report()
    assert (found.stretches, found.seen) == (1, 1)
    assert report["forced_recall"] == pytest.approx(8 / 10)
    assert report["forced_precision"] == pytest.approx(9 / 12), "39 s is within ten seconds of the end, 40 s is not"
    assert report["forced_onset_s_p50"] == 2.0
    assert report["false_forced_runs_per_h"] == 2.0, "5-6 s; 39-40 s began while the state could still hold"


def test_a_trigger_is_early_right_or_false():
    fired = triggers(
        (10, -1, FadeWhy.NONE), (24, -1, FadeWhy.NONE), (27, -1, FadeWhy.NOT_FORCED), (31, -1, FadeWhy.BUSY), (28, 1, FadeWhy.NONE)
    )  # fmt: skip
    found = judged(ticks(), fired)
    assert (found.early, found.right, found.false, found.mirrored) == (1, 2, 2, 1)
    assert (found.faded, found.false_faded) == (3, 2)
    assert found.exhausted == 1
    assert found.after_last_s == [-2.0], "the first right one counts"
    assert found.after_mostly_s == [1.0]
    assert found.report()["false_triggers_per_h"] == 4.0


def test_what_cannot_be_divided_is_not_known():
    report = judged(ticks(), triggers(), flows=()).report()
    for key in ("forced_recall", "forced_precision", "trigger_recall", "trigger_precision", "forced_onset_s_p50"):
        assert report[key] is None


def test_the_command_prints_both_sets_of_thresholds(capsys):
    command = ["tape", "score", "--seeds", "1", "--seconds", "60", "--warm", "60", "--scenario", "long-cascade"]
    assert main([*command, "--set", "exhaustion.rule=section_8_4"]) == 0
    text = capsys.readouterr().out
    for word in ("long-cascade, seeds", "long-cascade, looser", "long-cascade, set", "lpi.z_clamp=1000000"):
        assert word in text
    assert main([*command[:3], "0"]) == 2


@pytest.fixture(scope="module")
def cascade(tmp_path_factory):
    path = tmp_path_factory.mktemp("truths") / "cascade.parquet"
    params = config.load().params("BTCUSDT")
    made = record.record(
        path, scenarios.named("long-cascade"), 3, 640, Options(1_000, 100, 30_000), warm=record.Warm(120, params)
    )
    assert any(stretch.regime == "forced" for stretch in made.stretches)
    return path


def test_the_truth_is_keyed_by_the_rows_of_a_warm_tape(cascade):
    rows, (table, _, _) = parquet.open_tape(cascade).read(), truth.read(truth.beside(cascade))
    assert rows["kind"][0] == Kind.SAMPLE
    assert np.array_equal(table["row"].to_numpy(), np.flatnonzero(rows["kind"] == Kind.TRADE))


def said(path):
    tape = parquet.open_tape(path)
    return headless.replay(runs.Setup(tape, config.load(), None), tape.read())["rows_sha256"]


def test_the_engine_never_reads_the_truth(cascade, tmp_path):
    copy = Path(shutil.copy(cascade, tmp_path))
    beside = Path(shutil.copy(truth.beside(cascade), tmp_path))
    before = said(copy)
    table = pq.read_table(beside)
    order = np.random.default_rng(1).permutation(table.num_rows)
    shuffled = table.set_column(1, "agent", table["agent"].take(order)).set_column(
        2, "forced", table["forced"].take(order)
    )
    assert not shuffled["forced"].equals(table["forced"])
    pq.write_table(shuffled, beside)
    assert said(copy) == before
    beside.unlink()
    assert said(copy) == before


def test_a_warm_head_defines_the_index_from_the_start(cascade):
    rows = parquet.open_tape(cascade).read()
    engine = drive.start(agents.INSTRUMENTS[0], config.load().params("BTCUSDT"))
    alpha = np.concatenate([out["alpha"] for out in drive.fold(engine, rows)])
    first = alpha[alpha["ts"] <= agents.START_TS + 60 * S]
    known = (first["valid"] & AlphaValid.LPI_SELL) != 0
    assert np.flatnonzero(known)[0] <= 8, "within two seconds"
    assert known[8:].all()
