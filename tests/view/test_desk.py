from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from lobterm.engine.read import NO_LEVELS, Ledger, Pnl
from lobterm.engine.rows import ALPHA, Strategy
from lobterm.events import EVENT, Kind
from lobterm.view import desk
from lobterm.view.history import History
from lobterm.view.models import OwnState, Tone, Value
from tests.app.fake import BTC, MID, START, labels, orders, said, snapshot


def figures(values) -> dict[str, tuple[str, Tone]]:
    return {value.label: (value.text, value.tone) for value in values}


def test_the_maker_s_figures():
    shown = figures(desk.maker(snapshot(), BTC))
    assert shown == {
        "fair": ("53,105.62", Tone.PLAIN),
        "width": ("118.4 ticks", Tone.PLAIN),
        "bid": ("53,103.9", Tone.PLAIN),
        "ask": ("53,108.3", Tone.PLAIN),
        "inventory": ("+0.120", Tone.PLAIN),
        "fills": ("12", Tone.PLAIN),
        "PnL": ("+12.3457", Tone.GOOD),
        "PnL spread": ("+15.0000", Tone.PLAIN),
        "PnL inventory": ("-1.6543", Tone.PLAIN),
        "PnL fees": ("-1.0000", Tone.PLAIN),
        "PnL slippage": ("0.0000", Tone.PLAIN),
        "PnL funding": ("0.0000", Tone.PLAIN),
    }


def test_the_parts_of_a_profit_add_up_to_it():
    shown = {value.label: value for value in desk.profit(Pnl(-150, 1_000, -400, -200, 500, -50))}
    assert Pnl(-150, 1_000, -400, -200, 500, -50).total_e8 == 1_000 - 400 - 200 - 500 - 50
    exact = desk.profit(Pnl(-15_000_000, 100_000_000, -40_000_000, -20_000_000, 50_000_000, -5_000_000))
    total, *parts = (Decimal(value.text) for value in exact)
    assert total == sum(parts) and len(parts) == len(shown) - 1


def test_the_maker_shows_its_own_ledger_and_quotes_and_nobody_else_s():
    quotes = orders((1, MID - 9), (-1, MID + 9))
    fade = orders((1, MID - 2))[0]._replace(order_id=9, strategy=Strategy.FADE)
    nothing = Pnl(0, 0, 0, 0, 0, 0)
    books = (Ledger(7, 3, nothing), Ledger(100, 50, Pnl(5, 5, 0, 0, 0, 0)), Ledger(0, 0, nothing))
    picture = snapshot(orders=(*quotes, fade), ledgers=books, inventory=107, fills=53)
    shown = figures(desk.maker(picture, BTC))
    assert (shown["bid"][0], shown["inventory"][0], shown["fills"][0]) == ("53,103.3", "+0.007", "3")
    table = {row.name: [value.text for value in row.values] for row in desk.ledgers(picture, BTC)}
    assert table["holds"] == ["+0.007", "+0.100", "0.000", "+0.107"]
    assert table["fills"] == ["3", "50", "0", "53"]
    assert list(table) == ["holds", "fills", "PnL", "spread", "moved", "fees", "slip", "funding"]


def test_a_taker_is_at_market_and_at_no_price():
    taker = orders((-1, 0))[0]._replace(taker=True, strategy=Strategy.FADE)
    shown = desk.orders(snapshot(orders=(*orders((1, MID)), taker)), BTC)
    assert [(row.whose, row.price, row.side) for row in shown] == [("fade", "market", -1), ("maker", "53,104.2", 1)]
    assert figures(desk.maker(snapshot(orders=(taker._replace(strategy=Strategy.MAKER),)), BTC))["ask"][0] == "—"


