"""A thinned tape is told as an exchange would: its book never shows a best price that bookTicker has not told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lobterm.simulator.exchange.player import Player
from lobterm.simulator.exchange.stamps import Stamps
from lobterm.tape.parquet import open_tape

CASCADE = Path(__file__).resolve().parents[3] / "replays" / "long-cascade.parquet"
SECONDS = 60


@pytest.mark.parametrize("path", ["public", ""])
def test_the_book_shows_what_the_best_prices_told(path):
    tape = open_tape(CASCADE)
    player = Player(tape, Stamps(tape.meta.first_ts_us))
    market = next(market for market in player.markets.values() if market.path.value == path)
    books, told = [], []
    for message in player.until(tape.meta.first_ts_us + SECONDS * 1_000_000):
        if message.path.value != path:
            continue
        data = json.loads(message.text)
        if message.stream.endswith("bookTicker"):
            told.append((data["u"], (data["b"], data["B"]), (data["a"], data["A"])))
        elif message.stream.endswith("depth@100ms"):
            best = (market.book.top(side, 1)[0] for side in (1, -1))
            books.append((data["u"], *((market.prices[ticks], market.sizes[lots]) for ticks, lots in best)))
    assert len(books) > SECONDS // 2
    for ident, bid, ask in books:
        assert [ticker for ticker in told if ticker[0] <= ident][-1][1:] == (bid, ask), ident
