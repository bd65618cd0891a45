"""Messages in the exchange's shape, made by code."""

from __future__ import annotations

import json


def depth(first, last, previous=None, bids=(), asks=(), t=1_700_000_000_000, symbol="BTCUSDT", **extra):
    data = {"e": "depthUpdate", "E": t + 1, "T": t, "s": symbol, "U": first, "u": last}
    if previous is None:
        del data["T"]
    else:
        data["pu"] = previous
    return data | {"b": [list(level) for level in bids], "a": [list(level) for level in asks]} | extra


def trade(ident, px, qty, seller=False, t=1_700_000_000_000, symbol="BTCUSDT", **extra):
    data = {"e": "trade", "E": t, "T": t, "s": symbol, "t": ident, "p": px, "q": qty, "X": "MARKET", "m": seller}
    return data | extra


def agg_trade(ident, px, qty, seller=False, t=1_700_000_000_000, symbol="BTCUSDT", **extra):
    data = {
        "e": "aggTrade",
        "E": t + 150,
        "s": symbol,
        "a": ident,
        "p": px,
        "q": qty,
        "f": 1,
        "l": 2,
        "T": t,
        "m": seller,
    }
    return data | extra


def touch(u, bid, ask, t=1_700_000_000_000, symbol="BTCUSDT", **extra):
    data = {"e": "bookTicker", "u": u, "s": symbol, "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1], "T": t, "E": t}
    return data | extra


def snapshot(last, bids=(), asks=(), t=1_700_000_000_000):
    levels = {"bids": [list(level) for level in bids], "asks": [list(level) for level in asks]}
    return {"lastUpdateId": last, "E": t, "T": t} | levels


def line(ns, data, stream=None):
    body = data if stream is None else {"stream": stream, "data": data}
    return f"{ns} {json.dumps(body, separators=(',', ':'))}\n".encode()
