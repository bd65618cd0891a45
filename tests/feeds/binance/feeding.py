"""Lines of both markets as a feed would record them, and decoders that read them."""

from __future__ import annotations

from random import Random

import numpy as np

from lobterm.events import EVENT, Market
from lobterm.feeds.binance.decoder import Decoder
from lobterm.wire import control
from tests.tape.rows import PERP, SPOT
from tests.wire import wires

NS = 1_800_000_000_000_000_000
STEP_NS = 7_000_000


def decoder(spot=True):
    return Decoder(PERP, SPOT if spot else None, dice=Random(7))


def own(event):
    return control.encode(event)


def body(data, stream=None):
    return wires.line(0, data, stream).split(b" ", 1)[1].rstrip(b"\n")


def stamped(messages, start_ns=NS):
    """Return (market, line) of (market, text), a step apart."""
    return [(market, b"%d %b\n" % (start_ns + k * STEP_NS, text)) for k, (market, text) in enumerate(messages)]


def read(lines, cuts=(), reader=None):
    """Return the rows of lines, read in the pieces that `cuts` make, and the decoder."""
    reader = reader or decoder()
    parts = []
    for start, stop in zip([0, *cuts], [*cuts, len(lines)], strict=True):
        piece = lines[start:stop]
        perp, spot = (b"".join(line for market, line in piece if market == which) for which in (0, 1))
        parts.append(reader.read(perp, spot))
    return np.concatenate([np.zeros(0, EVENT), *parts]), reader


def price(ticks, market):
    return f"{ticks * (0.1 if market == 0 else 0.01):.2f}"


class Exchange:
    """Frames of one market whose book, ids and best prices hang together."""

    def __init__(self, market, dice):
        self.market, self.dice = market, dice
        self.ident, self.prints = 1_000, 0
        self.bids = {10_000 - k: 5 + k for k in range(5)}
        self.asks = {10_001 + k: 5 + k for k in range(5)}
        self.t = 1_800_000_000_000

    def move(self):
        first, previous = self.ident + 1, self.ident
        self.ident += self.dice.randint(1, 4)
        self.t += self.dice.randint(0, 150)
        changes = {1: [], -1: []}
        for _ in range(self.dice.randint(1, 3)):
            side = self.dice.choice([1, -1])
            held = self.bids if side > 0 else self.asks
            px = (10_000 if side > 0 else 10_001) - side * self.dice.randint(0, 6)
            qty = self.dice.randint(0, 9)
            held.pop(px, None)
            if qty:
                held[px] = qty
            changes[side].append((price(px, self.market), self.size(qty)))
        if self.market == Market.PERP:
            data = wires.depth(first, self.ident, previous, changes[1], changes[-1], t=self.t, st=1, ps="BTCUSDT")
        else:
            data = wires.depth(first, self.ident, None, changes[1], changes[-1], t=self.t)
        return body(data, "btcusdt@depth@100ms")

    def size(self, qty):
        return f"{qty / 1000:.3f}" if self.market == Market.PERP else f"{qty / 1e5:.8f}"

    def best(self):
        sides = []
        for held, best in ((self.bids, max), (self.asks, min)):
            px = best(held, default=0)
            sides.append((price(px, self.market), self.size(held.get(px, 0))))
        return sides

    def touch(self):
        data = wires.touch(self.ident, *self.best(), t=self.t)
        if self.market == Market.SPOT:
            data = {key: data[key] for key in "usbBaA"}
        return body(data, "btcusdt@bookTicker")

    def trade(self):
        self.prints += 1
        px = price(self.dice.randint(9_999, 10_002), self.market)
        how = self.dice.choice(["MARKET", "MARKET", "RPI", "NA"]) if self.market == Market.PERP else "MARKET"
        zero = {"p": "0", "q": "0"} if how == "NA" else {}
        data = wires.trade(self.prints, px, self.size(3), self.dice.random() < 0.5, self.t, X=how) | zero
        return body(data, "btcusdt@trade")

    def agg(self):
        self.prints += 1
        data = wires.agg_trade(self.prints, price(10_000, self.market), self.size(4), t=self.t, nq=self.size(3), st=1)
        return body(data, "btcusdt@aggTrade")

    def snapshot(self):
        sides = [[(price(px, self.market), self.size(q)) for px, q in held.items()] for held in (self.bids, self.asks)]
        return body(wires.snapshot(self.ident, *sides, t=self.t))


