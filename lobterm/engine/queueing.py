"""How many lots stand ahead of a resting order of ours.

What: an order joins behind the size displayed at its price. A print at the price takes from the front; a drop of the level
that no print explains is a cancel, and a model says how much of it was ahead of us. `risk_adverse`: none, unless the level
itself has become smaller; `power` and `log`: in proportion f(behind) / (f(behind) + f(ahead)), f = x^n or ln(1 + x).
Seeds: 003 §5.2; methods §3.6 (after Rigtorp, and the models that hftbacktest made common).
Units: lots; fractions of a lot are the models' own.
"""

from __future__ import annotations

import math

from lobterm.engine.kernel import kernel

RISK_ADVERSE, POWER, LOG, POWER_TOTAL, LOG_TOTAL, POWER_SHARE = range(6)
"""Indices of the choices of `matching.queue_model`."""


@kernel
def _weight(model: int, power: float, lots: float) -> float:
    return math.log1p(lots) if model == LOG or model == LOG_TOTAL else lots**power


@kernel
def _share_behind(model: int, power: float, behind: float, ahead: float) -> float:
    """Return how much of a cancel was behind us, 0 to 1, given the lots behind and ahead."""
    behind, ahead = max(behind, 0.0), max(ahead, 0.0)
    if behind + ahead <= 0.0:
        return 1.0
    if model == POWER_SHARE:
        return 1.0 - (ahead / (ahead + behind)) ** power
    w_behind = _weight(model, power, behind)
    if model == POWER_TOTAL or model == LOG_TOTAL:
        return w_behind / _weight(model, power, behind + ahead)
    return w_behind / (w_behind + _weight(model, power, ahead))


@kernel
def after_level(model: int, power: float, ahead: float, traded: float, previous: int, new: int) -> float:
    """Return the lots ahead after the level went from `previous` to `new`, `traded` of it by prints we have counted."""
    if model == RISK_ADVERSE:
        return min(ahead, float(new))
    dropped = previous - new - traded
    if dropped < 0.0:
        return min(ahead, float(new))
    behind = previous - ahead
    p = _share_behind(model, power, behind, ahead)
    return min(ahead - (1.0 - p) * dropped + min(behind - p * dropped, 0.0), float(new))
