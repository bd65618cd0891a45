"""Inventory, cash and where the profit came from, for each strategy on its own.

What: position and cash in integers; profit split into spread captured at the fill, what the inventory did afterwards,
slippage of our own crossing, fees and funding. total = spread + inventory + slippage - fees + funding, and equals
cash + position x mid - fees + funding to the last digit: two ledgers, one answer.
Seeds: 003 §5; 002 (funding); methods §1.8 #8, #22, §4.20.
Units: position in lots; cash, spread, inventory and slippage in half tick-lots (twice a price in ticks times lots); fees
(paid is positive) and funding (received is positive) in 1e-8 quote.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lobterm.engine import wide
from lobterm.engine.kernel import kernel

(
    POSITION, CASH2, SPREAD2, INVENTORY2, SLIP2, FEES_E8, FUNDING_E8, SEEN_MARK2, FILLS, VOLUME, POSITION_MAX, UNPRICED,
) = range(12)  # fmt: skip
"""Fields of one strategy's row. SEEN_MARK2 is the mark up to which INVENTORY2 has been told; POSITION_MAX is |position|'s;
UNPRICED counts settlements that FUNDING_E8 lacks because their mark price is not known: then neither it nor a total is."""
ACCOUNT_SIZE = 12
STRATEGIES = 3

T, WHO, LOTS = range(3)
"""Fields of a remembered fill: exchange time, strategy, lots bought (sold: below 0)."""
REMEMBERED = 4096

Ints = npt.NDArray[np.int64]


@kernel
def catch_up(acct: Ints, who: int, mark2: int) -> None:
    """Let the inventory earn what the mark did since it was last told."""
    acct[who, INVENTORY2] += acct[who, POSITION] * (mark2 - acct[who, SEEN_MARK2])
    acct[who, SEEN_MARK2] = mark2


@kernel
def fee_e8(px: int, qty: int, value_e16: int, fee_bps: float) -> int:
    """Return the fee of a fill in 1e-8 quote, paid is positive. `value_e16` is tick_e8 x lot_e8."""
    micro_bps = round(fee_bps * 1e6)
    paid = wide.mul_div(px * qty, value_e16, abs(micro_bps), 2)
    return paid if micro_bps >= 0 else -paid


@kernel
def book_fill(acct: Ints, who: int, side: int, px: int, qty: int, touch_px: int, fee: int, mark2: int) -> None:
    """Book a fill of ours at the mark in force: +1 we bought. `touch_px` is `px` but for a taker beyond the touch."""
    catch_up(acct, who, mark2)
    acct[who, CASH2] -= 2 * side * px * qty
    acct[who, SPREAD2] += side * (mark2 - 2 * touch_px) * qty
    acct[who, SLIP2] += 2 * side * (touch_px - px) * qty
    acct[who, POSITION] += side * qty
    acct[who, POSITION_MAX] = max(acct[who, POSITION_MAX], abs(acct[who, POSITION]))
    acct[who, FEES_E8] += fee
    acct[who, FILLS] += 1
    acct[who, VOLUME] += qty


@kernel
def remember(past: Ints, cursor: Ints, exch_ts: int, who: int, lots: int) -> None:
    """Keep a fill with its exchange time."""
    slot = cursor[0] % past.shape[0]
    past[slot, T] = exch_ts
    past[slot, WHO] = who
    past[slot, LOTS] = lots
    cursor[0] += 1


@kernel
def held_at(past: Ints, cursor: Ints, acct: Ints, who: int, exch_ts: int) -> int:
    """Return the position that a strategy held at an exchange time, as far back as fills are remembered.

    It is today's less what came later: fills are booked as we learn of them, which is not the order of their times.
    """
    held = acct[who, POSITION]
    for slot in range(min(cursor[0], past.shape[0])):
        if past[slot, WHO] == who and past[slot, T] > exch_ts:
            held -= past[slot, LOTS]
    return held


@kernel
def funding_e8(position: int, lot_e8: int, mark_e8: int, rate_e8: int) -> int:
    """Return what a settlement brings in 1e-8 quote: a long pays a positive rate. |rate| is below 0.1."""
    due = wide.mul_div(position * lot_e8, mark_e8, 100 * abs(rate_e8), 2)
    return -due if rate_e8 > 0 else due


@kernel
def funding_known(acct: Ints) -> bool:
    """Say whether every settlement on what was held is in the ledgers."""
    return acct[0, UNPRICED] == 0 and acct[1, UNPRICED] == 0 and acct[2, UNPRICED] == 0


@kernel
def to_e8(half_tick_lots: int, value_e16: int) -> int:
    """Return half tick-lots in 1e-8 quote, rounded once."""
    return wide.mul_div(half_tick_lots, value_e16, 5, 1)


@kernel
def total_e8(acct: Ints, mark2: int, value_e16: int) -> int:
    """Return profit and loss of all strategies at a mark, in 1e-8 quote."""
    half_tick_lots = fees = funding = 0
    for who in range(STRATEGIES):
        half_tick_lots += acct[who, CASH2] + acct[who, POSITION] * mark2
        fees += acct[who, FEES_E8]
        funding += acct[who, FUNDING_E8]
    return to_e8(half_tick_lots, value_e16) - fees + funding


@kernel
def position(acct: Ints) -> int:
    """Return the position of all strategies together."""
    return acct[0, POSITION] + acct[1, POSITION] + acct[2, POSITION]
