"""CSV that wraps payloads: the same rows as the wire would give, snapshots from the file beside."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import numpy as np
import pytest

from lobterm.errors import FormatError
from lobterm.events import Kind, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.framed_csv import open_framed_csv
from tests.wire import wires

SPOT = Instrument(Market.SPOT, "BTCUSDT", Decimal("0.01"), Decimal("0.00001"))
COLUMNS = ["recv_tsec", "recv_tnsec", "stream_kind", "symbol", "payload_json"]
SNAPSHOT_COLUMNS = ["recv_tsec", "recv_tnsec", "symbol", "lastUpdateId", "payload_json"]
S = 1_700_000_000


def message(second, ns, kind, data, symbol="BTCUSDT"):
    return [second, ns, kind, symbol, json.dumps(data)]


ROWS = [
    message(S, 1_000, "depth_diff", wires.depth(90, 95, None, [("9.00", "1")])),
    message(S, 2_000, "depth5", {"lastUpdateId": 95, "bids": [], "asks": []}),
    message(S, 3_000, "depth_diff", wires.depth(96, 101, None, [("9.01", "2")])),
    message(S, 4_000, "trade", wires.trade(1, "9.02", "0.5"), "ETHUSDT"),
    message(S + 1, 0, "trade", wires.trade(1, "9.02", "0.5")),
    message(S + 1, 5_000, "depth_diff", wires.depth(102, 103, None, [], [("9.05", "3")])),
    message(S + 1, 6_000, "kline", {}),
]
SNAPSHOTS = [[S, 999_999_999, "BTCUSDT", 100, json.dumps(wires.snapshot(100, [("8.00", "4")]))]]


def write(path, columns, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def capture(tmp_path, rows=ROWS, snapshots=SNAPSHOTS, columns=COLUMNS):
    write(tmp_path / "x_snapshots.csv", SNAPSHOT_COLUMNS, snapshots)
    return write(tmp_path / "x.csv", columns, rows)


def read(*paths):
    recording = open_framed_csv(list(paths), SPOT)
    return np.concatenate([*recording.chunks]), recording.skipped


def test_payloads_and_the_snapshots_beside_them_become_rows(tmp_path):
    rows, skipped = read(capture(tmp_path))
    assert rows[["ts", "kind", "seq", "px", "qty", "side"]].tolist() == [
        (S * 10**6 + 999_999, Kind.BOOK_CLEAR, 100, 0, 0, 0),
        (S * 10**6 + 999_999, Kind.BOOK, 100, 800, 400_000, 1),
        (S * 10**6 + 999_999, Kind.BOOK, 101, 901, 200_000, 1),
        (S * 10**6 + 1_000_000, Kind.TRADE, 1, 902, 50_000, 1),
        (S * 10**6 + 1_000_005, Kind.BOOK, 103, 905, 300_000, -1),
    ]
    assert skipped == {"partial_depth": 1, "other_symbol": 1, "stream_kline": 1}


def test_a_snapshot_file_that_is_named_counts_once(tmp_path):
    path = capture(tmp_path)
    named, beside = read(path, tmp_path / "x_snapshots.csv"), read(path)
    assert (named[0].tolist(), named[1]) == (beside[0].tolist(), beside[1])


def test_pieces_of_any_size_give_the_same_rows(tmp_path, monkeypatch):
    whole = read(capture(tmp_path))[0].tolist()
    monkeypatch.setattr(blocks, "PIECE_LINES", 1)
    monkeypatch.setattr(blocks, "BLOCK", 50)
    assert read(capture(tmp_path))[0].tolist() == whole


@pytest.mark.parametrize("name", ["recv_tnsec", "symbol", "payload_json"])
def test_a_missing_column_is_named(tmp_path, name):
    columns = ["other" if column == name else column for column in COLUMNS]
    with pytest.raises(FormatError, match=rf"x\.csv: line 1: lacks the column {name}; expected: recv_tsec"):
        read(capture(tmp_path, columns=columns))


@pytest.mark.parametrize("row", [["x", 0], [S, ""], [S, 10**9], ["", ""]])
def test_a_row_without_a_stamp_is_counted(tmp_path, row):
    bad = [*row, *message(S, 0, "trade", wires.trade(5, "9.02", "0.5"))[2:]]
    _, skipped = read(capture(tmp_path, [*ROWS, bad]))
    assert skipped["bad_stamp"] == 1


def test_a_broken_payload_costs_its_row_alone(tmp_path):
    broken = [S + 2, 0, "trade", "BTCUSDT", '{"e":"tra']
    rows, skipped = read(capture(tmp_path, [*ROWS, broken]))
    assert skipped["bad_json"] == 1
    assert rows.tolist() == read(capture(tmp_path))[0].tolist()


def test_a_price_off_the_grid_is_placed_by_its_line(tmp_path):
    off = message(S + 2, 0, "trade", wires.trade(5, "9.021", "0.5"))
    with pytest.raises(FormatError, match=r"x\.csv: line 9.*9\.021.*--tick 0\.001"):
        read(capture(tmp_path, [*ROWS, off]))
