"""What the exchange answers over REST, from what its streams have told so far: one pure function an endpoint.

What: endpoint, weight and shape of the answers that a client of market data asks for. What the tape has not told
cannot be asked: open interest or a mark that nobody knows is an error, never an invented number.
Source: the documents and captured answers. Units: wire milliseconds, decimals as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lobterm.events import FIXED
from lobterm.events import Market as MarketId
from lobterm.simulator.exchange.bars import INTERVALS_MS
from lobterm.simulator.exchange.info import perp_info, spot_info
from lobterm.simulator.exchange.market import Market
from lobterm.simulator.exchange.numbers import decimal_text
from lobterm.simulator.exchange.perp import PERIOD_MS, Perp
from lobterm.simulator.exchange.player import Player

PERP_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
MOST_SPOT_LEVELS = 5_000
MOST_DIGITS = 15
INTEREST_RATE = "0.00010000"
PERIODS_MS = {name: INTERVALS_MS[name] for name in ("5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")}

Query = Mapping[str, str]


class Refused(Exception):
    """A request that the exchange answers with an error of its own: HTTP status, its code and words."""

    def __init__(self, status: int, code: int, words: str) -> None:
        self.status, self.code, self.words = status, code, words
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the exchange, its query, and the wall time at which it came."""

    player: Player
    query: Query
    wall_us: int
    others: tuple[Player, ...] = ()  # who play further symbols

    @property
    def perps(self) -> list[Perp]:
        """Return every perpetual of the exchange."""
        return [player.perp for player in (self.player, *self.others) if player.perp is not None]

    @property
    def now_ms(self) -> int:
        """Return what the exchange says that the time is."""
        return self.player.stamps.told_us(self.wall_us) // 1_000

    def perp(self) -> Perp:
        """Return the perpetual that the query names."""
        if self.player.perp is None:
            raise _bad_symbol()
        self._check_symbol(self.player.perp)
        return self.player.perp

    def spot(self) -> Market:
        """Return the spot market that the query names."""
        if self.player.spot is None:
            raise _bad_symbol()
        self._check_symbol(self.player.spot)
        return self.player.spot

    def _check_symbol(self, market: Market) -> None:
        symbol = self.query.get("symbol")
        if not symbol:
            raise Refused(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if symbol != market.symbol:
            raise _bad_symbol()

    def number(self, name: str, default: int) -> int:
        """Return a whole number of the query."""
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            words = f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
            raise Refused(400, -1100, words)
        return int(text)

    def span(self) -> tuple[int, int]:
        """Return the first and last time asked for."""
        return self.number("startTime", 0), self.number("endTime", 10**MOST_DIGITS)


def _bad_symbol() -> Refused:
    return Refused(400, -1121, "Invalid symbol.")


def _unknown(what: str) -> Refused:
    return Refused(400, -4108, f"The tape that is played has told no {what}.")


def depth(player: Player, market: Market, limit: int, wall_us: int) -> dict[str, Any]:
    """Return a snapshot of the best `limit` levels a side."""
    answer: dict[str, Any] = {"lastUpdateId": player.snapshot_id(market)}
    if market.instrument.market == MarketId.PERP:
        stamps = market.stamps
        answer |= {"E": stamps.told_us(wall_us) // 1_000, "T": stamps.ms(market.matched_us) if market.matched_us else 0}
    prices, sizes = market.prices, market.sizes
    for name, side in (("bids", 1), ("asks", -1)):
        answer[name] = [[prices[ticks], sizes[lots]] for ticks, lots in market.book.top(side, limit)]
    return answer


def _perp_depth(asked: Asked) -> Any:
    market, limit = asked.perp(), asked.number("limit", 500)
    if limit not in PERP_LIMITS:
        raise Refused(400, -4021, f"{limit} is not valid depth limit.")
    return depth(asked.player, market, limit, asked.wall_us)


def _spot_depth(asked: Asked) -> Any:
    limit = min(max(asked.number("limit", 100), 1), MOST_SPOT_LEVELS)
    return depth(asked.player, asked.spot(), limit, asked.wall_us)


def _time(asked: Asked) -> Any:
    return {"serverTime": asked.now_ms}


def _open_interest(asked: Asked) -> Any:
    perp = asked.perp()
    if perp.told.interest_lots is None:
        raise _unknown("open interest")
    size = perp.sizes[perp.told.interest_lots]
    return {"symbol": perp.symbol, "openInterest": size, "time": perp.stamps.ms(perp.told.interest_us)}


def _premium_index(asked: Asked) -> Any:
    if "symbol" not in asked.query:
        return [_premium(perp) for perp in asked.perps]
    return _premium(asked.perp())


def _premium(perp: Perp) -> dict[str, Any]:
    told = perp.told
    if told.mark_e8 is None:
        raise _unknown("mark price")
    index = "" if told.index_e8 is None else decimal_text(told.index_e8, 8)
    return {
        "symbol": perp.symbol,
        "markPrice": decimal_text(told.mark_e8, 8),
        "indexPrice": index,
        "estimatedSettlePrice": index,
        "lastFundingRate": "" if told.rate_e8 is None else decimal_text(told.rate_e8, 8),
        "interestRate": INTEREST_RATE,
        "nextFundingTime": perp.stamps.ms(told.next_funding_us) if told.next_funding_us else 0,
        "time": perp.stamps.ms(told.marked_us),
    }


def _funding_rate(asked: Asked) -> Any:
    perp = asked.perp()
    first, last = asked.span()
    limit = min(asked.number("limit", 100), 1_000)
    settled = [entry for entry in perp.settled if first <= entry[0] <= last]
    settled = settled[:limit] if "startTime" in asked.query else settled[-limit:]
    return [
        {
            "symbol": perp.symbol,
            "fundingTime": at_ms,
            "fundingRate": decimal_text(rate_e8, 8),
            "markPrice": decimal_text(mark_e8, 8) if mark_e8 else "",
        }
        for at_ms, rate_e8, mark_e8 in settled
    ]


def _perp_info(asked: Asked) -> Any:
    return perp_info(asked.perps, asked.now_ms)


def _klines(asked: Asked, market: Market, most: int) -> Any:
    interval_ms = INTERVALS_MS.get(asked.query.get("interval", ""))
    if interval_ms is None:
        raise Refused(400, -1120, "Invalid interval.")
    first, last = asked.span()
    limit = min(asked.number("limit", 500), most)
    bars = [bar for bar in market.bars.of(interval_ms) if first <= bar.open_ms <= last]
    bars = bars[:limit] if "startTime" in asked.query else bars[-limit:]
    prices, sizes = market.prices, market.sizes
    return [
        [
            bar.open_ms, prices[bar.open_ticks], prices[bar.high_ticks], prices[bar.low_ticks], prices[bar.close_ticks],
            sizes[bar.lots], bar.open_ms + interval_ms - 1, decimal_text(bar.value_e8, 8), bar.trades,
            sizes[bar.bought_lots], decimal_text(bar.bought_e8, 8), "0",
        ]
        for bar in bars
    ]  # fmt: skip


def _interest_history(asked: Asked) -> Any:
    perp = asked.perp()
    period_ms = PERIODS_MS.get(asked.query.get("period", ""))
    if period_ms is None:
        raise Refused(400, -1130, "Data sent for parameter 'period' is not valid.")
    first, last = asked.span()
    limit = min(asked.number("limit", 30), 500)
    samples = [s for s in perp.interest if s[0] % max(period_ms, PERIOD_MS) == 0 and first <= s[0] <= last][-limit:]
    return [
        {
            "symbol": perp.symbol,
            "sumOpenInterest": decimal_text(lots * perp.instrument.lot_e8, 8),
            "sumOpenInterestValue": decimal_text(lots * perp.instrument.lot_e8 * mark_e8 // FIXED, 8),
            "timestamp": at_ms,
        }
        for at_ms, lots, mark_e8 in samples
    ]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How an address is answered, and its weight by the query."""

    answer: Callable[[Asked], Any]
    weight: Callable[[Query], int]


def _fixed(weight: int) -> Callable[[Query], int]:
    return lambda query: weight


def _depth_weight(query: Query) -> int:
    steps = {"5": 2, "10": 2, "20": 2, "50": 2, "100": 5, "500": 10, "1000": 20}
    return steps.get(query.get("limit", "500"), 10)


def _spot_depth_weight(query: Query) -> int:
    text = query.get("limit", "100")
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 100
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1_000 else 250


ENDPOINTS: dict[str, Endpoint] = {
    "/fapi/v1/depth": Endpoint(_perp_depth, _depth_weight),
    "/fapi/v1/time": Endpoint(_time, _fixed(1)),
    "/fapi/v1/exchangeInfo": Endpoint(_perp_info, _fixed(1)),
    "/fapi/v1/openInterest": Endpoint(_open_interest, _fixed(1)),
    "/fapi/v1/premiumIndex": Endpoint(_premium_index, lambda query: 1 if "symbol" in query else 10),
    "/fapi/v1/fundingRate": Endpoint(_funding_rate, _fixed(1)),
    "/fapi/v1/klines": Endpoint(lambda asked: _klines(asked, asked.perp(), 1_500), _fixed(5)),
    "/futures/data/openInterestHist": Endpoint(_interest_history, _fixed(0)),
    "/api/v3/depth": Endpoint(_spot_depth, _spot_depth_weight),
    "/api/v3/time": Endpoint(_time, _fixed(1)),
    "/api/v3/exchangeInfo": Endpoint(lambda asked: spot_info(asked.player.spot, asked.now_ms), _fixed(20)),
    "/api/v3/klines": Endpoint(lambda asked: _klines(asked, asked.spot(), 1_000), _fixed(2)),
}
