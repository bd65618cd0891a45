"""Every number that may be turned while the engine runs: id, name, unit, bounds, default, source.

The engine reads a flat float64 vector indexed by these ids; a PARAM event carries (id, f64 bits). Ids are never reused.
`config.toml` repeats the defaults for people; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. A name of `choices` is written instead of a number; its index is the value."""

    id: int
    key: str
    unit: str
    default: float
    low: float
    high: float
    source: str
    choices: tuple[str, ...] = ()


MAPPING, DECAY, TAU_S, UNIT, ALPHA_GAIN, NORM_A, NORM_SCALE, NORM_START, NORM_WARM = range(9)
ALPHA_TICK_US, MAX_SILENCE_US = 9, 10
ENABLED, SIZE_BASE, REQUOTE_US, BETA_TICKS, GAMMA, K_TOL, THETA, THETA_MODE, Q_TARGET, W_BASE_BPS = range(11, 21)
ROUNDING, MAX_INVENTORY, ORDER_LATENCY_US, CANCEL_LATENCY_US, MAKER_FEE_BPS = range(21, 26)

INF = float(np.finfo(np.float64).max)

PARAMS: tuple[Param, ...] = (
    Param(MAPPING, "signals.mapping", "", 0, 0, 1, "001 Exp 8", ("inverted", "traditional")),
    Param(DECAY, "signals.decay", "", 0, 0, 1, "methods 1.8 #1", ("half_life", "time_constant")),
    Param(TAU_S, "signals.tau_s", "s", 10.0, 1e-3, 86_400.0, "000 3.2"),
    Param(UNIT, "signals.unit", "", 0, 0, 1, "methods 1.3", ("normalised", "base")),
    Param(ALPHA_GAIN, "signals.alpha", "1, or 1/base", 1.0, 0.0, INF, "000 4.1, value methods 1.3"),
    Param(NORM_A, "signals.norm_a", "per trade", 0.001, 1e-9, 1.0, "methods 1.3"),
    Param(NORM_SCALE, "signals.norm_scale", "trades", 50.0, 1e-9, INF, "methods 1.3"),
    Param(
        NORM_START, "signals.norm_start", "base", 0.0, 0.0, INF, "ours: 0 starts unbiased; the public code starts at 1"
    ),
    Param(NORM_WARM, "signals.norm_warm_trades", "trades", 1000.0, 1.0, 1e9, "ours"),
    Param(ALPHA_TICK_US, "engine.alpha_tick_us", "us", 250_000.0, 1_000.0, 60_000_000.0, "003 8.1"),
    Param(MAX_SILENCE_US, "engine.max_silence_us", "us", 60_000_000.0, 1_000_000.0, 86_400_000_000.0, "ours"),
    Param(ENABLED, "maker.enabled", "", 1, 0, 1, "ours", ("no", "yes")),
    Param(SIZE_BASE, "maker.size_base", "base", 0.01, 0.0, INF, "ours"),
    Param(REQUOTE_US, "maker.requote_us", "us", 200_000.0, 1_000.0, 60_000_000.0, "001 Exp 7"),
    Param(BETA_TICKS, "maker.beta_ticks", "ticks", 50.0, 0.0, 1e9, "methods 1.3"),
    Param(GAMMA, "maker.gamma", "1", 5.0, 0.0, 1e6, "methods 1.3"),
    Param(K_TOL, "maker.k_tol", "1, or base", 0.2, 0.0, INF, "methods 1.3"),
    Param(THETA, "maker.theta", "quote per base", 0.2, 0.0, INF, "methods 1.3, 1.8 #11"),
    Param(THETA_MODE, "maker.theta_mode", "", 0, 0, 1, "000 5.2, 001 Exp 6", ("static", "dynamic")),
    Param(Q_TARGET, "maker.q_target", "base", 0.0, -INF, INF, "methods 1.3"),
    Param(W_BASE_BPS, "maker.w_base_bps", "bps of mid, full width", 2.0, 0.0, 10_000.0, "methods 1.3, 1.8 #10"),
    Param(ROUNDING, "maker.rounding", "", 0, 0, 1, "ours; nearest is the public code's", ("outward", "nearest")),
    Param(MAX_INVENTORY, "maker.max_inventory_base", "base", 1.0, 0.0, INF, "ours"),
    Param(ORDER_LATENCY_US, "matching.order_latency_us", "us", 100_000.0, 0.0, 1_000_000.0, "003 9.2"),
    Param(CANCEL_LATENCY_US, "matching.cancel_latency_us", "us", 100_000.0, 0.0, 1_000_000.0, "003 9.2"),
    Param(MAKER_FEE_BPS, "account.maker_fee_bps", "bps", 2.0, -100.0, 100.0, "methods 1.8 #22"),
)
BY_KEY = {param.key: param for param in PARAMS}
LOW = np.array([param.low for param in PARAMS])
HIGH = np.array([param.high for param in PARAMS])
"""Bounds by id: a PARAM event outside them changes nothing."""


def defaults() -> npt.NDArray[np.float64]:
    """Return the vector of defaults."""
    return np.array([param.default for param in PARAMS], dtype=np.float64)
