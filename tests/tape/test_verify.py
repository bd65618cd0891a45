"""Verification: recounted from the rows, and a book that a plain dict agrees with."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from lobterm.events import EVENT, Flag, GapCause, Kind, Scope
from lobterm.tape import parquet
from lobterm.tape.verify import final_book, verify
from tests.tape.rows import PERP, SNAPSHOT, SPOT, START, book, clear, rows, snapshot, trade

LAST = int(Flag.LAST)


def gap(ts, scope=Scope.BOOK, market=0):
    return (ts, 0, 0, int(GapCause.CHAIN_BREAK), int(scope), int(Kind.GAP), 0, market, LAST | int(Flag.SYNTHETIC))


def tape(tmp_path, *values, instruments=(PERP,)):
    path = tmp_path / "t.parquet"
    parquet.write_tape(path, instruments, [rows(*values)], exch_ts_kind={0: "T"})
    return parquet.open_tape(path)


def test_counts_and_final_touch(tmp_path):
    result = verify(
        tape(
            tmp_path,
            *snapshot(START, [(1000, 5), (999, 2)], [(1001, 7)]),
            trade(START + 1, 1001, 2),
            book(START + 2, 1000, 0, 1),
        )
    )
    assert (result["events"], result["trades"], result["gaps"], result["crossed_rows"]) == (6, 1, 0, 0)
    assert (result["first_ts_us"], result["last_ts_us"]) == (START, START + 2)
    assert (result["final_bid"], result["final_ask"]) == (99.9, 100.1)
    assert result["problems"] == []


def test_a_crossed_book_is_counted_per_message_and_only_while_it_is_known(tmp_path):
    result = verify(
        tape(
            tmp_path,
            *snapshot(START, [(1000, 5)], [(1001, 7)]),
            book(START + 1, 1001, 1, 1, 0),  # crossed inside a message that mends it: no fault
            book(START + 1, 1001, 0, -1, 0),
            book(START + 1, 1002, 7, -1),
            book(START + 2, 1003, 1, 1),  # crossed
            trade(START + 2, 1003, 2),
            book(START + 3, 1003, 0, 1),
            gap(START + 4),
            book(START + 5, 2000, 1, 1),  # unknown since the gap: nobody says crossed
        )
    )
    assert result["crossed_rows"] == 1
    assert result["gaps"] == 1
    assert len(result["problems"]) == 1
    assert result["final_bid"] is None
    assert result["final_ask"] is None


def test_a_gap_of_trades_leaves_the_book_known(tmp_path):
    result = verify(tape(tmp_path, *snapshot(START, [(1000, 5)], [(1001, 7)]), gap(START + 4, Scope.TRADES)))
    assert result["final_bid"] == 100.0


def test_an_empty_snapshot_is_a_known_empty_book(tmp_path):
    source = tape(
        tmp_path, *snapshot(START, [(1000, 5)], []), clear(START + 1, SNAPSHOT | LAST), book(START + 2, 7, 1, -1)
    )
    assert verify(source)["final_ask"] == 0.7
    bids, asks = final_book(source.chunks(), 0)
    assert (bids.tolist(), asks.tolist()) == ([], [[7, 1]])


def test_the_spot_market_of_a_tape_is_checked_too(tmp_path):
    crossed = [book(START + 1, 9000, 1, 1, market=1)]
    source = tape(
        tmp_path,
        *snapshot(START, [(1000, 5)], [(1001, 7)]),
        *snapshot(START, [(8000, 5)], [(8001, 7)], market=1),
        *crossed,
        instruments=(PERP, SPOT),
    )
    assert verify(source)["crossed_rows"] == 1


def test_changed_rows_are_noticed(tmp_path):
    source = tape(tmp_path, *snapshot(START, [(1000, 5)], [(1001, 7)]))
    table = pq.read_table(source.path)
    held = source._file.metadata.metadata[parquet.KEY]
    at = table.schema.get_field_index("qty")
    table = table.set_column(at, table.schema.field(at), [[0, 5, 8]])
    pq.write_table(
        table.replace_schema_metadata({parquet.KEY: msgspec.json.encode(msgspec.json.decode(held))}), source.path
    )
    result = verify(parquet.open_tape(source.path))
    assert any("sha256" in problem for problem in result["problems"])


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 3), st.sampled_from([1, -1])), max_size=80),
    st.integers(0, 80),
)
def test_the_book_is_that_of_a_plain_dict_level_for_level(changes, cut):
    start = snapshot(START, [(30_000, 5)], [(30_001, 7)])
    values = start + [book(START + 1, px, qty, side) for px, qty, side in changes]
    sides = {1: {30_000: 5}, -1: {30_001: 7}}
    for px, qty, side in changes:
        sides[side][px] = qty
        if not qty:
            del sides[side][px]
    whole = rows(*values)
    bids, asks = final_book([whole[:cut], whole[cut:]], 0)
    assert bids.tolist() == [list(level) for level in sorted(sides[1].items(), reverse=True)]
    assert asks.tolist() == [list(level) for level in sorted(sides[-1].items())]


def test_a_book_larger_than_its_first_table_is_kept_whole():
    n = 40_000
    values = np.zeros(n + 2, EVENT)
    values["ts"], values["market"] = START, 0
    values["kind"], values["flags"], values["side"] = Kind.BOOK, SNAPSHOT, 1
    values["px"], values["qty"] = np.arange(n + 2) * 37 + 1, 1
    values[0] = clear(START)
    values["flags"][-1] |= LAST
    bids, asks = final_book([values], 0)
    assert len(bids) == n + 1
    assert bids[0, 0] == 37 * (n + 1) + 1
    assert len(asks) == 0
