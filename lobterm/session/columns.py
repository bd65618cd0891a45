"""The columns of the session log: which field of the engine's record each one is, when it is known, and what it means.

What: the SQLite tables, the part files, the frames and the exports are all made from this one description.
Where a record has a validity bit, the column is NULL while the bit is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from lobterm.engine.rows import (
    FEATURES,
    HORIZONS_US,
    TABLES,
    AlphaValid,
    FadeWhy,
    FillRule,
    FillValid,
    Label,
    LabelValid,
    Marked,
    QuoteAct,
    QuoteWhy,
    Regime,
    Source,
    Strategy,
    TriggerValid,
    Why,
)

KNOWN_IF: dict[str, dict[str, int]] = {
    "labels": {"book_age_us": LabelValid.BOOK, "feature": LabelValid.FEATURES, "z": LabelValid.Z},
    "alpha": {
        **dict.fromkeys(("bid", "ask", "bid_qty", "ask_qty"), AlphaValid.TOUCH),
        **dict.fromkeys(
            ("skew_inverted", "hazard_inverted", "skew_traditional", "hazard_traditional"), AlphaValid.SIGNALS
        ),
        "norm": AlphaValid.NORM,
        "fair_px": AlphaValid.QUOTE,
        "width_ticks": AlphaValid.QUOTE,
        "pnl_e8": AlphaValid.MARK,
        "volume": AlphaValid.FLOW,
        **dict.fromkeys(("impact_sell", "impact_buy"), AlphaValid.IMPACT),
        **dict.fromkeys(("fsi_sell", "fsi_buy"), AlphaValid.FSI),
        **dict.fromkeys(("ldr_bid", "ldr_ask"), AlphaValid.LDR),
        "pi": AlphaValid.PI,
        "rv": AlphaValid.RV,
        "sigma": AlphaValid.SIGMA,
        "z_fsi_sell": AlphaValid.Z_FSI_SELL,
        "z_fsi_buy": AlphaValid.Z_FSI_BUY,
        "z_ldr_bid": AlphaValid.Z_LDR_BID,
        "z_ldr_ask": AlphaValid.Z_LDR_ASK,
        "z_pi": AlphaValid.Z_PI,
        "lpi_sell": AlphaValid.LPI_SELL,
        "lpi_buy": AlphaValid.LPI_BUY,
        **dict.fromkeys(("oi", "oi_age_us"), AlphaValid.OI),
        "oi_flush": AlphaValid.OI_FLUSH,
        "z_oi": AlphaValid.Z_OI,
    },
    "triggers": {
        **dict.fromkeys(("z_oi", "oi_age_us"), TriggerValid.OI),
        "leg_return": TriggerValid.LEG,
        "sigma": TriggerValid.SIGMA,
        "crash_return": TriggerValid.CRASH,
    },
    "fills": {"ahead": FillValid.AHEAD, "hazard": FillValid.HAZARD},
}
"""By table and field of the record: the bit of `valid` without which it is NULL."""

NO_ZERO = {"labels": ("exch_ts",), "quotes": ("live_from", "live_to")}
"""Times whose zero means that there is none."""

NAMES: dict[str, dict[str, type[IntEnum]]] = {
    "labels": {"label": Label, "why": Why},
    "alpha": {"state_sell": Regime, "state_buy": Regime, "source": Source},
    "triggers": {"state": Regime, "source": Source, "why": FadeWhy},
    "quotes": {"act": QuoteAct, "why": QuoteWhy, "strategy": Strategy},
    "fills": {"rule": FillRule, "strategy": Strategy, "state_sell": Regime, "state_buy": Regime},
    "markouts": {"what": Marked, "strategy": Strategy},
}
"""By table and column: whose names its numbers stand for."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the record's field, the place within it if the field is a vector, and when it is known."""

    name: str
    field: str
    at: int | None
    is_float: bool
    bit: int  # of `valid`; 0: always known
    no_zero: bool


@cache
def columns(table: str) -> tuple[Column, ...]:
    """Return the columns of one output table, in the order of its record."""
    return tuple(_columns(table, TABLES[table]))


def _columns(table: str, record: np.dtype[np.void]) -> Iterator[Column]:
    for name in record.names or ():
        if name == "valid":
            continue
        kind, bit = record[name], int(KNOWN_IF.get(table, {}).get(name, 0))
        is_float, no_zero = kind.base.kind == "f", name in NO_ZERO.get(table, ())
        if table == "markouts" and kind.shape:
            for at, horizon_us in enumerate(HORIZONS_US):
                yield Column(f"{name}_{horizon_us // 1000}ms", name, at, is_float, 1 << at, no_zero)
        elif kind.shape:
            for at, part in enumerate(FEATURES):
                yield Column(f"{name}_{part}", name, at, is_float, bit, no_zero)
        else:
            yield Column(name, name, None, is_float, bit, no_zero)
