"""A tape read where it is needed: any row, any time, the last few groups in memory, and nothing believed unread."""

from __future__ import annotations

import numpy as np
import pytest

from lobterm.errors import TapeError
from lobterm.tape import pages as pg
from lobterm.tape import parquet
from tests.tape.rows import PERP, book, rows, snapshot, trade

T = 1_000_000


def events():
    """Return 47 rows in messages of one to three, with trades of two markets and stamps that repeat."""
    out = snapshot(T, [(99, 5)], [(101, 5)])
    for k in range(11):
        ts = T + 10 * (k // 2)
        out += [book(ts, 90 + k, 1, 1, flags=0), book(ts, 89, k + 1, 1)]
        out += [trade(ts, market=k % 3 == 0)] if k % 2 else [trade(ts, flags=0), trade(ts)]
    out += [book(T + 900, 80, 1, 1)]
    return rows(*out)


@pytest.fixture
def held(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP", 5)
    path = tmp_path / "t.parquet"
    parquet.write_tape(path, (PERP,), [events()], exch_ts_kind={0: "T"})
    return pg.Pages(parquet.open_tape(path), 0)


def walk(pages):
    parts, at = [], 0
    while at < pages.total:
        parts.append(pages.rows(at, pages.total))
        at += len(parts[-1])
    return np.concatenate(parts)


@pytest.mark.parametrize("ahead", [False, True])
def test_page_by_page_it_is_the_whole_tape(held, ahead):
    pages = pg.Pages(held._tape.again(), 0, ahead=ahead)
    assert walk(pages).tolist() == events().tolist()
    assert walk(pages).tolist() == events().tolist(), "and a second time, after all of it was let go"
    assert len(pages.rows(3, 99)) == 2, "never beyond a page"
    pages.close()


def test_an_expected_page_is_read_before_it_is_asked_for(held):
    pages = pg.Pages(held._tape.again(), 0, ahead=True)
    pages.expect(3)
    assert list(pages._held) == [1, 2, 3]
    pages._held[1].result()
    assert pages.rows(5, 99).tolist() == events()[5:10].tolist()
    pages.expect(len(events()) - 1)
    assert sorted(pages._held) == [1, 2, 3], "there is none after the last"
    pages.close()


def test_only_a_few_pages_stay_in_memory(held):
    walk(held)
    assert len(held._held) == pg.KEEP


def test_times_and_ends_are_found_as_in_the_whole_tape(held):
    whole = events()
    for ts in [0, T - 1, *np.unique(whole["ts"]).tolist(), T + 1, T + 500, T + 10**9]:
        assert held.row_at(ts) == np.searchsorted(whole["ts"], ts, side="right")
    last = (whole["flags"] & 1) != 0
    messages = np.flatnonzero(last) + 1
    trades = np.flatnonzero(last & (whole["kind"] == 4) & (whole["market"] == 0)) + 1
    for row in range(len(whole) + 1):
        for ends, after, before in (
            (messages, held.message_end_after, held.message_end_before),
            (trades, held.trade_end_after, held.trade_end_before),
        ):
            assert after(row) == min(ends[ends > row], default=len(whole))
            assert before(row) == max(ends[ends < row], default=0)
    assert [held.ts_of(row) for row in range(len(whole))] == whole["ts"].tolist()


def test_a_tape_that_was_replaced_is_not_taken_for_the_same(held, tmp_path):
    parquet.write_tape(tmp_path / "t.parquet", (PERP,), [events()[:20]], exch_ts_kind={0: "T"})
    with pytest.raises(TapeError, match="replaced"):
        held._tape.again()


def test_a_damaged_page_is_said_where_it_is_and_the_others_can_be_read(held, tmp_path):
    path = tmp_path / "t.parquet"
    data = bytearray(path.read_bytes())
    at = parquet.open_tape(path)._file.metadata.row_group(4).column(3).data_page_offset
    data[at : at + 40] = b"\xff" * 40
    path.write_bytes(data)
    pages = pg.Pages(parquet.open_tape(path), 0, ahead=True)
    with pytest.raises(TapeError, match="row group 4"):
        walk(pages)
    assert pages.rows(0, 5).tolist() == events()[:5].tolist()
    assert pages.row_at(T + 10**9) == len(events())
    pages.close()


def test_times_that_are_not_those_of_the_index_are_refused(held):
    held._times[2, 1] += 1
    with pytest.raises(TapeError, match="row group 2"):
        held.page(2)
