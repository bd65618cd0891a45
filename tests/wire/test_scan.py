"""The scanner and the JSON parser say the same, or the scanner defers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lobterm.wire import message as msg
from lobterm.wire import slow
from lobterm.wire.message import MESSAGE
from lobterm.wire.scan import scan
from tests.wire import wires

STAMP = 1_700_000_000_000_000_000
BID, ASK = ("61000.00", "1.000"), ("61000.10", "2.5")
SHAPES = [
    (wires.depth(99, 105, 98, [BID, ("60999.90", "0")], [ASK]), "btcusdt@depth@100ms"),
    (wires.depth(99, 105, None, [("61000.00000000", "0.00000001")], [ASK]), "btcusdt@depth"),
    (wires.depth(1, 2, 0, [], [], ps="BTCUSDT", st=1, new={"a": [1, {"b": None}], "s": "-"}), None),
    (wires.trade(7, "61000.10", "0.005", seller=True), "btcusdt@trade"),
    (wires.trade(8, "61000.10", "0.005", X="RPI", st=1), None),
    (wires.agg_trade(9, "61000.10", "0.005", nq="0.002", st=1), "btcusdt@aggTrade"),
    (wires.touch(104, BID, ASK), "btcusdt@bookTicker"),
    ({"u": 4, "s": "BTCUSDT", "b": "1.0", "B": "2.0", "a": "3.0", "A": "0.00"}, None),
    (wires.trade(8, "1", "2", symbol="ETHUSDT"), None),
    (wires.depth(5, 6, 4, [BID], [], st=2), "btcusd_perp@depth"),
]
LINES = [wires.line(STAMP, *shape) for shape in SHAPES]
FIELDS = {
    msg.DEPTH: ("exch_us", "sent_us", "first_id", "last_id", "prev_id", "stream"),
    msg.TRADE: ("exch_us", "sent_us", "last_id", "px", "qty", "qty2", "side"),
    msg.AGG: ("exch_us", "sent_us", "last_id", "px", "qty", "qty2", "side"),
    msg.TOUCH: ("exch_us", "sent_us", "last_id", "px", "qty", "px2", "qty2"),
}


def scanned(text):
    """Return (kind, fields, bids, asks) of the first line of a block."""
    table = np.zeros(text.count(b"\n"), MESSAGE)
    px, qty = np.zeros(len(text), np.int64), np.zeros(len(text), np.int64)
    lines, count, _ = scan(np.frombuffer(text, np.uint8), np.frombuffer(b"BTCUSDT", np.uint8), table, px, qty)
    assert lines == text.count(b"\n")
    assert count == sum(bool(line.strip(b"\r")) for line in text.split(b"\n"))
    row = table[0]
    kind = int(row["kind"])
    fields = {name: int(row[name]) for name in FIELDS.get(kind, ())}
    levels = [
        list(zip(px[row[start] :][: row[size]].tolist(), qty[row[start] :][: row[size]].tolist(), strict=True))
        if kind == msg.DEPTH
        else []
        for start, size in (("bid0", "bids"), ("ask0", "asks"))
    ]
    return kind, fields, *levels


def parsed(text):
    """Return the same as `scanned`, or the reason to leave it out, from the JSON parser."""
    try:
        decoded = slow.decode(text.split(b" ", 1)[1].rstrip(b"\r\n"), "BTCUSDT")
    except slow.LeftOut as left_out:
        return left_out.reason
    fields = {name: decoded.fields[name] for name in FIELDS.get(decoded.kind, ())}
    return decoded.kind, fields, decoded.bids, decoded.asks


def assert_agree(text):
    got = scanned(text)
    if got[0] in msg.REASONS:
        if got[0] != msg.NO_STAMP:
            assert parsed(text) == msg.REASONS[got[0]]
    elif got[0] != msg.SLOW:
        assert got == parsed(text)


@pytest.mark.parametrize("line", LINES)
def test_every_usual_shape_is_read_without_the_parser(line):
    assert scanned(line)[0] != msg.SLOW
    assert_agree(line)


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_keys_in_any_order_give_the_same_numbers(shape, data):
    body, stream = shape
    keys = data.draw(st.permutations(list(body)))
    line = wires.line(STAMP, {key: body[key] for key in keys}, stream)
    assert scanned(line) == scanned(wires.line(STAMP, body, stream))


@pytest.mark.parametrize("shape", SHAPES)
def test_spaces_after_commas_and_colons_change_nothing(shape):
    body, _ = shape
    line = b"%d %b\n" % (STAMP, json.dumps(body).encode())
    assert scanned(line) == scanned(wires.line(STAMP, body))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_either_line_end_will_do(end):
    assert scanned(LINES[0].rstrip() + end) == scanned(LINES[0])


@given(
    line=st.sampled_from(LINES),
    cuts=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from([b"", b'"', *map(bytes, zip(range(256)))])),  # noqa: B905
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=400, deadline=None)
@example(line=LINES[0], cuts=[(60, 1, b"X")])
def test_a_mutated_line_is_read_alike_or_deferred(line, cuts):
    body = line[:-1]
    for at, size, new in cuts:
        at = 20 + at % (len(body) - 20)
        body = body[:at] + new + body[at + size :]
    assert_agree(body.replace(b"\n", b"") + b"\n")


@given(text=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_noise_is_never_a_message(text):
    block = b"%d " % STAMP + text.replace(b"\n", b" ") + b"\n"
    assert_agree(block)


@given(
    px=st.from_regex(rb"[0-9]{1,20}(\.[0-9]{0,12})?([eE][+-]?[0-9])?|-?[0-9.]{1,6}", fullmatch=True),
    number=st.from_regex(rb"-?[0-9]{1,22}(\.[0-9])?", fullmatch=True),
)
@settings(max_examples=400, deadline=None)
def test_numbers_of_any_form_are_read_alike_or_deferred(px, number):
    text = b'%d {"e":"trade","E":1,"T":%b,"s":"BTCUSDT","t":%b,"p":"%b","q":"%b","m":true}\n'
    assert_agree(text % (STAMP, number, number, px, px))


@pytest.mark.parametrize(
    ("time", "us"),
    [(1_700_000_000_123, 1_700_000_000_123_000), (1_700_000_000_123_456, 1_700_000_000_123_456)],
)
def test_exchange_times_are_ms_or_us_by_their_digits(time, us):
    line = wires.line(STAMP, wires.trade(1, "1", "1", t=time))
    assert scanned(line)[1]["exch_us"] == parsed(line)[1]["exch_us"] == us


@pytest.mark.parametrize(
    ("stamp", "us"),
    [
        (b"1700000000", 1_700_000_000_000_000),
        (b"1700000000123", 1_700_000_000_123_000),
        (b"1700000000123456", 1_700_000_000_123_456),
        (b"1700000000123456789", 1_700_000_000_123_456),
        (b"1700000000.5:", 1_700_000_000_500_000),
        (b"1700000000.1234567:", 1_700_000_000_123_456),
        (b"170000000", None),
        (b"17000000001234567890", None),
        (b"17000000001x", None),
        (b"", None),
    ],
)
def test_local_stamps_are_told_by_their_digits(stamp, us):
    table = np.zeros(1, MESSAGE)
    block = stamp + b' {"result":null,"id":1}\n'
    levels = np.zeros(9, np.int64)
    scan(np.frombuffer(block, np.uint8), np.frombuffer(b"BTCUSDT", np.uint8), table, levels, levels)
    assert (table[0]["kind"] == msg.NO_STAMP) == (us is None)
    if us is not None:
        assert table[0]["local_us"] == us


def test_a_table_that_is_too_short_is_said_so():
    levels = np.zeros(9, np.int64)
    got = scan(np.frombuffer(b"x\ny\n", np.uint8), np.frombuffer(b"B", np.uint8), np.zeros(1, MESSAGE), levels, levels)
    assert got[0] == -1


@pytest.mark.parametrize(
    "stream",
    ["btcusdt@depth5@100ms", "btcusdt@depth20", "btcusdt@rpiDepth@500ms", "btcusdt@depthX", "x", "btcusdt@trade"],
)
def test_a_depth_event_of_another_stream_is_no_diff(stream):
    line = wires.line(STAMP, SHAPES[0][0], stream)
    assert scanned(line)[0] == msg.SLOW
    assert isinstance(parsed(line), str)
