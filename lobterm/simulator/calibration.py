"""What the agent market draws from: sizes, distances and rates, read off a real BTCUSDT recording.

What: tables of 1,024 equally likely numbers, built from quantiles, and one row of rates per market.
Source: the BTCUSDT perpetual and spot of 2024-08-08 23:54-24:00 UTC; docs/realism.md shows the outcome beside it.
Units: lots and ticks of each market (perpetual 0.001 and 0.1, spot 1e-5 and 0.01), milliseconds.
"""

from __future__ import annotations

import numpy as np

from lobterm.simulator.layout import Floats, Ints

ENTRIES = 1_024
Knots = tuple[tuple[float, int], ...]


def table(knots: Knots) -> Ints:
    """Return equally likely numbers with these quantiles: integer straight lines between (share below, number)."""
    numbers = np.zeros(ENTRIES, np.int64)
    marks = [(round(share * ENTRIES), number) for share, number in knots]
    for (start, low), (stop, high) in zip(marks, marks[1:], strict=False):
        for i in range(start, stop):
            numbers[i] = low + (high - low) * (2 * (i - start) + 1) // (2 * (stop - start))
    return numbers


# rows of TABLES; one for each market
ORDER_LOTS, PRINT_LOTS, LEVEL_LOTS, DISTANCE_TICKS = (2 * i for i in range(4))
TOUCH_LOTS = 8
NEWS_TICKS, POSITION_LOTS = 10, 11

_ORDER: Knots = (
    (0, 2), (0.1, 2), (0.25, 4), (0.5, 19), (0.75, 85), (0.9, 430), (0.95, 1_050), (0.99, 5_000), (0.998, 28_000),
    (1, 50_000),
)  # fmt: skip
_ORDER_SPOT: Knots = (
    (0, 9), (0.1, 15), (0.25, 25), (0.5, 160), (0.75, 1_100), (0.9, 6_000), (0.95, 15_000), (0.99, 75_000),
    (0.998, 300_000), (1, 450_000),
)  # fmt: skip
_PRINT: Knots = (
    (0, 1), (0.1, 2), (0.25, 3), (0.4, 10), (0.5, 26), (0.65, 100), (0.8, 300), (0.9, 750), (0.97, 2_200), (1, 8_000),
)  # fmt: skip
_PRINT_SPOT: Knots = (
    (0, 9), (0.1, 10), (0.25, 20), (0.4, 100), (0.5, 400), (0.65, 2_000), (0.8, 7_000), (0.9, 18_000), (1, 80_000),
)  # fmt: skip
_LEVEL: Knots = (
    (0, 2), (0.1, 4), (0.25, 14), (0.5, 52), (0.75, 230), (0.9, 800), (0.97, 3_000), (0.99, 8_000), (0.998, 22_000),
    (1, 40_000),
)  # fmt: skip
_LEVEL_SPOT: Knots = (
    (0, 9), (0.1, 20), (0.25, 200), (0.5, 6_000), (0.75, 20_000), (0.9, 32_000), (0.97, 90_000), (1, 300_000),
)  # fmt: skip
_DISTANCE: Knots = (
    (0, 1), (0.006, 10), (0.015, 20), (0.044, 50), (0.109, 100), (0.243, 200), (0.545, 500), (0.736, 1_000),
    (0.849, 2_000), (0.9, 5_000), (1, 17_000),
)  # fmt: skip
_DISTANCE_SPOT: Knots = (
    (0, 1), (0.012, 20), (0.02, 50), (0.031, 100), (0.06, 200), (0.13, 500), (0.218, 1_000), (0.361, 2_000),
    (0.58, 5_000), (1, 38_000),
)  # fmt: skip
_TOUCH: Knots = ((0, 2), (0.25, 20), (0.5, 110), (0.75, 380), (0.9, 900), (1, 3_000))
_TOUCH_SPOT: Knots = ((0, 5), (0.25, 300), (0.5, 5_000), (0.75, 18_000), (0.9, 40_000), (1, 90_000))
_NEWS: Knots = ((0, 4), (0.25, 12), (0.5, 24), (0.75, 58), (0.9, 115), (0.97, 250), (0.99, 460), (1, 800))
_POSITION: Knots = (
    (0, 5),
    (0.25, 90),
    (0.5, 400),
    (0.75, 1_800),
    (0.9, 6_000),
    (0.97, 20_000),
    (0.995, 60_000),
    (1, 120_000),
)

