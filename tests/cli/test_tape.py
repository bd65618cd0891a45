"""`lobterm tape` as scripts see it: keys on stdout, one line on stderr, exit codes."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from lobterm import cli
from lobterm.tape import parquet
from tests.tape.rows import PERP, START, book, rows, snapshot, trade

KEYS = {
    "path", "instruments", "first_ts_us", "last_ts_us", "events", "trades", "book_rows", "gaps", "crossed_rows",
    "skipped",
    "final_bid", "final_ask", "sha256",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_user_file(monkeypatch, tmp_path):
    monkeypatch.setenv("LOBTERM_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")


@pytest.fixture
def tape(tmp_path):
    path = tmp_path / "t.parquet"
    values = rows(*snapshot(START, [(1000, 5)], [(1001, 7)]), trade(START + 5, 1001, 2, exch=START + 1, seq=9))
    parquet.write_tape(path, [PERP], [values], exch_ts_kind={0: "T"})
    return path


def run(capsys, *words):
    code = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def refused(capsys, *words):
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("lobterm: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("command", ["info", "verify"])
def test_one_object_with_the_keys_that_scripts_rely_on(capsys, tape, command):
    code, out, err = run(capsys, "tape", command, tape, "--json")
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert set(result) >= KEYS
    assert (result["events"], result["trades"], result["final_bid"], result["final_ask"]) == (4, 1, 100.0, 100.1)


def test_for_people_it_is_lines(capsys, tape):
    code, out, _ = run(capsys, "tape", "info", tape)
    assert code == 0
    assert any(line.split() == ["final_bid", "100"] for line in out.splitlines())


def test_import_says_what_it_made_and_what_it_skipped(capsys, tmp_path):
    source = tmp_path / "BTCUSDT-trades-2024-01-01.csv"
    source.write_text(
        "id,price,qty,quote_qty,time,is_buyer_maker\n1,100.1,0.002,1,1700000000002,true\n2,100.1,1,1,1700000000001,true\n"
    )
    code, out, _ = run(capsys, "tape", "import", source, "--out", tmp_path / "t.parquet", "--json")
    result = json.loads(out)
    assert code == 0
    assert set(result) >= KEYS
    assert (result["trades"], result["skipped"], result["final_bid"]) == (2, {"clock_back": 1}, None)


def test_verify_fails_aloud_on_a_crossed_book_and_on_changed_rows(capsys, tmp_path, tape):
    crossed = tmp_path / "crossed.parquet"
    values = rows(*snapshot(START, [(1000, 5)], [(1001, 7)]), book(START + 1, 1002, 1, 1))
    parquet.write_tape(crossed, [PERP], [values], exch_ts_kind={0: "T"})
    code, out, err = run(capsys, "tape", "verify", crossed, "--json")
    assert (code, json.loads(out)["crossed_rows"]) == (1, 1)
    assert "crossed" in err
    table = pq.read_table(tape)
    at = table.schema.get_field_index("qty")
    held = pq.ParquetFile(tape).metadata.metadata[parquet.KEY]
    table = table.set_column(at, table.schema.field(at), [[0, 5, 8, 2]])
    pq.write_table(table.replace_schema_metadata({parquet.KEY: held}), tape)
    code, _, err = run(capsys, "tape", "verify", tape)
    assert code == 1
    assert "sha256" in err


def test_inputs_that_are_wrong_give_one_line_and_exit_code_2(capsys, tmp_path, tape):
    assert "no such file" in refused(capsys, "tape", "info", tmp_path / "none.parquet")
    other = tmp_path / "x.parquet"
    other.write_bytes(b"hello")
    assert "not a tape" in refused(capsys, "tape", "verify", other)
    assert "nothing to import" in refused(capsys, "tape", "import")
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(tape.read_bytes()[:-20])
    assert "torn" in refused(capsys, "tape", "verify", torn)


def test_another_version_is_refused(capsys, tmp_path, tape):
    table = pq.read_table(tape)
    data = msgspec.json.decode(pq.ParquetFile(tape).metadata.metadata[parquet.KEY]) | {"version": 77}
    pq.write_table(table.replace_schema_metadata({parquet.KEY: msgspec.json.encode(data)}), tape)
    assert "version 77" in refused(capsys, "tape", "info", tape)


def test_recordings_that_cannot_be_imported(capsys, tmp_path):
    out = tmp_path / "t.parquet"
    text = "exchange,symbol,timestamp,local_timestamp,id,side,price\nbinance-futures,BTCUSDT,1,2,3,buy,1\n"
    missing = tmp_path / "trades.csv"
    missing.write_text(text)
    assert "lacks the column amount" in refused(capsys, "tape", "import", missing, "--out", out)
    unknown = tmp_path / "NEWUSDT-trades-2024-01-01.csv"
    unknown.write_text("1,100.1,0.002,1,1700000000002,true\n")
    assert "NEWUSDT" in refused(capsys, "tape", "import", unknown, "--out", out)
    packed = gzip.compress(text.replace("price", "price,amount").replace("buy,1", "buy,1,1").encode() * 1)
    cut = tmp_path / "trades.csv.gz"
    cut.write_bytes(packed[: len(packed) - 12])
    assert "cut short" in refused(capsys, "tape", "import", cut, "--out", out)
    assert not out.exists()


def test_a_wrong_word_exits_2(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["tape", "imprt"])
    assert caught.value.code == 2
    assert "imprt" in capsys.readouterr().err


def test_an_interruption_exits_130(capsys, monkeypatch, tape):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet, "open_tape", interrupted)
    code, _, err = run(capsys, "tape", "info", tape)
    assert code == 130
    assert err.count("\n") == 1


def test_export_for_hftbacktest(capsys, tmp_path, tape):
    values = rows(*snapshot(START, [(1000, 5)], [(1001, 7)]), trade(START + 5, 1001, 2, exch=START + 1, seq=9))
    values["exch_ts"] = START + 1
    parquet.write_tape(tape, [PERP], [values], exch_ts_kind={0: "T"})
    code, out, _ = run(capsys, "tape", "export", tape, "--npz", tmp_path / "x.npz", "--json")
    assert (code, json.loads(out)["events"]) == (0, 4)
    assert len(np.load(tmp_path / "x.npz")["data"]) == 4


def test_help_needs_nothing_heavy():
    heavy = ("numba", "polars", "pyarrow", "textual", "sklearn", "numpy", "websockets")
    code = (
        "import sys; from lobterm import cli; cli.parser().format_help();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
