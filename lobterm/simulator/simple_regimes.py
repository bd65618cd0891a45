"""What the simple market does when: quiet, drift, cascade, reform, over and over.

What: a table of rates per regime and a schedule that names the regime of every millisecond.
Units: as each column says; one row of TABLE per regime.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

QUIET, RISE, FALL, LONG_CASCADE, SHORT_CASCADE, REFORM = range(6)
"""Regimes. A long cascade liquidates longs by selling; a short cascade is its mirror."""

JUMPS_PER_S, JUMP_TICKS, P_UP, DEPTH, IMPROVE, OPPORTUNIST, INFORMED, PATIENT, NOISE, FORCED, AWAY_TICKS = range(11)
"""Columns: jumps of fair value a second, their scale, chance of up; depth to what is normal; chances per ms that a
maker narrows the spread and that each kind of taker trades (given its occasion); how far makers stand back in ticks."""

_MILD = (0.016, 0.060, 0.008, 0.0015, 0.0, 0.0)
TABLE = np.array(
    [
        (0.6, 8.0, 0.50, 1.00, 0.08, *_MILD),
        (1.6, 20.0, 0.66, 0.80, 0.06, *_MILD),
        (1.6, 20.0, 0.34, 0.80, 0.06, *_MILD),
        (9.0, 40.0, 0.16, 0.15, 0.02, 0.020, 0.080, 0.0, 0.004, 0.060, 24.0),
        (9.0, 40.0, 0.84, 0.15, 0.02, 0.020, 0.080, 0.0, 0.004, 0.060, 24.0),
        (2.0, 16.0, 0.56, 0.45, 0.03, 0.030, 0.070, 0.010, 0.002, 0.0, 6.0),
    ]
)

_CYCLE_S = (
    *((QUIET, 12), (RISE, 15), (LONG_CASCADE, 22), (REFORM, 45), (QUIET, 40), (RISE, 50), (QUIET, 30), (FALL, 50)),
    (QUIET, 36),
)


def schedule(rng: np.random.RandomState, milliseconds: int) -> npt.NDArray[np.uint8]:
    """Return the regime of each millisecond: cycles of the same story, each part up to a third longer or shorter."""
    parts: list[npt.NDArray[np.uint8]] = []
    total = cycle = 0
    while total < milliseconds:
        for regime, seconds in _CYCLE_S:
            # every third cycle squeezes shorts, so that both sides of the mirror are seen
            happening = SHORT_CASCADE if regime == LONG_CASCADE and cycle % 3 == 2 else regime
            length = int(seconds * rng.randint(667, 1334))
            parts.append(np.full(length, happening, np.uint8))
            total += length
        cycle += 1
    return np.concatenate(parts)[:milliseconds]
