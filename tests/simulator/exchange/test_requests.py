"""Subscriptions and their replies, word for word; what a client may not do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobterm.simulator.exchange.market import Path
from lobterm.simulator.exchange.requests import MOST_STREAMS, Requests, address


def asked(target="/public/stream"):
    return Requests(address(target))


def say(requests, method, params=None, ident=1):
    request = {"method": method, "id": ident} | ({} if params is None else {"params": params})
    return json.loads(requests.reply(json.dumps(request)))


@pytest.mark.parametrize(
    ("target", "path", "combined", "streams"),
    [
        ("/public/stream?streams=a@depth/b@depth", Path.PUBLIC, True, ["a@depth", "b@depth"]),
        ("/market/stream", Path.MARKET, True, []),
        ("/market/ws/a@aggTrade/b@aggTrade", Path.MARKET, False, ["a@aggTrade", "b@aggTrade"]),
        ("/public/ws", Path.PUBLIC, False, []),
        ("/stream?streams=a@trade", Path.SPOT, True, ["a@trade"]),
        ("/ws/a%40trade", Path.SPOT, False, ["a@trade"]),
    ],
)
def test_addresses(target, path, combined, streams):
    at = address(target)
    assert (at.path, at.combined, at.streams) == (path, combined, streams)


@pytest.mark.parametrize(
    "target", ["/", "", "/fapi/v1/depth", "/private/ws", "/public", "/stream/a", "/public/public/ws"]
)
def test_what_is_no_websocket_address(target):
    assert address(target) is None


def test_the_replies():
    requests = asked()
    assert requests.reply('{"method":"SUBSCRIBE","params":["a@depth"],"id":1}') == '{"result":null,"id":1}'
    say(requests, "SUBSCRIBE", ["b@depth", "a@depth"])
    assert say(requests, "LIST_SUBSCRIPTIONS", ident=3) == {"result": ["a@depth", "b@depth"], "id": 3}
    assert say(requests, "UNSUBSCRIBE", ["a@depth", "c@depth"], 4) == {"result": None, "id": 4}
    assert list(requests.streams) == ["b@depth"]
    assert say(requests, "GET_PROPERTY", ["combined"]) == {"result": True, "id": 1}
    say(requests, "SET_PROPERTY", ["combined", False])
    assert not requests.combined


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 3), (b"\xff", 3), ("[" * 100_000, 3), ("[]", 2), ('{"method":"SUBSCRIBE","params":["a"],"id":"x"}', 2),
        ('{"method":"SUBSCRIBE","params":["a"],"id":true}', 2), ('{"method":"SUBSCRIBE","params":["a"]}', 2),
        ('{"method":"SUBSCRIBE","params":"a","id":1}', 2), ('{"method":"SUBSCRIBE","params":[1],"id":1}', 2),
        ('{"method":"SUBSCRIBE","params":["' + "a" * 200 + '"],"id":1}', 2), ('{"method":"JUMP","id":1}', 2),
        ('{"method":["SUBSCRIBE"],"id":1}', 2), ('{"method":"SET_PROPERTY","params":["combined",1],"id":1}', 1),
        ('{"method":"GET_PROPERTY","params":["x"],"id":1}', 0),
    ],
)  # fmt: skip
def test_bad_requests_change_nothing_and_say_so(text, code):
    requests = asked()
    assert json.loads(requests.reply(text))["code"] == code
    assert not requests.streams


def test_spot_takes_any_id():
    assert say(asked("/ws"), "SUBSCRIBE", ["a"], "x") == {"result": None, "id": "x"}


def test_streams_are_bounded():
    requests = asked()
    assert say(requests, "SUBSCRIBE", [f"s{k}" for k in range(MOST_STREAMS)]) == {"result": None, "id": 1}
    assert say(requests, "SUBSCRIBE", ["one more"])["code"] == 2
    assert len(asked("/public/ws/" + "/".join(f"s{k}" for k in range(2_000))).streams) == MOST_STREAMS


@pytest.mark.parametrize(("target", "most"), [("/public/ws", 10), ("/ws", 5)])
def test_requests_a_second_are_bounded(target, most):
    requests = asked(target)
    assert [requests.too_many(k) for k in range(most + 1)] == [False] * most + [True]
    assert not requests.too_many(2_000_000)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ),
    st.sampled_from(["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY", 7, None]),
    st.sampled_from(["/public/ws", "/stream"]),
)
def test_whatever_is_asked_is_replied_to(anything, method, target):
    for ident, params in ((anything, ["a"]), (1, anything), (1, [anything])):
        reply = asked(target).reply(json.dumps({"method": method, "params": params, "id": ident}))
        assert set(json.loads(reply)) in ({"result", "id"}, {"code", "msg"})
