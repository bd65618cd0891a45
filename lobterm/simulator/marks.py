"""Index, mark, funding, open interest, volume: what the exchange computes and tells beside the book.

What: index = spot's mid, smoothed over a second; mark = median of the last price, the index moved by the last funding,
and the index moved by the mean basis of 30 seconds; funding from the mean premium, clamped as the exchange does.
Source: methods §3.13.
Units: 1e-8 quote, rates in 1e-8, lots, ms.
"""

from __future__ import annotations

from numba import njit

from lobterm.events import Kind
from lobterm.simulator import tell
from lobterm.simulator.dice import between
from lobterm.simulator.layout import (
    ALL,
    ASK,
    BASIS_AT,
    BASIS_SAMPLES,
    BASIS_SUM_E8,
    BID,
    GROSS,
    INDEX_E8,
    LAST_RATE_E8,
    MARK_E8,
    MINUTES_A_DAY,
    MUTE,
    NOTICE_AT_MS,
    NOTICE_DUE_MS,
    NOTICE_LOTS,
    NOTICE_SIDE,
    NOTICE_VALUE,
    OI_DUE_MS,
    PERP,
    POOL_ARBITRAGE,
    POOL_RESTING,
    POOL_TAKERS,
    PREMIUM_COUNT,
    PREMIUM_SUM,
    RATE_E8,
    SENT_MARKET,
    SENT_REST,
    SPOT_TICKS,
    TICK_E8,
    TRADED_LOTS,
    VOLUME_24H,
    VOLUME_MINUTE,
    Ints,
)
from lobterm.simulator.tell import LAST, Dice, Rows, put

LIQUIDATION, OPEN_INTEREST, MARK, INDEX, FUNDING, FUNDING_SETTLED, VOLUME = (
    int(Kind.LIQUIDATION),
    int(Kind.OPEN_INTEREST),
    int(Kind.MARK),
    int(Kind.INDEX),
    int(Kind.FUNDING),
    int(Kind.FUNDING_SETTLED),
    int(Kind.VOLUME_24H),
)

FUNDING_EVERY_US = 8 * 3_600 * 1_000_000
INTEREST_E8, CLAMP_E8 = 10_000, 50_000
"""0.01 % a period of interest, and 0.05 % by which the rate may differ from the premium."""
NOTICE_EVERY_MS = 1_000


