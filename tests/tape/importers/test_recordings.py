"""Recordings become tapes: gaps are seen, trades counted once, and the book at the end is the source's, level for level."""

from __future__ import annotations

import csv
import gzip
import io
import json

import numpy as np
import pytest

from lobterm import config
from lobterm.errors import FormatError, InputError
from lobterm.events import Flag, Kind, Market
from lobterm.tape import convert, parquet
from lobterm.tape.importers.cryptofeed import exchange_info_sizes
from lobterm.tape.verify import final_book, verify
from tests.wire import wires

NS = 1_700_000_000_000_000_000


@pytest.fixture(autouse=True)
def no_user_file(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")


def write(tmp_path, lines, name="btcusdt_20231114.gz"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"".join(lines)) if name.endswith(".gz") else b"".join(lines))
    return path


def imported(tmp_path, perp=(), spot=(), symbol=None, **sizes):
    out = tmp_path / "out.parquet"
    given = convert.Sizes(config.load(), **sizes)
    meta = convert.import_tape(list(perp), list(spot), out, given, symbol=symbol)
    return meta, parquet.open_tape(out)


def rows_of(tape, *kinds):
    rows = tape.read()
    return rows[np.isin(rows["kind"], kinds)]


def levels(tape, market=0):
    bids, asks = final_book(tape.chunks(), market)
    return dict(bids.tolist()), dict(asks.tolist())


BID, ASK = ("61000.00", "1.000"), ("61000.10", "2.000")


def session(stamp=lambda k: NS + k * 10**8):
    """A snapshot and four diffs that follow each other, with a trade and a touch."""
    return [
        wires.line(stamp(0), wires.snapshot(100, [BID], [ASK])),
        wires.line(stamp(1), wires.depth(99, 105, 98, [("60999.90", "0.500")], []), "btcusdt@depth@100ms"),
        wires.line(stamp(2), wires.touch(104, BID, ASK), "btcusdt@bookTicker"),
        wires.line(stamp(3), wires.trade(1, "61000.10", "0.005"), "btcusdt@trade"),
        wires.line(stamp(4), wires.depth(106, 110, 105, [("61000.00", "0")], []), "btcusdt@depth@100ms"),
        wires.line(stamp(5), wires.depth(111, 115, 110, [], [("61000.10", "1.500")]), "btcusdt@depth@100ms"),
        wires.line(stamp(6), wires.depth(116, 120, 115, [("60999.80", "0.700")], []), "btcusdt@depth@100ms"),
    ]


def test_a_whole_session(tmp_path):
    meta, tape = imported(tmp_path, [write(tmp_path, session())])
    assert levels(tape) == ({609_999: 500, 609_998: 700}, {610_001: 1500})
    assert (meta.trades, meta.touch_source, meta.trade_source, meta.skipped) == (1, {0: "touch"}, {0: "trade"}, {})
    assert rows_of(tape, Kind.GAP).size == 0


