"""Frames that an exchange really sent: every kind is known, books are never crossed, importers and decoder agree."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from lobterm import config
from lobterm.events import Kind, Market
from lobterm.feeds.binance.decoder import Decoder
from lobterm.instrument import Instrument
from lobterm.tape import convert, parquet
from lobterm.tape.importers import blocks, cryptofeed, framed_csv
from lobterm.tape.verify import BookCheck
from lobterm.wire import control
from tests.feeds.binance import feeding as fd
from tests.feeds.binance.test_decoder import digest

PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
SPOT = Instrument(Market.SPOT, "BTCUSDT", Decimal("0.01"), Decimal("0.00000001"))
PERP_2024 = "usdm-btcusdt-20240808/btcusdt_20240808.gz"
SPOT_2024 = ("spot-btcusdt-20240808/btcusdt_20240808.gz", "spot-btcusdt-20240808/btcusdt_20240809.gz")
KNOWN_ELSEWHERE = {"other_symbol", "ack", "kline", "trade_of_other_source", "partial_depth", "level_between_ticks"}


def source_line(name):
    return b"1000000000000000000 %b\n" % control.encode(control.TradeSource(name))


def lines_of(*paths):
    return b"".join(gzip.decompress(path.read_bytes()) for path in paths)


def pieces(text, count):
    """Cut whole lines into pieces."""
    lines = text.splitlines(keepends=True)
    return [b"".join(lines[at : at + count]) for at in range(0, len(lines), count)]


def decoded(perp=b"", spot=b"", *, source="trade", perp_of=PERP, spot_of=SPOT):
    reader = Decoder(perp_of, spot_of)
    parts = [reader.read(source_line(source))]
    parts += [reader.read(piece) for piece in pieces(perp, 500)]
    parts += [reader.read(b"", piece) for piece in pieces(spot, 500)]
    return np.concatenate(parts), reader


def never_crossed(rows, market):
    check = BookCheck(market)
    check.add(rows)
    return check.crossed == 0 and check.known


def test_the_2024_session_of_both_markets(shared_data):
    lines = [(0, line) for line in lines_of(shared_data / PERP_2024).splitlines(keepends=True)]
    lines += [(1, line) for line in lines_of(*(shared_data / name for name in SPOT_2024)).splitlines(keepends=True)]
    lines = [(0, source_line("trade")), *sorted(lines, key=lambda line: line[1][:19])]
    rows, reader = fd.read(lines, range(100, len(lines), 100), Decoder(PERP, SPOT))
    assert reader.skipped == {}
    assert not (rows["kind"] == Kind.GAP).any()
    perp, spot = reader.books[Market.PERP], reader.books[Market.SPOT]
    assert (perp.known, perp.resyncs, perp.check.compared) == (True, 1, 6_543)
    assert (spot.known, spot.resyncs) == (True, 1)
    assert spot.check.compared > 6_000
    assert all(never_crossed(rows, market) for market in (0, 1))


def test_rows_are_the_importer_s_in_each_market(tmp_path, shared_data, monkeypatch):
    """Between markets the decoder goes by ns; the importer by µs, perpetual first where two are equal."""
    monkeypatch.setattr(config, "user_file", lambda: tmp_path / "none.toml")
    out, sizes = tmp_path / "out.parquet", convert.Sizes(config.load())
    convert.import_tape([shared_data / PERP_2024], [shared_data / SPOT_2024[0]], out, sizes)
    theirs = parquet.open_tape(out).read()
    lines = [(0, line) for line in lines_of(shared_data / PERP_2024).splitlines(keepends=True)]
    lines += [(1, line) for line in lines_of(shared_data / SPOT_2024[0]).splitlines(keepends=True)]
    lines = [(0, source_line("trade")), *sorted(lines, key=lambda line: line[1][:19])]
    ours, _ = fd.read(lines, range(300, len(lines), 300), Decoder(PERP, SPOT))
    assert ours["ts"].tolist() == theirs["ts"].tolist()
    for market in (0, 1):
        assert digest(ours[ours["market"] == market]) == digest(theirs[theirs["market"] == market])


def test_the_2026_spot_capture(shared_data):
    path = shared_data / "spot-btcusdt-20260607" / "market_data_spot_BTCUSDT_sample.csv"
    csv.field_size_limit(framed_csv.CELL_LIMIT)
    skipped = Counter()
    sources = [framed_csv._rows(file, "BTCUSDT", skipped) for file in framed_csv.with_snapshots([path])]
    rows, reader = decoded(spot=b"".join(piece.data for piece in blocks.merged(sources)))
    assert reader.skipped == {}
    assert reader.books[Market.SPOT].known
    assert never_crossed(rows, 1)
    assert not (rows["kind"] == Kind.GAP).any()


@pytest.mark.parametrize("market", [Market.PERP, Market.SPOT])
def test_the_2021_captures(shared_data, market):
    folder = shared_data / "cryptofeed-2021"
    name = "BINANCE_FUTURES" if market == Market.PERP else "BINANCE"
    paths = [folder / f"{name}.http.0.0", folder / f"{name}.ws.1.0"]
    sizes = cryptofeed.exchange_info_sizes(folder / f"{name}.0")
    symbols = set()
    for symbol, (tick, lot) in sizes.items():
        skipped = Counter()
        sources = [cryptofeed._lines(path, symbol.encode(), skipped) for path in paths]
        text = b"".join(piece.data for piece in blocks.merged(sources))
        if b'"lastUpdateId"' not in text:
            continue
        symbols.add(symbol)
        lot = lot if market == Market.PERP else "0.00000001"
        of = Instrument(market, symbol, Decimal(tick), Decimal(lot))
        perp = of if market == Market.PERP else PERP
        rows, reader = decoded(
            *((text, b"") if market == Market.PERP else (b"", text)), source="aggTrade", perp_of=perp, spot_of=of
        )
        assert reader.skipped.keys() <= KNOWN_ELSEWHERE, symbol
        assert never_crossed(rows, market), symbol
        assert not (rows["kind"] == Kind.GAP).any(), symbol
    assert len(symbols) == 4


def test_the_2026_frame_with_its_new_keys(shared_data):
    (path,) = (shared_data / "usdm-frame-202609").iterdir()
    rows, reader = decoded(b"".join(b"%d %b" % (fd.NS, line) for line in path.read_bytes().splitlines(keepends=True)))
    assert reader.skipped == {}
    assert reader.books[Market.PERP].wants_snapshot(fd.NS // 1_000)
    assert len(rows) == 0
