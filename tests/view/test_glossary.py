from __future__ import annotations

import pytest

from lobterm.engine import params as pm
from lobterm.view import desk, glossary, pressure
from tests.app.fake import BTC, snapshot


@pytest.mark.parametrize("entry", glossary.ENTRIES, ids=lambda entry: entry.name)
def test_every_number_says_what_it_is_and_hangs_on_parameters_that_exist(entry):
    assert entry.what and entry.unit and entry.formula and entry.seed
    assert not set(entry.keys) - set(pm.BY_KEY)


def test_other_labels_lead_to_an_entry():
    assert not set(glossary.ALSO.values()) - set(glossary.BY_NAME)
    assert len(glossary.BY_NAME) == len(glossary.ENTRIES)


def test_the_figures_of_the_monitor_are_all_explained():
    picture = snapshot()
    labels = [row.name for row in pressure.scores(picture, BTC)]
    labels += [row.name for row in pressure.pressure(picture).conditions]
    labels += [value.label for value in desk.profit(picture.pnl)]
    assert [label for label in labels if glossary.entry(label) is None] == []


def test_what_is_in_force_is_said():
    picture = snapshot()
    picture.params[pm.LPI_HI] = 4.5
    assert "  exhaustion.lpi_hi = 4.5 LPI" in glossary.lines(glossary.BY_NAME["panic"], picture)
    assert "  signals.mapping = inverted" in glossary.lines(glossary.BY_NAME["skew"], picture)
    assert not any("exhaustion.lpi_hi" in line for line in glossary.lines(glossary.BY_NAME["panic"], None))


def test_what_is_no_number_has_no_entry():
    assert glossary.entry("[red]x[/]") is None and glossary.entry("") is None
