"""Captures of many symbols: frames and REST answers of one symbol become one stream by their stamps."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest

from lobterm.errors import FormatError
from lobterm.events import Kind, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.cryptofeed import exchange_info_sizes, is_capture, open_cryptofeed
from tests.wire import wires

AKRO = Instrument(Market.PERP, "AKROUSDT", Decimal("0.00001"), Decimal("1"))
SOCKET = "wss://fstream.binance.com/stream?streams=akrousdt@depth <-> 1626992740.179554\n"
URL = "https://fapi.binance.com/fapi/v1/depth?symbol={}&limit=1000 -> {}: {}\n"


def frame(second, data, stream):
    return f"{second}: {json.dumps({'stream': stream, 'data': data}, separators=(',', ':'))}\n"


def depth(second, *ids, bids=(), symbol="AKROUSDT"):
    return frame(second, wires.depth(*ids, bids, symbol=symbol), f"{symbol.lower()}@depth@100ms")


def answer(second, last, bids, symbol="AKROUSDT"):
    return URL.format(symbol, second, json.dumps(wires.snapshot(last, bids)))


FRAMES = [
    SOCKET,
    depth("1626992741.5", 90, 99, 80, bids=[("0.01700", "5")]),
    depth("1626992742.0", 100, 104, 99, bids=[("0.01701", "6")]),
    frame("1626992742.1", wires.agg_trade(1, "0.01702", "7", symbol="AKROUSDT"), "akrousdt@aggTrade"),
    depth("1626992742.2", 1, 2, 0, symbol="KEEPUSDT"),
    frame("1626992742.3", {"e": "kline", "s": "AKROUSDT"}, "akrousdt@kline_1m"),
    depth("1626992743.25", 105, 110, 104, bids=[("0.01700", "8")]),
]
ANSWERS = [answer("1626992741.9", 5, [("9.00000", "9")], "KEEPUSDT"), answer("1626992742.75", 102, [("0.01690", "4")])]


def capture(tmp_path, frames=FRAMES, answers=ANSWERS):
    paths = [tmp_path / "X.ws.1.0", tmp_path / "X.http.0.0"]
    for path, lines in zip(paths, (frames, answers), strict=True):
        path.write_text("".join(lines))
    return paths


def read(paths):
    recording = open_cryptofeed(paths, AKRO)
    return np.concatenate(list(recording.chunks)), recording.skipped


@pytest.mark.parametrize("order", [1, -1])
def test_frames_and_snapshots_merge_by_their_stamps(tmp_path, order):
    rows, skipped = read(capture(tmp_path)[::order])
    assert rows[["ts", "kind", "seq", "px", "qty"]].tolist() == [
        (1_626_992_742_100_000, Kind.TRADE, 1, 1702, 7),
        (1_626_992_742_750_000, Kind.BOOK_CLEAR, 102, 0, 0),
        (1_626_992_742_750_000, Kind.BOOK, 102, 1690, 4),
        (1_626_992_742_750_000, Kind.BOOK, 104, 1701, 6),
        (1_626_992_743_250_000, Kind.BOOK, 110, 1700, 8),
    ]
    assert skipped == {"other_symbol": 1, "other_rest_answer": 1, "kline": 1}


def test_pieces_of_any_size_give_the_same_rows(tmp_path, monkeypatch):
    whole = read(capture(tmp_path))
    monkeypatch.setattr(blocks, "PIECE_LINES", 1)
    monkeypatch.setattr(blocks, "BLOCK", 100)
    pieces = read(capture(tmp_path))
    assert (pieces[0].tolist(), pieces[1]) == (whole[0].tolist(), whole[1])


@pytest.mark.parametrize(
    ("frames", "answers", "place"),
    [
        ([*FRAMES, depth("1626992744.0", 111, 112, 110, bids=[("0.017005", "5")])], ANSWERS, "X.ws.1.0: line 8"),
        (FRAMES, [ANSWERS[0], "\n", answer("1626992742.75", 102, [("0.016905", "4")])], "X.http.0.0: line 3"),
    ],
)
def test_a_price_off_the_grid_is_placed_in_the_file_it_stands_in(tmp_path, frames, answers, place):
    with pytest.raises(FormatError, match=place):
        read(capture(tmp_path, frames, answers))


def test_a_line_of_no_known_form_is_counted(tmp_path):
    _, skipped = read(capture(tmp_path, [*FRAMES, "what?\n", "1626992744.5: {broken\n"]))
    assert (skipped["bad_stamp"], skipped["bad_json"]) == (1, 1)


def test_a_capture_is_known_by_its_first_line(tmp_path):
    frames, answers = (path.read_bytes() for path in capture(tmp_path))
    assert is_capture(frames)
    assert is_capture(answers)
    assert is_capture(FRAMES[1].encode())
    assert not is_capture(b'1626992742000 {"e":"trade"}\n')


FILTERS = [{"filterType": "PRICE_FILTER", "tickSize": "0.0010"}, {"filterType": "LOT_SIZE", "stepSize": "1"}]
INFO = {"symbols": [{"symbol": "SUSHIUSDT", "filters": FILTERS}, {"symbol": "ODD", "filters": []}, {"symbol": "X"}, 3]}


@pytest.mark.parametrize("head", ["", "https://fapi.binance.com/fapi/v1/exchangeInfo -> 1626992740.1: "])
def test_sizes_come_from_exchange_info_bare_or_captured(tmp_path, head):
    path = tmp_path / "BINANCE_FUTURES.0"
    path.write_text(head + json.dumps(INFO) + "\n")
    assert exchange_info_sizes(path) == {"SUSHIUSDT": ("0.0010", "1")}


@pytest.mark.parametrize("content", ["", "{}", "[1]", "x" * 50, '{"symbols": 3}'])
def test_what_is_no_exchange_info_is_refused(tmp_path, content):
    path = tmp_path / "info.json"
    path.write_text(content)
    with pytest.raises(FormatError, match=r"info\.json: holds no exchangeInfo"):
        exchange_info_sizes(path)


def test_the_real_exchange_info(shared_data):
    sizes = exchange_info_sizes(shared_data / "cryptofeed-2021" / "BINANCE_FUTURES.0")
    assert sizes["AKROUSDT"] == ("0.00001", "1")
    assert len(sizes) > 100
