"""Sniffing: the layout is told from what a file holds, and what is not understood says what would be."""

from __future__ import annotations

import gzip

import pytest

from lobterm.errors import FormatError
from lobterm.events import Market
from lobterm.tape.importers.sniff import sniff

DEPTH = '{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[],"a":[]}'
SPOT_DEPTH = '{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]}'
TARDIS = "exchange,symbol,timestamp,local_timestamp"


@pytest.mark.parametrize(
    ("name", "text", "family", "kind", "symbols", "market"),
    [
        ("a.txt", f"1723161255030314667 {DEPTH}\n", "raw", "", ("BTCUSDT",), Market.PERP),
        ("a.txt", f"1723161255030 {SPOT_DEPTH}\n", "raw", "", ("BTCUSDT",), Market.SPOT),
        ("a.csv", f"{TARDIS},is_snapshot,side,price,amount\nbinance-futures,BTCUSDT,1,2,true,bid,1,1\n", "tardis",
         "incremental_book_L2", ("BTCUSDT",), Market.PERP),
        ("a.csv", f"{TARDIS},id,side,price,amount\nbinance,ETHUSDT,1,2,3,buy,1,1\n", "tardis", "trades", ("ETHUSDT",),
         Market.SPOT),
        ("x_liquidations_y.csv", f"{TARDIS},id,side,price,amount\nbinance-futures,ETHUSDT,1,2,3,buy,1,1\n", "tardis",
         "liquidations", ("ETHUSDT",), Market.PERP),
        ("BTCUSDT-trades-2024-01-01.csv", "1,2,3,6,1700000000000,true\n", "bulk", "trades", ("BTCUSDT",), None),
        ("a.csv", "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n", "bulk",
         "aggTrades", (), None),
        ("a.csv", "", "empty", "", (), None),
    ],
)  # fmt: skip
def test_layouts(tmp_path, name, text, family, kind, symbols, market):
    plain, packed = tmp_path / name, tmp_path / (name + ".gz")
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        layout = sniff(path)
        assert (layout.family, layout.kind, layout.symbols, layout.market) == (family, kind, symbols, market)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hello\n", "understood"),
        ("timestamp,percentage,depth,notional\n2026-09-15 00:00:06,-5.00,1,1\n", "understood"),
        ("id,price,quote_qty,time,is_buyer_maker\n", "lacks the column qty"),
    ],
)
def test_what_is_not_understood(tmp_path, text, word):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match=word):
        sniff(path)


def test_a_path_that_is_no_file(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        sniff(tmp_path / "none.gz")
    with pytest.raises(FormatError, match="no such file"):
        sniff(tmp_path)


def test_the_real_recordings_are_told_apart(shared_data):
    found = {
        path.name: (layout.family, layout.market)
        for folder in ("usdm-btcusdt-20240808", "spot-btcusdt-20240808", "tardis-layout-20240808", "npz-v2")
        for path in sorted((shared_data / folder).iterdir())
        for layout in [sniff(path)]
    }
    assert sniff(shared_data / "usdm-btcusdt-20240808" / "btcusdt_20240808.gz").market == Market.PERP
    assert found["btcusdt_20240809.gz"] == ("raw", Market.SPOT)
    assert found["BTCUSDT-bookTicker-2024-08-08.csv.gz"] == ("bulk", None)
    assert {found[name] for name in found if name.startswith("tardis")} == {("tardis", Market.PERP)}
    assert found["btcusdt_20240808.npz"][0] == "npz"
