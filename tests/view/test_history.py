from __future__ import annotations

import numpy as np
import pytest

from lobterm.engine.rows import ALPHA, FILL, LABEL, QUOTE, TRIGGER
from lobterm.events import EVENT, Flag, GapCause, Kind, Scope
from lobterm.view.depth import COLUMN_US, Depth, bin_ticks
from lobterm.view.happened import What
from lobterm.view.history import History
from lobterm.view.profile import Profile
from lobterm.view.tail import Tail
from tests.app.fake import START, labels, said

NOTHING = np.zeros((0, 2), np.int64)


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("pieces", [[1] * 70, [7, 30, 30], [30, 30, 10], [2] * 35])
def test_a_tail_keeps_the_newest_in_order(pieces, early):
    tail = Tail(np.int64, 30)
    tail.room(2)[:] = -2, -1
    if early:
        tail.occupy()
        assert tail.rows.tolist() == [-2, -1]
    tail.cut(0)
    total = 0
    for n in pieces:
        tail.room(n)[:] = np.arange(total, total + n)
        total += n
        assert len(tail) >= min(total, 30)
        assert tail.rows.tolist() == list(range(total - len(tail), total))
    assert len(tail) <= 33


def test_a_tail_refuses_what_it_cannot_keep():
    with pytest.raises(ValueError, match="31 rows"):
        Tail(np.int64, 30).room(31)


def book(*levels: tuple[int, int, int, int], flags: int = 0) -> np.ndarray:
    """Return BOOK rows from (second, side, px, lots)."""
    rows = np.zeros(len(levels), EVENT)
    for at, (second, side, px, lots) in enumerate(levels):
        rows[at]["ts"], rows[at]["side"], rows[at]["px"], rows[at]["qty"] = START + second * COLUMN_US, side, px, lots
    rows["kind"], rows["flags"] = Kind.BOOK, flags
    return rows


def event(second: float, kind: Kind, **fields: int) -> np.ndarray:
    rows = np.zeros(1, EVENT)
    rows["ts"], rows["kind"] = START + int(second * COLUMN_US), kind
    for name, value in fields.items():
        rows[name] = value
    return rows


