"""Raw trades or aggregates: one of them, whichever tells."""

from __future__ import annotations

from lobterm.feeds.binance.trade_source import TradeSource

S = 1_000_000
NOW = 1_800_000_000 * S


def test_raw_trades_are_the_tape_as_soon_as_they_flow():
    source = TradeSource()
    source.aggregate(NOW)
    assert source.decide(NOW + 2 * S) is None
    source.raw(NOW + 2 * S)
    assert source.decide(NOW + 2 * S) == "trade"
    assert source.decide(NOW + 3 * S) is None


def test_aggregates_are_where_no_raw_trade_comes():
    source = TradeSource()
    source.aggregate(NOW)
    source.aggregate(NOW + 2 * S)
    assert source.decide(NOW + 3 * S) == "aggTrade"


def test_a_quiet_market_is_no_silent_stream():
    source = TradeSource()
    source.raw(NOW)
    assert source.decide(NOW) == "trade"
    source.aggregate(NOW + S // 5)
    assert source.decide(NOW + 600 * S) is None
    source.raw(NOW + 600 * S)
    source.aggregate(NOW + 600 * S + S // 5)
    assert source.decide(NOW + 700 * S) is None


def test_aggregates_without_raw_trades_change_the_source_and_a_steady_minute_changes_it_back():
    source = TradeSource()
    source.raw(NOW)
    source.decide(NOW)
    source.aggregate(NOW + 5 * S)
    assert source.decide(NOW + 7 * S) is None, "two sockets may stand apart"
    assert source.decide(NOW + 8 * S) == "aggTrade"
    source.raw(NOW + 20 * S)
    assert source.decide(NOW + 20 * S) is None
    source.raw(NOW + 79 * S)
    assert source.decide(NOW + 79 * S) is None
    source.raw(NOW + 80 * S)
    assert source.decide(NOW + 80 * S) == "trade"


def test_raw_trades_that_come_late_are_not_missing():
    source = TradeSource()
    source.raw(NOW)
    source.decide(NOW)
    source.aggregate(NOW + 5 * S)
    source.raw(NOW + 7 * S)
    assert source.decide(NOW + 9 * S) is None


def test_a_socket_that_was_down_is_an_excuse():
    source = TradeSource()
    source.raw(NOW)
    source.decide(NOW)
    source.aggregate(NOW + 5 * S)
    source.excuse()
    assert source.decide(NOW + 9 * S) is None
