"""Both sides of the book as rows of the ladder count them: a unit is a price, or a group of prices.

A bid falls into the group below it and an ask into the one above it, so that grouping never closes a spread. The last group
of a depth that was cut short is not whole, and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lobterm.view import format as fmt
from lobterm.view.models import Own, OwnState, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lobterm.engine.read import Glance, OwnOrder
    from lobterm.instrument import Instrument

OWN_CELLS = 6
LARGE = 8.0
"""Times the median level in sight: from there on a resting order is large."""

BID_TOUCH, ASK_TOUCH, BID, ASK = Zone.BID_TOUCH, Zone.ASK_TOUCH, Zone.BID, Zone.ASK
SPREAD, BEYOND = Zone.SPREAD, Zone.BEYOND
"""By name, because an enum's own look-up is slow."""

Sizes = dict[int, int]
"""Lots by unit."""
Levels = npt.NDArray[np.int64]


def unit_of(px: int, side: int, group: int) -> int:
    """Return the unit that a price of a side falls into."""
    return px // group if side > 0 else -(-px // group)


def outrun(snapshot: Glance) -> int:
    """Return how many levels of the fuller side a newer touch has passed: they took room in the depth that was read."""
    if snapshot.touch is None:
        return 0
    bid, _, ask, _ = snapshot.touch
    return int(max(np.count_nonzero(snapshot.bids[:, 0] > bid), np.count_nonzero(snapshot.asks[:, 0] < ask)))


def _grouped(levels: Levels, side: int, group: int, whole: bool) -> Sizes:
    if not len(levels):
        return {}
    if group == 1:
        return dict(levels.tolist())
    units = levels[:, 0] // group if side > 0 else -(-levels[:, 0] // group)
    starts = np.flatnonzero(np.concatenate([[True], units[1:] != units[:-1]]))
    sums = np.add.reduceat(levels[:, 1], starts)
    if not whole and len(starts) > 1:
        starts, sums = starts[:-1], sums[:-1]
    return dict(zip(units[starts].tolist(), sums.tolist(), strict=True))


class Book:
    """Both sides as the touch in force lets them stand, and our orders on them."""

    def __init__(self, snapshot: Glance, instrument: Instrument, group: int = 1, depth: int = 0) -> None:
        self.instrument, self.group = instrument, group
        bids, asks = snapshot.bids, snapshot.asks
        whole = [not depth or len(levels) < depth for levels in (bids, asks)]
        if snapshot.touch is not None:
            bid, bid_lots, ask, ask_lots = snapshot.touch
            # a touch newer than the depth takes precedence: better levels are gone, its own may not be in the depth yet
            bids = np.concatenate([[[bid, bid_lots]], bids[bids[:, 0] < bid]])
            asks = np.concatenate([[[ask, ask_lots]], asks[asks[:, 0] > ask]])
        self.bids = _grouped(bids, 1, group, whole[0])
        self.asks = _grouped(asks, -1, group, whole[1])
        # how far the depth reaches is the depth's to say: a touch without depth knows nothing beyond itself
        self.low = min(_grouped(snapshot.bids[-1:], 1, group, True), default=None)
        self.high = max(_grouped(snapshot.asks[-1:], -1, group, True), default=None)
        self.bid, self.ask = max(self.bids, default=None), min(self.asks, default=None)
        self.own: dict[tuple[int, int], list[OwnOrder]] = {}
        for order in snapshot.orders:
            if order.taker:
                continue  # it has no price to stand at
            self.own.setdefault((order.side, unit_of(order.px, order.side, group)), []).append(order)

    def marks(self, side: int) -> dict[int, Own]:
        """Return our orders of one side, by unit, those at one as one mark."""
        return {unit: self._mark(orders) for (whose, unit), orders in self.own.items() if whose == side}

    def _mark(self, orders: list[OwnOrder]) -> Own:
        state = OwnState.LEAVING if all(order.leaving for order in orders) else OwnState.RESTING
        if state is OwnState.RESTING and not any(order.arrived for order in orders if not order.leaving):
            state = OwnState.TRAVELLING
        return Own(fmt.size(sum(order.left for order in orders), self.instrument, OWN_CELLS), state)

    def zone(self, unit: int) -> Zone:
        """Say where a unit lies."""
        if unit == self.bid:
            return BID_TOUCH
        if unit == self.ask:
            return ASK_TOUCH
        if self.bid is not None and unit < self.bid:
            return BID if self.low is not None and unit >= self.low else BEYOND
        if self.ask is not None and unit > self.ask:
            return ASK if self.high is not None and unit <= self.high else BEYOND
        return SPREAD if self.bid is not None and self.ask is not None else BEYOND

    def middle2(self) -> int:
        """Return twice the middle in units; a side that stands alone is its own middle."""
        if self.bid is None or self.ask is None:
            alone = self.bid if self.bid is not None else self.ask
            return 2 * (alone or 0)
        return self.bid + self.ask


def large(sizes: Iterable[int]) -> float:
    """Return from how many lots on a level is large, among these; 0 is no level."""
    found = sorted(filter(None, sizes))
    if len(found) < 8:
        return float("inf")
    # numpy takes ten times as long for so few
    return LARGE * (found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2
