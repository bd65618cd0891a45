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
LEVELS, LEVEL_STEP_TICKS, PULL_TANH, WIDEN = range(26, 30)
FILL_RULE, QUEUE_MODEL, QUEUE_POWER, MAX_ACTIONS, TAKER_FEE_BPS = range(30, 35)
WINDOW_S, MIN_SAMPLES, Z_CLAMP, Z_EPS, IMPACT_BPS, DEPTH_BPS, KAPPA, SIGMA_OI_BPS, ADV_HALF_LIFE_S = range(35, 44)
DEPTH_HALF_LIFE_S, PI_FLOOR, DEPTH_FLOOR, W_FSI, W_LDR, W_PI = range(44, 50)
RV_SUBSAMPLES, SIGMA_HALF_LIFE_S, SIGMA_HORIZON_S, OI_MAX_AGE_S, OI_SPARSE_S, OI_HALF_LIFE_S = range(50, 56)
STATE_Z_FSI, STATE_Z_OI, STATE_Z_LDR, STATE_WINDOW_S, LATCH_S, LIQ_RUN, LIQ_GAP_S = range(56, 63)
FLOW_HALF_LIFE_S, FLOW_PERSISTENCE = 63, 64
EXHAUSTION_RULE, LPI_HI, LPI_EXIT, ROLLOVER_TICKS, DIVERGENCE_S, EXHAUSTION_Z_OI = range(65, 71)
FADE_ENABLED, W_MAX, FADE_MAX_INVENTORY, SIGMA_FLOOR_BPS = range(71, 75)
OFFSET_1, OFFSET_2, OFFSET_3, SHARE_1, SHARE_2, SHARE_3 = range(75, 81)
Z_PI_MAX, MAX_SPREAD_BPS, TIME_IN_STATE_S, T_MAX_S, STOP_SIGMAS, TARGET_BPS = range(81, 87)
CRASH_FILTER, CRASH_S, CRASH_SIGMAS, CRASH_HALF_LIFE_S = range(87, 91)

LARGE = 1e9
"""No size, price or factor of a market comes near it, and no product of two leaves a double or 64 bits."""

