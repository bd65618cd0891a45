"""Recordings to one tape: markets merged, clocks told, and a plain word where an input does not fit."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from lobterm import config
from lobterm.errors import InputError
from lobterm.events import Kind
from lobterm.tape import convert, parquet
from lobterm.tape.verify import final_book, verify

US = 1_700_000_000_000_000
MS = US // 1000


@pytest.fixture
def sizes(monkeypatch, tmp_path):
    monkeypatch.delenv("LOBTERM_CONFIG", raising=False)
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")
    return convert.Sizes(config.load())


def perp_line(at, first, last, previous, bids, asks):
    return (
        f'{(US + at) * 1000} {{"stream":"btcusdt@depth","data":{{"e":"depthUpdate","E":{MS + 3},"T":{MS + 2},'
        f'"s":"BTCUSDT",'
        f'"U":{first},"u":{last},"pu":{previous},"b":{bids},"a":{asks}}}}}\n'
    )


def perp_file(tmp_path, name="perp.gz"):
    text = (
        f'{US * 1000} {{"lastUpdateId":10,"E":{MS + 1},"T":{MS + 1},"bids":[["100.0","1"]],"asks":[["100.1","2"]]}}\n'
        + perp_line(1000, 8, 12, 7, '[["99.9","3"]]', "[]")
        + perp_line(2000, 13, 14, 12, '[["100.0","0"]]', '[["100.1","5"]]')
    )
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()))
    return path


def spot_file(tmp_path):
    text = (
        f'{(US + 500) * 1000} {{"lastUpdateId":10,"bids":[["100.01","1"]],"asks":[["100.02","2"]]}}\n'
        f'{(US + 1500) * 1000} {{"stream":"btcusdt@depth","data":{{"e":"depthUpdate","E":{MS + 2},"s":"BTCUSDT",'
        f'"U":9,"u":11,'
        f'"b":[["100.00","3.5"]],"a":[]}}}}\n'
    )
    path = tmp_path / "spot.txt"
    path.write_text(text)
    return path


def test_perpetual_and_spot_become_one_tape_by_receive_time(tmp_path, sizes):
    out = tmp_path / "t.parquet"
    meta = convert.import_tape([perp_file(tmp_path)], [spot_file(tmp_path)], out, sizes)
    tape = parquet.open_tape(out)
    rows = tape.read()
    book = rows[rows["kind"] != Kind.CLOCK_OFFSET]
    order = [(int(r["ts"]) - US, int(r["market"])) for r in book]
    assert order == sorted(order)
    assert {market for _, market in order} == {0, 1}
    assert [level.tolist() for level in final_book([rows], 0)] == [[[999, 3000]], [[1001, 5000]]]
    bids, asks = final_book([rows], 1)
    unit = meta.instruments[1].lot_e8
    assert bids.tolist() == [[10001, 10**8 // unit], [10000, 35 * 10**7 // unit]]
    assert asks.tolist() == [[10002, 2 * 10**8 // unit]]
    assert meta.exch_ts_kind == {0: "T", 1: "E"}
    assert verify(tape)["problems"] == []


def test_the_clocks_difference_comes_from_the_perpetual_alone(tmp_path, sizes):
    out = tmp_path / "t.parquet"
    convert.import_tape([perp_file(tmp_path)], [spot_file(tmp_path)], out, sizes)
    rows = parquet.open_tape(out).read()
    told = rows[rows["kind"] == Kind.CLOCK_OFFSET]
    assert told[["ts", "qty", "market"]].tolist() == [(US, 1000, 0)]
    assert rows["kind"][0] == Kind.CLOCK_OFFSET


def test_a_spot_recording_alone_is_a_tape_too(tmp_path, sizes):
    meta = convert.import_tape([], [spot_file(tmp_path)], tmp_path / "t.parquet", sizes)
    assert [int(i.market) for i in meta.instruments] == [1]


@pytest.mark.parametrize("swap", [False, True])
def test_a_recording_of_the_other_market_is_refused(tmp_path, sizes, swap):
    perp, spot = perp_file(tmp_path), spot_file(tmp_path)
    with pytest.raises(InputError, match="--spot"):
        convert.import_tape([spot] if swap else [], [] if swap else [perp], tmp_path / "t.parquet", sizes)
    assert not (tmp_path / "t.parquet").exists()


def trades(tmp_path, symbol="BTCUSDT"):
    path = tmp_path / f"{symbol}-trades-2024-01-01.csv"
    path.write_text(f"id,price,qty,quote_qty,time,is_buyer_maker\n1,100.1,0.002,1,{MS},true\n")
    return path


def test_rows_without_receive_times_are_not_mixed_with_rows_that_have_them(tmp_path, sizes):
    with pytest.raises(InputError, match="receive times"):
        convert.import_tape([perp_file(tmp_path), trades(tmp_path)], [], tmp_path / "t.parquet", sizes)
    meta = convert.import_tape([trades(tmp_path)], [], tmp_path / "t.parquet", sizes)
    assert "local_time" in meta.provenance["sources"][0]


def test_an_unknown_symbol_says_what_to_do(tmp_path, sizes):
    with pytest.raises(InputError, match="NEWUSDT.*--tick") as caught:
        convert.import_tape([trades(tmp_path, "NEWUSDT")], [], tmp_path / "t.parquet", sizes)
    assert caught.value.exit_code == 2
    given = convert.Sizes(sizes.config, "0.1", "0.001")
    meta = convert.import_tape([trades(tmp_path, "NEWUSDT")], [], tmp_path / "t.parquet", given)
    assert meta.instruments[0].symbol == "NEWUSDT"


def test_several_symbols_ask_which(tmp_path, sizes):
    with pytest.raises(InputError, match="BTCUSDT, ETHUSDT.*--symbol"):
        convert.import_tape([trades(tmp_path), trades(tmp_path, "ETHUSDT")], [], tmp_path / "t.parquet", sizes)


def test_nothing_and_emptiness(tmp_path, sizes):
    with pytest.raises(InputError, match="nothing to import"):
        convert.import_tape([], [], tmp_path / "t.parquet", sizes)
    empty = tmp_path / "binance-futures_trades.csv.gz"
    empty.write_bytes(gzip.compress(b""))
    with pytest.raises(InputError, match="is empty"):
        convert.import_tape([empty], [], tmp_path / "t.parquet", sizes)
    assert convert.import_tape([empty, trades(tmp_path)], [], tmp_path / "t.parquet", sizes).rows == 2


@pytest.mark.parametrize("kind", ["*incremental_book_L2*", "npz"])
def test_every_layout_of_one_session_ends_in_the_book_of_its_raw_recording(shared_data, tmp_path, sizes, kind):
    raw = [shared_data / "usdm-btcusdt-20240808" / "btcusdt_20240808.gz"]
    folder = "npz-v2" if kind == "npz" else "tardis-layout-20240808"
    pattern = "btcusdt_20240808.npz" if kind == "npz" else kind
    twin = sorted((shared_data / folder).glob(pattern))
    books = []
    for name, paths in (("raw", raw), ("twin", twin)):
        out = tmp_path / f"{name}.parquet"
        convert.import_tape(paths, [], out, sizes, symbol="BTCUSDT")
        result = verify(parquet.open_tape(out))
        assert result["crossed_rows"] == 0
        assert (result["final_bid"], result["final_ask"]) == (61659.7, 61659.8)
        books.append(final_book(parquet.open_tape(out).chunks(), 0))
    for ours, theirs in zip(*books, strict=True):
        assert len(ours) > 4000
        assert np.array_equal(ours, theirs)


def test_a_tape_of_a_real_session_takes_ten_bytes_an_event_or_less(shared_data, tmp_path, sizes):
    out = tmp_path / "t.parquet"
    meta = convert.import_tape([shared_data / "usdm-btcusdt-20240808" / "btcusdt_20240808.gz"], [], out, sizes)
    assert out.stat().st_size / meta.rows <= 10
