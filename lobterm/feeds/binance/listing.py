"""What a symbol's markets are made of: tick and lot from exchangeInfo, kept on disk for when it cannot be asked.

What: asks both hosts, falls back on what was told at most KEPT_DAYS ago, and says so. Spot lots are 1e-8 whatever the order
step: orders rest there in remainders finer than it. The file holds MOST_KEPT markets at most, by host, newest first; one
that is damaged counts as empty. Units: decimals as text, µs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import quote

import msgspec
import platformdirs

from lobterm.errors import InputError, LobtermError
from lobterm.events import Market
from lobterm.feeds.binance.addresses import Bases
from lobterm.feeds.binance.answers import ExchangeInfo, Listed, read
from lobterm.feeds.binance.rest import Rest, RestFailure
from lobterm.instrument import Instrument

PERP_INFO, SPOT_INFO = "/fapi/v1/exchangeInfo", "/api/v3/exchangeInfo?symbol="
PERP_WEIGHT, SPOT_WEIGHT = 1, 20
SPOT_LOT = Decimal("0.00000001")
RETRY_S = (0.5, 1.0, 2.0)
KEPT_DAYS = 30
DAY_US = 86_400_000_000
MOST_KEPT = 400
LARGEST_CACHE = 1 << 20
INVALID_SYMBOL = -1121
TRADING = "TRADING"


@dataclass(frozen=True, slots=True)
class Listing:
    """The markets of one symbol. `note` says what is not as it should be, or nothing."""

    perp: Instrument
    spot: Instrument | None
    note: str = ""


class Kept(msgspec.Struct):
    """A market as it was told at a time."""

    host: str
    symbol: str
    tick: str
    lot: str
    at_us: int


def cache_path() -> Path:
    """Return the file that sizes are kept in."""
    return platformdirs.user_cache_path("lobterm", appauthor=False) / "exchange-info.json"


def read_cache(path: Path) -> list[Kept]:
    """Return what is kept; nothing if the file is missing, damaged or too large to be ours."""
    try:
        if path.stat().st_size > LARGEST_CACHE:
            return []
        return msgspec.json.decode(path.read_bytes(), type=list[Kept])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return []


def write_cache(path: Path, told: Sequence[Kept]) -> None:
    """Keep what was told, newest first; a disk that will not have it costs nothing but the next start's fallback."""
    new = {(entry.host, entry.symbol) for entry in told}
    kept = [*told, *(entry for entry in read_cache(path) if (entry.host, entry.symbol) not in new)][:MOST_KEPT]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(msgspec.json.encode(kept))
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _instrument(market: Market, symbol: str, tick: str, lot: str) -> Instrument:
    try:
        return Instrument(market, symbol, Decimal(tick), SPOT_LOT if market == Market.SPOT else Decimal(lot))
    except InvalidOperation as error:
        raise LobtermError(f"{symbol}: tick {tick!r} or lot {lot!r} as the exchange tells it is no number") from error


class Lister:
    """Finds the markets of symbols."""

    def __init__(self, rest: Rest, bases: Bases, now_us: int, path: Path | None = None) -> None:
        self._rest, self._now_us, self._path = rest, now_us, path or cache_path()
        self._hosts = {Market.PERP: bases.perp_rest, Market.SPOT: bases.spot_rest}
        self._told: list[Kept] = []

    async def listings(self, symbols: Sequence[str], *, spot: bool) -> list[Listing]:
        """Return the markets of each symbol; raise InputError for one that does not exist."""
        perps, perp_note = await self._perps(symbols)
        found = []
        for symbol in symbols:
            notes = [perp_note] if perp_note else []
            pair = None
            if spot:
                pair, note = await self._spot(symbol)
                notes += [note] if note else []
            found.append(Listing(perps[symbol], pair, "; ".join(notes)))
        write_cache(self._path, self._told)
        return found

    async def _perps(self, symbols: Sequence[str]) -> tuple[dict[str, Instrument], str]:
        try:
            info = await self._info(Market.PERP, PERP_INFO, PERP_WEIGHT)
        except RestFailure as error:
            if error.final:
                raise
            return {symbol: self._kept(Market.PERP, symbol, error) for symbol in symbols}, f"sizes as kept: {error}"
        listed = {entry.symbol: entry for entry in info.symbols}
        return {symbol: self._known(Market.PERP, listed.get(symbol), symbol) for symbol in symbols}, ""

    async def _spot(self, symbol: str) -> tuple[Instrument | None, str]:
        try:
            info = await self._info(Market.SPOT, SPOT_INFO + quote(symbol, safe=""), SPOT_WEIGHT)
        except RestFailure as error:
            if error.code == INVALID_SYMBOL:
                return None, "no spot market"
            if error.final:
                return None, str(error)
            try:
                return self._kept(Market.SPOT, symbol, error), f"spot sizes as kept: {error}"
            except LobtermError:
                return None, f"no spot: {error}"
        entry = next((entry for entry in info.symbols if entry.symbol == symbol), None)
        if entry is None or not entry.tick:
            return None, "no spot market"
        return self._known(Market.SPOT, entry, symbol), ""

    async def _info(self, market: Market, path: str, weight: int) -> ExchangeInfo:
        """Ask some times before the answer is given up."""
        for wait_s in (*RETRY_S, None):
            try:
                return read(await self._rest.get(market, path, weight=weight, urgent=True), ExchangeInfo)
            except RestFailure as failure:
                if wait_s is None or failure.final or failure.code == INVALID_SYMBOL or failure.wait_us:
                    raise
                await asyncio.sleep(wait_s)
        raise AssertionError

    def _known(self, market: Market, entry: Listed | None, symbol: str) -> Instrument:
        if entry is None or not entry.tick or not entry.lot:
            mend = "write it as the exchange does, for example BTCUSDT"
            raise InputError(f"{symbol} is not listed at {self._hosts[market]}", mend=mend)
        if entry.status not in ("", TRADING):
            raise InputError(f"{symbol} is not traded now: {entry.status[:40]}", mend="choose another symbol")
        instrument = _instrument(market, symbol, entry.tick, entry.lot)
        self._told.append(Kept(self._hosts[market], symbol, entry.tick, entry.lot, self._now_us))
        return instrument

    def _kept(self, market: Market, symbol: str, error: RestFailure) -> Instrument:
        for entry in read_cache(self._path):
            fresh = 0 <= self._now_us - entry.at_us < KEPT_DAYS * DAY_US
            if (entry.host, entry.symbol) == (self._hosts[market], symbol) and fresh:
                return _instrument(market, symbol, entry.tick, entry.lot)
        raise LobtermError(f"tick and lot of {symbol} cannot be asked for: {error}") from error


def discover(bases: Bases, symbols: Sequence[str], *, spot: bool) -> list[Listing]:
    """Return the markets of each symbol; waits for the answers."""

    async def ask() -> list[Listing]:
        rest = Rest(bases, ssl.create_default_context(), _wall_us)
        try:
            return await Lister(rest, bases, _wall_us()).listings(symbols, spot=spot)
        finally:
            await rest.close()

    return asyncio.run(ask())


def _wall_us() -> int:
    return time.time_ns() // 1_000
