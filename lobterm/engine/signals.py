"""Sig_skew and Sig_hazard: what opportunistic and directional takers did lately.

What: four decaying sums, signed and absolute size of the opportunistic (phi 2) and directional (phi 1) trades. The
`traditional` mapping (000) skews with phi 2 and fears phi 1; the `inverted` one (001 Exp 8, default) the other way round.
Seeds: 000 §3.2; 001 Exp 8; methods §1.3, §1.8 #1, #2.
Units: base units. tau_s is a half-life by default, or a time constant. Decay is applied on every read.
The size normaliser is an EWMA of trade size, so that tanh and K_tol see a number without a unit.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lobterm.engine import params as pm
from lobterm.engine.kernel import kernel

SIGNED_OPP, ABS_OPP, SIGNED_DIR, ABS_DIR, AT_US, SIZE_EWMA, SIZE_UNSEEN, SIZE_N = range(8)
"""Fields of the sums: four sums, the time they are decayed to, size EWMA, weight of its start, trades in it."""
SUMS_SIZE = 8

SKEW_INVERTED, HAZARD_INVERTED, SKEW_TRADITIONAL, HAZARD_TRADITIONAL = range(4)
READ_SIZE = 4

LN2 = math.log(2.0)

Floats = npt.NDArray[np.float64]


@kernel
def decay(dt_us: float, tau_s: float, time_constant: bool) -> float:
    """Return the factor that `dt_us` leaves of a sum; time never runs back."""
    if dt_us <= 0.0:
        return 1.0
    rate = 1.0 if time_constant else LN2
    return math.exp(-rate * (dt_us * 1e-6) / tau_s)


@kernel
def add(sums: Floats, ts: int, signed_size: float, opportunistic: bool, params: Floats) -> None:
    """Decay all sums to `ts`, then add one trade of `signed_size` base units to its cluster's two."""
    factor = decay(ts - sums[AT_US], params[pm.TAU_S], params[pm.DECAY] == 1.0)
    for i in range(4):
        sums[i] *= factor
    sums[AT_US] = max(sums[AT_US], float(ts))
    at = SIGNED_OPP if opportunistic else SIGNED_DIR
    sums[at] += signed_size
    sums[at + 1] += abs(signed_size)


@kernel
def read(sums: Floats, ts: int, params: Floats, out: Floats) -> None:
    """Write both mappings' skew and hazard, decayed to `ts`, into `out` (READ_SIZE,); the sums stay as they are."""
    factor = decay(ts - sums[AT_US], params[pm.TAU_S], params[pm.DECAY] == 1.0)
    out[SKEW_INVERTED] = sums[SIGNED_DIR] * factor
    out[HAZARD_INVERTED] = sums[ABS_OPP] * factor
    out[SKEW_TRADITIONAL] = sums[SIGNED_OPP] * factor
    out[HAZARD_TRADITIONAL] = sums[ABS_DIR] * factor


@kernel
def see_size(sums: Floats, size: float, params: Floats) -> None:
    """Fold one trade size (base units) into the normaliser's EWMA."""
    a = params[pm.NORM_A]
    if sums[SIZE_N] == 0.0:
        sums[SIZE_EWMA] = params[pm.NORM_START]
        sums[SIZE_UNSEEN] = 1.0
    sums[SIZE_EWMA] += a * (size - sums[SIZE_EWMA])
    sums[SIZE_UNSEEN] *= 1.0 - a
    sums[SIZE_N] += 1.0


@kernel
def normaliser(sums: Floats, params: Floats) -> float:
    """Return the size normaliser in base units, or 0 while it is not warm.

    A start of 0 is taken out again (the EWMA's weight of it is known); any other start is the seed's, bias and all.
    """
    if sums[SIZE_N] < params[pm.NORM_WARM]:
        return 0.0
    level = sums[SIZE_EWMA]
    if params[pm.NORM_START] == 0.0:
        level /= 1.0 - sums[SIZE_UNSEEN]
    return params[pm.NORM_SCALE] * level


@kernel
def scaled(sums: Floats, both: Floats, params: Floats, out: Floats) -> bool:
    """Write (argument of tanh, hazard compared with K_tol) of the mapping in force into `out` (2,).

    Return False while the normaliser is needed and not warm.
    """
    at = 0 if params[pm.MAPPING] == 0.0 else 2
    scale = 1.0
    if params[pm.UNIT] == 0.0:
        scale = normaliser(sums, params)
        if scale <= 0.0:
            out[0] = 0.0
            out[1] = 0.0
            return False
    out[0] = params[pm.ALPHA_GAIN] * both[at] / scale
    out[1] = both[at + 1] / scale
    return True


@kernel
def feared(sums: Floats, params: Floats) -> float:
    """Return the signed sum of the takers whose hazard is in force: below 0 they sell."""
    return sums[SIGNED_OPP] if params[pm.MAPPING] == 0.0 else sums[SIGNED_DIR]
