"""`lobterm replay` as scripts see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lobterm import cli
from lobterm.cli.replay import moment
from lobterm.errors import InputError
from lobterm.session import reader

DEMO = Path(__file__).resolve().parents[2] / "replays" / "demo.parquet"

KEYS = {
    "tape", "events", "trades", "elapsed_s", "events_per_s", "labels", "alpha_ticks", "triggers", "forced_ticks", "orders",
    "requotes", "rejects", "fills", "fill_rate", "fills_by_strategy", "inventory_end", "inventory_max", "pnl_usdt", "gaps",
    "rows_sha256", "session_id",
}  # fmt: skip
LABELS = {"opportunistic", "directional", "passive", "unassigned", "unclassified"}
PNL = {"total", "spread", "inventory", "fees", "slippage", "funding"}


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    monkeypatch.setenv("LOBTERM_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(f'[defaults.paths]\nsessions = "{tmp_path / "s.sqlite"}"\n')


def run(capsys, *words):
    code = cli.main(["replay", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_headless_json_has_the_keys_that_scripts_rely_on_and_lands_in_the_log(capsys, tmp_path):
    code, out, err = run(capsys, DEMO, "--headless", "--json")
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert set(result) >= KEYS
    assert set(result["labels"]) == LABELS
    assert set(result["pnl_usdt"]) == PNL
    kept = reader.session(tmp_path / "s.sqlite", result["session_id"])
    assert kept["summary"]["rows_sha256"] == result["rows_sha256"]


def test_twice_and_in_random_pieces_the_same_rows(capsys):
    digests = {
        json.loads(run(capsys, DEMO, "--headless", "--json", "--log", "none", *words)[1])["rows_sha256"]
        for words in ([], [], ["--cut-seed", 1], ["--cut-seed", 2])
    }
    assert len(digests) == 1


def test_a_parameter_set_for_one_run_changes_that_run(capsys):
    plain, wide = (
        json.loads(run(capsys, DEMO, "--headless", "--json", "--log", "none", *words)[1])
        for words in ([], ["--set", "maker.w_base_bps=0.2", "--set", "signals.mapping=traditional"])
    )
    assert wide["orders"] != plain["orders"]
    assert wide["labels"] == plain["labels"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.parquet", "--headless"], "none.parquet: no such file"),
        ([DEMO, "--headless", "--model", "none.json"], "none.json"),
        ([DEMO, "--headless", "--set", "maker.gama=1"], "maker.gamma"),
        ([DEMO, "--headless", "--set", "maker.gamma=-1"], "maker.gamma = '-1'"),
        ([DEMO, "--at", "3:00"], "is not on the tape"),
        ([DEMO, "--at", "noon"], "is not a time"),
        ([__file__, "--headless"], "is not a tape"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(capsys, words, said):
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("speed", ["0", "1e9", "fast"])
def test_a_speed_is_between_a_tenth_and_a_thousand_or_max(capsys, speed):
    with pytest.raises(SystemExit) as left:
        run(capsys, DEMO, "--speed", speed)
    assert left.value.code == 2
    assert "0.1 to 1000, or max" in capsys.readouterr().err


def test_times_are_read_within_the_tape():
    first, last = (
        1_723_161_255_000_000,
        1_723_161_600_500_000,
    )  # 2024-08-08 23:54:15 to the first half second after midnight
    assert moment("23:54:20", first, last) == first + 5_000_000
    assert moment("2024-08-08T23:55", first, last) == first + 45_000_000
    with pytest.raises(InputError):
        moment("23:53", first, last)


def test_interrupted_is_130(capsys, monkeypatch):
    from lobterm import headless

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(headless, "replay", interrupted)
    assert run(capsys, DEMO, "--headless")[0] == 130
