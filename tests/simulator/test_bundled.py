"""The bundled tape is what its README's command makes, and its model was trained on it."""

from __future__ import annotations

from pathlib import Path

from lobterm.models import model
from lobterm.simulator import simple
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
