"""Inventory, cash and where the profit came from.

What: position and cash in integers; profit split into spread captured at the fill, what the inventory did afterwards, and fees.
total = spread + inventory - fees, and equals cash + position x mid to the last digit: two ledgers, one answer.
Seeds: 003 §5; methods §1.8 #8, #22.
Units: position in lots; cash, spread and inventory in half tick-lots (twice a price in ticks times lots); fees in 1e-8 quote.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from lobterm.engine import wide

POSITION, CASH2, SPREAD2, INVENTORY2, FEES_E8, MARK2, MARKED, FILLS, VOLUME, POSITION_MAX = range(10)
"""Fields of the account. MARK2 is bid + ask in ticks; MARKED is 0 while the book is unknown. POSITION_MAX is |position|'s."""
ACCOUNT_SIZE = 10

Ints = npt.NDArray[np.int64]


@njit(cache=True)
def mark(acct: Ints, mid2: int) -> None:
    """Move the mark to a new mid; the position earns the difference."""
    acct[INVENTORY2] += acct[POSITION] * (mid2 - acct[MARK2])
    acct[MARK2] = mid2
    acct[MARKED] = 1


@njit(cache=True)
def fee_e8(px: int, qty: int, value_e16: int, fee_bps: float) -> int:
    """Return the fee of a fill in 1e-8 quote, paid is positive. `value_e16` is tick_e8 x lot_e8."""
    micro_bps = round(fee_bps * 1e6)
    paid = wide.mul_div(px * qty, value_e16, abs(micro_bps), 2)
    return paid if micro_bps >= 0 else -paid


@njit(cache=True)
def book_fill(acct: Ints, side: int, px: int, qty: int, fee: int) -> None:
    """Book a fill of ours at the mark in force: +1 we bought."""
    acct[CASH2] -= 2 * side * px * qty
    acct[SPREAD2] += side * (acct[MARK2] - 2 * px) * qty
    acct[POSITION] += side * qty
    acct[POSITION_MAX] = max(acct[POSITION_MAX], abs(acct[POSITION]))
    acct[FEES_E8] += fee
    acct[FILLS] += 1
    acct[VOLUME] += qty


@njit(cache=True)
def to_e8(half_tick_lots: int, value_e16: int) -> int:
    """Return half tick-lots in 1e-8 quote, rounded once."""
    return wide.mul_div(half_tick_lots, value_e16, 5, 1)


@njit(cache=True)
def total_e8(acct: Ints, value_e16: int) -> int:
    """Return profit and loss at the mark in force, in 1e-8 quote."""
    return to_e8(acct[CASH2] + acct[POSITION] * acct[MARK2], value_e16) - acct[FEES_E8]