@njit(cache=True)
def open_interest(n: Ints) -> int:
    """Return the lots that are open: half of all that everybody holds, long or short."""
    return int((n[GROSS] + abs(n[POOL_TAKERS]) + abs(n[POOL_RESTING]) + abs(n[POOL_ARBITRAGE])) // 2)


@njit(cache=True)
def mark(perp: Ints, spot: Ints, n: Ints, ms: int) -> None:
    """Move index and mark, ten times a second."""
    spot_e8 = (spot[BID] + spot[ASK]) * (TICK_E8 // SPOT_TICKS) // 2
    n[INDEX_E8] += (spot_e8 - n[INDEX_E8]) // 4
    contract = (perp[BID] + perp[ASK]) * TICK_E8 // 2
    period_ms = FUNDING_EVERY_US // 1_000
    left_ms = period_ms - ms % period_ms
    by_funding = n[INDEX_E8] + n[INDEX_E8] // 100_000_000 * n[LAST_RATE_E8] * (left_ms // 1_000) // (period_ms // 1_000)
    by_basis = n[INDEX_E8] + n[BASIS_SUM_E8] // BASIS_SAMPLES
    low, high = min(by_funding, by_basis), max(by_funding, by_basis)
    n[MARK_E8] = max(low, min(high, contract))


@njit(cache=True)
def each_second(
    perp: Ints, spot: Ints, n: Ints, basis_e8: Ints, minutes: Ints, dice: Dice, out: Rows, filled: int, ms: int
) -> int:
    """Tell mark, index and predicted funding; every ten seconds the day's volume; at its time the settled rate."""
    index, contract = n[INDEX_E8], (perp[BID] + perp[ASK]) * TICK_E8 // 2
    at = n[BASIS_AT] % BASIS_SAMPLES
    n[BASIS_SUM_E8] += contract - index - basis_e8[at]
    basis_e8[at] = contract - index
    n[BASIS_AT] += 1
    n[PREMIUM_SUM] += (contract - index) * 10_000 // (index // 10_000)
    n[PREMIUM_COUNT] += 1
    premium = n[PREMIUM_SUM] // n[PREMIUM_COUNT]
    n[RATE_E8] = premium + max(-CLAMP_E8, min(CLAMP_E8, INTEREST_E8 - premium))
    now_us = ms * 1_000
    ts = tell.arrival(n, SENT_MARKET, ms, between(dice, 1_000, 6_000))
    told = perp[MUTE] != ALL
    if now_us % FUNDING_EVERY_US == 0:
        n[LAST_RATE_E8] = n[RATE_E8]
        n[PREMIUM_SUM] = n[PREMIUM_COUNT] = 0
        if told:
            filled = put(out, filled, ts, now_us, 0, n[RATE_E8], 0, FUNDING_SETTLED, 0, PERP, LAST)
    if told:
        due = now_us - now_us % FUNDING_EVERY_US + FUNDING_EVERY_US
        filled = put(out, filled, ts, now_us, 0, n[MARK_E8], 0, MARK, 0, PERP, 0)
        filled = put(out, filled, ts, now_us, 0, index, 0, INDEX, 0, PERP, 0)
        filled = put(out, filled, ts, now_us, 0, n[RATE_E8], due, FUNDING, 0, PERP, LAST)
    minute = ms // 60_000 % MINUTES_A_DAY
    if minute != n[VOLUME_MINUTE]:
        n[VOLUME_MINUTE] = minute
        n[VOLUME_24H] -= minutes[minute]
        minutes[minute] = 0
    n[VOLUME_24H] += n[TRADED_LOTS]
    minutes[minute] += n[TRADED_LOTS]
    n[TRADED_LOTS] = 0
    if told and ms % 10_000 == 0:
        filled = put(out, filled, ts, now_us, 0, 0, n[VOLUME_24H], VOLUME, 0, PERP, LAST)
    return filled


@njit(cache=True)
def polls(perp: Ints, n: Ints, dice: Dice, out: Rows, filled: int, ms: int) -> int:
    """Answer a poll of the open interest every three to five seconds."""
    if ms < n[OI_DUE_MS]:
        return filled
    n[OI_DUE_MS] = ms + between(dice, 3_000, 5_001)
    ts = tell.arrival(n, SENT_REST, ms, between(dice, 8_000, 30_000))
    if perp[MUTE] == ALL:
        return filled
    return put(out, filled, ts, ms * 1_000, 0, 0, open_interest(n), OPEN_INTEREST, 0, PERP, LAST)


@njit(cache=True)
def notice(n: Ints, side: int, lots: int, value: int, ms: int) -> None:
    """Remember a liquidation order: only the latest of a second is shown, a second after the first."""
    if n[NOTICE_LOTS] == 0:
        n[NOTICE_DUE_MS] = ms + NOTICE_EVERY_MS
    n[NOTICE_SIDE], n[NOTICE_LOTS], n[NOTICE_VALUE], n[NOTICE_AT_MS] = side, lots, value, ms


@njit(cache=True)
def notices(perp: Ints, n: Ints, dice: Dice, out: Rows, filled: int, ms: int) -> int:
    """Tell the liquidation order that is due to be shown."""
    if n[NOTICE_LOTS] == 0 or ms < n[NOTICE_DUE_MS]:
        return filled
    ts = tell.arrival(n, SENT_MARKET, ms, between(dice, 8_000, 13_000))
    if perp[MUTE] != ALL:
        average = n[NOTICE_VALUE] * TICK_E8 // n[NOTICE_LOTS]
        filled = put(
            out,
            filled,
            ts,
            n[NOTICE_AT_MS] * 1_000,
            0,
            average,
            n[NOTICE_LOTS],
            LIQUIDATION,
            n[NOTICE_SIDE],
            PERP,
            LAST,
        )
    n[NOTICE_LOTS] = 0
    return filled
