"""Tardis CSV: every data type, messages that stay whole, books that are known or said to be unknown."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from lobterm.errors import FormatError
from lobterm.events import EVENT, Flag, GapCause, Kind, Market
from lobterm.tape.importers import files, tardis
from lobterm.tape.verify import BookCheck
from tests.tape.rows import PERP

START = 1_700_000_000_000_000
KEYS = "exchange,symbol,timestamp,local_timestamp"
SNAPSHOT, LAST = int(Flag.SNAPSHOT), int(Flag.LAST)


def written(tmp_path, name, header, lines, symbol="BTCUSDT"):
    path = tmp_path / f"binance-futures_{name}.csv"
    body = "".join(f"binance-futures,{symbol},{line}\n" for line in lines)
    path.write_text(f"{KEYS},{header}\n{body}")
    return path


def read(*paths, kind=None):
    kind = kind or tardis.data_type(paths[0], files.header(paths[0]))
    recording = tardis.open_tardis(list(paths), kind, PERP)
    return np.concatenate([np.zeros(0, EVENT), *recording.chunks]), dict(recording.skipped)


def brief(rows, *names):
    return [tuple(int(row[name]) for name in names) for row in rows]


L2 = "is_snapshot,side,price,amount"


def l2_line(at, exch, snapshot, side, px, qty):
    return f"{START + exch},{START + at},{snapshot},{side},{px},{qty}"


def test_rows_of_one_stamp_are_one_message_and_a_snapshot_empties_the_book(tmp_path):
    path = written(tmp_path, "l2", L2, [
        l2_line(10, 5, "true", "bid", "100.1", "1.5"),
        l2_line(10, 5, "true", "ask", "100.2", "0.001"),
        l2_line(20, 15, "false", "bid", "100.1", "0"),
        l2_line(20, 15, "false", "bid", "100", "2"),
        l2_line(20, 16, "false", "ask", "100.2", "3"),
    ])  # fmt: skip
    rows, skipped = read(path)
    assert brief(rows, "kind", "side", "px", "qty", "flags") == [
        (Kind.BOOK_CLEAR, 0, 0, 0, SNAPSHOT),
        (Kind.BOOK, 1, 1001, 1500, SNAPSHOT),
        (Kind.BOOK, -1, 1002, 1, SNAPSHOT | LAST),
        (Kind.BOOK, 1, 1001, 0, 0),
        (Kind.BOOK, 1, 1000, 2000, LAST),
        (Kind.BOOK, -1, 1002, 3000, LAST),
    ]
    assert set(rows["ts"] - START) == {10, 20}
    assert skipped == {}


def test_changes_before_the_first_snapshot_are_left_out_and_counted(tmp_path):
    path = written(tmp_path, "l2", L2, [
        l2_line(1, 1, "false", "bid", "99", "1"), l2_line(2, 2, "true", "bid", "100", "1"),
    ])  # fmt: skip
    rows, skipped = read(path)
    assert brief(rows, "kind", "px") == [(Kind.BOOK_CLEAR, 0), (Kind.BOOK, 1000)]
    assert skipped == {"book_before_snapshot": 1}


def test_a_snapshot_in_the_middle_means_the_book_was_lost(tmp_path):
    path = written(tmp_path, "l2", L2, [
        l2_line(1, 1, "true", "bid", "100", "1"), l2_line(2, 2, "false", "bid", "99", "1"),
        l2_line(9, 8, "true", "bid", "98", "1"),
    ])  # fmt: skip
    rows, _ = read(path)
    assert brief(rows, "kind") == [(2,), (1,), (1,), (Kind.GAP,), (2,), (1,)]
    assert (rows[3]["px"], rows[3]["flags"] & LAST, rows[3]["ts"]) == (GapCause.RESET, LAST, START + 9)


def test_the_snapshot_that_opens_the_next_day_is_no_break(tmp_path):
    first = written(
        tmp_path, "a_l2", L2, [l2_line(1, 1, "true", "bid", "100", "1"), l2_line(2, 2, "false", "bid", "99", "1")]
    )
    second = written(tmp_path, "b_l2", L2, [l2_line(9, 8, "true", "bid", "98", "1")])
    rows, _ = read(second, first)
    assert Kind.GAP not in rows["kind"]
    assert rows["px"].tolist() == [0, 1000, 990, 0, 980]


def test_messages_do_not_depend_on_where_the_file_is_cut_into_batches(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    lines = [l2_line(0, 0, "true", "bid", "50", "1"), l2_line(0, 0, "true", "ask", "90", "1")]
    at = 0
    for _ in range(400):
        at += int(rng.integers(0, 2))
        lines.append(l2_line(at + 1, at, "false", "bid", f"{rng.integers(100, 500) / 10}", f"{rng.integers(0, 5)}"))
    path = written(tmp_path, "l2", L2, lines)
    whole, _ = read(path)
    monkeypatch.setattr(files, "BLOCK_BYTES", 512)
    pieces, _ = read(path)
    assert pieces.tolist() == whole.tolist()


def test_an_exchange_time_that_is_the_local_one_is_none(tmp_path):
    path = written(tmp_path, "trades", "id,side,price,amount", [f"{START},{START},7,buy,100.1,0.002"])
    rows, _ = read(path)
    assert brief(rows, "ts", "exch_ts") == [(START, 0)]


def test_a_local_clock_that_runs_back_is_held_and_counted_across_batches(tmp_path, monkeypatch):
    lines = [f"{START + t},{START + t + 1},{i},sell,100.1,0.002" for i, t in enumerate((5, 3, 9))]
    monkeypatch.setattr(files, "BLOCK_BYTES", 120)
    rows, skipped = read(written(tmp_path, "trades", "id,side,price,amount", lines))
    assert (rows["ts"] - START).tolist() == [6, 6, 10]
    assert skipped == {"clock_back": 1}


def test_trades_and_liquidations_know_the_aggressor(tmp_path):
    lines = [f"{START},{START + 1},{i},{side},100.1,0.002" for i, side in enumerate(("buy", "sell", "unknown"))]
    rows, skipped = read(written(tmp_path, "trades", "id,side,price,amount", lines))
    assert brief(rows, "kind", "side", "px", "qty", "seq", "flags") == [(4, 1, 1001, 2, 0, 1), (4, -1, 1001, 2, 1, 1)]
    assert skipped == {"trade_side_unknown": 1}
    path = written(tmp_path, "liquidations", "id,side,price,amount", [f"{START},{START + 1},5,sell,99.123456,0.002"])
    rows, _ = read(path)
    assert brief(rows, "kind", "side", "px", "qty") == [(Kind.LIQUIDATION, -1, 9_912_345_600, 2)]


def test_quotes_are_two_rows_and_an_empty_side_has_no_size(tmp_path):
    lines = [f"{START},{START + 1},2.5,100.2,100.1,1", f"{START},{START + 2},,,100.1,1"]
    rows, _ = read(written(tmp_path, "quotes", "ask_amount,ask_price,bid_price,bid_amount", lines))
    assert brief(rows, "kind", "side", "px", "qty", "flags") == [
        (3, 1, 1001, 1000, 0), (3, -1, 1002, 2500, 1), (3, 1, 1001, 1000, 0), (3, -1, 0, 0, 1),
    ]  # fmt: skip


def test_the_ticker_says_what_changed_and_carries_what_is_empty(tmp_path, monkeypatch):
    header = "funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,index_price,mark_price"
    due = START + 8 * 3600 * 10**6
    lines = [
        f"{START},{START + 1},,,,,100,,",
        f"{START},{START + 2},{due},0.0001,,1000.5,100,99.98765432,100.00000001",
        f"{START},{START + 3},,,,1000.5,100,,100.00000001",
        f"{START},{START + 4},{due},0.0001,,1001,100,99.98765432,100.5",
        f"{START},{START + 5},{due + 1},,,1001,100,,",
    ]
    expected = [
        (2, Kind.MARK, 10_000_000_001, 0), (2, Kind.INDEX, 9_998_765_432, 0), (2, Kind.FUNDING, 10_000, due),
        (2, Kind.OPEN_INTEREST, 0, 1_000_500), (4, Kind.MARK, 10_050_000_000, 0), (4, Kind.OPEN_INTEREST, 0, 1_001_000),
        (5, Kind.FUNDING, 10_000, due + 1),
    ]  # fmt: skip
    for block in (1 << 20, 256):
        monkeypatch.setattr(files, "BLOCK_BYTES", block)
        rows, _ = read(written(tmp_path, "derivative_ticker", header, lines))
        rows["ts"] -= START
        assert brief(rows, "ts", "kind", "px", "qty") == expected
        assert (rows["flags"] == LAST).all()


def picture(at, bids, asks, depth=5):
    cells = [str(START + at), str(START + at + 1)]
    for i in range(depth):
        for side in (asks, bids):
            cells += [f"{side[i][0]}", f"{side[i][1]}"] if i < len(side) else ["", ""]
    return ",".join(cells)


def test_pictures_become_what_they_change(tmp_path):
    header = ",".join(f"{s}[{i}].{what}" for i in range(5) for s in ("asks", "bids") for what in ("price", "amount"))
    lines = [
        picture(0, [(100.0, 1), (99.9, 2)], [(100.1, 3)]),
        picture(1, [(100.0, 1), (99.9, 5)], [(100.1, 3)]),
        picture(2, [(100.0, 1), (99.9, 5)], [(100.1, 3)]),
        picture(3, [(99.9, 5)], [(100.1, 3), (100.2, 1)]),
    ]
    rows, skipped = read(written(tmp_path, "book_snapshot_5", header, lines))
    rows["ts"] -= START + 1
    assert brief(rows, "ts", "kind", "side", "px", "qty", "flags") == [
        (0, 2, 0, 0, 0, SNAPSHOT), (0, 1, 1, 1000, 1000, SNAPSHOT), (0, 1, 1, 999, 2000, SNAPSHOT),
        (0, 1, -1, 1001, 3000, SNAPSHOT | LAST), (1, 1, 1, 999, 5000, LAST), (3, 1, 1, 1000, 0, 0),
        (3, 1, -1, 1002, 1000, LAST),
    ]  # fmt: skip
    assert skipped == {"book_unchanged": 1}


def test_pictures_sum_up_to_the_last_one_however_they_are_cut(tmp_path, monkeypatch):
    rng = np.random.default_rng(5)
    header = ",".join(f"{s}[{i}].{what}" for i in range(5) for s in ("asks", "bids") for what in ("price", "amount"))
    lines, last = [], ([], [])
    for at in range(200):
        middle = 1000 + int(rng.integers(-3, 4))
        bids = [((middle - d) / 10, int(rng.integers(1, 4))) for d in sorted(rng.choice(9, 5, replace=False).tolist())]
        asks = [
            ((middle + 1 + d) / 10, int(rng.integers(1, 4))) for d in sorted(rng.choice(9, 5, replace=False).tolist())
        ]
        lines.append(picture(at, bids, asks))
        last = (bids, asks)
    path = written(tmp_path, "book_snapshot_5", header, lines)
    for block in (1 << 20, 2048):
        monkeypatch.setattr(files, "BLOCK_BYTES", block)
        rows, _ = read(path)
        check = BookCheck(0)
        check.add(rows)
        for side, levels in ((1, last[0]), (-1, last[1])):
            assert check.levels(side).tolist() == [[round(px * 10), qty * 1000] for px, qty in levels]
        assert check.crossed == 0


def test_other_symbols_are_left_out_and_counted(tmp_path):
    path = written(
        tmp_path, "trades", "id,side,price,amount", [f"{START},{START + 1},7,buy,100.1,0.002"], symbol="ETHUSDT"
    )
    rows, skipped = read(path)
    assert (len(rows), skipped) == (0, {"other_symbol": 1})
    assert tardis.first_row(path, files.header(path)) == (Market.PERP, "ETHUSDT", START + 1)


def test_another_exchange_and_a_missing_column_are_refused(tmp_path):
    path = tmp_path / "trades.csv"
    path.write_text(f"{KEYS},id,side,price,amount\nderibit,BTC,{START},{START},1,buy,1,1\n")
    with pytest.raises(FormatError, match=r"line 2, exchange: 'deribit'.*binance-futures"):
        tardis.first_row(path, files.header(path))
    path.write_text(f"{KEYS},id,side,price\nbinance-futures,BTCUSDT,{START},{START},1,buy,1\n")
    with pytest.raises(FormatError, match="lacks the column amount"):
        read(path)


@pytest.mark.parametrize(("cell", "kind"), [("middle", "l2"), ("", "trades")])
def test_an_unknown_side_of_the_book_is_never_skipped(tmp_path, cell, kind):
    if kind == "l2":
        path = written(tmp_path, "l2", L2, [l2_line(1, 1, "true", cell, "100", "1")])
    else:
        path = written(tmp_path, "trades", "id,side,price,amount", [f"{START},{START + 1},7,buy,{cell},0.002"])
    with pytest.raises(FormatError, match="line 2"):
        read(path)


def test_an_empty_file_gives_no_rows(tmp_path):
    path = tmp_path / "binance-futures_trades.csv.gz"
    path.write_bytes(gzip.compress(b""))
    rows, _ = read(path, kind="trades")
    assert len(rows) == 0


def test_genuine_rows_rebuild_their_own_last_picture(shared_data):
    folder = shared_data / "tardis-genuine-10rows"
    for path in sorted(folder.glob("*.csv")):
        cells = path.read_text().splitlines()
        last = dict(zip(cells[0].split(","), cells[-1].split(","), strict=True))
        instrument = type(PERP)(Market.PERP, "BTCUSDT", PERP.tick_size / 10, PERP.lot_size)
        check = BookCheck(0)
        for rows in tardis.open_tardis([path], "book_snapshot", instrument).chunks:
            check.add(rows)
        for side, name in ((1, "bids"), (-1, "asks")):
            levels = check.levels(side)
            for i, (px, qty) in enumerate(levels.tolist()):
                assert px == round(float(last[f"{name}[{i}].price"]) * 100)
                assert qty == round(float(last[f"{name}[{i}].amount"]) * 1000)
            assert len(levels) == sum(1 for cell in last if cell.startswith(f"{name}[") and cell.endswith(".price"))
