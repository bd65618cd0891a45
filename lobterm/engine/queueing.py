"""How many lots stand ahead of a resting order of ours.

What: an order joins behind the size displayed at its price. A print at the price takes from the front; a drop of the level
that no print explains is a cancel, and a model says how much of it was ahead of us. `risk_adverse`: none, unless the level
itself has become smaller; `power` and `log`: in proportion f(behind) / (f(behind) + f(ahead)), f = x^n or ln(1 + x).
Seeds: 003 §5.2; methods §3.6 (after Rigtorp, and the models that hftbacktest made common).
Units: lots; fractions of a lot are the models' own.
"""

from __future__ import annotations

import math

from numba import njit

RISK_ADVERSE, POWER, LOG = range(3)
"""Indices of the choices of `matching.queue_model`."""


@njit(cache=True)
def _weight(model: int, power: float, lots: float) -> float:
    lots = max(lots, 0.0)
    return math.log1p(lots) if model == LOG else lots**power


@njit(cache=True)
def after_level(model: int, power: float, ahead: float, traded: float, previous: int, new: int) -> float:
    """Return the lots ahead after the level went from `previous` to `new`, `traded` of it by prints we have counted."""
    if model == RISK_ADVERSE:
        return min(ahead, float(new))
    dropped = previous - new - traded
    if dropped < 0.0:
        return min(ahead, float(new))
    behind = previous - ahead
    w_behind, w_ahead = _weight(model, power, behind), _weight(model, power, ahead)
    # an empty level on both sides: nothing can have been cancelled ahead of us that we do not know of
    p = w_behind / (w_behind + w_ahead) if w_behind + w_ahead > 0.0 else 1.0
    estimate = ahead - (1.0 - p) * dropped + min(behind - p * dropped, 0.0)
    return min(estimate, float(new))
