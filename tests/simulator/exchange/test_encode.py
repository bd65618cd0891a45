"""A tape told as the exchange and read back by the importer is the tape again."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lobterm.events import Flag, Kind
from lobterm.simulator.exchange.book import Book, book_hash
from lobterm.tape import parquet
from lobterm.tape.convert import Sizes, import_tape
from lobterm.tape.verify import final_book
from lobterm.wire.continuity import BookSync, Ids, PerpRule, SpotRule, Verdict
from tests.simulator.exchange import wired
from tests.tape import rows as r

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
T = r.START
MS = 1_000
AGG, RPI = int(Flag.AGG), int(Flag.RPI)


@pytest.fixture(scope="module")
def demo():
    return parquet.open_tape(DEMO)


@pytest.fixture(scope="module")
def told(demo):
    return wired.messages(demo)


def test_the_bundled_market_comes_back_row_for_row(demo, tmp_path):
    instrument = demo.meta.instruments[0]
    rows, skipped = wired.read_back(tmp_path, wired.recorded(demo), instrument)
    tape = demo.read()
    assert skipped == {"agg_trade_beside_trade": 10_729}
    for kind in (Kind.TOUCH, Kind.TRADE):
        assert wired.of(rows, kind).tolist() == wired.of(tape, kind).tolist()
    back, kept = wired.ordered(wired.changes(rows)), wired.ordered(wired.changes(tape))
    assert back.tolist() == kept.tolist()
    second = wired.of(tape, Kind.MARK, Kind.INDEX, Kind.FUNDING)
    assert wired.of(rows, Kind.MARK, Kind.INDEX, Kind.FUNDING).tolist() == second.tolist()
    assert len(wired.of(rows, Kind.LIQUIDATION)) == len(wired.of(tape, Kind.LIQUIDATION))
    for mine, theirs in zip(final_book([rows], 0), final_book([tape], 0), strict=True):
        assert mine.tolist() == theirs.tolist()
    assert not len(wired.of(rows, Kind.GAP))


@pytest.mark.parametrize(
    ("folder", "symbol", "options"),
    [("usdm-btcusdt-20240808", "BTCUSDT", ()), ("spot-btcusdt-20240808", "BTCUSDT", ("spot",))],
)
def test_a_real_recording_comes_back(shared_data, tmp_path, folder, symbol, options):
    from lobterm import config

    source = sorted((shared_data / folder).glob("*.gz"))
    spot = "spot" in options
    out = tmp_path / "real.parquet"
    import_tape(
        [] if spot else source, source[:1] if spot else [], out, Sizes(config.load(None)), symbol=symbol, progress=None
    )
    tape = parquet.open_tape(out)
    instrument = tape.meta.instruments[0]
    rows, _ = wired.read_back(tmp_path, wired.recorded(tape, paths=("",) if spot else ("public",)), instrument)
    whole = tape.read()
    for kind in (Kind.TOUCH, Kind.TRADE):
        assert wired.of(rows, kind)[["exch_ts", "seq", "px", "qty", "side"]].tolist() == (
            wired.of(whole, kind)[["exch_ts", "seq", "px", "qty", "side"]].tolist()
        )
    names = ["ts", "seq", "px", "qty", "side"]
    assert wired.changes(rows)[names].tolist()[-2_000:] == wired.changes(whole)[names].tolist()[-2_000:]
    for mine, theirs in zip(final_book([rows], int(spot)), final_book([whole], int(spot)), strict=True):
        assert mine[:500].tolist() == theirs[:500].tolist()


def captured(path, drop):
    """Return a recording's frames by stream, without what `drop` matches."""
    frames = {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            wrapped = json.loads(line.split(" ", 1)[1])
            if "stream" in wrapped:
                text = line.split('"data":', 1)[1].strip()[:-1]
                frames.setdefault(wrapped["stream"].partition("@")[2], []).append(re.sub(drop, "", text))
    return frames


@pytest.mark.parametrize(
    ("folder", "spot", "drop"),
    [
        ("usdm-btcusdt-20240808", False, r'"E":\d+,?|"U":\d+,|"ps":"BTCUSDT",|,?"st":1'),
        ("spot-btcusdt-20240808", True, r'(?<="trade",)"E":\d+,'),
    ],
)
def test_real_frames_come_out_byte_for_byte(shared_data, tmp_path, folder, spot, drop):
    """All but what no tape keeps: when a frame was pushed, futures' first id, and keys that are newer than the recording."""
    from lobterm import config

    source = sorted((shared_data / folder).glob("*.gz"))[0]
    out = tmp_path / "real.parquet"
    import_tape(
        [] if spot else [source],
        [source] if spot else [],
        out,
        Sizes(config.load(None)),
        symbol="BTCUSDT",
        progress=None,
    )
    real, mine = captured(source, drop), {}
    for message in wired.messages(parquet.open_tape(out)):
        mine.setdefault(message.stream.partition("@")[2], []).append(re.sub(drop, "", message.text).replace(",}", "}"))
    depth = "depth@100ms" if spot else "depth@0ms"
    for name, theirs in ((depth, "depth@100ms"), ("trade", "trade"), ("bookTicker", "bookTicker")):
        ours = mine[theirs]
        frames = [frame.replace(",}", "}") for frame in real[name]]
        skipped = frames.index(ours[1]) - 1
        assert ours[1:] == frames[skipped + 1 :], name
        assert skipped < 10, "only what came before the book's snapshot"


def test_every_message_of_the_book_follows_the_one_before(told):
    sync = BookSync(PerpRule())
    events = wired.payloads(told, "@depth@100ms")
    sync.on_snapshot(events[0]["pu"])
    verdicts = {sync.on_event(Ids(e["U"], e["u"], e["pu"]), lambda: None) for e in events}
    assert verdicts == {Verdict.APPLY}
    assert all(e["pu"] < e["U"] <= e["u"] for e in events)
    assert any(e["U"] > e["pu"] + 1 for e in events), "futures ids leap"


def test_a_snapshot_at_any_moment_joins_by_the_official_rule_or_right_behind(demo):
    player = wired.player_of(demo)
    inside = taken = 0
    at = demo.meta.first_ts_us + 1_000_000
    while at < demo.meta.first_ts_us + 60_000_000:
        list(player.until(at))
        book = {side: player.perp.book.top(side, 5_000) for side in (1, -1)}
        snapshot_id, previous = player.snapshot_id(player.perp), player.perp.chain.last
        at += 37_000
        events = [m for m in player.until(at) if m.book_id]
        if events:
            first = json.loads(events[0].text)
            taken += 1
            inside += first["U"] <= snapshot_id <= first["u"]
            assert previous <= snapshot_id < first["u"]
            copy = Book()
            for side, levels in book.items():
                for ticks, lots in levels:
                    copy.set(side, ticks, lots)
            for side, key in ((1, "b"), (-1, "a")):
                for price, size in first[key]:
                    copy.set(side, round(float(price) * 10), round(float(size) * 1_000))
            assert copy.hash() == player.hashes[0].by_id[first["u"]]
    assert inside > taken // 2 > 100


def test_the_hash_is_what_a_client_computes_from_its_own_book(demo, tmp_path):
    player = wired.player_of(demo)
    for _ in player.until(wired.ALWAYS):
        pass
    book_id, told = list(player.hashes[0].by_id.items())[-1]
    bids, asks = final_book(demo.chunks(), 0)
    assert book_id == player.perp.chain.last
    assert book_hash(bids, asks) == told
    assert book_hash(bids, asks[1:]) != told
    assert book_hash(bids[:0], asks[:0]) == book_hash([], [])


def spot_tape(tmp_path):
    values = [
        *r.snapshot(T, [(6_000_000, 10), (5_999_999, 20)], [(6_000_001, 30)], market=1),
        r.book(T + MS, 6_000_000, 0, 1, seq=5, exch=T, market=1),
        r.trade(T + 2 * MS, 6_000_001, 7, 1, seq=3, exch=T + MS, market=1),
        r.book(T + 3 * MS, 5_999_999, 25, 1, 0, seq=9, exch=T + MS, market=1),
        r.book(T + 3 * MS, 6_000_000, 25, 1, seq=9, exch=T + MS, market=1),
        *((T + 4 * MS, 0, 9, 6_000_000 + k, 25, int(Kind.TOUCH), 1 - 2 * k, 1, k) for k in (0, 1)),
    ]
    return wired.tape_of(tmp_path, values, r.SPOT)


def test_spot_comes_back_and_its_ids_are_contiguous(tmp_path):
    tape = spot_tape(tmp_path)
    rows, skipped = wired.read_back(tmp_path, wired.recorded(tape, paths=("",)), r.SPOT)
    assert skipped == {}
    names = ["ts", "px", "qty", "kind", "side"]
    assert wired.of(rows, Kind.TRADE)[names].tolist() == wired.of(tape.read(), Kind.TRADE)[names].tolist()
    assert wired.of(rows, Kind.TOUCH)[names].tolist() == wired.of(tape.read(), Kind.TOUCH)[names].tolist()
    assert np.sort(wired.changes(rows)[names]).tolist() == np.sort(wired.changes(tape.read())[names]).tolist()
    sync = BookSync(SpotRule())
    sync.on_snapshot(0)
    events = wired.payloads(wired.messages(tape), "@depth@100ms")
    assert [sync.on_event(Ids(e["U"], e["u"], -1), lambda: None) for e in events] == [Verdict.APPLY] * 2
    assert events[1]["b"] == [["60000.00000000", "0.00025000"], ["59999.99000000", "0.00025000"]], "best first"


def trade(at_ms, seq, px, qty, side=1, flags=r.LAST):
    return r.trade(T + at_ms * MS + 500, px, qty, side, flags, exch=T + at_ms * MS, seq=seq)


def test_fills_of_one_price_and_side_become_one_aggregate_150_ms_late(tmp_path):
    values = [
        trade(0, 1, 100, 2), trade(40, 2, 100, 3), trade(60, 3, 101, 1), trade(70, 4, 101, 1, -1), trade(80, 5, 101, 4, -1),
        trade(90, 6, 101, 5, -1, r.LAST | RPI), trade(185, 7, 101, 1, -1),
    ]  # fmt: skip
    tape = wired.tape_of(tmp_path, values, r.PERP)
    found = wired.messages(tape)
    aggregates = wired.payloads(found, "@aggTrade")
    assert [(a["a"], a["f"], a["l"], a["q"], a["nq"], a["m"]) for a in aggregates] == [
        (1, 1, 2, "0.005", "0.005", False),
        (2, 3, 3, "0.001", "0.001", False),
        (3, 4, 6, "0.010", "0.005", True),
        (4, 7, 7, "0.001", "0.001", True),
    ]
    assert [a["E"] - a["T"] for a in aggregates] == [150] * 4
    assert [t["X"] for t in wired.payloads(found, "@trade")] == ["MARKET"] * 5 + ["RPI", "MARKET"]
    streams = [m.stream.partition("@")[2] for m in found]
    assert streams.index("aggTrade") == 6, "told when it is due, between the trades"


def test_a_tape_of_aggregates_is_told_as_it_is(tmp_path):
    values = [
        r.trade(T, 100, 3, 1, AGG, exch=T - 150 * MS, seq=9),
        r.trade(T, 100, 2, 1, AGG | RPI | r.LAST, exch=T - 150 * MS, seq=9),
        r.trade(T + 1, 101, 5, -1, AGG | r.LAST, exch=T - 149 * MS, seq=10),
    ]
    tape = wired.tape_of(tmp_path, values, r.PERP)
    rows, skipped = wired.read_back(tmp_path, wired.recorded(tape), r.PERP)
    assert (rows.tolist(), skipped) == (tape.read().tolist(), {})


def liquidation(at_ms, px_e8, qty, side=-1, late_ms=0):
    return (T + (at_ms + late_ms) * MS, T + at_ms * MS, 0, px_e8, qty, int(Kind.LIQUIDATION), side, 0, r.LAST)


def test_liquidations_are_late_thinned_to_the_latest_and_a_second_apart(tmp_path):
    values = [liquidation(at, 10**9 + at, at + 1) for at in (0, 100, 900, 950, 1_800, 5_000)]
    found = wired.payloads(wired.messages(wired.tape_of(tmp_path, values, r.PERP)), "@forceOrder")
    assert [(f["E"] - T // MS, f["o"]["T"] - T // MS, f["o"]["z"]) for f in found] == [
        (1_000, 950, "0.951"),
        (2_800, 1_800, "1.801"),
        (6_000, 5_000, "5.001"),
    ]


def test_liquidations_of_a_real_recording_pass_as_they_are(tmp_path):
    values = [liquidation(at, 10**9, at + 1, side, 1_010) for at, side in ((0, 1), (1_000, -1))]
    tape = wired.tape_of(tmp_path, values, r.PERP)
    rows, skipped = wired.read_back(tmp_path, wired.recorded(tape), r.PERP)
    assert (rows.tolist(), skipped) == (tape.read().tolist(), {})


def test_a_later_snapshot_is_told_as_its_difference(tmp_path):
    values = [
        *r.snapshot(T, [(100, 1), (99, 2)], [(101, 3)]),
        (T + 1, 0, 50, 1, 0, int(Kind.GAP), 0, 0, r.LAST),
        *r.snapshot(T + 2, [(100, 1), (98, 4)], [(101, 5)]),
    ]
    found = wired.payloads(wired.messages(wired.tape_of(tmp_path, values, r.PERP)), "@depth@100ms")
    assert [(e["b"], e["a"]) for e in found] == [([["9.80", "0.004"], ["9.90", "0.000"]], [["10.10", "0.005"]])]


def test_a_tape_without_touches_tells_the_books_own(tmp_path):
    values = [
        *r.snapshot(T, [(100, 1)], [(102, 3)]),
        r.book(T + 5, 101, 2, 1, seq=7, exch=T),
        r.book(T + 9, 90, 2, 1, seq=9),
    ]
    found = wired.payloads(wired.messages(wired.tape_of(tmp_path, values, r.PERP)), "@bookTicker")
    assert [(e["u"], e["b"], e["B"], e["a"], e["A"]) for e in found] == [(7, "10.10", "0.002", "10.20", "0.003")]


def test_laps_go_on_in_time_and_ids_and_end_in_the_same_book(demo, tmp_path):
    player = wired.player_of(spot_tape(tmp_path), loop=True)
    found = list(player.until(T + 250_000))
    events = wired.payloads(found, "@depth@100ms")
    assert len(events) >= 6
    assert all(after["U"] == before["u"] + 1 for before, after in zip(events, events[1:], strict=False))
    trades = wired.payloads(found, "@trade")
    assert [t["t"] for t in trades] == list(range(3, 3 + len(trades)))
    assert all(after["E"] >= before["E"] for before, after in zip(events, events[1:], strict=False))
    assert player.spot.book.top(1, 5) == [(6_000_000, 25), (5_999_999, 25)]


def test_what_only_a_recorder_knows_is_not_told(tmp_path):
    flags = r.LAST | int(Flag.WARM)
    values = [
        r.trade(T, flags=flags),
        *((T, 0, 0, 0, 0, int(kind), 0, 0, r.LAST) for kind in (Kind.GAP, Kind.HEARTBEAT)),
    ]
    assert wired.messages(wired.tape_of(tmp_path, values, r.PERP)) == []
