"""Answers have the exchange's shapes, and say what the streams have told, no more."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lobterm.events import Kind
from lobterm.simulator.exchange.rest import ENDPOINTS, Asked, Refused
from lobterm.tape import parquet
from lobterm.tape.importers.cryptofeed import exchange_info_sizes
from tests.simulator.exchange import wired
from tests.tape import rows as r

DEMO = Path(__file__).resolve().parents[3] / "replays" / "demo.parquet"
WALL_US = 1_800_000_000_123_456
T = r.START
MINUTE_US = 60_000_000


def ask(player, path, **query):
    query = {"symbol": "BTCUSDT"} | {name: str(value) for name, value in query.items()}
    return msgspec.json.decode(msgspec.json.encode(ENDPOINTS[path].answer(Asked(player, query, WALL_US))))


@pytest.fixture(scope="module")
def player():
    tape = parquet.open_tape(DEMO)
    player = wired.player_of(tape)
    for _ in player.until(tape.meta.first_ts_us + 5 * MINUTE_US):
        pass
    return player


def test_a_futures_snapshot(player):
    answer = ask(player, "/fapi/v1/depth", limit=5)
    assert list(answer) == ["lastUpdateId", "E", "T", "bids", "asks"]
    assert [len(answer[side]) for side in ("bids", "asks")] == [5, 5]
    assert answer["bids"][0][0] > answer["bids"][1][0]
    assert answer["asks"][0][0] < answer["asks"][1][0]
    assert answer["E"] == WALL_US // 1_000
    assert len(ask(player, "/fapi/v1/depth")["bids"]) == 500


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/fapi/v1/depth", {"limit": 7}, 400, -4021),
        ("/fapi/v1/depth", {"limit": "x"}, 400, -1100),
        ("/fapi/v1/depth", {"symbol": "ETHUSDT"}, 400, -1121),
        ("/fapi/v1/depth", {"symbol": ""}, 400, -1102),
        ("/fapi/v1/openInterest", {}, 400, -4108),
        ("/fapi/v1/klines", {"interval": "7m"}, 400, -1120),
        ("/futures/data/openInterestHist", {"period": "1m"}, 400, -1130),
        ("/api/v3/depth", {}, 400, -1121),
    ],
)
def test_what_cannot_be_answered_is_refused_as_the_exchange_does(player, path, query, status, code):
    with pytest.raises(Refused) as refused:
        ask(player, path, **query)
    assert (refused.value.status, refused.value.code) == (status, code)


def test_time_and_premium(player):
    assert ask(player, "/fapi/v1/time") == {"serverTime": WALL_US // 1_000}
    premium = ask(player, "/fapi/v1/premiumIndex")
    assert list(premium) == [
        "symbol", "markPrice", "indexPrice", "estimatedSettlePrice", "lastFundingRate", "interestRate", "nextFundingTime",
        "time",
    ]  # fmt: skip
    assert len(premium["markPrice"].partition(".")[2]) == 8
    assert premium["nextFundingTime"] % (8 * 3_600_000) == 0
    asked = Asked(player, {}, WALL_US)
    assert ENDPOINTS["/fapi/v1/premiumIndex"].answer(asked) == [premium]


def test_klines_count_every_trade_told_so_far(player):
    rows = parquet.open_tape(DEMO).read()
    trades = wired.of(rows[rows["ts"] <= rows["ts"][0] + 5 * MINUTE_US], Kind.TRADE)
    bars = ask(player, "/fapi/v1/klines", interval="1m")
    assert all(len(bar) == 12 for bar in bars)
    assert sum(bar[8] for bar in bars) == len(trades)
    assert round(sum(float(bar[5]) for bar in bars) * 1_000) == trades["qty"].sum()
    assert round(sum(float(bar[9]) for bar in bars) * 1_000) == trades["qty"][trades["side"] > 0].sum()
    value = sum(int(t["px"]) * int(t["qty"]) for t in trades) / 10_000
    assert sum(float(bar[7]) for bar in bars) == pytest.approx(value)
    first = trades[trades["exch_ts"] < rows["ts"][0] + MINUTE_US]
    assert [float(x) for x in bars[0][1:5]] == [
        first["px"][0] / 10, first["px"].max() / 10, first["px"].min() / 10, first["px"][-1] / 10
    ]  # fmt: skip
    assert bars[0][6] == bars[0][0] + 59_999
    assert len(ask(player, "/fapi/v1/klines", interval="1m", limit=2)) == 2
    assert len(ask(player, "/fapi/v1/klines", interval="5m")) == 1
    assert len(ask(player, "/fapi/v1/klines", interval="1m", startTime=bars[1][0], endTime=bars[2][0])) == 2


def test_exchange_info_gives_tick_and_lot(player, tmp_path):
    path = tmp_path / "info.json"
    path.write_bytes(msgspec.json.encode(ask(player, "/fapi/v1/exchangeInfo")))
    assert exchange_info_sizes(path) == {"BTCUSDT": ("0.10", "0.001")}
    contract = ask(player, "/fapi/v1/exchangeInfo")["symbols"][0]
    assert (contract["baseAsset"], contract["quoteAsset"], contract["pricePrecision"]) == ("BTC", "USDT", 2)
    assert ask(player, "/api/v3/exchangeInfo")["symbols"] == []


def test_open_interest_and_settled_funding(tmp_path):
    period = 300_000_000
    begin = T - T % period
    values = [(begin, begin, 0, 10**12, 0, int(Kind.MARK), 0, 0, r.LAST)]
    values += [
        (begin + k * 60_000_000, begin + k * 60_000_000, 0, 0, 1_000 + k, int(Kind.OPEN_INTEREST), 0, 0, r.LAST)
        for k in range(12)
    ]
    values.append((begin + period, begin + period - 5, 0, -3_936, 0, int(Kind.FUNDING_SETTLED), 0, 0, r.LAST))
    player = wired.player_of(wired.tape_of(tmp_path, values, r.PERP))
    list(player.until(wired.ALWAYS))
    assert ask(player, "/fapi/v1/openInterest") == {
        "symbol": "BTCUSDT", "openInterest": "1.011", "time": (begin + 660_000_000) // 1_000
    }  # fmt: skip
    history = ask(player, "/futures/data/openInterestHist", period="5m")
    assert [(h["sumOpenInterest"], h["timestamp"] - begin // 1_000) for h in history] == [
        ("1.00000000", 0), ("1.00500000", 300_000), ("1.01000000", 600_000)
    ]  # fmt: skip
    assert history[0]["sumOpenInterestValue"] == "10000.00000000"
    assert list(history[0]) == ["symbol", "sumOpenInterest", "sumOpenInterestValue", "timestamp"]
    (settled,) = ask(player, "/fapi/v1/fundingRate")
    assert list(settled) == ["symbol", "fundingTime", "fundingRate", "markPrice"]
    assert (settled["fundingRate"], settled["markPrice"]) == ("-0.00003936", "10000.00000000")


def test_a_spot_snapshot_has_no_time(tmp_path):
    values = [*r.snapshot(T, [(6_000_000, 10)], [(6_000_001, 30)], market=1)]
    player = wired.player_of(wired.tape_of(tmp_path, values, r.SPOT))
    list(player.until(wired.ALWAYS))
    assert ask(player, "/api/v3/depth") == {
        "lastUpdateId": 0,
        "bids": [["60000.00000000", "0.00010000"]],
        "asks": [["60000.01000000", "0.00030000"]],
    }
    (pair,) = ask(player, "/api/v3/exchangeInfo")["symbols"]
    assert pair["filters"][0]["tickSize"] == "0.01000000"


def test_weights_are_those_of_the_documents():
    weight = ENDPOINTS["/fapi/v1/depth"].weight
    assert [weight({"limit": limit}) for limit in ("5", "100", "500", "1000")] == [2, 5, 10, 20]
    assert weight({}) == 10
    assert ENDPOINTS["/api/v3/depth"].weight({"limit": "5000"}) == 250
    assert ENDPOINTS["/fapi/v1/premiumIndex"].weight({}) == 10
