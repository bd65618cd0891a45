"""A reading of the session log that was made up: every number in it can be told."""

from __future__ import annotations

import math

from lobterm.session.bootstrap import Estimate
from lobterm.session.report.marks import Split
from lobterm.session.report.samples import Curve
from lobterm.session.review import Filled, Listed, Minute, Reading
from tests.app.fake import MID, START

S = 1_000_000
HERE = Listed("20240805T114000.000000Z-aaaaaa", "BTCUSDT", "replay", START, False, START, START + 600 * S, None, None)
EARLIER = Listed("20240804T090000.000000Z-bbbbbb", "ETHUSDT", "live", START - 86_400 * S, True, None, None, 7, -1.25)


def estimate(mean: float, h: int, n: int = 120) -> Estimate:
    if n < 20:
        return Estimate(mean, None, None, n, 4, "n < 20")
    wide = 0.1 * 2**h
    return Estimate(mean, mean - wide, mean + wide, n, 30)


def curve(name: str, at: float, n: int = 120) -> Curve:
    means = [estimate(at - 0.2 * h, h, n) for h in range(5)] + [Estimate(None, None, None, 0, 0, "none")]
    return Curve(name, n, tuple(means), (-1.5,) * 5 + (None,), (at,) * 5 + (None,))


def filled(k: int) -> Filled:
    later = None if k % 3 == 0 else 0.1 * k
    return Filled(START + (250 - k) * S, "maker", 1 if k % 2 else -1, MID + k, 10, None if k == 2 else 0.5, 0.106, "queue",
                  "directional", "informed", 0.04, (0.1, 0.2, None, later, -0.4, None))  # fmt: skip


def minute(k: int) -> Minute:
    total = round(math.sin(k), 4)
    return Minute(
        START + k * 60 * S, 1 if k != 4 else 3, total, 0.5, 0.0, 0.2, round(total - 0.3, 4), k, total, 0.01 * k
    )


def reading(who: Listed = HERE, **changes) -> Reading:
    splits = (
        ("fills", Split("all fills", "", [curve("all", 0.3)])),
        ("fills", Split("strategy", "whose order it was", [curve("fade", -0.2, 12), curve("maker", 0.4)])),
        (
            "trades",
            Split("cluster", "of the taker", [curve(n, 0.1 * k) for k, n in enumerate(("passive", "directional"))]),
        ),
    )
    good = {
        "listed": who, "tick_e8": 10_000_000, "lot_e8": 100_000, "as_of_us": START + 252 * S,
        "fills": tuple(map(filled, range(30))), "fills_read": 30, "fills_all": 30, "trades_read": 9_000, "trades_all": 12_000,
        "splits": splits, "minutes": tuple(map(minute, range(5))), "earned": (), "fee_bps": 2.0, "maker_fee_bps": 2.0,
        "sessions": (HERE, EARLIER), "took_s": 0.1,
    }  # fmt: skip
    return Reading(**(good | changes))