def level(depth: Depth, column: int, px: int) -> float:
    head = depth.columns.rows[column]
    return float(depth.lots.buffer[depth.places(column, column + 1)[0], (px - int(head["base"])) // depth.bin])


def test_a_column_is_the_book_at_the_end_of_its_second():
    depth = Depth()
    depth.take(book((0, 1, 1000, 5), (0, -1, 1001, 7), flags=Flag.SNAPSHOT))
    depth.take(book((1, 1, 1000, 9), (1, 1, 1000, 3), (2, -1, 1001, 0), (3, 1, 999, 1)))
    assert depth.columns.rows["ts"].tolist() == [START + n * COLUMN_US for n in (1, 2, 3)]
    assert [level(depth, n, 1000) for n in range(3)] == [5, 3, 3]
    assert [level(depth, n, 1001) for n in range(3)] == [7, 7, 0]
    assert depth.columns.rows["known"].all()
    assert depth.running()[0] == START + 4 * COLUMN_US


def test_a_bin_holds_what_its_levels_hold_after_any_number_of_changes():
    rng = np.random.default_rng(6)
    depth, levels = Depth(), {}
    flags = Flag.SNAPSHOT
    for second in range(12):
        rows = [
            (second, int(rng.choice([-1, 1])), 600_000 + int(rng.integers(-400, 400)), int(rng.integers(0, 1 << 40)))
            for _ in range(300)
        ]
        depth.take(book(*rows, flags=flags))
        levels |= {(side, px): np.float32(qty) for _, side, px, qty in rows}
        flags = 0
        if second == 6:  # the bins move, and with them what they hold
            depth.follow(600_000 + 20_000)
        end, base, lots = depth.running()
        assert end == START + (second + 1) * COLUMN_US
        held = np.zeros(len(lots))
        for (_, px), qty in levels.items():
            held[(px - base) // depth.bin] += qty
        assert lots.tolist() == held.astype(np.float32).tolist()


def test_cutting_the_rows_differently_changes_no_column():
    rng = np.random.default_rng(5)
    n = 5_000
    rows = np.zeros(n, EVENT)
    rows["ts"] = START + np.sort(rng.integers(0, 20 * COLUMN_US, n))
    rows["kind"], rows["side"] = Kind.BOOK, rng.choice([-1, 1], n)
    rows["px"], rows["qty"] = 600_000 + rng.integers(-3_000, 3_000, n), rng.integers(0, 50, n)
    rows["flags"][0] = Flag.SNAPSHOT
    rows["kind"][[1_500, 3_000]] = Kind.BOOK_CLEAR
    whole, cut = Depth(), Depth()
    whole.take(rows)
    for start in range(0, n, 77):
        cut.take(rows[start : start + 77])
    # where the band is laid hangs on the first slice; what rests where does not
    for column, ts in enumerate(whole.columns.rows["ts"].tolist()):
        assert cut.columns.rows["ts"][column] == ts
        for px in range(597_000, 603_000, 640):
            assert level(whole, column, px) == level(cut, column, px)


def test_a_slice_of_hours_brings_every_column_and_a_long_silence_none():
    seconds = [*range(0, 5_000, 250), *range(7_000, 8_000, 250)]
    rows = book(*((second, 1, 1000, second) for second in seconds), flags=Flag.SNAPSHOT)
    whole, cut = Depth(), Depth()
    whole.take(rows)
    for start in range(len(rows)):
        cut.take(rows[start : start + 1])
    told = (whole.columns.rows["ts"] - START) // COLUMN_US
    assert told[-750 - 600 :].tolist() == [*range(4_151, 4_751), *range(7_001, 7_751)]
    assert told.tolist()[-3_600:] == ((cut.columns.rows["ts"] - START) // COLUMN_US).tolist()[-3_600:]
    assert level(whole, len(told) - 1, 1000) == 7_500


def test_a_gap_of_the_book_is_unknown_until_a_snapshot():
    depth = Depth()
    depth.take(book((0, 1, 1000, 5), flags=Flag.SNAPSHOT))
    depth.take(event(1.5, Kind.GAP, qty=Scope.BOOK, px=GapCause.DISCONNECT))
    depth.take(book((2, 1, 1000, 6), (3, 1, 1000, 7)))
    depth.take(
        np.concatenate([event(4, Kind.BOOK_CLEAR), book((4, 1, 1000, 8), flags=Flag.SNAPSHOT), book((6, 1, 1, 1))])
    )
    assert depth.columns.rows["known"].tolist() == [True, False, False, False, True, True]


@pytest.mark.parametrize("scope", [Scope.TRADES, Scope.OI])
def test_a_gap_of_something_else_leaves_the_book(scope):
    depth = Depth()
    depth.take(book((0, 1, 1000, 5), flags=Flag.SNAPSHOT))
    depth.take(event(1.5, Kind.GAP, qty=scope))
    depth.take(book((3, 1, 1000, 6)))
    assert depth.columns.rows["known"].all()


def test_before_a_snapshot_nothing_is_known():
    depth = Depth()
    depth.take(book((0, 1, 1000, 5), (3, 1, 1000, 6)))
    assert not depth.columns.rows["known"].any() and depth.running() is None


def test_the_bins_follow_the_price_and_keep_the_levels():
    depth = Depth()
    depth.take(book((0, 1, 600_000, 5), (0, 1, 640_000, 9), flags=Flag.SNAPSHOT))
    depth.follow(640_000)
    depth.take(book((2, 1, 1, 1)))
    assert level(depth, 0, 640_000) == 9


def test_a_price_far_from_the_band_is_followed_too():
    depth = Depth()
    depth.take(book((0, 1, 600_000, 5), flags=Flag.SNAPSHOT))
    depth.follow(2_000_000)
    depth.take(book((0, 1, 2_000_000, 4), (2, 1, 1, 1)))
    assert level(depth, 0, 2_000_000) == 4


def test_a_price_of_more_ticks_than_the_band_can_hold_has_no_picture():
    depth = Depth()
    depth.take(book((0, 1, 60_000_000, 5), (3, 1, 60_000_000, 6), flags=Flag.SNAPSHOT))
    assert not len(depth.columns) and depth.running() is None


def test_columns_are_told_apart_after_more_of_them_than_are_kept_and_a_cut():
    depth = Depth()
    depth.take(book((0, 1, 1000, 1), flags=Flag.SNAPSHOT))
    for second in range(1, 9_001):
        depth.take(book((second, 1, 1000, second % 500)))

    def held():
        return [level(depth, n, 1000) for n in range(len(depth.columns))]

    seconds = (depth.columns.rows["ts"] - START) // COLUMN_US
    assert len(seconds) >= 3_600 and seconds[-1] == 9_000
    # of the first second of all, the level was 1; a second's column shows what was set as it began
    assert held() == [(second - 1) % 500 for second in seconds.tolist()]
    other = depth.copy()
    depth.cut(START + 7_000 * COLUMN_US)
    depth.take(book((7_001, 1, 1000, 7), (7_003, 1, 1000, 8), flags=Flag.SNAPSHOT))
    assert held()[-4:] == [6_998 % 500, 6_999 % 500, 7, 7]
    assert level(other, len(other.columns) - 1, 1000) == 8_999 % 500


@pytest.mark.parametrize(("px", "ticks"), [(600_000, 20), (1, 1), (10_000, 1), (60_000_000, 2_000)])
def test_bins_are_round_numbers_of_ticks(px, ticks):
    assert bin_ticks(px) == ticks


def test_volume_by_price_is_told_apart_by_aggressor():
    profile = Profile()
    profile.add(np.array([100, 100, 90]), np.array([5, 2, 7]), np.array([1, -1, -1], np.int8))
    profile.add(np.array([20_000, 100]), np.array([4, 1]), np.array([1, 1], np.int8))
    sold, bought = profile.at(90, 101)
    assert (sold[0], sold[10], bought[10], int(sold.sum()), int(bought.sum())) == (7, 2, 6, 9, 6)
    assert profile.at(20_000, 20_001).tolist() == [[0], [4]]
    assert profile.at(-50, -40).sum() == 0


def test_volume_at_an_absurd_price_is_counted_but_takes_no_room():
    profile = Profile()
    profile.add(np.array([100, 1 << 50]), np.array([5, 2]), np.array([1, 1], np.int8))
    assert profile.beyond == 2 and profile.at(100, 101)[1, 0] == 5


def test_the_cumulative_delta_runs_on_over_slices():
    history = History()
    rows = labels(4)
    rows["side"], rows["qty"] = [1, -1, 1, 1], [5, 2, 1, 1]
    for at in range(4):
        history.rows(said(labels=rows[at : at + 1]))
    assert history.trades.rows["cvd"].tolist() == [5, 3, 4, 5]


def alpha(*seconds: float, **fields) -> np.ndarray:
    rows = np.zeros(len(seconds), ALPHA)
    rows["ts"] = [START + int(second * COLUMN_US) for second in seconds]
    for name, value in fields.items():
        rows[name] = value
    return rows


def told(history: History) -> list[tuple[What, float]]:
    return [(note.what, (note.ts - START) / COLUMN_US) for note in history.happened.notes]


def test_what_happened_is_told_in_order():
    history = History()
    history.events(np.concatenate([event(1, Kind.GAP, px=1), event(2, Kind.PARAM, qty=3), event(2, Kind.HEARTBEAT)]), 0)
    fill, trigger, reject = np.zeros(1, FILL), np.zeros(1, TRIGGER), np.zeros(2, QUOTE)
    fill["ts"], trigger["ts"], reject["ts"] = START + 4 * COLUMN_US, START + 5 * COLUMN_US, START + 6 * COLUMN_US
    reject["act"] = [3, 1]
    history.rows(said(alpha=alpha(3, 7, state_sell=[1, 2], offset=[3, 7]), fills=fill, triggers=trigger, quotes=reject))
    assert told(history) == [
        (What.GAP, 1), (What.PARAM, 2), (What.BOOK_BACK, 3), (What.FILL, 4), (What.TRIGGER, 5), (What.REJECT, 6),
        (What.STATE, 7),
    ]  # fmt: skip


def test_a_state_that_stays_is_told_once():
    history = History()
    for second in range(4):
        history.rows(said(alpha=alpha(second, state_sell=2 if second else 1)))
    assert told(history) == [(What.STATE, 1)]


def test_going_back_forgets_what_is_later_and_counts_anew():
    history = History()
    rows = labels(4, end=START + 4 * COLUMN_US)
    rows["ts"] = START + np.arange(1, 5) * COLUMN_US
    rows["side"], rows["qty"], rows["px"] = 1, [5, 2, 1, 1], 1000
    history.events(book((0, 1, 1000, 5), (4, 1, 1000, 6), flags=Flag.SNAPSHOT), 0)
    history.rows(said(labels=rows, alpha=alpha(1, 2, 3, 4, state_sell=[1, 1, 1, 2])))
    history.seek(START + 2 * COLUMN_US, np.array([[1000, 9]]), NOTHING)
    assert history.trades.rows["qty"].tolist() == [5, 2]
    assert history.profile.at(1000, 1001)[1, 0] == 7
    assert len(history.ticks) == 2 and told(history) == []
    assert history.depth.columns.rows["ts"].tolist() == [START + COLUMN_US, START + 2 * COLUMN_US]
    history.events(book((3, 1, 999, 1)), 0)
    assert level(history.depth, 2, 1000) == 9
    history.rows(said(labels=rows[2:3]))
    assert history.trades.rows["cvd"].tolist() == [5, 7, 8]


def test_going_on_over_rows_that_were_not_folded_begins_anew():
    history = History()
    history.rows(said(labels=labels(4), alpha=alpha(1)))
    history.seek(START + 900 * COLUMN_US, np.array([[1000, 9]]), NOTHING)
    assert not len(history.trades) and not len(history.ticks)
    assert history.since_ts == START + 900 * COLUMN_US


def test_memory_is_bounded():
    history = History()
    rows = np.zeros(60_000, LABEL)
    rows["px"], rows["qty"], rows["side"] = 1000, 1, 1
    for n in range(8):
        rows["ts"] = n
        history.rows(said(labels=rows))
    assert 100_000 <= len(history.trades) <= 200_000
    assert history.trades.rows["cvd"][-1] == 480_000