@pytest.mark.parametrize("digits", [13, 16, 19])
@pytest.mark.parametrize("name", ["x.gz", "x.jsonl"])
def test_stamps_of_any_unit_and_packing_give_the_same_rows(tmp_path, digits, name):
    unit = 10 ** (19 - digits)
    _, tape = imported(tmp_path, [write(tmp_path, session(lambda k: (NS + k * 10**8) // unit), name)])
    assert tape.meta.first_ts_us == NS // 1000
    assert tape.meta.last_ts_us == NS // 1000 + 600_000


def test_a_lost_diff_is_a_gap_until_the_next_snapshot(tmp_path):
    lines = session()
    del lines[4]
    again = wires.line(NS + 7 * 10**8, wires.snapshot(118, [("60999.00", "3.000")], [ASK]))
    meta, tape = imported(tmp_path, [write(tmp_path, lines)])
    gap = rows_of(tape, Kind.GAP)
    assert gap["ts"].tolist() == [NS // 1000 + 500_000]
    assert levels(tape) == ({}, {}), "an unknown book has no levels"
    assert rows_of(tape, Kind.BOOK)["ts"].max() < gap["ts"][0]
    _, healed = imported(tmp_path, [write(tmp_path, [*lines, again])])
    assert levels(healed)[0] == {609_990: 3000, 609_998: 700}, "the snapshot, and the kept event that joins it"
    assert verify(healed)["gaps"] == 1


def test_a_duplicate_and_an_old_diff_change_nothing(tmp_path):
    lines = session()
    lines.insert(5, lines[4])
    meta, tape = imported(tmp_path, [write(tmp_path, lines)])
    assert meta.skipped == {"old_depth": 1}
    assert rows_of(tape, Kind.GAP).size == 0
    assert levels(tape)[0] == {609_999: 500, 609_998: 700}


def test_diffs_before_the_snapshot_are_joined_to_it(tmp_path):
    lines = session()
    lines = [lines[1], lines[4], wires.line(NS + 45 * 10**7, wires.snapshot(104, [BID], [ASK])), *lines[5:]]
    _, tape = imported(tmp_path, [write(tmp_path, lines)])
    assert levels(tape) == ({609_999: 500, 609_998: 700}, {610_001: 1500})
    rows = rows_of(tape, Kind.BOOK)
    assert (np.diff(rows["ts"]) >= 0).all()
    assert rows["ts"][0] == NS // 1000 + 450_000, "nothing is known before the snapshot has arrived"


def test_every_kind_of_print_is_treated_by_its_mark(tmp_path):
    extra = [
        wires.line(NS + 10**9 + k, wires.trade(10 + k, "61000.10", "0.005", X=kind), "btcusdt@trade")
        for k, kind in enumerate(["MARKET", "RPI", "NA", "ADL", "INSURANCE_FUND"])
    ]
    extra.append(wires.line(NS + 2 * 10**9, wires.agg_trade(5, "61000.10", "0.005"), "btcusdt@aggTrade"))
    meta, tape = imported(tmp_path, [write(tmp_path, session() + extra)])
    trades = rows_of(tape, Kind.TRADE)
    assert trades["seq"].tolist() == [1, 10, 11]
    assert ((trades["flags"] & Flag.RPI) != 0).tolist() == [False, False, True]
    counted = {"trade_X_na": 1, "trade_X_adl": 1, "trade_X_insurance_fund": 1, "agg_trade_beside_trade": 1}
    assert meta.skipped == counted


def test_an_aggregated_print_is_split_where_hidden_orders_filled_part_of_it(tmp_path):
    lines = [line for line in session() if b"@trade" not in line]
    lines.append(wires.line(NS + 10**9, wires.agg_trade(5, "61000.10", "0.005", nq="0.002"), "btcusdt@aggTrade"))
    lines.append(wires.line(NS + 10**9, wires.agg_trade(6, "61000.10", "0.005", nq="0.000"), "btcusdt@aggTrade"))
    lines.append(wires.line(NS + 10**9, wires.agg_trade(7, "61000.10", "0.005"), "btcusdt@aggTrade"))
    meta, tape = imported(tmp_path, [write(tmp_path, lines)])
    trades = rows_of(tape, Kind.TRADE)
    assert trades["qty"].tolist() == [2, 3, 5, 5]
    assert ((trades["flags"] & Flag.RPI) != 0).tolist() == [False, True, True, False]
    assert ((trades["flags"] & Flag.LAST) != 0).tolist() == [False, True, True, True]
    assert meta.trade_source == {0: "agg_trade"}
    assert meta.trades == 3


def test_marks_and_liquidations(tmp_path):
    mark = {"e": "markPriceUpdate", "E": 1_700_000_001_000, "s": "BTCUSDT", "p": "61000.12345678", "i": "61001.5",
            "r": "0.00010000", "T": 1_700_006_400_000}  # fmt: skip
    order = {
        "s": "BTCUSDT",
        "S": "SELL",
        "q": "5",
        "p": "60000",
        "ap": "60900.55",
        "z": "0.005",
        "T": 1_700_000_000_500,
    }
    force = {"e": "forceOrder", "E": 1_700_000_001_500, "o": order}
    lines = [*session(), wires.line(NS + 10**9, mark, "x@markPrice"), wires.line(NS + 2 * 10**9, force, "x@forceOrder")]
    _, tape = imported(tmp_path, [write(tmp_path, lines)])
    fields = ["kind", "exch_ts", "px", "qty", "side"]
    assert rows_of(tape, Kind.MARK, Kind.INDEX, Kind.FUNDING, Kind.LIQUIDATION)[fields].tolist() == [
        (Kind.MARK, 1_700_000_001_000_000, 6_100_012_345_678, 0, 0),
        (Kind.INDEX, 1_700_000_001_000_000, 6_100_150_000_000, 0, 0),
        (Kind.FUNDING, 1_700_000_001_000_000, 10_000, 1_700_006_400_000_000, 0),
        (Kind.LIQUIDATION, 1_700_000_000_500_000, 6_090_055_000_000, 5, -1),
    ]


def test_what_cannot_be_used_is_skipped_with_a_count(tmp_path):
    lines = [
        *session(),
        b'1700000009000000000 {"stream":"btcusdt@trade","data":{"e":"tra\n',
        b"what is this\n",
        wires.line(NS + 10**10, wires.trade(2, "61000.10", "0.005", symbol="ETHUSDT")),
        wires.line(NS + 10**10, {"e": "kline", "s": "BTCUSDT"}),
        wires.line(NS + 10**10, wires.trade(3, "6100 0.10", "0.005")),
        wires.line(NS + 10**10, wires.trade(4, "61000.10", "0.005") | {"m": "no"}),
        wires.line(NS - 10**9, wires.trade(5, "61000.10", "0.005")),
        b'17000000190000000',
    ]  # fmt: skip
    meta, tape = imported(tmp_path, [write(tmp_path, lines)], symbol="BTCUSDT")
    assert meta.skipped == {
        "bad_json": 1, "bad_stamp": 2, "other_symbol": 1, "kline": 1, "bad_number": 1, "bad_side": 1, "clock_back": 1,
    }  # fmt: skip
    assert levels(tape)[0] == {609_999: 500, 609_998: 700}


def test_a_truncated_gz_keeps_every_whole_line(tmp_path):
    rng = np.random.default_rng(1)
    lines = [
        wires.line(
            NS + k, wires.trade(k, f"{61000 + rng.integers(100)}.10", f"0.{rng.integers(100, 999)}"), "btcusdt@trade"
        )
        for k in range(5_000)
    ]
    path = write(tmp_path, session() + lines)
    path.write_bytes(path.read_bytes()[:-2_000])
    meta, _ = imported(tmp_path, [path])
    assert meta.skipped["truncated_gz"] == 1
    assert 3_000 < meta.trades < 5_001


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.gz", b"not gzip at all", ["x.gz", "not gzip"]),
        ("x.zst", b"not zstd at all", ["x.zst", "not zstd"]),
        ("x.csv", b"a,b,c\n1,2,3\n", ["x.csv", "line 1", "understood"]),
        ("x.npz", b"PK", ["x.npz", "npz"]),
        ("x.jsonl", b"", ["x.jsonl"]),
    ],
)
def test_what_is_no_recording_is_refused_by_name(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((FormatError, InputError)) as caught:
        imported(tmp_path, [path])
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_price_between_ticks_is_refused_with_the_tick_that_would_do(tmp_path):
    lines = [*session(), wires.line(NS + 10**9, wires.trade(9, "61000.123", "0.005"), "btcusdt@trade")]
    with pytest.raises(FormatError, match=r"line 8.*61000\.123.*--tick 0\.001"):
        imported(tmp_path, [write(tmp_path, lines)])


def test_spot_named_as_perpetual_is_refused(tmp_path):
    spot = [wires.line(NS, wires.depth(1, 2, None, [BID], [ASK]), "btcusdt@depth@100ms")]
    with pytest.raises(InputError, match="--spot"):
        imported(tmp_path, [write(tmp_path, spot)])


def test_many_symbols_ask_for_one(tmp_path):
    lines = [*session(), wires.line(NS + 10**9, wires.trade(2, "1", "1", symbol="ETHUSDT"))]
    path = write(tmp_path, lines)
    with pytest.raises(InputError, match="BTCUSDT, ETHUSDT.*--symbol"):
        imported(tmp_path, [path])
    assert imported(tmp_path, [path], symbol="BTCUSDT")[0].skipped == {"other_symbol": 1}
    with pytest.raises(InputError, match="no messages of XUSDT"):
        imported(tmp_path, [path], symbol="XUSDT")


def test_files_of_one_symbol_are_a_chain(tmp_path):
    lines = session()
    first, second = write(tmp_path, lines[:4], "b_1.gz"), write(tmp_path, lines[4:], "a_2.gz")
    _, tape = imported(tmp_path, [second, first])
    assert levels(tape)[0] == {609_999: 500, 609_998: 700}
    assert rows_of(tape, Kind.GAP).size == 0


def test_perpetual_and_spot_merge_by_receipt(tmp_path):
    spot = [
        wires.line(NS + 10**7, wires.snapshot(50, [("60990.00", "1.00000001")], [("60991.00", "2")])),
        wires.line(NS + 10**8, wires.depth(51, 52, None, [("60990.01", "1.5")], []), "btcusdt@depth@100ms"),
    ]
    _, tape = imported(tmp_path, [write(tmp_path, session())], [write(tmp_path, spot, "spot.gz")])
    assert (np.diff(tape.read()["ts"]) >= 0).all()
    assert levels(tape, 1)[0] == {6_099_000: 100_000_001, 6_099_001: 150_000_000}
    assert levels(tape, 0)[0] == {609_999: 500, 609_998: 700}
    assert [i.market for i in tape.meta.instruments] == [Market.PERP, Market.SPOT]


# --- the real recordings ----------------------------------------------------------------------------------------------


def plain_book(messages, spot=False):
    """Rebuild a book with dicts alone from (snapshot or diff) messages in order of receipt; prices and sizes as text."""
    book, last, kept = None, None, []

    def apply(data):
        for side, key in ((0, "b"), (1, "a")):
            for px, qty in data[key]:
                book[side].pop(float(px), None)
                if float(qty):
                    book[side][float(px)] = float(qty)

    for data in messages:
        if "lastUpdateId" in data:
            book = [{float(p): float(q) for p, q in data[key] if float(q)} for key in ("bids", "asks")]
            last = data["lastUpdateId"]
            for held in kept:
                if held["u"] > last if spot else held["u"] >= last:
                    apply(held)
        elif book is None:
            kept.append(data)
        elif data["u"] > last if spot else data["u"] >= last:
            apply(data)
    return book


def messages_of(path):
    with gzip.open(path, "rt") as file:
        for text in file:
            data = json.loads(text.split(" ", 1)[1])
            data = data.get("data", data)
            if data.get("e") == "depthUpdate" or "lastUpdateId" in data:
                yield data


def assert_same_book(tape, market, book):
    instrument = next(i for i in tape.meta.instruments if i.market == market)
    for got, wanted in zip(levels(tape, market), book, strict=True):
        exact = {round(px / instrument.tick): round(qty / instrument.lot) for px, qty in wanted.items()}
        assert got == exact


PERP_2024 = "usdm-btcusdt-20240808/btcusdt_20240808.gz"
SPOT_2024 = ("spot-btcusdt-20240808/btcusdt_20240808.gz", "spot-btcusdt-20240808/btcusdt_20240809.gz")
TARDIS = "tardis-layout-20240808/tardis_binance-futures_{}_2024-08-08_BTCUSDT.csv.gz"


def test_the_real_perpetual_and_spot_books_level_for_level(tmp_path, shared_data):
    perp, spot = shared_data / PERP_2024, [shared_data / name for name in SPOT_2024]
    meta, tape = imported(tmp_path, [perp], spot)
    assert_same_book(tape, 0, plain_book(messages_of(perp)))
    assert_same_book(tape, 1, plain_book((m for path in spot for m in messages_of(path)), spot=True))
    found = verify(tape)
    assert (found["gaps"], found["crossed_rows"], found["problems"]) == (0, 0, [])
    assert (found["final_bid"], found["final_ask"]) == (61659.7, 61659.8)
    assert meta.trades == 21_313 + 9_757 + 10_147
    assert meta.skipped == {}
    assert tape.path.stat().st_size <= 10 * meta.rows


def test_raw_tardis_and_npz_of_one_session_end_in_one_book(tmp_path, shared_data):
    _, raw = imported(tmp_path, [shared_data / PERP_2024])
    wanted, sources = levels(raw), raw.meta.touch_source
    _, tardis = imported(tmp_path, [shared_data / TARDIS.format(kind) for kind in ("incremental_book_L2", "trades")])
    assert levels(tardis) == wanted
    assert (sources, tardis.meta.touch_source) == ({0: "touch"}, {0: "book"}), "and each says where its touch is from"
    _, npz = imported(tmp_path, [shared_data / "npz-v2/btcusdt_20240808.npz"], symbol="BTCUSDT")
    assert levels(npz) == wanted
    assert npz.meta.trades == tardis.meta.trades == 21_313


def test_the_real_top_25_follows_the_real_book(tmp_path, shared_data):
    _, raw = imported(tmp_path, [shared_data / PERP_2024])
    wanted = [side[:5].tolist() for side in final_book(raw.chunks(), 0)]
    _, snapshots = imported(tmp_path, [shared_data / TARDIS.format("book_snapshot_25")])
    assert [side[:5].tolist() for side in final_book(snapshots.chunks(), 0)] == wanted


@pytest.mark.parametrize("symbol", ["SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT"])
def test_the_2021_perpetuals(tmp_path, shared_data, symbol):
    folder = shared_data / "cryptofeed-2021"
    frames, answers = folder / "BINANCE_FUTURES.ws.1.0", folder / "BINANCE_FUTURES.http.0.0"
    tick = "0.00001" if symbol == "CTKUSDT" else None  # orders of an older, finer tick still rest there
    sizes = exchange_info_sizes(folder / "BINANCE_FUTURES.0")
    meta, tape = imported(tmp_path, [frames, answers], symbol=symbol, exchange_info=sizes, tick=tick)
    assert_same_book(tape, 0, plain_book(captured(frames, answers, symbol)))
    assert verify(tape)["crossed_rows"] == verify(tape)["gaps"] == 0
    assert meta.trade_source == {0: "agg_trade"}


@pytest.mark.parametrize("symbol", ["NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR"])
def test_the_2021_spot_pairs(tmp_path, shared_data, symbol):
    folder = shared_data / "cryptofeed-2021"
    frames, answers = folder / "BINANCE.ws.1.0", folder / "BINANCE.http.0.0"
    _, tape = imported(tmp_path, spot=[frames, answers], symbol=symbol, tick="0.00000001", lot="0.00000001")
    assert_same_book(tape, 1, plain_book(captured(frames, answers, symbol), spot=True))
    assert verify(tape)["crossed_rows"] == verify(tape)["gaps"] == 0


def captured(frames, answers, symbol):
    """Return the symbol's depth messages of a capture by local stamp."""
    found = []
    for text in filter(None, frames.read_text().splitlines()[1:]):
        stamp, body = text.split(": ", 1)
        data = json.loads(body)["data"]
        if data.get("e") == "depthUpdate" and data["s"] == symbol:
            found.append((float(stamp), data))
    for text in answers.read_text().splitlines():
        if f"symbol={symbol}&" in text:
            head, body = text.split(": {", 1)
            found.append((float(head.split("-> ")[1]), json.loads("{" + body)))
    return [data for _, data in sorted(found, key=lambda entry: entry[0])]


def test_the_2026_spot_capture_against_its_own_top_five(tmp_path, shared_data):
    folder = shared_data / "spot-btcusdt-20260607"
    frames = folder / "market_data_spot_BTCUSDT_sample.csv"
    _, tape = imported(tmp_path, spot=[frames, folder / "market_data_spot_BTCUSDT_sample_snapshots.csv"])
    wanted = {}
    with frames.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["stream_kind"] == "depth5":
                data = json.loads(row["payload_json"])
                wanted[data["lastUpdateId"]] = data
    rows = tape.read()
    book, checked = [{}, {}], 0
    for row in rows[rows["kind"] == Kind.BOOK]:
        side = book[0 if row["side"] > 0 else 1]
        side.pop(int(row["px"]), None)
        if row["qty"]:
            side[int(row["px"])] = int(row["qty"])
        if row["flags"] & Flag.LAST and int(row["seq"]) in wanted:
            data = wanted[int(row["seq"])]
            for levels_, key, best_first in ((book[0], "bids", True), (book[1], "asks", False)):
                top = sorted(levels_.items(), reverse=best_first)[:5]
                assert top == [(round(float(p) * 100), round(float(q) * 1e8)) for p, q in data[key]]
            checked += 1
    assert checked > 50


def test_the_genuine_tardis_rows(tmp_path, shared_data):
    path = shared_data / "tardis-genuine-10rows/binance-futures_book_snapshot_5_BTCUSDT.csv"
    _, tape = imported(tmp_path, [path], tick="0.01")
    with io.StringIO(path.read_text()) as file:
        last = list(csv.DictReader(file))[-1]
    bids, asks = levels(tape)
    for table, name in ((bids, "bids"), (asks, "asks")):
        wanted = {
            round(float(last[f"{name}[{i}].price"]) * 100): round(float(last[f"{name}[{i}].amount"]) * 1000)
            for i in range(5)
        }
        assert table == wanted
