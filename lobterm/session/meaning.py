"""What each column of the log measures, in which unit, and what its null says: the schema note is made of this.

Kinds decide how a column is shown to people (`readable`): times also as datetimes, ticks also as prices, lots also as base units.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from lobterm.engine.rows import HORIZONS_US


class Kind(Enum):
    """The unit of a column as it is stored."""

    TIME = "µs since 1970 UTC"
    DURATION = "µs"
    TICKS = "ticks"
    HALF_TICKS = "half ticks (twice a price)"
    LOTS = "lots"
    TICK_LOTS = "tick-lots (price times size)"
    HALF_TICK_LOTS = "half tick-lots"
    QUOTE_E8 = "1e-8 of the quote coin"
    SIDE = "+1 buy, -1 sell"
    NAME = "word"
    BITS = "true or false"
    COUNT = "count"
    ID = "id"
    NUMBER = "1"
    BASE = "base units"
    SIGMAS = "robust standard deviations"
    LOG_RETURN = "ln of a ratio"


class Meaning(NamedTuple):
    """One column."""

    kind: Kind
    text: str
    null: str = ""  # what a null says; "": there are none


T, D, P, P2, L = Kind.TIME, Kind.DURATION, Kind.TICKS, Kind.HALF_TICKS, Kind.LOTS
NAME, SIDE, ID, NUMBER, SIGMAS = Kind.NAME, Kind.SIDE, Kind.ID, Kind.NUMBER, Kind.SIGMAS

NO_TOUCH = "no two-sided, uncrossed book was known"
NO_MODEL = "no cluster model"
WINDOW = "too few samples, a gap, or no scale: see the parameters lpi.*"
NO_OI = "no reading of open interest, or too old a one"
NO_STATE = "kept by an earlier version, which had none"
TAPE_ROW = Meaning(Kind.COUNT, "row of the tape that caused it")
LOCAL = Meaning(T, "when we learned of it: local receive time, or the timer's due time")

_LABELS = {
    "exch_ts": Meaning(T, "matching time of the trade", "the exchange told none"),
    "seq": Meaning(ID, "trade id"),
    "px": Meaning(P, "price of the trade's last print"),
    "qty": Meaning(L, "size of the whole trade"),
    "book_age_us": Meaning(D, "how old the book was that judges it", "no book was known before it"),
    "side": Meaning(SIDE, "side of the aggressor"),
    "label": Meaning(NAME, "its cluster, by role"),
    "why": Meaning(NAME, "why it is unclassified"),
}
_FEATURES = {
    "v_rel": "size over both touch sizes",
    "depth_consumed": "ln(1 + size of the five best levels it hits)",
    "depth_resting": "ln(1 + size of the five best levels opposite)",
    "spread_ticks": "spread in ticks",
    "t_m_us": "µs since the mid moved",
    "t_age_us": "µs since the best price of the side it hits moved",
}
_ALPHA = {
    "bid": Meaning(P, "best bid", NO_TOUCH),
    "ask": Meaning(P, "best ask", NO_TOUCH),
    "bid_qty": Meaning(L, "size at the best bid", NO_TOUCH),
    "ask_qty": Meaning(L, "size at the best ask", NO_TOUCH),
    "skew_inverted": Meaning(Kind.BASE, "Sig_skew, mapping inverted: directional takers", NO_MODEL),
    "hazard_inverted": Meaning(Kind.BASE, "Sig_hazard, mapping inverted: opportunistic takers", NO_MODEL),
    "skew_traditional": Meaning(Kind.BASE, "Sig_skew, mapping traditional: opportunistic takers", NO_MODEL),
    "hazard_traditional": Meaning(Kind.BASE, "Sig_hazard, mapping traditional: directional takers", NO_MODEL),
    "norm": Meaning(Kind.BASE, "running size normaliser", "not warm yet"),
    "fair_px": Meaning(P, "P_final, the skewed fair value", "the maker has none: see signals.*"),
    "width_ticks": Meaning(P, "W_dynamic, full width of the quotes", "the maker has none: see signals.*"),
    "inventory": Meaning(L, "position of all strategies"),
    "pnl_e8": Meaning(Kind.QUOTE_E8, "total profit and loss, marked to mid", "a position that could not be marked"),
    "volume": Meaning(Kind.TICK_LOTS, "traded since the last tick", "a part of it was not seen"),
    "impact_sell": Meaning(Kind.TICK_LOTS, "V_impact of sellers", "the touch before the first trade was not known"),
    "impact_buy": Meaning(Kind.TICK_LOTS, "V_impact of buyers", "the touch before the first trade was not known"),
    "fsi_sell": Meaning(NUMBER, "forced-selling intensity", WINDOW),
    "fsi_buy": Meaning(NUMBER, "forced-buying intensity", WINDOW),
    "ldr_bid": Meaning(NUMBER, "depth of the bids gone", WINDOW),
    "ldr_ask": Meaning(NUMBER, "depth of the asks gone", WINDOW),
    "pi": Meaning(NUMBER, "price move per quote traded", WINDOW),
    "rv": Meaning(NUMBER, "realised variance since the last tick", WINDOW),
    "sigma": Meaning(NUMBER, "volatility over lpi.sigma_horizon_s", WINDOW),
    "z_fsi_sell": Meaning(SIGMAS, "robust z of fsi_sell", WINDOW),
    "z_fsi_buy": Meaning(SIGMAS, "robust z of fsi_buy", WINDOW),
    "z_ldr_bid": Meaning(SIGMAS, "robust z of ldr_bid", WINDOW),
    "z_ldr_ask": Meaning(SIGMAS, "robust z of ldr_ask", WINDOW),
    "z_pi": Meaning(SIGMAS, "robust z of pi", WINDOW),
    "lpi_sell": Meaning(NUMBER, "liquidation pressure of sellers", WINDOW),
    "lpi_buy": Meaning(NUMBER, "liquidation pressure of buyers", WINDOW),
    "oi": Meaning(L, "open interest", NO_OI),
    "oi_age_us": Meaning(D, "age of that reading", NO_OI),
    "oi_flush": Meaning(NUMBER, "lots of open interest that went, positive when positions close", NO_OI),
    "z_oi": Meaning(SIGMAS, "robust z of oi_flush", NO_OI),
    "state_sell": Meaning(NAME, "what selling pressure is taken for", NO_STATE),
    "state_buy": Meaning(NAME, "what buying pressure is taken for", NO_STATE),
    "source": Meaning(NAME, "what FORCED is decided by", NO_STATE),
    "legs_sell": Meaning(Kind.BITS, "legs of the state of sellers", "the leg was not known"),
    "legs_buy": Meaning(Kind.BITS, "legs of the state of buyers", "the leg was not known"),
    "exhaustion_sell": Meaning(Kind.BITS, "exhaustion conditions of sellers", "the condition was not known"),
    "exhaustion_buy": Meaning(Kind.BITS, "exhaustion conditions of buyers", "the condition was not known"),
}
_TRIGGERS = {
    "bid": _ALPHA["bid"],
    "ask": _ALPHA["ask"],
    "lpi": Meaning(NUMBER, "liquidation pressure of the panic's side"),
    "lpi_change": Meaning(NUMBER, "its change over the last tick"),
    "z_fsi": Meaning(SIGMAS, "robust z of forced intensity"),
    "z_ldr": Meaning(SIGMAS, "robust z of depth gone"),
    "z_ldr_change": Meaning(SIGMAS, "its change over the last tick"),
    "z_pi": Meaning(SIGMAS, "robust z of price move per quote traded"),
    "z_oi": Meaning(SIGMAS, "robust z of the open interest's flush", NO_OI),
    "oi_age_us": Meaning(D, "age of the reading of open interest", NO_OI),
    "leg_return": Meaning(Kind.LOG_RETURN, "price over the panic leg", "no calm mid before the panic"),
    "sigma": Meaning(NUMBER, "volatility over lpi.sigma_horizon_s", WINDOW),
    "crash_return": Meaning(Kind.LOG_RETURN, "price of the reference market", "no reference on the tape"),
    "size": Meaning(L, "what the fade meant to hold, 0 if nothing"),
    "side": Meaning(SIDE, "side of the panic's aggressors"),
    "direction": Meaning(SIDE, "of the fade; 0 none"),
    "state": Meaning(NAME, "what the pressure was taken for"),
    "source": Meaning(NAME, "what that was decided by"),
    "legs": Meaning(Kind.BITS, "legs of the state", "the leg was not known"),
    "conditions": Meaning(Kind.BITS, "the exhaustion conditions", "the condition was not known"),
    "rule": Meaning(Kind.COUNT, "0: section 3.1 (all five conditions), 1: section 8.4 (four)"),
    "why": Meaning(NAME, "why it was not faded"),
}
_QUOTES = {
    "order_id": Meaning(ID, "order"),
    "px": Meaning(P, "its price"),
    "qty": Meaning(L, "what is left of it"),
    "live_from": Meaning(T, "exchange time from which it can fill", "none"),
    "live_to": Meaning(T, "exchange time until which it can fill", "it rests"),
    "side": Meaning(SIDE, "side of the order"),
    "act": Meaning(NAME, "what happened to it"),
    "why": Meaning(NAME, "why"),
    "strategy": Meaning(NAME, "whose order it is"),
    "level": Meaning(Kind.COUNT, "level of its ladder, 0 nearest the touch", NO_STATE),
}
_FILLS = {
    "exch_ts": Meaning(T, "matching time of the print; for a taker, when the order arrived"),
    "seq": Meaning(ID, "trade id of the print, 0 for a taker"),
    "order_id": Meaning(ID, "order"),
    "px": Meaning(P, "what we paid or got"),
    "qty": Meaning(L, "filled size"),
    "print_px": Meaning(P, "price of the print; for a taker the touch it met"),
    "print_qty": Meaning(L, "size of the print; for a taker the size displayed"),
    "mid2": Meaning(P2, "mid when it was booked"),
    "fee_e8": Meaning(Kind.QUOTE_E8, "fee, paid is positive"),
    "slip2": Meaning(Kind.HALF_TICK_LOTS, "what walking beyond the touch cost, never positive", NO_STATE),
    "inventory": Meaning(L, "position of the strategy after it"),
    "ahead": Meaning(L, "displayed ahead of us when the print came", "a taker, or a queue that was never seen"),
    "hazard": Meaning(NUMBER, "hazard under the mapping in force", "signals were not ready"),
    "side": Meaning(SIDE, "+1 we bought"),
    "rule": Meaning(NAME, "why it counts as a fill"),
    "strategy": Meaning(NAME, "whose order it was"),
    "state_sell": Meaning(NAME, "what selling pressure was taken for", NO_STATE),
    "state_buy": Meaning(NAME, "what buying pressure was taken for", NO_STATE),
}
_MARKOUTS = {
    "ref2": Meaning(P2, "price that it is measured from: the trade's, the mid at a trigger, the fill's"),
    "qty": Meaning(L, "size of what is marked"),
    "order_id": Meaning(ID, "order of a fill, 0 otherwise"),
    "side": Meaning(SIDE, "markout = side x (mid - reference): positive is good for that side"),
    "what": Meaning(NAME, "what is marked"),
    "strategy": Meaning(NAME, "of a fill"),
    "label": Meaning(NAME, "cluster of a trade"),
}
_TABLES = {
    "labels": _LABELS, "alpha": _ALPHA, "triggers": _TRIGGERS, "quotes": _QUOTES, "fills": _FILLS, "markouts": _MARKOUTS
}  # fmt: skip
_KNOWN_BITS = "_known"

TABLES_SAY = {
    "labels": "one row a trade of the market: what it looked like, and which cluster it fell into",
    "alpha": "one row every 250 ms while the book is known: touch, signals, pressure, states, inventory, profit",
    "triggers": "one row when exhaustion became true on one side",
    "quotes": "one row when one of our paper orders was placed, cancelled, rejected or done",
    "fills": "one row a fill of ours",
    "markouts": "where the mid went after each trade, trigger and fill",
}


def meaning(table: str, column: str) -> Meaning:
    """Return what a column of the log says."""
    if column == "offset":
        return TAPE_ROW
    if column == "ts":
        return LOCAL
    if table == "markouts" and column.startswith("mid2_"):
        ms = int(column.removeprefix("mid2_").removesuffix("ms"))
        return Meaning(
            P2, f"mid {ms / 1_000:g} s later", "not known then: a gap lay between, or the session ended before"
        )
    if table == "labels" and column.startswith("feature_"):
        return Meaning(NUMBER, _FEATURES[column.removeprefix("feature_")], "no book, or its clocks had not moved yet")
    if table == "labels" and column.startswith("z_"):
        return Meaning(NUMBER, f"rolling z of {column.removeprefix('z_')}", "warming up, or the feature stood still")
    return _TABLES[table][column.removesuffix(_KNOWN_BITS) if column.endswith(_KNOWN_BITS) else column]


def horizon_names() -> list[str]:
    """Return the horizons as they stand in column names: 500ms and so on."""
    return [f"{horizon_us // 1_000}ms" for horizon_us in HORIZONS_US]
