"""The realism table measures both markets with one measure."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from lobterm.cli import main
from lobterm.events import EVENT, Flag, Kind, Market
from lobterm.simulator import agents, realism, record, scenarios
from lobterm.simulator.agents import Options
from lobterm.tape import parquet

S = 1_000_000
PERP = agents.INSTRUMENTS[0]


def row(ts, kind, px, qty, side, exch_ts=None):
    return (ts, exch_ts or ts, 0, px, qty, kind, side, Market.PERP, Flag.LAST)


def test_a_market_against_itself_is_equal(tmp_path, capsys):
    tape = tmp_path / "x.parquet"
    record.record(tape, scenarios.NORMAL, 1, 20, Options())
    assert main(["tape", "realism", str(tape), "--seed", "1"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "q50, coin" in line]
    assert len(lines) == 4
    assert all(line[-1] == line[-2] for line in lines)
    assert main(["tape", "realism", str(tape), "--seed", "1", "--json"]) == 0
    left, right = msgspec.json.decode(capsys.readouterr().out)["spot"]["orders/s"]
    assert left == right > 0


def test_numbers_of_a_market_that_can_be_counted_by_hand():
    rows = [row(S, Kind.BOOK_CLEAR, 0, 0, 0), row(S, Kind.BOOK, 100, 5_000, 1), row(S, Kind.BOOK, 103, 2_000, -1)]
    for second in range(1, 101):
        rows.append(row(second * S, Kind.TOUCH, 100, 5_000, 1))
        rows.append(row(second * S, Kind.TOUCH, 101 if second <= 50 else 103, 2_000, -1))
        rows.append(row(second * S + 1, Kind.TRADE, 100, 1_000, -1))
        rows.append(row(second * S + 1, Kind.TRADE, 99, 3_000, -1))
        rows.append(row(second * S + 2, Kind.BOOK, 98, second, 1))
    made = np.array(rows, EVENT)
    made["flags"][0:3] = (Flag.SNAPSHOT, Flag.SNAPSHOT, Flag.SNAPSHOT | Flag.LAST)
    found = realism.measure(made, PERP, S)
    assert found["spread 1 ticks, share of messages"] == 0.5
    assert found["spread 3-5 ticks, share of time"] == pytest.approx(49 / 99)
    assert found["orders/s"] == pytest.approx(100 / 99)
    assert found["trades an order"] == 2
    assert found["orders that go through a level, share"] == 1
    assert found["trade size, q50, coin"] == 2
    assert found["order size, q50, coin"] == 4
    assert found["gap between orders, q50, ms"] == 1_000
    assert found["depth at the touch, coin a tick"] == pytest.approx((5 + 2) / 2)
    assert found["ACF of trade signs, lag 1"] is None, "signs that never change have no autocorrelation"
    assert found["trades that arrive before the depth that shows them, share"] == 1


@pytest.mark.long
def test_a_real_recording_is_close(tmp_path, shared_data):
    """The few numbers that a cascade's detectors lean on most must be of the recording's size."""
    real = tmp_path / "real.parquet"
    perp = str(next((shared_data / "usdm-btcusdt-20240808").glob("*.gz")))
    assert main(["tape", "import", perp, "--out", str(real)]) == 0
    pairs = realism.compare(parquet.open_tape(real), scenarios.NORMAL, 1)["perpetual"]
    for name in (
        "trade messages/s",
        "touch messages/s",
        "levels changed/s, per 100 ms",
        "return over 1 s, sd, bps",
        "depth at the touch, coin a tick",
        "depth 100-199 ticks behind, coin a tick",
        "order size, q90, coin",
    ):
        left, right = pairs[name]
        assert 0.5 < right / left < 2, name
    left, right = pairs["spread 1 ticks, share of time"]
    assert abs(left - right) < 0.05
