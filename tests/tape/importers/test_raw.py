"""Raw recordings to rows: which lines count, which book is believed, and that blocks and files leave no seam."""

from __future__ import annotations

import gzip
import itertools
import json
from decimal import Decimal

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lobterm.errors import FormatError
from lobterm.events import EVENT, Flag, GapCause, Kind, Market, Scope
from lobterm.instrument import Instrument
from lobterm.tape.importers import blocks
from lobterm.tape.importers.raw import open_raw
from tests.wire import wires

NS = 1_700_000_000_000_000_000
SECOND = 10**9
US = NS // 1000
PERP = Instrument(Market.PERP, "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
SPOT = Instrument(Market.SPOT, "BTCUSDT", Decimal("0.01"), Decimal("0.00001"))
BID, ASK = ("61000.00", "1.000"), ("61000.10", "2.000")
DEPTH = "btcusdt@depth@100ms"


def write(tmp_path, lines, name="x.gz"):
    path, data = tmp_path / name, b"".join(lines)
    pack = {".gz": gzip.compress, ".zst": zstandard.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(data))
    return path


def read(*paths, instrument=PERP):
    recording = open_raw(list(paths), instrument)
    chunks = list(recording.chunks)
    return (np.concatenate(chunks) if chunks else np.zeros(0, EVENT)), dict(recording.skipped)


def of(rows, *kinds):
    return rows[np.isin(rows["kind"], kinds)]


def session():
    return [
        wires.line(NS, wires.snapshot(100, [BID], [ASK])),
        wires.line(NS + SECOND, wires.depth(99, 105, 98, [("60999.90", "0.500")], [("61000.20", "1")]), DEPTH),
        wires.line(NS + 2 * SECOND, wires.touch(104, BID, ASK), "btcusdt@bookTicker"),
        wires.line(NS + 3 * SECOND, wires.trade(1, "61000.10", "0.005"), "btcusdt@trade"),
        wires.line(NS + 4 * SECOND, wires.depth(106, 110, 105, [("61000.00", "0")], []), DEPTH),
    ]


def test_every_field_of_every_row(tmp_path):
    rows, skipped = read(write(tmp_path, session()))
    t = 1_700_000_000_000_000
    snapshot = Flag.SNAPSHOT
    assert rows.tolist() == [
        (US, t, 100, 0, 0, Kind.BOOK_CLEAR, 0, 0, snapshot),
        (US, t, 100, 610_000, 1000, Kind.BOOK, 1, 0, snapshot),
        (US, t, 100, 610_001, 2000, Kind.BOOK, -1, 0, snapshot | Flag.LAST),
        (US + 1_000_000, t, 105, 609_999, 500, Kind.BOOK, 1, 0, 0),
        (US + 1_000_000, t, 105, 610_002, 1000, Kind.BOOK, -1, 0, Flag.LAST),
        (US + 2_000_000, t, 104, 610_000, 1000, Kind.TOUCH, 1, 0, 0),
        (US + 2_000_000, t, 104, 610_001, 2000, Kind.TOUCH, -1, 0, Flag.LAST),
        (US + 3_000_000, t, 1, 610_001, 5, Kind.TRADE, 1, 0, Flag.LAST),
        (US + 4_000_000, t, 110, 610_000, 0, Kind.BOOK, 1, 0, Flag.LAST),
    ]
    assert skipped == {}


def test_spot_times_are_send_times_and_its_snapshot_has_none(tmp_path):
    lines = [
        wires.line(NS, {"lastUpdateId": 50, "bids": [], "asks": []}),
        wires.line(NS + 1, wires.depth(51, 52, None, [("60990.01", "1.5")], []), DEPTH),
        wires.line(NS + 2, wires.trade(3, "60990.01", "0.00001", seller=True, M=True), "btcusdt@trade"),
    ]
    path = write(tmp_path, lines)
    rows, _ = read(path, instrument=SPOT)
    assert rows[["kind", "exch_ts", "side", "market", "flags"]].tolist() == [
        (Kind.BOOK_CLEAR, 0, 0, 1, Flag.SNAPSHOT | Flag.LAST),
        (Kind.BOOK, 1_700_000_000_001_000, 1, 1, Flag.LAST),
        (Kind.TRADE, 1_700_000_000_000_000, -1, 1, Flag.LAST),
    ]
    assert (open_raw([path], SPOT).exch_ts_kind, open_raw([path], PERP).exch_ts_kind) == ("E", "T")


def test_a_lost_line_is_a_gap_row_and_then_silence_until_a_snapshot(tmp_path):
    lost = wires.line(NS + 6 * SECOND, wires.depth(116, 120, 115, [BID], [], t=1_700_000_000_777), DEPTH)
    after = wires.line(NS + 7 * SECOND, wires.depth(121, 130, 120, [("60990.00", "3")], []), DEPTH)
    touch = wires.line(NS + 7 * SECOND, wires.touch(122, BID, ASK), "btcusdt@bookTicker")
    healed = wires.line(NS + 9 * SECOND, wires.snapshot(125, [("60980.00", "4")], []))
    rows, skipped = read(write(tmp_path, [*session(), lost, after, touch, healed]))
    gap = of(rows, Kind.GAP)
    assert gap.tolist() == [
        (US + 6_000_000, 1_700_000_000_777_000, 120, GapCause.CHAIN_BREAK, Scope.BOOK, Kind.GAP, 0, 0,
         Flag.SYNTHETIC | Flag.LAST)
    ]  # fmt: skip
    behind = rows[rows["ts"] > gap["ts"][0]]
    assert behind["kind"].tolist() == [Kind.TOUCH, Kind.TOUCH, Kind.BOOK_CLEAR, Kind.BOOK, Kind.BOOK]
    assert behind["ts"].tolist()[2:] == [US + 9_000_000] * 3, "the event that waited is known when the snapshot is"
    assert behind["seq"].tolist()[2:] == [125, 125, 130], "and keeps its own id"
    assert skipped == {}


def test_what_waits_for_a_snapshot_that_never_comes_is_counted(tmp_path):
    rows, skipped = read(write(tmp_path, session()[1:]))
    assert set(rows["kind"].tolist()) == {Kind.TOUCH, Kind.TRADE}
    assert skipped == {"depth_without_snapshot": 2}


def test_a_stale_and_a_seamless_snapshot_change_nothing(tmp_path):
    stale = wires.line(NS + 5 * SECOND, wires.snapshot(110, [], []))
    seamless = wires.line(NS - SECOND, wires.snapshot(50, [], []))
    early = wires.line(NS - 2 * SECOND, wires.depth(80, 98, 70, [], []), DEPTH)
    rows, skipped = read(write(tmp_path, [early, seamless, *session(), stale]))
    assert skipped == {"stale_snapshot": 1, "snapshot_no_seam": 1}
    assert rows.tolist() == read(write(tmp_path, session()))[0].tolist()


def test_top_n_streams_and_other_speeds_never_enter_the_book(tmp_path):
    extra = [
        wires.line(NS + 3 * SECOND, wires.depth(104, 107, 103, [("1.0", "1")], []), "btcusdt@depth5@100ms"),
        wires.line(NS + 3 * SECOND, wires.depth(100, 108, 99, [("2.0", "1")], []), "btcusdt@depth@500ms"),
        wires.line(NS + 3 * SECOND, wires.depth(100, 108, 99, [("3.0", "1")], []), "btcusdt@rpiDepth@500ms"),
    ]
    lines = session()
    rows, skipped = read(write(tmp_path, lines[:4] + extra + lines[4:]))
    assert rows.tolist() == read(write(tmp_path, lines))[0].tolist()
    assert skipped == {"partial_depth": 1, "depth_of_other_speed": 1, "stream_rpiDepth": 1}


def test_another_speed_in_a_later_file_is_followed(tmp_path):
    later = wires.line(NS + 9 * SECOND, wires.depth(111, 115, 110, [("60990.00", "3")], []), "btcusdt@depth@0ms")
    rows, skipped = read(write(tmp_path, session(), "a.gz"), write(tmp_path, [later], "b.gz"))
    assert (rows["seq"][-1], skipped) == (115, {})


def test_depth_of_the_other_market_is_left_out(tmp_path):
    rows, skipped = read(write(tmp_path, session()), instrument=SPOT)
    assert skipped["depth_of_other_market"] == 2
    assert not (rows["kind"] == Kind.BOOK).any() or (rows["flags"][rows["kind"] == Kind.BOOK] & Flag.SNAPSHOT).all()


def test_a_snapshot_that_may_be_another_symbols_is_left_out(tmp_path):
    other = wires.line(NS, wires.depth(1, 2, 0, symbol="ETHUSDT"), "ethusdt@depth@100ms")
    rows, skipped = read(write(tmp_path, [other, *session()]))
    assert not np.isin(rows["kind"], [Kind.BOOK, Kind.BOOK_CLEAR]).any()
    assert skipped == {"other_symbol": 1, "snapshot_without_symbol": 1, "depth_without_snapshot": 2}


def test_no_trade_counts_twice(tmp_path):
    lines = session()
    again = wires.line(NS + 9 * SECOND, wires.trade(1, "61000.10", "0.005"), "btcusdt@trade")
    far = [wires.line(NS + 9 * SECOND, wires.trade(1 + k * 65_536, "61000.10", "0.005")) for k in (1, 0)]
    rows, skipped = read(write(tmp_path, [*lines, again, *far]))
    assert of(rows, Kind.TRADE)["seq"].tolist() == [1, 65_537]
    assert skipped == {"trade_twice": 2}


def test_trades_out_of_order_are_kept(tmp_path):
    lines = [wires.line(NS, wires.trade(k, "1.0", "0.005"), "btcusdt@trade") for k in (5, 3, 4, 6)]
    assert read(write(tmp_path, lines))[0]["seq"].tolist() == [5, 3, 4, 6]


def test_one_kind_of_print_is_the_tape(tmp_path):
    aggs = [wires.line(NS + k, wires.agg_trade(k, "1.0", "0.005"), "btcusdt@aggTrade") for k in range(3)]
    trades = [wires.line(NS + 9, wires.trade(k, "1.0", "0.005"), "btcusdt@trade") for k in range(4)]
    rows, skipped = read(write(tmp_path, aggs + trades))
    assert (rows["seq"].tolist(), skipped) == ([0, 1, 2, 3], {"agg_trade_beside_trade": 3})
    assert not (rows["flags"] & Flag.AGG).any()
    rows, skipped = read(write(tmp_path, aggs))
    assert (rows["flags"] == Flag.AGG | Flag.LAST).all()


def test_a_print_without_size_is_no_row(tmp_path):
    rows, skipped = read(write(tmp_path, [wires.line(NS, wires.trade(1, "0", "0"))]))
    assert (len(rows), skipped) == (0, {"trade_without_size": 1})


def test_an_empty_side_of_the_touch_has_no_size(tmp_path):
    rows, _ = read(write(tmp_path, [wires.line(NS, wires.touch(5, ("0.00", "0.000"), ASK))]))
    assert rows[["px", "qty", "side"]].tolist() == [(0, 0, 1), (610_001, 2000, -1)]


def test_the_local_clock_never_runs_back_and_a_bad_line_does_not_move_it(tmp_path):
    lines = [
        wires.line(NS + 5 * SECOND, wires.trade(1, "1.0", "1")),
        b"9999999999 {broken\n",
        wires.line(NS + 4 * SECOND, wires.trade(2, "1.0", "1")),
        wires.line(NS + 6 * SECOND, wires.trade(3, "1.0", "1")),
    ]
    rows, skipped = read(write(tmp_path, lines))
    assert (rows["ts"] - US).tolist() == [5_000_000, 5_000_000, 6_000_000]
    assert skipped == {"bad_json": 1, "clock_back": 1}


def test_spaces_and_any_line_end_give_the_same_rows(tmp_path):
    spaced = []
    for line in session():
        stamp, body = line.decode().split(" ", 1)
        spaced.append(f"{stamp} {json.dumps(json.loads(body), indent=None)}\r\n\n".encode())
    assert read(write(tmp_path, spaced))[0].tolist() == read(write(tmp_path, session()))[0].tolist()


@given(cuts=st.sets(st.integers(1, 9), max_size=5), size=st.sampled_from([1, 7, 200, 1 << 20]))
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blocks_and_files_leave_no_seam(tmp_path, cuts, size):
    extra = [wires.line(NS + 6 * SECOND, wires.depth(116, 120, 115, [BID], []), DEPTH)]
    trades = [wires.trade(k, "61000.10", "0.005") for k in (2, 2, 3)]
    extra += [wires.line(NS + 7 * SECOND + k * 1000, trade, "btcusdt@trade") for k, trade in enumerate(trades)]
    extra.append(wires.line(NS + 9 * SECOND, wires.snapshot(118, [BID], [ASK])))
    lines = session() + extra
    lines += [wires.line(NS + 10 * SECOND, wires.depth(121, 123, 120, [], [ASK]), DEPTH)]
    whole = read(write(tmp_path, lines))
    bounds = [0, *sorted(cuts), len(lines)]
    parts = [lines[a:b] for a, b in itertools.pairwise(bounds)]
    paths = [write(tmp_path, part, f"part{k}.zst") for k, part in enumerate(parts)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        pieces = read(*reversed(paths))
    assert (pieces[0].tolist(), pieces[1]) == (whole[0].tolist(), whole[1])


def test_a_gz_of_several_parts_is_one_recording(tmp_path):
    lines = session()
    path = tmp_path / "x.gz"
    path.write_bytes(b"".join(gzip.compress(line) for line in lines))
    assert read(path)[0].tolist() == read(write(tmp_path, lines, "y.gz"))[0].tolist()


@pytest.mark.parametrize("name", ["x.gz", "x.zst"])
def test_a_torn_file_gives_its_whole_lines_and_says_so(tmp_path, name):
    rng = np.random.default_rng(3)
    lines = [wires.line(NS + k, wires.trade(k, f"{rng.integers(10**6)}.0", "0.005")) for k in range(20_000)]
    path = write(tmp_path, lines, name)
    path.write_bytes(path.read_bytes()[:-40])
    rows, skipped = read(path)
    assert skipped == {"truncated_" + path.suffix[1:]: 1}
    assert rows["seq"].tolist() == list(range(len(rows)))
    assert len(rows) > 10_000


def test_a_damaged_gz_gives_what_came_before(tmp_path):
    rng = np.random.default_rng(3)
    lines = [wires.line(NS + k, wires.trade(k, f"{rng.integers(10**6)}.0", "0.005")) for k in range(20_000)]
    path = write(tmp_path, lines)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    path.write_bytes(data)
    rows, skipped = read(path)
    assert skipped["damaged_gz"] == 1
    assert 0 < len(rows) < 20_000


def test_a_broken_line_costs_that_line_alone(tmp_path):
    lines = session()
    lines.insert(3, b'%d {"stream":"btcusdt@trade","data":{"e":"tra\n' % NS)
    rows, skipped = read(write(tmp_path, [*lines, wires.line(NS, wires.trade(2, "1.0", "1"))[:-4]], "x.jsonl"))
    assert rows.tolist() == read(write(tmp_path, session()))[0].tolist()
    assert skipped == {"bad_json": 2}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.gz", b"not gzip", "x.gz: is not gzip"),
        ("x.zst", b"not zstd", "x.zst: is not zstd"),
        ("x.txt", b"hello\nworld\n", "x.txt: no line begins with a local time stamp"),
        ("x.txt", b"1700000000 " + b"a" * (1 << 24), "more than 8 MiB"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words):
        read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FormatError, match="gone.gz"):
        read(tmp_path / "gone.gz")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (wires.trade(9, "61000.123", "0.005"), r"x\.gz: line 6.*price 61000\.123.*--tick 0\.001"),
        (wires.trade(9, "61000.1", "0.0055"), r"line 6.*size 0\.0055.*--lot 0\.0005"),
        (wires.depth(111, 112, 110, [], [("61000.15", "1")]), r"line 6.*price 61000\.15"),
        (wires.touch(9, BID, ("61000.10", "0.0001")), r"line 6.*size 0\.0001"),
        (wires.snapshot(200, [("61000.01", "1")], []), r"line 6.*price 61000\.01"),
    ],
)
def test_a_number_off_the_grid_is_refused_with_its_place(tmp_path, body, words):
    with pytest.raises(FormatError, match=words):
        stream = DEPTH if "U" in body else None
        read(write(tmp_path, [*session(), wires.line(NS + 9 * SECOND, body, stream)]))
