from __future__ import annotations

import math

import pytest

from lobterm.engine import params as pm
from lobterm.engine.rows import Label
from lobterm.view import signals
from lobterm.view.models import Tone
from tests.app.fake import snapshot


def test_skew_is_the_tanh_that_leans_the_fair_value():
    view = signals.skew(snapshot(skew_x=-0.45))
    assert view.share == math.tanh(-0.45)
    assert (view.value, view.takers) == ("-0.42", "directional takers")


def test_hazard_stands_against_its_tolerance():
    view = signals.hazard(snapshot(hazard_x=0.31))
    assert (view.value, view.note, view.over) == ("0.31", "k_tol 0.2 max 0.5 norm", True)
    assert view.share == pytest.approx(0.62) and view.threshold_share == pytest.approx(0.4)
    assert not signals.hazard(snapshot(hazard_x=0.2)).over


def test_the_mapping_and_the_unit_are_named():
    values = pm.defaults()
    values[pm.MAPPING], values[pm.UNIT] = 1, 1
    picture = snapshot(params=values)
    assert signals.mapping(picture) == "traditional"
    assert signals.skew(picture).takers == "opportunistic takers"
    assert signals.hazard(picture).note.endswith("base")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model_ready": False, "skew_x": None, "hazard_x": None}, "no model"),
        ({"norm_base": None, "norm_trades": 312, "skew_x": None, "hazard_x": None}, "warming 312/1,000 trades"),
        ({"skew_x": None, "hazard_x": None}, "not ready"),
        ({"book_known": False}, "book unknown"),
    ],
)
def test_an_undefined_signal_says_why_and_has_no_value(changes, why):
    for view in (signals.skew(snapshot(**changes)), signals.hazard(snapshot(**changes))):
        assert (view.unknown, view.value, view.share) == (why, "", 0.0)


def test_base_units_need_no_normaliser():
    assert signals.skew(snapshot(norm_base=None)).unknown == ""


def test_a_tolerance_of_zero():
    values = pm.defaults()
    values[pm.K_TOL] = 0.0
    view = signals.hazard(snapshot(params=values, hazard_x=0.0))
    assert (view.share, view.threshold_share) == (0.0, 0.0)


def test_clusters_count_every_label_once():
    shares = signals.clusters(snapshot(label_counts=(1, 2, 3, 0, 4)))
    assert {share.label: share.count for share in shares} == {
        Label.PASSIVE: "1",
        Label.OPPORTUNISTIC: "2",
        Label.DIRECTIONAL: "3",
        Label.UNASSIGNED: "0",
        Label.UNCLASSIFIED: "4",
    }
    assert sum(share.share for share in shares) == pytest.approx(1.0)


def test_there_is_no_share_of_no_trades():
    assert {share.share for share in signals.clusters(snapshot(label_counts=(0, 0, 0, 0, 0)))} == {None}


def test_sums_of_both_mappings():
    assert [value.text for value in signals.sums(snapshot())] == ["12.5", "30.25", "-4", "8", "9.5"]
    assert {value.tone for value in signals.sums(snapshot(signals=None, norm_base=None))} == {Tone.UNKNOWN}


def test_a_sum_of_zero_is_a_number():
    from lobterm.engine.read import Signals

    assert signals.sums(snapshot(signals=Signals(0.0, 0.0, 0.0, 0.0)))[0].text == "0"


@pytest.mark.parametrize(("hazard", "text"), [(0.314, "0.31"), (99.9, "99.90"), (252.77, "253"), (12_345.6, "12346")])
def test_a_hazard_of_any_size_fits_the_five_cells_of_its_gauge(hazard, text):
    assert signals.hazard(snapshot(hazard_x=hazard)).value == text and len(text) <= 5
