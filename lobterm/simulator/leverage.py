"""Leveraged accounts: entry, leverage, maintenance margin, and the liquidation engine of the exchange.

What: an account is isolated; when the mark price reaches its liquidation price the exchange takes it over and closes
it in slices, at any price. Nothing else is needed for a cascade: a slice moves the price, the price moves the mark.
Not modelled: margin added later, the insurance fund, auto-deleveraging.
Formula: long, entry x (1 - 1/leverage) / (1 - maintenance); short, entry x (1 + 1/leverage) / (1 + maintenance).
Units: lots (longs positive), 1e-8 quote, ms.
"""

from __future__ import annotations

from numba import njit

from lobterm.simulator.dice import between, uniform
from lobterm.simulator.layout import (
    ACCOUNTS,
    ACTIVE,
    ACTIVE_SLOTS,
    CLOSED_LOTS,
    DUE_MS,
    ENTRY_E8,
    FREE,
    FREE_SLOTS,
    GROSS,
    LEVERAGE,
    LIQUIDATION_E8,
    LONG_EDGE_E8,
    LOTS,
    OPENED_GROSS,
    SHORT_EDGE_E8,
    SLICE_LOTS,
    TICK_E8,
    Ints,
)
from lobterm.simulator.tell import Dice

MAINTENANCE_E4 = 40
"""0.4 % of the position's value, the exchange's lowest tier."""
NEVER_E8 = 1 << 62
TRIES = 12
SLICES, SLICE_LEAST_LOTS, SLICE_MOST_LOTS = 4, 60, 15_000
"""Into how many orders an account is closed, and the sizes that bound one."""


@njit(cache=True)
def liquidation_e8(side: int, entry_e8: int, leverage: int) -> int:
    """Return the mark price at which an account is taken over."""
    margin = 10_000 // leverage
    if side > 0:
        return entry_e8 // (10_000 - MAINTENANCE_E4) * (10_000 - margin)
    return entry_e8 // (10_000 + MAINTENANCE_E4) * (10_000 + margin)


@njit(cache=True)
def enter(n: Ints, accounts: Ints, slot: int, lots: int, entry_e8: int, leverage: int) -> None:
    """Give an empty slot a position."""
    side = 1 if lots > 0 else -1
    edge = liquidation_e8(side, entry_e8, leverage)
    accounts[slot, LOTS], accounts[slot, ENTRY_E8] = lots, entry_e8
    accounts[slot, LIQUIDATION_E8], accounts[slot, LEVERAGE], accounts[slot, DUE_MS] = edge, leverage, 0
    n[GROSS] += abs(lots)
    if side > 0:
        n[LONG_EDGE_E8] = max(n[LONG_EDGE_E8], edge)
    else:
        n[SHORT_EDGE_E8] = min(n[SHORT_EDGE_E8], edge)


@njit(cache=True)
def choose(n: Ints, accounts: Ints, slots: Ints, dice: Dice, side: int) -> int:
    """Return the account of somebody who wants to trade `side`: one to close, or a free one to open; -1 if none.

    The more there is open, the likelier a close, so open interest stays about where it began.
    """
    opens = 0.5 + 4.0 * (n[OPENED_GROSS] - n[GROSS]) / (n[OPENED_GROSS] + 1)
    if uniform(dice) < opens:
        return slots[FREE_SLOTS, n[FREE] - 1] if n[FREE] > 0 else -1
    for _ in range(TRIES):
        slot = between(dice, 0, ACCOUNTS)
        if accounts[slot, LOTS] * side < 0 and accounts[slot, DUE_MS] == 0:
            return slot
    return -1


@njit(cache=True)
def change(n: Ints, accounts: Ints, slots: Ints, leverages: Ints, dice: Dice, slot: int, lots: int, value: int) -> None:
    """Book what a chosen account traded by its own will."""
    if lots == 0:
        return
    if accounts[slot, LOTS] == 0:
        n[FREE] -= 1
        leverage = leverages[between(dice, 0, len(leverages))]
        enter(n, accounts, slot, lots, value * TICK_E8 // abs(lots), leverage)
    else:
        reduce(n, accounts, slots, slot, lots)


@njit(cache=True)
def reduce(n: Ints, accounts: Ints, slots: Ints, slot: int, lots: int) -> None:
    """Close a part of a position; an empty account's slot is free again."""
    accounts[slot, LOTS] += lots
    n[GROSS] -= abs(lots)
    if accounts[slot, LOTS] == 0:
        slots[FREE_SLOTS, n[FREE]] = slot
        n[FREE] += 1


@njit(cache=True)
def check(n: Ints, accounts: Ints, slots: Ints, mark_e8: int, ms: int) -> None:
    """Take over every account whose liquidation price the mark has reached."""
    if n[LONG_EDGE_E8] < mark_e8 < n[SHORT_EDGE_E8]:
        return
    n[LONG_EDGE_E8], n[SHORT_EDGE_E8] = 0, NEVER_E8
    for slot in range(ACCOUNTS):
        lots, edge = accounts[slot, LOTS], accounts[slot, LIQUIDATION_E8]
        if lots == 0 or accounts[slot, DUE_MS]:
            continue
        if (lots > 0 and mark_e8 <= edge) or (lots < 0 and mark_e8 >= edge):
            accounts[slot, DUE_MS] = ms + 1
            accounts[slot, SLICE_LOTS] = max(SLICE_LEAST_LOTS, min(SLICE_MOST_LOTS, abs(lots) // SLICES))
            slots[ACTIVE_SLOTS, n[ACTIVE]] = slot
            n[ACTIVE] += 1
        elif lots > 0:
            n[LONG_EDGE_E8] = max(n[LONG_EDGE_E8], edge)
        else:
            n[SHORT_EDGE_E8] = min(n[SHORT_EDGE_E8], edge)


@njit(cache=True)
def closed(n: Ints, accounts: Ints, slots: Ints, index: int, lots: int, due_ms: int) -> None:
    """Book a slice that the liquidation engine traded for the account at `index` of the active list."""
    slot = slots[ACTIVE_SLOTS, index]
    n[CLOSED_LOTS] += abs(lots)
    reduce(n, accounts, slots, slot, lots)
    accounts[slot, DUE_MS] = due_ms
    if accounts[slot, LOTS] == 0:
        accounts[slot, DUE_MS] = 0
        n[ACTIVE] -= 1
        slots[ACTIVE_SLOTS, index] = slots[ACTIVE_SLOTS, n[ACTIVE]]
