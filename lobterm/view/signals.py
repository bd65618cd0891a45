"""Skew and hazard as gauges, and how the trades fell into clusters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lobterm.engine import params as pm
from lobterm.engine.rows import Label
from lobterm.view.models import GaugeView, LabelShare, Tone, Value
from lobterm.view.scale import full_scale

if TYPE_CHECKING:
    from lobterm.engine.read import Snapshot

MAPPINGS = ("inverted", "traditional")
ORDER = (Label.OPPORTUNISTIC, Label.DIRECTIONAL, Label.PASSIVE, Label.UNASSIGNED, Label.UNCLASSIFIED)


def mapping(snapshot: Snapshot) -> str:
    """Return the name of the mapping in force."""
    return MAPPINGS[int(snapshot.params[pm.MAPPING])]


def _takers(snapshot: Snapshot) -> tuple[str, str]:
    """Return whose flow skews and whose flow is feared under the mapping in force."""
    return ("directional", "opportunistic") if mapping(snapshot) == "inverted" else ("opportunistic", "directional")


def why_unknown(snapshot: Snapshot) -> str:
    """Say why the signals have no value, or nothing."""
    if not snapshot.model_ready:
        return "no model"
    if snapshot.norm_base is None and snapshot.skew_x is None:
        return f"warming {snapshot.norm_trades:,}/{snapshot.norm_warm_trades:,} trades"
    if snapshot.skew_x is None or snapshot.hazard_x is None:
        return "not ready"
    # no trade is labelled until the book is back: what is left of the sums decays, and tells nothing of the flow
    return "" if snapshot.book_known else "book unknown"


def skew(snapshot: Snapshot) -> GaugeView:
    """Return the tanh that the fair value leans by."""
    unknown = why_unknown(snapshot)
    if unknown or snapshot.skew_x is None:
        return GaugeView("", 0.0, unknown=unknown)
    value = math.tanh(snapshot.skew_x)
    return GaugeView(f"{value:+.2f}", value, "tanh", _takers(snapshot)[0] + " takers")


def hazard(snapshot: Snapshot) -> GaugeView:
    """Return the hazard against the tolerance from which the width grows."""
    unknown = why_unknown(snapshot)
    if unknown or snapshot.hazard_x is None:
        return GaugeView("", 0.0, unknown=unknown)
    value, tolerance = snapshot.hazard_x, float(snapshot.params[pm.K_TOL])
    full = full_scale(max(2.0 * tolerance, value))
    unit = "base" if snapshot.params[pm.UNIT] == 1.0 else "norm"
    return GaugeView(
        f"{value:.2f}" if value < 100 else f"{value:.0f}" if value < 100_000 else f"{value:.0e}",
        value / full,
        f"k_tol {tolerance:g} max {full:g} {unit}",
        _takers(snapshot)[1] + " takers",
        threshold_share=tolerance / full,
        over=value > tolerance,
    )


def sums(snapshot: Snapshot) -> tuple[Value, ...]:
    """Return the raw sums of both mappings and the size that normalises them."""
    read = snapshot.signals
    figures = (
        ("inverted skew", read and read.skew_inverted),
        ("inverted hazard", read and read.hazard_inverted),
        ("traditional skew", read and read.skew_traditional),
        ("traditional hazard", read and read.hazard_traditional),
        ("normaliser", snapshot.norm_base),
    )
    return tuple(
        Value(name, "—", Tone.UNKNOWN) if value is None else Value(name, f"{value:,.4g}") for name, value in figures
    )


def clusters(snapshot: Snapshot) -> tuple[LabelShare, ...]:
    """Return count and share of each label."""
    total = sum(snapshot.label_counts)
    counts = [(label, snapshot.label_counts[label]) for label in ORDER]
    return tuple(LabelShare(label, f"{count:,}", count / total if total else None) for label, count in counts)
