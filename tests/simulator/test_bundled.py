"""The bundled tapes are what their README's commands make, and the engine says of them what it said before."""

from __future__ import annotations

import json
import platform
import shlex
from pathlib import Path

import numpy as np
import pytest

from lobterm import config, headless, runs
from lobterm.cli import main
from lobterm.engine import drive
from lobterm.engine.rows import AlphaValid
from lobterm.events import Kind, Market
from lobterm.models import model
from lobterm.simulator import simple, truth
from lobterm.tape import parquet
from lobterm.tape.digest import TapeDigest

REPLAYS = Path(__file__).resolve().parents[2] / "replays"


def test_the_demo_tape_is_reproducible():
    tape = parquet.open_tape(REPLAYS / "demo.parquet")
    digest = TapeDigest()
    digest.add(simple.simulate(tape.meta.provenance["seed"], tape.meta.provenance["seconds"]))
    assert digest.hexdigest() == tape.meta.sha256
    assert tape.meta.provenance["generator_version"] == simple.VERSION
    assert tape.meta.touch_source == {0: "touch"}
    assert tape.meta.trade_source == {0: "trade"}
    assert tape.meta.sha256 in (REPLAYS / "README.md").read_text(), "the README's digest is this tape's"
    assert (REPLAYS / "demo.parquet").stat().st_size < 4_000_000


def test_the_demo_model_was_trained_on_the_demo_tape():
    tape, starter = parquet.open_tape(REPLAYS / "demo.parquet"), model.load(REPLAYS / "demo.model.json")
    assert [entry["sha256"] for entry in starter.training["tapes"]] == [tape.meta.sha256]
    assert sorted(starter.roles) == ["directional", "opportunistic", "passive"]
    assert starter.training["rows"] > 0.5 * starter.training["trades"]


GOLDEN = json.loads((REPLAYS / "golden.json").read_text())


def test_all_bundled_tapes_together_are_small():
    assert sum(path.stat().st_size for path in REPLAYS.iterdir() if path.is_file()) <= 25_000_000


@pytest.mark.parametrize("name", GOLDEN)
def test_a_scenario_is_what_its_command_makes(name, tmp_path):
    line = next(
        line for line in (REPLAYS / "README.md").read_text().splitlines() if f"--out replays/{name}.parquet" in line
    )
    command = shlex.split(line.replace("replays/", f"{tmp_path}/"))[1:]
    assert main(command) == 0
    made, bundled = (
        parquet.open_tape(tmp_path / f"{name}.parquet").meta,
        parquet.open_tape(REPLAYS / f"{name}.parquet").meta,
    )
    assert made.sha256 == bundled.sha256 == GOLDEN[name]["rows"]
    assert made.sha256 in (REPLAYS / "README.md").read_text(), "the README's digest is this tape's"
    assert truth.read(tmp_path / f"{name}.truth.parquet")[1] == truth.read(REPLAYS / f"{name}.truth.parquet")[1]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_engine_says_what_it_said(name):
    tape = parquet.open_tape(REPLAYS / f"{name}.parquet")
    assert tape.meta.last_ts_us - tape.meta.first_ts_us > 1_199_000_000
    starter = model.load(runs.model_beside(tape.path))
    result = headless.replay(runs.Setup(tape, config.Config(()), starter), tape.read())
    assert sum(result["labels"][role] for role in ("opportunistic", "directional", "passive")) > 4_000
    if platform.machine() not in GOLDEN[name]["engine"]:
        pytest.skip("no golden digest for this platform: make replays writes it")
    assert result["rows_sha256"] == GOLDEN[name]["engine"][platform.machine()]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_index_is_defined_from_the_first_minute(name):
    tape = parquet.open_tape(REPLAYS / f"{name}.parquet")
    rows = tape.read()
    rows = rows[rows["ts"] <= tape.meta.first_ts_us + 60_000_000]
    instrument = tape.meta.instruments[0]
    engine = drive.start(instrument, config.Config(()).params(instrument.symbol))
    alpha = np.concatenate([out["alpha"] for out in drive.fold(engine, rows)])
    assert np.count_nonzero(alpha["valid"] & AlphaValid.LPI_SELL) > 0.9 * len(alpha)


def test_each_scenario_holds_what_its_name_promises():
    flows = {name: truth.read(REPLAYS / f"{name}.truth.parquet")[1] for name in GOLDEN}
    sides = {name: {flow.side for flow in found if flow.regime == "forced"} for name, found in flows.items()}
    assert sides["long-cascade"] == {-1}
    assert sides["short-squeeze"] == {1}
    assert sides["informed-selloff"] == sides["quiet-night"] == set()
    gaps = parquet.open_tape(REPLAYS / "gap-and-reconnect.parquet").read()
    gaps = gaps[gaps["kind"] == Kind.GAP]
    assert set(gaps["market"]) == {Market.PERP, Market.SPOT}
