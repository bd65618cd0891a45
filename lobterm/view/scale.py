"""Full scales of bars: round numbers, so that bars stand still while what they measure moves."""

from __future__ import annotations

import math


def full_scale(least: float) -> float:
    """Return the smallest of 1, 2, 5 x 10^n that is not below `least`; 1 for nothing."""
    if least <= 0.0 or not math.isfinite(least):
        return 1.0
    decade = 10.0 ** math.floor(math.log10(least))
    return next((step * decade for step in (1.0, 2.0, 5.0) if step * decade >= least * (1 - 1e-12)), 10.0 * decade)
