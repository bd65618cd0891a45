"""The payloads of market streams, key for key and in the exchange's own order, as JSON text.

What: pure functions of texts and integers; who calls them knows the numbers. Times in milliseconds, prices and sizes
already written out. `st` is 1: a USDⓈ-M contract.
Source: captured frames of 2024 to 2026 (futures with `ps`, `st`, `nq`, `ap` since 2026; spot without).
"""

from __future__ import annotations

from collections.abc import Iterable

from lobterm.simulator.exchange.ids import Ids


def levels(pairs: Iterable[tuple[str, str]]) -> str:
    """Return `[["px","qty"],…]`."""
    return "[" + ",".join([f'["{price}","{size}"]' for price, size in pairs]) + "]"


def depth(symbol: str, sent_ms: int, matched_ms: int, ids: Ids, bids: str, asks: str) -> str:
    """Return futures depthUpdate; `bids` and `asks` are `levels`."""
    return (
        f'{{"e":"depthUpdate","E":{sent_ms},"T":{matched_ms},"s":"{symbol}","ps":"{symbol}",'
        f'"U":{ids.first},"u":{ids.last},"pu":{ids.previous},"b":{bids},"a":{asks},"st":1}}'
    )


def spot_depth(symbol: str, sent_ms: int, ids: Ids, bids: str, asks: str) -> str:
    """Return spot depthUpdate."""
    head = f'{{"e":"depthUpdate","E":{sent_ms},"s":"{symbol}"'
    return f'{head},"U":{ids.first},"u":{ids.last},"b":{bids},"a":{asks}}}'


def book_ticker(
    symbol: str, sent_ms: int, matched_ms: int, ident: int, bid: tuple[str, str], ask: tuple[str, str]
) -> str:
    """Return futures bookTicker."""
    return (
        f'{{"e":"bookTicker","u":{ident},"s":"{symbol}","ps":"{symbol}","b":"{bid[0]}","B":"{bid[1]}",'
        f'"a":"{ask[0]}","A":"{ask[1]}","T":{matched_ms},"E":{sent_ms},"st":1}}'
    )


def spot_book_ticker(symbol: str, ident: int, bid: tuple[str, str], ask: tuple[str, str]) -> str:
    """Return spot bookTicker, which has neither name nor time."""
    return f'{{"u":{ident},"s":"{symbol}","b":"{bid[0]}","B":"{bid[1]}","a":"{ask[0]}","A":"{ask[1]}"}}'


def trade(symbol: str, sent_ms: int, matched_ms: int, ident: int, price: str, size: str, how: str, maker: str) -> str:
    """Return futures trade; `how` is MARKET or RPI, `maker` the JSON word for whether the buyer was maker."""
    return (
        f'{{"e":"trade","E":{sent_ms},"T":{matched_ms},"s":"{symbol}","t":{ident},"p":"{price}","q":"{size}",'
        f'"X":"{how}","m":{maker},"st":1}}'
    )


def spot_trade(symbol: str, sent_ms: int, matched_ms: int, ident: int, price: str, size: str, maker: str) -> str:
    """Return spot trade."""
    return (
        f'{{"e":"trade","E":{sent_ms},"s":"{symbol}","t":{ident},"p":"{price}","q":"{size}",'
        f'"T":{matched_ms},"m":{maker},"M":true}}'
    )


def agg_trade(
    symbol: str, sent_ms: int, matched_ms: int, ident: int, price: str, size: str, plain: str, raw: tuple[int, int],
    maker: str,
) -> str:  # fmt: skip
    """Return futures aggTrade; `plain` is the size without RPI fills, `raw` the first and last raw id."""
    return (
        f'{{"e":"aggTrade","E":{sent_ms},"a":{ident},"s":"{symbol}","p":"{price}","q":"{size}","nq":"{plain}",'
        f'"f":{raw[0]},"l":{raw[1]},"T":{matched_ms},"m":{maker},"st":1}}'
    )


def spot_agg_trade(
    symbol: str, sent_ms: int, matched_ms: int, ident: int, price: str, size: str, raw: tuple[int, int], maker: str
) -> str:
    """Return spot aggTrade."""
    return (
        f'{{"e":"aggTrade","E":{sent_ms},"s":"{symbol}","a":{ident},"p":"{price}","q":"{size}",'
        f'"f":{raw[0]},"l":{raw[1]},"T":{matched_ms},"m":{maker},"M":true}}'
    )


def mark_price(symbol: str, sent_ms: int, mark: str, index: str, rate: str, next_ms: int) -> str:
    """Return markPriceUpdate. `ap`, an average, is told as the mark itself; `P` matters in a settlement's last hour."""
    return (
        f'{{"e":"markPriceUpdate","E":{sent_ms},"s":"{symbol}","p":"{mark}","ap":"{mark}","P":"{index}",'
        f'"i":"{index}","r":"{rate}","T":{next_ms},"st":1}}'
    )


def force_order(symbol: str, sent_ms: int, matched_ms: int, side: str, size: str, price: str, average: str) -> str:
    """Return forceOrder, wholly filled at once."""
    return (
        f'{{"e":"forceOrder","E":{sent_ms},"o":{{"s":"{symbol}","S":"{side}","o":"LIMIT","f":"IOC","q":"{size}",'
        f'"p":"{price}","ap":"{average}","X":"FILLED","l":"{size}","z":"{size}","T":{matched_ms},'
        f'"ps":"{symbol}","st":1}}}}'
    )


def combined(stream: str, payload: str) -> str:
    """Return a payload as a combined connection gets it."""
    return f'{{"stream":"{stream}","data":{payload}}}'