def test_what_cannot_be_known_is_not_a_number():
    blind = snapshot(
        fair_px=None,
        width_ticks=None,
        orders=(),
        ledgers=(Ledger(3, 1, Pnl(None, 5, None, 0, 0, 0)),) * 3,
        mid2=None,
        microprice=None,
        touch=None,
    )
    shown = figures(desk.maker(blind, BTC))
    assert shown["fair"] == shown["width"] == shown["bid"] == shown["ask"] == ("—", Tone.UNKNOWN)
    assert shown["PnL"] == shown["PnL inventory"] == ("unmarked", Tone.WARN)
    owing = figures(desk.profit(Pnl(None, 5, 7, 0, 0, None)))
    assert owing["PnL"] == owing["PnL funding"] == ("unpriced", Tone.WARN)
    assert owing["PnL inventory"][0] != "unpriced"
    market = figures(desk.market(blind, BTC))
    assert {market[name] for name in ("mid", "microprice", "spread", "at touch")} == {("—", Tone.UNKNOWN)}


def test_a_leaving_order_is_no_quote():
    leaving = orders((1, MID - 1), leaving=True) + orders((1, MID - 9))
    assert figures(desk.maker(snapshot(orders=leaving), BTC))["bid"][0] == "53,103.3"
    assert figures(desk.maker(snapshot(orders=leaving[:1]), BTC))["bid"] == ("—", Tone.UNKNOWN)


def test_the_mid_is_exact():
    assert figures(desk.market(snapshot(), BTC))["mid"][0] == "53,104.25"


def test_orders_from_the_top_with_what_is_left_and_where_they_are():
    partly = orders((1, MID - 1))[0]._replace(left=4)
    shown = desk.orders(snapshot(orders=(partly, *orders((-1, MID + 5), arrived=False))), BTC)
    assert [(row.price, row.size, row.state, row.side) for row in shown] == [
        ("53,104.7", "0.010", OwnState.TRAVELLING, -1),
        ("53,104.1", "0.004 of 0.010", OwnState.RESTING, 1),
    ]


def test_the_queue_ahead_is_shown_where_it_is_known():
    resting = orders((1, MID))[0]._replace(ahead=1234.0)
    assert [row.ahead for row in desk.orders(snapshot(orders=(resting, *orders((-1, MID + 5)))), BTC)] == ["—", "1.234"]


def test_funding_is_told_with_its_countdown_and_grows_old():
    history = History()
    assert desk.funding(history, START) is None
    rows = np.zeros(2, EVENT)
    rows["ts"], rows["kind"], rows["px"] = [START, START + 1], Kind.FUNDING, [10_000, -12_345]
    rows["qty"], rows["market"] = START + 11_700_000_000, [0, 1]
    history.events(rows, 0)
    now = START + 1_000_000
    assert desk.funding(history, now) == Value("fund", "0.0100 % 3h14m")
    assert desk.funding(history, START + 61_000_000).tone is Tone.WARN
    assert desk.funding(history, START + 11_700_000_001).text == "0.0100 % due, old"
    history.seek(now, NO_LEVELS, NO_LEVELS)
    assert desk.funding(history, now) is None


def test_average_and_range_are_those_of_every_trade_and_follow_a_seek_back():
    history = History()
    rows = labels(500)
    assert [value.text for value in desk.traded(history, BTC)] == ["—", "—"]
    for piece in np.array_split(rows, 7):
        history.rows(said(labels=piece))
    vwap, low, high = history.profile.figures()
    assert vwap == pytest.approx((rows["px"] * rows["qty"]).sum() / rows["qty"].sum(), rel=1e-12)
    assert (low, high) == (rows["px"].min(), rows["px"].max())
    ticks = np.zeros(1, ALPHA)
    ticks["ts"] = rows["ts"][-1]
    history.rows(said(alpha=ticks))
    left = rows[:200]
    history.seek(int(left["ts"][-1]), NO_LEVELS, NO_LEVELS)
    assert history.profile.figures()[0] == pytest.approx((left["px"] * left["qty"]).sum() / left["qty"].sum())
    vwap_shown, spanned = desk.traded(history, BTC)
    assert spanned.text == "53,104.2 to 53,104.3" and vwap_shown.text.startswith("53,104.2")
