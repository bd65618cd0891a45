from __future__ import annotations

from lobterm.engine.read import Pnl
from lobterm.view import desk
from lobterm.view.models import Tone
from tests.app.fake import BTC, MID, orders, snapshot


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
    }


def test_what_cannot_be_known_is_not_a_number():
    blind = snapshot(
        fair_px=None,
        width_ticks=None,
        orders=(),
        pnl=Pnl(None, 5, None, 0, 0, 0),
        mid2=None,
        microprice=None,
        touch=None,
    )
    shown = figures(desk.maker(blind, BTC))
    assert shown["fair"] == shown["width"] == shown["bid"] == shown["ask"] == ("—", Tone.UNKNOWN)
    assert shown["PnL"] == shown["PnL inventory"] == ("unmarked", Tone.WARN)
    market = figures(desk.market(blind, BTC))
    assert {market[name] for name in ("mid", "microprice", "spread", "at touch")} == {("—", Tone.UNKNOWN)}


def test_a_leaving_order_is_no_quote():
    leaving = orders((1, MID - 1), leaving=True) + orders((1, MID - 9))
    assert figures(desk.maker(snapshot(orders=leaving), BTC))["bid"][0] == "53,103.3"
    assert figures(desk.maker(snapshot(orders=leaving[:1]), BTC))["bid"] == ("—", Tone.UNKNOWN)


def test_the_mid_is_exact():
    assert figures(desk.market(snapshot(), BTC))["mid"][0] == "53,104.25"


def test_orders_from_the_top_with_what_is_left_and_where_they_are():
    from dataclasses import replace

    partly = replace(orders((1, MID - 1))[0], left=4)
    shown = desk.orders(snapshot(orders=(partly, *orders((-1, MID + 5), arrived=False))), BTC)
    assert [(value.label, value.text, value.side) for value in shown] == [
        ("53,104.7", "0.010 travelling", -1),
        ("53,104.1", "0.004 of 0.010 resting", 1),
    ]
