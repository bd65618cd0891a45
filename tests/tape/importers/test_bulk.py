"""Binance's bulk CSV: with and without header, ms and µs, exchange time in place of a local one."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.errors import FormatError
from lobterm.events import EVENT, Flag, Kind
from lobterm.tape.importers import bulk
from tests.tape.rows import PERP, SPOT

AGG = int(Flag.AGG | Flag.LAST)


def read(path, kind, instrument=PERP):
    recording = bulk.open_bulk(path, kind, instrument)
    rows = np.concatenate([np.zeros(0, EVENT), *recording.chunks])
    return rows, dict(recording.skipped), recording.source


def test_book_ticker(tmp_path):
    path = tmp_path / "BTCUSDT-bookTicker-2024-01-15.csv"
    path.write_text(
        "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n"
        "7,41734.90000000,0.70200000,41735.00000000,2.03300000,1705276800014,1705276800018\n"
    )
    rows, _, source = read(path, "bookTicker")
    assert rows[["ts", "exch_ts", "seq", "px", "qty", "kind", "side"]].tolist() == [
        (1705276800018000, 1705276800014000, 7, 417349, 702, Kind.TOUCH, 1),
        (1705276800018000, 1705276800014000, 7, 417350, 2033, Kind.TOUCH, -1),
    ]
    assert "exchange" in source["local_time"]


@pytest.mark.parametrize("header", ["id,price,qty,quote_qty,time,is_buyer_maker\n", ""])
def test_trades_with_and_without_a_header(tmp_path, header):
    path = tmp_path / "BTCUSDT-trades-2024-01-15.csv"
    path.write_text(header + "5,100.1,0.002,1,1705276800014,true\n6,100.1,0.002,1,1705276800013,false\n")
    assert bulk.kind_of(path.read_text().split("\n")[0], path.name) == "trades"
    rows, skipped, _ = read(path, "trades")
    assert rows[["seq", "px", "qty", "side", "flags"]].tolist() == [(5, 1001, 2, -1, 1), (6, 1001, 2, 1, 1)]
    assert (np.diff(rows["ts"]) >= 0).all()
    assert skipped == {"clock_back": 1}


def test_spot_aggregates_in_microseconds_with_a_column_more(tmp_path):
    path = tmp_path / "spot-BTCUSDT-aggTrades-2026-01-01.csv"
    path.write_text("38,87648.21000000,0.08185000,57,57,1767225600039409,True,True\n")
    rows, _, _ = read(path, "aggTrades", SPOT)
    expected = (1767225600039409, 38, 8764821, 8185, -1, AGG)
    assert rows[["exch_ts", "seq", "px", "qty", "side", "flags"]].tolist() == [expected]
    assert bulk.symbol_in(path.name) == "BTCUSDT"


def test_a_word_where_a_truth_value_belongs_is_named(tmp_path):
    path = tmp_path / "BTCUSDT-trades-2024-01-15.csv"
    path.write_text("5,100.1,0.002,1,1705276800014,maybe\n")
    with pytest.raises(FormatError, match=r"line 1, is_buyer_maker: 'maybe'"):
        read(path, "trades")


def test_the_published_heads_are_read(shared_data):
    heads = shared_data / "vision-2026-heads" / "um"
    for path in sorted(heads.glob("*.csv")):
        kind = bulk.kind_of(path.read_text().split("\n", 1)[0], path.name)
        if kind:
            rows, _, _ = read(path, kind)
            lines = len(path.read_text().splitlines()) - 1
            assert len(rows) == lines * (2 if kind == "bookTicker" else 1)
