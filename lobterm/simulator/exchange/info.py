"""exchangeInfo: the contracts or the pair of the tapes, with the filters that a client reads ticks and lots from.

Source: captured answers; margins, fees and limits that no tape holds are the exchange's usual ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from lobterm.instrument import Instrument
from lobterm.simulator.exchange.market import Market
from lobterm.simulator.exchange.numbers import SPOT_PLACES, price_places

QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY")
PERP_WEIGHT_PER_MINUTE, SPOT_WEIGHT_PER_MINUTE = 2_400, 6_000
NEVER_DELIVERED_MS = 4_133_404_800_000
MOST_TICKS = MOST_LOTS = 1_000_000


def coins(symbol: str) -> tuple[str, str]:
    """Return base and quote of a symbol."""
    quote = next((quote for quote in QUOTES if symbol.endswith(quote) and symbol != quote), "")
    return (symbol.removesuffix(quote), quote) if quote else (symbol, "USDT")


def _weights(limit: int) -> list[dict[str, Any]]:
    return [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": limit}]


def _times(size: Decimal, count: int, places: int) -> str:
    return f"{size * count:.{places}f}"


def perp_info(perps: Sequence[Market], now_ms: int) -> dict[str, Any]:
    """Return the futures answer."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": _weights(PERP_WEIGHT_PER_MINUTE),
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_contract(perp.instrument) for perp in perps],
    }


def _contract(instrument: Instrument) -> dict[str, Any]:
    base, quote = coins(instrument.symbol)
    tick, lot, places = instrument.tick_size, instrument.lot_size, price_places(instrument)
    sizes = {"maxQty": _times(lot, MOST_LOTS, 0), "minQty": f"{lot:f}", "stepSize": f"{lot:f}"}
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": NEVER_DELIVERED_MS,
        "onboardDate": 1_569_398_400_000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": quote,
        "marginAsset": quote,
        "pricePrecision": places,
        "quantityPrecision": instrument.qty_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "filters": [
            {
                "minPrice": _times(tick, 1, places),
                "maxPrice": _times(tick, 10 * MOST_TICKS, places),
                "filterType": "PRICE_FILTER",
                "tickSize": _times(tick, 1, places),
            },
            {"filterType": "LOT_SIZE", **sizes},
            {"filterType": "MARKET_LOT_SIZE", **sizes},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierDown": "0.9500",
                "multiplierUp": "1.0500",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": [
            "LIMIT",
            "MARKET",
            "STOP",
            "STOP_MARKET",
            "TAKE_PROFIT",
            "TAKE_PROFIT_MARKET",
            "TRAILING_STOP_MARKET",
        ],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def spot_info(spot: Market | None, now_ms: int) -> dict[str, Any]:
    """Return the spot answer."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": _weights(SPOT_WEIGHT_PER_MINUTE),
        "exchangeFilters": [],
        "symbols": [] if spot is None else [_pair(spot.instrument)],
    }


def _pair(instrument: Instrument) -> dict[str, Any]:
    base, quote = coins(instrument.symbol)
    tick, lot = instrument.tick_size, instrument.lot_size
    return {
        "symbol": instrument.symbol,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": True,
        "isSpotTradingAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": _times(tick, 1, SPOT_PLACES),
                "maxPrice": _times(tick, 10 * MOST_TICKS, SPOT_PLACES),
                "tickSize": _times(tick, 1, SPOT_PLACES),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": _times(lot, 1, SPOT_PLACES),
                "maxQty": _times(lot, 1_000 * MOST_LOTS, SPOT_PLACES),
                "stepSize": _times(lot, 1, SPOT_PLACES),
            },
        ],
        "permissions": ["SPOT"],
    }