PARAMS: tuple[Param, ...] = (
    Param(MAPPING, "signals.mapping", "", 0, 0, 1, "001 Exp 8", ("inverted", "traditional")),
    Param(DECAY, "signals.decay", "", 0, 0, 1, "methods 1.8 #1", ("half_life", "time_constant")),
    Param(TAU_S, "signals.tau_s", "s", 10.0, 1e-3, 86_400.0, "000 3.2"),
    Param(UNIT, "signals.unit", "", 0, 0, 1, "methods 1.3", ("normalised", "base")),
    Param(ALPHA_GAIN, "signals.alpha", "1, or 1/base", 1.0, 0.0, LARGE, "000 4.1, value methods 1.3"),
    Param(NORM_A, "signals.norm_a", "per trade", 0.001, 1e-9, 1.0, "methods 1.3"),
    Param(NORM_SCALE, "signals.norm_scale", "trades", 50.0, 1e-9, LARGE, "methods 1.3"),
    Param(
        NORM_START,
        "signals.norm_start",
        "base",
        0.0,
        0.0,
        LARGE,
        "ours: 0 starts unbiased; the public code starts at 1",
    ),
    Param(NORM_WARM, "signals.norm_warm_trades", "trades", 1000.0, 1.0, 1e9, "ours"),
    Param(ALPHA_TICK_US, "engine.alpha_tick_us", "us", 250_000.0, 1_000.0, 60_000_000.0, "003 8.1"),
    Param(MAX_SILENCE_US, "engine.max_silence_us", "us", 60_000_000.0, 1_000_000.0, 86_400_000_000.0, "ours"),
    Param(ENABLED, "maker.enabled", "", 1, 0, 1, "ours", ("no", "yes")),
    Param(SIZE_BASE, "maker.size_base", "base", 0.01, 0.0, LARGE, "ours"),
    Param(REQUOTE_US, "maker.requote_us", "us", 200_000.0, 1_000.0, 60_000_000.0, "001 Exp 7"),
    Param(BETA_TICKS, "maker.beta_ticks", "ticks", 50.0, 0.0, 1e9, "methods 1.3"),
    Param(GAMMA, "maker.gamma", "1", 5.0, 0.0, 1e6, "methods 1.3"),
    Param(K_TOL, "maker.k_tol", "1, or base", 0.2, 0.0, LARGE, "methods 1.3"),
    Param(THETA, "maker.theta", "quote per base", 0.2, 0.0, LARGE, "methods 1.3, 1.8 #11"),
    Param(THETA_MODE, "maker.theta_mode", "", 0, 0, 1, "000 5.2, 001 Exp 6", ("static", "dynamic")),
    Param(Q_TARGET, "maker.q_target", "base", 0.0, -LARGE, LARGE, "methods 1.3"),
    Param(W_BASE_BPS, "maker.w_base_bps", "bps of mid, full width", 2.0, 0.0, 10_000.0, "methods 1.3, 1.8 #10"),
    Param(ROUNDING, "maker.rounding", "", 0, 0, 1, "ours; nearest is the public code's", ("outward", "nearest")),
    Param(MAX_INVENTORY, "maker.max_inventory_base", "base", 1.0, 0.0, LARGE, "ours"),
    Param(ORDER_LATENCY_US, "matching.order_latency_us", "us", 100_000.0, 0.0, 1_000_000.0, "003 9.2"),
    Param(CANCEL_LATENCY_US, "matching.cancel_latency_us", "us", 100_000.0, 0.0, 1_000_000.0, "003 9.2"),
    Param(MAKER_FEE_BPS, "account.maker_fee_bps", "bps", 2.0, -100.0, 100.0, "methods 1.8 #22"),
    Param(LEVELS, "maker.levels", "levels a side", 1.0, 1.0, 5.0, "ours; 000 quotes one"),
    Param(LEVEL_STEP_TICKS, "maker.level_step_ticks", "ticks", 10.0, 1.0, 1e6, "ours"),
    Param(PULL_TANH, "maker.pull_tanh", "|tanh|", 1.0, 0.0, 1.0, "001 Exp 5; 1 is off"),
    Param(WIDEN, "maker.widen", "", 0, 0, 1, "000 4.2; threatened: 001 Exp 8", ("both", "threatened")),
    Param(FILL_RULE, "matching.rule", "", 1, 0, 2, "003 5.2", ("through", "queue", "touch")),
    Param(
        QUEUE_MODEL,
        "matching.queue_model",
        "",
        0,
        0,
        5,
        "methods 3.6; ours: the most careful",
        ("risk_adverse", "power", "log", "power_total", "log_total", "power_share"),
    ),
    Param(QUEUE_POWER, "matching.queue_power", "1", 3.0, 0.1, 10.0, "methods 3.6"),
    Param(MAX_ACTIONS, "matching.max_actions_per_s", "orders and cancels a second", 20.0, 1.0, 1e6, "ours"),
    Param(TAKER_FEE_BPS, "account.taker_fee_bps", "bps", 5.0, -100.0, 100.0, "methods 1.8 #22"),
    Param(WINDOW_S, "lpi.window_s", "s", 7200.0, 60.0, 86_400.0, "003 8.1"),
    Param(MIN_SAMPLES, "lpi.min_samples", "samples", 120.0, 2.0, 1e6, "methods 3.3"),
    Param(Z_CLAMP, "lpi.z_clamp", "robust standard deviations", 20.0, 1.0, 1e9, "methods 3.3"),
    Param(Z_EPS, "lpi.z_eps", "unit of the value", 0.0, 0.0, LARGE, "003 2.3; ours: without a scale there is no z"),
    Param(IMPACT_BPS, "lpi.impact_bps", "bps", 3.0, 0.0, 1000.0, "003 8.1"),
    Param(DEPTH_BPS, "lpi.depth_bps", "bps", 10.0, 0.0, 1000.0, "003 8.1"),
    Param(KAPPA, "lpi.kappa", "1", 0.5, 0.0, 1.0, "ours; bounds methods 1.8 #20"),
    Param(SIGMA_OI_BPS, "lpi.sigma_oi_bps", "bps of open interest", 5.0, 1e-6, 10_000.0, "ours"),
    Param(ADV_HALF_LIFE_S, "lpi.adv_half_life_s", "s", 3600.0, 1.0, 604_800.0, "ours"),
    Param(DEPTH_HALF_LIFE_S, "lpi.depth_half_life_s", "s", 600.0, 1.0, 604_800.0, "ours"),
    Param(PI_FLOOR, "lpi.pi_floor_quote", "quote", 1000.0, 1e-9, LARGE, "003 2.2 C, value ours"),
    Param(DEPTH_FLOOR, "lpi.depth_floor_base", "base", 0.001, 1e-12, LARGE, "ours"),
    Param(W_FSI, "lpi.w_fsi", "1", 0.5, 0.0, 10.0, "003 2.3"),
    Param(W_LDR, "lpi.w_ldr", "1", 0.3, 0.0, 10.0, "003 2.3"),
    Param(W_PI, "lpi.w_pi", "1", 0.2, 0.0, 10.0, "003 2.3"),
    Param(RV_SUBSAMPLES, "lpi.rv_subsamples", "an alpha tick", 5.0, 1.0, 50.0, "003 3.1, value ours"),
    Param(SIGMA_HALF_LIFE_S, "lpi.sigma_half_life_s", "s", 60.0, 1.0, 86_400.0, "ours"),
    Param(SIGMA_HORIZON_S, "lpi.sigma_horizon_s", "s", 60.0, 0.001, 86_400.0, "ours"),
    Param(OI_MAX_AGE_S, "oi.max_age_s", "s", 30.0, 0.1, 86_400.0, "ours"),
    Param(OI_SPARSE_S, "oi.sparse_s", "s", 10.0, 0.0, 86_400.0, "ours"),
    Param(OI_HALF_LIFE_S, "oi.half_life_s", "s", 60.0, 0.001, 86_400.0, "003 2.1, value ours"),
    Param(STATE_Z_FSI, "state.z_fsi", "robust standard deviations", 2.0, 0.0, 1e9, "003 8.3"),
    Param(STATE_Z_OI, "state.z_oi", "robust standard deviations", 1.5, 0.0, 1e9, "003 8.3"),
    Param(STATE_Z_LDR, "state.z_ldr", "robust standard deviations", 1.0, 0.0, 1e9, "003 1.1, value ours"),
    Param(STATE_WINDOW_S, "state.window_s", "s", 5.0, 0.0, 3600.0, "ours"),
    Param(LATCH_S, "state.latch_s", "s", 5.0, 0.0, 3600.0, "methods 1.8 #17"),
    Param(LIQ_RUN, "state.liq_run", "messages", 2.0, 1.0, 1000.0, "ours"),
    Param(LIQ_GAP_S, "state.liq_gap_s", "s", 3.0, 0.001, 3600.0, "ours"),
    Param(FLOW_HALF_LIFE_S, "state.flow_half_life_s", "s", 60.0, 0.1, 86_400.0, "ours"),
    Param(FLOW_PERSISTENCE, "state.flow_persistence", "|net| / total", 0.5, 0.0, 1.0, "003 4.1, value ours"),
    Param(EXHAUSTION_RULE, "exhaustion.rule", "", 0, 0, 1, "methods 1.8 #15, #16", ("section_3_1", "section_8_4")),
    Param(LPI_HI, "exhaustion.lpi_hi", "LPI", 3.0, 0.0, 1e9, "003 8.1"),
    Param(LPI_EXIT, "exhaustion.lpi_exit", "LPI", 1.2, -1e9, 1e9, "003 8.1"),
    Param(ROLLOVER_TICKS, "exhaustion.rollover_ticks", "alpha ticks", 3.0, 1.0, 100.0, "003 8.1"),
    Param(DIVERGENCE_S, "exhaustion.divergence_s", "s", 2.0, 0.001, 60.0, "003 8.4"),
    Param(EXHAUSTION_Z_OI, "exhaustion.z_oi", "robust standard deviations", 1.5, 0.0, 1e9, "003 3.1, value as 8.3"),
    Param(FADE_ENABLED, "fade.enabled", "", 1, 0, 1, "ours", ("no", "yes")),
    Param(W_MAX, "fade.w_max", "base x volatility", 0.00002, 0.0, LARGE, "ours"),
    Param(FADE_MAX_INVENTORY, "fade.max_inventory_base", "base", 0.1, 0.0, LARGE, "ours"),
    Param(SIGMA_FLOOR_BPS, "fade.sigma_floor_bps", "bps over the horizon", 1.0, 1e-6, 10_000.0, "ours"),
    Param(OFFSET_1, "fade.offset_1_ticks", "ticks", 0.0, 0.0, 1e6, "003 8.5"),
    Param(OFFSET_2, "fade.offset_2_ticks", "ticks", 1.0, 0.0, 1e6, "003 8.5"),
    Param(OFFSET_3, "fade.offset_3_ticks", "ticks", 2.0, 0.0, 1e6, "003 8.5"),
    Param(SHARE_1, "fade.share_1", "of the size", 0.5, 0.0, 1.0, "ours"),
    Param(SHARE_2, "fade.share_2", "of the size", 0.3, 0.0, 1.0, "ours"),
    Param(SHARE_3, "fade.share_3", "of the size", 0.2, 0.0, 1.0, "003 8.5: small, value ours"),
    Param(Z_PI_MAX, "fade.z_pi_max", "robust standard deviations", 3.0, -1e9, 1e9, "003 5.1, value ours"),
    Param(MAX_SPREAD_BPS, "fade.max_spread_bps", "bps", 5.0, 0.0, 10_000.0, "003 8.5, value ours"),
    Param(TIME_IN_STATE_S, "fade.time_in_state_s", "s", 10.0, 0.001, 3600.0, "003 8.5, value ours"),
    Param(T_MAX_S, "fade.t_max_s", "s", 120.0, 0.001, 86_400.0, "003 8.1"),
    Param(STOP_SIGMAS, "fade.stop_sigmas", "sigma", 2.5, 0.0, 1e6, "003 8.1"),
    Param(TARGET_BPS, "fade.target_bps", "bps", 10.0, 0.0, 10_000.0, "003 8.6, value ours"),
    Param(CRASH_FILTER, "fade.crash_filter", "", 1, 0, 2, "003 8.6", ("off", "halve", "block")),
    Param(CRASH_S, "fade.crash_s", "s", 60.0, 0.25, 600.0, "ours"),
    Param(CRASH_SIGMAS, "fade.crash_sigmas", "sigma", 3.0, 0.0, 1e6, "ours"),
    Param(CRASH_HALF_LIFE_S, "fade.crash_half_life_s", "s", 3600.0, 1.0, 604_800.0, "ours"),
)
BY_KEY = {param.key: param for param in PARAMS}
LOW = np.array([param.low for param in PARAMS])
HIGH = np.array([param.high for param in PARAMS])
"""Bounds by id: a PARAM event outside them changes nothing."""


def defaults() -> npt.NDArray[np.float64]:
    """Return the vector of defaults."""
    return np.array([param.default for param in PARAMS], dtype=np.float64)
