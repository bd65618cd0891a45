"""Lines become the same rows however they are cut; one bad frame costs that frame; what is lost is said to be lost."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lobterm.events import Flag, GapCause, Kind, Market, Scope
from lobterm.feeds.binance.decoder import Decoder
from lobterm.feeds.binance.local_book import Why
from lobterm.instrument import Instrument
from lobterm.tape.digest import TapeDigest
from lobterm.tape.recording import warm
from lobterm.tape.verify import BookCheck
from lobterm.wire import control
from tests.feeds.binance import feeding as fd
from tests.wire import wires

BID, ASK = ("1000.00", "0.005"), ("1000.10", "0.006")
PUBLIC_TRADE = (0, fd.own(control.TradeSource("trade")))


def digest(rows):
    sha = TapeDigest()
    sha.add(rows)
    return sha.hexdigest()


def told(rows, *kinds, market=0):
    return rows[np.isin(rows["kind"], kinds) & (rows["market"] == market)]


def gaps(rows, market=0):
    return [(GapCause(int(g["px"])), Scope(int(g["qty"]))) for g in told(rows, Kind.GAP, market=market)]


def depth(first, last, previous, bids=(), asks=(), **extra):
    return (0, fd.body(wires.depth(first, last, previous, bids, asks, **extra), "btcusdt@depth@100ms"))


def touch(ident, bid=BID, ask=ASK, **extra):
    return (0, fd.body(wires.touch(ident, bid, ask, **extra), "btcusdt@bookTicker"))


def trade(ident, px="1000.10", **extra):
    return (0, fd.body(wires.trade(ident, px, "0.002", **extra), "btcusdt@trade"))


def agg(ident):
    return (0, fd.body(wires.agg_trade(ident, "1000.00", "0.004", nq="0.003"), "btcusdt@aggTrade"))


def joined():
    """A perpetual whose book is known at id 105."""
    return [PUBLIC_TRADE, depth(95, 105, 90, [("999.90", "0.001")]), (0, fd.body(wires.snapshot(100, [BID], [ASK])))]


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_any_cut_of_the_same_lines_gives_the_same_rows(seed, data):
    lines = fd.session(seed)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=12)))
    whole, one = fd.read(lines)
    pieces, other = fd.read(lines, cuts)
    assert digest(pieces) == digest(whole)
    assert one.skipped == other.skipped
    assert (np.diff(whole["ts"]) >= 0).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_line_by_line_too_and_asking_for_snapshots_changes_nothing(seed):
    lines = fd.session(seed)
    reader = fd.decoder()
    parts = []
    for k, (market, line) in enumerate(lines):
        parts.append(reader.read(line if market == 0 else b"", line if market == 1 else b""))
        for book in reader.books.values():
            if book.wants_snapshot((fd.NS + k * fd.STEP_NS) // 1_000):
                book.asked()
    assert digest(np.concatenate(parts)) == digest(fd.read(lines)[0])


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_torn_and_scrambled_frames_are_borne_and_cut_anywhere_all_the_same(seed):
    dice, lines = Random(seed), []
    for market, line in fd.session(seed, 120):
        text = bytearray(line[20:-1])
        for _ in range(dice.choice([0, 0, 0, 1, 3]) if text else 0):
            at = dice.randrange(len(text))
            text[at : at + dice.choice([0, 1, 1, 30])] = dice.randbytes(dice.choice([0, 1, 2])).replace(b"\n", b"")
            if not text:
                break
        lines.append((market, line[:20] + bytes(text) + b"\n"))
    whole, one = fd.read(lines)
    pieces, other = fd.read(lines, range(7, len(lines), 7))
    assert (digest(pieces), other.skipped) == (digest(whole), one.skipped)
    assert (whole["px"][np.isin(whole["kind"], (Kind.BOOK, Kind.TOUCH, Kind.TRADE))] >= 0).all()


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_the_rows_never_show_a_crossed_book(seed):
    rows, _ = fd.read(fd.session(seed))
    for market in (0, 1):
        check = BookCheck(market)
        check.add(rows)
        assert check.crossed == 0


def test_every_kind_of_row_comes_of_a_session():
    lines = fd.session(11, 2_000)
    rows, reader = fd.read(lines)
    assert {Kind(int(kind)) for kind in np.unique(rows["kind"])} >= set(Kind) - {Kind.REFERENCE}
    assert reader.books[Market.PERP].resyncs > 3


def test_a_missing_update_is_a_gap_that_a_snapshot_ends():
    again = (0, fd.body(wires.snapshot(125, [BID], [ASK])))
    rows, reader = fd.read(fd.stamped([*joined(), depth(120, 130, 119, [("999.80", "0.003")]), again]))
    assert gaps(rows) == [(GapCause.CHAIN_BREAK, Scope.BOOK)]
    assert reader.books[Market.PERP].known
    assert rows[-1]["px"] == 9_998, "the update that showed the gap is joined to the snapshot"


def test_a_change_that_would_cross_the_book_is_not_handed_on():
    rows, reader = fd.read(fd.stamped([*joined(), depth(106, 110, 105, [("1000.20", "0.001")])]))
    assert reader.books[Market.PERP].why is Why.CROSSED
    assert gaps(rows) == [(GapCause.CROSSED, Scope.BOOK)]
    assert 10_002 not in rows["px"].tolist()


def test_best_prices_that_contradict_the_book_end_it():
    lines = [*joined(), touch(104), touch(107, BID, ("1000.10", "0.009")), touch(120)]
    rows, reader = fd.read(fd.stamped([*lines[:4], depth(106, 110, 105, [("999.80", "0.001")]), *lines[4:]]))
    assert reader.books[Market.PERP].why is Why.MISMATCH
    assert gaps(rows) == [(GapCause.CROSSED, Scope.BOOK)]


def test_a_change_that_contradicts_best_prices_told_before_is_not_handed_on():
    late = depth(106, 110, 105, [("999.70", "0.004")])
    rows, reader = fd.read(fd.stamped([*joined(), touch(107, ("1000.00", "0.009")), touch(120), late]))
    assert reader.books[Market.PERP].why is Why.MISMATCH
    assert rows["kind"][-1] == Kind.GAP
    assert 9_997 not in rows["px"].tolist()


def test_the_first_diff_stream_is_followed_and_another_one_after_its_socket_is_gone():
    def slow(first, last, previous):
        return (0, fd.body(wires.depth(first, last, previous, [("999.60", "0.001")]), "btcusdt@depth"))

    lines = [*joined(), touch(200), slow(106, 110, 105), (0, fd.own(control.Disconnect("public"))), touch(50)]
    lines += [slow(40, 55, 39), (0, fd.body(wires.snapshot(50, [BID], [ASK])))]
    rows, reader = fd.read(fd.stamped(lines))
    assert reader.skipped == {"depth_of_other_speed": 1}
    assert (reader.books[Market.PERP].known, reader.books[Market.PERP].ident) == (True, 55)
    assert told(rows, Kind.TOUCH)["seq"].tolist() == [200, 200, 50, 50], "ids begin anew with another connection"


@pytest.mark.parametrize("answer", [b"<html>", b"{}", fd.body(wires.snapshot(100, [BID], [("1000.10", "0.00001")]))])
def test_an_answer_that_is_no_snapshot_is_asked_for_again(answer):
    _, reader = fd.read(fd.stamped(joined()[:2]))
    book = reader.books[Market.PERP]
    book.asked()
    later = fd.NS + 10**9
    fd.read(fd.stamped([(0, answer)], later), reader=reader)
    assert not book.asking
    assert book.wants_snapshot(later // 1_000 + 60_000_000)


def test_spot_may_leave_out_a_best_price_but_not_twice_in_a_row():
    bid, lower, ask = ("100.00", "0.1"), ("99.00", "0.2"), ("100.01", "0.3")

    def spot(data, stream):
        return (1, fd.body(data, f"btcusdt@{stream}"))

    def step(k, bids):
        changed = spot(wires.depth(10 * k + 1, 10 * k + 10, None, bids), "depth@100ms")
        return [changed, spot(wires.touch(10 * k + 11, bid, ask), "bookTicker")]

    gone, back, rest = [("100.00", "0")], [bid], []
    head = [(1, fd.body(wires.snapshot(10, [bid, lower], [ask])))]
    start = [step(0, rest)[0], *head, step(0, rest)[1]]
    once = [*start, *step(1, gone), *step(2, back), *step(3, gone), *step(4, back), *step(5, rest)]
    rows, reader = fd.read(fd.stamped(once))
    assert (reader.books[Market.SPOT].known, gaps(rows, market=1)) == (True, [])
    rows, reader = fd.read(fd.stamped([*start, *step(1, gone), *step(2, rest), *step(3, rest)]))
    assert (reader.books[Market.SPOT].why, gaps(rows, market=1)) == (Why.MISMATCH, [(GapCause.CROSSED, Scope.BOOK)])


def test_a_crossed_snapshot_is_no_book():
    crossed = (0, fd.body(wires.snapshot(100, [ASK], [BID])))
    rows, reader = fd.read(fd.stamped([joined()[1], crossed]))
    assert not len(told(rows, Kind.BOOK))
    assert reader.skipped["snapshot_crossed"] == 1


@pytest.mark.parametrize("frame", fd.GARBAGE)
def test_a_bad_frame_costs_that_frame(frame):
    clean = [*joined(), touch(106), trade(1)]
    rows, reader = fd.read(fd.stamped([*clean[:3], (0, frame), *clean[3:]]))
    assert rows["px"].tolist() == fd.read(fd.stamped(clean))[0]["px"].tolist()
    assert sum(reader.skipped.values()) == 1


def test_a_bad_depth_frame_breaks_the_chain_by_itself():
    torn = depth(106, 110, 105, [("999.80", "0.001")])
    rows, reader = fd.read(fd.stamped([*joined(), (0, torn[1][:-9]), depth(111, 115, 110)]))
    assert gaps(rows) == [(GapCause.CHAIN_BREAK, Scope.BOOK)]
    assert [(h.stream, h.bad_frames) for h in reader.heard if h.bad_frames] == [("depth@100ms", 1)]


def test_levels_between_ticks_are_left_out_and_counted():
    odd = depth(106, 110, 105, [("999.80", "0.001"), ("500.05", "1.000"), ("999.70", "0.002")])
    rows, reader = fd.read(fd.stamped([*joined(), odd]))
    assert rows["px"][-2:].tolist() == [9_998, 9_997]
    assert (reader.skipped["level_between_ticks"], reader.books[Market.PERP].known) == (1, True)


def test_a_price_between_ticks_is_a_bad_frame():
    rows, reader = fd.read(fd.stamped([PUBLIC_TRADE, touch(107, ("1000.05", "1")), trade(1, "1000.07"), trade(2)]))
    assert rows["seq"].tolist() == [0, 2]
    assert [(h.stream, h.frames, h.bad_frames) for h in reader.heard] == [("trade", 1, 1), ("bookTicker", 0, 1)]


def test_numbers_beyond_all_measure_are_a_bad_frame():
    fine = Decoder(Instrument(Market.PERP, "BTCUSDT", Decimal("0.00000001"), Decimal("0.001")))
    rows, reader = fd.read(fd.stamped([*joined(), trade(1, "92000000000.00"), trade(2)]), reader=fine)
    assert told(rows, Kind.TRADE)["seq"].tolist() == [2]
    assert reader.skipped == {"beyond_measure": 1}


def test_trades_come_from_one_source_and_none_before_it_is_told():
    lines = [trade(1), PUBLIC_TRADE, trade(2), agg(1), (0, fd.own(control.TradeSource("aggTrade"))), trade(3), agg(2)]
    rows, reader = fd.read(fd.stamped(lines))
    trades = told(rows, Kind.TRADE)
    assert trades["seq"].tolist() == [2, 2, 2]
    assert (trades["flags"] & (Flag.AGG | Flag.RPI)).tolist() == [0, Flag.AGG, Flag.AGG | Flag.RPI]
    assert gaps(rows) == [(GapCause.RESET, Scope.TRADES)]
    assert reader.skipped["trade_before_source"] == 1


@pytest.mark.parametrize(
    ("source", "socket", "expected"),
    [
        ("trade", "public", [Scope.BOOK, Scope.TRADES]),
        ("trade", "market", []),
        ("aggTrade", "public", [Scope.BOOK]),
        ("aggTrade", "market", [Scope.TRADES]),
        ("trade", "spot", []),
    ],
)
def test_what_a_lost_socket_makes_unknown(source, socket, expected):
    lines = [(0, fd.own(control.TradeSource(source))), *joined()[1:], (0, fd.own(control.Disconnect(socket)))]
    rows, reader = fd.read(fd.stamped(lines))
    assert gaps(rows) == [(GapCause.DISCONNECT, scope) for scope in expected]
    assert reader.books[Market.PERP].known is (Scope.BOOK not in expected)


def test_spot_s_loss_is_spot_s_alone():
    dice_session = [(market, line) for market, line in fd.session(3, 400) if market == 1]
    spot, _ = fd.read(dice_session)
    end = int(dice_session[-1][1][:19])
    lines = [*dice_session, *fd.stamped([*joined(), (0, fd.own(control.Disconnect("spot")))], end + 1)]
    rows, reader = fd.read(lines)
    after = rows[rows["ts"] > end // 1_000]
    assert gaps(after) == []
    assert gaps(after, market=1)[-1] == (GapCause.DISCONNECT, Scope.TRADES)
    assert not reader.books[Market.SPOT].known


@pytest.mark.parametrize(
    ("stream", "expected"), [("depth@100ms", [Scope.BOOK]), ("trade", [Scope.TRADES]), ("bookTicker", [])]
)
def test_what_a_silent_stream_makes_unknown(stream, expected):
    rows, _ = fd.read(fd.stamped([*joined(), (0, fd.own(control.Silent(Market.PERP, f"btcusdt@{stream}")))]))
    assert gaps(rows) == [(GapCause.SILENCE, scope) for scope in expected]


def test_what_people_and_timers_did_stands_where_it_happened():
    events = [
        control.Param("maker.gamma", 2.5), control.Model(3), control.Order(-1, 10_001, 7), control.Heartbeat(),
        control.FundingSettled("-0.00012", 1_800_000_000_000), control.FundingInterval(4), control.Volume24h("12.3456"),
        control.OpenInterest("10.500", 1_800_000_000_123),
    ]  # fmt: skip
    rows, reader = fd.read(fd.stamped([(0, fd.own(event)) for event in events]))
    assert rows["px"][0] == np.float64(2.5).view(np.int64)
    assert [tuple(row) for row in rows[["px", "qty", "side", "exch_ts"]][1:].tolist()] == [
        (3, 0, 0, 0), (10_001, 7, -1, 0), (0, 0, 0, 0), (-12_000, 0, 0, 1_800_000_000_000_000),
        (0, 4 * 3_600_000_000, 0, 0), (0, 12_345, 0, 0), (0, 10_500, 0, 1_800_000_000_123_000),
    ]  # fmt: skip
    assert reader.skipped == {}


def test_a_parameter_that_nobody_knows_turns_nothing():
    rows, reader = fd.read(fd.stamped([(0, fd.own(control.Param("maker.gama", 2.5)))]))
    assert (len(rows), reader.skipped) == (0, {"unknown_param": 1})


def test_window_samples_of_earlier_recordings_come_first_and_are_told_apart_if_they_are_others():
    samples = fd.read(
        fd.stamped([(0, fd.own(control.Sample(1, [5, 6], [0.1, 2.5]))), (0, fd.own(control.Sample(4, [9], [7.0])))])
    )[0]
    assert (samples["flags"] == Flag.WARM | Flag.SYNTHETIC | Flag.LAST).all()
    hello = control.Hello("s", 0, 0, [control.InstrumentSizes(0, "BTCUSDT", "0.1", "0.001")], {}, warm.warmth(samples))
    lines = [hello, *warm.lines(samples)]
    rows, reader = fd.read(fd.stamped([(0, fd.own(event)) for event in lines]))
    assert rows[["px", "qty", "exch_ts"]].tolist() == samples[["px", "qty", "exch_ts"]].tolist()
    assert reader.skipped == {}
    lines[1] = control.Sample(1, [5, 6], [0.1, 2.4])
    assert fd.read(fd.stamped([(0, fd.own(event)) for event in lines]))[1].skipped == {"warm_samples_differ": 1}


def test_a_session_that_resumes_another_begins_unknown():
    hello = control.Hello("s", 0, 0, [control.InstrumentSizes(0, "BTCUSDT", "0.1", "0.001")], {}, resumes="r")
    rows, _ = fd.read(fd.stamped([(0, fd.own(hello))]))
    assert (gaps(rows), gaps(rows, market=1)) == ([(GapCause.RESET, Scope.ALL)], [(GapCause.RESET, Scope.ALL)])


def test_two_connections_that_overlap_tell_nothing_twice():
    force = {"s": "BTCUSDT", "S": "SELL", "ap": "1000.05", "z": "0.003", "T": 1_800_000_000_000}
    order = (0, fd.body({"e": "forceOrder", "E": 1_800_000_001_000, "o": force}, "btcusdt@forceOrder"))
    frames = [depth(106, 110, 105, [("999.80", "0.001")]), touch(106), trade(1), order]
    rows, reader = fd.read(fd.stamped([*joined(), *frames, *frames]))
    once, _ = fd.read(fd.stamped([*joined(), *frames]))
    assert len(rows) == len(once)
    assert dict(reader.skipped) == {"old_depth": 1, "old_touch": 1, "trade_twice": 1, "liquidation_twice": 1}


def test_each_stream_s_frames_and_delays_are_told():
    _, reader = fd.read(fd.stamped([touch(1), trade(1, t=fd.NS // 10**6 - 3), trade(2, X="NA", p="0", q="0"), agg(1)]))
    heard = {h.stream: (h.market, h.frames, h.bad_frames) for h in reader.heard}
    assert heard == {"bookTicker": (0, 1, 0), "trade": (0, 1, 0), "aggTrade": (0, 1, 0)}
    assert [h.delays_us.tolist() for h in reader.heard if h.stream == "trade"] == [[10_000]]


def test_names_off_the_wire_do_not_pile_up():
    lines = [(0, json.dumps({"e": f"event{k}", "s": "BTCUSDT"}).encode()) for k in range(1_000)]
    _, reader = fd.read(fd.stamped(lines))
    assert len(reader.skipped) < 300
    assert sum(reader.skipped.values()) == 1_000