TABLES = np.stack(
    [
        table(knots)
        for knots in (
            *(_ORDER, _ORDER_SPOT, _PRINT, _PRINT_SPOT, _LEVEL, _LEVEL_SPOT, _DISTANCE, _DISTANCE_SPOT),
            *(_TOUCH, _TOUCH_SPOT, _NEWS, _POSITION),
        )
    ]
)

NEAR_TICKS = 1_024
"""Distances up to which the share of levels that hold anything is kept tick by tick."""


def _filled(knots: Knots) -> Floats:
    """Return the share of levels at each distance that hold anything; knots are (first tick, percent)."""
    shares = np.zeros(NEAR_TICKS)
    for (start, percent), (stop, _) in zip(knots, (*knots[1:], (NEAR_TICKS, 0)), strict=True):
        shares[int(start) : int(stop)] = percent / 100
    return shares


FILLED = np.stack(
    [
        _filled(((0, 16), (20, 25), (50, 41), (100, 60), (200, 70), (500, 67), (1_000, 50))),
        _filled(((0, 3),)),
    ]
)


def _scaled(knots: tuple[tuple[int, float], ...]) -> Floats:
    """Return what a level's size is multiplied by at each distance; knots are (first tick, factor)."""
    factors = np.ones(NEAR_TICKS)
    for start, factor in knots:
        factors[start:] = factor
    return factors


SCALED = np.stack(
    [
        _scaled(((0, 1.0), (5, 0.25), (10, 0.8), (20, 0.5), (100, 1.05), (500, 1.35))),
        _scaled(((0, 0.7), (5, 0.4), (50, 0.4), (100, 0.75))),
    ]
)

# columns of RATES
(
    ORDERS,  # noise orders a ms and side before excitement
    FAST_GAIN,
    FAST_CROSS,
    FAST_KEEP,  # what an order adds to its own and the other side's rate a ms, and what of it is left a ms later
    SLOW_GAIN,
    SLOW_CROSS,
    SLOW_KEEP,
    OPPORTUNIST,  # orders a ms at full imbalance
    INFORMED,  # orders a ms while a quote is stale
    EDGE_TICKS,  # how stale it must be
    TOUCH_BURST,  # bursts of changes at the touch a ms
    BURST_ON,  # chance that a burst goes on
    TOUCH_DEPTH,  # lots a side at the touch
    DEEP,  # renewals of deeper levels a ms
    NEAR,  # renewals close by a ms
    NEAR_SPAN,  # ticks
    PULL,
    IMPROVE,  # chances a ms that a stale quote goes, that a wide spread is narrowed
    BAND_TICKS,  # how far belief may leave the touch before its quotes are stale
    SEE_MS,  # how long makers need to see the value
    IMPACT,  # ticks of belief a lot
    MOST_IMPACT,  # ticks of belief an order
    SIGMA,  # normal ticks a square root of a second
    FLOW_LOTS,  # signed lots a second that makers find normal
    FOLLOW,  # weight of the other market's price in what makers see
    CANCEL,  # chance that a renewal takes a level away
    WALK,  # ticks that a renewal looks beyond an empty price for a level
) = range(27)

RATES = np.array(
    [
        (
            *(0.00235, 0.046, 0.030, 0.72, 0.00011, 0.00003, 0.9996, 0.030, 0.030, 14.0),
            *(0.042, 0.74, 4_700.0, 1.45, 0.06, 60.0),
            *(0.10, 0.30, 12.0, 50.0, 0.0012, 60.0, 75.0, 15_000.0, 0.0, 0.30, 0.0),
        ),
        (
            *(0.00095, 0.072, 0.010, 0.72, 0.00011, 0.00002, 0.9996, 0.014, 0.006, 150.0),
            *(0.020, 0.74, 460_000.0, 0.42, 0.02, 40.0),
            *(0.10, 0.30, 120.0, 60.0, 0.0001, 600.0, 700.0, 1_500_000.0, 0.7, 0.80, 33.0),
        ),
    ]
)
