from __future__ import annotations

import pytest

from lobterm.engine import params as pm
from lobterm.engine.rows import FadeWhy, QuoteWhy, Regime, Source
from lobterm.events import GapCause, OrderAct, Scope
from lobterm.view.happened import Note, What
from lobterm.view.log import FILTERS, KINDS, NOT_FADED, STRIP, line, lines
from lobterm.view.models import Tone
from tests.app.fake import BTC, START


@pytest.mark.parametrize(
    ("note", "text", "tone"),
    [
        (Note(START, What.GAP, GapCause.CHAIN_BREAK, Scope.BOOK, 0), "perpetual: book unknown, chain break", Tone.BAD),
        (Note(START, What.GAP, 99, 99, 1), "spot: scope 99 unknown, cause 99", Tone.BAD),
        (Note(START, What.BOOK_BACK), "the book is known again", Tone.GOOD),
        (Note(START, What.PARAM, pm.GAMMA, x=3.5), "maker.gamma = 3.5", Tone.PLAIN),
        (Note(START, What.PARAM, 4_000, x=1.0), "parameter 4000 = 1", Tone.PLAIN),
        (Note(START, What.FILL, 531_042, 10, 1, 0), "maker bought 0.010 at 53,104.2", Tone.PLAIN),
        (Note(START, What.FILL, 531_042, 10, -1, 1), "fade sold 0.010 at 53,104.2", Tone.PLAIN),
        (
            Note(START, What.REJECT, 531_042, QuoteWhy.CROSS, -1, 0),
            "maker ask 53,104.2 refused: it would have crossed (post-only)",
            Tone.WARN,
        ),
        (Note(START, What.FUNDING, 10_000), "settled at 0.0100 %", Tone.PLAIN),
        (
            Note(START, What.UNPRICED, 1_700_006_400_003_000, 10, -1, 1),
            "fade -0.010: no mark price for 2023-11-15 00:00 UTC, PnL unknown since",
            Tone.WARN,
        ),
        (Note(START, What.OWN, 0, 10, -1), "sell 0.010 at market", Tone.PLAIN),
        (Note(START, What.OWN, 0, 0, 1), "cancel all", Tone.PLAIN),
        (Note(START, What.OWN, 531_042, 7, 0, OrderAct.MOVE), "move order 7 to 53,104.2", Tone.PLAIN),
        (Note(START, What.OWN, 0, 1, 0, OrderAct.FLATTEN), "flatten fade", Tone.PLAIN),
        (Note(START, What.OWN, 0, 99, 0, OrderAct.FLATTEN), "flatten 99", Tone.PLAIN),
        (Note(START, What.ACCOUNT, 2, 0), "own ledger begins at 0.000", Tone.PLAIN),
        (
            Note(START, What.REJECT, 0, QuoteWhy.NO_BOOK, 1, 2),
            "own bid at market refused: the book is unknown",
            Tone.WARN,
        ),
        (
            Note(START, What.STATE, Regime.INFORMED, Regime.FORCED, -1, Source.FLOW),
            "sells FORCED by flow, was INFORMED",
            Tone.WARN,
        ),
        (
            Note(START, What.TRIGGER, -1, FadeWhy.NOT_FORCED, 0, Regime.INFORMED, 3.4),
            "sells exhausted, not faded: not FORCED · LPI +3.40, INFORMED",
            Tone.WARN,
        ),
    ],
)
def test_what_happened_in_words(note, text, tone):
    shown = line(note, BTC)
    assert (shown.text, shown.tone, shown.time) == (text, tone, "11:40:00.000")


def test_every_kind_and_every_reason_has_words():
    assert set(KINDS) == set(What)
    assert set(NOT_FADED) == set(FadeWhy)


def test_every_kind_is_found_by_some_filter_and_the_strip_is_not_washed_away():
    assert frozenset.union(*(kinds for _, kinds in FILTERS[1:])) == frozenset(What)
    assert What.FILL not in STRIP and What.GAP in STRIP


def test_lines_are_filtered_skipped_and_bounded():
    notes = [Note(START + n, What.GAP if n % 2 else What.FUNDING, 1) for n in range(20)]
    shown = lines(reversed(notes), BTC, 3, frozenset({What.GAP}), skip=2)
    assert [row.kind for row in shown] == ["gap"] * 3
    assert lines(notes, BTC, 0, frozenset(What)) == ()


def test_a_change_of_state_fits_the_narrowest_strip_whole():
    worst = Note(START, What.STATE, Regime.INFORMED, Regime.FORCED, -1, Source.OPEN_INTEREST)
    assert line(worst, BTC).text == "sells FORCED by OI, was INFORMED"
