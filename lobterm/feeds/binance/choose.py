"""Which decoded messages of one market may become rows, told in one pass, and why the others may not.

What: the diff stream followed is the first that speaks; trades come from one stream, the one that was chosen; best prices
never run back; a frame off the grid, or with numbers beyond all measure, is a bad frame and costs itself alone. Levels are
looked at later, message by message. Nothing here depends on how the lines were cut.
Units: as in wire.message; `state` and the counts are indexed by the names below.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from lobterm.tape.parquet import LARGEST
from lobterm.wire.message import (
    AGG,
    DEPTH,
    LIQUIDATION,
    MARK,
    OPEN_INTEREST,
    SKIPPED,
    SNAPSHOT,
    TOUCH,
    TRADE,
    Chosen,
    Ints,
    Messages,
)

IS_SPOT, TICK, LOT, SPEED, SOURCE, NEWEST_TOUCH, LIQUIDATIONS, STATES = range(8)
"""1 for spot; e8 per tick and lot; the diff stream followed, -1 for none yet; TRADE, AGG or 0 for none yet; id of the newest
best price; how many liquidations were chosen."""

REASONS = (
    "depth_of_other_market", "depth_of_other_speed", "trade_before_source", "trade_of_other_source", "old_touch",
    "not_of_this_market", "off_grid", "beyond_measure",
)  # fmt: skip
OTHER_MARKET, OTHER_SPEED, NO_SOURCE, OTHER_SOURCE, OLD_TOUCH, NOT_HERE, OFF_GRID, BEYOND = range(8)

KINDS = SKIPPED + 4
"""Kinds of messages, those that are left out included."""


def new_state(is_spot: bool, tick_e8: int, lot_e8: int) -> Ints:
    """Return the state before the first message."""
    state = np.zeros(STATES, np.int64)
    state[IS_SPOT], state[TICK], state[LOT] = is_spot, tick_e8, lot_e8
    state[SPEED] = state[NEWEST_TOUCH] = -1
    state[SOURCE] = TRADE if is_spot else 0
    return state


@njit(cache=True)
def _measure(px: int, qty: int, tick: int, lot: int) -> int:
    """Return OFF_GRID or BEYOND, or -1 for a good price and size."""
    if px // tick > LARGEST or qty // lot > LARGEST:
        return BEYOND
    return OFF_GRID if px % tick or qty % lot else -1


@njit(cache=True)
def choose(messages: Messages, start: int, stop: int, state: Ints, chosen: Chosen, why: Ints, bad: Ints) -> None:
    """Set `chosen` for messages[start:stop]; count REASONS in `why` and bad frames by kind in `bad`."""
    spot, tick, lot = state[IS_SPOT] == 1, state[TICK], state[LOT]
    for i in range(start, stop):
        m = messages[i]
        kind = m.kind
        wrong = -1
        if kind == DEPTH:
            if (m.prev_id >= 0) == spot:
                wrong = OTHER_MARKET
            else:
                if state[SPEED] < 0:
                    state[SPEED] = m.stream
                if m.stream != state[SPEED]:
                    wrong = OTHER_SPEED
        elif kind == TRADE or kind == AGG:
            if state[SOURCE] == 0:
                wrong = NO_SOURCE
            elif kind != state[SOURCE]:
                wrong = OTHER_SOURCE
            else:
                wrong = max(_measure(m.px, m.qty, tick, lot), _measure(m.px, m.qty2, tick, lot))
        elif kind == TOUCH:
            if m.last_id <= state[NEWEST_TOUCH]:
                wrong = OLD_TOUCH
            else:
                wrong = max(_measure(m.px, m.qty, tick, lot), _measure(m.px2, m.qty2, tick, lot))
                if wrong < 0:
                    state[NEWEST_TOUCH] = m.last_id
        elif kind == MARK or kind == LIQUIDATION or kind == OPEN_INTEREST:
            if spot:
                wrong = NOT_HERE
            elif kind != MARK:
                wrong = _measure(0, m.qty, tick, lot)
                state[LIQUIDATIONS] += kind == LIQUIDATION and wrong < 0
        elif kind != SNAPSHOT:
            chosen[i] = False
            continue
        chosen[i] = wrong < 0
        if wrong >= 0:
            why[wrong] += 1
            bad[kind] += wrong >= OFF_GRID
