"""Why: words out of the engine's pieces and rows, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lobterm.engine import params as pm
from lobterm.engine.read import Making, OwnOrder
from lobterm.engine.rows import ALPHA, QUOTE, Condition, QuoteAct, QuoteWhy
from lobterm.view import glossary, why
from lobterm.view.history import History
from lobterm.view.models import Tone
from tests.app.fake import BTC, MID, pressure, said, snapshot

NOW = snapshot().ts
FOUR = int(Condition.PANIC | Condition.ROLLOVER | Condition.DIVERGENCE)
ALL_KNOWN = int(Condition.PANIC | Condition.ROLLOVER | Condition.REFORM | Condition.DIVERGENCE)


def ticks(true: list[int], known: int = ALL_KNOWN, step_us: int = 250_000) -> np.ndarray:
    rows = np.zeros(len(true), ALPHA)
    rows["ts"] = NOW - 1_000_000 * 60 + step_us * np.arange(len(true))
    rows["exhaustion_sell"], rows["exhaustion_sell_known"] = true, known
    return rows


def history(**rows) -> History:
    made = History()
    made.rows(said(**rows))
    return made


def quotes(*rows: tuple) -> np.ndarray:
    made = np.zeros(len(rows), QUOTE)
    for at, (ts, order_id, side, act, reason, strategy) in enumerate(rows):
        made[at]["ts"], made[at]["order_id"], made[at]["side"], made[at]["act"] = ts, order_id, side, act
        made[at]["why"], made[at]["strategy"] = reason, strategy
    return made


def order(**changes) -> OwnOrder:
    return OwnOrder(1, 1, MID - 3, 10, 10, 0, 0, False, True, False, None)._replace(**changes)


def test_the_fair_value_is_told_in_its_pieces():
    picture = snapshot(making=Making(MID + 0.5, -12.04, 3.5, MID - 15.04, 10.6, 1.0, 10.6, 0.1, 0, ()))
    assert why.fair(picture) == "mid -12.0 skew -3.5 inventory"
    assert why.width(picture) == "base 10.6, hazard within 0.2: 0.10"


def test_the_width_says_how_much_the_hazard_widens_it_and_which_side():
    picture = snapshot(making=Making(0, 0, 0, 0, 10.0, 3.1, 31.0, 0.62, -1, ()))
    assert why.width(picture) == "10.0 x3.1, the ask alone, hazard 0.62 over 0.2"
    torn = replace(picture, making=replace(picture.making, widened=1_263.8, hazard=252.77))
    assert why.width(torn) == "10.0 x1264, the ask alone, hazard 253 over 0.2"


def test_without_a_target_it_says_what_is_missing():
    picture = snapshot(making=None, quote_why_not="no cluster model", quoting=False)
    assert why.fair(picture) == why.width(picture) == "no cluster model"
    assert why.lines(picture, BTC, History())[0].tone is Tone.UNKNOWN


def test_a_resting_quote_says_where_it_comes_from():
    told = why.side(1, snapshot(orders=(order(), order(px=MID - 13, level=1))), BTC, History())
    assert told.text == "53,103.9 rests: fair - ½ width"
    assert why.order(order(level=1), snapshot(), History()) == "fair - ½ width, level 2"
    held = snapshot(making=Making(0, 0, 0, 0, 1, 1, 1, 0, 0, (1,)))
    assert why.order(order(), held, History()) == "fair - ½ width, held off the touch"
    assert why.order(order(side=-1), held, History()) == "fair + ½ width"


def test_a_quote_that_was_pulled_says_when_and_why():
    past = history(quotes=quotes(
        (NOW - 9_000_000, 7, 1, QuoteAct.PLACE, QuoteWhy.PRICE, 0), (NOW - 400_000, 7, 1, QuoteAct.CANCEL, QuoteWhy.INVENTORY, 0),
        (NOW, 8, 1, QuoteAct.CANCEL, QuoteWhy.STALE, 1),
    ))  # fmt: skip
    told = why.side(1, snapshot(orders=()), BTC, past)
    assert told.text == "pulled 0.4s ago: inventory at its cap" and told.tone is Tone.WARN
    assert why.side(-1, snapshot(orders=()), BTC, past).text == "none yet"
    leaving = order(order_id=7, leaving=True)
    assert why.order(leaving, snapshot(), past) == "inventory at its cap"
    assert why.side(1, snapshot(orders=(leaving,)), BTC, past).text.startswith("pulled")


def test_an_order_of_the_fade_says_what_it_fades_or_why_it_leaves():
    past = history(quotes=quotes(
        (NOW, 3, 1, QuoteAct.PLACE, QuoteWhy.ENTRY, 1), (NOW, 4, -1, QuoteAct.PLACE, QuoteWhy.STOP, 1),
        (NOW, 5, 1, QuoteAct.PLACE, QuoteWhy.PERSON, 2),
    ))  # fmt: skip
    assert why.order(order(order_id=3, strategy=1, level=2), snapshot(), past) == "fades exhausted sells, layer 3"
    assert (
        why.order(order(order_id=4, strategy=1, side=-1, taker=True), snapshot(), past)
        == "leaves: stop: price went against it"
    )
    assert why.order(order(order_id=5, strategy=2), snapshot(), past) == "placed by hand"
    assert why.order(order(order_id=99, strategy=1), snapshot(), past) == ""


def test_every_reason_of_the_engine_has_words():
    assert all(why.PULLED[reason] for reason in QuoteWhy if reason is not QuoteWhy.ENTRY)


def side(true: int, known: int):
    return replace(pressure().sells, conditions=true, conditions_known=known)


def test_what_a_trigger_lacks():
    assert why.lacks(side(FOUR, ALL_KNOWN), snapshot()) == "3 of 4: depth still falling"
    assert why.lacks(side(FOUR, ALL_KNOWN | Condition.OI), snapshot()) == "3 of 5: no OI flush, depth still falling"
    assert why.lacks(side(FOUR, FOUR), snapshot()) == "3 of 4: depth not known"
    assert why.lacks(side(ALL_KNOWN, ALL_KNOWN), snapshot()) == "4 of 4: exhausted"


def test_many_that_a_trigger_lacks_fit_into_the_narrowest_line_that_tells_them():
    panic, oi = int(Condition.PANIC), ALL_KNOWN | Condition.OI
    told = why.lacks(side(panic, oi), snapshot())
    assert told == "1 of 5: no rollover, OI flush, reform, diverge" and len(told) <= 46
    assert why.lacks(side(panic, panic), snapshot()) == "1 of 4: no rollover?, reform?, diverge?"


def test_what_is_needed_follows_the_rule():
    params = pm.defaults()
    params[pm.EXHAUSTION_RULE] = 1.0
    low = int(Condition.PANIC | Condition.ROLLOVER | Condition.DIVERGENCE_LOW)
    picture = snapshot(params=params)
    assert why.lacks(side(low, ALL_KNOWN | Condition.OI), picture) == "3 of 4: depth still falling"


def test_a_missed_trigger_is_told_with_what_it_lacked_and_for_how_long():
    found = why.missed(history(alpha=ticks([0, 0, FOUR, FOUR, FOUR, 1, 0])), snapshot())
    assert [(one.side, one.bit, one.needed, one.us) for one in found] == [(-1, Condition.REFORM, 4, 750_000)]
    assert why.missed_words(found[0]) == "11:43:13 ▼ 3 of 4 0.7s: depth still falling"


def test_what_ended_in_a_trigger_or_still_goes_on_was_not_missed():
    fired = int(ALL_KNOWN | Condition.EXHAUSTED)
    assert why.missed(history(alpha=ticks([0, FOUR, FOUR, fired, 0])), snapshot()) == ()
    assert why.missed(history(alpha=ticks([0, 0, FOUR, FOUR])), snapshot()) == ()
    calm = int(Condition.ROLLOVER | Condition.REFORM | Condition.DIVERGENCE)
    assert why.missed(history(alpha=ticks([0, calm, calm, 0])), snapshot()) == ()


def test_a_gap_is_no_end_of_a_near_miss():
    rows = ticks([FOUR, FOUR, 0, 0])
    rows["ts"][2:] += 60_000_000
    assert why.missed(history(alpha=rows), replace(snapshot(), ts=NOW + 60_000_000)) == ()


def test_what_a_number_is_made_of_now_stands_with_its_explanation():
    picture = snapshot()
    assert "  fair = mid +21.1 skew -7.4 inventory, ticks" in glossary.lines(glossary.BY_NAME["fair"], picture)
    assert any("sells 1 of 4: no panic" in line for line in glossary.lines(glossary.BY_NAME["reform"], picture))
    assert not any("sells" in line for line in glossary.lines(glossary.BY_NAME["skew"], picture))