GARBAGE = (
    b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"e":"depthUpdate"}', b"9" * 4000, b'{"result":null,"id":7}',
    b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1', b'{"code":2,"msg":"no"}',
    b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","s":"BTCUSDT"}}', b'{"stream":"lobterm@x","data":{"e":"x"}}',
)  # fmt: skip


def session(seed, count=200):
    """Return a recorded session of both markets with every kind of frame, fault and control line."""
    dice = Random(seed)
    markets = [Exchange(Market.PERP, dice), Exchange(Market.SPOT, dice)]
    out = [(Market.PERP, own(control.TradeSource("trade")))]
    while len(out) < count:
        at = dice.choice(markets)
        kind = dice.choices(
            [
                "move",
                "touch",
                "trade",
                "snapshot",
                "lost",
                "twice",
                "garbage",
                "control",
                "agg",
                "mark",
                "force",
                "wrong",
            ],
            [30, 30, 15, 4, 1, 2, 3, 5, 3, 2, 2, 1],
        )[0]
        if kind == "lost":
            at.move()
        elif kind == "twice" and out:
            out.append(dice.choice(out[-10:]))
        elif kind == "garbage":
            out.append((at.market, dice.choice(GARBAGE)))
        elif kind == "control":
            out.append((Market.PERP, own(any_control(dice))))
        elif kind == "mark":
            mark = {
                "e": "markPriceUpdate",
                "E": at.t,
                "s": "BTCUSDT",
                "p": "1000.5",
                "i": "1000.1",
                "r": "0.0001",
                "T": 9,
            }
            out.append((Market.PERP, body(mark, "btcusdt@markPrice@1s")))
        elif kind == "force":
            order = {"s": "BTCUSDT", "S": "SELL", "ap": "1000.05", "z": "0.003", "T": at.t, "st": 1}
            out.append((Market.PERP, body({"e": "forceOrder", "E": at.t, "o": order}, "btcusdt@forceOrder")))
        elif kind == "wrong":
            out.append(
                (at.market, body(wires.touch(at.ident, ("1.00", "1.000"), ("2.00", "1.000")), "btcusdt@bookTicker"))
            )
        else:
            out.append((at.market, getattr(at, kind)()))
            if kind == "move":
                out.append((at.market, at.touch()))
    return stamped(out)


def undisturbed(seed, count):
    """Return a session in which nothing goes wrong."""
    dice = Random(seed)
    markets = [Exchange(Market.PERP, dice), Exchange(Market.SPOT, dice)]
    out = [(Market.PERP, own(control.TradeSource("trade")))]
    for at in markets:
        out += [(at.market, at.move()), (at.market, at.snapshot())]
    while len(out) < count:
        at = dice.choice(markets)
        if dice.random() < 0.5:
            out += [(at.market, at.move()), (at.market, at.touch())]
        else:
            out.append((at.market, at.trade()))
    return stamped(out)


def any_control(dice):
    return dice.choice(
        [
            control.Heartbeat(), control.Beat(3), control.Param("maker.gamma", 0.1 + dice.random()), control.Model(1),
            control.Order(1, 9_999, 4), control.Connect("public"), control.Disconnect("public"), control.Disconnect("spot"),
            control.Disconnect("market"), control.Silent(Market.SPOT, "btcusdt@depth@100ms"),
            control.Silent(Market.PERP, "btcusdt@trade"), control.TradeSource("trade"), control.TradeSource("aggTrade"),
            control.OpenInterest("1234.567", 1_800_000_000_000), control.ServerTime(1, 2, 3), control.FundingInterval(8),
            control.FundingSettled("-0.00012", 1_800_000_000_000, "61000.5"), control.Volume24h("99.5"),
            control.Sample(2, [5, 6], [0.1, -2.5]), control.Account([(0, 5), (16, 0)], carried=False),
        ]
    )  # fmt: skip
