"""Integers of the engine as text that a person reads: exact where the number is exact, a dash where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from lobterm.instrument import Instrument

NOTHING = "—"


def fixed(value: int, places: int, decimals: int) -> str:
    """Return `value` x 10^-`places` with `decimals` digits after the point, rounded half-even where they are fewer."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    if decimals < places:
        unit = 10 ** (places - decimals)
        value, rest = divmod(value, unit)
        value += (2 * rest > unit) or (2 * rest == unit and value & 1)
    else:
        value *= 10 ** (decimals - places)
    if not value:
        sign = ""
    whole, part = divmod(value, 10**decimals)
    return f"{sign}{whole:,}.{part:0{decimals}d}" if decimals else f"{sign}{whole:,}"


Text = Callable[[int], str]
"""What turns one kind of integer into text."""


@lru_cache(maxsize=16)
def prices(instrument: Instrument) -> Text:
    """Return what writes prices on the tick, exactly; it remembers, since a frame asks for the same ones again."""
    tick_e8, decimals = instrument.tick_e8, instrument.price_decimals
    return lru_cache(maxsize=4096)(lambda ticks: fixed(ticks * tick_e8, 8, decimals))


def price(ticks: int, instrument: Instrument) -> str:
    """Return a price on the tick, exactly."""
    return prices(instrument)(ticks)


def half_price(ticks2: int, instrument: Instrument) -> str:
    """Return a price given in half ticks, exactly."""
    return fixed(ticks2 * instrument.tick_e8 * 5, 9, instrument.price_decimals + 1)


def real_price(ticks: float | None, instrument: Instrument) -> str:
    """Return a derived price with one digit more than the tick has."""
    return NOTHING if ticks is None else f"{ticks * instrument.tick:,.{instrument.price_decimals + 1}f}"


@lru_cache(maxsize=16)
def sizes(instrument: Instrument, cells: int = 0) -> Text:
    """Return what writes sizes in base units: exactly, or if that is longer than `cells`, shortened with a unit."""
    lot_e8, decimals = instrument.lot_e8, instrument.qty_decimals

    def text(lots: int) -> str:
        exact = fixed(lots * lot_e8, 8, decimals)
        return exact if not cells or len(exact) <= cells else shortened(lots * lot_e8 / 1e8, cells)

    return lru_cache(maxsize=4096)(text)


def size(lots: int, instrument: Instrument, cells: int = 0) -> str:
    """Return one size as `sizes` writes it."""
    return sizes(instrument, cells)(lots)


def shortened(value: float, cells: int) -> str:
    """Return `value` in `cells` or fewer, with as many digits as fit and a unit of thousands that says so."""
    for scale, unit in ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")):
        for decimals in (6, 5, 4, 3, 2, 1, 0):
            text = f"{value / scale:.{decimals}f}{unit}"
            if len(text) <= cells and float(text.rstrip("kMGT")) != 0.0:
                return text
    return f"{value:.0e}"


def worth(value: float, cells: int) -> str:
    """Return an amount of the quote coin that stands for a size: whole coins, or where that is longer than `cells`, shortened."""
    text = f"{value:,.0f}" if value >= 10.0 else f"{value:.3f}"
    if len(text) > cells and len(f"{value / 1e6:,.2f}M") <= cells:
        return f"{value / 1e6:,.2f}M"
    return text if len(text) <= cells and float(text.replace(",", "")) else shortened(value, cells)


def signed_size(lots: int, instrument: Instrument) -> str:
    """Return a position in base units with its sign; flat is a plain zero."""
    text = size(lots, instrument)
    return f"+{text}" if lots > 0 else text


def ticks(count: int) -> str:
    """Return a whole number of ticks."""
    return "1 tick" if count == 1 else f"{count:,} ticks"


def money(e8: int | None, decimals: int = 4) -> str:
    """Return an amount of the quote coin with its sign."""
    if e8 is None:
        return NOTHING
    text = fixed(e8, 8, decimals)
    return f"+{text}" if e8 > 0 and text.strip("0.,") else text


def age(us: int) -> str:
    """Return a span of time in the largest unit that keeps two digits."""
    tenths = max(0, us) // 100_000
    if tenths < 600:
        return f"{tenths // 10}.{tenths % 10}s"
    minutes, seconds = divmod(tenths // 10, 60)
    if minutes < 60:
        return f"{minutes}m{seconds:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours < 100 else f"{hours // 24}d{hours % 24:02d}h"


def span(us: int) -> str:
    """Return a length of time that somebody set: 30s, 5m, 2h, 90m."""
    seconds = us // 1_000_000
    for unit, name in ((3600, "h"), (60, "m")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit}{name}"
    return f"{us / 1e6:g}s"


QUARTER_US = 900_000_000
"""No zone changes its offset but on a quarter of an hour."""
_told_local = [False]


def use_local(local: bool) -> None:
    """Tell times by this machine's zone from here on, or by UTC: one choice for all that is shown."""
    _told_local[0] = local


def is_local() -> bool:
    """Say whether times are told by this machine's zone."""
    return _told_local[0]


@lru_cache(maxsize=1024)
def _local_offset_us(quarter: int) -> int:
    try:
        offset = datetime.fromtimestamp(quarter * QUARTER_US / 1e6).astimezone().utcoffset()
    except (OverflowError, OSError, ValueError):  # a time that no calendar of this machine has
        return 0
    return 0 if offset is None else round(offset.total_seconds()) * 1_000_000


def offset_us(us: int) -> int:
    """Return how far the clock that times are told by is ahead of UTC at a moment."""
    return _local_offset_us(us // QUARTER_US) if _told_local[0] else 0


def zone(us: int) -> str:
    """Return the name of the clock that times are told by: UTC, or what the local one is ahead of it: UTC+2, UTC-3:30."""
    if not _told_local[0]:
        return "UTC"
    minutes = offset_us(us) // 60_000_000
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def clock(us: int) -> str:
    """Return the time of day to the millisecond, by the clock in use (`zone`)."""
    return _time((us + offset_us(us)) // 1000)


@lru_cache(maxsize=4096)
def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}"


@lru_cache(maxsize=16)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y-%m-%d")


def date(us: int) -> str:
    """Return the day, by the clock in use (`zone`)."""
    return _day((us + offset_us(us)) // 86_400_000_000)


def speed(value: float) -> str:
    """Return a replay speed as its key says it."""
    return "max" if math.isinf(value) else f"{value:g}x"


def rate(per_s: float | None) -> str:
    """Return a count per second, shortened."""
    if per_s is None:
        return NOTHING
    for scale, unit in ((1e6, "M"), (1e3, "k")):
        if per_s >= scale:
            return f"{per_s / scale:.1f}{unit}"
    return f"{per_s:.0f}"


def printable(text: str) -> str:
    """Return foreign text with everything that would steer a terminal replaced."""
    return "".join(char if char.isprintable() else "?" for char in text)


def base_coin(symbol: str) -> str:
    """Return the coin that sizes of `symbol` are in, or "base" if the symbol does not tell."""
    quote = quote_coin(symbol)
    return symbol.removesuffix(quote) if symbol.endswith(quote) else "base"


def quote_coin(symbol: str) -> str:
    """Return the coin that prices of `symbol` are in, or "quote" if the symbol does not tell."""
    coins = ("USDT", "USDC", "FDUSD", "BUSD", "USD1", "BTC", "ETH", "BNB", "EUR", "TRY", "USD")
    return next((coin for coin in coins if symbol.endswith(coin) and symbol != coin), "quote")
