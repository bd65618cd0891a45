from __future__ import annotations

from dataclasses import replace

import pytest

from lobterm.engine import params as pm
from lobterm.engine.read import Motion, Score
from lobterm.engine.rows import Condition as Bit
from lobterm.engine.rows import Leg, Regime, Source
from lobterm.view import pressure, series
from lobterm.view.history import History
from lobterm.view.models import Truth
from tests.app.fake import BTC, snapshot
from tests.app.fake import pressure as calm


def shown(params=None, source=Source.OPEN_INTEREST, **sells):
    p = calm()
    picture = snapshot(pressure=replace(p, sells=replace(p.sells, **sells), source=int(source)))
    for key, value in (params or {}).items():
        picture.params[key] = value
    return pressure.pressure(picture)


def by_name(rows):
    return {row.name: row for row in rows}


def test_lpi_stands_on_a_round_scale_with_both_thresholds():
    sells, buys = shown(lpi=4.0).sides
    assert (sells.lpi, sells.share, sells.exit_share, sells.panic_share) == ("+4.00", 0.8, 1.2 / 5, 3.0 / 5)
    assert (buys.lpi, buys.side) == ("+0.20", 1)


def test_an_lpi_that_is_not_known_says_why():
    thin = Score(1e-3, None, 40, 10_000_000)
    view = shown(lpi=None, ldr=thin)
    assert view.sides[0].unknown == "warming 40/120" and view.sides[0].lpi == "—"
    assert (view.window, view.warming) == ("warming 40/120", True)
    assert shown(lpi=None).sides[0].unknown == "not known"
    p = calm()
    blind = snapshot(book_known=False, pressure=replace(p, sells=replace(p.sells, lpi=None)))
    assert pressure.pressure(blind).sides[0].unknown == "book unknown"


def test_the_window_of_every_z_is_its_samples_and_span():
    assert shown().window == "z over 2h00m of 2h"
    rows = by_name(pressure.scores(snapshot(), BTC))
    assert (rows["FSI sells"].samples, rows["FSI sells"].span, rows["FSI sells"].warming) == ("28,800", "2h00m", False)
    assert (rows["OI flush"].z, rows["OI flush"].samples, rows["OI flush"].warming) == ("—", "0", True)


def test_forced_says_what_decided_it_and_how_long_the_latch_holds():
    view = shown(state=Regime.FORCED, latch_us=3_200_000)
    assert (view.sides[0].state, view.sides[0].forced, view.sides[0].latch) == ("FORCED", True, "3.2s")
    assert (view.source, view.by) == ("by open interest", "OI")
    assert shown(state=Regime.UNKNOWN).sides[0].state == "unknown"
    assert shown(source=Source.NONE).source == "no source yet"


CONDITIONS = Bit.PANIC | Bit.ROLLOVER | Bit.REFORM | Bit.DIVERGENCE


def test_the_five_conditions_with_the_values_they_were_judged_by():
    motion = Motion(2, -0.31, 0.4, -7)
    rows = by_name(
        shown(lpi=3.41, conditions=Bit.PANIC | Bit.REFORM, conditions_known=CONDITIONS, motion=motion).conditions
    )
    told = {name: (row.sells.truth, row.sells.text) for name, row in rows.items()}
    assert told == {
        "panic": (Truth.YES, "+3.41"),
        "rollover": (Truth.NO, "2 of 3"),
        "OI flush": (Truth.UNKNOWN, "—"),
        "reform": (Truth.YES, "-0.31"),
        "diverge": (Truth.NO, "mid -3.5 LPI +0.4"),
    }
    assert rows["panic"].rule == "LPI > 3"


def test_what_is_not_known_is_neither_true_nor_false():
    rows = shown(conditions=Bit.PANIC, conditions_known=0, motion=Motion(None, None, None, None)).conditions
    assert {row.sells.truth for row in rows} == {Truth.UNKNOWN}
    assert [row.sells.text for row in rows][1:] == ["—", "—", "—", "mid — LPI —"]


@pytest.mark.parametrize(
    ("met", "known", "told"),
    [
        (Bit.PANIC | Bit.ROLLOVER | Bit.DIVERGENCE, CONDITIONS, (3, 4, "depth still falling")),
        (CONDITIONS, CONDITIONS, (4, 4, "exhausted")),
        (CONDITIONS, CONDITIONS | Bit.OI, (4, 5, "no OI flush")),
        (0, CONDITIONS, (0, 4, "")),
    ],
)
def test_how_far_exhaustion_is_and_what_it_waits_for(met, known, told):
    side = shown(conditions=met, conditions_known=known).sides[0]
    assert (side.met, side.needed, side.missing) == told


def test_by_the_other_rule_open_interest_is_not_asked_for():
    known = CONDITIONS | Bit.OI | Bit.DIVERGENCE_LOW
    side = shown({pm.EXHAUSTION_RULE: 1.0}, conditions=CONDITIONS, conditions_known=known).sides[0]
    assert (side.met, side.needed, side.missing) == (3, 4, "no divergence")
    assert shown({pm.EXHAUSTION_RULE: 1.0}).rule == "rule 8.4"


def test_legs_are_true_false_or_not_known():
    rows = by_name(shown(legs=Leg.FSI, legs_known=Leg.FSI | Leg.LDR).legs)
    assert [rows[name].sells.truth for name in ("impact", "shock", "OI flush")] == [Truth.YES, Truth.NO, Truth.UNKNOWN]


@pytest.mark.parametrize(("z", "told"), [(19.9, "+19.90"), (20.0, "≥20"), (-20.0, "≤-20"), (None, "—")])
def test_a_z_that_was_cut_off_does_not_look_measured(z, told):
    score = Score(0.5, z, 28_800, 7_200_000_000)
    p = calm()
    picture = snapshot(pressure=replace(p, sells=replace(p.sells, fsi=score, ldr=score), pi=score, oi_flush=score))
    view = pressure.pressure(picture)
    shown_z = {row.name: row.z for row in pressure.scores(picture, BTC)}
    assert [shown_z[name] for name in ("FSI sells", "LDR bids", "Π", "OI flush")] == [told] * 4
    legs, conditions = by_name(view.legs), by_name(view.conditions)
    assert [legs[name].sells.text for name in ("impact", "shock", "OI flush")] == [told] * 3
    assert conditions["OI flush"].sells.text == told
    assert conditions["reform"].sells.text == (f"z {told}" if told[0] in "≥≤" else "-0.30")
    picture = replace(picture, pressure=replace(picture.pressure, oi_age_us=1_000_000))
    notes = [view.note for view in series.charts(History(), picture, BTC, 40, 1_000_000)[2:6]]
    assert all(f"z {told}" in note for note in notes)
