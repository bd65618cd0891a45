"""Break-even by hand: what a round trip earns after fees, and what fills were worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lobterm.engine.read import Pnl
from lobterm.engine.rows import MARKOUT, Marked, Strategy
from lobterm.view import edge
from lobterm.view.history import Funding, History
from lobterm.view.models import Tone
from tests.app.fake import BTC, START, orders, said, snapshot

S = 1_000_000


def marked(*rows: tuple[int, int, int], ts: int = START, strategy: int = 0, what: Marked = Marked.FILL) -> np.ndarray:
    """Return markouts (side, ref2, mid2 at 5 s)."""
    made = np.zeros(len(rows), MARKOUT)
    for at, (side, ref2, mid2) in enumerate(rows):
        made[at]["side"], made[at]["ref2"], made[at]["mid2"][3] = side, ref2, mid2
        made[at]["ts"], made[at]["order_id"], made[at]["qty"] = ts + at, at + 1, 10
    made["what"], made["strategy"], made["valid"] = what, strategy, 1 << 3
    return made


def past(*drains: np.ndarray) -> History:
    history = History()
    history.since_ts = START
    for rows in drains:
        history.rows(said(markouts=rows))
    return history


def test_a_round_trip_earns_the_distance_of_the_quotes_less_both_fees():
    # 100,000 and 100,100 ticks of 0.1 at 2 bps: 100 - 2e-4 x 200,100 = 59.98 ticks, of 0.010: 0.05998 USDT
    bps, ticks, lots = edge.round_trip(snapshot(orders=orders((1, 100_000), (-1, 100_100))))
    assert (bps, ticks, lots) == (pytest.approx(2e4 * 59.98 / 200_100), pytest.approx(59.98), 10)
    told = edge.lines(snapshot(orders=orders((1, 100_000), (-1, 100_100))), past(), BTC, 3, "USDT")[1]
    assert told.text == "+6.00 bps +0.0600 USDT net, both fill 0.010" and told.tone is Tone.GOOD


def test_a_width_below_the_fees_loses():
    told = edge.lines(snapshot(orders=orders((1, 100_000), (-1, 100_010))), past(), BTC, 3, "USDT")[1]
    assert told.text.startswith("-3.00 bps") and told.tone is Tone.BAD


@pytest.mark.parametrize(
    "quotes",
    [(), orders((1, 100_000)), orders((1, 9), (-1, 11), arrived=False), orders((1, 9), (-1, 11), leaving=True)],
)
def test_without_both_quotes_a_round_trip_is_undefined(quotes):
    assert edge.round_trip(snapshot(orders=quotes)) is None
    assert edge.lines(snapshot(orders=quotes), past(), BTC, 3, "USDT")[1].tone is Tone.UNKNOWN


def test_the_markout_is_the_mean_over_the_maker_s_fills_alone():
    history = past(marked((1, 20_000, 20_010), (-1, 20_000, 20_002)), marked((1, 20_000, 30_000), strategy=Strategy.FADE),
                   marked((1, 20_000, 30_000), what=Marked.LABEL))  # fmt: skip
    assert edge.markout(history, 3) == (pytest.approx((5.0 - 1.0) / 2), 2)
    assert edge.markout(history, 4) is None
    told = edge.lines(snapshot(), history, BTC, 3, "USDT")[2]
    assert told.text == "+2.00 bps, +0.00 net, n 2 since 11:40" and told.label == "at 5 s"


def test_without_fills_it_is_undefined_and_says_so():
    ledgers = snapshot().ledgers
    none = replace(ledgers[0], fills=0, pnl=Pnl(0, 0, 0, 0, 0, 0))
    told = edge.lines(snapshot(ledgers=(none, *ledgers[1:])), past(), BTC, 0, "USDT")[2]
    assert told.text == "undefined: no fill since 11:40" and told.tone is Tone.UNKNOWN
    assert edge.lines(snapshot(), past(), BTC, 0, "USDT")[2].text == "undefined: 12 fills, none 120 s old since 11:40"


def test_going_back_forgets_what_was_not_over_and_counts_nothing_twice():
    rows = marked((1, 20_000, 20_010), (1, 20_000, 20_010))
    rows["ts"] = START, START + 100 * S
    history = past(rows)
    ticks = history.ticks.room(1)
    ticks["ts"] = START + 300 * S
    history.seek(START + 130 * S, np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
    assert edge.markout(history, 3) == (pytest.approx(5.0), 1)
    history.rows(said(markouts=rows))
    assert edge.markout(history, 3) == (pytest.approx(5.0), 2)


def test_funding_counts_down_and_is_not_invented():
    history = past()
    assert edge.funding(history, START).tone is Tone.UNKNOWN
    history.funding = Funding(START, -12_500, START + 3_900 * S)
    assert edge.funding(history, START).text == "-0.0125 % 1h05m"
    assert edge.funding(history, START + 61 * S).tone is Tone.WARN
